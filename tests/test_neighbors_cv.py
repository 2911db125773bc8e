"""`KNeighborsClassifierCV` against GridSearchCV, score for score, and against one model a split."""

import itertools

import numpy as np
import pytest
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.neighbors import KNeighborsClassifier as PeerKNeighborsClassifier

from nearplane import KNeighborsClassifier, KNeighborsClassifierCV
from nearplane.neighbors import _cv_rounds, _cv_search
from nearplane.neighbors._cv_rounds import plan_rounds
from nearplane.neighbors._searcher import Searcher

N = 143  # no multiple of any number of folds: they are uneven
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 4))  # no two distances are equal
Y = np.array(["cat", "dog", "eel"])[RNG.integers(0, 3, N)]
GROUPS = RNG.integers(0, 7, N)
FOLDS = RNG.integers(-1, 4, N)  # those of -1 are never tested

GRID = {
    "n_neighbors": [5, 1, 20],
    "metric": ["manhattan", "euclidean"],
    "weights": ["uniform", "distance", lambda distances: 1 / (1 + distances)],
}


def groups_for(name):
    """Return groups for the splitters that want some; the others warn of them."""
    return GROUPS if "group" in name else None


def half(*parts):
    return [np.array(part) for part in parts]


SPLITTERS = {
    "default": None,
    "number": 3,
    "k-fold": KFold(5),
    "shuffled": KFold(4, shuffle=True, random_state=0),
    "stratified": StratifiedKFold(4),
    "groups": GroupKFold(3),
    "stratified groups": StratifiedGroupKFold(3),
    "leave one group out": LeaveOneGroupOut(),
    "repeated": RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0),
    "predefined": PredefinedSplit(FOLDS),
    "at random": ShuffleSplit(3, test_size=0.3, random_state=0),
    "of a part": ShuffleSplit(2, test_size=0.2, train_size=0.5, random_state=0),
    "leave one out": LeaveOneOut(),
    "in time": TimeSeriesSplit(3),
    "overlapping": [half(range(100), range(90, N)), half(range(40, N), range(50))],
    "masks": [half(np.arange(N) > 50, np.arange(N) <= 50)],
    "drawn with replacement": [half(RNG.integers(0, N, 200), RNG.integers(0, N, 60))],
}


def assert_same_scores(found, expected, **tolerance):
    found, expected = found.cv_results_, expected.cv_results_
    assert list(found) == list(expected)
    assert found["params"] == expected["params"]
    for name in expected:
        if name.endswith("test_score"):
            np.testing.assert_allclose(found[name], expected[name], **{"rtol": 0} | tolerance)
        elif name.startswith("param_"):
            assert found[name].tolist() == expected[name].tolist()


@pytest.mark.parametrize("name", SPLITTERS)
def test_scores_are_those_of_grid_search_to_the_last_bit(name):
    cv = SPLITTERS[name]
    # One candidate at a time with one row left out at a time takes scikit-learn its time.
    few = {"n_neighbors": [2, 6], "metric": ["l2"], "weights": ["uniform"]}
    grid = few if name == "leave one out" else GRID
    expected = GridSearchCV(PeerKNeighborsClassifier(), grid, cv=cv).fit(
        X, Y, groups=groups_for(name)
    )
    model = KNeighborsClassifierCV(**grid, cv=cv).fit(X, Y, groups=groups_for(name))
    assert_same_scores(model, expected)
    assert model.best_index_ == expected.best_index_
    assert model.best_params_ == expected.best_params_
    assert model.best_score_ == expected.best_score_
    assert model.n_splits_ == expected.n_splits_
    np.testing.assert_array_equal(model.classes_, expected.classes_)
    np.testing.assert_array_equal(model.predict(X + 0.1), expected.predict(X + 0.1))


@pytest.mark.parametrize("name", ["stratified", "repeated", "predefined", "overlapping"])
@pytest.mark.parametrize("scoring", ["neg_log_loss", "balanced_accuracy", "roc_auc_ovr"])
def test_other_scores_are_those_of_grid_search_too(name, scoring):
    grid, cv = GRID | {"metric": ["l1"], "n_neighbors": [9, 3]}, SPLITTERS[name]
    expected = GridSearchCV(PeerKNeighborsClassifier(), grid, cv=cv, scoring=scoring).fit(X, Y)
    model = KNeighborsClassifierCV(**grid, cv=cv, scoring=scoring).fit(X, Y)
    assert_same_scores(model, expected, rtol=1e-12)
    assert model.score(X[:30], Y[:30]) == pytest.approx(expected.score(X[:30], Y[:30]), rel=1e-12)


def test_a_class_that_a_split_has_not_seen_is_none_of_its_classes():
    labels = np.where(np.arange(N) < 20, "rare", Y)
    cv = PredefinedSplit(np.where(np.arange(N) < 20, 0, 1))

    def n_classes(estimator, queries, truth):
        parts = estimator.predict_proba(queries)
        assert parts.shape == (len(truth), len(estimator.classes_))
        np.testing.assert_allclose(parts.sum(axis=1), 1)
        return len(estimator.classes_) + (estimator.predict(queries) == truth).mean()

    grid = {"n_neighbors": [1, 4], "metric": ["euclidean"], "weights": ["distance"]}
    expected = GridSearchCV(PeerKNeighborsClassifier(), grid, cv=cv, scoring=n_classes)
    model = KNeighborsClassifierCV(**grid, cv=cv, scoring=n_classes)
    assert_same_scores(model.fit(X, labels), expected.fit(X, labels))
    assert (model.cv_results_["split0_test_score"] == 3).all()  # and none of them was right


@pytest.mark.parametrize("ties", ["smallest", "nearest"])
@pytest.mark.parametrize("name", ["stratified", "groups", "predefined", "at random", "in time"])
def test_equal_distances_and_votes_are_settled_as_by_each_model_alone(name, ties):
    rng = np.random.default_rng(1)
    images, y = rng.integers(0, 3, (N, 2, 2)).astype(np.uint8), rng.integers(0, 4, N)
    cv = SPLITTERS[name]
    if name == "at random":  # among rows equally far the first is nearest, in order of training
        cv = [(np.sort(training), test) for training, test in cv.split(images)]
    grid = {"n_neighbors": [1, 2, 3, 4, 20], "weights": ["uniform", "distance"], "metric": ["l1"]}
    expected = GridSearchCV(KNeighborsClassifier(ties=ties), grid, cv=cv)
    model = KNeighborsClassifierCV(**grid, cv=cv, ties=ties)
    groups = groups_for(name)
    assert_same_scores(model.fit(images, y, groups=groups), expected.fit(images, y, groups=groups))


@pytest.mark.parametrize("algorithm", ["brute", "pruned"])
def test_algorithms_agree(algorithm):
    rng = np.random.default_rng(2)
    images = (rng.integers(0, 200, (6, 1, 8, 8)) + rng.integers(0, 50, (6, 60, 8, 8))).astype("u1")
    images, y = images.reshape(-1, 8, 8), rng.integers(0, 3, 360)
    plain = KNeighborsClassifierCV([1, 5, 30], cv=4).fit(images, y)
    other = KNeighborsClassifierCV([1, 5, 30], cv=4, algorithm=algorithm).fit(images, y)
    assert_same_scores(other, plain)
    assert other.best_estimator_.search_plan_.algorithm == algorithm


@pytest.mark.parametrize("scoring", [None, "f1_macro"])
@pytest.mark.filterwarnings("ignore:F-score is ill-defined")
def test_leaving_one_out_scores_every_row(scoring):
    grid = {"n_neighbors": [3, 1, 30], "metric": ["l2"], "weights": ["distance"]}
    model = KNeighborsClassifierCV(**grid, cv="loo", scoring=scoring).fit(X[:60], Y[:60])
    results, fitted = model.cv_results_, KNeighborsClassifier().fit(X[:60], Y[:60])
    for row, params in enumerate(results["params"]):
        right = fitted.set_params(**params).predict(None) == Y[:60]
        assert results["mean_test_score"][row] == right.mean()
        assert results["std_test_score"][row] == pytest.approx(right.std(), rel=1e-12)
    assert model.n_splits_ == 60
    assert not any(name.startswith("split") for name in results)
    splitter = KNeighborsClassifierCV(**grid, cv=LeaveOneOut()).fit(X[:60], Y[:60])
    assert splitter.cv_results_["mean_test_score"].tolist() == results["mean_test_score"].tolist()


@pytest.mark.parametrize(
    ("name", "n_searches"),
    [
        ("k-fold", 1),
        ("groups", 1),
        ("predefined", 1),
        ("leave one out", 1),
        ("repeated", 2),
        ("at random", 3),
        ("masks", 1),
        ("drawn with replacement", 1),
    ],
)
def test_one_search_a_metric_serves_every_round(name, n_searches, monkeypatch):
    searched, search = [], Searcher.search

    def counting(self, queries, k, **options):
        searched.append((self.metric, k))
        return search(self, queries, k, **options)

    monkeypatch.setattr(Searcher, "search", counting)
    model = KNeighborsClassifierCV(**GRID, cv=SPLITTERS[name]).fit(X, Y, groups=groups_for(name))
    metrics = [metric for metric in ("manhattan", "euclidean") for _ in range(n_searches)]
    assert searched == [(metric, 20) for metric in metrics]
    model.best_estimator_.kneighbors(X)
    assert searched[-1] == (model.metric_, model.n_neighbors_)


@pytest.mark.parametrize(
    ("name", "scoring"),
    [
        ("leave one out", None),
        ("repeated", None),
        ("in time", None),
        ("k-fold", "f1_micro"),
        ("predefined", "f1_micro"),
    ],
)
def test_blocks_of_any_size_give_the_same(name, scoring, monkeypatch):
    grid = GRID | {"metric": ["l1"], "n_neighbors": [1, 20]}
    model = KNeighborsClassifierCV(**grid, cv=SPLITTERS[name], scoring=scoring)
    whole = model.fit(X, Y).cv_results_
    monkeypatch.setattr(_cv_rounds, "_BLOCK_SIZE", 200)
    monkeypatch.setattr(_cv_search, "_COPY_BYTES", 7 * X[0].nbytes)
    parted = model.fit(X, Y).cv_results_
    for column in ("mean_test_score", "std_test_score"):
        np.testing.assert_array_equal(parted[column], whole[column])


def test_blocks_are_small_and_hold_whole_splits(monkeypatch):
    monkeypatch.setattr(_cv_rounds, "_BLOCK_SIZE", 1000)
    (round_,) = plan_rounds(KFold(10, shuffle=True, random_state=0).split(X), N)
    blocks = list(round_.blocks(20))
    assert len(blocks) > 1
    assert all(20 * len(block.queries) <= 2 * 1000 for block in blocks)
    assert np.concatenate([block.splits for block in blocks]).tolist() == list(range(10))
    assert sorted(np.concatenate([block.queries for block in blocks])) == list(range(N))


def test_rounds_are_as_few_as_can_be():
    repeated = RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0)
    splits = list(repeated.split(X, Y))
    assert len(plan_rounds(splits, N)) == 4
    # Folds of several repetitions, mingled, find together again.
    mingled = [splits[3 * repeat + fold] for fold, repeat in itertools.product(range(3), range(4))]
    rounds = plan_rounds(mingled, N)
    assert len(rounds) == 4
    assert [round_.splits.tolist() for round_ in rounds] == [[i, i + 4, i + 8] for i in range(4)]
    outside = [(np.arange(50), np.arange(50, 60)), (np.arange(10, 60), np.arange(10))]
    assert len(plan_rounds(outside, N)) == 2  # the rows from 60 on belong to nobody
