"""Bad arguments: one clear error each, which names the argument and what was found."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from nearplane.linear_model import LinearClassifier

X, Y = load_iris(return_X_y=True)

WRONG_VALUES = {
    "loss": ["log", "loss must be 'softmax' or .*; got 'log'"],
    "penalty": ["l3", "penalty must be .*; got 'l3'"],
    "alpha": [-1, "alpha must be .*; got -1"],
    "l1_ratio": [1.5, "l1_ratio must be .*; got 1.5"],
    "optimizer": ["momentum", "optimizer must be 'sgd' or .*; got 'momentum'"],
    "learning_rate": [0, "learning_rate must be finite and above 0; got 0"],
    "schedule": ["linear", "schedule must be one of 'constant'.*; got 'linear'"],
    "warmup_epochs": [50, "warmup_epochs must be smaller than max_epochs = 50; got 50"],
    "momentum": [1.0, "momentum must be finite and at least 0 and below 1; got 1.0"],
    "decay": [-0.1, "decay must be finite and at least 0 and below 1; got -0.1"],
    "epsilon": [0, "epsilon must be finite and above 0; got 0"],
    "batch_size": [0, "batch_size must be at least 1; got 0"],
    "max_epochs": [0, "max_epochs must be at least 1; got 0"],
    "tol": [-1e-3, "tol must be finite and at least 0; got -0.001"],
    "preprocess": ["scale", "preprocess must be 'none' or 'center' or 'standardize'; got 'scale'"],
    "margin": [float("inf"), "margin must be finite and at least 0; got inf"],
    "class_reduction": ["max", "class_reduction must be 'sum' or 'mean'; got 'max'"],
    "validation_fraction": [1, "validation_fraction must be finite and above 0 and below 1; got 1"],
    "n_iter_no_change": [0, "n_iter_no_change must be at least 1; got 0"],
    "class_weight": ["even", "class_weight must be None, 'balanced', or a dict .*; got 'even'"],
    "solver": ["newton", "solver must be 'sgd' or 'lbfgs'; got 'newton'"],
    "n_jobs": [0, "n_jobs must be None or an integer other than 0; got 0"],
    "random_state": ["dice", "'dice' cannot be used to seed"],
}
WRONG_TYPES = {
    "alpha": ["much", "alpha must be .*number.*; got 'much' of type str"],
    "learning_rate": [None, "learning_rate must be a number; got None of type NoneType"],
    "momentum": [True, "momentum must be a number; got True of type bool"],
    "batch_size": [1.5, "batch_size must be an integer; got 1.5 of type float"],
    "max_epochs": ["many", "max_epochs must be an integer; got 'many' of type str"],
    "early_stopping": [1, "early_stopping must be True or False; got 1"],
    "fit_intercept": [None, "fit_intercept must be True or False; got None"],
    "shuffle": ["yes", "shuffle must be True or False; got 'yes'"],
    "warm_start": [0, "warm_start must be True or False; got 0"],
    "record_steps": [2, "record_steps must be True or False; got 2"],
    "verbose": [1, "verbose must be True or False; got 1"],
    "checkpoint": [5, "checkpoint must be None or the path of a file; got 5 of type int"],
}


@pytest.mark.parametrize(
    ("name", "value", "message"), [(name, *rest) for name, rest in WRONG_VALUES.items()]
)
def test_parameters_out_of_range_are_named(name, value, message):
    model = LinearClassifier(**{name: value})
    for fit in (model.fit, lambda *data: model.set_params(warm_start=True).fit(*data)):
        with pytest.raises(ValueError, match=message):
            fit(X, Y)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize(
    ("name", "value", "message"), [(name, *rest) for name, rest in WRONG_TYPES.items()]
)
def test_parameters_of_a_wrong_type_are_named(name, value, message):
    with pytest.raises(TypeError, match=message):
        LinearClassifier(**{name: value}).fit(X, Y)


def test_every_parameter_has_been_tried():
    tried = {*WRONG_VALUES, *WRONG_TYPES}
    assert set(LinearClassifier().get_params()) == tried


def test_a_learning_rate_may_be_auto_but_no_other_word():
    with pytest.raises(
        ValueError, match=r"learning_rate must be 'auto' or a number .*; got 'best'"
    ):
        LinearClassifier(learning_rate="best").fit(X, Y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "hinge"}, "loss must be one of 'softmax', .* for solver='lbfgs'.*got 'hinge'"),
        ({"penalty": "l1"}, "penalty must be 'l2' or None for solver='lbfgs'"),
        ({"early_stopping": True}, "early_stopping must be False for solver='lbfgs'"),
        ({"checkpoint": "file"}, "checkpoint must be None for solver='lbfgs'"),
    ],
)
def test_lbfgs_wants_smooth_functions(options, message):
    with pytest.raises(ValueError, match=message):
        LinearClassifier(solver="lbfgs", **options).fit(X, Y)
    LinearClassifier(solver="lbfgs", penalty="elasticnet", l1_ratio=0, max_epochs=500).fit(X, Y)


def fit(**options):
    return LinearClassifier().fit(**{"X": X, "y": Y, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"X": X[:, 0]}, "Expected 2D array, got 1D array instead: X has shape"),
        ({"X": X[:0], "y": Y[:0]}, "y must hold one target for each row of X"),
        ({"X": X[:5]}, "X and y must have the same number of samples: X has 5, y has 150"),
        ({"X": np.where(X > 7.8, np.nan, X)}, "Input X contains NaN: first in row 131, column 0"),
        ({"y": None}, "requires y to be passed, but the target y is None"),
        ({"y": np.column_stack([Y, Y])}, r"y must hold one label for each row; got shape \(150, 2"),
        ({"y": Y + 0.5}, "Unknown label type: continuous"),
        ({"y": np.where(Y, Y, np.nan)}, "Input y contains NaN"),
        ({"sample_weight": np.ones(7)}, r"sample_weight must have shape \(150,\)"),
        ({"sample_weight": -np.ones(150)}, "sample_weight must be finite and not negative; got -1"),
        ({"sample_weight": np.zeros(150)}, "sample_weight must hold at least one weight"),
        ({"X_val": X[:5]}, "requires y_val to be passed, but the target y_val is None"),
        ({"y_val": Y[:5]}, "X_val must be given along with y_val; got None"),
        ({"X_val": X[:5], "y_val": Y[:4]}, "same number of samples: X_val has 5, y_val has 4"),
        ({"X_val": X[:5, :3], "y_val": Y[:5]}, "X_val must have 4 features, as X has; got 3"),
        ({"X_val": X[:2], "y_val": [0, 7]}, r"y_val must hold labels among the classes .*; got 7"),
    ],
)
def test_data_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        fit(**options)


@pytest.mark.parametrize("preprocess", ["none", "center", "standardize"])
def test_values_too_large_to_work_with_are_told(preprocess):
    with pytest.raises(ValueError, match="X holds values too large to be squared in float64"):
        LinearClassifier(preprocess=preprocess).fit(1e200 * X, Y)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({5: 1.0}, r"class_weight gives 5 a weight, which is none of the classes \[0, 1, 2\]"),
        ({1: -2.0}, r"class_weight\[1\] must be finite and at least 0; got -2"),
        ({0: 0, 1: 0, 2: 0}, "class_weight={.*} leaves no row with a weight that is not zero"),
    ],
)
def test_class_weights_are_checked(weights, message):
    with pytest.raises(ValueError, match=message):
        LinearClassifier(class_weight=weights).fit(X, Y)


def test_class_weights_of_all_classes_may_name_others():
    weights = {0: 1.0, 1: 2.0, 2: 3.0}
    model = LinearClassifier(class_weight=weights | {5: 7.0}, max_epochs=2, random_state=0)
    expected = LinearClassifier(class_weight=weights, max_epochs=2, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(model.fit(X, Y).coef_, expected.coef_)


def test_class_weights_are_numbers():
    with pytest.raises(TypeError, match=r"class_weight\[0\] must be a number; got 'much'"):
        LinearClassifier(class_weight={0: "much"}).fit(X, Y)


def test_a_single_row_cannot_be_split():
    with pytest.raises(ValueError, match=r"early_stopping=True .* X must have at least 2"):
        LinearClassifier(early_stopping=True).fit(X[:1], Y[:1])


def test_partial_fit_needs_to_know_the_classes():
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        LinearClassifier().partial_fit(X, Y)
    model = LinearClassifier().partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"classes must be the ones of the first call, \[0, 1, 2"):
        model.partial_fit(X, Y, classes=[0, 1, 2, 3])
    with pytest.raises(ValueError, match=r"y must hold labels among the classes .*; got 3"):
        model.partial_fit(X, Y + 1)
    with pytest.raises(ValueError, match="X has 3 features, but LinearClassifier is expecting 4"):
        model.partial_fit(X[:, :3], Y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"early_stopping": True}, "early_stopping must be False for partial_fit"),
        ({"class_weight": "balanced"}, "class_weight must be None or a dict for partial_fit"),
    ],
)
def test_partial_fit_does_not_see_all_rows(options, message):
    with pytest.raises(ValueError, match=message):
        LinearClassifier(**options).partial_fit(X, Y, classes=[0, 1, 2])


def test_lbfgs_has_no_partial_fit():
    assert not hasattr(LinearClassifier(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'"):
        LinearClassifier(solver="lbfgs").partial_fit(X, Y, classes=[0, 1, 2])


def test_warm_start_goes_on_with_the_same_classes_and_features():
    model = LinearClassifier(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match=r"y must hold the classes \[0, 1, 2\] .*; got \[0, 1\]"):
        model.fit(X[:100], Y[:100])
    with pytest.raises(ValueError, match=r"X must have the 4 features .*; got 2"):
        model.fit(X[:, :2], Y)
    assert model.n_features_in_ == 4


def test_predictions_are_checked():
    model = LinearClassifier()
    for method in (model.predict, model.decision_function, model.predict_proba):
        with pytest.raises(NotFittedError):
            method(X)
    model.fit(X, Y)
    with pytest.raises(ValueError, match="X has 3 features, but LinearClassifier is expecting 4"):
        model.predict(X[:, :3])
    with pytest.raises(ValueError, match="Input X contains infinity"):
        model.predict(X * np.inf)
    with pytest.raises(ValueError, match="k must be at least 1; got 0"):
        model.top_k_accuracy(X, Y, k=0)
    with pytest.raises(ValueError, match=r"y must have shape \(150,\), one label for each row"):
        model.top_k_accuracy(X, Y[:3])
