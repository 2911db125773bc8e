"""The searcher of a metric."""

from typing import Any

from numpy.typing import NDArray

from nearplane._validation import Metric
from nearplane.neighbors._cosine_searcher import CosineSearcher
from nearplane.neighbors._searcher import Searcher
from nearplane.neighbors._sketch import Sketch

AnySearcher = Searcher | CosineSearcher


def make_searcher(
    rows: NDArray[Any], metric: Metric, algorithm: str, sketch: Sketch | None = None
) -> AnySearcher:
    """Return what searches rows by a metric; the arguments are those of `Searcher`."""
    if metric == "cosine":
        return CosineSearcher(rows, algorithm, sketch)
    return Searcher(rows, metric, algorithm, sketch)
