"""Estimators in files: saved and loaded they answer the same, and no file can make them crash."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from nearplane import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
from nearplane._storage import read_arrays, write_arrays
from nearplane.neighbors import _searcher
from nearplane.neighbors._sketch import Sketch

from .planner import Planner

ESTIMATORS = [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor]


def sample(n=60, d=12, dtype="uint8", seed=0):
    return np.random.default_rng(seed).integers(0, 9, (n, d)).astype(dtype)


def fitted(estimator, X=None, **parameters):
    X = sample() if X is None else X
    return estimator(**parameters).fit(X, np.arange(len(X)) % 5)


def saved(model, tmp_path, **options):
    model.save(tmp_path / "model")
    return type(model).load(tmp_path / "model", **options)


def assert_same_answers(found, expected, queries):
    pairs = [(found.kneighbors(given), expected.kneighbors(given)) for given in (queries, None)]
    if hasattr(expected, "predict"):
        pairs += [([found.predict(given)], [expected.predict(given)]) for given in (queries, None)]
    for ours, theirs in pairs:
        for one, other in zip(ours, theirs, strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("algorithm", ["auto", "brute", "pruned"])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("loading", [{}, {"mmap": True}, {"mmap": True, "verify": False}])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_what_is_loaded_answers_the_same(estimator, loading, dtype, algorithm, tmp_path):
    options = {"n_neighbors": 7, "metric": "l1", "n_jobs": 2, "algorithm": algorithm}
    model = fitted(estimator, sample(dtype=dtype), **options)
    found = saved(model, tmp_path, **loading)
    assert type(found) is estimator
    assert found.get_params() == model.get_params()
    for name in ("effective_metric_", "n_features_in_", "n_samples_fit_"):
        assert getattr(found, name) == getattr(model, name)
    assert_same_answers(found, model, sample(9, dtype=dtype, seed=1))
    assert_same_answers(pickle.loads(pickle.dumps(found)), model, sample(9, seed=1))


def test_mapped_rows_stay_in_the_file(tmp_path):
    found = saved(fitted(NearestNeighbors), tmp_path, mmap=True)
    rows = found._searcher.rows
    assert not rows.flags.writeable
    while not isinstance(rows, np.memmap):
        rows = rows.base
    assert rows.filename == str(tmp_path / "model")
    fitted(NearestNeighbors, sample(seed=5)).save(tmp_path / "model")
    assert_same_answers(found, fitted(NearestNeighbors), sample(9, seed=1))


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("metric", ["l1", "l2", "sqeuclidean"])
def test_the_sketch_is_kept(metric, mmap, tmp_path, monkeypatch):
    X = sample(200)
    model = fitted(NearestNeighbors, X[:150], algorithm="pruned", metric=metric)
    model.partial_fit(X[150:])  # which enter the sketch when they are needed
    found = saved(model, tmp_path, mmap=mmap)

    def build(*arguments, **options):
        raise AssertionError("there is a sketch already")

    monkeypatch.setattr(Sketch, "build", build)
    assert found.search_plan_.levels == model.search_plan_.levels
    assert_same_answers(found, model, sample(9, seed=1))
    assert found.search_plan_.levels[0].measured_survivors is not None
    assert_same_answers(saved(found, tmp_path, mmap=mmap), model, sample(9, seed=1))


def test_a_sketch_that_was_built_on_the_way_is_kept_too(tmp_path, monkeypatch):
    planner = Planner("pruned")
    monkeypatch.setattr(_searcher, "plan_search", planner)
    model = fitted(NearestNeighbors)
    model.kneighbors(sample(9, seed=1))
    found = saved(model, tmp_path)
    assert not hasattr(found, "search_plan_")
    assert_same_answers(found, model, sample(9, seed=1))
    assert planner.asked[-1]["sketch"] is not None


def test_parameters_that_say_more_are_kept(tmp_path):
    given = {"weights": "distance", "n_neighbors": np.int64(3), "p": np.float32(1)}
    for model in (
        fitted(KNeighborsClassifier, ties="nearest", **given),
        fitted(KNeighborsRegressor, local_fit="linear", **given),
    ):
        found = saved(model, tmp_path)
        assert found.get_params() == model.get_params()
        assert_same_answers(found, model, sample(9, seed=1))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_what_was_fitted_counts_not_the_parameters(estimator, tmp_path):
    model = fitted(estimator, metric="l1", algorithm="pruned")
    found = saved(model.set_params(metric="l2", algorithm="brute"), tmp_path)
    assert (found.metric, found.effective_metric_) == ("l2", "manhattan")
    assert (found.algorithm, found.search_plan_.algorithm) == ("brute", "pruned")
    assert_same_answers(found, model, sample(9, seed=1))


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, -1, 3, 7]),
        np.array([3, 1, 3, 7], dtype=np.uint8),
        np.array([True, False, True, True]),
        np.array([3.0, 1.0, 2.0, 2.0]),
        np.array(["three", "öne", "three", "\U0001f408"]),
        np.array(["three", "one", "", "one"], dtype=object),
        pd.Series(["three", "one", "two", "one"]),
        pd.Series(["three", "one", "two", "one"], dtype="category"),
        np.array([3, 1, 2, 3], dtype=">i4"),
        np.array([["a", "b"], ["a", "c"], ["d", "d"], ["a", "b"]], dtype=object),
        np.array([[1, 2, 1], [0, 5, 5], [1, 1, 1], [1, 2, 3]]),
    ],
)
def test_labels_of_any_type_are_kept(labels, tmp_path):
    X = np.arange(4.0)[:, None]
    model = KNeighborsClassifier(1).fit(X, labels)
    found = saved(model, tmp_path)
    assert found.predict(X).tolist() == model.predict(X).tolist() == np.asarray(labels).tolist()
    assert found.predict(X).dtype == model.predict(X).dtype.newbyteorder("=")
    assert found.outputs_2d_ is model.outputs_2d_
    if not model.outputs_2d_:
        assert found.predict_proba(X).tolist() == model.predict_proba(X).tolist()


@pytest.mark.parametrize("y", [np.arange(60.0) % 7, np.arange(120.0).reshape(60, 2) % 7])
@pytest.mark.parametrize("weight", [None, np.arange(60.0)])
def test_targets_and_sample_weights_are_kept(y, weight, tmp_path):
    X, queries = sample(), sample(9, seed=1)
    for model in (
        KNeighborsRegressor().fit(X, y, weight),
        KNeighborsClassifier().fit(X, y, weight),
    ):
        assert_same_answers(saved(model, tmp_path), model, queries)


def test_names_of_columns_and_shapes_of_images_are_kept(tmp_path):
    frame = pd.DataFrame(sample(d=3), columns=["a", "ß", "c"])
    found = saved(fitted(NearestNeighbors, frame), tmp_path)
    assert found.feature_names_in_.dtype == object
    assert found.feature_names_in_.tolist() == ["a", "ß", "c"]
    with pytest.raises(ValueError, match="The feature names should match"):
        found.kneighbors(frame.rename(columns={"a": "z"}))
    images = sample().reshape(-1, 2, 2, 3)
    found = saved(fitted(NearestNeighbors, images), tmp_path)
    assert not hasattr(found, "feature_names_in_")
    with pytest.raises(ValueError, match=r"X has shape .* single image"):
        found.kneighbors(images[0])
    assert_same_answers(found, fitted(NearestNeighbors, images), images[:9])


def test_parameters_that_a_file_does_not_know_take_their_defaults(tmp_path):
    path = tmp_path / "model"
    fitted(KNeighborsClassifier, n_neighbors=3).save(path)
    facts, arrays = read_arrays(path, "KNeighborsClassifier")
    del facts["parameters"]["ties"]
    write_arrays(path, "KNeighborsClassifier", facts, arrays)
    found = KNeighborsClassifier.load(path)
    assert (found.n_neighbors, found.ties) == (3, "smallest")


def test_a_file_can_be_written_over_with_what_it_holds(tmp_path):
    model = fitted(KNeighborsClassifier)
    mapped = saved(model, tmp_path, mmap=True)
    assert_same_answers(saved(mapped, tmp_path), model, sample(9, seed=1))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_only_fitted_estimators_are_saved(estimator, tmp_path):
    with pytest.raises(NotFittedError):
        estimator().save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_what_a_file_cannot_hold_is_named(tmp_path):
    model = fitted(KNeighborsClassifier, weights=np.exp)
    with pytest.raises(ValueError, match=r"weights=<ufunc 'exp'> cannot be stored; finite numbers"):
        model.save(tmp_path / "model")
    model.set_params(weights="uniform", p=np.inf)
    with pytest.raises(ValueError, match="p=inf cannot be stored"):
        model.save(tmp_path / "model")
    model = KNeighborsClassifier().fit([[0], [1]], np.array(["a", "a\0"], dtype=object))
    with pytest.raises(ValueError, match=r"classes_ holds 'a\\x00', of which .* lose the end"):
        model.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_files_of_other_classes_are_refused(tmp_path):
    fitted(KNeighborsRegressor).save(tmp_path / "model")
    for estimator in (NearestNeighbors, KNeighborsClassifier):
        message = f"model: holds 'KNeighborsRegressor', expected '{estimator.__name__}'"
        with pytest.raises(ValueError, match=message):
            estimator.load(tmp_path / "model")
    with pytest.raises(FileNotFoundError):
        NearestNeighbors.load(tmp_path / "missing")


def test_subclasses_load_their_own(tmp_path):
    class Mine(KNeighborsClassifier):
        def __init__(self, extra="x", *, n_neighbors=5):
            super().__init__(n_neighbors)
            self.extra = extra

    found = saved(fitted(Mine, extra="y"), tmp_path)
    assert (type(found), found.get_params()) == (Mine, {"extra": "y", "n_neighbors": 5})
    with pytest.raises(ValueError, match="holds 'Mine', expected 'KNeighborsClassifier'"):
        KNeighborsClassifier.load(tmp_path / "model")


def set_fact(name, value):
    return lambda facts, arrays: facts.__setitem__(name, value)


def set_array(name, *value, **options):
    return lambda facts, arrays: arrays.__setitem__(name, np.array(*value, **options))


def drop(name):
    return lambda facts, arrays: (facts.pop(name, None), arrays.pop(name, None))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("parameters"), "'parameters' is missing"),
        (set_fact("parameters", {"n_trees": 5}), "its parameters are {'n_trees': 5}, not"),
        (set_fact("parameters", {"p": [5]}), r"its parameter p is \[5\]"),
        (set_fact("parameters", [3]), "its parameters are"),
        (drop("metric"), "'metric' is missing"),
        (set_fact("metric", "chebyshev"), "the metric is 'chebyshev'"),
        (set_fact("metric", [1]), "the metric is"),
        (drop("algorithm"), "'algorithm' is missing"),
        (set_fact("algorithm", "kd_tree"), "algorithm must be 'auto' or 'brute' or 'pruned'"),
        (set_fact("metric", "manhattan"), "its sketch is not one of its rows"),
        (set_array("rows", np.zeros((60, 11))), "12 features|11 features"),
        (set_array("sketch codes_0", np.zeros((60, 2), np.uint8)), "codes_0 must have shape"),
        (drop("sketch codes_0"), "codes_0 is missing"),
        (drop("sketch metric"), "metric is missing"),
        (set_fact("row_shape", [5]), "12 features are no row of shape"),
        (set_fact("row_shape", [-12, -1]), "12 features are no row of shape"),
        (set_fact("row_shape", [12.0]), "12 features are no row of shape"),
        (set_fact("row_shape", 3), "not iterable"),
        (drop("rows"), "'rows' is missing"),
        (set_array("rows", [[True]]), "rows has dtype bool"),
        (set_array("rows", [1.0]), "rows has shape"),
        (set_array("rows", np.empty((0, 12))), "rows has dtype float64 and shape"),
        (set_array("rows", np.empty((5, 0))), "rows has dtype float64 and shape"),
        (set_array("rows", np.zeros((60, 12)), dtype=np.float16), "rows has dtype float16"),
        (set_array("rows", np.full((60, 12), np.nan)), "contains NaN"),
        (set_array("rows", np.zeros((59, 12))), "its sketch is not one of its rows"),
        (set_array("feature_names", ["a"]), "feature_names has shape"),
        (set_array("feature_names", np.arange(12)), "feature_names has dtype int64"),
        (set_array("sample_weight", [1.0]), "sample_weight must have shape"),
        (set_array("sample_weight", np.full(60, -1.0)), "sample_weight must be finite and not neg"),
        (set_array("sample_weight", np.arange(60)), "sample_weight has dtype int64"),
        (drop("targets"), "'targets' is missing"),
        (set_array("targets", np.full((60, 1), 5)), "some of its targets are none of its classes"),
        (set_array("targets", np.full((60, 1), -1)), "some of its targets are none of its classes"),
        (set_array("targets", np.zeros((60, 1))), "targets has dtype float64"),
        (set_array("targets", np.zeros((60, 2), int)), "targets has shape"),
        (set_array("classes 0", [["a"]]), "classes 0 has shape"),
        (set_array("classes 0", np.array([], int)), "some of its targets are none"),
        (drop("classes 0"), "'classes 0' is missing"),
        (set_fact("boxed", []), "its outputs make no sense"),
        (set_fact("boxed", [False, False]), "its outputs make no sense"),
        (set_fact("boxed", 3), "is not iterable|has no len"),
        (set_fact("outputs_2d", "no"), "its outputs make no sense"),
    ],
)
def test_files_that_make_no_sense_are_refused(change, message, tmp_path):
    """Every checksum is right, for `write_arrays` has written them."""
    path = tmp_path / "model"
    fitted(KNeighborsClassifier, algorithm="pruned").save(path)
    facts, arrays = read_arrays(path, "KNeighborsClassifier")
    change(facts, arrays)
    write_arrays(path, "KNeighborsClassifier", facts, arrays)
    expected = f"^{path}: holds no fitted KNeighborsClassifier: .*{message}"
    with pytest.raises(ValueError, match=expected):
        KNeighborsClassifier.load(path)


@pytest.mark.parametrize("other", [sample(61), sample(d=11)])
def test_sketches_of_other_rows_are_refused(other, tmp_path):
    path = tmp_path / "model"
    fitted(NearestNeighbors, other, algorithm="pruned").save(path)
    stored = read_arrays(path, "NearestNeighbors")[1]
    fitted(NearestNeighbors, algorithm="pruned").save(path)
    facts, arrays = read_arrays(path, "NearestNeighbors")
    write_arrays(path, "NearestNeighbors", facts, stored | {"rows": arrays["rows"]})
    with pytest.raises(ValueError, match="its sketch is not one of its rows"):
        NearestNeighbors.load(path)


@pytest.mark.parametrize(
    "targets",
    [np.zeros(59), np.zeros((60, 1, 1)), np.zeros(60, int), np.full(60, np.nan), np.array(0.0)],
)
def test_targets_that_make_no_sense_are_refused(targets, tmp_path):
    path = tmp_path / "model"
    fitted(KNeighborsRegressor).save(path)
    facts, arrays = read_arrays(path, "KNeighborsRegressor")
    write_arrays(path, "KNeighborsRegressor", facts, arrays | {"targets": targets})
    with pytest.raises(ValueError, match=r"holds no fitted KNeighborsRegressor: .*targets"):
        KNeighborsRegressor.load(path)
