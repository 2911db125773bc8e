"""Answers of more numbers than 32 bits count: matrices, neighbours, features, classes."""

import warnings
from functools import partial
from pathlib import Path

import numpy as np

from harness.methods import Array
from large_sizes.case import Case, require, require_equal
from nearplane import (
    KNeighborsClassifier,
    LinearClassifier,
    NearestNeighbors,
    argkmin,
    pairwise_distances,
)
from nearplane.features import HOG, ColorHistogram

_N_FEATURES = 4


def _bytes(n: int, d: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (n, d), dtype=np.uint8)


def _rows_around(limits: tuple[int, ...], n_rows: int, width: int) -> Array:
    """Return the first and last rows of a matrix, and those around so many elements and bytes."""
    places = {0, 1, n_rows - 2, n_rows - 1}
    for limit in limits:
        places |= {limit // width + step for step in (-1, 0, 1)}
    return np.array(sorted(place for place in places if 0 <= place < n_rows))


def matrix(n_queries: int, n_base: int, metric: str, folder: Path) -> None:
    """Write a matrix of distances to a file, and compare those around the limits, and some more."""
    queries, base = _bytes(n_queries, _N_FEATURES), _bytes(n_base, _N_FEATURES, 1)
    shape = (n_queries, n_base)
    out = np.memmap(folder / "matrix", np.float32, mode="w+", shape=shape)
    pairwise_distances(queries, base, metric=metric, out=out)
    ends = [0, *(limit for limit in (2**29, 2**30, 2**31, 2**32) if limit < out.size), out.size]
    near = np.add.outer(ends, np.arange(-1_000, 1_000)).ravel()
    chance = np.random.default_rng(2).integers(0, out.size, 100_000)
    places = np.concatenate([near[(near >= 0) & (near < out.size)], chance])
    rows, columns = np.divmod(places, n_base)
    difference = np.abs(base[columns].astype(np.int64) - queries[rows])
    sums = (difference if metric == "manhattan" else difference**2).sum(axis=1)
    expected = sums if metric == "manhattan" else np.sqrt(sums)
    require_equal(out[rows, columns], expected.astype(np.float32), "distances")


def neighbours(n: int, algorithm: str, folder: Path) -> None:
    """Search for the neighbours of n rows among each other: n * n pairs."""
    rows = _bytes(n, 8)
    k = 5
    search = NearestNeighbors(algorithm=algorithm).fit(rows)
    distances, indices = search.kneighbors(n_neighbors=k)
    for place in (0, 1, n // 3, 2**31 // n, 2**32 // n, 2**32 // n + 1, n - 1):
        sums = ((rows.astype(np.int64) - rows[place]) ** 2).sum(axis=1)
        sums[place] = 2**40
        nearest = np.argsort(sums, kind="stable")[:k]
        require_equal(indices[place], nearest, f"neighbours of {place}")
        require_equal(distances[place], np.sqrt(sums[nearest]), f"distances of {place}")


def long_answers(k: int, n_queries: int, folder: Path) -> None:
    """Search for so many neighbours of so many queries."""
    base, queries = _bytes(k + 3, 2), _bytes(n_queries, 2, 1)
    distances, indices = argkmin(queries, base, k, "manhattan", algorithm="brute")
    for place in _rows_around((2**28, 2**29, 2**30, 2**31), n_queries, k):
        sums = np.abs(base.astype(np.int64) - queries[place]).sum(axis=1)
        nearest = np.argsort(sums, kind="stable")[:k]
        require_equal(indices[place], nearest, f"neighbours of {place}")
        require_equal(distances[place], sums[nearest].astype(np.float64), f"distances of {place}")


def features(kind: str, n_images: int, folder: Path) -> None:
    """Write features of images to a file, and compare those around the limits with their own."""
    if kind == "gradients":
        images: Array = _bytes(n_images, 256).reshape(-1, 16, 16)
        model: HOG | ColorHistogram = HOG(36, pixels_per_cell=2, cells_per_block=3)
    else:
        images = _bytes(n_images, 3 * 16).reshape(-1, 4, 4, 3)
        model = ColorHistogram(16)
    model.fit(images[:2])
    out = model.transform(images, out=folder / "features.npy")
    require(out.size > 2**31, f"{out.shape} features are not many")
    places = _rows_around((2**29, 2**30, 2**31), *out.shape)
    require_equal(out[places], model.transform(images[places]), "features")


def many_classes(n_classes: int, folder: Path) -> None:
    """Learn and vote among more classes than 16 bits count."""
    warnings.simplefilter("ignore", UserWarning)  # that so many might be numbers
    rng = np.random.default_rng(0)
    points = rng.permutation(2**17)[:n_classes]
    rows = np.stack([points % 512, points // 512], axis=1).astype(np.float32)
    labels = rng.permutation(n_classes)
    voter = KNeighborsClassifier(1).fit(rows, labels)
    require_equal(voter.predict(rows[-500:]), labels[-500:], "votes")
    model = LinearClassifier(max_epochs=1, batch_size=4_096, random_state=0)
    model.fit(rows[: n_classes // 16], labels[: n_classes // 16])
    scores = model.decision_function(rows[:50])
    expected = model.classes_[scores.argmax(axis=1)]
    require_equal(model.predict(rows[:50]), expected, "predictions")
    # Weights of all classes, of a model that is told of them and not of rows of each.
    told = LinearClassifier(random_state=0, learning_rate=0.1, preprocess="none")
    told.partial_fit(rows[:64], labels[:64], classes=np.arange(n_classes))
    require(told.coef_.shape == (n_classes, 2), "weights")
    seen = np.isin(np.arange(n_classes), labels[:64])
    require(bool((told.intercept_[seen] > 0).all()), "classes that were seen are likely")
    require(bool((told.intercept_[~seen] < 0).all()), "classes that were not are not")


def very_wide_row(width: int, gigabytes: float, folder: Path) -> None:
    """Search among rows of more features than 32 bits count: right, or refused for their memory."""
    import resource

    rows = np.memmap(folder / "rows", np.uint8, mode="w+", shape=(2, width))
    rows[1, -1] = 7
    rows[1, 2**31] = 5
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (int(gigabytes * 2**30), before[1]))
    try:
        distances, indices = argkmin(rows[1:], rows, 2, "manhattan", algorithm="brute", n_jobs=1)
    except MemoryError:
        return
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    require_equal(indices, np.array([[1, 0]]), "neighbours")
    require_equal(distances, np.array([[0.0, 12.0]]), "distances")


CASES = {
    "65,537 classes": Case(partial(many_classes, 2**16 + 1), 0.3),
    "70,000 x 70,000 pairs, brute": Case(partial(neighbours, 70_000, "brute"), 0.5),
    "70,000 x 70,000 pairs, pruned": Case(partial(neighbours, 70_000, "pruned"), 0.5),
    "65,600 x 65,600 distances, manhattan": Case(
        partial(matrix, 65_600, 65_600, "manhattan"), 17.5
    ),
    "3 x 720,000,000 distances, euclidean": Case(
        partial(matrix, 3, 720_000_000, "euclidean"), 12.0
    ),
    "8,195 neighbours of 65,536 queries: 2^29 numbers of 8 bytes": Case(
        partial(long_answers, 8_195, 2**16), 9.0
    ),
    "65,540 neighbours of 32,770 queries: more than 2^31 numbers of 8 bytes": Case(
        partial(long_answers, 65_540, 32_770), 36.0, at_once=36.0
    ),
    "gradients: more than 2^31 features": Case(partial(features, "gradients", 184_200), 9.0),
    "colours: more than 2^31 features": Case(partial(features, "colours", 524_300), 9.0),
    "rows of more than 2^31 features": Case(partial(very_wide_row, 2**31 + 9, 12.0), 12.0),
}
