"""What scikit-learn's metrics leave out, or leave open, for image classification.

- `top_k_accuracy`: how often the true class is among the k best, with a stated rule for ties;
- `per_class_accuracy`: the part of each class that is recognised;
- `confusion_pairs`: which classes are taken for which others most often, with examples.

For accuracy, confusion matrices and the rest use `sklearn.metrics`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import recall_score
from sklearn.utils.multiclass import unique_labels

from nearplane._validation import check_integer

__all__ = ["ConfusionPair", "confusion_pairs", "per_class_accuracy", "top_k_accuracy"]

# Scores compared at a time: a few MB of answers.
_BLOCK_SIZE = 2**20


@dataclass(frozen=True)
class ConfusionPair:
    """Rows of one class that were taken for another.

    Examples
    --------
    >>> from nearplane.metrics import confusion_pairs
    >>> pair = confusion_pairs(["cat", "cat", "dog"], ["dog", "cat", "dog"])[0]
    >>> pair.true, pair.predicted, pair.share
    ('cat', 'dog', 0.5)
    """

    true: Any
    """Their label."""
    predicted: Any
    """What they were taken for."""
    count: int
    """How many they are."""
    share: float
    """Part of the rows of their class."""
    examples: list[int]
    """The first of them, ascending."""


def top_k_accuracy(
    y_true: ArrayLike, y_score: ArrayLike, *, k: int = 5, labels: ArrayLike | None = None
) -> float:
    """Return the part of rows whose true class is among the k of highest score.

    Of classes with equal scores the one first in `labels` counts as the higher, which is the one
    `predict` chooses: for k = 1 this is the accuracy.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_score : array-like of shape (n_samples, n_classes)
        Probabilities or scores.
    k : int, default=5
        At most the number of classes.
    labels : array-like of shape (n_classes,), default=None
        The class of each column, such as ``classes_`` of the classifier. None: the sorted labels of
        `y_true`, which must then be as many as the columns.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not match, a score is NaN, a label is unknown, or `k` is out of range.

    See Also
    --------
    sklearn.metrics.top_k_accuracy_score : Prefers the class last in order among equals.

    Notes
    -----
    Votes of a few neighbours leave most classes at 0. If the true class is one of these, the
    order of the classes decides whether it is among the k.

    Examples
    --------
    >>> from nearplane.metrics import top_k_accuracy
    >>> scores = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2]]
    >>> top_k_accuracy([0, 2, 1], scores, k=2)
    0.6666666666666666
    """
    truth = _read_labels("y_true", y_true)
    scores = _read_scores(y_score, len(truth))
    columns = _columns(truth, labels, scores.shape[1])
    k = check_integer("k", k, at_least=1)
    if k > scores.shape[1]:
        raise ValueError(f"k must be at most the number of classes, {scores.shape[1]}; got {k}.")
    n_right = 0
    step = max(1, _BLOCK_SIZE // scores.shape[1])
    order = np.arange(scores.shape[1])
    for start in range(0, len(truth), step):
        block, true = scores[start : start + step], columns[start : start + step, np.newaxis]
        own = np.take_along_axis(block, true, axis=1)
        before = (block > own) | ((block == own) & (order < true))
        n_right += int(np.count_nonzero(before.sum(axis=1) < k))
    return n_right / len(truth)


def per_class_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, *, labels: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return the part of the rows of each class that is labelled rightly: its recall.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    labels : array-like of shape (n_classes,), default=None
        The classes wanted. None: the sorted labels of both.

    Returns
    -------
    ndarray of shape (n_classes,), float64
        NaN for a class of which `y_true` has no row.

    Raises
    ------
    TypeError, ValueError
        If the lengths differ, there are no rows, or the labels are not of one kind.

    Examples
    --------
    >>> from nearplane.metrics import per_class_accuracy
    >>> per_class_accuracy(["cat", "cat", "dog"], ["cat", "dog", "dog"])
    array([0.5, 1. ])
    """
    truth, predicted, classes = _read_predictions(y_true, y_pred, labels)
    recall = recall_score(truth, predicted, labels=classes, average=None, zero_division=np.nan)
    return np.asarray(recall, dtype=np.float64)


def confusion_pairs(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    n_pairs: int = 10,
    n_examples: int = 5,
    labels: ArrayLike | None = None,
) -> list[ConfusionPair]:
    """Return which classes are taken for which others most often.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred : array-like of shape (n_samples,)
        Predicted labels.
    n_pairs : int, default=10
        How many pairs to return at most; there are fewer if fewer occur.
    n_examples : int, default=5
        How many rows of each to name at most.
    labels : array-like of shape (n_classes,), default=None
        Only pairs of these are counted, and of pairs that are equally many the one first in this
        order comes first. None: the sorted labels of both.

    Returns
    -------
    list of ConfusionPair
        The most frequent first.

    Raises
    ------
    TypeError, ValueError
        If the lengths differ, there are no rows, or the labels are not of one kind.

    See Also
    --------
    nearplane.display.ConfusionPairsDisplay : Draws them with the images.
    sklearn.metrics.confusion_matrix : All pairs, right ones too.

    Examples
    --------
    >>> from nearplane.metrics import confusion_pairs
    >>> y_true = ["cat", "cat", "cat", "dog", "dog"]
    >>> y_pred = ["dog", "cat", "dog", "cat", "dog"]
    >>> confusion_pairs(y_true, y_pred, n_pairs=1)[0]
    ConfusionPair(true='cat', predicted='dog', count=2, share=0.6666666666666666, examples=[0, 2])
    """
    n_pairs = check_integer("n_pairs", n_pairs, at_least=1)
    n_examples = check_integer("n_examples", n_examples, at_least=0)
    truth, predicted, classes = _read_predictions(y_true, y_pred, labels)
    true, guess = _positions(truth, classes), _positions(predicted, classes)
    n_of_class = np.bincount(true[true >= 0], minlength=len(classes))
    wrong = np.flatnonzero((true != guess) & (true >= 0) & (guess >= 0))
    codes, of_row, counts = np.unique(
        true[wrong] * len(classes) + guess[wrong], return_inverse=True, return_counts=True
    )
    names = classes.tolist()
    pairs = []
    for place in np.argsort(-counts, kind="stable")[:n_pairs]:
        t, g = divmod(int(codes[place]), len(classes))
        pairs.append(
            ConfusionPair(
                true=names[t],
                predicted=names[g],
                count=int(counts[place]),
                share=float(counts[place] / n_of_class[t]),
                examples=wrong[of_row == place][:n_examples].tolist(),
            )
        )
    return pairs


def _read_labels(name: str, values: ArrayLike, owner: str = "row") -> NDArray[Any]:
    labels = np.asarray(values)
    if labels.ndim not in (1, 2) or labels.size != len(labels) or not labels.size:
        raise ValueError(f"{name} must hold one label for each {owner}; got shape {labels.shape}.")
    return labels.ravel()


def _read_predictions(
    y_true: ArrayLike, y_pred: ArrayLike, labels: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return true and predicted labels, and the classes that count."""
    truth, predicted = _read_labels("y_true", y_true), _read_labels("y_pred", y_pred)
    if len(truth) != len(predicted):
        raise ValueError(
            f"y_true and y_pred must have the same length; got {len(truth)} and {len(predicted)}."
        )
    found = unique_labels(truth, predicted)
    return truth, predicted, found if labels is None else _read_classes(labels, found)


def _read_classes(labels: ArrayLike, found: NDArray[Any]) -> NDArray[Any]:
    """Return `labels`, each once and of the kind of those found."""
    classes = _read_labels("labels", labels, "class")
    unique_labels(found, classes)  # refuses text among numbers
    distinct, counts = np.unique(classes, return_counts=True)
    if counts.max() > 1:
        repeated = distinct.tolist()[counts.argmax()]
        raise ValueError(f"labels must differ; got {repeated!r} more than once.")
    return classes


def _read_scores(y_score: ArrayLike, n_rows: int) -> NDArray[Any]:
    scores = np.asarray(y_score)
    if scores.ndim != 2 or len(scores) != n_rows:
        hint = " For two classes pass predict_proba, or both scores." if scores.ndim == 1 else ""
        raise ValueError(
            f"y_score must have shape ({n_rows}, n_classes), one row for each of y_true; got shape "
            f"{scores.shape}.{hint}"
        )
    if scores.dtype.kind not in "biuf":
        raise TypeError(f"y_score must hold real numbers; got dtype {scores.dtype}.")
    missing = np.isnan(scores).any(axis=1)
    if missing.any():
        raise ValueError(f"y_score contains NaN: first in row {int(missing.argmax())}.")
    return scores


def _columns(truth: NDArray[Any], labels: ArrayLike | None, n_columns: int) -> NDArray[np.intp]:
    """Return the column of each row's true class."""
    found = unique_labels(truth)
    classes = found if labels is None else _read_classes(labels, found)
    if len(classes) != n_columns:
        source = "y_true has" if labels is None else "labels has"
        hint = " Pass labels, such as classes_ of the classifier." if labels is None else ""
        raise ValueError(
            f"y_score must have one column for each class; it has {n_columns}, {source} "
            f"{len(classes)} labels.{hint}"
        )
    columns = _positions(truth, classes)
    if (columns < 0).any():
        row = int((columns < 0).argmax())
        raise ValueError(
            f"y_true must hold labels among {classes.tolist()}; got {truth.tolist()[row]!r} in row "
            f"{row}."
        )
    return columns


def _positions(values: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """Return where each value stands among `classes`, -1 for one that does not."""
    order = np.argsort(classes, kind="stable")
    places = order[np.minimum(np.searchsorted(classes[order], values), len(classes) - 1)]
    return np.where(classes[places] == values, places, -1)
