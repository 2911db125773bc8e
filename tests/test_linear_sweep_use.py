"""`LinearClassifierSweep` as it is used: its table, its predictions, its errors."""

import re
import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nearplane.linear_model import (
    LinearClassifier,
    LinearClassifierSweep,
    _sweep,
)
from nearplane.linear_model._training import Training

from .linear_sweep_data import assert_same_history, two_sets_of_digits


@pytest.fixture(scope="module")
def data():
    return two_sets_of_digits()


def quick(loss="softmax", **params):
    """Return a classifier that is trained in no time, and to some avail."""
    params = {"max_epochs": 3, "batch_size": 32, "learning_rate": 0.01} | params
    return LinearClassifier(loss, random_state=0, **params)


def test_the_table_is_one_for_pandas(data):
    (X, y), _ = data
    grid = {"alpha": [0.0, 0.1], "learning_rate": ["auto", 0.01, 0.1]}
    sweep = LinearClassifierSweep(quick(), grid, random_state=0).fit(X, y)
    table = pd.DataFrame(sweep.results_)
    assert table.shape == (6, 12)
    assert table.param_alpha.tolist() == [0, 0, 0, 0.1, 0.1, 0.1]
    assert table.param_learning_rate.tolist() == ["auto", 0.01, 0.1] * 2
    assert sorted(table["rank"]) == [1, 2, 3, 4, 5, 6]
    ordered = table.sort_values("rank")
    assert ordered.validation_accuracy.is_monotonic_decreasing
    assert ordered.index[0] == sweep.best_index_


def test_a_long_list_of_what_diverged_is_cut(data):
    (X, y), _ = data
    base = quick()
    sweep = LinearClassifierSweep(base, {"learning_rate": ["auto", *[1e30] * 7]})
    with pytest.warns(ConvergenceWarning, match=re.escape("; .... Choose smaller")) as caught:
        sweep.fit(X, y)
    assert str(caught[0].message).count("1e+30") == 5


def test_if_all_diverge_there_is_no_best(data):
    (X, y), _ = data
    sweep = LinearClassifierSweep(quick(), {"learning_rate": ["auto"]})
    sweep.fit(X, y)
    sweep.set_params(param_grid={"learning_rate": [1e30, 1e20]})
    with pytest.raises(ValueError, match=r"no best setting: 2 of 2 settings diverged: \{'learning"):
        sweep.fit(X, y)
    assert sweep.results_["status"] == ["diverged at epoch 1"] * 2
    assert not hasattr(sweep, "best_params_")
    with pytest.raises(NotFittedError):
        sweep.predict(X)


def test_a_part_of_the_grid_is_drawn(data):
    (X, y), _ = data
    grid = {"alpha": stats.loguniform(1e-5, 1e-1), "optimizer": ["sgd", "adam"]}
    base = quick(learning_rate="auto")
    sweep = LinearClassifierSweep(base, grid, n_iter=5, random_state=0).fit(X, y)
    assert len(sweep.histories_) == 5
    again = clone(sweep).fit(X, y)
    assert again.results_["params"] == sweep.results_["params"]
    np.testing.assert_array_equal(again.best_estimator_.coef_, sweep.best_estimator_.coef_)
    other = clone(sweep).set_params(random_state=1).fit(X, y)
    assert other.results_["params"] != sweep.results_["params"]


def test_without_refit_the_model_of_the_split_is_kept(data):
    (X, y), _ = data
    rows, held_out = np.arange(0, 300), np.arange(300, 400)
    base = quick(record_steps=True)
    sweep = LinearClassifierSweep(base, {"alpha": [0.1, 0.2]}, cv=[(rows, held_out)], refit=False)
    sweep.fit(X, y)
    alone = clone(base).set_params(**sweep.best_params_)
    alone.fit(X[rows], y[rows], X_val=X[held_out], y_val=y[held_out])
    np.testing.assert_array_equal(sweep.best_estimator_.coef_, alone.coef_)
    assert_same_history(sweep.best_estimator_.step_history_, alone.step_history_)
    assert sweep.best_score_ == sweep.score(X[held_out], y[held_out])
    sweep.set_params(cv=2).fit(X, y)
    assert sweep.best_params_ == sweep.results_["params"][sweep.best_index_]
    with pytest.raises(NotFittedError, match=r"has no best_estimator_.* refit=True"):
        sweep.predict(X)


def test_predictions_are_those_of_the_best(data):
    (X, y), (X_val, y_val) = data
    names = np.array(list("abcdefghij"))
    images = X.reshape(-1, 8, 8)
    sweep = LinearClassifierSweep(quick(), {"alpha": [0.001, 0.1]}, random_state=0, n_jobs=1).fit(
        images, names[y]
    )
    best, queries = sweep.best_estimator_, X_val.reshape(-1, 8, 8)
    assert best.n_jobs == 1
    assert best.image_shape_ == (8, 8)
    assert sweep.n_features_in_ == 64
    np.testing.assert_array_equal(sweep.classes_, names)
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        expected = getattr(best, method)(queries)
        np.testing.assert_array_equal(getattr(sweep, method)(queries), expected)
    assert sweep.score(queries, names[y_val]) == best.score(queries, names[y_val])
    top = sweep.top_k_accuracy(queries, names[y_val], k=3)
    assert top == best.top_k_accuracy(queries, names[y_val], k=3)


def test_probabilities_are_there_if_the_best_loss_has_them(data):
    (X, y), _ = data
    assert hasattr(LinearClassifierSweep(), "predict_proba")
    hinge = LinearClassifierSweep(quick("hinge"), {"alpha": 0.1})
    for sweep in (hinge, hinge.fit(X, y)):
        assert not hasattr(sweep, "predict_proba")
        assert not hasattr(sweep, "predict_log_proba")
    with pytest.raises(AttributeError, match="predict_proba"):
        hinge.predict_proba(X)


def test_names_of_columns_are_kept(data):
    (X, y), _ = data
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(64)])
    for refit in (True, False):
        sweep = LinearClassifierSweep(quick(), {"alpha": [0.1]}, refit=refit).fit(frame, y)
        assert sweep.feature_names_in_.tolist() == list(frame.columns)
        sweep.predict(frame)
        with pytest.raises(ValueError, match="feature names"):
            sweep.predict(frame[frame.columns[::-1]])


def test_it_works_within_pipelines_and_cross_validation(data):
    (X, y), _ = data
    sweep = LinearClassifierSweep(
        LinearClassifier(max_epochs=10, preprocess="none"), {"alpha": [0.001, 0.1]}, random_state=0
    )
    pipeline = make_pipeline(StandardScaler(), sweep)
    pipeline.set_params(linearclassifiersweep__estimator__max_epochs=12)
    scores = cross_val_score(pipeline, X, y, cv=2)
    assert (scores > 0.8).all()
    assert pipeline[-1].estimator.max_epochs == 12


def test_the_bar_moves_forward_to_its_end(data, monkeypatch):
    (X, y), _ = data
    moves = []

    @contextmanager
    def bar(description, *, enabled):
        assert (description, enabled) == ("sweep", True)
        yield lambda fraction, note="": moves.append((fraction, note))

    monkeypatch.setattr(_sweep, "progress_bar", bar)
    grid = {"alpha": [0.1, 1], "solver": ["sgd", "lbfgs"]}
    base = quick(max_epochs=300, tol=0.01)
    LinearClassifierSweep(base, grid, cv=2, verbose=True).fit(X, y)
    fractions = [fraction for fraction, _ in moves]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[-1] <= 1
    assert {note for _, note in moves} == {"(split 1 of 2)", "(split 2 of 2)"}


def interrupt_at(monkeypatch, owner, name, call):
    """Let the `call`-th call of a method end as Ctrl-C would end it."""
    calls = []
    method = getattr(owner, name)

    def interrupted(*args, **kwargs):
        calls.append(name)
        if len(calls) == call:
            raise KeyboardInterrupt
        return method(*args, **kwargs)

    monkeypatch.setattr(owner, name, interrupted)


def test_ctrl_c_leaves_the_sweep_as_it_was(data, monkeypatch):
    (X, y), _ = data
    sweep = LinearClassifierSweep(quick(), {"alpha": [0.1, 1]})
    sweep.fit(X, y)
    before, predicted = vars(sweep).copy(), sweep.predict(X)
    interrupt_at(monkeypatch, Training, "run_epoch", 2)
    with pytest.raises(KeyboardInterrupt):
        sweep.fit(X[:, :10], y)
    assert vars(sweep) == before
    np.testing.assert_array_equal(sweep.predict(X), predicted)
    sweep.fit(X[:, :10], y)
    assert sweep.n_features_in_ == 10


def test_ctrl_c_in_the_final_fit_leaves_the_results(data, monkeypatch):
    (X, y), _ = data
    sweep = LinearClassifierSweep(quick(), {"alpha": [0.1, 1]})
    sweep.fit(X, y)
    sweep.set_params(param_grid={"alpha": [0.1, 0.2, 0.3]})
    interrupt_at(monkeypatch, LinearClassifier, "fit", 1)
    with pytest.raises(KeyboardInterrupt):
        sweep.fit(X, y)
    assert len(sweep.results_["rank"]) == 3
    assert sweep.best_params_ in sweep.results_["params"]
    with pytest.raises(NotFittedError):
        sweep.predict(X)
    sweep.fit(X, y).predict(X)


def test_neither_the_estimator_nor_the_grid_is_changed(data):
    (X, y), _ = data
    base, grid = quick(), {"alpha": np.array([0.1, 0.2])}
    LinearClassifierSweep(base, grid, n_jobs=1).fit(X, y)
    assert vars(base) == vars(quick())
    assert isinstance(grid["alpha"], np.ndarray)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            {"estimator": StandardScaler()},
            TypeError,
            "estimator must be None or nearplane's Linear",
        ),
        (
            {"estimator": LinearClassifier},
            TypeError,
            "estimator must be None or nearplane's Linear",
        ),
        ({"param_grid": {"C": [1]}}, ValueError, "param_grid names 'C', which is no parameter"),
        ({"param_grid": {"alpha": [0.1, -1]}}, ValueError, "alpha must be .*-1"),
        ({"param_grid": {"learning_rate": [0]}}, ValueError, "learning_rate must be .*0"),
        ({"param_grid": {"optimizer": "adams"}}, ValueError, "optimizer must be .*'adams'"),
        ({"param_grid": {"alpha": stats.uniform()}}, ValueError, "'alpha' as a distribution"),
        ({"n_iter": 0}, ValueError, "n_iter must be at least 1; got 0"),
        ({"n_iter": 2.5}, TypeError, "n_iter must be an integer; got 2.5"),
        ({"refit": "accuracy"}, TypeError, "refit must be .*'accuracy'"),
        ({"verbose": 2}, TypeError, "verbose must be .*2"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be .*0"),
        ({"random_state": "seed"}, ValueError, "seed"),
        ({"cv": 1}, ValueError, "cv must be at least 2; got 1"),
        ({"cv": True}, TypeError, "cv must be an integer; got True"),
        ({"cv": "five"}, TypeError, "cv must be None, a number of folds, .*'five'"),
        ({"cv": 2.5}, TypeError, "cv must be None, a number of folds, .*2.5"),
        ({"cv": []}, ValueError, "cv must make at least one split"),
        ({"cv": [([0, 1], [])]}, ValueError, "cv must leave rows .*split 0 has 2 and 0"),
        ({"cv": [([0, 400], [1])]}, ValueError, "cv names row 400; X has the rows 0 to 399"),
        ({"cv": [([0, 1], [-1])]}, ValueError, "cv names row -1; X has the rows 0 to 399"),
        ({"cv": [([0.5, 1], [2])]}, ValueError, "cv must yield pairs .*float64"),
        ({"estimator": LinearClassifier(validation_fraction=1)}, ValueError, "validation_fraction"),
    ],
)
def test_bad_parameters_are_refused(data, params, error, message):
    (X, y), _ = data
    with pytest.raises(error, match=message):
        LinearClassifierSweep(**params).fit(X, y)


def test_bad_data_are_refused(data):
    (X, y), (X_val, y_val) = data
    sweep = LinearClassifierSweep(quick(), {"alpha": [0.1, 1]})
    with pytest.raises(ValueError, match=r"at least 2 rows .*got n_samples = 1"):
        sweep.fit(X[:1], y[:1])
    with pytest.raises(ValueError, match=r"at least 2 rows .*got n_samples = 1"):
        sweep.fit(X, y, np.arange(len(y)) == 3)
    with pytest.raises(ValueError, match="X_val must have 64 features"):
        sweep.fit(X, y, X_val=X_val[:, 1:], y_val=y_val)
    with pytest.raises(ValueError, match="y_val"):
        sweep.fit(X, y, X_val=X_val)
    with pytest.raises(ValueError, match="same number of samples"):
        sweep.fit(X, y[1:])
    with pytest.raises(ValueError, match="cv must be None if X_val and y_val are given; got 5"):
        clone(sweep).set_params(cv=5).fit(X, y, X_val=X_val, y_val=y_val)


def test_nothing_needs_to_be_chosen(data):
    (X, y), (X_val, y_val) = data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sweep = LinearClassifierSweep(random_state=0).fit(X, y)
    assert len(sweep.results_["param_alpha"]) == 8
    assert sweep.score(X_val, y_val) > 0.75


@parametrize_with_checks(
    [
        LinearClassifierSweep(),
        LinearClassifierSweep(
            LinearClassifier("hinge"), {"alpha": [0.001, 0.1], "batch_size": [256, None]}, cv=2
        ),
        LinearClassifierSweep(
            LinearClassifier(solver="lbfgs", max_epochs=500, n_jobs=1),
            [{"alpha": 0.01}, {"alpha": 0.1}],
        ),
    ]
)
def test_scikit_learn_has_no_objection(estimator, check, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    if check.func.__name__ == "check_classifiers_multilabel_output_format_decision_function":
        assert not estimator.__sklearn_tags__().classifier_tags.multi_label
        return
    check(estimator)
