"""`KNeighborsRegressor` against one query at a time, and against scikit-learn."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor as PeerKNeighborsRegressor

from nearplane import KNeighborsRegressor
from nearplane.neighbors import _supervised

from . import reference

WEIGHTS = {
    "uniform": np.ones_like,
    "distance": reference.inverse_distance,
    "callable": lambda distances: np.exp(-distances),
}


def rule(weights):
    return WEIGHTS[weights] if weights == "callable" else weights


def problem(n_features, dtype="float64", seed=0, n=200):
    rng = np.random.default_rng(seed)
    X, queries = rng.random((n, n_features)) * 255, rng.random((25, n_features)) * 255
    if dtype == "uint8":
        queries[:3] = X[:3]  # some queries are fitted rows
    y = np.stack([X @ rng.standard_normal(n_features), np.sin(X[:, 0])], axis=1)
    return X.astype(dtype), y, queries.astype(dtype)


def mean(query, neighbours, targets, weights):
    return np.average(targets, axis=0, weights=weights)


FITS = {"mean": mean, "linear": reference.local_linear}


def oracle(X, y, queries, *, k, weights, local_fit, exclude_self=False):
    """The predictions, one query at a time."""
    found = reference.argkmin(queries, X, k, "euclidean", exclude_self=exclude_self)
    X, queries = X.astype(float), queries.astype(float)
    return [
        FITS[local_fit](query, X[indices], y[indices], WEIGHTS[weights](distances))
        for query, distances, indices in zip(queries, *found, strict=True)
    ]


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("local_fit", FITS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize(
    ("n_features", "k"), [(1, 1), (1, 2), (1, 9), (3, 3), (3, 4), (3, 20), (40, 6), (40, 100)]
)
def test_predictions_are_made_query_by_query(n_features, k, dtype, local_fit, weights):
    X, y, queries = problem(n_features, dtype)
    if weights == "callable":
        X, queries = X // 64, queries // 64  # near enough to weigh something, and many are equal
    model = KNeighborsRegressor(k, weights=rule(weights), local_fit=local_fit)
    rules = {"k": k, "weights": weights, "local_fit": local_fit}
    for targets in (y, y[:, 0]):
        model.fit(X, targets)
        for given, asked in ((queries, queries), (None, X)):
            expected = oracle(X, targets, asked, **rules, exclude_self=given is None)
            predicted = model.predict(given)
            assert predicted.dtype == np.float64
            np.testing.assert_allclose(predicted, expected, rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_scikit_learn_predicts_the_same(weights):
    X, y, queries = problem(5)
    ours = KNeighborsRegressor(6, weights=weights).fit(X, y)
    peer = PeerKNeighborsRegressor(6, weights=weights, algorithm="brute").fit(X, y)
    for given in (queries, None):
        np.testing.assert_allclose(ours.predict(given), peer.predict(given), rtol=1e-10)
    assert ours.score(None, y) == pytest.approx(peer.score(None, y), rel=1e-10)
    weight = np.arange(len(y))
    assert ours.score(X, y, weight) == pytest.approx(peer.score(X, y, weight), rel=1e-10)


@pytest.mark.parametrize("local_fit", FITS)
def test_leaving_one_out_is_what_cross_validation_does(local_fit):
    X, y, _ = problem(3, n=40)
    model = KNeighborsRegressor(7, local_fit=local_fit)
    expected = cross_val_predict(model, X, y, cv=LeaveOneOut())
    np.testing.assert_allclose(model.fit(X, y).predict(None), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shift", [0, 1e4, 1e8])
def test_a_plane_is_found_wherever_it_lies(shift):
    rng = np.random.default_rng(0)
    offsets = rng.integers(-1000, 1000, (60, 3)) / 64.0
    slope = np.array([1.0, -2.0, 0.5])
    X, y = offsets + shift, offsets @ slope + 7
    queries = rng.integers(-1000, 1000, (20, 3)) / 64.0
    model = KNeighborsRegressor(8, local_fit="linear", weights="distance").fit(X, y)
    np.testing.assert_allclose(model.predict(queries + shift), queries @ slope + 7, rtol=1e-11)


@pytest.mark.parametrize("scale", [1e-305, 1e-150, 1e150, 1e305])
def test_a_plane_is_found_at_any_scale(scale):
    X, y, queries = problem(2)
    model = KNeighborsRegressor(5, local_fit="linear", metric="manhattan")
    expected = model.fit(X, y).predict(queries)
    np.testing.assert_allclose(
        model.fit(X * scale, y).predict(queries * scale), expected, rtol=1e-6
    )


def test_the_ends_of_the_range_are_no_obstacle():
    top = np.finfo(float).max
    X, y = [[-top], [top], [0.0]], [0.0, 2.0, 1.0]
    model = KNeighborsRegressor(3, local_fit="linear").fit(X, y)
    np.testing.assert_allclose(model.predict([[top / 2], [-top]]), [1.5, 0], atol=1e-15)


def test_neighbours_in_one_place_predict_their_mean():
    X, y = np.full((4, 3), 1e4 / 3), [1.0, 2.0, 3.0, 6.0]
    model = KNeighborsRegressor(4, local_fit="linear").fit(X, y)
    np.testing.assert_allclose(model.predict([X[0], [0, 0, 0], [1e9, 0, 0]]), 3)


def test_directions_without_differences_have_no_slope():
    """On a line in space, far from the origin: rounding must not pass for a second direction."""
    rng = np.random.default_rng(0)
    place = rng.random(30)
    X = 1e6 / 3 + np.outer(place, [0.3, 0.1, 0.7])
    queries = X[:5] + rng.random((5, 3))
    model = KNeighborsRegressor(6, local_fit="linear").fit(X, place)
    assert (abs(model.predict(queries)) < 5).all()


def test_a_neighbour_at_distance_zero_decides_alone():
    X, y, _ = problem(4)
    model = KNeighborsRegressor(6, weights="distance", local_fit="linear").fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, rtol=1e-14)


@pytest.mark.parametrize("n_features", [2, 30])
@pytest.mark.parametrize("local_fit", FITS)
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_a_row_of_weight_w_counts_as_w_rows(n_features, local_fit, weights):
    X, y, queries = problem(n_features)
    weight = np.random.default_rng(1).integers(0, 4, len(X))
    model = KNeighborsRegressor(9, weights=weights, local_fit=local_fit)
    repeated = clone(model).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0))
    model.fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(model.predict(queries), repeated.predict(queries), rtol=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("local_fit", FITS)
def test_blocks_of_any_size_give_the_same(local_fit, weighted, monkeypatch):
    X, y, queries = problem(6)
    weight = 0.5 + np.arange(len(X)) % 3 if weighted else None
    model = KNeighborsRegressor(5, local_fit=local_fit).fit(X, y, weight)
    whole = [model.predict(queries), model.predict(None)]
    monkeypatch.setattr(_supervised, "_BLOCK_SIZE", 300)
    for one, other in zip(whole, [model.predict(queries), model.predict(None)], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


def test_planes_predict_better_than_means():
    X, _, _ = problem(2)
    y = np.square(X).sum(axis=1)
    mean, linear = (KNeighborsRegressor(9, local_fit=fit).fit(X, y).score(None, y) for fit in FITS)
    assert 0.3 < mean < linear


@pytest.mark.parametrize("local_fit", FITS)
def test_images_may_be_fitted_and_no_queries_asked(local_fit):
    X, y, _ = problem(24, "uint8")
    model = KNeighborsRegressor(3, local_fit=local_fit).fit(X.reshape(-1, 2, 4, 3), y)
    np.testing.assert_array_equal(model.predict(X.reshape(-1, 4, 6)), model.predict(X))
    assert model.predict(X[:0]).shape == (0, 2)
    assert model.fit(X, y[:, 0]).predict(X[:0]).shape == (0,)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        ([1.0, np.nan], "Input y contains NaN"),
        ([1.0, np.inf], "Input y contains infinity"),
        (["a", "b"], "strings"),
        ([1j, 0], "Complex data not supported"),
        ([1.0], "X has 2, y has 1"),
    ],
)
def test_targets_that_are_none_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        KNeighborsRegressor(1).fit([[0.0], [1.0]], y)


def test_bad_parameters_are_refused():
    X, y = [[0.0], [1.0]], [0.0, 1.0]
    with pytest.raises(ValueError, match="local_fit must be 'mean' or 'linear'; got 'cubic'"):
        KNeighborsRegressor(1, local_fit="cubic").fit(X, y)
    with pytest.raises(ValueError, match="weights must be 'uniform', 'distance' or a callable"):
        KNeighborsRegressor(1).fit(X, y).set_params(weights="near").predict(X)
    with pytest.raises(ValueError, match=r"it returned shape \(2,\)"):
        KNeighborsRegressor(1, weights=lambda distances: distances[:, 0]).fit(X, y).predict(X)
