"""`LinearClassifierSweep` against the runs of `LinearClassifier` that it stands for."""

import re
import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nearplane.linear_model import (
    InverseTimeDecay,
    LinearClassifier,
    LinearClassifierSweep,
    _sweep,
    _sweep_training,
)

# One of everything in which settings trained together may differ.
SETTINGS = [
    {"alpha": 0.0},
    {"alpha": 0.1, "learning_rate": 0.01},
    {"alpha": 0.01, "penalty": "l1", "momentum": 0.5},
    {"alpha": 0.01, "penalty": "elasticnet", "l1_ratio": 0.5, "optimizer": "nesterov"},
    {"optimizer": "adagrad", "epsilon": 1e-4},
    {"optimizer": "rmsprop", "decay": 0.8, "schedule": "constant"},
    {"optimizer": "adam", "schedule": InverseTimeDecay(0.5), "warmup_epochs": 1.5},
]


@pytest.fixture(scope="module")
def data():
    """Two sets of digits, as bytes."""
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.uint8)
    return (X[:400], y[:400]), (X[400:600], y[400:600])


@pytest.fixture
def passes(monkeypatch):
    """How many settings each pass over the data has trained."""
    sizes = []

    class Counted(_sweep_training.Training):
        def __init__(self, model, settings, *args, **kwargs):
            sizes.append(len(settings))
            super().__init__(model, settings, *args, **kwargs)

    monkeypatch.setattr(_sweep_training, "Training", Counted)
    return sizes


def assert_same_history(found, expected):
    assert found.keys() == expected.keys()
    for name in found:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
@pytest.mark.parametrize("loss", ["softmax", "hinge"])
def test_each_setting_is_trained_as_if_it_were_alone(data, passes, loss, dtype):
    (X, y), (X_val, y_val) = data
    X, X_val = X.astype(dtype), X_val.astype(dtype)
    base = LinearClassifier(loss, batch_size=64, max_epochs=5, random_state=3)
    sweep = LinearClassifierSweep(base, SETTINGS).fit(X, y, X_val=X_val, y_val=y_val)
    assert passes == [len(SETTINGS)]
    table = sweep.results_
    for i, params in enumerate(SETTINGS):
        alone = clone(base).set_params(**params).fit(X, y, X_val=X_val, y_val=y_val)
        assert_same_history(sweep.histories_[i], alone.history_)
        assert table["validation_accuracy"][i] == alone.score(X_val, y_val)
        assert table["validation_loss"][i] == alone.history_["validation_loss"][-1]
        assert table["train_accuracy"][i] == alone.history_["train_accuracy"][-1]
        assert table["train_loss"][i] == alone.history_["data_loss"][-1]
        assert table["learning_rate"][i] == alone.learning_rate_
        if i == sweep.best_index_:
            np.testing.assert_array_equal(sweep.best_estimator_.coef_, alone.coef_)
            np.testing.assert_array_equal(sweep.best_estimator_.intercept_, alone.intercept_)
            assert_same_history(sweep.best_estimator_.history_, alone.history_)
    assert table["params"] == SETTINGS
    assert sweep.best_params_ == SETTINGS[table["rank"].argmin()]
    assert sweep.best_score_ == table["validation_accuracy"].max()
    assert (table["n_iter"] == 5).all()
    assert set(table["status"]) == {"finished"}
    assert (table["fit_time"] > 0).all()


def test_the_table_is_one_for_pandas(data):
    (X, y), _ = data
    grid = {"alpha": [0.0, 0.1], "learning_rate": ["auto", 0.01, 0.1]}
    sweep = LinearClassifierSweep(LinearClassifier(max_epochs=2), grid, random_state=0).fit(X, y)
    table = pd.DataFrame(sweep.results_)
    assert table.shape == (6, 12)
    assert table.param_alpha.tolist() == [0, 0, 0, 0.1, 0.1, 0.1]
    assert table.param_learning_rate.tolist() == ["auto", 0.01, 0.1] * 2
    assert sorted(table["rank"]) == [1, 2, 3, 4, 5, 6]
    ordered = table.sort_values("rank")
    assert ordered.validation_accuracy.is_monotonic_decreasing
    assert ordered.index[0] == sweep.best_index_


def test_equal_settings_rank_in_their_order(data):
    (X, y), _ = data
    grid = {"alpha": [0.1, 0.01, 0.1]}
    sweep = LinearClassifierSweep(LinearClassifier(max_epochs=2), grid, random_state=0).fit(X, y)
    ranks = sweep.results_["rank"]
    assert ranks[2] == ranks[0] + 1


@pytest.mark.parametrize("class_weight", [None, "balanced", {3: 4.0}])
def test_folds_are_what_they_are_by_hand(data, passes, class_weight):
    (X, y), _ = data
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    base = LinearClassifier(max_epochs=5, batch_size=32, class_weight=class_weight, random_state=1)
    grid = {"alpha": [0.001, 0.1], "optimizer": ["sgd", "nesterov"]}
    sweep = LinearClassifierSweep(base, grid, cv=3).fit(X, y, weight)
    assert passes == [4, 4, 4]
    assert sweep.n_splits_ == 3
    for i, params in enumerate(sweep.results_["params"]):
        alone = [
            clone(base)
            .set_params(**params)
            .fit(X[rows], y[rows], weight[rows], X_val=X[held_out], y_val=y[held_out])
            for rows, held_out in StratifiedKFold(3).split(X, y)
        ]
        accuracies = [model.history_["validation_accuracy"][-1] for model in alone]
        for split, accuracy in enumerate(accuracies):
            assert sweep.results_[f"validation_accuracy_split{split}"][i] == accuracy
        assert sweep.results_["validation_accuracy"][i] == pytest.approx(np.mean(accuracies))
        assert sweep.results_["validation_accuracy_std"][i] == pytest.approx(np.std(accuracies))
        curves = np.mean([model.history_["validation_loss"] for model in alone], axis=0)
        np.testing.assert_array_equal(sweep.histories_[i]["validation_loss"], curves)
    refitted = clone(base).set_params(**sweep.best_params_).fit(X, y, weight)
    np.testing.assert_array_equal(sweep.best_estimator_.coef_, refitted.coef_)


def test_one_split_keeps_the_same_part_of_each_class(data):
    (X, y), _ = data
    base = LinearClassifier(max_epochs=2, validation_fraction=0.25)
    sweep = LinearClassifierSweep(base, {"alpha": [0.1, 1]}, random_state=0)
    splits = []
    draw = _sweep.draw_split

    def seen(*args):
        splits.append(draw(*args))
        return splits[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_sweep, "draw_split", seen)
        sweep.fit(X, y)
        sweep.fit(X, y)
        sweep.set_params(random_state=1).fit(X, y)
    rows, held_out = splits[0].rows, splits[0].validation.rows
    np.testing.assert_array_equal(np.sort(np.concatenate([rows, held_out])), np.arange(len(y)))
    assert len(held_out) == 100
    assert (np.abs(np.bincount(y[held_out]) - np.bincount(y) / 4) <= 1).all()
    np.testing.assert_array_equal(splits[1].rows, rows)
    assert not np.array_equal(splits[2].rows, rows)


def test_splitters_and_lists_of_rows_are_taken(data):
    (X, y), _ = data
    grid = {"alpha": [0.1, 1]}
    base = LinearClassifier(max_epochs=2, random_state=0)
    groups = np.arange(len(y)) % 2
    pairs = [(np.flatnonzero(groups != g), np.flatnonzero(groups == g)) for g in (1, 0)]
    masks = [(groups != g, groups == g) for g in (1, 0)]
    by_splitter = LinearClassifierSweep(base, grid, cv=GroupKFold(2)).fit(X, y, groups=groups)
    splits = {"validation_accuracy_split0", "validation_accuracy_split1"}
    found = sorted(by_splitter.results_[name][0] for name in splits)
    for cv in (pairs, masks):
        by_rows = LinearClassifierSweep(base, grid, cv=cv).fit(X, y)
        assert sorted(by_rows.results_[name][0] for name in splits) == found


def test_diverging_settings_are_dropped_and_the_others_do_not_notice(data, passes):
    (X, y), (X_val, y_val) = data
    base = LinearClassifier(max_epochs=5, random_state=0, preprocess="none")
    rates = [1e-4, 1e30, 1e-5, 1e20]
    sweep = LinearClassifierSweep(base, {"learning_rate": rates})
    with pytest.warns(ConvergenceWarning) as caught:
        sweep.fit(X, y, X_val=X_val, y_val=y_val)
    assert len(caught) == 1
    message = str(caught[0].message)
    assert message.startswith("2 of 4 settings diverged: {'learning_rate': 1e+30} (diverged at ")
    assert "{'learning_rate': 1e+20} (diverged at epoch 1)" in message
    assert caught[0].filename == __file__
    table = sweep.results_
    assert table["status"] == ["finished", "diverged at epoch 1"] * 2
    assert table["rank"][[1, 3]].tolist() == [3, 3]
    assert np.isnan(table["validation_accuracy"][[1, 3]]).all()
    assert table["n_iter"].tolist() == [5, 1, 5, 1]
    assert (table["fit_time"][[0, 2]] > table["fit_time"][[1, 3]]).all()
    healthy = LinearClassifierSweep(base, {"learning_rate": rates[::2]})
    healthy.fit(X, y, X_val=X_val, y_val=y_val)
    for one, other in zip(sweep.histories_[::2], healthy.histories_, strict=True):
        assert_same_history(one, other)
    np.testing.assert_array_equal(sweep.best_estimator_.coef_, healthy.best_estimator_.coef_)
    assert passes == [4, 2]


def test_what_diverged_on_one_fold_is_spared_the_others(data, passes):
    (X, y), _ = data
    base = LinearClassifier(max_epochs=2, random_state=0)
    sweep = LinearClassifierSweep(base, {"learning_rate": [1e30, "auto"]}, cv=3)
    with pytest.warns(ConvergenceWarning, match="1 of 2 settings diverged"):
        sweep.fit(X, y)
    assert passes == [2, 1, 1]
    assert sweep.best_params_ == {"learning_rate": "auto"}


def test_a_long_list_of_what_diverged_is_cut(data):
    (X, y), _ = data
    base = LinearClassifier(max_epochs=2, random_state=0)
    sweep = LinearClassifierSweep(base, {"learning_rate": ["auto", *[1e30] * 7]})
    with pytest.warns(ConvergenceWarning, match=re.escape("; .... Choose smaller")) as caught:
        sweep.fit(X, y)
    assert str(caught[0].message).count("1e+30") == 5


def test_if_all_diverge_there_is_no_best(data):
    (X, y), _ = data
    sweep = LinearClassifierSweep(LinearClassifier(max_epochs=3), {"learning_rate": ["auto"]})
    sweep.fit(X, y)
    sweep.set_params(param_grid={"learning_rate": [1e30, 1e20]})
    with pytest.raises(ValueError, match=r"no best setting: 2 of 2 settings diverged: \{'learning"):
        sweep.fit(X, y)
    assert sweep.results_["status"] == ["diverged at epoch 1"] * 2
    assert not hasattr(sweep, "best_params_")
    with pytest.raises(NotFittedError):
        sweep.predict(X)


def test_each_setting_stops_early_by_itself(data):
    (X, y), (X_val, y_val) = data
    base = LinearClassifier(
        early_stopping=True, n_iter_no_change=3, max_epochs=25, random_state=0, batch_size=32
    )
    grid = {"learning_rate": [0.001, 0.1, 1.0]}
    sweep = LinearClassifierSweep(base, grid).fit(X, y, X_val=X_val, y_val=y_val)
    assert len(set(sweep.results_["n_iter"])) > 1
    for i, params in enumerate(sweep.results_["params"]):
        alone = clone(base).set_params(**params).fit(X, y, X_val=X_val, y_val=y_val)
        assert_same_history(sweep.histories_[i], alone.history_)
        assert sweep.results_["validation_accuracy"][i] == alone.score(X_val, y_val)
        stopped = alone.stop_reason_ == "early_stopping"
        assert sweep.results_["status"][i] == ("stopped early" if stopped else "finished")


def test_settings_that_share_no_pass_get_their_own(data, passes):
    (X, y), (X_val, y_val) = data
    base = LinearClassifier(max_epochs=2, random_state=0)
    grid = {
        "alpha": [0.01, 0.1],
        "loss": ["softmax", "hinge"],
        "batch_size": [50, None],
        "preprocess": "center",
    }
    sweep = LinearClassifierSweep(base, grid).fit(X, y, X_val=X_val, y_val=y_val)
    assert passes == [2, 2, 2, 2]
    for history, params in zip(sweep.histories_, sweep.results_["params"], strict=True):
        alone = clone(base).set_params(**params).fit(X, y, X_val=X_val, y_val=y_val)
        assert_same_history(history, alone.history_)
    winner = clone(base).set_params(**sweep.best_params_).fit(X, y, X_val=X_val, y_val=y_val)
    np.testing.assert_array_equal(sweep.best_estimator_.coef_, winner.coef_)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_weights_beyond_memory_take_more_passes(data, passes, monkeypatch, at_once):
    (X, y), (X_val, y_val) = data
    sweep = LinearClassifierSweep(
        LinearClassifier(max_epochs=2, random_state=0), {"alpha": [1.0, 0.1, 0.001, 0.01, 0.1]}
    )
    whole = clone(sweep).fit(X, y, X_val=X_val, y_val=y_val)
    a_setting = _sweep_training._COPIES * 10 * 65 * 4
    monkeypatch.setattr(_sweep_training, "_MAX_BYTES", at_once * a_setting + 1)
    parts = clone(sweep).fit(X, y, X_val=X_val, y_val=y_val)
    assert passes == [5, *{1: [1] * 5, 2: [2, 2, 1], 3: [3, 2]}[at_once]]
    for one, other in zip(parts.histories_, whole.histories_, strict=True):
        assert_same_history(one, other)
    assert parts.best_index_ == whole.best_index_
    np.testing.assert_array_equal(parts.best_estimator_.coef_, whole.best_estimator_.coef_)


def test_exact_optima_are_compared_too(data, passes):
    (X, y), _ = data
    base = LinearClassifier(solver="lbfgs", max_epochs=300)
    grid = [{"alpha": [0.01, 0.1]}, {"solver": "sgd", "alpha": 0.01, "max_epochs": 3}]
    sweep = LinearClassifierSweep(base, grid, random_state=0).fit(X, y)
    assert passes == [1]
    assert sweep.results_["status"] == ["converged", "converged", "finished"]
    assert np.isnan(sweep.results_["learning_rate"][:2]).all()


def test_an_optimum_found_before_the_first_step_has_figures():
    X, y = np.zeros((20, 2)), np.arange(20) % 2
    sweep = LinearClassifierSweep(LinearClassifier(solver="lbfgs"), {"alpha": [1.0]}, cv=2)
    sweep.fit(X, y)
    assert sweep.results_["validation_accuracy"] == [0.5]
    assert sweep.results_["validation_loss"] == pytest.approx(np.log(2))
    assert sweep.results_["train_loss"] == pytest.approx(np.log(2))


def test_a_part_of_the_grid_is_drawn(data):
    (X, y), _ = data
    grid = {"alpha": stats.loguniform(1e-5, 1e-1), "optimizer": ["sgd", "adam"]}
    base = LinearClassifier(max_epochs=1)
    sweep = LinearClassifierSweep(base, grid, n_iter=5, random_state=0).fit(X, y)
    assert len(sweep.histories_) == 5
    again = clone(sweep).fit(X, y)
    assert again.results_["params"] == sweep.results_["params"]
    np.testing.assert_array_equal(again.best_estimator_.coef_, sweep.best_estimator_.coef_)
    other = clone(sweep).set_params(random_state=1).fit(X, y)
    assert other.results_["params"] != sweep.results_["params"]


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)])
def test_all_settings_see_the_same_batches_whatever_the_seed(data, passes, random_state):
    (X, y), _ = data
    base = LinearClassifier(max_epochs=1, batch_size=20, random_state=random_state)
    sweep = LinearClassifierSweep(base, {"alpha": [0.1, 0.1]}, random_state=5).fit(X, y)
    assert passes == [2]
    assert_same_history(*sweep.histories_)
    assert isinstance(sweep.best_estimator_.random_state, int)
    again = clone(sweep.best_estimator_).fit(X, y)
    np.testing.assert_array_equal(again.coef_, sweep.best_estimator_.coef_)
    assert base.random_state is random_state


def test_seeds_in_the_grid_give_batches_of_their_own(data, passes):
    (X, y), _ = data
    base = LinearClassifier(max_epochs=1, batch_size=20)
    grid = {"random_state": [0, 1], "alpha": [0.1, 1]}
    sweep = LinearClassifierSweep(base, grid, random_state=0).fit(X, y)
    assert passes == [2, 2]
    assert sweep.best_estimator_.random_state == sweep.best_params_["random_state"]


def test_rows_of_weight_0_are_as_good_as_absent(data):
    (X, y), _ = data
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    kept = weight > 0
    sweep = LinearClassifierSweep(
        LinearClassifier(max_epochs=3), {"alpha": [0.01, 0.1]}, random_state=0
    )
    weighted = clone(sweep).fit(X, y, weight)
    removed = clone(sweep).fit(X[kept], y[kept], weight[kept])
    for one, other in zip(weighted.histories_, removed.histories_, strict=True):
        assert_same_history(one, other)
    np.testing.assert_array_equal(weighted.best_estimator_.coef_, removed.best_estimator_.coef_)


def test_without_refit_the_model_of_the_split_is_kept(data):
    (X, y), _ = data
    rows, held_out = np.arange(0, 300), np.arange(300, 400)
    base = LinearClassifier(max_epochs=2, random_state=0, record_steps=True)
    sweep = LinearClassifierSweep(base, {"alpha": [0.1, 0.2]}, cv=[(rows, held_out)], refit=False)
    sweep.fit(X, y)
    alone = clone(base).set_params(**sweep.best_params_)
    alone.fit(X[rows], y[rows], X_val=X[held_out], y_val=y[held_out])
    np.testing.assert_array_equal(sweep.best_estimator_.coef_, alone.coef_)
    assert_same_history(sweep.best_estimator_.step_history_, alone.step_history_)
    assert sweep.best_score_ == sweep.score(X[held_out], y[held_out])
    sweep.set_params(cv=2).fit(X, y)
    assert sweep.best_params_ == sweep.results_["params"][sweep.best_index_]
    with pytest.raises(NotFittedError, match="not fitted"):
        sweep.predict(X)


def test_predictions_are_those_of_the_best(data):
    (X, y), (X_val, y_val) = data
    names = np.array(list("abcdefghij"))
    images = X.reshape(-1, 8, 8)
    sweep = LinearClassifierSweep(
        LinearClassifier(max_epochs=5), {"alpha": [0.001, 0.1]}, random_state=0, n_jobs=1
    ).fit(images, names[y])
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
    hinge = LinearClassifierSweep(LinearClassifier("hinge", max_epochs=2), {"alpha": 0.1})
    for sweep in (hinge, hinge.fit(X, y)):
        assert not hasattr(sweep, "predict_proba")
        assert not hasattr(sweep, "predict_log_proba")
    with pytest.raises(AttributeError, match="predict_proba"):
        hinge.predict_proba(X)


def test_names_of_columns_are_kept(data):
    (X, y), _ = data
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(64)])
    for refit in (True, False):
        sweep = LinearClassifierSweep(
            LinearClassifier(max_epochs=1), {"alpha": [0.1]}, refit=refit
        ).fit(frame, y)
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
    base = LinearClassifier(max_epochs=300, tol=0.01)
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
    sweep = LinearClassifierSweep(LinearClassifier(max_epochs=3), {"alpha": [0.1, 1]})
    sweep.fit(X, y)
    before, predicted = vars(sweep).copy(), sweep.predict(X)
    interrupt_at(monkeypatch, _sweep_training.Training, "run_epoch", 2)
    with pytest.raises(KeyboardInterrupt):
        sweep.fit(X[:, :10], y)
    assert vars(sweep) == before
    np.testing.assert_array_equal(sweep.predict(X), predicted)
    sweep.fit(X[:, :10], y)
    assert sweep.n_features_in_ == 10


def test_ctrl_c_in_the_final_fit_leaves_the_results(data, monkeypatch):
    (X, y), _ = data
    sweep = LinearClassifierSweep(LinearClassifier(max_epochs=3), {"alpha": [0.1, 1]})
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
    base, grid = LinearClassifier(max_epochs=1), {"alpha": np.array([0.1, 0.2])}
    LinearClassifierSweep(base, grid, n_jobs=1).fit(X, y)
    assert vars(base) == vars(LinearClassifier(max_epochs=1))
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
    sweep = LinearClassifierSweep(LinearClassifier(max_epochs=1), {"alpha": [0.1, 1]})
    with pytest.raises(ValueError, match=r"at least 2 rows .*got n_samples = 1"):
        sweep.fit(X[:1], y[:1])
    with pytest.raises(ValueError, match=r"at least 2 rows .*got n_samples = 1"):
        sweep.fit(X, y, np.arange(len(y)) == 3)
    with pytest.raises(ValueError, match="same number of features"):
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
            LinearClassifier(solver="lbfgs", max_epochs=500), [{"alpha": 0.01}, {"alpha": 0.1}]
        ),
    ]
)
def test_scikit_learn_has_no_objection(estimator, check, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    if check.func.__name__ == "check_classifiers_multilabel_output_format_decision_function":
        assert not estimator.__sklearn_tags__().classifier_tags.multi_label
        return
    check(estimator)
