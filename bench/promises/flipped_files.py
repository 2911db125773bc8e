"""A saved model that was damaged is refused; a forged one, or a hostile data set, does no harm.

Every byte of small files of every kind that is saved is changed, in several ways, and each file is
loaded, read and mapped: it must be refused by name, or give the model that was saved, to the last
byte that it saves and answers. Files are also cut at every length, and blocks of them are lost,
repeated and exchanged. Then the checksums are left out, or made right again after arrays, facts,
names, types and shapes were changed: whatever is loaded then is another model, but neither it nor
its answers may end the process.

While a file is loaded, all events that Python's audit hooks hear of are watched - nothing may be
imported, executed, or opened beside the file - and address space is limited: to twice the size of
the file and some megabytes, or 32 times that of headers made to take much.
"""

from collections import Counter
from typing import Any

from harness.child import call_in_child
from harness.promise import Finding, Options, Promise, not_tried

_FILES_AT_ONCE = 5_000
_TIMEOUT_SECONDS = 600.0
_SHOWN_PROBLEMS = 5
# Hostile data sets, and files that lie about sizes, take so long as to try a few in a part.
_PART_OF_CASES = 10
# The stacks and heaps of threads take address space, which is limited.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1"}
_LITTLE_MEMORY = "loading a model takes no more memory than its file justifies"

# What is done, how many files for each that is flipped, what it is to have survived.
_SORTS = {
    "flips": (1.0, "a byte changed in a saved file is noticed"),
    "shuffles": (0.5, "saved files that were cut, or lost or exchanged blocks, are refused"),
    "unverified": (0.25, "damaged files that are loaded without verification do not crash"),
    "forged": (0.5, "files that were forged, with right checksums, do not crash"),
}


def _run(options: Options) -> list[Finding]:
    findings, n_loads, n_broken = [], 0, 0
    for sort, (share, promise) in _SORTS.items():
        found = _Tally(sort, max(1, int(share * options.count)))
        found.run(options)
        fates = ", ".join(f"{count:,} {fate}" for fate, count in found.fates.most_common())
        findings.append(
            Finding(
                promise,
                found.n_tried,
                found.n_tried - found.n_lost,
                _text(f"files, read and mapped: {fates}", found.problems),
            )
        )
        n_loads += found.n_loads
        n_broken += sum("reading it led to" in problem for problem in found.problems)
    findings.append(
        Finding(
            "loading a model runs no code and opens nothing else",
            n_loads,
            n_loads - n_broken,
            "all of the loads above, watched by an audit hook of Python's",
        )
    )
    stride = _PART_OF_CASES if options.part else 1
    for function, promise, what in (
        (
            "lies:check_memory",
            _LITTLE_MEMORY,
            "files whose headers lie about sizes, and large sound ones, in limited address space",
        ),
        (
            "data_sets:read_hostile",
            "hostile data sets are refused, and do nothing",
            "arrays, archives, batches and images, read in limited address space and watched",
        ),
    ):
        options.report(promise)
        findings.append(_found_at_once(function, stride, promise, what))
    return findings


class _Tally:
    """What became of all files of a sort."""

    def __init__(self, sort: str, total: int) -> None:
        self.sort, self.total = sort, total
        self.n_tried = self.n_loads = self.n_lost = 0
        self.fates: Counter[str] = Counter()
        self.problems: list[str] = []

    def run(self, options: Options) -> None:
        for first in range(0, self.total, _FILES_AT_ONCE):
            options.report(f"{self.sort}: {first:,} of {self.total:,}")
            self._try(first, min(_FILES_AT_ONCE, self.total - first))

    def _try(self, first: int, count: int) -> None:
        """Try some files, and halve them until it is known which one ended the child."""
        argument = {"sort": self.sort, "first": first, "count": count, "total": self.total}
        outcome = _call("trials:try_files", argument)
        if outcome.failure is None:
            self.n_tried += outcome.result["n_tried"]
            self.n_loads += outcome.result["n_loads"]
            self.fates += Counter(outcome.result["fates"])
            self.problems += outcome.result["problems"]
            self.n_lost += len(outcome.result["problems"])
        elif count == 1:
            self.problems.append(f"file {first}: {outcome.failure}")
            self.n_tried += 1
            self.n_lost += 1
        else:
            self._try(first, count // 2)
            self._try(first + count // 2, count - count // 2)


def _call(function: str, argument: dict[str, Any]) -> Any:
    return call_in_child(
        f"damaged_files.{function}", argument, timeout=_TIMEOUT_SECONDS, environment=_ENVIRONMENT
    )


def _found_at_once(function: str, stride: int, promise: str, what: str) -> Finding:
    outcome = _call(function, {"stride": stride})
    if outcome.failure is not None:
        return Finding(promise, 1, 0, outcome.failure)
    found = outcome.result
    if not found["limited"] and promise == _LITTLE_MEMORY:
        return not_tried(promise, "address space can be limited on Linux alone")
    n_lost = len(found["problems"])
    text = _text(what, found["problems"])
    return Finding(promise, found["n_tried"], found["n_tried"] - n_lost, text, found["problems"])


def _text(text: str, problems: list[str]) -> str:
    return "; ".join([text, *problems[:_SHOWN_PROBLEMS]])


PROMISE = Promise(_run, full=100_000, part=2_000, unit="flipped files")
