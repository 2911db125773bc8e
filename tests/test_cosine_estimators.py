"""`metric="cosine"` in the estimators, in files and on the command line."""

import json
import pickle

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneOut, ShuffleSplit
from sklearn.neighbors import KNeighborsClassifier as PeerClassifier
from sklearn.neighbors import KNeighborsRegressor as PeerRegressor
from sklearn.neighbors import NearestNeighbors as PeerNeighbors

from nearplane import (
    KNeighborsClassifier,
    KNeighborsClassifierCV,
    KNeighborsRegressor,
    NearestNeighbors,
)
from nearplane.datasets import load_digits
from nearplane.display import (
    AccuracyCurveDisplay,
    DistanceConcentrationDisplay,
    NeighborsDisplay,
)

from .commands import invoke
from .cosine_reference import DTYPES, assert_nearest, cosine_distances, mixed_rows

ALGORITHMS = ("auto", "brute", "pruned")
RNG = np.random.default_rng(0)
# Clusters of directions, at all lengths; no two distances are equal.
Y = RNG.integers(0, 4, 160)
X = RNG.normal(size=(4, 20))[Y] + RNG.normal(size=(160, 20))
X *= RNG.uniform(0.01, 100, (160, 1))
QUERIES, TRUTH = X[::3] + 0.3 * RNG.normal(size=(54, 20)), Y[::3]
GROUPS = RNG.integers(0, 7, 160)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_neighbours_are_those_of_scikit_learn(algorithm):
    ours = NearestNeighbors(n_neighbors=9, metric="cosine", algorithm=algorithm).fit(X)
    peer = PeerNeighbors(n_neighbors=9, metric="cosine").fit(X)
    assert ours.effective_metric_ == "cosine"
    for given in (QUERIES, None):
        for found, expected in zip(ours.kneighbors(given), peer.kneighbors(given), strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-14)
        for mode in ("connectivity", "distance"):
            graphs = [model.kneighbors_graph(given, mode=mode) for model in (ours, peer)]
            np.testing.assert_allclose(*(graph.toarray() for graph in graphs), atol=1e-14)
    assert ours.search_plan_.algorithm in ("brute", "pruned")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_predictions_are_those_of_scikit_learn(algorithm, weights):
    options = {"n_neighbors": 7, "metric": "cosine", "weights": weights}
    ours = KNeighborsClassifier(**options, algorithm=algorithm).fit(X, Y)
    peer = PeerClassifier(**options).fit(X, Y)
    np.testing.assert_array_equal(ours.predict(QUERIES), peer.predict(QUERIES))
    np.testing.assert_allclose(ours.predict_proba(QUERIES), peer.predict_proba(QUERIES))
    targets = np.column_stack([Y, X[:, 0]])
    ours = KNeighborsRegressor(**options, algorithm=algorithm).fit(X, targets)
    peer = PeerRegressor(**options).fit(X, targets)
    np.testing.assert_allclose(ours.predict(QUERIES), peer.predict(QUERIES), rtol=1e-9)


def test_lengths_of_rows_do_not_matter():
    plain = KNeighborsClassifier(5, metric="cosine", weights="distance").fit(X, Y)
    scaled = KNeighborsClassifier(5, metric="cosine", weights="distance").fit(X * 1e200, Y)
    np.testing.assert_array_equal(scaled.predict(QUERIES * 1e-200), plain.predict(QUERIES))
    found = plain.kneighbors(5 * X, 1)
    assert not found[0].any()
    assert found[1].ravel().tolist() == list(range(160))


@pytest.mark.parametrize(
    ("cv", "groups"),
    [(None, None), (GroupKFold(3), GROUPS), (ShuffleSplit(2, random_state=0), None)],
)
@pytest.mark.parametrize("algorithm", ["auto", "pruned"])
def test_a_cross_validation_is_that_of_a_grid(cv, groups, algorithm):
    grid = {
        "n_neighbors": [1, 8],
        "metric": ["euclidean", "manhattan", "cosine"],
        "weights": ["uniform", "distance"],
    }
    ours = KNeighborsClassifierCV(**grid, cv=cv, algorithm=algorithm).fit(X, Y, groups=groups)
    peer = GridSearchCV(PeerClassifier(), grid, cv=cv).fit(X, Y, groups=groups)
    assert ours.cv_results_["params"] == peer.cv_results_["params"]
    for column in ("mean_test_score", "std_test_score", "rank_test_score"):
        np.testing.assert_array_equal(ours.cv_results_[column], peer.cv_results_[column])
    assert ours.metric_ == "cosine"  # of rows whose lengths say nothing
    np.testing.assert_array_equal(ours.predict(QUERIES), peer.predict(QUERIES))


def test_a_leave_one_out_is_that_of_a_grid():
    ours = KNeighborsClassifierCV([1, 3, 8], metric="cosine", cv="loo").fit(X[:60], Y[:60])
    grid = {"n_neighbors": [1, 3, 8]}
    peer = GridSearchCV(PeerClassifier(metric="cosine"), grid, cv=LeaveOneOut())
    peer.fit(X[:60], Y[:60])
    for column in ("mean_test_score", "rank_test_score"):
        np.testing.assert_array_equal(ours.cv_results_[column], peer.cv_results_[column])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_appended_rows_are_searched_as_if_they_had_been_there(algorithm):
    rows = [mixed_rows(n, 9, dtype, seed=n) for n, dtype in ((60, "uint8"), (9, "float64"))]
    search = NearestNeighbors(n_neighbors=8, metric="cosine", algorithm=algorithm)
    queries = mixed_rows(12, 9, "float32", seed=5)
    search.partial_fit(rows[0]).kneighbors(queries)
    before = search._searcher
    search.partial_fit(rows[1]).partial_fit(rows[0])
    together = np.vstack([rows[0], rows[1], rows[0]])
    assert_nearest(search.kneighbors(queries), cosine_distances(queries, together))
    whole = NearestNeighbors(n_neighbors=8, metric="cosine").fit(together)
    for given in (queries, None):
        for ours, truth in zip(search.kneighbors(given), whole.kneighbors(given), strict=True):
            np.testing.assert_array_equal(ours, truth)
    found = before.search(queries, 8, n_threads=1)  # what there was stays as it was
    assert_nearest(found, cosine_distances(queries, rows[0]))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loading", [{}, {"mmap": True}, {"mmap": True, "verify": False}])
@pytest.mark.parametrize("estimator", [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor])
def test_what_is_loaded_answers_the_same(estimator, loading, dtype, algorithm, tmp_path):
    rows = mixed_rows(80, 12, dtype)
    model = estimator(n_neighbors=7, metric="cosine", algorithm=algorithm)
    model.fit(rows, np.arange(80) % 5)
    model.save(tmp_path / "model")
    loaded = estimator.load(tmp_path / "model", **loading)
    assert loaded.effective_metric_ == "cosine"
    assert loaded._searcher.rows.dtype == dtype
    assert (loaded._searcher.sketch is None) == (algorithm != "pruned")
    for found in (loaded, pickle.loads(pickle.dumps(model))):
        for given in (mixed_rows(9, 12, dtype, seed=1), None):
            pairs = zip(found.kneighbors(given), model.kneighbors(given), strict=True)
            for ours, truth in pairs:
                np.testing.assert_array_equal(ours, truth)


def test_a_grid_may_try_it():
    grid = {"metric": ["euclidean", "manhattan", "cosine"]}
    ours = GridSearchCV(KNeighborsClassifier(), grid, cv=3).fit(X, Y)
    peer = GridSearchCV(PeerClassifier(), grid, cv=3).fit(X, Y)
    assert ours.best_estimator_.effective_metric_ == "cosine"
    for column in ("mean_test_score", "std_test_score"):
        np.testing.assert_array_equal(ours.cv_results_[column], peer.cv_results_[column])


def test_pictures_of_metrics_show_it():
    digits = load_digits()
    images, target = digits.images[:300], digits.target[:300]
    search = KNeighborsClassifier(3, metric="cosine").fit(images[10:], target[10:])
    shown = NeighborsDisplay.from_estimator(
        search,
        images[:10],
        target[:10],
        X_train=images[10:],
        y_train=target[10:],
        ax=Figure().subplots(),
    )
    expected = PeerNeighbors(n_neighbors=3, metric="cosine").fit(images[10:].reshape(290, -1))
    nearest = expected.kneighbors(images[:10].reshape(10, -1), return_distance=False)
    np.testing.assert_array_equal(shown.neighbor_labels, target[10:][nearest])
    curve = DistanceConcentrationDisplay.from_data(
        images, metric="cosine", random_state=0, ax=Figure().subplots()
    )
    assert "osine distance" in curve.ax_.get_ylabel()
    assert curve.n_features[:3].tolist() == [2, 5, 10]
    random = DistanceConcentrationDisplay.from_random(
        metric="cosine", ax=curve.ax_, n_samples=50, random_state=0
    )
    assert random.n_features.tolist() == [2, 5, 10, 20, 50, 100, 200, 500, 1000]
    with pytest.raises(ValueError, match="n_features must be at least 2 for metric='cosine'"):
        DistanceConcentrationDisplay.from_random([1, 2], metric="cosine")
    model = KNeighborsClassifierCV([1, 3], metric=["cosine", "l2"], cv=2).fit(X, Y)
    display = AccuracyCurveDisplay.from_cv(model, metric="cosine", ax=Figure().subplots())
    label = display.ax_.get_legend_handles_labels()[1][0]
    assert "cosine" in label


def test_the_command_line_knows_it(tmp_path):
    out = tmp_path / "m.np"
    command = ("knn", "fit", "--n-train", 200, "--json", "--out", out)
    result = invoke(*command, "--k", 3, "--metric", "cosine")
    assert result.exit_code == 0, result.output
    assert KNeighborsClassifier.load(out).effective_metric_ == "cosine"
    result = invoke(*command, "--k", "1,3", "--metric", "l1,cosine")
    tried = {setting["params"]["metric"] for setting in json.loads(result.stdout)["settings"]}
    assert tried == {"l1", "cosine"}
