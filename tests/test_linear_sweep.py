"""`LinearClassifierSweep` against the runs of `LinearClassifier` that it stands for."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold, StratifiedKFold

from nearplane.linear_model import (
    InverseTimeDecay,
    LinearClassifier,
    LinearClassifierSweep,
    _fitting,
    _sweep,
    _sweep_training,
)

from .linear_sweep_data import assert_same_history, two_sets_of_digits

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
    return two_sets_of_digits()


@pytest.fixture
def passes(monkeypatch):
    """How many settings each pass over the data has trained."""
    sizes = []

    class Counted(_fitting.Training):
        def __init__(self, model, settings, *args, **kwargs):
            sizes.append(len(settings))
            super().__init__(model, settings, *args, **kwargs)

    monkeypatch.setattr(_fitting, "Training", Counted)
    return sizes


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
    assert passes == [4, 4, 4, 1]  # the last is the best one's, on all rows
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


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_rows_that_a_split_repeats_count_repeatedly(data, solver):
    (X, y), _ = data
    rows = np.random.default_rng(0).integers(0, 400, 300)
    base = LinearClassifier(solver=solver, max_epochs=20, tol=1e-2, alpha=0.1, random_state=0)
    sweep = LinearClassifierSweep(base, {"alpha": [0.1]}, cv=[(rows, np.arange(400))], refit=False)
    expected = clone(base).fit(X[rows], y[rows])
    np.testing.assert_allclose(sweep.fit(X, y).best_estimator_.coef_, expected.coef_, rtol=1e-9)


def test_one_split_keeps_the_same_part_of_each_class(data):
    (X, y), _ = data
    base = LinearClassifier(
        max_epochs=2, learning_rate=0.01, batch_size=32, validation_fraction=0.25
    )
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
    assert passes == [2, 1, 1, 1]
    assert sweep.best_params_ == {"learning_rate": "auto"}


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


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)])
def test_all_settings_see_the_same_batches_whatever_the_seed(data, passes, random_state):
    (X, y), _ = data
    base = LinearClassifier(max_epochs=1, batch_size=20, random_state=random_state)
    sweep = LinearClassifierSweep(base, {"alpha": [0.1, 0.1]}, random_state=5).fit(X, y)
    assert passes == [2, 1]
    assert_same_history(*sweep.histories_)
    assert isinstance(sweep.best_estimator_.random_state, int)
    again = clone(sweep.best_estimator_).fit(X, y)
    np.testing.assert_array_equal(again.coef_, sweep.best_estimator_.coef_)
    assert base.random_state is random_state


def test_seeds_in_the_grid_give_batches_of_their_own(data, passes):
    (X, y), _ = data
    base = LinearClassifier(max_epochs=2, batch_size=20, learning_rate=0.01)
    grid = {"random_state": [0, 1], "alpha": [0.1, 1]}
    sweep = LinearClassifierSweep(base, grid, random_state=0).fit(X, y)
    assert passes == [2, 2, 1]
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
