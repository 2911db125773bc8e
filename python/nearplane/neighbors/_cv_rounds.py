"""Rounds: splits of a cross-validation that one search serves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

# Numbers that a search may return at a time: 128 MB of distances and of indices.
_BLOCK_SIZE = 2**23


@dataclass(frozen=True)
class Round:
    """Queries of one search, and which rows each of them may be compared with.

    In a round of folds every row is of the group of the split that tests it, and a query skips its
    own group: what is left are its split's training rows.
    """

    splits: NDArray[np.int64]
    """(n_splits,): numbers of the splits."""
    queries: Rows
    """(n_queries,): the rows that are judged."""
    split_of_query: NDArray[np.int64]
    """(n_queries,): for each its split, as a position in `splits`."""
    query_groups: NDArray[np.int64]
    """(n_queries,)"""
    base_groups: NDArray[np.int64]
    """(n_samples,): of each row that is searched; those of a query's own group are skipped."""
    n_training: int
    """The number of training rows of the smallest split."""
    base: Rows | None = None
    """The rows that are searched, some of them perhaps several times; None: all, once."""

    def blocks(self, k: int) -> Iterator["Round"]:
        """Part the round so that the k neighbours of all queries of a part fit into memory.

        A split is never parted.
        """
        sizes = np.bincount(self.split_of_query, minlength=len(self.splits))
        part_of_split = np.cumsum(sizes * k) // _BLOCK_SIZE
        if part_of_split[0] == part_of_split[-1]:
            yield self
            return
        for part in np.unique(part_of_split):
            chosen = part_of_split == part
            queries = chosen[self.split_of_query]
            yield Round(
                self.splits[chosen],
                self.queries[queries],
                (np.cumsum(chosen) - 1)[self.split_of_query[queries]],
                self.query_groups[queries],
                self.base_groups,
                self.n_training,
                self.base,
            )


def leave_one_out(n: int) -> list[Round]:
    """Return the one round in which each of `n` rows is judged by all others."""
    rows = np.arange(n)
    return [Round(rows, rows, rows, rows, rows, n - 1)]


def plan_rounds(splits: Iterable[tuple[Rows, Rows]], n: int) -> list[Round]:
    """Return the rounds that serve these splits of `n` rows.

    Splits which train on all rows that they do not test share a round as long as their test rows
    differ, such as the folds of k-fold; repeated k-fold has one round for each repetition. Any
    other split has a round of its own.
    """
    folds: list[_Folds] = []
    rounds: list[Round] = []
    for number, (training, test) in enumerate(splits):
        if _is_fold(training, test, n):
            place = next((known for known in folds if known.has_room_for(test)), None)
            if place is None:
                folds.append(place := _Folds(n))
            place.add(number, test)
        else:
            rounds.append(_split_of_its_own(number, training, test, n))
    return [found.as_round() for found in folds] + rounds


class _Folds:
    """Folds that have no test row in common."""

    def __init__(self, n: int) -> None:
        self._splits: list[int] = []
        self._group_of_row = np.full(n, -1)

    def has_room_for(self, test: Rows) -> bool:
        return not (self._group_of_row[test] >= 0).any()

    def add(self, split: int, test: Rows) -> None:
        self._group_of_row[test] = len(self._splits)
        self._splits.append(split)

    def as_round(self) -> Round:
        queries = np.flatnonzero(self._group_of_row >= 0)
        groups = self._group_of_row[queries]
        largest = int(np.bincount(groups).max())
        n_training = len(self._group_of_row) - largest
        splits = np.array(self._splits)
        return Round(splits, queries, groups, groups, self._group_of_row, n_training)


def _is_fold(training: Rows, test: Rows, n: int) -> bool:
    """Return whether the split trains on all rows that it does not test."""
    if len(training) + len(test) != n:
        return False
    named = np.zeros(n, dtype=bool)
    named[training] = named[test] = True
    return bool(named.all())


def _split_of_its_own(number: int, training: Rows, test: Rows, n: int) -> Round:
    splits, split_of_query = np.array([number]), np.zeros(len(test), dtype=np.int64)
    base_groups = np.ones(n, dtype=np.int64)
    base_groups[training] = 0
    n_different = n - int(base_groups.sum())
    query_groups, base = np.ones(len(test), dtype=np.int64), None
    if n_different < len(training):  # a row that is drawn twice is two neighbours
        base, base_groups = training, np.zeros(len(training), dtype=np.int64)
    return Round(splits, test, split_of_query, query_groups, base_groups, len(training), base)
