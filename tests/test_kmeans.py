"""`KMeans` against scikit-learn, against k-means in ten lines, and on its own."""

import pickle
import signal

import numpy as np
import pandas as pd
import pytest
import sklearn.cluster
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from nearplane import KMeans
from nearplane.cluster import _lloyd

from . import kmeans_reference as reference
from .kmeans_reference import blobs
from .layouts import LAYOUTS

DTYPES = (np.uint8, np.float32, np.float64)


def assert_same_fit(one, other):
    for name in ("cluster_centers_", "labels_", "inertia_", "n_iter_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("tol", [0, 1e-4, 1e-2])
@pytest.mark.parametrize("dtype", DTYPES)
def test_from_the_same_start_it_ends_where_scikit_learn_does(dtype, tol, weighted):
    X = blobs(dtype=dtype)
    weight = np.random.default_rng(1).random(len(X)) + 0.5 if weighted else None
    start = X[:12].astype(np.float64)
    ours = KMeans(12, init=start, tol=tol).fit(X, sample_weight=weight)
    doubles = X.astype(np.float64)
    theirs = sklearn.cluster.KMeans(12, init=start, n_init=1, tol=tol)
    theirs.fit(doubles, sample_weight=weight)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    assert ours.labels_.dtype == theirs.labels_.dtype
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(ours.inertia_, theirs.inertia_, rtol=1e-5)
    np.testing.assert_allclose(ours.transform(X), theirs.transform(doubles), rtol=1e-3)
    np.testing.assert_allclose(
        ours.score(X, sample_weight=weight), theirs.score(doubles, sample_weight=weight), rtol=1e-5
    )
    assert ours.n_iter_ == theirs.n_iter_
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())


@pytest.mark.parametrize("n_iter", [1, 2, 5])
def test_each_iteration_is_that_of_the_definition(n_iter):
    X = blobs(n_blobs=1, seed=2)
    weight = np.random.default_rng(3).integers(1, 5, len(X)).astype(float)
    with pytest.warns(ConvergenceWarning, match=f"max_iter={n_iter} iterations.*Increase"):
        found = KMeans(5, init=X[:5], max_iter=n_iter, tol=0).fit(X, sample_weight=weight)
    labels, centers = reference.lloyd(X, X[:5], weight, n_iter)
    assert found.n_iter_ == n_iter
    np.testing.assert_array_equal(found.labels_, labels)
    np.testing.assert_allclose(found.cluster_centers_, centers, rtol=1e-12)
    expected = weight @ reference.nearest(X, found.cluster_centers_)[1]
    np.testing.assert_allclose(found.inertia_, expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_bits_depend_on_neither_threads_nor_layout_and_labels_fit_the_centers(init, dtype):
    X = blobs(3000, 20, seed=4, dtype=dtype)
    fits = [KMeans(30, init=init, random_state=5, n_jobs=n).fit(X) for n in (1, 2, 7)]
    fits += [KMeans(30, init=init, random_state=5).fit(lay(X)) for lay in LAYOUTS.values()]
    for other in fits[1:]:
        assert_same_fit(fits[0], other)
    fitted = fits[0]
    np.testing.assert_array_equal(fitted.labels_, fitted.predict(X))
    np.testing.assert_array_equal(fitted.labels_, reference.nearest(X, fitted.cluster_centers_)[0])
    assert fitted.cluster_centers_.dtype == (np.float64 if dtype == np.float64 else np.float32)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bounds_spare_work_and_change_no_bit(dtype, monkeypatch):
    X = blobs(4000, 12, 60, seed=19, dtype=dtype)
    kmeans = KMeans(300, init=X[:300], tol=0)
    bound = kmeans.fit(X).__dict__.copy()
    monkeypatch.setattr(_lloyd, "_FEWEST_BOUND", 301)
    unbound = kmeans.fit(X)
    assert unbound.n_iter_ > 6
    for name in ("cluster_centers_", "labels_", "inertia_", "n_iter_"):
        np.testing.assert_array_equal(bound[name], getattr(unbound, name))


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_seeds_depend_on_the_rows_alone(init):
    """Not on their order, on their type, or on whether rows are repeated or weighted."""
    X = blobs(300, 5, seed=6, dtype=np.uint8)
    X = np.unique(X, axis=0)
    weight = np.random.default_rng(7).integers(0, 4, len(X))
    order = np.random.default_rng(8).permutation(len(X))
    fitted = KMeans(20, init=init, random_state=9).fit(X, sample_weight=weight)
    for other in (
        KMeans(20, init=init, random_state=9).fit(X[order], sample_weight=weight[order]),
        KMeans(20, init=init, random_state=9).fit(X.repeat(weight, axis=0)),
        KMeans(20, init=init, random_state=9).fit(X.astype(np.float64), sample_weight=weight),
    ):
        np.testing.assert_allclose(other.cluster_centers_, fitted.cluster_centers_, rtol=1e-5)
        np.testing.assert_allclose(other.inertia_, fitted.inertia_, rtol=1e-5)


def test_seeds_are_spread_as_well_as_those_of_scikit_learn():
    X = blobs(2000, 10, 40, seed=10)
    start = {"max_iter": 1, "tol": 1e9}
    inertia = [
        [kind(40, random_state=seed, **start).fit(X).inertia_ for seed in range(8)]
        for kind in (KMeans, sklearn.cluster.KMeans)
    ]
    at_random = KMeans(40, init="random", n_init=1, random_state=0, **start).fit(X).inertia_
    assert np.mean(inertia[0]) < 1.03 * np.mean(inertia[1])
    assert np.mean(inertia[0]) < 0.9 * at_random


def test_the_best_of_several_starts_is_kept():
    X = blobs(400, 3, 15, seed=11)
    rng = np.random.RandomState(0)
    single = [KMeans(15, init="random", n_init=1, random_state=rng).fit(X) for _ in range(6)]
    rng = np.random.RandomState(0)
    best = KMeans(15, init="random", n_init=6, random_state=rng).fit(X)
    assert_same_fit(best, min(single, key=lambda fitted: fitted.inertia_))
    assert len({fitted.inertia_ for fitted in single}) > 1


def test_functions_and_arrays_to_start_from():
    X = blobs(seed=12).astype(np.float32)
    seen = []

    def middle(rows, n_clusters, random_state):
        seen.append((rows.shape, random_state.randint(9)))
        return rows[-n_clusters:]

    by_function = KMeans(4, init=middle, n_init=3, random_state=0).fit(X)
    assert len(seen) == 3
    assert_same_fit(by_function, KMeans(4, init=X[-4:].tolist(), n_init=7).fit(X))


@pytest.mark.parametrize("dtype", DTYPES)
def test_empty_clusters_get_the_rows_farthest_away_as_in_scikit_learn(dtype):
    X = blobs(300, 4, seed=13, dtype=dtype)
    start = X[:6].astype(np.float64)
    start[[1, 4]] = 1e4  # nobody's nearest
    ours = KMeans(6, init=start).fit(X)
    theirs = sklearn.cluster.KMeans(6, init=start, n_init=1).fit(X.astype(np.float64))
    assert len(np.unique(ours.labels_)) == 6
    np.testing.assert_allclose(ours.inertia_, theirs.inertia_, rtol=1e-5)
    assert ours.n_iter_ == theirs.n_iter_


def test_an_empty_cluster_takes_no_row_that_is_alone_or_weighs_nothing():
    X = np.array([[0.0], [1], [2], [100], [1000]])
    start = np.array([[1.0], [99], [-1e6]])
    weight = np.array([1, 1, 1, 1, 0])
    rows = _lloyd.Rows(X, weight.astype(float), 1)
    labels, distances = rows.assign(start)
    np.testing.assert_array_equal(labels, [0, 0, 0, 1, 1])
    moved = _lloyd._moved(rows, start, labels, distances)
    np.testing.assert_allclose(moved, [[1.5], [100], [0]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_fewer_different_rows_than_clusters(init, dtype):
    X = np.array([[1, 2], [3, 4], [3, 5]], dtype).repeat(20, axis=0)
    with pytest.warns(ConvergenceWarning, match=r"distinct clusters \(3\).*n_clusters \(5\)"):
        fitted = KMeans(5, init=init, random_state=0).fit(X)
    assert fitted.inertia_ == 0
    np.testing.assert_array_equal(fitted.cluster_centers_[fitted.labels_], X)
    with pytest.warns(ConvergenceWarning, match=r"distinct clusters \(1\)"):
        assert not KMeans(2, init=init).fit(np.full((30, 3), 7, dtype)).labels_.any()


@pytest.mark.parametrize("size", [1e-40, 1e-20, 1e15, 1e30])
@pytest.mark.parametrize("far", [0, 1e4])
def test_sizes_of_float32(size, far):
    X = (blobs(400, 5, seed=14) + far) * size
    with np.errstate(under="ignore"):
        X = X.astype(np.float32)
    ours = KMeans(8, init=X[:8], tol=0).fit(X)
    scaled = X.astype(np.float64) / size
    labels, _ = reference.nearest(scaled, ours.cluster_centers_.astype(np.float64) / size)
    np.testing.assert_array_equal(ours.labels_, labels)
    means = [scaled[labels == c].mean(axis=0) for c in range(8)]
    np.testing.assert_allclose(ours.cluster_centers_ / size, means, rtol=1e-4, atol=1e-3)


def test_rows_whose_distances_overflow_are_refused():
    with pytest.raises(ValueError, match="squared distances overflow float64; scale"):
        KMeans(2).fit([[1e200], [-1e200], [0]])


def test_images_and_data_frames():
    images = np.random.default_rng(15).integers(0, 256, (60, 4, 5, 3), dtype=np.uint8)
    fitted = KMeans(3, random_state=0).fit(images)
    assert_same_fit(fitted, KMeans(3, random_state=0).fit(images.reshape(60, -1)))
    assert fitted.cluster_centers_.shape == (3, 60)
    np.testing.assert_array_equal(fitted.predict(images), fitted.labels_)
    with pytest.raises(ValueError, match="single image"):
        fitted.predict(images[0])
    frame = pd.DataFrame(blobs(seed=16)[:, :2], columns=["width", "height"])
    named = KMeans(2, random_state=0).fit(frame)
    assert list(named.feature_names_in_) == ["width", "height"]
    np.testing.assert_array_equal(named.fit_predict(frame), named.labels_)
    np.testing.assert_array_equal(named.fit_transform(frame), named.transform(frame))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_clusters": 0}, "n_clusters must be at least 1; got 0"),
        ({"n_clusters": 31}, "n_samples=30 should be >= n_clusters=31"),
        ({"init": "kmeans"}, "init must be 'k-means\\+\\+' or 'random'; got 'kmeans'"),
        ({"init": 3}, "init must be .* or a function"),
        ({"init": np.zeros((2, 4))}, r"initial centers \(2, 4\) does not match \(8, 4\)"),
        ({"init": np.full((8, 4), np.nan)}, "Input init contains NaN"),
        ({"init": lambda X, k, random_state: X[:3]}, r"initial centers \(3, 4\)"),
        ({"init": np.full((8, 4), 1e300)}, "init holds values that float32 cannot hold"),
        ({"n_init": "many"}, "n_init must be 'auto' or an integer; got 'many'"),
        ({"n_init": 0}, "n_init must be at least 1"),
        ({"max_iter": 0}, "max_iter must be at least 1"),
        ({"tol": -1}, "tol must be finite and at least 0"),
        ({"n_jobs": 0}, "n_jobs must be"),
    ],
)
def test_parameters_that_make_no_sense_are_named(parameters, message):
    X = blobs(30, 4, dtype=np.float32)
    with pytest.raises(ValueError, match=message):
        KMeans(**parameters).fit(X)


def test_rows_and_weights_that_make_no_sense_are_named():
    X = blobs(30, 4)
    for weight, message in {
        (1.0,) * 29: "sample_weight must have shape",
        (-1.0,) + (1.0,) * 29: "not negative",
        (0.0,) * 30: "at least one weight",
    }.items():
        with pytest.raises(ValueError, match=message):
            KMeans(2).fit(X, sample_weight=weight)
    with pytest.raises(TypeError, match="verbose must be True or False"):
        KMeans(2, verbose=3).fit(X)
    with pytest.raises(NotFittedError):
        KMeans().predict(X)


def test_what_is_loaded_answers_the_same(tmp_path):
    X = blobs(seed=17, dtype=np.float32)
    fitted = KMeans(5, init=X[:5], random_state=3).fit(X)
    fitted.save(tmp_path / "model")
    for loaded in (KMeans.load(tmp_path / "model"), pickle.loads(pickle.dumps(fitted))):
        assert_same_fit(loaded, fitted)
        np.testing.assert_array_equal(loaded.predict(X), fitted.labels_)
        np.testing.assert_array_equal(loaded.transform(X), fitted.transform(X))
        assert_same_fit(loaded.fit(X), fitted)
    with pytest.raises(ValueError, match=r"init=.*cannot be stored"):
        KMeans(2, init=lambda X, k, random_state: X[:k]).fit(X).save(tmp_path / "other")


def test_ctrl_c_leaves_the_estimator_as_it_was(monkeypatch):
    X = blobs(seed=18)
    fitted = KMeans(4, random_state=0).fit(X)
    before = pickle.dumps(fitted)
    monkeypatch.setattr(_lloyd, "_moved", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        fitted.fit(X[::-1])
    assert pickle.dumps(fitted) == before
