"""The data sets by name, each split into training and test images: what reports run on."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state, check_scalar

from ._cifar10 import fetch_cifar10
from ._digits import load_digits
from ._natural import make_natural_images
from ._splits import stratified_order

_DIGITS_TEST_SHARE = 0.2
_NATURAL_TRAIN, _NATURAL_TEST = 10_000, 2_000


@dataclass(frozen=True, eq=False, repr=False)
class ImageDataset:
    """Labelled images, split into a training and a test set.

    Attributes
    ----------
    name : str
        The name under which `load_dataset` knows it.
    X_train, X_test : ndarray of shape (n, height, width[, channels]), dtype uint8
        The images.
    y_train, y_test : ndarray of shape (n,), dtype int64
        Their classes: positions in `class_names`.
    class_names : list of str
        The names of the classes.
    image_shape : tuple of int
        ``(height, width)`` or ``(height, width, channels)``.
    description : str
        One line on where the images come from and how they are split.
    """

    name: str
    X_train: NDArray[np.uint8]
    y_train: NDArray[np.int64]
    X_test: NDArray[np.uint8]
    y_test: NDArray[np.int64]
    class_names: list[str]
    image_shape: tuple[int, ...]
    description: str

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.name!r}: {len(self.X_train)} training and "
            f"{len(self.X_test)} test images of shape {self.image_shape}, "
            f"{len(self.class_names)} classes)"
        )


@dataclass(frozen=True)
class _Request:
    """What a loader needs to know of the call."""

    data_home: str | os.PathLike[str] | None
    download_if_missing: bool
    n_train: int | None
    n_test: int | None
    rng: np.random.RandomState


def load_dataset(
    name: str,
    *,
    data_home: str | os.PathLike[str] | None = None,
    n_train: int | None = None,
    n_test: int | None = None,
    random_state: Any = 0,
    download_if_missing: bool = True,
) -> ImageDataset:
    """Load a data set by name, split into training and test images.

    Parameters
    ----------
    name : {"cifar10", "digits", "natural"}
        - ``"cifar10"``: see `fetch_cifar10`; the official split of 50,000 and 10,000;
        - ``"digits"``: see `load_digits`; 80 % for training, 20 % for testing, drawn anew for each
          `random_state` with equal shares of each class;
        - ``"natural"``: see `make_natural_images`; as many as asked for, 10,000 and 2,000 unless
          stated.
    data_home : str or path-like, default=None
        Where ``"cifar10"`` lies; see `get_data_home` for `None`.
    n_train, n_test : int, default=None
        Take only so many training and test images: a random subset with the classes in their
        proportions, in the original order. The smaller of two subsets is part of the larger.
        `None` takes all.
    random_state : int, RandomState instance or None, default=0
        Decides the subsets, the split of ``"digits"`` and the images of ``"natural"``.
    download_if_missing : bool, default=True
        If `False`, raise an error instead of downloading.

    Returns
    -------
    dataset : ImageDataset
        The images, their classes, and their description.

    Raises
    ------
    ValueError
        If the name is unknown, or more images are asked for than there are.
    FileNotFoundError, OSError, ImportError, DataFileError
        As `fetch_cifar10` raises them.

    Examples
    --------
    >>> from nearplane.datasets import load_dataset
    >>> digits = load_dataset("digits", n_train=500)
    >>> digits
    ImageDataset('digits': 500 training and 359 test images of shape (8, 8), 10 classes)
    >>> digits.X_train.shape, digits.X_test.shape
    ((500, 8, 8), (359, 8, 8))
    """
    if name not in _LOADERS:
        known = ", ".join(DATASET_NAMES)
        raise ValueError(f"name must be one of {known}, got {name!r}")
    for argument, value in (("n_train", n_train), ("n_test", n_test)):
        if value is not None:
            check_scalar(value, argument, Integral, min_val=1)
    rng = check_random_state(random_state)
    dataset = _LOADERS[name](_Request(data_home, download_if_missing, n_train, n_test, rng))
    # In any case both orders are drawn, so that n_train does not change which images test.
    train = _subset_rows("n_train", n_train, dataset.y_train, rng)
    test = _subset_rows("n_test", n_test, dataset.y_test, rng)
    return replace(
        dataset,
        X_train=dataset.X_train[train],
        y_train=dataset.y_train[train],
        X_test=dataset.X_test[test],
        y_test=dataset.y_test[test],
    )


def _load_digits(request: _Request) -> ImageDataset:
    digits = load_digits()
    order = stratified_order(digits.target, request.rng)
    n_test = round(_DIGITS_TEST_SHARE * len(order))
    test, train = np.sort(order[:n_test]), np.sort(order[n_test:])
    return ImageDataset(
        name="digits",
        X_train=digits.images[train],
        y_train=digits.target[train],
        X_test=digits.images[test],
        y_test=digits.target[test],
        class_names=digits.target_names,
        image_shape=digits.image_shape,
        description="Handwritten digits, 8 x 8 grey pixels from 0 to 16, bundled with "
        "scikit-learn; a random split of 80 % and 20 %.",
    )


def _load_cifar10(request: _Request) -> ImageDataset:
    # Both subsets at once: an archive is then decompressed only once.
    cifar10 = fetch_cifar10(
        request.data_home, subset="all", download_if_missing=request.download_if_missing
    )
    n_test = len(cifar10.target) // 6
    return ImageDataset(
        name="cifar10",
        X_train=cifar10.images[:-n_test],
        y_train=cifar10.target[:-n_test],
        X_test=cifar10.images[-n_test:],
        y_test=cifar10.target[-n_test:],
        class_names=cifar10.target_names,
        image_shape=cifar10.image_shape,
        description="CIFAR-10, 32 x 32 colour photographs (Krizhevsky, 2009); the official "
        "training and test images.",
    )


def _load_natural(request: _Request) -> ImageDataset:
    n_train = _NATURAL_TRAIN if request.n_train is None else request.n_train
    n_test = _NATURAL_TEST if request.n_test is None else request.n_test
    # Test images come first, so that they stay the same when n_train varies.
    images, target = make_natural_images(n_test + n_train, random_state=request.rng)
    return ImageDataset(
        name="natural",
        X_train=images[n_test:],
        y_train=target[n_test:],
        X_test=images[:n_test],
        y_test=target[:n_test],
        class_names=[f"class {number}" for number in range(10)],
        image_shape=images.shape[1:],
        description="Synthetic 32 x 32 colour images with the spectrum of natural ones, in ten "
        "classes.",
    )


_LOADERS: dict[str, Callable[[_Request], ImageDataset]] = {
    "cifar10": _load_cifar10,
    "digits": _load_digits,
    "natural": _load_natural,
}
DATASET_NAMES = tuple(_LOADERS)


def _subset_rows(
    argument: str, n: int | None, labels: NDArray[np.int64], rng: np.random.RandomState
) -> NDArray[np.intp] | slice:
    """Return the rows of a stratified subset, in their original order."""
    order = stratified_order(labels, rng)
    if n is None or n == len(labels):
        return slice(None)
    if n > len(labels):
        raise ValueError(f"{argument} is {n:,}, but there are only {len(labels):,} such images")
    return np.sort(order[:n])
