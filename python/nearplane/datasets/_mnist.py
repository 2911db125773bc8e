"""MNIST and Fashion-MNIST, which share their format and even the names of their files."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from nearplane._validation import check_flag

from ._files import DataFileError
from ._home import ENVIRONMENT_VARIABLE, check_fetching, download, get_data_home
from ._idx import read_idx
from ._mnist_sources import FASHION_MNIST, MNIST, Collection, Part
from ._splits import Subset, check_subset

IMAGE_SHAPE = (28, 28)
N_IMAGES: dict[Part, int] = {"train": 60_000, "t10k": 10_000}
_N_CLASSES = 10
# The header of a file of labels: a magic number and the length.
_LABELS_BEGIN_AT = 8
_SUBSETS: dict[Part, Subset] = {"train": "train", "t10k": "test"}


def fetch_mnist(
    data_home: str | os.PathLike[str] | None = None,
    *,
    subset: Subset = "train",
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    verbose: bool = False,
) -> Any:
    """Load MNIST, handwritten digits, downloading it if necessary.

    The four official files (``train-images-idx3-ubyte.gz`` and so on) are looked for in the folders
    ``mnist`` and ``MNIST/raw`` of `data_home`, then in `data_home` itself; unpacked ones (without
    ``.gz``, or named ``train-images.idx3-ubyte``) will do. If nothing is found, the files of the
    subset (12 MB in all) are downloaded to ``mnist`` and their SHA-256 verified.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder to look in and to download to; see `get_data_home` for `None`.
    subset : {"train", "test", "all"}, default="train"
        The 60,000 training images, the 10,000 test images, or both, training images first.
    download_if_missing : bool, default=True
        If `False`, raise an error instead of downloading.
    return_X_y : bool, default=False
        If `True`, return ``(data, target)`` instead of a `Bunch`.
    n_retries : int, default=3
        How often a failed download is tried again, before the next address is.
    verbose : bool, default=False
        Whether to show a progress bar of the download.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        images : ndarray of shape (n, 28, 28), dtype uint8
            The pixels, 0 (paper) to 255 (ink); C-contiguous.
        data : ndarray of shape (n, 784), dtype uint8
            The same memory, one image a row.
        target : ndarray of shape (n,), dtype int64
            The digit of each image.
        target_names : list of str
            ``"0"`` to ``"9"``.
        image_shape : tuple of int
            ``(28, 28)``.
        DESCR : str
            A description of the data set.
    (data, target) : tuple
        If `return_X_y` is `True`.

    Raises
    ------
    FileNotFoundError
        If the data set is not there and `download_if_missing` is `False`.
    OSError
        If the download fails.
    ImportError
        If a download needs pooch and it is not installed.
    DataFileError
        If a file is damaged, of another kind or shape, holds a label out of range, or if the files
        are those of Fashion-MNIST, which have the same names.
    TypeError, ValueError
        If an argument is not of the type or in the range given above.

    Examples
    --------
    With the data set in place, or a network::

        mnist = fetch_mnist(subset="test")
        mnist.images.shape    # (10000, 28, 28)

    Without both:

    >>> from nearplane.datasets import fetch_mnist
    >>> fetch_mnist("no/such/folder", download_if_missing=False)
    Traceback (most recent call last):
        ...
    FileNotFoundError: MNIST is not in no...folder...
    """
    return _fetch(
        MNIST,
        FASHION_MNIST,
        data_home,
        subset,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        n_retries=n_retries,
        verbose=verbose,
    )


def fetch_fashion_mnist(
    data_home: str | os.PathLike[str] | None = None,
    *,
    subset: Subset = "train",
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    verbose: bool = False,
) -> Any:
    """Load Fashion-MNIST, articles of clothing, downloading it if necessary.

    The files are those of `fetch_mnist`, looked for in the folders ``fashion-mnist`` and
    ``FashionMNIST/raw`` of `data_home`, then in `data_home` itself. If nothing is found, the files
    of the subset (31 MB in all) are downloaded to ``fashion-mnist`` and their SHA-256 verified.

    Parameters
    ----------
    data_home, subset, download_if_missing, return_X_y, n_retries, verbose
        See `fetch_mnist`.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        As `fetch_mnist` returns it; `target_names` are ``"T-shirt/top"``, ``"Trouser"`` and so on.
    (data, target) : tuple
        If `return_X_y` is `True`.

    Raises
    ------
    FileNotFoundError, OSError, ImportError, DataFileError, TypeError, ValueError
        As `fetch_mnist` raises them.

    Examples
    --------
    With the data set in place, or a network::

        fashion = fetch_fashion_mnist(subset="test")
        fashion.target_names[fashion.target[0]]    # "Ankle boot"

    Without both:

    >>> from nearplane.datasets import fetch_fashion_mnist
    >>> fetch_fashion_mnist("no/such/folder", download_if_missing=False)
    Traceback (most recent call last):
        ...
    FileNotFoundError: Fashion-MNIST is not in no...folder...
    """
    return _fetch(
        FASHION_MNIST,
        MNIST,
        data_home,
        subset,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        n_retries=n_retries,
        verbose=verbose,
    )


def _fetch(
    collection: Collection,
    other: Collection,
    data_home: str | os.PathLike[str] | None,
    subset: Subset,
    *,
    download_if_missing: bool,
    return_X_y: bool,
    n_retries: int,
    verbose: bool,
) -> Any:
    check_subset(subset)
    check_fetching(download_if_missing=download_if_missing, n_retries=n_retries, verbose=verbose)
    check_flag("return_X_y", return_X_y)
    home = get_data_home(data_home)
    parts = [part for part in N_IMAGES if subset in ("all", _SUBSETS[part])]
    try:
        paths = _find(collection, home, parts)
    except FileNotFoundError:
        if not download_if_missing:
            raise
        paths = _download(collection, home, parts, n_retries=n_retries, verbose=verbose)
    images, target = _read(collection, other, paths, parts)
    data = images.reshape(len(images), -1)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        images=images,
        target=target,
        target_names=list(collection.class_names),
        image_shape=IMAGE_SHAPE,
        DESCR=collection.description,
    )


def _images_name(part: Part) -> str:
    return f"{part}-images-idx3-ubyte"


def _labels_name(part: Part) -> str:
    return f"{part}-labels-idx1-ubyte"


def _names(parts: list[Part]) -> list[str]:
    return [name(part) for part in parts for name in (_images_name, _labels_name)]


def _find(collection: Collection, home: Path, parts: list[Part]) -> dict[str, Path]:
    """Return the files of some parts, by official names: those of the first folder with all."""
    looked_at = []
    for folder in (*(home / name for name in collection.folders), home):
        paths = {name: _path(folder, name) for name in _names(parts)}
        missing = [name for name, path in paths.items() if path is None]
        if not missing:
            return {name: path for name, path in paths.items() if path is not None}
        looked_at.append(f"  {folder}: no {missing[0]}.gz")
    raise FileNotFoundError(
        f"{collection.title} is not in {home}: it should hold the folder "
        f"{collection.folders[0]} with the four official files, packed or not.\n"
        "Looked at\n" + "\n".join(looked_at) + "\n"
        "Put them there, name another folder by data_home or the environment variable "
        f"{ENVIRONMENT_VARIABLE}, or allow the download from {collection.sites[0]} by "
        "download_if_missing=True."
    )


def _path(folder: Path, name: str) -> Path | None:
    """Return a file of a folder by its official name: packed, unpacked, or with the usual dot."""
    forms = (f"{name}.gz", name, name.replace("-idx", ".idx"))
    return next((folder / form for form in forms if (folder / form).is_file()), None)


def _download(
    collection: Collection, home: Path, parts: list[Part], *, n_retries: int, verbose: bool
) -> dict[str, Path]:
    folder = home / collection.folders[0]
    paths = {}
    for name in _names(parts):
        packed = f"{name}.gz"
        urls = [site + packed for site in collection.sites]
        paths[name] = download(
            urls, collection.sha256[packed], folder, n_retries=n_retries, verbose=verbose
        )
    return paths


def _read(
    collection: Collection, other: Collection, paths: dict[str, Path], parts: list[Part]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    n_images = sum(N_IMAGES[part] for part in parts)
    images = np.empty((n_images, *IMAGE_SHAPE), np.uint8)
    labels = np.empty(n_images, np.uint8)
    start = 0
    for part in parts:
        rows = slice(start, start + N_IMAGES[part])
        path = paths[_labels_name(part)]
        read_idx(path, labels[rows])
        _check_labels(labels[rows], path, collection, other, part)
        read_idx(paths[_images_name(part)], images[rows])
        start = rows.stop
    return images, labels.astype(np.int64)


def _check_labels(
    labels: NDArray[np.uint8], path: Path, collection: Collection, other: Collection, part: Part
) -> None:
    wrong = np.flatnonzero(labels >= _N_CLASSES)
    if wrong.size:
        row = int(wrong[0])
        raise DataFileError(
            path,
            f"the label of image {row:,} is {labels[row]}, which is not one of 0 to "
            f"{_N_CLASSES - 1}",
            _LABELS_BEGIN_AT + row,
        )
    if labels.tobytes().startswith(other.first_labels[part]):
        raise DataFileError(
            path,
            f"holds the labels of {other.title}, not of {collection.title}; the files of both have "
            f"the same names, so keep them in folders named {other.folders[0]} and "
            f"{collection.folders[0]}",
        )
