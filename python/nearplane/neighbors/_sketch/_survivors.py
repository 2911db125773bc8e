"""How many pairs a sketch would leave, guessed from a few queries and a few rows.

Nothing here is rigorous: it decides how fast a search is, never what it finds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane.neighbors._sketch._design import Design
from nearplane.neighbors._sketch._level import Codes
from nearplane.neighbors._sketch._sketch import Groups
from nearplane.neighbors._sketch._widths import Family, family_of

# On a machine that has other work to do, threads wait for each other longer than samples take.
_N_THREADS = 1

# So many of the distances in a sample tell how fast they grow with the rank.
_RANKS = 16


@dataclass(frozen=True, eq=False)
class Question:
    """What is searched: the arguments of a search, and which rows a query does not see."""

    queries: NDArray[Any]
    base: NDArray[Any]
    k: int
    metric: str
    groups: Groups | None
    """A number for each query and one for each row: equal ones do not see each other."""
    n_threads: int

    @property
    def family(self) -> Family:
        """The metric whose distances are compared with bounds, which are not squared."""
        return family_of(self.metric)

    def among_rows(self) -> "Question":
        """Return the question in which every row asks for the others."""
        rows = np.arange(len(self.base)) if self.groups is None else self.groups[1]
        return Question(self.base, self.base, self.k, self.metric, (rows, rows), self.n_threads)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Some queries and some rows of a question."""

    question: Question
    queries: NDArray[np.int64]
    rows: NDArray[np.int64]

    @classmethod
    def draw(cls, question: Question, n_queries: int, n_rows: int, *, seed: int) -> "Pairs":
        """Choose queries and rows by chance, each in their order; rows if queries are too few."""
        if len(question.queries) < n_queries:
            question = question.among_rows()
        rng = np.random.default_rng(seed)
        return cls(
            question,
            _some(rng, len(question.queries), n_queries),
            _some(rng, len(question.base), n_rows),
        )

    def distances(self) -> NDArray[np.float64]:
        """Return the distances of all pairs; infinite where a query does not see the row."""
        asked = self.question
        query, base = asked.queries[self.queries], asked.base[self.rows]
        out = np.empty((len(query), len(base)))
        _core.pairwise_distances(
            query, base, asked.family, out, n_threads=_N_THREADS, progress=None
        )
        if asked.groups is not None:
            of_queries, of_rows = asked.groups[0][self.queries], asked.groups[1][self.rows]
            out[of_queries[:, None] == of_rows] = np.inf
        return out

    def estimated_reach(self) -> NDArray[np.float64]:
        """Guess each query's distance to its k-th neighbour among all rows.

        Around a query, the number of rows within a distance grows like a power of it, the local
        dimension; its mean over the queries is estimated as Levina and Bickel do (Maximum
        likelihood estimation of intrinsic dimension, NIPS 2004). Then the distance of a rank that
        lies below the first of the sample follows from those that the sample has.
        """
        nearest = np.sort(self.distances(), axis=1)
        rank = self.question.k * len(self.rows) / len(self.question.base)
        last = min(_RANKS, len(self.rows)) - 1
        if rank >= last:
            return nearest[:, min(round(rank), len(self.rows) - 1)]
        near, far = nearest[:, :last], nearest[:, last : last + 1]
        seen = np.isfinite(far[:, 0]) & (near[:, 0] > 0)
        growth = np.log(far[seen] / near[seen]).mean() if seen.any() else 0.0
        return np.asarray(far[:, 0] * (max(rank, 0.5) / (last + 1)) ** growth)

    def exact_reach(self) -> NDArray[np.float64]:
        """Return each query's distance to its k-th neighbour among all rows, by brute force."""
        asked = self.question
        of_queries, of_rows = (
            (None, None)
            if asked.groups is None
            else (asked.groups[0][self.queries], asked.groups[1])
        )
        distances, _ = _core.argkmin(
            asked.queries[self.queries],
            asked.base,
            asked.k,
            asked.family,
            exclude_self=False,
            query_groups=of_queries,
            base_groups=of_rows,
            n_threads=asked.n_threads,
            progress=None,
        )
        return np.asarray(distances[:, -1])

    def survivors(
        self, design: Design, reach: NDArray[np.float64], coded: list[Codes] | None = None
    ) -> list[float]:
        """Return the share of the pairs that each level of a sketch leaves.

        Parameters
        ----------
        design : Design
            Of the sketch.
        reach : ndarray of shape (n_queries,)
            Pairs whose bound is larger are skipped.
        coded : list of pairs of ndarrays, default=None
            Codes and errors of all rows at each level, if there are any yet.
        """
        asked, encoder = self.question, design.encoder()

        def encode(rows: NDArray[Any]) -> list[Codes]:
            return encoder.encode(rows, n_threads=_N_THREADS, progress=None)

        of_queries = encode(asked.queries[self.queries])
        if coded is None:
            of_rows = encode(asked.base[self.rows])
        else:
            of_rows = [(codes[self.rows], errors[self.rows]) for codes, errors in coded]
        shares = []
        for level, query, row in zip(design.levels, of_queries, of_rows, strict=True):
            apart = np.empty((len(self.queries), len(self.rows)))
            _core.pairwise_distances(
                _as_values(query[0]),
                _as_values(row[0]),
                design.metric,
                apart,
                n_threads=_N_THREADS,
                progress=None,
            )
            allowed = reach[:, None] / design.unit + query[1][:, None] + row[1]
            shares.append(float((level.step * apart <= allowed).mean()))
        return shares


def _as_values(codes: NDArray[Any]) -> NDArray[Any]:
    """Return codes in a type that distances are computed of."""
    return codes if codes.dtype == np.uint8 else codes.astype(np.float32)


def _some(rng: np.random.Generator, n: int, size: int) -> NDArray[np.int64]:
    if size >= n:
        return np.arange(n)
    return np.sort(rng.choice(n, size, replace=False, shuffle=False))
