"""Everything that may take long enough for somebody to press Ctrl-C, and a short piece of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import nearplane
from harness.methods import Array
from harness.options import DTYPES, METRICS
from nearplane import datasets, features, preprocessing
from promises.estimators import Case, Data, digest, every_estimator

_K = 10
_CHECKED = 20
_SMALL = 200  # images of a short piece
_MANY_CLUSTERS = 10_000
_FEW_CLUSTERS = 200
_LARGE_IMAGE = 6_000  # height and width
_SOME = 2_000  # rows of what would take minutes with all
_PIXELS = 20  # height and width of images for whitening, which takes the cube of their size


@dataclass(frozen=True)
class Work:
    """Something long to interrupt, and a short piece of the same kind to be right afterwards."""

    name: str
    long: Callable[[], object]
    short: Callable[[], object]


def every_work(data: Data, folder: Path) -> list[Work]:
    """Return all kinds of work on images; files are written to the folder."""
    works = [*_distances(data), *_searches(data, folder), *_training(data), *_clusters(data)]
    return [*works, *_features(data), *_images(data)]


def _distances(data: Data) -> Iterator[Work]:
    base, queries = _rows(data.X), _rows(data.queries)
    for dtype in DTYPES:
        for metric in METRICS:
            X, Y = queries.astype(dtype), base.astype(dtype)

            def search(n: int, X: Array = X, Y: Array = Y, metric: str = metric) -> object:
                return nearplane.argkmin(X[:n], Y, _K, metric, n_jobs=-1)

            def matrix(n: int, X: Array = X, Y: Array = Y, metric: str = metric) -> object:
                return nearplane.pairwise_distances(X[:n], Y, metric, n_jobs=-1)

            for name, work in (("search", search), ("matrix", matrix)):
                yield _cut(f"{name} {metric} {dtype}", work, len(X))


def _cut(name: str, work: Callable[[int], object], n: int) -> Work:
    return Work(name, lambda: work(n), lambda: digest(work(_CHECKED)))


def _searches(data: Data, folder: Path) -> Iterator[Work]:
    base, queries = _rows(data.X), _rows(data.queries)
    floats = base.astype(np.float32)

    def search(metric: str, algorithm: str, **parameters: Any) -> Any:
        return nearplane.NearestNeighbors(
            n_neighbors=_K, metric=metric, algorithm=algorithm, n_jobs=-1, **parameters
        )

    for metric in METRICS:
        fitted = search(metric, "pruned").fit(base)
        yield Work(
            f"sketch {metric}",
            lambda metric=metric: search(metric, "pruned").fit(base),  # type: ignore[misc]
            lambda fitted=fitted: digest(fitted.kneighbors(queries[:_CHECKED])),  # type: ignore[misc]
        )
        yield _cut(
            f"search with a sketch {metric}",
            lambda n, fitted=fitted: fitted.kneighbors(queries[:n]),  # type: ignore[misc]
            len(queries),
        )
    yield _of_kind(
        data, "search cosine", "search auto cosine float32",
        lambda: search("cosine", "auto").fit(floats).kneighbors(queries.astype(np.float32)),
    )  # fmt: skip
    yield _of_kind(
        data, "choice of k", "choice of k",
        lambda: nearplane.KNeighborsClassifierCV(cv=3, n_jobs=-1).fit(base, data.y),
    )  # fmt: skip
    large, path = search("euclidean", "brute").fit(floats), folder / "large"
    large.save(path)
    load = nearplane.NearestNeighbors.load
    yield Work(
        "save", lambda: large.save(path), lambda: digest(load(path).kneighbors(queries[:_CHECKED]))
    )
    yield Work("load", lambda: load(path), lambda: digest(large.kneighbors(queries[:_CHECKED])))


def _training(data: Data) -> Iterator[Work]:
    X, y = data.X, data.y

    def make(**parameters: Any) -> Any:
        return nearplane.LinearClassifier(random_state=0, n_jobs=-1, **parameters)

    grid = {"learning_rate": [1e-4, 1e-3], "alpha": [0, 1e-3, 1e-2]}
    sweep = nearplane.LinearClassifierSweep(make(max_epochs=10), grid, random_state=0, n_jobs=-1)
    some, labels = X[:_SOME], y[:_SOME]
    works = {
        "softmax": lambda: make(max_epochs=20).fit(X, y),
        "svm adam": lambda: make(max_epochs=20, loss="hinge", optimizer="adam").fit(X, y),
        "lbfgs": lambda: make(solver="lbfgs", max_epochs=20, alpha=1e-2).fit(some, labels),
        "sweep": lambda: sweep.fit(X, y),
        "cross-validation": lambda: nearplane.LinearClassifierCV(
            alpha=[1e-3, 1e-2], estimator=make(max_epochs=5), random_state=0, n_jobs=-1
        ).fit(some, labels),
        "random search": lambda: nearplane.random_search(
            some, labels, n_trials=500, random_state=0, n_jobs=-1
        ),
    }
    for name, work in works.items():
        yield _of_kind(data, f"train: {name}", name, work)


def _clusters(data: Data) -> Iterator[Work]:
    rows = _rows(data.X)[: _MANY_CLUSTERS + 2_000].astype(np.float32)
    many = rows[: min(_MANY_CLUSTERS, len(rows) // 2)]

    def cluster(n_clusters: int, **parameters: Any) -> Any:
        return nearplane.KMeans(n_clusters, random_state=0, n_jobs=-1, **parameters).fit(rows)

    works = {
        "clusters: seeds": lambda: cluster(_FEW_CLUSTERS, max_iter=1),
        "clusters": lambda: cluster(_FEW_CLUSTERS, init="random", n_init=1, max_iter=20),
        "clusters: many and large": lambda: cluster(len(many), init=many, max_iter=1),
    }
    for name, work in works.items():
        yield _of_kind(data, name, "clusters", work)


def _features(data: Data) -> Iterator[Work]:
    X = data.X
    large = np.tile(X[0, :, :, 0], (_LARGE_IMAGE // X.shape[1], _LARGE_IMAGE // X.shape[2]))[None]
    words = features.VisualWords(n_patches=50_000, random_state=0, n_jobs=-1, max_iter=10)
    fitted = features.VisualWords(n_patches=5_000, n_words=200, random_state=0, n_jobs=-1).fit(X)
    colours = features.ColorHistogram(space="hsv", n_jobs=-1)
    works = {
        "hog": ("hog", lambda: features.HOG(n_jobs=-1).fit_transform(X)),
        "hog of a large image": ("hog", lambda: features.HOG(n_jobs=-1).fit_transform(large)),
        "colours": ("colours", lambda: colours.fit_transform(X)),
        "learn visual words": ("visual words", lambda: words.fit(X)),
        "visual words": ("visual words", lambda: fitted.transform(X[:_SOME])),
    }
    for name, (kind, work) in works.items():
        yield _of_kind(data, name, kind, work)


def _images(data: Data) -> Iterator[Work]:
    X = data.X
    yield _of_kind(
        data,
        "whitening",
        "whitening",
        lambda: preprocessing.ZCAWhitening().fit(X[:_SOME, :_PIXELS, :_PIXELS]),
    )
    yield _of_kind(
        data,
        "standardize",
        "standardize",
        lambda: preprocessing.Standardize().fit(X).transform(X[:_SOME]),
    )

    def make(n: int) -> object:
        return datasets.make_natural_images(n, random_state=0)

    yield _cut("make images", make, _SOME)


def _of_kind(data: Data, name: str, kind: str, work: Callable[[], object]) -> Work:
    """Return work after which an estimator of a kind is fitted to a few images, and asked."""
    few = Data(data.X[:_SMALL], data.y[:_SMALL], data.queries[:_CHECKED], data.answers[:_CHECKED])

    def short() -> object:
        case: Case = next(case for case in every_estimator(few, -1) if case.name == kind)
        return case.answers(case.fit())

    return Work(name, work, short)


def _rows(images: Array) -> Array:
    return np.ascontiguousarray(images.reshape(len(images), -1))
