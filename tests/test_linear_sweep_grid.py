"""The settings of a sweep, how they are grouped, and the table of what they gave."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nearplane.linear_model._grid import expand_grid, group_settings, split_groups
from nearplane.linear_model._sweep_table import Trial, make_results, mean_history, rank_settings

NAMES = ["alpha", "class_weight", "learning_rate", "loss", "optimizer"]


def test_a_grid_is_the_product_of_its_lists():
    settings = expand_grid({"alpha": [1, 2], "optimizer": ["sgd", "adam"]}, NAMES)
    assert settings == [
        {"alpha": 1, "optimizer": "sgd"},
        {"alpha": 1, "optimizer": "adam"},
        {"alpha": 2, "optimizer": "sgd"},
        {"alpha": 2, "optimizer": "adam"},
    ]


@pytest.mark.parametrize(
    "values", [(0.5, 0.25), [0.5, 0.25], np.array([0.5, 0.25]), pd.Series([0.5, 0.25])]
)
def test_values_may_come_in_any_kind_of_list(values):
    settings = expand_grid({"alpha": values}, NAMES)
    assert settings == [{"alpha": 0.5}, {"alpha": 0.25}]
    assert all(type(setting["alpha"]) is float for setting in settings)


def test_single_settings_may_be_listed():
    listed = [
        {"learning_rate": "auto", "alpha": 0},
        {"alpha": np.float64(0.5), "class_weight": {0: 1.0, 1: 2.0}},
        {},
    ]
    assert expand_grid(listed, NAMES) == listed


def test_a_part_of_the_grid_is_drawn_without_repetition_and_again_by_the_same_seed():
    grid = {"alpha": range(10), "learning_rate": [0.1, 0.2, 0.3]}
    whole = expand_grid(grid, NAMES)
    drawn = expand_grid(grid, NAMES, n_iter=20, random_state=0)
    assert len(drawn) == 20
    assert all(drawn.count(setting) == 1 and setting in whole for setting in drawn)
    assert drawn == expand_grid(grid, NAMES, n_iter=20, random_state=0)
    assert drawn != expand_grid(grid, NAMES, n_iter=20, random_state=1)


def test_no_more_is_drawn_than_there_is():
    grid = [{"alpha": [1, 2]}, {"alpha": 3, "loss": ["hinge"]}]
    drawn = expand_grid(grid, NAMES, n_iter=50, random_state=0)
    assert sorted(setting["alpha"] for setting in drawn) == [1, 2, 3]


def test_values_are_drawn_from_distributions():
    grid = {"alpha": stats.loguniform(1e-6, 1e-2), "optimizer": ["sgd", "adam"]}
    drawn = expand_grid(grid, NAMES, n_iter=30, random_state=0)
    assert len({setting["alpha"] for setting in drawn}) == 30
    assert all(1e-6 <= setting["alpha"] <= 1e-2 for setting in drawn)
    assert {setting["optimizer"] for setting in drawn} == {"sgd", "adam"}


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        (None, TypeError, "param_grid must be a dict of lists.*got None of type NoneType"),
        ("alpha", TypeError, "param_grid must be a dict of lists.*got 'alpha'"),
        ([], ValueError, "param_grid must hold at least one setting"),
        (
            [{"alpha": 1}, 3],
            TypeError,
            "param_grid must be a dict of lists.*it holds 3 of type int",
        ),
        ({"alhpa": [1]}, ValueError, "param_grid names 'alhpa', .*its parameters are alpha, class"),
        (
            {"alpha": []},
            ValueError,
            r"param_grid\['alpha'\] must hold at least one value; got \[\]",
        ),
        ({"alpha": np.zeros((2, 2))}, ValueError, r"must be a list or a vector.*shape \(2, 2\)"),
        ({"alpha": {1, 2}}, TypeError, r"param_grid\['alpha'\] must be a list of values.*\{1, 2\}"),
        ({"alpha": iter([1])}, TypeError, r"param_grid\['alpha'\] must be a list of values"),
        ({"alpha": stats.uniform()}, ValueError, "gives 'alpha' as a distribution; say by n_iter"),
    ],
)
def test_what_is_no_grid_is_refused(grid, error, message):
    with pytest.raises(error, match=message):
        expand_grid(grid, NAMES)


def test_settings_alike_in_all_but_their_own_parameters_form_a_group():
    settings = [
        {"alpha": 1, "loss": "softmax", "class_weight": {0: 1, 1: 2}},
        {"alpha": 2, "loss": "hinge", "class_weight": {0: 1, 1: 2}},
        {"alpha": 3, "loss": "softmax", "class_weight": {0: 1, 1: 2}},
        {"alpha": 3, "loss": "softmax", "class_weight": {0: 1, 1: 3}},
        {"alpha": 3, "loss": "hinge", "class_weight": {0: 1, 1: 2}},
    ]
    assert group_settings(settings, ["alpha"]) == [[0, 2], [1, 4], [3]]


def test_large_groups_are_cut_into_parts_of_about_the_same_size():
    assert split_groups([range(7), [7, 8]], 3) == [[0, 1, 2], [3, 4], [5, 6], [7, 8]]
    assert split_groups([range(3)], 1) == [[0], [1], [2]]


def a_trial(accuracy, loss=1.0, *, n_epochs=2, status="finished", diverged=False):
    history = {
        "epoch": np.arange(1, n_epochs + 1),
        "validation_accuracy": np.linspace(accuracy, 0, n_epochs),
    }
    figures = {
        "validation_accuracy": accuracy,
        "validation_loss": loss,
        "train_accuracy": 0.5,
        "train_loss": 2.5,
    }
    if diverged:
        figures = dict.fromkeys(figures, np.nan)
    return Trial(history, figures, 0.125, status, diverged, 0.25)


def test_the_table_holds_the_figures_of_each_split_and_their_means():
    settings = [
        {"alpha": 0.1, "learning_rate": "auto", "loss": "hinge"},
        {"alpha": 1, "learning_rate": 0.5, "loss": "hinge"},
    ]
    given = [{"alpha": 0.1}, {"alpha": 1, "learning_rate": 0.5}]
    trials = [
        [a_trial(0.5, 1.5), a_trial(0.75, 2.5, n_epochs=5, status="stopped early")],
        [a_trial(0.5, 1.5), a_trial(0.25, 1, status="diverged at epoch 2", diverged=True)],
    ]
    table = pd.DataFrame(make_results(given, settings, trials, 2))
    assert list(table.columns) == [
        "param_alpha",
        "param_learning_rate",
        "params",
        "validation_accuracy",
        "validation_accuracy_std",
        "validation_accuracy_split0",
        "validation_accuracy_split1",
        "validation_loss",
        "train_accuracy",
        "train_loss",
        "learning_rate",
        "n_iter",
        "status",
        "rank",
        "fit_time",
    ]
    assert table.param_alpha.tolist() == [0.1, 1]
    assert table.param_learning_rate.tolist() == ["auto", 0.5]
    assert table.params.tolist() == given
    first = table.loc[0, "validation_accuracy":]
    assert first.tolist() == [
        0.625, 0.125, 0.5, 0.75, 2, 0.5, 2.5, 0.125, 3.5, "finished, stopped early", 1, 0.5
    ]  # fmt: skip
    second = table.loc[1]
    assert second["status"] == "diverged at epoch 2"
    assert second["rank"] == 2
    assert second["validation_accuracy_split0"] == 0.5
    unknown = ["validation_accuracy", "validation_loss", "train_loss", "validation_accuracy_split1"]
    assert second[unknown].isna().all()


def test_one_split_needs_no_columns_for_each():
    table = make_results([{"alpha": 1}], [{"alpha": 1}], [[a_trial(0.5)]], 1)
    assert not any("split" in name or "std" in name for name in table)


def test_ranks_go_by_accuracy_then_loss_then_order():
    accuracy = np.array([0.5, np.nan, 0.75, 0.5, 0.5, 0.1 + 0.2, np.nan, 0.3])
    loss = np.array([2.0, np.nan, 3.0, 1.0, 2.0, 1.0, np.nan, 1.0])
    assert rank_settings(accuracy, loss).tolist() == [3, 7, 1, 2, 4, 5, 7, 6]


def test_the_mean_of_learning_curves_ends_with_the_shortest():
    mean = mean_history([a_trial(0.5, n_epochs=3).history, a_trial(1.0, n_epochs=2).history])
    assert mean["epoch"].tolist() == [1, 2]
    assert mean["epoch"].dtype.kind == "i"
    assert mean["validation_accuracy"].tolist() == [0.75, 0.125]
