"""What a loader of `load_dataset` is asked, and what it answers: rows in two parts, not yet copied.

How many rows are wanted is known before they are read, so those of an array that is mapped from a
file larger than memory are not taken out of it before they are chosen.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._splits import stratified_order

_TEST_SHARE = 0.2
DRAWN_SPLIT = "a random split of 80 % and 20 %"


@dataclass(frozen=True)
class Request:
    """What a loader needs to know of the call."""

    data_home: str | os.PathLike[str] | None
    download_if_missing: bool
    n_train: int | None
    n_test: int | None
    rng: np.random.RandomState
    image_size: tuple[int, int] | None
    cache: str | os.PathLike[str] | None
    verbose: bool


@dataclass(frozen=True)
class Part:
    """Some rows of an array and of its labels; without `rows`, all of them."""

    X: NDArray[Any]
    y: NDArray[np.int64]
    rows: NDArray[np.intp] | slice = field(default_factory=lambda: slice(None))

    @property
    def labels(self) -> NDArray[np.int64]:
        """The labels of the rows."""
        return self.y[self.rows]

    def take(self, chosen: NDArray[np.intp] | None) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the rows that are chosen by their numbers, or all, with their labels."""
        rows = self.rows if chosen is None else np.arange(len(self.y))[self.rows][chosen]
        return self.X[rows], self.y[rows]


@dataclass(frozen=True)
class Source:
    """A data set in its two parts; see `ImageDataset` for the rest."""

    train: Part
    test: Part
    class_names: list[str]
    description: str


Loader = Callable[[Request], Source]


def draw_parts(
    name: str, X: NDArray[Any], y: NDArray[np.int64], rng: np.random.RandomState
) -> tuple[Part, Part]:
    """Split what has no split of its own: a fifth of the rows is drawn for testing."""
    order = stratified_order(y, rng)
    n_test = round(_TEST_SHARE * len(order))
    if n_test == 0:
        raise ValueError(f"{name!r} has {len(order)} rows, too few to keep a fifth for testing")
    return Part(X, y, np.sort(order[n_test:])), Part(X, y, np.sort(order[:n_test]))
