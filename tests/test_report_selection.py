import numpy as np
import pytest

from nearplane import KNeighborsClassifier, argkmin
from nearplane.report import _selection
from nearplane.report._selection import check_ks, search_other_rows, validation_rows


@pytest.mark.parametrize(
    ("n", "expected"), [(2, 1), (3, 1), (10, 2), (1_000, 200), (40_000, 5_000)]
)
def test_a_fifth_validates_but_never_more_than_5000(n, expected):
    rows = validation_rows(np.arange(n) % 7, 0)
    assert len(rows) == expected
    assert np.all(np.diff(rows) > 0)
    assert 0 <= rows[0] <= rows[-1] < n


def test_every_class_is_in_proportion():
    y = np.repeat([0, 1, 2], [50, 100, 350])
    rows = validation_rows(y, 0)
    assert np.bincount(y[rows]).tolist() == [10, 20, 70]


def test_the_seed_decides_the_rows():
    y = np.arange(500) % 10
    np.testing.assert_array_equal(validation_rows(y, 1), validation_rows(y, 1))
    assert not np.array_equal(validation_rows(y, 1), validation_rows(y, 2))


@pytest.mark.parametrize("n", [0, 1])
def test_two_images_are_the_least(n):
    with pytest.raises(ValueError, match=f"at least 2 training images, got {n}"):
        validation_rows(np.zeros(n, int), 0)


def test_ks_are_sorted_and_default_to_what_there_is():
    assert check_ks([5, 1, 3, 1], 10) == [1, 3, 5]
    assert check_ks(None, 100) == list(range(1, 21))
    assert check_ks(None, 4) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("ks", "message"),
    [([], "at least one"), ([0, 1], "got 0"), ([-3], "got -3"), ([1, 11], "k = 11 is more than")],
)
def test_ks_out_of_range_are_refused(ks, message):
    with pytest.raises(ValueError, match=message):
        check_ks(ks, 10)


def expected_neighbours(X, rows, k, metric):
    others = np.setdiff1d(np.arange(len(X)), rows)
    distances, positions = argkmin(X[rows], X[others], k, metric)
    return distances, others[positions]


@pytest.mark.parametrize("metric", ["manhattan", "euclidean"])
@pytest.mark.parametrize("n_neighbors", [1, 5, 60])
@pytest.mark.parametrize("block_bytes", [1, 200, 2**22])
def test_rows_find_the_others_as_if_they_had_been_left_out(
    monkeypatch, metric, n_neighbors, block_bytes
):
    monkeypatch.setattr(_selection, "_BLOCK_BYTES", block_bytes)
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (80, 3, 3), dtype=np.uint8)  # few values: many equal distances
    rows = np.sort(rng.permutation(80)[:20])
    model = KNeighborsClassifier(metric=metric).fit(X, np.arange(80) % 3)
    found = search_other_rows(model, X, rows, n_neighbors)
    for got, expected in zip(found, expected_neighbours(X, rows, n_neighbors, metric), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_a_row_among_its_own_kind_is_searched_further(monkeypatch):
    # The rows left out are each other's nearest, so the first search finds none of the others.
    X = np.r_[np.zeros((40, 2)), np.full((60, 2), 200)].astype(np.uint8)
    rows = np.arange(40)
    searched = []
    original = KNeighborsClassifier.kneighbors

    def kneighbors(self, X, n_neighbors):
        searched.append((len(X), n_neighbors))
        return original(self, X, n_neighbors)

    monkeypatch.setattr(KNeighborsClassifier, "kneighbors", kneighbors)
    model = KNeighborsClassifier().fit(X, np.zeros(100, int))
    _, indices = search_other_rows(model, X, rows, 3)
    np.testing.assert_array_equal(indices, np.tile([40, 41, 42], (40, 1)))
    assert len(searched) > 1
    assert all(n_queries == 40 and n_neighbors <= 100 for n_queries, n_neighbors in searched)
