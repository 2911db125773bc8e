"""`LinearClassifierCV` finds what GridSearchCV finds, score for score."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError, UndefinedMetricWarning
from sklearn.metrics import make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
)

from nearplane.linear_model import LinearClassifierCV

from .linear_sweep_data import quick, two_sets_of_digits

(X, y), (X_VAL, y_val) = two_sets_of_digits()
WEIGHT = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
NAMES = np.array(["zero", "one", "two", "3", "4", "5", "6", "7", "eight", "nine"])
CHOSEN = ("loss", "alpha", "learning_rate", "optimizer", "penalty", "preprocess")


def chosen(params):
    """Return a grid with all that a LinearClassifierCV may choose, of what the CV is given."""
    found = LinearClassifierCV(**params).get_params(deep=False)
    return {
        name: [value] if isinstance(value, str | float | int | None) else list(value)
        for name, value in found.items()
        if name in CHOSEN
    }


def assert_found_by_grid_search(
    base, grid, rows=X, labels=y, *, weight=None, groups=None, **params
):
    """Fail unless both search alike, to the last bit; return ours."""
    ours = LinearClassifierCV(**grid, estimator=base, **params)
    assert ours.fit(rows, labels, weight, groups=groups) is ours
    theirs = GridSearchCV(base, chosen(grid), **params)
    with warnings.catch_warnings():  # of every fit that was too short
        warnings.filterwarnings("ignore", "After training the loss", ConvergenceWarning)
        theirs.fit(rows, labels, sample_weight=weight, groups=groups)
    assert ours.n_splits_ == theirs.n_splits_
    for name, column in theirs.cv_results_.items():
        if name == "params":
            assert ours.cv_results_[name] == column
        elif "_time" in name:
            assert (ours.cv_results_[name] >= 0).all()
        else:
            np.testing.assert_array_equal(ours.cv_results_[name], column, err_msg=name)
            assert ours.cv_results_[name].dtype == column.dtype
    assert np.isfinite(ours.cv_results_["mean_test_score"]).all()
    assert ours.best_index_ == theirs.best_index_
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == theirs.best_score_
    for name, value in theirs.best_params_.items():
        assert getattr(ours, f"{name}_") == value
    np.testing.assert_array_equal(ours.best_estimator_.coef_, theirs.best_estimator_.coef_)
    assert ours.score(rows, labels) == theirs.score(rows, labels)
    return ours


def test_every_parameter_may_be_a_list():
    grid = {
        "loss": ["softmax", "hinge"],
        "alpha": np.array([0.1]),
        "learning_rate": ["auto", 0.01],
        "optimizer": ("sgd", "adam"),
        "penalty": ["l2", None],
        "preprocess": ["standardize", "none"],
    }
    model = assert_found_by_grid_search(quick(), grid, cv=2)
    table = pd.DataFrame(model.cv_results_)
    assert len(table) == len(model.histories_) == 32
    assert set(table.status) == {"finished"}
    assert (table.mean_n_iter == 3).all()
    alone = quick(**model.best_params_)
    rates = [
        alone.fit(X[rows], y[rows]).learning_rate_ for rows, _ in StratifiedKFold(2).split(X, y)
    ]
    assert table.mean_learning_rate[model.best_index_] == pytest.approx(np.mean(rates))


@pytest.mark.parametrize(
    "cv",
    [
        None,
        3,
        GroupKFold(3),
        RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0),
        ShuffleSplit(3, test_size=0.1, random_state=0),
        PredefinedSplit(np.arange(400) ** 2 // 40000),
        [(np.arange(399, 99, -1), np.arange(100)), (np.arange(50, 250) // 2 * 2, np.arange(25))],
    ],
)
def test_any_splitter_gives_the_scores_of_grid_search(cv):
    groups = np.random.default_rng(0).integers(0, 7, len(y)) if "Group" in str(cv) else None
    assert_found_by_grid_search(quick(), {"alpha": [0.001, 0.1]}, cv=cv, groups=groups)


@pytest.mark.parametrize(
    ("params", "grid"),
    [
        ({"early_stopping": True, "max_epochs": 30, "n_iter_no_change": 2}, {}),
        ({"tol": 0.05, "max_epochs": 30, "n_iter_no_change": 1}, {}),
        ({"class_weight": "balanced"}, {"loss": ["softmax", "ovr_hinge"]}),
        ({"class_weight": {3: 4.0, 7: 0.0}}, {}),
        ({"schedule": "step", "shuffle": False, "fit_intercept": False}, {"penalty": "l1"}),
        ({"solver": "lbfgs", "max_epochs": 200, "tol": 0.01}, {"preprocess": "center"}),
    ],
)
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_other_parameters_are_the_estimators(params, grid, weight):
    grid = {"alpha": [0.01, 0.1]} | grid
    model = assert_found_by_grid_search(quick(**params), grid, weight=weight, cv=3)
    assert model.best_estimator_.get_params() == quick(**params, **model.best_params_).get_params()


def test_early_stopping_ends_each_setting_by_itself():
    base = quick(early_stopping=True, max_epochs=30, n_iter_no_change=1)
    model = LinearClassifierCV(alpha=[0.01, 10.0], estimator=base, cv=2).fit(X, y)
    assert model.cv_results_["status"].tolist() == ["stopped early"] * 2
    assert (model.cv_results_["mean_n_iter"] < 30).all()
    assert np.isfinite(model.histories_[0]["validation_accuracy"]).all()


@pytest.mark.parametrize(
    "scoring",
    [
        "neg_log_loss",
        "f1_macro",
        "roc_auc_ovr",
        "top_k_accuracy",
        make_scorer(lambda truth, found: float(np.mean(truth == found)) ** 2),
        lambda estimator, rows, labels: estimator.coef_.std() + estimator.score(rows, labels),
        lambda estimator, rows, labels, sample_weight=None: np.float32(len(rows)),
    ],
)
@pytest.mark.filterwarnings("ignore:The scoring .* does not support sample_weight")
def test_any_scorer_is_asked(scoring):
    grid = {"alpha": [0.001, 0.1]}
    assert_found_by_grid_search(quick(), grid, cv=3, scoring=scoring)
    assert_found_by_grid_search(quick(), grid, cv=3, scoring=scoring, weight=1 + WEIGHT)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", ">f4"])
def test_rows_and_labels_of_any_type_are_read(dtype):
    images = X.reshape(-1, 8, 8).astype(dtype)
    images.setflags(write=False)
    grid = {"alpha": [0.001, 0.1]}
    for labels in (NAMES[y], y % 2 == 0, y.astype(np.uint8)):
        model = assert_found_by_grid_search(quick(), grid, images, labels, cv=2)
        assert model.best_estimator_.image_shape_ == (8, 8)
        np.testing.assert_array_equal(model.classes_, np.unique(labels))
        assert model.n_features_in_ == 64


def test_names_of_columns_reach_the_scorer():
    frame = pd.DataFrame(X[:, 10:14], columns=list("abcd"))

    def scoring(estimator, rows, labels):
        assert list(rows.columns) == list(estimator.feature_names_in_) == list("abcd")
        return estimator.score(rows, labels)

    model = assert_found_by_grid_search(quick(), {"alpha": [0, 0.01]}, frame, cv=2, scoring=scoring)
    assert model.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[list("dcba")])


def test_a_fold_knows_only_the_labels_it_has_seen():
    folds = PredefinedSplit(np.where(y == 3, 0, np.arange(400) % 3))
    grid = {"loss": ["hinge", "softmax"], "alpha": [0.001, 0.1]}
    model = assert_found_by_grid_search(quick(), grid, cv=folds)
    np.testing.assert_array_equal(model.classes_, np.arange(10))
    model = assert_found_by_grid_search(quick(class_weight="balanced"), grid, cv=folds)
    assert model.best_estimator_.coef_.shape == (10, 64)
    every = {label: 1 + label for label in range(10)}
    assert_found_by_grid_search(quick(class_weight=every), grid, cv=folds)


def test_weights_of_labels_absent_in_a_fold_are_taken():
    folds = PredefinedSplit(np.where(y == 3, 0, np.arange(400) % 3))
    base = quick(class_weight={3: 2.0, 4: 3.0})
    model = LinearClassifierCV(alpha=[0.001], estimator=base, cv=folds).fit(X, y)
    for split, (rows, test) in enumerate(folds.split()):
        present = [label for label in (3, 4) if label in y[rows]]
        weight = {label: base.class_weight[label] for label in present}
        alone = quick(alpha=0.001, class_weight=weight).fit(X[rows], y[rows])
        assert model.cv_results_[f"split{split}_test_score"] == [alone.score(X[test], y[test])]
    with pytest.raises(ValueError, match="class_weight gives 11 a weight, which is none of the"):
        LinearClassifierCV(estimator=quick(class_weight={11: 2.0})).fit(X, y)


def test_settings_that_diverge_are_last_and_named():
    model = LinearClassifierCV(
        alpha=0.01, learning_rate=[1e30, "auto", 0.01], estimator=quick(), cv=3
    )
    with pytest.warns(ConvergenceWarning, match=r"1 of 3 settings diverged: .*1e\+30") as caught:
        model.fit(X, y)
    assert caught[0].filename == __file__
    table = pd.DataFrame(model.cv_results_)
    assert table.rank_test_score[0] == 3
    assert table.filter(regex="test_score").loc[0].drop("rank_test_score").isna().all()
    assert table.status[0] == "diverged at epoch 1"
    assert table.mean_fit_time[0] > 0
    others = clone(model).set_params(learning_rate=["auto", 0.01]).fit(X, y)
    for name in ("mean_test_score", "std_test_score", "split2_test_score"):
        np.testing.assert_array_equal(model.cv_results_[name][1:], others.cv_results_[name])
    assert model.best_params_ == others.best_params_


def test_if_all_diverge_there_is_no_best():
    model = LinearClassifierCV(alpha=0, learning_rate=[1e30, 1e20], estimator=quick())
    with pytest.raises(ValueError, match="no best setting: 2 of 2 settings diverged"):
        model.fit(X, y)
    assert np.isnan(model.cv_results_["mean_test_score"]).all()
    assert not hasattr(model, "best_params_")
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_scores_that_are_nan_are_told():
    def scoring(estimator, rows, labels):
        return np.nan if estimator.alpha == 1 else estimator.score(rows, labels)

    model = LinearClassifierCV(alpha=[1, 0.1], estimator=quick(), cv=2, scoring=scoring)
    with pytest.warns(UndefinedMetricWarning, match="scoring returned NaN"):
        model.fit(X, y)
    assert model.cv_results_["rank_test_score"].tolist() == [2, 1]


def test_one_row_may_be_left_out_at_a_time():
    few, labels, alpha = X[y < 3][:40], y[y < 3][:40], [0.01, 0.1]
    model = LinearClassifierCV(alpha=alpha, estimator=quick(), cv="loo").fit(few, labels)
    theirs = GridSearchCV(quick(), {"alpha": alpha}, cv=LeaveOneOut()).fit(few, labels)
    for name in ("mean_test_score", "std_test_score", "rank_test_score"):
        np.testing.assert_array_equal(model.cv_results_[name], theirs.cv_results_[name])
    assert model.n_splits_ == 40
    assert "split0_test_score" not in model.cv_results_
