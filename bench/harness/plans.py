"""What nearplane says of its own search: the plan of an estimator, as facts and as a few words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

# The fields of a SearchPlan, JSON-able.
Plan = dict[str, Any]


def plan_of(search: Any) -> Plan | None:
    """Return the plan of a fitted search of ours; None for anybody else's."""
    estimator = getattr(search, "estimator", None)
    plan = getattr(estimator, "search_plan_", None)
    return None if plan is None else asdict(plan)


def algorithm_text(plans: Sequence[Plan | None]) -> str:
    """Say which algorithm was chosen, and how often, if not always the same one."""
    counts = Counter(plan["algorithm"] for plan in plans if plan is not None)
    if len(counts) <= 1:
        return next(iter(counts), "")
    return ", ".join(f"{name} {count}/{len(plans)}" for name, count in counts.most_common())


def levels_text(plan: Plan | None) -> str:
    """Name the levels of a sketch, such as "projection 64, 192; features 512"."""
    if plan is None:
        return ""
    by_kind = groupby(plan["levels"], key=lambda level: level["kind"])
    return "; ".join(
        f"{kind} {', '.join(str(level['width']) for level in levels)}" for kind, levels in by_kind
    )


def survivors_text(plan: Plan | None) -> str:
    """Name the share of pairs that survived each level."""
    if plan is None:
        return ""
    shares = [level["measured_survivors"] for level in plan["levels"]]
    return " > ".join("-" if share is None else percent_text(share) for share in shares)


def percent_text(share: float) -> str:
    """Return a share to two digits, in plain numbers however large or small."""
    return f"{float(f'{100 * share:.2g}'):.6g} %"
