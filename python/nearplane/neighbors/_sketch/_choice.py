"""Which of a design's levels to keep, and whether they pay."""

from itertools import combinations
from math import inf

from nearplane.neighbors._sketch._design import Design
from nearplane.neighbors._sketch._job import Job
from nearplane.neighbors._sketch._plan import LevelPlan, SearchPlan, level_plans, percent, rounded

# A fourth level would cost most rows memory and save few pairs a little.
_LONGEST_CHAIN = 3


# The widest codes of which the core compares all with all.
_WIDEST_FIRST = 2**13

# A verdict stands until so many times as many queries have been asked, however close it was.
_PATIENCE = 1.5


def choose(job: Job, design: Design, survivors: list[float]) -> tuple[SearchPlan, Design | None]:
    """Choose the levels that take the least time in all, and decide whether they pay.

    Parameters
    ----------
    job : Job
        What is to be done.
    design : Design
        Levels to choose from.
    survivors : list of float
        The share of the pairs that each of them leaves.

    Returns
    -------
    plan : SearchPlan
        The decision.
    design : Design or None
        Of the chosen levels; None if they do not pay.
    """
    levels = level_plans(design.levels, survivors)

    def total(chain: tuple[int, ...]) -> float:
        return job.coding(_at(levels, chain)) + job.n_total * job.pruned_rate(_at(levels, chain))

    chain = min(_chains(levels), key=total)
    chosen = _at(levels, chain)
    verdict = not_yet(job, chosen)
    if verdict is not None:
        return verdict, None
    gain = rounded(job.n_total * job.brute_rate / total(chain))
    skipped = percent(1 - min(survivors[position] for position in chain))
    plan = job.use_sketch(
        f"A sketch skips {skipped} of the pairs. For {job.total_queries} that is about {gain} "
        "times as fast as brute force, building it included.",
        chosen,
        job.coding(chosen),
    )
    return plan, design.keep(chain)


def not_yet(job: Job, levels: tuple[LevelPlan, ...], designing: float = 0.0) -> SearchPlan | None:
    """Return the plan of brute force unless a sketch would have paid for the queries so far.

    `levels` are those of the sketch, and `designing` what it takes to design them.
    """
    saving = job.brute_rate - job.pruned_rate(levels)
    enough = (designing + job.coding(levels)) / saving if saving > 0 else inf
    if job.n_total >= enough:
        return None
    if enough == inf:
        return job.use_brute("Short codes leave too many pairs to save time.")
    return job.use_brute(
        f"A sketch would pay from about {rounded(enough):,} queries on, not for "
        f"{job.total_queries}.",
        max(enough, _PATIENCE * job.n_total),
    )


def _at(levels: tuple[LevelPlan, ...], chain: tuple[int, ...]) -> tuple[LevelPlan, ...]:
    return tuple(levels[position] for position in chain)


def _chains(levels: tuple[LevelPlan, ...]) -> list[tuple[int, ...]]:
    """Return the positions of every chain of levels worth considering."""
    ends: list[tuple[int, ...]] = [()]
    ends += [(i,) for i, level in enumerate(levels) if level.kind == "features"]
    others = [i for i, level in enumerate(levels) if level.kind != "features"]
    chains = [
        chain + end
        for length in range(_LONGEST_CHAIN + 1)
        for chain in combinations(others, length)
        for end in ends
    ]
    return [chain for chain in chains if chain and _can_lead(levels[chain[0]])]


def _can_lead(level: LevelPlan) -> bool:
    """Return whether the core can compare codes of this level with those of all rows."""
    return level.bits == 8 and level.width <= _WIDEST_FIRST
