"""`KNeighborsClassifierCV` as it is used: data of all kinds, errors, answers, files, metadata."""

import io
import re
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, PredefinedSplit, cross_validate
from sklearn.neighbors import KNeighborsClassifier as PeerKNeighborsClassifier

from nearplane import KNeighborsClassifier, KNeighborsClassifierCV
from nearplane.datasets import load_dataset
from nearplane.neighbors import _classification_cv, _cv_search, _searcher

from .layouts import LAYOUTS

KS = [1, 3, 10]


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=200, n_test=50)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def scores_of(model):
    return model.cv_results_["mean_test_score"].tolist()


def test_the_table_is_one_for_pandas(digits):
    model = KNeighborsClassifierCV(KS, weights=["uniform", "distance"], cv=4)
    table = pd.DataFrame(model.fit(digits.X_train, digits.y_train).cv_results_)
    assert table.shape == (12, 4 + 3 + 1 + 4 + 3)
    assert table.param_n_neighbors.tolist() == [1, 1, 3, 3, 10, 10] * 2
    assert table.param_metric.tolist() == ["euclidean"] * 6 + ["manhattan"] * 6
    assert (table.mean_fit_time > 0).all()
    assert (table.mean_score_time > 0).all()
    ordered = table.sort_values("rank_test_score", kind="stable")
    assert ordered.mean_test_score.is_monotonic_decreasing
    assert ordered.index[0] == model.best_index_


@pytest.mark.parametrize("values", [3, (3,), [3], np.array([3], dtype=np.uint8), range(3, 4)])
def test_a_single_value_is_a_list_of_one(digits, values):
    model = KNeighborsClassifierCV(values, metric="l1", weights="distance", cv=3)
    model.fit(digits.X_train, digits.y_train)
    params = {"metric": "l1", "n_neighbors": 3, "weights": "distance"}
    assert model.cv_results_["params"] == [params]
    assert type(model.n_neighbors_) is int
    assert (model.n_neighbors_, model.metric_, model.weights_) == (3, "l1", "distance")


def test_values_named_twice_have_equal_rows_and_one_search(digits, monkeypatch):
    searched, search = [], _searcher.Searcher.search

    def counting(self, *args, **options):
        searched.append(self.metric)
        return search(self, *args, **options)

    monkeypatch.setattr(_searcher.Searcher, "search", counting)
    model = KNeighborsClassifierCV([3, 1, 3], metric=["euclidean", "l2", "minkowski"], cv=3)
    model.fit(digits.X_train, digits.y_train)
    assert searched == ["euclidean"]
    scores = scores_of(model)
    assert scores == scores[:3] * 3
    assert scores[0] == scores[2] != scores[1]
    assert model.metric_ == "euclidean"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.uint8, ">f4", np.float64, np.int16])
def test_rows_may_lie_as_they_like_and_stay_as_they_are(digits, layout, dtype):
    expected = KNeighborsClassifierCV(KS, cv=3).fit(digits.X_train, digits.y_train)
    X = LAYOUTS[layout](digits.X_train.reshape(200, -1).astype(dtype))
    before = X.copy()
    assert scores_of(KNeighborsClassifierCV(KS, cv=3).fit(X, digits.y_train)) == scores_of(expected)
    np.testing.assert_array_equal(X, before)


def test_rows_may_be_mapped_from_a_file(digits, tmp_path):
    np.save(tmp_path / "X.npy", digits.X_train)
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    folds = PredefinedSplit(np.arange(200) % 4 - 1)
    model = KNeighborsClassifierCV(KS, cv=folds, scoring="neg_log_loss").fit(X, digits.y_train)
    expected = clone(model).fit(digits.X_train, digits.y_train)
    assert scores_of(model) == scores_of(expected)


def test_labels_may_be_boxed_text_or_a_column(digits):
    y = digits.y_train
    expected = KNeighborsClassifierCV(KS, cv=3).fit(digits.X_train, y)
    for labels in (y.tolist(), y.astype(object), y.astype(str), y.astype(str).astype(object)):
        model = KNeighborsClassifierCV(KS, cv=3).fit(digits.X_train, labels)
        assert scores_of(model) == scores_of(expected)
        assert set(model.predict(digits.X_test)) <= set(np.asarray(labels))
    with pytest.warns(sklearn.exceptions.DataConversionWarning):
        KNeighborsClassifierCV(KS, cv=3).fit(digits.X_train, y[:, None])


def test_the_best_answers_as_if_it_had_been_fitted_alone(digits):
    model = KNeighborsClassifierCV(KS, weights=("distance",), ties="nearest", cv=3, n_jobs=1)
    model.fit(digits.X_train, digits.y_train)
    alone = KNeighborsClassifier(**model.best_params_, ties="nearest", n_jobs=1)
    alone.fit(digits.X_train, digits.y_train)
    assert model.best_estimator_.get_params() == alone.get_params()
    for X in (digits.X_test, None):
        np.testing.assert_array_equal(model.predict(X), alone.predict(X))
        np.testing.assert_array_equal(model.predict_proba(X), alone.predict_proba(X))
        for found, expected in zip(model.kneighbors(X), alone.kneighbors(X), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert model.kneighbors(digits.X_test, 2, return_distance=False).shape == (50, 2)
    score = model.score(digits.X_test, digits.y_test)
    assert score == alone.score(digits.X_test, digits.y_test)
    assert model.score(None, digits.y_train) == alone.score(None, digits.y_train)
    weight = np.arange(50)
    assert model.score(digits.X_test, digits.y_test, sample_weight=weight) == alone.score(
        digits.X_test, digits.y_test, weight
    )


def test_the_best_keeps_the_sketch_of_the_searches(digits):
    model = KNeighborsClassifierCV(KS, cv=3, algorithm="pruned")
    best = model.fit(digits.X_train, digits.y_train).best_estimator_
    assert best._searcher.sketch is not None
    assert best.search_plan_.n_queries == 200


def test_a_file_holds_the_best(digits, tmp_path):
    model = KNeighborsClassifierCV(KS, cv=3).fit(digits.X_train, digits.y_train)
    model.save(tmp_path / "model")
    loaded = KNeighborsClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(digits.X_test), model.predict(digits.X_test))


def test_without_refit_there_are_scores_and_no_answers(digits):
    model = KNeighborsClassifierCV(KS, cv=3).fit(digits.X_train, digits.y_train)
    best = model.best_params_
    model.set_params(refit=False).fit(digits.X_train, digits.y_train)
    assert model.best_params_ == best
    assert not hasattr(model, "best_estimator_")
    for answer in (model.predict, model.predict_proba, model.kneighbors, model.save):
        with pytest.raises(NotFittedError, match=r"has no best_estimator_.* refit=True"):
            answer(digits.X_test)


def test_before_fit_nothing_is_answered(digits):
    model = KNeighborsClassifierCV()
    for answer in (model.predict, model.predict_proba, model.kneighbors, model.save):
        with pytest.raises(NotFittedError):
            answer(digits.X_test)


def test_columns_have_names():
    frame = pd.DataFrame(np.random.default_rng(0).random((30, 2)), columns=["width", "height"])
    y = np.arange(30) % 2
    model = KNeighborsClassifierCV([1], cv=3, scoring="f1_micro").fit(frame, y)
    assert model.feature_names_in_.tolist() == ["width", "height"]
    assert model.predict(frame).shape == (30,)
    model.fit(frame.to_numpy(), y)
    assert not hasattr(model, "feature_names_in_")


def nothing(estimator, X, y):
    raise LookupError("no score today")


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"n_neighbors": []}, ValueError, r"n_neighbors must be one value or a list .*; got \[\]"),
        ({"n_neighbors": {1, 2}}, ValueError, "n_neighbors must be one value or a list"),
        ({"n_neighbors": [[1], [1, 2]]}, TypeError, r"n_neighbors must be an integer; got \[1\]"),
        ({"n_neighbors": 0}, ValueError, "n_neighbors must be at least 1; got 0"),
        ({"n_neighbors": [1, 2.5]}, TypeError, "n_neighbors must be an integer; got 2.5"),
        ({"n_neighbors": "3"}, TypeError, "n_neighbors must be an integer; got '3'"),
        ({"n_neighbors": None}, TypeError, "n_neighbors must be an integer; got None"),
        ({"n_neighbors": 134}, ValueError, "got 134, and a split trains on 133 rows of n_samples"),
        ({"n_neighbors": 200, "cv": "loo"}, ValueError, "got 200, and a split trains on 199 rows"),
        ({"metric": "chebyshev"}, ValueError, "metric must be one of .*; got 'chebyshev'"),
        ({"metric": []}, ValueError, r"metric must be one value or a list of at least one; got \["),
        ({"metric": ["l1", None]}, ValueError, "metric must be one of .*; got None"),
        ({"weights": ["uniform", "far"]}, ValueError, "weights must be .*; got 'far'"),
        ({"weights": None}, ValueError, "weights must be 'uniform', .*; got None"),
        ({"ties": "last"}, ValueError, "ties must be 'smallest' or 'nearest'; got 'last'"),
        ({"algorithm": "tree"}, ValueError, "algorithm must be .*; got 'tree'"),
        ({"refit": "yes"}, TypeError, "refit must be True or False; got 'yes'"),
        ({"verbose": 2}, TypeError, "verbose must be True or False; got 2"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be"),
        ({"cv": 1}, ValueError, "cv must be at least 2; got 1"),
        ({"cv": True}, TypeError, "cv must be an integer; got True"),
        ({"cv": "k-fold"}, TypeError, "cv must be .*; got 'k-fold' of type str"),
        ({"cv": 5.0}, TypeError, "cv must be .*; got 5.0 of type float"),
        ({"cv": []}, ValueError, "cv must make at least one split"),
        ({"cv": [([1, 2], [])]}, ValueError, "split 0 has 2 and 0"),
        ({"cv": [([1, 2], [200])]}, ValueError, "cv names row 200; X has the rows 0 to 199"),
        ({"cv": [([-1, 2], [0])]}, ValueError, "cv names row -1"),
        ({"cv": [([0.5, 2], [0])]}, ValueError, "vectors of row numbers; got an array of float64"),
        ({"cv": [([[1]], [0])]}, ValueError, r"got an array of int64 of shape \(1, 1\)"),
        ({"cv": [[1, 2, 3]]}, ValueError, r"cv must yield pairs of vectors .*; got \[1, 2, 3\]"),
        ({"cv": [1, 2]}, ValueError, "cv must yield pairs of vectors .*; got 1"),
        ({"cv": KFold(300)}, ValueError, "Cannot have number of splits n_splits=300"),
        ({"scoring": "beauty"}, ValueError, "beauty"),
        ({"scoring": ""}, ValueError, "scoring"),
        ({"scoring": ["accuracy"]}, TypeError, r"scoring must be .*; got \['accuracy'\]"),
        ({"scoring": accuracy_score}, ValueError, "scoring"),
        ({"scoring": nothing}, LookupError, "no score today"),
        ({"scoring": lambda estimator, X, y: None}, ValueError, "scoring must return a number"),
        ({"weights": lambda d: -d - 1}, ValueError, "finite weights that are not negative"),
    ],
)
def test_arguments_that_do_not_fit_are_named(digits, params, error, message):
    model = KNeighborsClassifierCV(**{"n_neighbors": KS, "cv": 3} | params)
    with pytest.raises(error, match=message):
        model.fit(digits.X_train, digits.y_train)
    assert not hasattr(model, "cv_results_")


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((0, 3)), [], "y must hold one target for each row of X"),
        (np.zeros((0, 3)), [1], "0 sample"),
        (np.zeros((4, 0)), [1, 2] * 2, "0 feature"),
        (np.zeros((4, 3)), [1, 2], "X has 4, y has 2"),
        (np.zeros(4), [1, 2] * 2, "Expected 2D array"),
        (np.array([[0.0], [1], [np.nan], [2]]), [1, 2] * 2, "NaN: first in row 2, column 0"),
        (np.zeros((4, 3)), [[1, 2]] * 4, r"y must hold one label .* shape \(4, 2\)"),
        (np.zeros((4, 3)), [0.5, 1.5, 0.2, 0.1], "continuous"),
        (np.zeros((4, 3)), None, "requires y to be passed"),
    ],
)
def test_data_that_do_not_fit_are_named(X, y, message):
    with pytest.raises(ValueError, match=message):
        KNeighborsClassifierCV([1], cv=2).fit(X, y)


def test_a_scorer_is_shown_its_own_rows_and_no_others(digits):
    def curious(estimator, X, y):
        assert (estimator.predict(X.copy()) == y).mean() == estimator.score(X, y)
        return estimator.predict(X[::-1])[0]

    model = KNeighborsClassifierCV([1], cv=3, scoring=curious)
    with pytest.raises(ValueError, match="answers for the rows that scoring is given only"):
        model.fit(digits.X_train, digits.y_train)


def test_a_scorer_may_ask_what_it_scores(digits):
    def of_the_thrifty(estimator, X, y):
        assert f"n_neighbors={estimator.n_neighbors}" in repr(estimator)
        assert estimator.get_params()["weights"] == estimator.weights == "distance"
        return -estimator.n_neighbors

    model = KNeighborsClassifierCV([5, 2], weights="distance", cv=2, scoring=of_the_thrifty)
    model.fit(digits.X_train, digits.y_train)
    assert (model.n_neighbors_, model.best_score_) == (2, -2)


def test_candidates_whose_scores_are_no_numbers_are_last(digits):
    def of_the_sure_only(estimator, X, y):
        return (
            estimator.score(X, y) if estimator.predict_proba(X).max(axis=1).min() == 1 else np.nan
        )

    model = KNeighborsClassifierCV([9, 1], metric="l1", cv=3, scoring=of_the_sure_only)
    with pytest.warns(UserWarning, match="gave 1 of 2 candidates a mean that is not finite"):
        model.fit(digits.X_train, digits.y_train)
    assert model.cv_results_["rank_test_score"].tolist() == [2, 1]
    assert model.n_neighbors_ == 1


@pytest.mark.parametrize("moment", ["search", "vote"])
def test_an_interrupt_leaves_everything_as_it_was(digits, moment, monkeypatch):
    model = KNeighborsClassifierCV(KS, cv=3).fit(digits.X_train, digits.y_train)
    before = dict(vars(model))

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    name = "_search" if moment == "search" else "winners_each_k"
    monkeypatch.setattr(_cv_search, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(digits.X_test, digits.y_test)
    monkeypatch.undo()
    assert vars(model) == before
    assert model.fit(digits.X_train, digits.y_train).best_score_ == before["best_score_"]


def test_a_bar_goes_from_nothing_to_all(digits, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    model = KNeighborsClassifierCV(KS, cv=3, verbose=True, algorithm="pruned")
    model.fit(digits.X_train, digits.y_train)
    text = sys.stderr.getvalue()
    assert "cross-validation" in text
    percentages = [int(found) for found in re.findall(r"(\d+)%", text)]
    assert percentages == sorted(percentages)
    assert percentages[-1] == 100
    assert 50 in percentages  # one of two metrics
    monkeypatch.setattr(sys, "stderr", Terminal())
    model.set_params(verbose=False).fit(digits.X_train, digits.y_train)
    assert sys.stderr.getvalue() == ""


def test_the_bar_moves_through_all_blocks(digits, monkeypatch):
    seen = []

    class Bar:
        def __enter__(self):
            return lambda fraction, note="": seen.append(fraction)

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(_classification_cv, "progress_bar", lambda *_, **__: Bar())
    folds = PredefinedSplit(np.arange(200) % 4 - 1)
    monkeypatch.setattr(_cv_search, "_COPY_BYTES", 64 * 40)
    KNeighborsClassifierCV(KS, cv=folds).fit(digits.X_train, digits.y_train)
    assert seen == sorted(seen)
    assert len(seen) >= 8
    assert seen[-1] == pytest.approx(1)


def test_groups_reach_the_splitter(digits):
    groups = np.arange(200) // 50
    model = KNeighborsClassifierCV(KS, cv=GroupKFold(4))
    expected = GridSearchCV(
        PeerKNeighborsClassifier(),
        {"n_neighbors": KS, "metric": ["euclidean", "manhattan"]},
        cv=GroupKFold(4),
    ).fit(digits.X_train.reshape(200, -1).astype(float), digits.y_train, groups=groups)
    model.fit(digits.X_train, digits.y_train, groups=groups)
    assert model.best_score_ == expected.best_score_
    with pytest.raises(ValueError, match="The 'groups' parameter should not be None"):
        model.fit(digits.X_train, digits.y_train)


def test_metadata_need_routing(digits):
    with pytest.raises(TypeError, match="fit takes sample_weight only if metadata routing"):
        KNeighborsClassifierCV().fit(digits.X_train, digits.y_train, sample_weight=np.ones(200))


@pytest.mark.usefixtures("routing")
def test_metadata_reach_the_scorer_row_by_row_and_the_splitter(digits):
    X, y, weight = digits.X_train.reshape(200, -1), digits.y_train, np.arange(200.0)
    groups = np.arange(200) // 20
    scorer = get_scorer("accuracy").set_score_request(sample_weight=True)
    grid = {"n_neighbors": KS, "metric": ["l1"], "weights": ["uniform"]}
    expected = GridSearchCV(PeerKNeighborsClassifier(), grid, cv=GroupKFold(4), scoring=scorer)
    expected.fit(X.astype(float), y, sample_weight=weight, groups=groups)
    model = KNeighborsClassifierCV(**grid, cv=GroupKFold(4), scoring=scorer)
    model.fit(X, y, sample_weight=weight, groups=groups)
    assert scores_of(model) == pytest.approx(expected.cv_results_["mean_test_score"], rel=1e-12)
    assert scores_of(model) != scores_of(clone(model).fit(X, y, groups=groups))
    assert model.score(X, y, sample_weight=weight) == expected.score(
        X.astype(float), y, sample_weight=weight
    )
    with pytest.raises(UnsetMetadataPassedError):
        KNeighborsClassifierCV(KS, scoring="accuracy").fit(X, y, sample_weight=weight)
    # And through another layer, which hands them on.
    outer = cross_validate(
        model, X, y, cv=GroupKFold(2), params={"sample_weight": weight, "groups": groups}
    )
    assert np.isfinite(outer["test_score"]).all()


@pytest.mark.usefixtures("routing")
def test_metadata_that_are_no_arrays_are_not_parted(digits):
    def leaning(truth, predicted, *, towards):
        return float(np.mean(predicted == towards))

    scorer = make_scorer(leaning).set_score_request(towards=True)
    model = KNeighborsClassifierCV(1, metric="l1", cv=KFold(2), scoring=scorer)
    model.fit(digits.X_train, digits.y_train, towards=3)
    alone = KNeighborsClassifier(1, metric="l1")
    first, second = np.arange(100), np.arange(100, 200)
    shares = [
        np.mean(alone.fit(digits.X_train[a], digits.y_train[a]).predict(digits.X_train[b]) == 3)
        for a, b in ((second, first), (first, second))
    ]
    assert model.best_score_ == pytest.approx(np.mean(shares))
