"""The searches of a cross-validation, and the votes that follow each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearplane._progress import Progress
from nearplane._validation import Metric
from nearplane.neighbors._cv_rounds import Round
from nearplane.neighbors._cv_scores import Found, Judge
from nearplane.neighbors._each_k import winners_each_k
from nearplane.neighbors._searcher import Answer
from nearplane.neighbors._searchers import AnySearcher, make_searcher
from nearplane.neighbors._weights import Weights

# Rows that are not searched for as they lie are copied, so many bytes at a time.
_COPY_BYTES = 2**28


@dataclass(frozen=True)
class Rules:
    """What candidates have in common, and what they differ in but for the metric."""

    ks: Sequence[int]
    weights: Sequence[Weights]
    ties: str
    codes: NDArray[np.intp]
    """(n_samples,): the class of each row, as a number."""
    n_classes: int


class Scores(NamedTuple):
    """What one metric has given; the times are the candidates' equal shares, in seconds."""

    scores: NDArray[np.float64]
    """(n_k, n_weights, n_splits)"""
    search_seconds: NDArray[np.float64]
    """(n_splits,)"""
    vote_seconds: NDArray[np.float64]
    """(n_splits,)"""


def score_each_metric(
    searchers: Mapping[Metric, AnySearcher],
    rounds: Sequence[Round],
    rules: Rules,
    judge: Judge,
    *,
    n_threads: int,
    progress: Progress | None,
) -> dict[Metric, Scores]:
    """Search once in each round for each metric, hold the votes of all candidates and judge them.

    Parameters
    ----------
    searchers : dict of metric to Searcher
        Each has all rows.
    rounds : sequence of Round
        Every split is in one of them.
    rules : Rules
        How to vote.
    judge : Judge
        Scores the votes.
    n_threads : int
        Number of threads.
    progress : callable or None
        Told the fraction done.

    Returns
    -------
    dict of metric to Scores
    """
    share = 1 / len(searchers)
    return {
        metric: _score(
            searcher,
            rounds,
            rules,
            judge,
            n_threads=n_threads,
            progress=_part_of(progress, number * share, share),
        )
        for number, (metric, searcher) in enumerate(searchers.items())
    }


def _score(
    searcher: AnySearcher,
    rounds: Sequence[Round],
    rules: Rules,
    judge: Judge,
    *,
    n_threads: int,
    progress: Progress | None,
) -> Scores:
    n_splits = sum(len(round_.splits) for round_ in rounds)
    n_candidates = len(rules.ks) * len(rules.weights)
    scores = np.empty((len(rules.ks), len(rules.weights), n_splits))
    search_seconds, vote_seconds = np.empty(n_splits), np.empty(n_splits)
    n_done, n_queries = 0, sum(len(round_.queries) for round_ in rounds)
    for block in _blocks(rounds, max(rules.ks)):
        part = _part_of(progress, n_done / n_queries, len(block.queries) / n_queries)
        start = perf_counter()
        distances, indices = _search(searcher, block, max(rules.ks), n_threads, part)
        found_at = perf_counter()
        for column, weights in enumerate(rules.weights):
            winners = winners_each_k(
                rules.codes,
                distances,
                indices,
                rules.ks,
                n_classes=rules.n_classes,
                weights=weights,
                ties=rules.ties,
            )
            found = Found(distances, indices, weights, rules.ks, winners)
            scores[:, column, block.splits] = judge(block, found)
        share = np.bincount(block.split_of_query) / (len(block.queries) * n_candidates)
        search_seconds[block.splits] = (found_at - start) * share
        vote_seconds[block.splits] = (perf_counter() - found_at) * share
        n_done += len(block.queries)
    return Scores(scores, search_seconds, vote_seconds)


def _blocks(rounds: Sequence[Round], k: int) -> Iterator[Round]:
    for round_ in rounds:
        yield from round_.blocks(k)


def _search(
    searcher: AnySearcher, block: Round, k: int, n_threads: int, progress: Progress | None
) -> Answer:
    """Return the k nearest of each query's training rows, as rows of all data."""
    rows = searcher.rows
    if block.base is not None:
        searcher = make_searcher(rows[block.base], searcher.metric, searcher.algorithm)
    n_queries = len(block.queries)
    if n_queries == len(rows) and np.array_equal(block.queries, np.arange(n_queries)):
        step = n_queries
    else:
        step = max(1, _COPY_BYTES // (rows.itemsize * rows.shape[1]))
    answers = []
    for start in range(0, n_queries, step):
        some = slice(start, start + step)
        queries = rows if step == n_queries else rows[block.queries[some]]
        answers.append(
            searcher.search(
                queries,
                k,
                groups=(block.query_groups[some], block.base_groups),
                n_threads=n_threads,
                progress=_part_of(progress, start / n_queries, len(queries) / n_queries),
            )
        )
    if len(answers) == 1:
        distances, indices = answers[0]
    else:
        distances, indices = map(np.concatenate, zip(*answers, strict=True))
    return distances, indices if block.base is None else block.base[indices]


def _part_of(progress: Progress | None, before: float, length: float) -> Progress | None:
    """Return what moves a bar through a part of its way."""
    if progress is None:
        return None

    def show(fraction: float, note: str = "") -> None:
        progress(before + length * fraction, note)

    return show
