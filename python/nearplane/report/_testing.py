"""One run over the test rows, measured, and what tells two of them apart."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from nearplane.datasets import ImageDataset
from nearplane.metrics import confusion_pairs, top_k_accuracy
from nearplane.report._memory import peak_memory_bytes
from nearplane.report._results import TOP, ConfusionPair
from nearplane.report._timing import timed

_N_PAIRS = 10
_N_EXAMPLES = 5


class Classifier(Protocol):
    """Whatever scores classes, in `predict_proba` or, preferred, `decision_function`."""

    classes_: NDArray[Any]

    def set_params(self, **params: Any) -> object:
        """Change parameters; ``verbose`` is one."""


class Judged(Protocol):
    """Whatever says which test rows were labelled rightly, as `MethodResult` does."""

    @property
    def test_right(self) -> str:
        """One bit for each test row, in hexadecimal."""


class Tested(NamedTuple):
    """What a test run found: the fields of `MethodResult` that every method has alike."""

    test_accuracy: float
    top_5_accuracy: float | None
    test_seconds: float
    queries_per_second: float
    peak_memory_bytes: int | None
    confusion_matrix: list[list[int]]
    confusion_pairs: list[ConfusionPair]
    test_right: str


def run_test(model: Classifier, images: ImageDataset) -> Tested:
    """Label all test rows and compare them with their true labels.

    Parameters
    ----------
    model : Classifier
        Fitted. It shows no more bars afterwards.
    images : ImageDataset
        At least one test row.

    Returns
    -------
    Tested
    """

    def label() -> tuple[NDArray[Any], NDArray[Any]]:
        scores = _scores(model, images.X_test)
        # A bar costs nothing beside a long run. A short one it outlasts; that is repeated without.
        model.set_params(verbose=False)
        return scores, model.classes_[scores.argmax(axis=1)]

    (scores, predicted), seconds = timed(label)
    right: NDArray[np.bool_] = predicted == images.y_test
    n_classes = len(images.class_names)
    pairs = np.bincount(images.y_test * n_classes + predicted, minlength=n_classes**2)
    return Tested(
        test_accuracy=float(right.mean()),
        top_5_accuracy=_top_accuracy(scores, model.classes_, images) if n_classes > TOP else None,
        test_seconds=seconds,
        queries_per_second=len(right) / seconds,
        peak_memory_bytes=peak_memory_bytes(),
        confusion_matrix=pairs.reshape(n_classes, n_classes).tolist(),
        confusion_pairs=_confusion_pairs(images.y_test, predicted, n_classes),
        test_right=np.packbits(right).tobytes().hex(),
    )


def _scores(model: Any, X: NDArray[Any]) -> NDArray[Any]:
    """Return one score for each row and class; `predict` answers with the first of the highest."""
    if not hasattr(model, "decision_function"):
        votes: NDArray[Any] = model.predict_proba(X)
        return votes
    scores: NDArray[Any] = model.decision_function(X)
    # Of two classes there is one column: by how much the second is ahead.
    return np.column_stack([np.zeros_like(scores), scores]) if scores.ndim == 1 else scores


def _top_accuracy(scores: NDArray[Any], classes: NDArray[Any], images: ImageDataset) -> float:
    # Classes without a training row come last.
    n_classes = len(images.class_names)
    all_scores = np.full((len(scores), n_classes), -np.inf)
    all_scores[:, classes] = scores
    return float(top_k_accuracy(images.y_test, all_scores, k=TOP, labels=np.arange(n_classes)))


def _confusion_pairs(
    y_true: NDArray[Any], y_pred: NDArray[Any], n_classes: int
) -> list[ConfusionPair]:
    labels = np.arange(n_classes)
    pairs = confusion_pairs(y_true, y_pred, n_pairs=_N_PAIRS, n_examples=_N_EXAMPLES, labels=labels)
    return [
        ConfusionPair(
            true=int(pair.true),
            predicted=int(pair.predicted),
            count=int(pair.count),
            share=float(pair.share),
            examples=[int(row) for row in pair.examples],
        )
        for pair in pairs
    ]


def right_images(result: Judged, n_test: int) -> NDArray[np.bool_]:
    """Return which test rows are labelled rightly.

    Parameters
    ----------
    result : MethodResult, Tested or other
        Has `test_right`.
    n_test : int
        How many there are.

    Returns
    -------
    ndarray of bool, shape (n_test,)
    """
    packed = np.frombuffer(bytes.fromhex(result.test_right), dtype=np.uint8)
    return np.unpackbits(packed, count=n_test).astype(bool)


def only_right(methods: Mapping[str, Judged], n_test: int) -> dict[str, int]:
    """Count the test rows that only one of two methods labels rightly.

    These decide between the two: any other row is right or wrong for both.

    Parameters
    ----------
    methods : dict of str to MethodResult or other
        Two of them, by name; each has `test_right`.
    n_test : int
        How many test rows there are.

    Returns
    -------
    dict of str to int
        In the same order.
    """
    (first, a), (second, b) = (
        (name, right_images(result, n_test)) for name, result in methods.items()
    )
    return {first: int((a & ~b).sum()), second: int((b & ~a).sum())}
