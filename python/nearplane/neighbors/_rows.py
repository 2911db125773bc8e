"""Rows that grow, and are not copied as a whole each time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# How much longer than what it holds new storage is. Rows are copied when it is full, so each is
# copied 1 / 0.5 = 2 times on average; memory that was never written to takes no room.
_SPARE = 0.5


class GrowingRows:
    """Rows, which never change, and perhaps room behind them.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Kept, not copied.
    """

    def __init__(self, rows: NDArray[Any]) -> None:
        self.rows = rows
        self._storage: _Storage | None = None

    def append(self, rows: NDArray[Any]) -> "GrowingRows":
        """Return these rows followed by others, in the wider of the two types.

        What is returned shares the memory of these rows if there is room behind them that nobody
        else has taken; these stay as they are in any case.
        """
        n_before, n_after = len(self.rows), len(self.rows) + len(rows)
        dtype = np.promote_types(self.rows.dtype, rows.dtype)
        storage = self._storage
        if storage is None or storage.rows.dtype != dtype or not storage.take(n_before, n_after):
            storage = _Storage(self.rows, n_after, dtype)
        storage.rows[n_before:n_after] = rows
        grown = GrowingRows(storage.rows[:n_after])
        grown._storage = storage
        return grown

    def __getstate__(self) -> dict[str, Any]:
        return {"rows": self.rows, "_storage": None}


class _Storage:
    """Memory for rows, the first of which are taken."""

    def __init__(self, rows: NDArray[Any], n_taken: int, dtype: np.dtype[Any]) -> None:
        capacity = n_taken + int(n_taken * _SPARE)
        self.rows = np.empty((capacity, rows.shape[1]), dtype)
        self.rows[: len(rows)] = rows
        self._takers: dict[int, object] = {}  # by the row that they begin with

    def take(self, start: int, stop: int) -> bool:
        """Take the rows from `start` to `stop`, unless they are not there or not free."""
        # A step that no thread comes between. A lock might be held when the process forks, and the
        # child would wait for it for ever.
        taker = object()
        return stop <= len(self.rows) and self._takers.setdefault(start, taker) is taker
