"""`predict_each_k` against one search, and one vote, for each k."""

import re
import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier as PeerKNeighborsClassifier

from nearplane import KNeighborsClassifier, KNeighborsRegressor
from nearplane.neighbors import _supervised, predict_each_k

from . import reference

WEIGHTS = {
    "uniform": np.ones_like,
    "distance": reference.inverse_distance,
    "callable": lambda distances: 1 / (1 + distances),
}


@pytest.fixture(scope="module")
def data():
    """Few different rows in few different places: equal rows, equal distances, equal votes."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 4, (120, 3)).astype(np.uint8), rng.integers(0, 4, 120)
    return X, y, rng.integers(0, 4, (50, 3)).astype(np.uint8)


@pytest.mark.parametrize("ties", ["smallest", "nearest"])
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("left_out", [False, True])
def test_every_k_votes_as_if_it_were_alone(data, ties, weights, metric, left_out):
    X, y, queries = data
    ks = [1, 2, 3, 4, 10, 119]
    rule = WEIGHTS[weights] if weights == "callable" else weights
    model = KNeighborsClassifier(2, weights=rule, ties=ties, metric=metric).fit(X, y)
    given, asked = (None, X) if left_out else (queries, queries)
    predicted = predict_each_k(model, given, ks)
    assert predicted.shape == (len(ks), len(asked))
    for k, labels in zip(ks, predicted, strict=True):
        found = reference.argkmin(asked, X, k, metric, exclude_self=left_out)
        winners = [
            reference.winner(y[indices], WEIGHTS[weights](distances), 4, ties)
            for distances, indices in zip(*found, strict=True)
        ]
        np.testing.assert_array_equal(labels, winners)
        np.testing.assert_array_equal(
            labels, clone(model).set_params(n_neighbors=k).fit(X, y).predict(given)
        )
    assert model.n_neighbors == 2


def test_k_may_come_in_any_order_and_labels_be_of_any_type(data):
    X, y, queries = data
    names = np.array(["cat", "dog", "eel", "fox"])
    model = KNeighborsClassifier(metric="manhattan").fit(X, names[y])
    predicted = predict_each_k(model, queries, np.array([7, 1, 7], dtype=np.uint8))
    assert predicted.dtype == model.classes_.dtype
    for k, labels in zip((7, 1, 7), predicted, strict=True):
        np.testing.assert_array_equal(labels, model.set_params(n_neighbors=k).predict(queries))
    assert predict_each_k(model, queries[:0], range(1, 4)).shape == (3, 0)


def test_one_search_serves_all(data, monkeypatch):
    X, y, queries = data
    searched = []
    search = KNeighborsClassifier._search

    def counting(self, rows, k, *, exclude_self):
        searched.append(k)
        return search(self, rows, k, exclude_self=exclude_self)

    monkeypatch.setattr(KNeighborsClassifier, "_search", counting)
    predict_each_k(KNeighborsClassifier().fit(X, y), queries, [3, 20, 1])
    assert searched == [20]


def test_blocks_of_any_size_give_the_same(data, monkeypatch):
    X, y, queries = data
    model = KNeighborsClassifier(weights="distance", ties="nearest").fit(X, y)
    whole = predict_each_k(model, queries, [1, 4, 9])
    monkeypatch.setattr(_supervised, "_BLOCK_SIZE", 64)
    np.testing.assert_array_equal(predict_each_k(model, queries, [1, 4, 9]), whole)


@pytest.mark.parametrize("weights", ["uniform", np.ones_like])
def test_many_classes_take_no_matrix_of_queries_times_classes(weights):
    n = 5000
    X = np.arange(n, dtype=np.float32)[:, None]
    model = KNeighborsClassifier(n_jobs=1, weights=weights).fit(X, np.arange(n) // 3)
    tracemalloc.start()
    try:
        predicted = predict_each_k(model, X, [1, 2])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(predicted[0], np.arange(n) // 3)
    assert peak < n * len(model.classes_) * 8


@pytest.mark.parametrize(
    ("n_neighbors", "error", "message"),
    [
        ([], ValueError, r"n_neighbors must be a list of at least one k; got \[\]"),
        (5, ValueError, "n_neighbors must be a list of at least one k; got 5"),
        ([[1, 2]], ValueError, "n_neighbors must be a list of at least one k"),
        ([1, 0], ValueError, "n_neighbors must be at least 1; got 0"),
        ([1, 2.5], TypeError, "n_neighbors must be an integer; got 2.5 of type float"),
        (["3"], TypeError, "n_neighbors must be an integer; got '3'"),
        ([1, 121], ValueError, "n_neighbors <= n_samples_fit, but n_neighbors = 121"),
    ],
)
def test_values_of_k_that_are_none_are_refused(data, n_neighbors, error, message):
    X, y, queries = data
    with pytest.raises(error, match=message):
        predict_each_k(KNeighborsClassifier().fit(X, y), queries, n_neighbors)


def test_models_whose_vote_k_does_not_describe_are_refused(data):
    X, y, queries = data
    weighted = KNeighborsClassifier().fit(X, y, sample_weight=np.arange(120) + 1.0)
    with pytest.raises(ValueError, match="fitted with sample_weight"):
        predict_each_k(weighted, queries, [1])
    several = KNeighborsClassifier().fit(X, np.stack([y] * 3, axis=1))
    with pytest.raises(ValueError, match="fitted to several outputs, 3 of them"):
        predict_each_k(several, queries, [1])
    with pytest.raises(NotFittedError):
        predict_each_k(KNeighborsClassifier(), queries, [1])
    changed = KNeighborsClassifier().fit(X, y).set_params(ties="random")
    with pytest.raises(ValueError, match="ties must be"):
        predict_each_k(changed, queries, [1])


@pytest.mark.parametrize("estimator", [PeerKNeighborsClassifier(), KNeighborsRegressor(), None])
def test_other_estimators_are_refused_by_name(data, estimator):
    name = re.escape(type(estimator).__qualname__)
    with pytest.raises(TypeError, match=f"must be nearplane's KNeighborsClassifier; got .*{name}"):
        predict_each_k(estimator, data[2], [1])
