"""The table of a cross-validation against the one that GridSearchCV makes of the same scores."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neighbors import KNeighborsClassifier

from nearplane._cv_results import best_row, make_cv_results


@pytest.fixture
def searched():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 3)), rng.integers(0, 2, 90)
    folds = PredefinedSplit(np.repeat(np.arange(6), [5, 10, 15, 20, 25, 15]))
    grid = [
        {"n_neighbors": [1, 2, 3, 9], "weights": ["uniform", "distance"]},
        {"n_neighbors": [4], "p": [1.0, 2.0], "metric_params": [None]},
    ]
    return GridSearchCV(KNeighborsClassifier(), grid, cv=folds).fit(X, y)


def assert_same_table(found, expected):
    assert list(found) == list(expected)
    for name, values in expected.items():
        if name == "params":
            assert found[name] == values
            continue
        assert type(found[name]) is type(values)
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(np.ma.getmaskarray(found[name]), np.ma.getmaskarray(values))
        np.testing.assert_array_equal(found[name], values)


def scores_of(search):
    columns = [search.cv_results_[f"split{i}_test_score"] for i in range(search.n_splits_)]
    return np.stack(columns, axis=1)


def test_the_table_is_that_of_grid_search(searched):
    expected = {n: v for n, v in searched.cv_results_.items() if not n.endswith("_time")}
    found = make_cv_results(searched.cv_results_["params"], scores_of(searched))
    assert_same_table(found, expected)
    assert best_row(found) == searched.best_index_


def test_failures_have_no_mean_and_share_the_last_rank():
    results = make_cv_results([{"k": 1}, {"k": 2}, {"k": 3}, {"k": 4}], _with_failures())
    np.testing.assert_array_equal(results["mean_test_score"], [0.5, np.nan, 0.5, np.nan])
    np.testing.assert_array_equal(results["std_test_score"], [0, np.nan, 0, np.nan])
    assert results["rank_test_score"].tolist() == [1, 3, 1, 3]
    assert best_row(results) == 0


def _with_failures():
    return [[0.5, 0.5], [np.nan, 0.9], [0.5, 0.5], [np.nan, np.nan]]


def test_if_all_failed_all_are_first_as_in_scikit_learn():
    results = make_cv_results([{}, {}], [[np.nan], [np.nan]])
    assert results["rank_test_score"].tolist() == [1, 1]


def test_more_columns_come_first_and_those_over_splits_as_mean_and_deviation():
    results = make_cv_results(
        [{"k": 1}, {"k": 2}],
        [[0.0, 1.0], [1.0, 1.0]],
        {"fit_time": [[1.0, 3.0], [2.0, 2.0]], "status": np.array(["a", "b"])},
        split_columns=False,
    )
    assert list(results) == [
        *("mean_fit_time", "std_fit_time", "status", "param_k", "params"),
        *("mean_test_score", "std_test_score", "rank_test_score"),
    ]
    assert results["mean_fit_time"].tolist() == [2, 2]
    assert results["std_fit_time"].tolist() == [1, 0]
    assert results["status"].tolist() == ["a", "b"]
    assert results["rank_test_score"].tolist() == [2, 1]


def test_lists_of_several_lengths_and_text_stay_what_they_are():
    results = make_cv_results([{"a": [1], "b": "x"}, {"a": [2, 3]}], [[0.1], [0.2]])
    assert results["param_a"].tolist() == [[1], [2, 3]]
    assert results["param_b"].dtype == object
    assert results["param_b"].mask.tolist() == [False, True]


@pytest.mark.parametrize("scores", [[0.1, 0.2], [[0.1], [0.2], [0.3]], [[], []]])
def test_scores_that_are_not_one_row_a_candidate_are_refused(scores):
    with pytest.raises(ValueError, match=r"scores must have shape \(2, n_splits\)"):
        make_cv_results([{}, {}], scores)
