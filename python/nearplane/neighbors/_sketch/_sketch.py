"""The codes of many rows, and the search that reads them first."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane._progress import Progress
from nearplane._validation import CoreMetric
from nearplane.neighbors._sketch._arrays import pack, unpack
from nearplane.neighbors._sketch._design import Design, design_sketch
from nearplane.neighbors._sketch._level import Codes, Level
from nearplane.neighbors._sketch._widths import Family

Groups = tuple[NDArray[np.int64], NDArray[np.int64]]

# Appended rows that are coded so much worse than the first ones differ from them in kind.
_LOOSE = 2.0


class Sketch:
    """Short codes of every row, from which distances are bounded from below.

    Rows whose bounds exceed the distance of the k-th neighbour found so far are skipped; all others
    are measured exactly, so the answers are those of brute force. A sketch is immutable and does
    not hold the rows themselves.
    """

    def __init__(self, design: Design, coded: list[Codes], n_built: int) -> None:
        self.design = design
        self.coded = coded  # (n_rows, width) and (n_rows,) of each level
        self._n_built = n_built  # the rows that the design has seen a sample of
        self._encoder: _core.Encoder | None = None

    @classmethod
    def build(
        cls,
        base: NDArray[Any],
        metric: str,
        design: Design | None = None,
        *,
        n_threads: int,
        progress: Progress | None = None,
    ) -> "Sketch":
        """Code all rows.

        Parameters
        ----------
        base : ndarray of shape (n_rows, n_features), uint8, float32 or float64
            At least one row and one feature, finite.
        metric : {"euclidean", "sqeuclidean", "manhattan"}
            The metric of the searches.
        design : Design, default=None
            What to keep of each row; None: what suits the rows by themselves.
        n_threads : int
            Number of threads.
        progress : callable, default=None
            Told the fraction done.
        """
        if design is None:
            design = design_sketch(base, metric)
        encoder = design.encoder()
        coded = encoder.encode(base, n_threads=n_threads, progress=progress)
        sketch = cls(design, coded, len(base))
        sketch._encoder = encoder
        return sketch

    def search(
        self,
        query: NDArray[Any],
        base: NDArray[Any],
        k: int,
        metric: CoreMetric,
        *,
        exclude_self: bool = False,
        groups: Groups | None = None,
        n_threads: int,
        progress: Progress | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Find the k nearest rows of every query.

        Parameters
        ----------
        query, base : ndarray of shape (n_queries or n_rows, n_features)
            Of one type. The rows are those coded, or the same in a wider type.
        k : int
            How many; every query has so many rows to choose from.
        metric : {"euclidean", "sqeuclidean", "manhattan"}
            The one the sketch was built for, or with the same neighbours.
        exclude_self : bool, default=False
            Whether the queries are the rows, none of which is its own neighbour.
        groups : tuple of two ndarrays of int64, default=None
            A number for each query and one for each row: rows of a query's own group are skipped.
        n_threads : int
            Number of threads.
        progress : callable, default=None
            Told the fraction done.

        Returns
        -------
        distances, indices : ndarray of shape (n_queries, k)
            As brute force finds them, to the last bit.
        counts : ndarray of shape (n_levels + 1,), int64
            How many pairs reached each level; last, how many were measured.
        """
        query_groups, base_groups = (None, None) if groups is None else groups
        return _core.argkmin_pruned(
            query,
            base,
            self._get_encoder(),
            self.coded,
            k,
            metric,
            exclude_self=exclude_self,
            query_groups=query_groups,
            base_groups=base_groups,
            n_threads=n_threads,
            progress=progress,
        )

    def extend(
        self, rows: NDArray[Any], *, n_threads: int, progress: Progress | None = None
    ) -> "Sketch":
        """Return a sketch of the rows of this one, followed by more."""
        more = self._get_encoder().encode(rows, n_threads=n_threads, progress=progress)
        coded = [
            (np.concatenate([codes, new_codes]), np.concatenate([errors, new_errors]))
            for (codes, errors), (new_codes, new_errors) in zip(self.coded, more, strict=True)
        ]
        return Sketch(self.design, coded, self._n_built)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all of the sketch, to be saved; no array is copied."""
        return pack(self.design, self.coded, self._n_built)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Sketch":
        """Return the sketch that `arrays` returned these of.

        Raises
        ------
        ValueError
            If they cannot be a sketch's.
        """
        return cls(*unpack(arrays))

    @property
    def is_loose(self) -> bool:
        """Whether appended rows are coded so badly that all rows deserve a new sketch."""
        if self.n_rows == self._n_built:
            return False
        # A byte for each feature fits rows of any kind; it tells nothing.
        positions = [i for i, level in enumerate(self.levels) if level.kind != "features"]
        errors = self.errors[positions[-1] if positions else -1]
        built, appended = errors[: self._n_built], errors[self._n_built :]
        return bool(np.median(appended) > _LOOSE * np.median(built))

    @property
    def n_rows(self) -> int:
        return len(self.coded[0][0])

    @property
    def bytes_per_row(self) -> int:
        return sum(codes[:1].nbytes + errors[:1].nbytes for codes, errors in self.coded)

    @property
    def metric(self) -> Family:
        return self.design.metric

    @property
    def center(self) -> NDArray[np.float64]:
        return self.design.center

    @property
    def unit(self) -> float:
        return self.design.unit

    @property
    def basis(self) -> NDArray[np.float32]:
        return self.design.basis

    @property
    def feature_order(self) -> NDArray[np.int64]:
        return self.design.feature_order

    @property
    def levels(self) -> tuple[Level, ...]:
        return self.design.levels

    @property
    def codes(self) -> list[NDArray[Any]]:
        """Of each level, (n_rows, width), uint8 or int16."""
        return [codes for codes, _ in self.coded]

    @property
    def errors(self) -> list[NDArray[np.float32]]:
        """Of each level, (n_rows,): how far each row's coordinates are from its codes at most."""
        return [errors for _, errors in self.coded]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_encoder": None}  # made of the design, and not to be pickled

    def _get_encoder(self) -> _core.Encoder:
        if self._encoder is None:  # two threads may both make one; either will do
            self._encoder = self.design.encoder()
        return self._encoder
