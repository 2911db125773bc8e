"""`LinearClassifierCV` in use: predictions, metadata, interruption, and what it refuses."""

from contextlib import contextmanager

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import get_scorer, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nearplane.linear_model import LinearClassifier, LinearClassifierCV, _classifier_cv
from nearplane.linear_model._training import Training

from .linear_sweep_data import quick, two_sets_of_digits

(X, y), (X_VAL, y_val) = two_sets_of_digits()
WEIGHT = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)


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
