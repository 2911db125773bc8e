"""The search behind every estimator: `kneighbors`, its graph, what `fit` keeps, and the bar."""

import io
import pickle
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import NearestNeighbors as PeerNearestNeighbors

from nearplane import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
from nearplane._progress import progress_bar

from . import reference
from .reference import METRICS

DTYPES = ("uint8", "float32", "float64")


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)[0].astype(np.uint8)[:400]


def sample(n, d=12, dtype="uint8", seed=0, below=5):
    return np.random.default_rng(seed).integers(0, below, (n, d)).astype(dtype)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_kneighbors_are_the_oracles(metric, dtype):
    X, Y = sample(20, dtype=dtype, seed=1), sample(90, dtype=dtype, seed=2)
    search = NearestNeighbors(n_neighbors=7, metric=metric).fit(Y)
    for k in (None, 1, 90):
        distances, indices = search.kneighbors(X, k)
        expected_distances, expected_indices = reference.argkmin(X, Y, k or 7, metric)
        np.testing.assert_array_equal(distances, expected_distances)
        np.testing.assert_array_equal(indices, expected_indices)
        np.testing.assert_array_equal(search.kneighbors(X, k, return_distance=False), indices)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_without_queries_every_row_asks_for_the_others(metric, dtype):
    Y = sample(60, d=3, dtype=dtype, below=3)  # many rows are equal
    search = NearestNeighbors(metric=metric).fit(Y)
    for k in (1, 5, 59):
        distances, indices = search.kneighbors(n_neighbors=k)
        expected_distances, expected_indices = reference.argkmin(Y, Y, k, metric, exclude_self=True)
        np.testing.assert_array_equal(distances, expected_distances)
        np.testing.assert_array_equal(indices, expected_indices)
        assert not (indices == np.arange(60)[:, None]).any()


@pytest.mark.parametrize("metric", [*METRICS, "l1", "l2", "cityblock"])
def test_scikit_learn_finds_the_same_up_to_ties(digits, metric):
    ours = NearestNeighbors(n_neighbors=9, metric=metric).fit(digits[100:])
    peer = PeerNearestNeighbors(n_neighbors=9, metric=metric, algorithm="brute")
    peer.fit(digits[100:].astype(float))
    queries = digits[:100]
    name = ours.effective_metric_
    truth = reference.pairwise_distances(queries, digits[100:], name)
    for distances, indices in (ours.kneighbors(queries), peer.kneighbors(queries.astype(float))):
        reference.assert_nearest(distances, indices, truth)


@pytest.mark.parametrize(
    ("parameters", "effective"),
    [
        ({}, "euclidean"),
        ({"p": 1}, "manhattan"),
        ({"p": 2.0}, "euclidean"),
        ({"metric": "l1"}, "manhattan"),
        ({"metric": "sqeuclidean", "p": 1}, "sqeuclidean"),
        ({"metric": "euclidean", "p": 17}, "euclidean"),
    ],
)
def test_the_effective_metric_has_the_cores_name(parameters, effective):
    search = NearestNeighbors(**parameters).fit([[0.0, 0.0], [3.0, 4.0]])
    assert search.effective_metric_ == effective
    length = {"euclidean": 5, "sqeuclidean": 25, "manhattan": 7}[effective]
    assert search.kneighbors([[0.0, 0.0]], 2)[0].tolist() == [[0, length]]


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_neighbors": 0}, ValueError, "n_neighbors must be at least 1; got 0"),
        ({"n_neighbors": 2.0}, TypeError, "n_neighbors must be an integer; got 2.0 of type float"),
        ({"n_neighbors": None}, TypeError, "n_neighbors must be an integer"),
        ({"metric": "chebyshev"}, ValueError, "metric must be one of .* got 'chebyshev'"),
        ({"p": 3}, ValueError, "p must be 1 or 2"),
        (
            {"algorithm": "kd_tree"},
            ValueError,
            "algorithm must be 'auto' or 'brute' or 'pruned'; got 'kd_tree'",
        ),
        ({"n_jobs": 0}, ValueError, "n_jobs must be None or an integer other than 0; got 0"),
    ],
)
@pytest.mark.parametrize("estimator", [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor])
def test_bad_parameters_are_refused_by_fit(estimator, parameters, error, message):
    model = estimator(**parameters)
    with pytest.raises(error, match=message):
        model.fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(NotFittedError):
        model.kneighbors([[0.0]])


def test_there_must_be_enough_neighbours():
    search = NearestNeighbors(n_neighbors=3).fit([[0.0], [1.0], [2.0]])
    assert search.kneighbors([[0.0]], return_distance=False).tolist() == [[0, 1, 2]]
    with pytest.raises(
        ValueError,
        match="n_neighbors <= n_samples_fit, but n_neighbors = 4, n_samples_fit = 3, n_samples = 1",
    ):
        search.kneighbors([[0.0]], 4)
    with pytest.raises(ValueError, match="n_neighbors < n_samples_fit, but n_neighbors = 3"):
        search.kneighbors()
    with pytest.raises(ValueError, match="n_neighbors must be at least 1"):
        search.kneighbors([[0.0]], 0)
    with pytest.raises(TypeError, match="n_neighbors must be an integer"):
        search.kneighbors([[0.0]], 1.5)


def test_queries_must_fit_the_rows():
    search = NearestNeighbors().fit(sample(9, d=3))
    with pytest.raises(ValueError, match="X has 4 features, but NearestNeighbors is expecting 3"):
        search.kneighbors(sample(2, d=4))
    with pytest.raises(ValueError, match="Input X contains NaN: first in row 1, column 2"):
        search.kneighbors([[0, 0, 0], [0, 0, np.nan]])


@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (4, 1), (4, 3, 3), (4, 3, 1)])
def test_one_image_without_its_axis_is_told_so(shape):
    images = sample(9, d=np.prod(shape)).reshape(9, *shape)
    search = NearestNeighbors(n_neighbors=1).fit(images)
    with pytest.raises(ValueError, match=r"X has shape .* single image; .* Pass X\[np.newaxis\]"):
        search.kneighbors(images[5])
    assert search.kneighbors(images[5][np.newaxis])[0].tolist() == [[0]]
    rows = NearestNeighbors(n_neighbors=1).fit(images.reshape(9, -1))
    with pytest.raises(ValueError, match="features, but NearestNeighbors is expecting"):
        rows.kneighbors(images[5])  # fitted rows have no shape to tell an image by


@pytest.mark.parametrize("shape", [(1, 6), (1, 4, 3)])
def test_an_image_of_one_line_is_a_row_too(shape):
    images = sample(9, d=np.prod(shape)).reshape(9, *shape)
    search = NearestNeighbors(n_neighbors=1).fit(images)
    assert search.kneighbors(images[5])[0].tolist() == [[0]]


def test_no_queries_have_no_neighbours():
    search = NearestNeighbors(n_neighbors=2).fit(sample(9, d=3))
    distances, indices = search.kneighbors(np.empty((0, 3)))
    assert distances.shape == indices.shape == (0, 2)
    assert search.kneighbors_graph(np.empty((0, 3))).shape == (0, 9)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_rows_are_kept_where_they_lie(dtype, tmp_path):
    X = sample(30, dtype=dtype)
    X.flags.writeable = False
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    expected = reference.argkmin(X[:4], X, 5, "euclidean")[1]
    for given in (X, X.reshape(30, 3, 4), X.reshape(30, 2, 2, 3), mapped):
        search = NearestNeighbors().fit(given)
        assert np.shares_memory(search._searcher.rows, given)
        assert (search.n_features_in_, search.n_samples_fit_) == (12, 30)
        for queries in (X[:4], X[:4].reshape(4, 3, 4), X[:4].tolist(), X[:4].astype(">f8")):
            found = search.kneighbors(queries, return_distance=False)
            np.testing.assert_array_equal(found, expected)


def test_a_failed_fit_leaves_the_estimator_as_it_was():
    X, y = sample(9, d=3), np.arange(9) % 2
    model = KNeighborsClassifier(n_neighbors=1).fit(X, y)
    bad_X, bad_y = np.full((9, 4), np.nan), np.arange(8)
    for arguments in [(bad_X, y), (X, bad_y), (X, y, [1, 2]), (X, y + 0.5), (X[:, :2], bad_y)]:
        with pytest.raises(ValueError, match=r"\w"):
            model.fit(*arguments)
        assert (model.predict(X) == y).all()


def test_names_of_columns_are_checked():
    X = pd.DataFrame(sample(9, d=3), columns=["a", "b", "c"])
    search = NearestNeighbors(n_neighbors=1).fit(X)
    assert search.feature_names_in_.tolist() == ["a", "b", "c"]
    assert search.kneighbors(X)[0].tolist() == [[0]] * 9
    with pytest.raises(ValueError, match="The feature names should match"):
        search.kneighbors(X.rename(columns={"a": "z"}))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        search.kneighbors(X.to_numpy())
    assert not hasattr(search.fit(X.to_numpy()), "feature_names_in_")


def test_the_graph_joins_neighbours():
    X, Y = sample(5, seed=1), sample(40, seed=2)
    search = NearestNeighbors(n_neighbors=4, metric="manhattan").fit(Y)
    for queries in (X, None):
        distances, indices = search.kneighbors(queries)
        for mode, values in (("connectivity", 1), ("distance", distances)):
            graph = search.kneighbors_graph(queries, mode=mode)
            dense = np.zeros((len(indices), 40))
            np.put_along_axis(dense, indices, values, axis=1)
            assert isinstance(graph, scipy.sparse.csr_array)
            np.testing.assert_array_equal(graph.toarray(), dense)
            assert graph.nnz == indices.size
            np.testing.assert_array_equal(graph.indices.reshape(indices.shape), indices)
    assert search.kneighbors_graph(X, 9).nnz == 45
    with pytest.raises(ValueError, match="mode must be 'connectivity' or 'distance'; got 'other'"):
        search.kneighbors_graph(X, mode="other")


def test_copies_behave_alike():
    X = sample(30)
    search = NearestNeighbors(n_neighbors=3, metric="l1", n_jobs=2).fit(X[:, ::-1])
    expected = search.kneighbors(X)
    for copy in (pickle.loads(pickle.dumps(search)), clone(search).fit(X[:, ::-1])):
        for found, wanted in zip(copy.kneighbors(X), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib_may_run_searches_side_by_side(backend):
    X = sample(200, d=30, dtype="float32")
    search = NearestNeighbors(n_neighbors=3).fit(X)
    parts = joblib.Parallel(n_jobs=2, backend=backend, max_nbytes=100)(
        joblib.delayed(search.kneighbors)(part) for part in np.array_split(X, 4)
    )
    for found, wanted in zip(zip(*parts, strict=True), search.kneighbors(X), strict=True):
        np.testing.assert_array_equal(np.concatenate(found), wanted)


def test_an_exception_from_the_bar_stops_the_search(monkeypatch):
    class StopSearchError(Exception):
        pass

    class Bar:
        def __enter__(self):
            return self.stop

        def __exit__(self, *_):
            return None

        def stop(self, fraction, note=""):
            raise StopSearchError

    monkeypatch.setattr("nearplane.neighbors._base.progress_bar", lambda *_, **__: Bar())
    X = np.random.default_rng(0).random((6000, 300), dtype=np.float32)
    search = NearestNeighbors(metric="manhattan", verbose=True).fit(X)
    with pytest.raises(StopSearchError):
        search.kneighbors()
    monkeypatch.undo()
    assert search.kneighbors(X[:2], 1, return_distance=False).tolist() == [[0], [1]]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_is_shown_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress_bar("counting sheep") as progress:
        progress(0.25)
        progress(1.0)
    assert "counting sheep" in sys.stderr.getvalue()
    assert "25%" in sys.stderr.getvalue()
    assert "100%" in sys.stderr.getvalue()


def test_verbose_searches_show_it(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    NearestNeighbors(n_neighbors=1, verbose=True).fit(sample(30)).kneighbors()
    assert "nearest neighbours" in sys.stderr.getvalue()


def test_there_is_no_bar_where_nobody_wants_or_sees_it(monkeypatch, capsys):
    with progress_bar("counting sheep") as progress:
        assert progress is None
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", None)
    with progress_bar("counting sheep") as progress:
        assert progress is None
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress_bar("counting sheep", enabled=False) as progress:
        assert progress is None
    NearestNeighbors(n_neighbors=1).fit(sample(30)).kneighbors()
    assert sys.stderr.getvalue() == ""


def test_a_bar_without_rich_says_what_to_install(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    monkeypatch.setitem(sys.modules, "rich", None)
    search = NearestNeighbors(n_neighbors=1, verbose=True).fit([[0.0], [1.0]])
    with pytest.raises(ImportError, match=r"pip install 'nearplane\[cli\]', or set verbose=False"):
        search.kneighbors()
