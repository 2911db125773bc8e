"""One level of a sketch: which coordinates of a row are kept, and how a byte stands for them."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["projection", "groups", "features"]

Codes = tuple[NDArray[Any], NDArray[np.float32]]
"""The codes of some rows, (n_rows, width), and how far their coordinates are from them at most."""

CODE_DTYPES: dict[int, type[np.integer[Any]]] = {8: np.uint8, 16: np.int16}
"""Of codes of so many bits."""


def _no_rotation() -> NDArray[np.float32]:
    return np.empty((0, 0), np.float32)


def _no_starts() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Level:
    """How the rows of a sketch are coded at one level.

    A row has `width` coordinates, all measured in the sketch's unit from its centre. Coordinate j
    gets the byte ``clip(rint((coordinate - shift[j]) / step) + 128, 0, 255)``.

    - "projection": the products with ``basis[:width - 1].T @ rotation``, and last the distance of
      the row from the space they span. For Euclidean distances.
    - "groups": sums over the features ``feature_order[starts[g]:starts[g + 1]]``. For Manhattan
      distances.
    - "features": the features themselves.
    """

    kind: Kind
    width: int
    step: float
    shift: NDArray[np.float64]
    """(width,)"""
    rotation: NDArray[np.float32] = field(default_factory=_no_rotation)
    """(width - 1, width - 1), orthogonal up to rounding; empty unless a projection."""
    starts: NDArray[np.int64] = field(default_factory=_no_starts)
    """(width + 1,), rising from 0 to the number of features; empty unless groups."""
    bits: int = 8
    """Of a code; in place of a byte, projections may have 16."""
    tilt: float = 0.0
    """At least the Frobenius norm of M'M - I for M = basis[:width - 1].T @ rotation."""

    @property
    def row_bytes(self) -> int:
        """What the codes of a row take."""
        return self.width * self.bits // 8
