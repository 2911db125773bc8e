"""How much memory a search takes: the peak of a child process that does nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.child import call_in_child
from harness.options import Images
from knn_questions.series import Point

# Bytes after each step; None on systems that do not tell.
Peaks = dict[str, int | None]

_TIMEOUT_SECONDS = 3_600.0


@contextmanager
def saved(rows: Images) -> Iterator[Path]:
    """Write rows where children find them, as plain values: a child reads as many as it wants."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        rows.queries.tofile(folder / "queries")
        rows.base.tofile(folder / "base")
        yield folder


def peak_memory(folder: Path, point: Point, algorithm: str) -> Peaks:
    """Fit and search in a child; return its peaks after each step."""
    argument = {
        "folder": str(folder),
        "n_queries": len(point.rows.queries),
        "n_rows": len(point.rows.base),
        "n_features": point.rows.base.shape[1],
        "task": asdict(point.task),
        "k": point.k,
        "algorithm": algorithm,
    }
    outcome = call_in_child("knn_questions.memory_child:search", argument, timeout=_TIMEOUT_SECONDS)
    if outcome.failure:
        raise SystemExit(f"memory of {algorithm}, {point.value:,} rows: {outcome.failure}")
    found: Peaks = outcome.result
    return found


def beyond_rows(peaks: Peaks) -> str:
    """Return how many MB the search took beside Python and the rows; "-" if systems do not tell."""
    before, after = peaks["rows"], peaks["search"]
    return "-" if before is None or after is None else f"{(after - before) / 1e6:,.0f}"
