"""`LinearClassifierCV`: what GridSearchCV finds, score for score, and used as that is used."""

import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError, UndefinedMetricWarning
from sklearn.metrics import get_scorer, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nearplane.linear_model import LinearClassifier, LinearClassifierCV, _classifier_cv
from nearplane.linear_model._training import Training

from .linear_sweep_data import two_sets_of_digits

(X, y), (X_VAL, y_val) = two_sets_of_digits()
WEIGHT = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
NAMES = np.array(["zero", "one", "two", "3", "4", "5", "6", "7", "eight", "nine"])
CHOSEN = ("loss", "alpha", "learning_rate", "optimizer", "penalty", "preprocess")


def quick(**params):
    """Return a classifier that is trained in no time, and to some avail."""
    return LinearClassifier(**({"max_epochs": 3, "batch_size": 32, "random_state": 0} | params))


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


def test_predictions_are_those_of_the_best(tmp_path):
    model = LinearClassifierCV(alpha=[0.01, 1], estimator=quick(), cv=2, n_jobs=1).fit(X, y)
    best = model.best_estimator_
    assert best.n_jobs == 1
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        expected = getattr(best, method)(X_VAL)
        np.testing.assert_array_equal(getattr(model, method)(X_VAL), expected)
    assert model.score(X_VAL, y_val) == best.score(X_VAL, y_val)
    assert model.score(X_VAL, y_val, WEIGHT[:200]) == best.score(X_VAL, y_val, WEIGHT[:200])
    assert model.top_k_accuracy(X_VAL, y_val, 3) == best.top_k_accuracy(X_VAL, y_val, 3)
    assert model.coef_ is best.coef_
    assert model.intercept_ is best.intercept_
    assert model.refit_time_ > 0
    model.save(tmp_path / "model")
    loaded = LinearClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(X_VAL), model.predict(X_VAL))


def test_probabilities_are_there_if_the_best_loss_has_them():
    model = LinearClassifierCV(["hinge", "softmax"], alpha=0.01, estimator=quick(), cv=2)
    assert not hasattr(model, "predict_proba")
    assert hasattr(clone(model).set_params(loss="softmax"), "predict_proba")
    model.fit(X, y)
    assert hasattr(model, "predict_proba") == (model.loss_ == "softmax")
    with pytest.raises(AttributeError, match="none of the following attributes: predict_proba"):
        model.set_params(scoring="neg_log_loss").fit(X, y)


def test_without_refit_there_are_no_predictions():
    model = LinearClassifierCV(alpha=[0.01, 1], estimator=quick(), cv=2, refit=False).fit(X, y)
    assert model.alpha_ == 0.01
    for attribute in ("best_estimator_", "coef_", "intercept_", "refit_time_"):
        assert not hasattr(model, attribute)
    for use in (model.predict, lambda rows: model.score(rows, y), model.decision_function):
        with pytest.raises(NotFittedError, match=r"has no best_estimator_.* refit=True"):
            use(X)


def test_the_seed_decides():
    grid = {"alpha": [0.001, 0.1], "cv": 2}
    one, other = (LinearClassifierCV(**grid, estimator=quick(random_state=None)) for _ in "ab")
    for seed in (3, np.int64(3)):
        one.set_params(random_state=seed).fit(X, y)
        other.set_params(random_state=None, estimator=quick(random_state=3)).fit(X, y)
        np.testing.assert_array_equal(one.coef_, other.coef_)
    one.set_params(random_state=np.random.RandomState(0)).fit(X, y)
    assert not np.array_equal(one.coef_, other.coef_)
    drawn = one.best_estimator_.random_state
    other.set_params(random_state=drawn, n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(one.coef_, other.coef_)
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002  # the generator that None stands for
        other.set_params(random_state=None, estimator=quick(random_state=None)).fit(X, y)
        drawn = other.best_estimator_.random_state
        np.testing.assert_array_equal(drawn, np.random.RandomState(seed).randint(2**31 - 1))


def test_it_works_within_scikit_learns_tools():
    model = LinearClassifierCV(alpha=[0.001, 1.0], estimator=quick(), cv=2)
    pipeline = make_pipeline(StandardScaler(), model)
    pipeline.set_params(linearclassifiercv__estimator__max_epochs=5)
    assert (cross_val_score(pipeline, X, y, cv=2) > 0.8).all()
    assert model.estimator.max_epochs == 5
    search = GridSearchCV(model, {"loss": ["softmax", "hinge"]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.8
    assert clone(search.best_estimator_).get_params().keys() == model.get_params().keys()


def test_metadata_are_routed():
    groups, cv = np.arange(len(y)) // 50, GroupKFold(2)
    plain = LinearClassifierCV(alpha=[0.001, 1.0], estimator=quick(), cv=cv)
    plain.fit(X, y, 1 + WEIGHT, groups=groups)
    with sklearn.config_context(enable_metadata_routing=True):
        scoring = get_scorer("accuracy").set_score_request(sample_weight=True)
        model = clone(plain).set_params(scoring=scoring)
        model.fit(X, y, 1 + WEIGHT, groups=groups)
        np.testing.assert_array_equal(
            model.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
        )
        assert model.score(X, y, WEIGHT) == plain.best_estimator_.score(X, y, WEIGHT)
        model.set_params(scoring="accuracy")
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError, match="sample_weight"):
            model.fit(X, y, WEIGHT, groups=groups)
        with pytest.raises(TypeError, match="unexpected argument"):
            model.fit(X, y, patience=3)
        inner = clone(model).set_params(scoring=scoring).set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, inner)
        pipeline.fit(X, y, sample_weight=WEIGHT, groups=groups)
        scaled = StandardScaler().fit_transform(X)
        alone = clone(inner).fit(scaled, y, WEIGHT, groups=groups)
        np.testing.assert_array_equal(pipeline[-1].coef_, alone.coef_)
    with pytest.raises(TypeError, match="fit takes patience only if metadata routing is en"):
        plain.fit(X, y, patience=3)
    with pytest.raises(TypeError, match="score takes patience only if metadata routing is en"):
        plain.score(X, y, patience=3)


def test_other_metadata_reach_splitter_and_scorer():
    class EveryOther(BaseEstimator):
        def split(self, rows, labels, offset):
            return [(np.arange(offset, 400, 2), np.arange(1 - offset, 400, 2))]

    def measure(truth, found, bonus, pay):
        assert len(pay) == len(truth) == 200
        return float(np.mean(truth == found)) + bonus + float(np.mean(pay))

    with sklearn.config_context(enable_metadata_routing=True):
        scoring = make_scorer(measure).set_score_request(bonus=True, pay=True)
        cv = EveryOther().set_split_request(offset=True)
        model = LinearClassifierCV(alpha=[0.1], estimator=quick(), cv=cv, scoring=scoring)
        model.fit(X, y, offset=1, bonus=10, pay=np.arange(400) % 2)
        alone = quick(alpha=0.1).fit(X[1::2], y[1::2])
        assert model.best_score_ == alone.score(X[::2], y[::2]) + 10


def test_the_bar_moves_forward_to_its_end(monkeypatch):
    moves = []

    @contextmanager
    def bar(description, *, enabled):
        assert (description, enabled) == ("cross-validation", True)
        yield lambda fraction, note="": moves.append((fraction, note))

    monkeypatch.setattr(_classifier_cv, "progress_bar", bar)
    LinearClassifierCV(estimator=quick(), cv=2, verbose=True).fit(X, y)
    fractions = [fraction for fraction, _ in moves]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[-1] <= 1
    assert {note for _, note in moves} == {"(split 1 of 2)", "(split 2 of 2)"}


@pytest.mark.parametrize(
    ("owner", "name", "call", "keeps"),
    [
        (Training, "run_epoch", 5, True),
        (LinearClassifier, "predict", 2, True),
        (LinearClassifier, "fit", 1, False),
    ],
)
def test_ctrl_c_leaves_it_usable(owner, name, call, keeps, monkeypatch):
    model = LinearClassifierCV(alpha=[0.1, 1], estimator=quick(), cv=2).fit(X, y)
    before, predicted = vars(model).copy(), model.predict(X)
    calls, method = [], getattr(owner, name)

    def interrupted(*args, **kwargs):
        calls.append(name)
        if len(calls) == call:
            raise KeyboardInterrupt
        return method(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.fit(X[:, :10], y)
    if keeps:
        assert vars(model) == before
        np.testing.assert_array_equal(model.predict(X), predicted)
    else:
        assert model.n_features_in_ == 10
        assert model.best_params_ in model.cv_results_["params"]
        with pytest.raises(NotFittedError):
            model.predict(X)
    assert model.fit(X[:, :10], y).n_features_in_ == 10


def test_what_is_given_is_not_changed():
    base, alpha, rows = quick(), [0.1, 1], X.astype(float)
    model = LinearClassifierCV(alpha=alpha, estimator=base, cv=2, n_jobs=1, random_state=5)
    model.fit(rows, y)
    assert vars(base) == vars(quick())
    assert alpha == [0.1, 1]
    assert model.alpha is alpha
    np.testing.assert_array_equal(rows, X)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"loss": "hing"}, ValueError, "loss must be .*'hing'"),
        ({"loss": []}, ValueError, r"loss must hold at least one value; got \[\]"),
        ({"alpha": [0.1, -1]}, ValueError, "alpha must be .*-1"),
        ({"alpha": np.ones((2, 2))}, ValueError, r"alpha must be a list .* of shape \(2, 2\)"),
        ({"alpha": {0.1, 1}}, TypeError, "alpha must be a list of values, which has an order"),
        ({"learning_rate": ["auto", 0]}, ValueError, "learning_rate must be .*0"),
        ({"optimizer": "adams"}, ValueError, "optimizer must be .*'adams'"),
        ({"penalty": ["l3"]}, ValueError, "penalty must be .*'l3'"),
        ({"preprocess": "whiten"}, ValueError, "preprocess must be .*'whiten'"),
        ({"estimator": StandardScaler()}, TypeError, "estimator must be None or nearplane's Lin"),
        (
            {"estimator": LinearClassifier("hinge")},
            ValueError,
            "estimator has loss='hinge', which loss='softmax' of LinearClassifierCV takes the pl",
        ),
        ({"estimator": LinearClassifier(alpha=7.0)}, ValueError, "estimator has alpha=7.0, which"),
        ({"cv": 1}, ValueError, "cv must be at least 2; got 1"),
        ({"cv": "five"}, TypeError, "cv must be .*'five'"),
        ({"cv": [([0, 1], [])]}, ValueError, "cv must leave rows"),
        ({"cv": [([0, 400], [1])]}, ValueError, "cv names row 400; X has the rows 0 to 99"),
        ({"scoring": "acuracy"}, ValueError, "acuracy"),
        ({"scoring": ["accuracy", "f1"]}, TypeError, "scoring must be None, the name of a scorer"),
        (
            {"scoring": lambda *_: "good"},
            ValueError,
            "scoring must return a number; .*'good' of type str",
        ),
        ({"scoring": lambda *_: {}}, ValueError, "scoring must return a number; .*{} of type dict"),
        ({"refit": "accuracy"}, TypeError, "refit must be .*'accuracy'"),
        ({"verbose": 2}, TypeError, "verbose must be .*2"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be .*0"),
        ({"random_state": "seed"}, ValueError, "seed"),
    ],
)
def test_bad_parameters_are_refused(params, error, message):
    with pytest.raises(error, match=message):
        LinearClassifierCV(**({"estimator": quick()} | params)).fit(X[:100], y[:100])


def test_bad_data_are_refused():
    model = LinearClassifierCV(estimator=quick())
    with pytest.raises(ValueError, match="same number of samples"):
        model.fit(X, y[1:])
    rows, weight = X.astype(float), np.ones(400)
    rows[7, 3] = np.nan
    with pytest.raises(ValueError, match="X contains NaN: first in row 7, column 3"):
        model.fit(rows, y)
    with pytest.raises(ValueError, match="sample_weight must be finite and not negative"):
        model.fit(X, y, -1 - WEIGHT)
    weight[next(iter(StratifiedKFold(5).split(X, y)))[1]] = 0
    with pytest.raises(ValueError, match=r"cv must leave rows with a weight .* split 0 has 320 an"):
        model.fit(X, y, weight)


@parametrize_with_checks(
    [
        LinearClassifierCV(alpha=(0, 0.01), estimator=LinearClassifier(max_epochs=15), cv=2),
        LinearClassifierCV(
            ["ovr_logistic", "squared_hinge"],
            alpha=0.01,
            optimizer=["sgd", "adam"],
            estimator=LinearClassifier(max_epochs=20, n_jobs=1),
            cv=2,
            scoring="accuracy",
        ),
    ]
)
def test_scikit_learn_has_no_objection(estimator, check, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    if check.func.__name__ == "check_classifiers_multilabel_output_format_decision_function":
        assert not estimator.__sklearn_tags__().classifier_tags.multi_label
        return
    check(estimator)
