"""`KNeighborsClassifier` against one query at a time, and against scikit-learn."""

import pickle
import tracemalloc
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import GridSearchCV, LeaveOneOut, cross_val_score, cross_validate
from sklearn.neighbors import KNeighborsClassifier as PeerKNeighborsClassifier

from nearplane import KNeighborsClassifier
from nearplane.neighbors import _supervised

from . import reference

WEIGHTS = {
    "uniform": np.ones_like,
    "distance": reference.inverse_distance,
    "callable": lambda distances: 1 / (1 + distances),
}


def rule(weights):
    return WEIGHTS[weights] if weights == "callable" else weights


@pytest.fixture(scope="module")
def data():
    """Few different rows in few different places: equal rows, equal distances, equal votes."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 4, (150, 3)).astype(np.uint8), rng.integers(0, 4, 150)
    return X, y, rng.integers(0, 4, (60, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600].astype(np.uint8), y[:600]


def oracle(X, y, queries, *, k, weights, ties, metric, exclude_self):
    """Winners and parts of the vote, one query at a time."""
    n_classes = y.max() + 1
    winners, parts = [], []
    found = reference.argkmin(queries, X, k, metric, exclude_self=exclude_self)
    for distances, indices in zip(*found, strict=True):
        weight = WEIGHTS[weights](distances)
        winners.append(reference.winner(y[indices], weight, n_classes, ties))
        parts.append(reference.votes(y[indices], weight, n_classes) / weight.sum())
    return np.array(winners), np.array(parts)


@pytest.mark.parametrize("k", [1, 2, 4, 9, 149])
@pytest.mark.parametrize("ties", ["smallest", "nearest"])
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_the_vote_is_held_query_by_query(data, k, ties, weights, metric):
    X, y, queries = data
    model = KNeighborsClassifier(k, weights=rule(weights), ties=ties, metric=metric).fit(X, y)
    for given, asked in [(queries, queries), (None, X)]:
        rules = {"k": k, "weights": weights, "ties": ties, "metric": metric}
        winners, parts = oracle(X, y, asked, **rules, exclude_self=given is None)
        np.testing.assert_array_equal(model.predict(given), winners)
        found = model.predict_proba(given)
        np.testing.assert_allclose(found, parts, rtol=1e-12)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-14)
        rows = np.arange(len(asked))
        assert (found[rows, winners] == found.max(axis=1)).all()
        if ties == "smallest":
            np.testing.assert_array_equal(found.argmax(axis=1), winners)


def test_ties_go_to_the_smallest_label_or_to_the_nearest_neighbours():
    X, y = [[0.0], [1.0], [2.0], [3.0]], ["b", "a", "a", "b"]
    for ties, label in [("smallest", "a"), ("nearest", "b")]:
        model = KNeighborsClassifier(4, ties=ties).fit(X, y)
        assert model.predict([[0.0]]) == label
        assert model.predict_proba([[0.0]]).tolist() == [[0.5, 0.5]]
    # Of two rows equally near, the one fitted first is the nearer.
    assert (
        KNeighborsClassifier(2, ties="nearest").fit([[1.0], [-1.0]], [1, 0]).predict([[0.0]]) == 1
    )
    assert (
        KNeighborsClassifier(2, ties="smallest").fit([[1.0], [-1.0]], [1, 0]).predict([[0.0]]) == 0
    )


def test_neighbours_at_distance_zero_vote_alone():
    X, y = [[0.0], [0.0], [0.0], [1e-300], [1.0]], [2, 1, 2, 0, 0]
    model = KNeighborsClassifier(5, weights="distance", metric="manhattan").fit(X, y)
    np.testing.assert_allclose(model.predict_proba([[0.0]]), [[0, 1 / 3, 2 / 3]])
    assert model.predict([[0.0]]) == 2
    np.testing.assert_allclose(model.predict_proba([[2e-300]]), [[2 / 5, 1 / 5, 2 / 5]])


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_scikit_learn_predicts_the_same_without_ties(weights, metric):
    rng = np.random.default_rng(0)
    X, y, queries = rng.random((300, 5)), rng.integers(0, 3, 300), rng.random((100, 5))
    parameters = {"n_neighbors": 7, "weights": weights, "metric": metric, "algorithm": "brute"}
    ours = KNeighborsClassifier(**parameters).fit(X, y)
    peer = PeerKNeighborsClassifier(**parameters).fit(X, y)
    for given in (queries, None):
        np.testing.assert_array_equal(ours.predict(given), peer.predict(given))
        np.testing.assert_allclose(ours.predict_proba(given), peer.predict_proba(given))
    assert ours.score(queries, y[:100]) == peer.score(queries, y[:100])
    assert ours.score(None, y, y + 1) == peer.score(None, y, y + 1)


def test_leaving_one_out_is_what_cross_validation_does(digits):
    X, y = digits[0][:120], digits[1][:120]
    model = KNeighborsClassifier(3)
    scores = cross_val_score(model, X, y, cv=LeaveOneOut())
    assert model.fit(X, y).score(None, y) == scores.mean()
    np.testing.assert_array_equal(model.predict(None) == y, scores == 1)


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ([3, -1], "i"),
        ([np.uint8(3), np.uint8(1)], "u"),
        ([True, False], "b"),
        ([3.0, 1.0], "f"),
        (["three", "one"], "U"),
        (np.array(["three", "one"], dtype=object), "O"),
        (np.array([3, 1], dtype=object), "i"),
        (np.array([True, False], dtype=object), "b"),
        (pd.Series(["three", "one"]), "O"),
        (pd.Series(["three", "one"], dtype="category"), "O"),
        (pd.Series([3, 1], dtype="Int64"), "f"),
    ],
)
def test_labels_of_any_type_come_back(labels, kind):
    X = [[0.0], [1.0]]
    model = KNeighborsClassifier(1).fit(X, labels)
    assert model.classes_.dtype.kind == kind
    assert model.classes_.tolist() == sorted(labels)
    assert model.predict(X).tolist() == list(labels)
    assert model.predict(X).dtype == model.classes_.dtype
    assert model.score(X, labels) == 1


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        ([0.5, 1.5], "Unknown label type: continuous"),
        (np.array([0.5, 1.5], dtype=object), "Unknown label type: continuous"),
        (np.array([object(), "a"], dtype=object), "Unknown label type"),
        (np.array([1, "a"], dtype=object), "Unknown label type"),
        (np.array([Decimal(1), None], dtype=object), "Unknown label type"),
        ([0.0, np.nan], "NaN"),
        ([0.0, np.inf], "infinity"),
        ([0, 1, 2], "X has 2, y has 3"),
        (3, "y must hold one target for each row of X; got 3"),
        (np.zeros((2, 1, 1)), "dim 3"),
        ([], r"y must hold one target for each row of X; got \[\]"),
        (np.zeros((2, 0)), "0 feature"),
    ],
)
def test_labels_that_are_none_are_refused(y, message):
    with pytest.raises((ValueError, TypeError), match=message):
        KNeighborsClassifier(1).fit([[0.0], [1.0]], y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"ties": "random"}, "ties must be 'smallest' or 'nearest'; got 'random'"),
        ({"weights": "gaussian"}, "weights must be 'uniform', 'distance' or a callable"),
        ({"weights": None}, "weights must be 'uniform', 'distance' or a callable; got None"),
        ({"n_neighbors": 0}, "n_neighbors must be at least 1"),
    ],
)
def test_bad_parameters_are_refused_by_fit_and_by_predict(parameters, message):
    X, y = [[0.0], [1.0]], [0, 1]
    with pytest.raises(ValueError, match=message):
        KNeighborsClassifier(**parameters).fit(X, y)
    model = KNeighborsClassifier(1).fit(X, y).set_params(**parameters)
    for method in (model.predict, model.predict_proba):
        with pytest.raises(ValueError, match=message):
            method(X)


def test_a_callable_of_the_wrong_shape_is_told_so(data):
    X, y, queries = data
    model = KNeighborsClassifier(3, weights=lambda distances: distances[:, 0]).fit(X, y)
    with pytest.raises(ValueError, match=r"in shape \(60, 3\); it returned shape \(60,\)"):
        model.predict(queries)


@pytest.mark.parametrize("ties", ["smallest", "nearest"])
def test_several_outputs_are_several_votes(data, ties):
    X, y, queries = data
    both = np.stack([y, (y * 7 + X[:, 0]) % 3], axis=1)
    model = KNeighborsClassifier(4, ties=ties).fit(X, both)
    assert model.outputs_2d_
    for given in (queries, None):
        single = [KNeighborsClassifier(4, ties=ties).fit(X, column) for column in both.T]
        columns = [each.predict(given) for each in single]
        np.testing.assert_array_equal(model.predict(given), np.stack(columns, axis=1))
        for found, each in zip(model.predict_proba(given), single, strict=True):
            np.testing.assert_array_equal(found, each.predict_proba(given))
    for found, each in zip(model.classes_, single, strict=True):
        np.testing.assert_array_equal(found, each.classes_)


def test_a_column_of_labels_is_taken_for_a_vector_with_a_warning(data):
    X, y, queries = data
    model = KNeighborsClassifier(4)
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        model.fit(X, y[:, None])
    assert not model.outputs_2d_
    np.testing.assert_array_equal(model.predict(queries), clone(model).fit(X, y).predict(queries))


def test_no_queries_have_no_labels(data):
    X, y, _ = data
    model = KNeighborsClassifier().fit(X, np.array(["a", "b", "c", "d"])[y])
    assert model.predict(X[:0]).shape == (0,)
    assert model.predict(X[:0]).dtype == model.classes_.dtype
    assert model.predict_proba(X[:0]).shape == (0, 4)
    weighted = model.fit(X, np.stack([y, y], axis=1), np.arange(len(X)))
    assert weighted.predict(X[:0]).shape == (0, 2)


@pytest.mark.parametrize("ties", ["smallest", "nearest"])
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("k", [1, 3, 8])
def test_a_row_of_weight_w_counts_as_w_rows(data, ties, weights, k):
    X, y, queries = data
    weight = np.random.default_rng(1).integers(0, 4, len(X))
    model = KNeighborsClassifier(k, weights=rule(weights), ties=ties)
    repeated = clone(model).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    model.fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(model.predict(queries), repeated.predict(queries))
    np.testing.assert_allclose(model.predict_proba(queries), repeated.predict_proba(queries))


@pytest.mark.parametrize("weights", WEIGHTS)
def test_left_out_a_row_of_weight_w_counts_as_none(data, weights):
    X, y, _ = data
    weight = np.random.default_rng(1).integers(0, 4, len(X)) / 2
    model = KNeighborsClassifier(5, weights=rule(weights)).fit(X, y, weight)
    found = model.predict_proba(None)
    for row in range(0, len(X), 10):
        others = weight.copy()
        others[row] = 0
        alone = clone(model).fit(X, y, others).predict_proba(X[row : row + 1])
        np.testing.assert_allclose(found[row], alone[0])


def test_fractions_of_rows_fill_places_too():
    X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 2, 0]
    model = KNeighborsClassifier(2).fit(X, y, sample_weight=[0.5, 0.25, 1, 9])
    np.testing.assert_allclose(model.predict_proba([[0.0]]), [[0.375, 0.125, 0.5]])
    assert model.predict([[0.0]]) == 2
    assert model.kneighbors([[0.0]], return_distance=False).tolist() == [[0, 1]]


def test_weights_of_one_change_nothing(data):
    X, y, queries = data
    plain = KNeighborsClassifier(4, weights="distance").fit(X, y).predict_proba(queries)
    for weight in (np.ones(len(X)), [1] * len(X), pd.Series(1, index=range(len(X)))):
        model = KNeighborsClassifier(4, weights="distance").fit(X, y, sample_weight=weight)
        np.testing.assert_array_equal(model.predict_proba(queries), plain)


def test_a_class_without_weight_gets_no_votes():
    model = KNeighborsClassifier(1).fit([[0.0], [1.0]], ["a", "b"], sample_weight=[0, 1])
    assert model.classes_.tolist() == ["a", "b"]
    assert model.predict_proba([[0.0]]).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0], r"shape \(3,\), one weight for each row; got shape \(1,\)"),
        (np.ones((3, 1)), r"got shape \(3, 1\)"),
        ([1, 1, -0.5], "not negative; got -0.5 for row 2"),
        ([1, np.nan, 1], "finite and not negative; got nan for row 1"),
        ([np.inf, 1, 1], "finite and not negative; got inf for row 0"),
        ([0, 0, 0], "at least one weight that is not zero"),
        (["a", "b", "c"], "could not convert"),
    ],
)
def test_bad_sample_weights_are_refused(weight, message):
    with pytest.raises(ValueError, match=message):
        KNeighborsClassifier(1).fit([[0.0], [1.0], [2.0]], [0, 1, 0], sample_weight=weight)


def test_sample_weights_must_fill_the_places():
    X, y = [[0.0], [1.0], [2.0]], [0, 1, 1]
    model = KNeighborsClassifier(2).fit(X, y, [0.2, 0.3, 0.4])
    with pytest.raises(ValueError, match=r"at least n_neighbors = 2; it sums to 0.9"):
        model.predict(X)
    model.fit(X, y, [0.1, 0.4, 1.5])
    assert model.predict([[0.0]]) == 1
    with pytest.raises(ValueError, match=r"sums to 0\.5 without the query's own row"):
        model.predict(None)
    # Ten tenths are a whole, whatever binary makes of them.
    tenths = KNeighborsClassifier(1).fit(np.arange(10.0)[:, None], [0, 1] * 5, [0.1] * 10)
    np.testing.assert_allclose(tenths.predict_proba([[0.0]]), [[0.5, 0.5]])


@pytest.mark.parametrize("weighted", [False, True])
def test_blocks_of_any_size_give_the_same(data, weighted, monkeypatch):
    X, y, queries = data
    both = np.stack([y, X[:, 0]], axis=1)
    weight = np.arange(len(X)) % 3 if weighted else None
    model = KNeighborsClassifier(7, weights="distance", ties="nearest").fit(X, both, weight)
    whole = [model.predict(queries), *model.predict_proba(queries), model.predict(None)]
    monkeypatch.setattr(_supervised, "_BLOCK_SIZE", 64)
    parts = [model.predict(queries), *model.predict_proba(queries), model.predict(None)]
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)


def test_many_classes_take_no_matrix_of_queries_times_classes():
    n = 5000
    X = np.arange(n, dtype=np.float32)[:, None]
    model = KNeighborsClassifier(2, ties="nearest", n_jobs=1).fit(X, np.arange(n) // 3)
    tracemalloc.start()
    try:
        predicted = model.predict(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(predicted, np.arange(n) // 3)
    assert peak < n * len(model.classes_) * 8


def test_images_are_classified(digits):
    X, y = digits
    images = X.reshape(-1, 8, 8)
    model = KNeighborsClassifier(1).fit(images[100:], y[100:])
    assert model.n_features_in_ == 64
    assert model.score(images[:100, :, :, None], y[:100]) == model.score(X[:100], y[:100]) > 0.95


def test_search_over_parameters_and_copies_work(digits):
    X, y = digits
    grid = {"n_neighbors": [1, 3], "p": [1, 2], "weights": ["uniform", "distance"]}
    found = GridSearchCV(KNeighborsClassifier(), grid, cv=3).fit(X, y)
    peer = GridSearchCV(PeerKNeighborsClassifier(algorithm="brute"), grid, cv=3)
    peer.fit(X.astype(float), y)
    np.testing.assert_allclose(
        found.cv_results_["mean_test_score"], peer.cv_results_["mean_test_score"], atol=0.006
    )
    copy = pickle.loads(pickle.dumps(found.best_estimator_))
    np.testing.assert_array_equal(copy.predict(None), found.best_estimator_.predict(None))


def test_sample_weights_are_routed(data):
    X, y, _ = data
    weight = 1.0 + np.arange(len(X)) % 3
    with sklearn.config_context(enable_metadata_routing=True):
        model = KNeighborsClassifier(5).set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=False)
        routed = cross_validate(
            model, X, y, cv=3, params={"sample_weight": weight}, return_estimator=True
        )
    for estimator in routed["estimator"]:
        assert set(estimator._sample_weight) == {1, 2, 3}
