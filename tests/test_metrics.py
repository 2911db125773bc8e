"""Metrics against loops over rows, and scikit-learn's where it has the same."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score, top_k_accuracy_score

from nearplane import KNeighborsClassifier, LinearClassifier, metrics
from nearplane.datasets import load_dataset
from nearplane.metrics import confusion_pairs, per_class_accuracy, top_k_accuracy

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(500, 7))
TRUE = RNG.integers(0, 7, 500)
GUESS = np.where(RNG.random(500) < 0.5, TRUE, RNG.integers(0, 7, 500))
ROWS_OF_CLASS = [np.flatnonzero(c == TRUE) for c in range(7)]
NAMES = np.array(["ant", "bee", "cat", "dog", "eel", "fox", "gnu"])


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_top_k_is_scikit_learns_without_ties(k):
    assert top_k_accuracy(TRUE, SCORES, k=k) == top_k_accuracy_score(TRUE, SCORES, k=k)
    assert top_k_accuracy(NAMES[TRUE], SCORES, k=k) == top_k_accuracy(TRUE, SCORES, k=k)


def by_sorting(y_true, scores, k):
    """Sort the classes of each row, the first of equals first."""
    n_right = 0
    for true, row in zip(y_true, scores, strict=True):
        best = sorted(range(len(row)), key=lambda j: (-row[j], j))[:k]
        n_right += true in best
    return n_right / len(y_true)


@pytest.mark.parametrize("k", [1, 3, 7])
@pytest.mark.parametrize("block_size", [1, 100, 2**20])
def test_of_equal_scores_the_first_class_counts(k, block_size, monkeypatch):
    monkeypatch.setattr(metrics, "_BLOCK_SIZE", block_size)
    votes = RNG.integers(0, 3, (500, 7))
    assert top_k_accuracy(TRUE, votes, k=k) == by_sorting(TRUE, votes, k)
    with_infinities = np.where(votes == 2, np.inf, np.where(votes == 0, -np.inf, SCORES))
    assert top_k_accuracy(TRUE, with_infinities, k=k) == by_sorting(TRUE, with_infinities, k)


def test_top_1_is_the_accuracy_of_our_classifiers():
    digits = load_dataset("digits", n_train=300, n_test=200)
    for model in (KNeighborsClassifier(6), LinearClassifier(max_epochs=3, random_state=0)):
        model.fit(digits.X_train, digits.y_train)
        scores = model.predict_proba(digits.X_test)
        found = top_k_accuracy(digits.y_test, scores, k=1, labels=model.classes_)
        assert found == model.score(digits.X_test, digits.y_test)


def test_columns_are_in_the_order_of_labels():
    order = RNG.permutation(7)
    assert top_k_accuracy(
        NAMES[TRUE], SCORES[:, order], k=2, labels=NAMES[order]
    ) == top_k_accuracy(TRUE, SCORES, k=2)
    few = top_k_accuracy([5, 3], SCORES[:2], k=7, labels=range(7))  # two of seven classes occur
    assert few == 1


@pytest.mark.parametrize(
    ("y_true", "y_score", "options", "error", "message"),
    [
        (TRUE, SCORES, {"k": 8}, ValueError, "k must be at most the number of classes, 7; got 8"),
        (TRUE, SCORES, {"k": 0}, ValueError, "k must be at least 1"),
        (TRUE, SCORES, {"k": 2.0}, TypeError, "k must be an integer"),
        (TRUE, SCORES[:9], {}, ValueError, r"y_score must have shape \(500, n_classes\)"),
        (TRUE, SCORES[:, 0], {}, ValueError, "For two classes pass predict_proba"),
        (TRUE, SCORES[:, :6], {}, ValueError, "it has 6, y_true has 7 labels. Pass labels"),
        (TRUE, SCORES, {"labels": range(6)}, ValueError, "it has 7, labels has 6 labels"),
        (
            TRUE,
            SCORES,
            {"labels": range(1, 8)},
            ValueError,
            "y_true must hold labels among .* 0 in",
        ),
        (TRUE, SCORES, {"labels": [0, 1, 2, 3, 4, 5, 5]}, ValueError, "labels must differ; got"),
        (TRUE, SCORES, {"labels": NAMES}, ValueError, "Mix of label input types"),
        (TRUE, np.where(SCORES > 3, np.nan, SCORES), {}, ValueError, "NaN: first in row"),
        (TRUE, SCORES.astype(str), {}, TypeError, "y_score must hold real numbers"),
        ([], np.empty((0, 7)), {}, ValueError, "y_true must hold one label for each row"),
        (np.eye(7), SCORES[:7], {}, ValueError, "y_true must hold one label for each row"),
        (SCORES[:, 0], SCORES, {}, ValueError, "Unknown label type"),
    ],
)
def test_bad_scores_are_refused(y_true, y_score, options, error, message):
    with pytest.raises(error, match=message):
        top_k_accuracy(y_true, y_score, **options)


def test_the_accuracy_on_a_class_is_its_recall():
    expected = [(GUESS[rows] == c).mean() for c, rows in enumerate(ROWS_OF_CLASS)]
    np.testing.assert_allclose(per_class_accuracy(TRUE, GUESS), expected, rtol=1e-15)
    np.testing.assert_allclose(
        per_class_accuracy(NAMES[TRUE], NAMES[GUESS]), recall_score(TRUE, GUESS, average=None)
    )
    weighted = np.bincount(TRUE) @ per_class_accuracy(TRUE, GUESS) / len(TRUE)
    assert weighted == pytest.approx(accuracy_score(TRUE, GUESS), rel=1e-14)


def test_some_classes_can_be_asked_for_in_any_order():
    every = per_class_accuracy(TRUE, GUESS)
    np.testing.assert_array_equal(per_class_accuracy(TRUE, GUESS, labels=[4, 1]), every[[4, 1]])


def test_a_class_without_rows_has_no_accuracy():
    found = per_class_accuracy([0, 0, 2], [0, 1, 2])
    np.testing.assert_array_equal(found, [0.5, np.nan, 1])
    found = per_class_accuracy([0, 0, 2], [0, 1, 2], labels=[2, 5, 0])
    np.testing.assert_array_equal(found, [1, np.nan, 0.5])


def test_pairs_are_the_cells_beside_the_diagonal():
    table = confusion_matrix(TRUE, GUESS)
    pairs = confusion_pairs(TRUE, GUESS, n_pairs=100, n_examples=3)
    np.fill_diagonal(cells := table.copy(), 0)
    expected = sorted(
        ((-cells[t, g], t, g) for t in range(7) for g in range(7) if cells[t, g]),
    )
    assert [(-pair.count, pair.true, pair.predicted) for pair in pairs] == expected
    for pair in pairs:
        assert pair.share == pair.count / table[pair.true].sum()
        rows = np.flatnonzero((pair.true == TRUE) & (pair.predicted == GUESS))
        assert pair.examples == rows[:3].tolist()
    assert confusion_pairs(TRUE, GUESS, n_pairs=4, n_examples=3) == pairs[:4]


def test_labels_of_pairs_are_plain_and_in_the_order_asked_for():
    pairs = confusion_pairs(NAMES[TRUE], NAMES[GUESS], labels=["fox", "bee", "gnu"], n_pairs=99)
    numbered = confusion_pairs(TRUE, GUESS, n_pairs=99)
    chosen = {"fox": 5, "bee": 1, "gnu": 6}
    assert {(chosen[p.true], chosen[p.predicted], p.count, p.share) for p in pairs} == {
        (p.true, p.predicted, p.count, p.share)
        for p in numbered
        if {p.true, p.predicted} <= set(chosen.values())
    }
    assert all(type(pair.true) is str and type(pair.count) is int for pair in pairs)
    equal = confusion_pairs([0, 1, 2], [1, 2, 0], labels=[2, 0, 1], n_examples=0)
    assert [(pair.true, pair.predicted) for pair in equal] == [(2, 0), (0, 1), (1, 2)]
    assert equal[0].examples == []


def test_where_nothing_is_wrong_there_are_no_pairs():
    assert confusion_pairs(TRUE, TRUE) == []
    assert confusion_pairs(TRUE, GUESS, labels=[3]) == []


@pytest.mark.parametrize("metric", [per_class_accuracy, confusion_pairs])
@pytest.mark.parametrize(
    ("y_true", "y_pred", "options", "message"),
    [
        ([0, 1], [0], {}, "y_true and y_pred must have the same length; got 2 and 1"),
        ([], [], {}, "y_true must hold one label for each row"),
        ([0, 1], [[0, 1], [1, 0]], {}, "y_pred must hold one label for each row"),
        (0, 0, {}, r"y_true must hold one label for each row; got shape \(\)"),
        ([0, 1], ["a", "b"], {}, "Mix of label input types"),
        ([0.5, 1.5], [0, 1], {}, "Mix type of y not allowed"),
        ([0, 1], [0, 1], {"labels": ["a"]}, "Mix of label input types"),
        ([0, 1], [0, 1], {"labels": [1, 1]}, "labels must differ; got 1 more than once"),
        ([0, 1], [0, 1], {"labels": []}, "labels must hold one label for each class"),
    ],
)
def test_bad_labels_are_refused(metric, y_true, y_pred, options, message):
    with pytest.raises(ValueError, match=message):
        metric(y_true, y_pred, **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_pairs": 0}, ValueError, "n_pairs must be at least 1; got 0"),
        ({"n_examples": -1}, ValueError, "n_examples must be at least 0; got -1"),
        ({"n_pairs": 1.5}, TypeError, "n_pairs must be an integer"),
    ],
)
def test_bad_numbers_of_pairs_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        confusion_pairs(TRUE, GUESS, **options)
