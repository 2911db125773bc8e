"""One run over the test images, measured, and what tells two of them apart."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from nearplane.datasets import ImageDataset
from nearplane.report._memory import peak_memory_bytes
from nearplane.report._results import MethodResult
from nearplane.report._timing import timed


class Classifier(Protocol):
    """Whatever labels images."""

    def predict(self, X: Any, /) -> NDArray[Any]:
        """Return one label for each image."""

    def set_params(self, **params: Any) -> object:
        """Change parameters; ``verbose`` is one."""


class Tested(NamedTuple):
    """What a test run found: the fields of `MethodResult` that every method has alike."""

    test_accuracy: float
    test_seconds: float
    queries_per_second: float
    peak_memory_bytes: int | None
    confusion_matrix: list[list[int]]
    test_right: str


def run_test(model: Classifier, images: ImageDataset) -> Tested:
    """Label all test images and compare them with their true labels.

    Parameters
    ----------
    model : Classifier
        Fitted. It shows no more bars afterwards.
    images : ImageDataset
        At least one test image.

    Returns
    -------
    Tested
    """

    def label() -> NDArray[Any]:
        labels = model.predict(images.X_test)
        # A bar costs nothing beside a long run. A short one it outlasts; that is repeated without.
        model.set_params(verbose=False)
        return labels

    predicted, seconds = timed(label)
    right: NDArray[np.bool_] = predicted == images.y_test
    n_classes = len(images.class_names)
    pairs = np.bincount(images.y_test * n_classes + predicted, minlength=n_classes**2)
    return Tested(
        test_accuracy=float(right.mean()),
        test_seconds=seconds,
        queries_per_second=len(right) / seconds,
        peak_memory_bytes=peak_memory_bytes(),
        confusion_matrix=pairs.reshape(n_classes, n_classes).tolist(),
        test_right=np.packbits(right).tobytes().hex(),
    )


def right_images(result: MethodResult | Tested, n_test: int) -> NDArray[np.bool_]:
    """Return which test images are labelled rightly.

    Parameters
    ----------
    result : MethodResult or Tested
    n_test : int
        How many there are.

    Returns
    -------
    ndarray of bool, shape (n_test,)
    """
    packed = np.frombuffer(bytes.fromhex(result.test_right), dtype=np.uint8)
    return np.unpackbits(packed, count=n_test).astype(bool)


def only_right(methods: Mapping[str, MethodResult], n_test: int) -> dict[str, int]:
    """Count the test images that only one of two methods labels rightly.

    These decide between the two: any other image is right or wrong for both.

    Parameters
    ----------
    methods : dict of str to MethodResult
        Two of them, by name.
    n_test : int
        How many test images there are.

    Returns
    -------
    dict of str to int
        In the same order.
    """
    (first, a), (second, b) = (
        (name, right_images(result, n_test)) for name, result in methods.items()
    )
    return {first: int((a & ~b).sum()), second: int((b & ~a).sum())}
