"""The data sets by name, each split into training and test images: what reports run on."""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from nearplane._validation import check_flag, check_integer

from ._image_dataset import ImageDataset
from ._image_decoding import check_size
from ._loaders import LOADERS
from ._sources import Request
from ._splits import stratified_order

DATASET_NAMES = tuple(LOADERS)


def load_dataset(
    name: str,
    *,
    data_home: str | os.PathLike[str] | None = None,
    n_train: int | None = None,
    n_test: int | None = None,
    random_state: Any = 0,
    download_if_missing: bool = True,
    image_size: tuple[int, int] | None = None,
    cache: str | os.PathLike[str] | None = None,
    verbose: bool = False,
) -> ImageDataset:
    """Load a data set by name, split into training and test images.

    Parameters
    ----------
    name : str
        One of `DATASET_NAMES`:

        - ``"cifar10"``: see `fetch_cifar10`; the official split of 50,000 and 10,000;
        - ``"cifar100"``, ``"cifar100-coarse"``: see `fetch_cifar100`; the same split;
        - ``"mnist"``, ``"fashion-mnist"``: see `fetch_mnist`, `fetch_fashion_mnist`; the official
          split of 60,000 and 10,000;
        - ``"digits"``: see `load_digits`; 80 % for training, 20 % for testing, drawn anew for each
          `random_state` with equal shares of each class;
        - ``"natural"``: see `make_natural_images`; as many as asked for, 10,000 and 2,000 unless
          stated;
        - ``"folder"``: your own images, see `fetch_image_folder`. If `data_home` holds the folders
          ``train`` and ``test`` (or ``val``), these are the split and hold a folder for each class;
          if not, `data_home` itself does, and is split as ``"digits"`` is;
        - ``"arrays"``: your own arrays, such as embeddings, see `load_arrays`; split as they are
          there, or else as ``"digits"`` is.
    data_home : str or path-like, default=None
        Where the data set lies or is downloaded to; see `get_data_home` for `None`. For
        ``"folder"`` and ``"arrays"`` it is the folder or file itself, and must be given.
    n_train, n_test : int, default=None
        Take only so many training and test images: a random subset with the classes in their
        proportions, in the original order. The smaller of two subsets is part of the larger.
        `None` takes all.
    random_state : int, RandomState instance or None, default=0
        Decides the subsets, the splits that are drawn, and the images of ``"natural"``.
    download_if_missing : bool, default=True
        If `False`, raise an error instead of downloading.
    image_size : tuple of int, default=None
        The height and width to which the images of ``"folder"`` are resized; `None` means
        ``(32, 32)``. The other data sets have a size of their own.
    cache : str or path-like, default=None
        A folder to keep the decoded images of ``"folder"`` in, see `fetch_image_folder`; the next
        call decodes nothing. With the folders ``train`` and ``test``, parts of which all images
        are taken stay on disk, mapped into memory; any other choice of images is copied from there.
    verbose : bool, default=False
        Whether to show a progress bar while a data set is downloaded or images are decoded.

    Returns
    -------
    dataset : ImageDataset
        The images, their classes, and their description.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of the type or in the range given above, more images are asked for
        than there are, or `image_size` or `cache` is given for another data set than ``"folder"``.
    FileNotFoundError, OSError, ImportError, DataFileError
        As the functions named above raise them.

    Examples
    --------
    >>> from nearplane.datasets import load_dataset
    >>> digits = load_dataset("digits", n_train=500)
    >>> digits
    ImageDataset('digits': 500 training and 359 test images of shape (8, 8), 10 classes)
    >>> digits.X_train.shape, digits.X_test.shape
    ((500, 8, 8), (359, 8, 8))
    """
    if not (isinstance(name, str) and name in LOADERS):
        known = ", ".join(DATASET_NAMES)
        raise ValueError(f"name must be one of {known}, got {name!r}")
    for argument, value in (("n_train", n_train), ("n_test", n_test)):
        if value is not None:
            check_integer(argument, value, at_least=1)
    for argument, given in (("image_size", image_size), ("cache", cache)):
        if given is not None and name != "folder":
            raise ValueError(f"{argument} is for 'folder' only; got {given!r} for {name!r}")
    rng = check_random_state(random_state)
    request = Request(
        data_home=data_home,
        download_if_missing=check_flag("download_if_missing", download_if_missing),
        n_train=n_train,
        n_test=n_test,
        rng=rng,
        image_size=None if image_size is None else check_size("image_size", image_size),
        cache=cache,
        verbose=check_flag("verbose", verbose),
    )
    source = LOADERS[name](request)
    # In any case both orders are drawn, so that n_train does not change which images test.
    train = _subset_rows("n_train", n_train, source.train.labels, rng)
    test = _subset_rows("n_test", n_test, source.test.labels, rng)
    X_train, y_train = source.train.take(train)
    X_test, y_test = source.test.take(test)
    return ImageDataset(
        name=name,
        X_train=X_train,
        y_train=y_train,
        X_test=X_test,
        y_test=y_test,
        class_names=source.class_names,
        image_shape=X_train.shape[1:],
        description=source.description,
    )


def _subset_rows(
    argument: str, n: int | None, labels: NDArray[np.int64], rng: np.random.RandomState
) -> NDArray[np.intp] | None:
    """Return the rows of a stratified subset, in their original order; `None` means all."""
    order = stratified_order(labels, rng)
    if n is None or n == len(labels):
        return None
    if n > len(labels):
        raise ValueError(f"{argument} is {n:,}, but there are only {len(labels):,} such images")
    return np.sort(order[:n])
