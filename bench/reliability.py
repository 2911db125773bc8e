"""Put the promises to the test that no figure shows: Ctrl-C, fork, import orders, same bytes.

The longest test, pruned, draws thousands of searches at random (--searches) - rows, types, layouts,
metrics, codes, threads, levels - and compares each with brute force. What differs is printed with
its seed, and all of it is in the JSON file; tests.pruned_cases.random_case(seed) makes that search
again.

Every test runs in child processes with a time limit, so that a hang is counted, not waited for.
The exit status is 1 if a promise is broken.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from harness.child import Outcome, call_in_child
from harness.environment import environment
from harness.options import make_parser
from harness.output import finish, print_table, watching
from nearplane import _core
from promises.forks import can_fork
from promises.import_orders import orders

# Loading data and a first round; then so long for each interrupt or fork, at the worst.
_START_SECONDS = 600.0
_EACH_SECONDS = 30.0
_IMPORT_SECONDS = 300.0
_REACTION_LIMIT_SECONDS = 0.2
_THREADS = (1, 2, 4)
# The tests take the first seeds; a child draws so many of these searches.
_FIRST_SEED = 1_000_000
_SEARCHES_AT_ONCE = 1_000
_SHOWN_PROBLEMS = 20


@dataclass(frozen=True)
class Finding:
    """One line of the table, whether the promise was kept, and the facts for the JSON file."""

    promise: str
    text: str
    kept: bool
    facts: Any


def main() -> None:
    options = _parse()
    findings: list[Finding] = []
    for name in options.only:
        with watching(name):
            findings += _TESTS[name](options)
    rows = [[f.promise, "kept" if f.kept else "BROKEN", f.text] for f in findings]
    print_table("Promises", ["promise", "", "found"], rows, n_texts=3)
    facts = {f.promise: {"kept": f.kept, "facts": f.facts} for f in findings}
    finish(environment(options.threads), {"promises": facts}, options.json)
    raise SystemExit(0 if all(f.kept for f in findings) else 1)


def _parse() -> argparse.Namespace:
    parser = make_parser(__doc__, n_query=1_000, n_train=50_000)
    parser.add_argument("--interrupts", type=int, default=200, metavar="N")
    parser.add_argument("--forks", type=int, default=100, metavar="N")
    parser.add_argument(
        "--searches",
        type=int,
        default=20_000,
        metavar="N",
        help="pruned searches to compare with brute force (default: %(default)s)",
    )
    parser.add_argument("--only", nargs="+", choices=list(_TESTS), default=list(_TESTS))
    return parser.parse_args()


def _data(options: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ("data_dir", "n_query", "n_train")}


def _test_interrupts(options: argparse.Namespace) -> list[Finding]:
    promise = f"Ctrl-C ends the work within {_REACTION_LIMIT_SECONDS} s"
    argument = _data(options) | {"n_interrupts": options.interrupts}
    timeout = _START_SECONDS + _EACH_SECONDS * options.interrupts
    outcome = call_in_child("promises.interrupts:interrupt", argument, timeout=timeout)
    if outcome.failure:
        return [_failed(promise, outcome)]
    result = outcome.result
    reactions = [seconds for some in result["reactions"].values() for seconds in some]
    longest = max(reactions)
    text = (
        f"{len(reactions)} SIGINTs in the middle of work of "
        f"{min(result['works'].values()):.2g} to {max(result['works'].values()):.2g} s "
        f"({result['n_late']} more came too late): longest reaction {1e3 * longest:.0f} ms, "
        f"median {1e3 * median(reactions):.0f} ms; "
        f"{result['n_wrong']} wrong answers afterwards"
    )
    kept = longest <= _REACTION_LIMIT_SECONDS and result["n_wrong"] == 0
    return [Finding(promise, text, kept, result)]


def _test_forks(options: argparse.Namespace) -> list[Finding]:
    if not can_fork():
        return [Finding("safe after fork", "this system has no fork", True, None)]
    findings = []
    for during, moment in ((False, "after use"), (True, "while another thread searches")):
        promise = f"safe to fork {moment}"
        argument = _data(options) | {"n_forks": options.forks, "during": during}
        timeout = _START_SECONDS + _EACH_SECONDS * options.forks
        outcome = call_in_child("promises.forks:fork", argument, timeout=timeout)
        if outcome.failure:
            findings.append(_failed(promise, outcome))
            continue
        found = outcome.result
        text = f"{found['n_right']} right, {found['n_wrong']} wrong, {found['n_hung']} hangs"
        findings.append(Finding(promise, text, found["n_right"] == options.forks, found))
    return findings


def _test_imports(options: argparse.Namespace) -> list[Finding]:
    every, missing = orders()
    broken = {}
    for order in every:
        outcome = call_in_child(
            "promises.import_orders:search_in_order", {"order": order}, timeout=_IMPORT_SECONDS
        )
        problem = outcome.failure or ", ".join(outcome.result["wrong"])
        if problem:
            broken[" -> ".join(order)] = problem
    text = f"{len(every) - len(broken)} of {len(every)} orders of {', '.join(every[0])} work"
    if missing:
        text += f"; skipped, not installed: {', '.join(missing)}"
    text += "".join(f"\n{order}: {problem}" for order, problem in broken.items())
    return [Finding("any order of imports", text, not broken, broken)]


def _test_bytes(options: argparse.Namespace) -> list[Finding]:
    argument = _data(options) | {"threads": _THREADS}
    by_level: dict[str, dict[str, dict[str, str]]] = {}
    for level in _core.available_levels():
        outcome = call_in_child(
            "promises.same_bytes:digests", argument, timeout=_START_SECONDS, level=level
        )
        if outcome.failure:
            return [_failed(f"same bytes at level {level}", outcome)]
        by_level[level] = outcome.result
    levels = ", ".join(by_level)
    cases = list(next(iter(by_level.values())))
    varying = [
        f"{case} at {level}"
        for level, found in by_level.items()
        for case in cases
        if len(set(found[case].values())) > 1
    ]
    uint8 = [case for case in cases if case.endswith("uint8")]
    differing = [
        case for case in uint8 if len({d for f in by_level.values() for d in f[case].values()}) > 1
    ]
    among = f"threads {_THREADS}, levels {levels}"
    return [
        Finding(
            "same bytes for any number of threads",
            _varies(varying, f"{len(cases)} cases, {among}"),
            not varying,
            by_level,
        ),
        Finding(
            "same bytes for uint8 at every level",
            _varies(differing, f"{len(uint8)} cases, {among}"),
            not differing,
            differing,
        ),
    ]


def _test_pruned(options: argparse.Namespace) -> list[Finding]:
    promise = "pruned searches find what brute force finds"
    problems: list[str] = []
    n_pairs = n_measured = 0
    for begin in range(0, options.searches, _SEARCHES_AT_ONCE):
        count = min(_SEARCHES_AT_ONCE, options.searches - begin)
        argument = {"first": _FIRST_SEED + begin, "count": count}
        outcome = call_in_child("promises.pruned:compare", argument, timeout=_START_SECONDS)
        if outcome.failure:
            problems.append(f"seeds from {argument['first']}: {outcome.failure}")
            continue
        problems += outcome.result["problems"]
        n_pairs += outcome.result["n_pairs"]
        n_measured += outcome.result["n_measured"]
    text = (
        f"{options.searches} random searches, levels {', '.join(_core.available_levels())}: "
        f"{len(problems)} problems; {n_measured / max(n_pairs, 1):.0%} of the pairs were measured"
    )
    text += "".join(f"\n{problem}" for problem in problems[:_SHOWN_PROBLEMS])
    return [Finding(promise, text, not problems, {"problems": problems, "n_pairs": n_pairs})]


def _varies(cases: list[str], among: str) -> str:
    return f"{among}: {', '.join(cases) or 'nothing'} varies"


def _failed(promise: str, outcome: Outcome) -> Finding:
    return Finding(promise, str(outcome.failure), False, {"hung": outcome.hung})


_TESTS: dict[str, Callable[[argparse.Namespace], list[Finding]]] = {
    "interrupts": _test_interrupts,
    "forks": _test_forks,
    "imports": _test_imports,
    "bytes": _test_bytes,
    "pruned": _test_pruned,
}


if __name__ == "__main__":
    main()
