"""`partial_fit`: rows that come bit by bit are found as if they had come at once."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from nearplane import NearestNeighbors
from nearplane.neighbors import _rows, _searcher
from nearplane.neighbors._sketch import Sketch

from .planner import Planner
from .reference import METRICS

ALGORITHMS = ("auto", "brute", "pruned")


def sample(n=150, d=40, dtype="uint8", seed=0):
    """Whole numbers along few directions, about which sketches have something to tell."""
    rng = np.random.default_rng(seed)
    directions = np.random.default_rng(99).integers(0, 12, (4, d))
    return (rng.integers(0, 5, (n, 4)) @ directions + rng.integers(0, 3, (n, d))).astype(dtype)


def assert_as_at_once(search, rows, queries):
    """Compare answers to the last bit with those of an estimator fitted to all rows at once."""
    at_once = NearestNeighbors(**search.get_params()).fit(rows)
    assert search.n_samples_fit_ == len(rows)
    for given in (queries, None):
        for found, expected in zip(
            search.kneighbors(given), at_once.kneighbors(given), strict=True
        ):
            assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_batches_answer_as_if_they_had_come_at_once(algorithm, metric, dtype):
    X, queries = sample(dtype=dtype), sample(20, dtype=dtype, seed=1)
    search = NearestNeighbors(algorithm=algorithm, metric=metric)
    for start, end in [(0, 60), (60, 61), (61, 62), (62, 140), (140, 150)]:
        assert search.partial_fit(X[start:end]) is search
        assert_as_at_once(search, X[:end], queries)


@pytest.mark.parametrize("algorithm", ["brute", "pruned"])
@pytest.mark.parametrize("second", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("first", ["uint8", "float32", "float64"])
def test_the_wider_type_wins(first, second, algorithm):
    X = sample()
    fractions = X + (0.1 if second == "float64" else 0.25 if second == "float32" else 0)
    parts = [X[:50].astype(first), fractions[50:100].astype(second), X[100:].astype(first)]
    search = NearestNeighbors(algorithm=algorithm)
    for count, part in enumerate(parts, 1):
        search.partial_fit(part)
        rows = np.concatenate(parts[:count])
        assert search._searcher.rows.dtype == rows.dtype
        assert_as_at_once(search, rows, sample(20, dtype=second, seed=1))


def test_few_rows_at_a_time_are_not_all_copied_each_time(monkeypatch):
    made = []

    class Counting(_rows._Storage):
        def __init__(self, rows, n_taken, dtype):
            made.append(len(rows))
            super().__init__(rows, n_taken, dtype)

    monkeypatch.setattr(_rows, "_Storage", Counting)
    X = sample(2000, d=3)
    search = NearestNeighbors(algorithm="brute")
    for row in range(2000):
        search.partial_fit(X[row : row + 1])
    assert sum(made) < 3 * 2000
    np.testing.assert_array_equal(search._searcher.rows, X)


def test_given_rows_are_neither_copied_by_the_first_call_nor_changed_by_others():
    X = sample()
    before, whole = X.copy(), X[:100]  # behind the rows given there are others
    search = NearestNeighbors().partial_fit(whole)
    assert np.shares_memory(search._searcher.rows, X)
    search.partial_fit(sample(30, seed=1))
    np.testing.assert_array_equal(X, before)
    assert not np.shares_memory(search._searcher.rows, X)


def test_shallow_copies_go_their_own_ways():
    X = sample()
    one = NearestNeighbors(algorithm="pruned").partial_fit(X[:50]).partial_fit(X[50:60])
    other = copy.copy(one)
    one.partial_fit(X[60:65])
    other.partial_fit(X[100:105])
    one.partial_fit(X[65:70])
    assert_as_at_once(one, X[:70], X[:9])
    assert_as_at_once(other, np.concatenate([X[:60], X[100:105]]), X[:9])


def test_answers_of_before_are_not_touched():
    X = sample()
    search = NearestNeighbors().partial_fit(X[:50]).partial_fit(X[50:60])
    before = search._searcher
    search.partial_fit(X[60:65])
    assert len(before.rows) == 60
    assert np.shares_memory(before.rows, search._searcher.rows)
    np.testing.assert_array_equal(before.rows, X[:60])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((3, 39)), "X has 39 features, but NearestNeighbors is expecting 40"),
        (np.full((3, 40), np.nan), "Input X contains NaN"),
        (np.zeros((0, 40)), r"0 sample\(s\)"),
        (np.zeros(40), "Expected 2D array"),
        (np.full((1, 40), 2**60), "integers beyond"),
    ],
)
def test_rows_that_are_refused_change_nothing(rows, message, algorithm):
    X = sample()
    search = NearestNeighbors(algorithm=algorithm).partial_fit(X[:100]).partial_fit(X[100:120])
    with pytest.raises(ValueError, match=message):
        search.partial_fit(rows)
    assert_as_at_once(search.partial_fit(X[120:]), X, X[:9])


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_rows_that_find_no_room_change_nothing(error, monkeypatch):
    X = sample()
    search = NearestNeighbors(algorithm="pruned").fit(X[:100])

    def fail(*arguments):
        raise error

    monkeypatch.setattr(_rows, "_Storage", fail)
    with pytest.raises(error):
        search.partial_fit(X[100:])
    monkeypatch.undo()
    assert_as_at_once(search, X[:100], X[:9])


def test_the_first_call_is_a_fit():
    with pytest.raises(ValueError, match="metric must be one of"):
        NearestNeighbors(metric="chebyshev").partial_fit(sample())
    search = NearestNeighbors(metric="l1").partial_fit(sample())
    assert (search.effective_metric_, search.n_features_in_) == ("manhattan", 40)
    search.set_params(metric="l2", algorithm="pruned").partial_fit(sample(seed=1))
    assert search.effective_metric_ == "manhattan"


def test_names_and_images_are_checked():
    frame = pd.DataFrame(sample(d=3), columns=["a", "b", "c"])
    search = NearestNeighbors().partial_fit(frame).partial_fit(frame[:7])
    assert search.n_samples_fit_ == 157
    with pytest.raises(ValueError, match="The feature names should match"):
        search.partial_fit(frame.rename(columns={"a": "z"}))
    images = sample().reshape(-1, 5, 8)
    search = NearestNeighbors().partial_fit(images).partial_fit(images.reshape(-1, 40))
    with pytest.raises(ValueError, match=r"X has shape .* single image"):
        search.partial_fit(images[0])
    assert search.n_samples_fit_ == 300


def test_the_sketch_takes_in_what_fits():
    X = sample()
    search = NearestNeighbors(algorithm="pruned").fit(X[:100])
    built = search._searcher.sketch
    search.partial_fit(X[100:110]).partial_fit(X[110:150])
    assert search._searcher.sketch is built
    assert_as_at_once(search, X, X[:9])
    extended = search._searcher.sketch
    assert extended.design is built.design
    assert (built.n_rows, extended.n_rows) == (100, 150)
    for before, after in zip(built.codes, extended.codes, strict=True):
        np.testing.assert_array_equal(after[:100], before)


@pytest.mark.parametrize("algorithm", ["auto", "pruned"])
def test_the_sketch_is_built_anew_when_it_does_not_fit(algorithm, monkeypatch):
    X = sample(dtype="float32")
    strangers = 1000 * np.random.default_rng(1).standard_normal((150, 40)).astype(np.float32)

    monkeypatch.setattr(_searcher, "plan_search", Planner("pruned"))
    search = NearestNeighbors(algorithm=algorithm).fit(X)
    search.kneighbors(X[:1])
    before = search._searcher.sketch
    search.partial_fit(strangers)
    rows = np.concatenate([X, strangers])
    distances, indices = search.kneighbors(rows[:40])
    expected = NearestNeighbors(algorithm="brute").fit(rows).kneighbors(rows[:40])
    assert distances.tobytes() == expected[0].tobytes()
    assert indices.tobytes() == expected[1].tobytes()
    assert search._searcher.sketch.design is not before.design
    assert not search._searcher.sketch.is_loose


def test_a_sketch_that_fails_to_grow_grows_later(monkeypatch):
    X = sample()
    search = NearestNeighbors(algorithm="pruned").fit(X[:100]).partial_fit(X[100:])

    def fail(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Sketch, "extend", fail)
    with pytest.raises(KeyboardInterrupt):
        search.kneighbors()
    monkeypatch.undo()
    assert_as_at_once(search, X, X[:9])


def test_what_was_decided_for_few_rows_is_not_for_many(monkeypatch):
    planner = Planner("brute")
    monkeypatch.setattr(_searcher, "plan_search", planner)
    X = sample(1000, d=3)
    search = NearestNeighbors()
    for rows in range(0, 1000, 50):
        search.partial_fit(X[rows : rows + 50]).kneighbors(X[:2])
    known = [asked["previous"] is not None for asked in planner.asked]
    decided_anew = [50 * (i + 1) for i in range(20) if not known[i]]
    assert decided_anew == [50, 100, 200, 400, 800]


def test_a_pickle_holds_the_rows_and_not_the_room_behind_them():
    X = sample(1000)
    search = NearestNeighbors().partial_fit(X[:500]).partial_fit(X[500:501])
    assert len(search._searcher._growing._storage.rows) > 700
    content = pickle.dumps(search)
    assert len(content) < 600 * X.shape[1]
    assert_as_at_once(pickle.loads(content).partial_fit(X[501:]), X, X[:9])


def test_mapped_rows_can_be_added_to(tmp_path):
    X = sample()
    NearestNeighbors(algorithm="pruned").fit(X[:100]).save(tmp_path / "model")
    search = NearestNeighbors.load(tmp_path / "model", mmap=True)
    assert_as_at_once(search.partial_fit(X[100:]), X, X[:9])
    search.save(tmp_path / "model")
    assert_as_at_once(NearestNeighbors.load(tmp_path / "model"), X, X[:9])
