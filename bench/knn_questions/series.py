"""The series of the scaling question: what is varied, over which values, on which rows."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from harness.data_sets import load_rows, main_name
from harness.methods import Task
from harness.options import METRICS, Images, chosen

_ROWS = (5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000)
_FEATURES = {
    "natural": [f"natural-{side}" for side in (8, 16, 32, 64)],
    "embeddings": [f"embeddings-{size}" for size in (64, 128, 256, 512, 1024, 2048)],
}
_ROWS_ALONG_FEATURES = 20_000
_NEIGHBORS = (1, 3, 10, 30, 100, 300)


@dataclass(frozen=True)
class Point:
    """What is measured at once: the value that varies, and all that makes a search."""

    value: int
    rows: Images
    task: Task
    k: int


@dataclass(frozen=True)
class Series:
    """Points along one axis, for one data set and metric."""

    axis: str
    data: str
    points: tuple[Point, ...]


def _along_rows(options: argparse.Namespace) -> Iterator[Series]:
    """Vary the rows of the data, and those of synthetic images up to more than any data set has."""
    most_rows = dict.fromkeys(_names(options), options.n_train)
    for name, n_most in {**most_rows, "natural": options.max_rows}.items():
        rows = load_rows(name, options.data_dir, options.n_query, n_most)
        numbers = [*(n for n in _ROWS if n < len(rows.base)), len(rows.base)]
        some = {n: replace(rows, base=rows.base[:n]) for n in numbers}
        for task in _tasks(rows, options):
            points = (Point(n, some[n], task, options.k) for n in numbers)
            yield Series("rows", name, tuple(points))


def _along_features(options: argparse.Namespace) -> Iterator[Series]:
    """Vary the pixels of synthetic images, and the dimensions of imitated embeddings."""
    n_rows = min(options.n_train, _ROWS_ALONG_FEATURES)
    for name, members in _FEATURES.items():
        each = [load_rows(member, None, options.n_query, n_rows) for member in members]
        for task in _tasks(each[0], options):
            points = (Point(rows.base.shape[1], rows, task, options.k) for rows in each)
            yield Series("features", name, tuple(points))


def _along_k(options: argparse.Namespace) -> Iterator[Series]:
    for name in _names(options):
        rows = load_rows(name, options.data_dir, options.n_query, options.n_train)
        numbers = [k for k in _NEIGHBORS if k <= len(rows.base)]
        for task in _tasks(rows, options):
            yield Series("k", name, tuple(Point(k, rows, task, k) for k in numbers))


def _along_threads(options: argparse.Namespace) -> Iterator[Series]:
    powers = (2**power for power in range(options.threads.bit_length()))
    numbers = sorted({*powers, options.threads})
    for name in _names(options):
        rows = load_rows(name, options.data_dir, options.n_query, options.n_train)
        for task in _tasks(rows, options):
            points = (Point(n, rows, replace(task, n_threads=n), options.k) for n in numbers)
            yield Series("threads", name, tuple(points))


# How the series of each axis are made; their rows are loaded one data set at a time.
SERIES: dict[str, Callable[[argparse.Namespace], Iterator[Series]]] = {
    "rows": _along_rows,
    "features": _along_features,
    "k": _along_k,
    "threads": _along_threads,
}
AXES = tuple(SERIES)


def _names(options: argparse.Namespace) -> list[str]:
    names: list[str] = options.data or [main_name(options.data_dir)]
    return names


def _tasks(rows: Images, options: argparse.Namespace) -> list[Task]:
    """Ask about the rows in the type they have."""
    dtype = str(rows.base.dtype)
    return [Task(metric, dtype, options.threads) for metric in chosen(options.metric, METRICS)]
