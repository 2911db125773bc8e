"""One contest: nearplane and its peers answer the same question on the same rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Protocol

from harness.methods import Array, Compute, Method
from harness.options import Images
from harness.timing import Contender, Timing, alternate, ratio, seconds_of

# The library that everybody is compared with.
OURS = "nearplane"

# Enough to start thread pools and load code, too few to cost time.
_FEW_ROWS = 4

# What a judge found: texts for the table by column, and facts for the JSON file.
Verdict = tuple[dict[str, str], dict[str, Any]]


@dataclass(frozen=True)
class Entry:
    """A method that has taken in the base rows; the queries are in the type it reads.

    `build` does so again, afresh.
    """

    library: str
    label: str
    build: Callable[[], Compute]
    compute: Compute
    queries: Array
    base: Array


class Judge(Protocol):
    """Compares answers with the truth, before anything is timed."""

    def __call__(self, entry: Entry, n_rows: int) -> Verdict:
        """Judge the answer to the first `n_rows` queries."""


@dataclass(frozen=True)
class Limits:
    """How often everything runs, and how long a slow peer may take."""

    repeats: int
    slow_queries: Mapping[str, int]
    slow_seconds: float

    def queries_if_slow(self, library: str) -> int:
        """Return how many queries a slow library is timed on."""
        return self.slow_queries.get(library, self.slow_queries[""])


@dataclass(frozen=True)
class Line:
    """One line of a contest's table."""

    timing: Timing
    verdict: Verdict


class Copies:
    """The same rows in the types that methods read, each made once."""

    def __init__(self, images: Images, dtype: str) -> None:
        self.dtype = dtype
        self._images = images
        self._made: dict[str, Images] = {}

    def __getitem__(self, dtype: str) -> Images:
        if dtype not in self._made:
            queries, base = self._images.queries, self._images.base
            self._made[dtype] = Images(
                queries.astype(dtype, copy=False),
                base.astype(dtype, copy=False),
                self._images.description,
            )
        return self._made[dtype]


def enter(library: str, method: Method, copies: Copies) -> Entry:
    """Let a method take in the base rows, in the type it reads."""
    rows = copies[method.dtype]
    is_copy = method.dtype != copies.dtype
    label = f"{method.name} ({method.dtype} copy)" if is_copy else method.name
    build = partial(method.build, rows.base)
    return Entry(library, label, build, build(), rows.queries, rows.base)


def n_rows_for(entry: Entry, limits: Limits) -> int:
    """Return how many queries an entry is timed on: all of them, fewer if it is a slow peer."""
    n_queries = len(entry.queries)
    few, some = _FEW_ROWS, max(limits.queries_if_slow(entry.library), 2 * _FEW_ROWS)
    if n_queries <= some or entry.library == OURS:
        return n_queries
    entry.compute(entry.queries[:few])
    # What a call costs however few the queries - torch copies the base rows - is paid only once.
    seconds_few = seconds_of(lambda: entry.compute(entry.queries[:few]))
    seconds_some = seconds_of(lambda: entry.compute(entry.queries[:some]))
    per_query = (seconds_some - seconds_few) / (some - few)
    expected = seconds_some + per_query * (n_queries - some)
    return n_queries if expected <= limits.slow_seconds else some


def contest(
    entries: Sequence[Entry], judge: Judge, limits: Limits, report: Callable[[str], None]
) -> list[Line]:
    """Judge every entry on the rows it will be timed on, which warms it up, then time them all."""
    contenders, verdicts = [], []
    for entry in entries:
        report(f"checking {entry.label}")
        n_rows = n_rows_for(entry, limits)
        verdicts.append(judge(entry, n_rows))
        contenders.append(_contender(entry, n_rows))
    return race(contenders, verdicts, limits.repeats, report)


def race(
    contenders: Sequence[Contender],
    verdicts: Sequence[Verdict],
    repeats: int,
    report: Callable[[str], None],
) -> list[Line]:
    """Time contenders that have been judged."""
    timings = alternate(contenders, repeats, report)
    return [Line(timing, verdict) for timing, verdict in zip(timings, verdicts, strict=True)]


def _contender(entry: Entry, n_rows: int) -> Contender:
    queries = entry.queries[:n_rows]
    return Contender(entry.label, lambda: entry.compute(queries), n_rows)


def table_rows(
    lines: Sequence[Line], unit: str, n_ours: int = 1
) -> tuple[list[str], list[list[str]]]:
    """Lay out a contest of which the first lines are ours; each is compared with every line.

    The extremes are told for two lines, or for the first of more: a table is only so wide.
    """
    names = ["nearplane/peer"] if n_ours == 1 else [f"line {i}/peer" for i in range(1, n_ours + 1)]
    n_spreads = n_ours if n_ours <= 2 else 1
    columns = ["library", unit, "median s", f"{unit}/s"]
    for place, name in enumerate(names):
        columns += [name, "min .. max"][: 1 + (place < n_spreads)]
    rows = []
    for number, line in enumerate(lines):
        row = [
            line.timing.label,
            f"{line.timing.n_rows:,}",
            f"{line.timing.median_seconds:.4g}",
            _speed(line.timing.rows_per_second),
        ]
        for place, ours in enumerate(lines[:n_ours]):
            texts = ["1", ""] if place == number else _ratio_texts(ours.timing, line.timing)
            row += texts[: 1 + (place < n_spreads)]
        rows.append([*row, *line.verdict[0].values()])
    return columns + list(lines[0].verdict[0]), rows


def _ratio_texts(ours: Timing, theirs: Timing) -> list[str]:
    faster = ratio(ours, theirs)
    return [f"{faster.of_medians:.3g}", f"{faster.lowest:.3g} .. {faster.highest:.3g}"]


def _speed(rows_per_second: float) -> str:
    return f"{rows_per_second:,.0f}" if rows_per_second >= 100 else f"{rows_per_second:.3g}"


def as_results(lines: Sequence[Line], n_ours: int = 1) -> list[dict[str, Any]]:
    """Return the lines for the JSON file."""
    ours = [line.timing for line in lines[:n_ours]]
    return [
        {
            "label": line.timing.label,
            "n_rows": line.timing.n_rows,
            "seconds": list(line.timing.seconds),
            "rows_per_second": line.timing.rows_per_second,
            "ratio": asdict(ratio(ours[0], line.timing)),
            **{
                f"ratio_of_line_{number}": asdict(ratio(timing, line.timing))
                for number, timing in enumerate(ours[1:], start=2)
            },
            **line.verdict[1],
        }
        for line in lines
    ]
