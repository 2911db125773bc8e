"""The compiled core of the level chosen for this processor."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

_Metric = Literal["euclidean", "sqeuclidean", "manhattan"]
_Progress = Callable[[float], object]

def argkmin(
    query: NDArray[Any],
    base: NDArray[Any],
    k: int,
    metric: _Metric,
    *,
    exclude_self: bool,
    n_threads: int,
    progress: _Progress | None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
def pairwise_distances(
    query: NDArray[Any],
    base: NDArray[Any],
    metric: _Metric,
    out: NDArray[Any],
    *,
    n_threads: int,
    progress: _Progress | None,
) -> None: ...
def first_nonfinite_row(X: NDArray[Any], *, n_threads: int) -> int: ...
def max_threads() -> int: ...
def isa_level() -> str: ...
def build_info() -> dict[str, str]: ...
def available_levels() -> list[str]: ...
def built_levels() -> list[str]: ...
