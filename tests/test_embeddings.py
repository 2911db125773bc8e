"""Embeddings in .npy files: mapped they answer as in memory, and are not copied."""

import tracemalloc

import numpy as np
import pytest

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane.datasets import load_arrays, load_dataset

N, D = 10_000, 512  # 20 MB; the blocks that are worked on take up to 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, N + 100)
    X = rng.normal(size=(4, D))[y] + rng.normal(size=(N + 100, D))
    path = tmp_path_factory.mktemp("embeddings")
    for part, rows in (("train", slice(N)), ("test", slice(N, None))):
        np.save(path / f"X_{part}.npy", X[rows].astype(np.float32))
        np.save(path / f"y_{part}.npy", y[rows])
    np.save(path / "half.npy", X[:N].astype(np.float16))
    return path


def peak(work):
    """Return the most memory that NumPy had taken during some work, in sizes of the rows."""
    work()  # so that all modules have been imported
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / (4 * N * D)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("model", "most"),
    [
        (LinearClassifier(max_epochs=2, random_state=0), 0.5),
        (LinearClassifier(solver="lbfgs", alpha=1.0, max_epochs=100), 0.5),
        (KNeighborsClassifier(algorithm="brute"), 0.2),
        (KNeighborsClassifier(metric="cosine", algorithm="brute"), 1.4),
    ],
    ids=["trained", "exact", "euclidean", "cosine"],
)
def test_mapped_rows_are_not_copied(folder, model, most):
    found = []

    def work():
        data = load_arrays(folder, mmap=True)
        model.fit(data.X_train, data.y_train)
        found.append(model.predict(data.X_test))

    assert peak(work) < most
    data = load_arrays(folder)
    np.testing.assert_array_equal(
        found[0], model.fit(data.X_train, data.y_train).predict(data.X_test)
    )
    assert np.mean(found[0] == data.y_test) > 0.9


def test_load_dataset_maps_folders(folder):
    def work():
        data = load_dataset("arrays", data_home=folder)
        LinearClassifier(max_epochs=1).fit(data.X_train, data.y_train)

    assert peak(work) < 0.5


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_float16_is_converted(folder, metric):
    half = np.load(folder / "half.npy", mmap_mode="r")
    y, queries = np.load(folder / "y_train.npy"), np.load(folder / "X_test.npy")
    model = KNeighborsClassifier(5, metric=metric).fit(half, y)
    expected = KNeighborsClassifier(5, metric=metric).fit(half.astype(np.float64), y)
    assert model._searcher.rows.dtype == np.float32
    for ours, truth in zip(model.kneighbors(queries), expected.kneighbors(queries), strict=True):
        np.testing.assert_array_equal(ours, truth)
    linear = [
        LinearClassifier(max_epochs=2, random_state=0).fit(rows, y).coef_
        for rows in (half, half.astype(np.float32))
    ]
    np.testing.assert_array_equal(*linear)
