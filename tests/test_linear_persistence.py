"""Linear classifiers in files: they answer and go on learning as before, and no file does harm."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from nearplane import KNeighborsClassifier, LinearClassifier, LinearClassifierSweep
from nearplane._storage import read_arrays, write_arrays
from nearplane.linear_model import (
    ConstantRate,
    CosineDecay,
    ExponentialDecay,
    InverseTimeDecay,
    StepDecay,
)

from .linear_sweep_data import assert_same_history, fitted_pairs, two_sets_of_digits

(X, y), (X_VAL, y_val) = two_sets_of_digits()


def fitted(loss="softmax", rows=X, labels=y, **params):
    """Return a classifier that is trained in no time, and to some avail."""
    params = {"max_epochs": 3, "batch_size": 32, "random_state": 0} | params
    return LinearClassifier(loss, **params).fit(rows, labels)


def saved(model, tmp_path, **options):
    model.save(tmp_path / "model")
    return LinearClassifier.load(tmp_path / "model", **options)


def assert_same(found, expected):
    """Fail unless two classifiers are equal in all that is fitted, to the last bit."""
    for name, (one, other) in fitted_pairs(found, expected).items():
        if isinstance(other, dict):
            assert_same_history(one, other)
        elif isinstance(other, np.ndarray):
            assert one.dtype == other.dtype.newbyteorder("=")
            np.testing.assert_array_equal(one, other, err_msg=name)
        else:
            np.testing.assert_equal(one, other, err_msg=name)  # to which NaN is equal


@pytest.mark.parametrize("loading", [{}, {"mmap": True}, {"mmap": True, "verify": False}])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"loss": "hinge", "penalty": None, "preprocess": "none"},
        {"loss": "ovr_logistic", "preprocess": "center", "optimizer": "adam"},
        {"solver": "lbfgs", "max_epochs": 20, "tol": 1e-2},
        {"early_stopping": True, "record_steps": True},
    ],
)
def test_all_that_was_fitted_is_kept(params, dtype, loading, tmp_path):
    model = fitted(rows=X.astype(dtype).reshape(-1, 8, 8), **params)
    found = saved(model, tmp_path, **loading)
    assert found.get_params() == model.get_params()
    assert_same(found, model)
    assert found.predict(X_VAL).tolist() == model.predict(X_VAL).tolist()
    assert_same(pickle.loads(pickle.dumps(found)), model)
    with pytest.raises(ValueError, match=r"X has shape \(8, 8\).* single image"):
        found.predict(X_VAL[0].reshape(8, 8))


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adagrad", "rmsprop", "adam"])
def test_training_goes_on_as_it_would_have(optimizer, mmap, tmp_path):
    model = fitted(optimizer=optimizer, warm_start=True, record_steps=True)
    found = saved(model, tmp_path, mmap=mmap)
    assert_same(found.partial_fit(X, y), model.partial_fit(X, y))
    found = saved(model, tmp_path, mmap=mmap)
    assert_same(found.fit(X, y), model.fit(X, y))
    assert model.stop_reason_ == "max_epochs"


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, -1, 3, 7]),
        np.array([3, 1, 3, 7], dtype=np.uint8),
        np.array([True, False, True, True]),
        np.array([3.0, 1.0, 2.0, 2.0]),
        np.array(["three", "öne", "three", "\U0001f408"]),
        np.array(["three", "one", "", "one"], dtype=object),
        pd.Series(["three", "one", "two", "one"], dtype="category"),
        np.array([3, 1, 2, 3], dtype=">i4"),
    ],
)
def test_labels_of_any_type_are_kept(labels, tmp_path):
    model = fitted(rows=np.eye(4), labels=labels)
    found = saved(model, tmp_path)
    assert found.predict(np.eye(4)).tolist() == model.predict(np.eye(4)).tolist()
    assert found.predict(np.eye(4)).dtype == model.predict(np.eye(4)).dtype.newbyteorder("=")


@pytest.mark.parametrize(
    "params",
    [
        {"schedule": StepDecay(every=2, factor=np.float32(0.25))},
        {"schedule": ConstantRate()},
        {"schedule": ExponentialDecay(0.5)},
        {"schedule": InverseTimeDecay(np.int64(1))},
        {"schedule": CosineDecay(final=0.1)},
        {"class_weight": {3: 2.0, np.int64(5): np.float32(0.5)}},
        {"class_weight": "balanced", "alpha": np.float64(0.1)},
    ],
)
def test_parameters_that_are_objects_are_kept(params, tmp_path):
    model = fitted(**params)
    found = saved(model, tmp_path)
    assert found.get_params() == model.get_params()
    assert_same(found.fit(X, y), model)


def test_weights_by_name_and_by_truth_are_kept(tmp_path):
    names = np.array(["cat", "dog"])[y % 2]
    for labels, class_weight in ((names, {"dog": 3}), (y % 2 == 1, {True: 3})):
        found = saved(fitted(labels=labels, class_weight=class_weight), tmp_path)
        assert found.class_weight == class_weight
        assert [type(key) for key in found.class_weight] == [type(key) for key in class_weight]


def test_edited_weights_and_classes_are_kept(tmp_path):
    model = fitted()
    model.coef_ = model.coef_[:2].round().astype(int)
    model.intercept_ = [0.5, -0.5]
    model.classes_ = np.array(["z", "a"])
    model._moments = model._moments[:, :2]
    found = saved(model, tmp_path)
    expected = X_VAL @ model.coef_.T + model.intercept_
    expected = np.array(["z", "a"])[expected.argmax(axis=1)]
    assert found.predict(X_VAL).tolist() == expected.tolist()


def test_names_of_columns_are_kept(tmp_path):
    frame = pd.DataFrame(X[:, :3], columns=["a", "ß", "c"])
    found = saved(fitted(rows=frame), tmp_path)
    assert found.feature_names_in_.tolist() == ["a", "ß", "c"]
    with pytest.raises(ValueError, match="The feature names should match"):
        found.predict(frame.rename(columns={"a": "z"}))


def test_a_sweep_saves_its_best(tmp_path):
    model = LinearClassifier(max_epochs=3)
    sweep = LinearClassifierSweep(model, {"alpha": [0.001, 0.01]}, random_state=0)
    with pytest.raises(NotFittedError):
        sweep.save(tmp_path / "model")
    sweep.fit(X, y).save(tmp_path / "model")
    assert_same(LinearClassifier.load(tmp_path / "model"), sweep.best_estimator_)


def test_only_fitted_classifiers_are_saved(tmp_path):
    with pytest.raises(NotFittedError):
        LinearClassifier().save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"schedule": np.ones_like}, "schedule=.*cannot be stored; finite numbers, text"),
        ({"random_state": np.random.RandomState(0)}, "random_state=.*cannot be stored"),
        ({"class_weight": {3: np.inf}}, "class_weight=.*cannot be stored"),
        ({"class_weight": {(3, 4): 1}}, "class_weight=.*cannot be stored"),
    ],
)
def test_what_a_file_cannot_hold_is_named(params, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        fitted().set_params(**params).save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_files_of_other_classes_are_refused(tmp_path):
    KNeighborsClassifier().fit(X, y).save(tmp_path / "model")
    with pytest.raises(ValueError, match="'KNeighborsClassifier', expected 'LinearClassifier'"):
        LinearClassifier.load(tmp_path / "model")


def set_fact(name, value):
    return lambda facts, arrays: facts.__setitem__(name, value)


def set_parameter(name, value):
    return lambda facts, arrays: facts["parameters"].__setitem__(name, value)


def set_array(name, *value, **options):
    return lambda facts, arrays: arrays.__setitem__(name, np.array(*value, **options))


def drop(name):
    return lambda facts, arrays: (facts.pop(name, None), arrays.pop(name, None))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("parameters"), "'parameters' is missing"),
        (set_fact("parameters", {"n_trees": 5}), "its parameters are {'n_trees': 5}, not"),
        (set_parameter("alpha", [5]), r"its parameter alpha is \[5\]"),
        (set_parameter("schedule", {}), "'schedule' is missing"),
        (set_parameter("schedule", {"schedule": "eval"}), "'eval' is missing"),
        (set_parameter("schedule", {"schedule": ["StepDecay"]}), "unhashable"),
        (set_parameter("schedule", {"schedule": "StepDecay", "at": 3}), "at"),
        (set_parameter("schedule", {"schedule": "StepDecay", "every": 0}), "every must be"),
        (set_parameter("checkpoint", "/home/you/.profile"), "its parameter checkpoint is '/home"),
        (set_parameter("class_weight", {"pairs": [1]}), "sequence"),
        (set_parameter("class_weight", {"pairs": [[[], 1]]}), "unhashable"),
        (set_fact("image_shape", [8, 9]), "64 features are no row of shape"),
        (set_fact("image_shape", [-8, -8]), "64 features are no row of shape"),
        (set_fact("image_shape", [8.0, 8]), "64 features are no row of shape"),
        (set_fact("image_shape", 64), "not iterable"),
        (set_fact("learning_rate", -1), "learning_rate must be finite and above 0"),
        (set_fact("learning_rate", "fast"), "learning_rate must be a number"),
        (set_fact("n_iter", 4), r"history_ epoch has shape \(3,\)"),
        (set_fact("n_iter", -1), "n_iter must be at least 0"),
        (set_fact("n_iter", 3.0), "n_iter must be an integer"),
        (set_fact("best_epoch", 4), "epoch 4 of 3 is best"),
        # The core would count on from there, into negative numbers.
        (set_fact("n_steps", 2**63 - 1), "n_steps must be at most 4611686018427387904"),
        (set_fact("n_steps", -1), "n_steps must be at least 0"),
        (set_fact("stop_reason", "bored"), "stop_reason must be"),
        (set_fact("stop_reason", ["tol"]), "stop_reason must be"),
        (set_fact("optimizer", "lion"), "optimizer must be"),
        (drop("optimizer"), "'optimizer' is missing"),
        (drop("boxed"), "'boxed' is missing"),
        (drop("coef"), "'coef' is missing"),
        (set_array("coef", np.zeros((10, 63))), r"has shape .*, expected"),
        (set_array("coef", np.zeros((9, 64))), r"has shape .*, expected"),
        (set_array("coef", np.zeros(640)), r"coef has shape \(640,\)"),
        (set_array("coef", np.zeros((10, 64), int)), "coef has dtype int64"),
        (set_array("coef", np.full((10, 64), np.nan)), "coef holds numbers that are not finite"),
        (set_array("intercept", np.full(10, np.inf)), "intercept holds numbers that are not fin"),
        (set_array("intercept", 0.0), r"intercept has shape \(\)"),
        (drop("moments"), "'moments' is missing"),
        (set_array("moments", np.zeros((2, 10, 64))), "moments has shape"),
        (set_array("moments", np.full((2, 10, 65), np.nan)), "moments holds numbers that are not"),
        (set_array("mean_", np.zeros(63)), "mean_ has shape"),
        (drop("mean_"), "it has a scale but no mean"),
        (set_array("scale_", np.zeros(64)), "scale_ holds numbers that are not above 0"),
        (set_array("classes", np.arange(9)), "classes has shape"),
        (set_array("classes", 5), "classes has shape"),
        (drop("classes"), "'classes' is missing"),
        (drop("history_ loss"), "'history_ loss' is missing"),
        (set_array("history_ loss", ["a", "b", "c"]), "history_ loss has dtype <U1"),
        (drop("step_history_ step"), "'step_history_ step' is missing"),
        (set_array("step_history_ step", 5), "unsized"),
        (set_array("step_history_ step", [5]), "step_history_ data_loss has shape"),
        (set_array("feature_names", ["a"]), "feature_names has shape"),
    ],
)
def test_files_that_make_no_sense_are_refused(change, message, tmp_path):
    """Every checksum is right, for `write_arrays` has written them."""
    path = tmp_path / "model"
    fitted(record_steps=True).save(path)
    facts, arrays = read_arrays(path, "LinearClassifier")
    change(facts, arrays)
    write_arrays(path, "LinearClassifier", facts, arrays)
    expected = f"^{path}: holds no fitted LinearClassifier: .*{message}"
    with pytest.raises(ValueError, match=expected):
        LinearClassifier.load(path)
