"""CIFAR-10 in its two official layouts, from a folder, an archive or the author's site."""

import os
from typing import Any

from sklearn.utils import Bunch

from nearplane._validation import check_flag

from ._cifar import Collection, binary_layout, fetch, python_layout
from ._cifar_batches import IMAGE_SHAPE, Labelling
from ._splits import Subset

CLASS_NAMES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
RECORDS_PER_BATCH = 10_000

DOWNLOAD_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
DOWNLOAD_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"

DESCRIPTION = """\
CIFAR-10
--------

60,000 colour images of 32 x 32 pixels in ten classes, 6,000 a class: 50,000 for training and 10,000
for testing. Pixels are uint8, channels in the order red, green, blue.

Alex Krizhevsky: Learning Multiple Layers of Features from Tiny Images. Technical report,
University of Toronto, 2009. https://www.cs.toronto.edu/~kriz/cifar.html
"""

LABELLING = Labelling(CLASS_NAMES, "labels", "label_names", "batches.meta.txt")
BINARY = binary_layout(
    "cifar-10-batches-bin",
    "cifar-10-binary.tar.gz",
    tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    "test_batch.bin",
    [LABELLING],
)
PYTHON = python_layout(
    "cifar-10-batches-py",
    "cifar-10-python.tar.gz",
    tuple(f"data_batch_{number}" for number in range(1, 6)),
    "test_batch",
    "batches.meta",
)


def fetch_cifar10(
    data_home: str | os.PathLike[str] | None = None,
    *,
    subset: Subset = "train",
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    verbose: bool = False,
) -> Any:
    """Load CIFAR-10, downloading it if necessary.

    The images are looked for in `data_home` in the official binary layout (the folder
    ``cifar-10-batches-bin``, its files themselves, or ``cifar-10-binary.tar.gz``), then in the
    official python layout (``cifar-10-batches-py``, its files, or ``cifar-10-python.tar.gz``).
    Archives are read in place. If nothing is found, the official binary archive (170 MB) is
    downloaded and its SHA-256 verified.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder to look in and to download to; see `get_data_home` for `None`.
    subset : {"train", "test", "all"}, default="train"
        The 50,000 training images, the 10,000 test images, or both, training images first.
    download_if_missing : bool, default=True
        If `False`, raise an error instead of downloading.
    return_X_y : bool, default=False
        If `True`, return ``(data, target)`` instead of a `Bunch`.
    n_retries : int, default=3
        How often a failed download is tried again.
    verbose : bool, default=False
        Whether to show a progress bar of the download.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        images : ndarray of shape (n, 32, 32, 3), dtype uint8
            The pixels, 0 to 255: rows, columns, then red, green, blue; C-contiguous.
        data : ndarray of shape (n, 3072), dtype uint8
            The same memory, one image a row.
        target : ndarray of shape (n,), dtype int64
            The class of each image, 0 to 9.
        target_names : list of str
            The ten class names.
        image_shape : tuple of int
            ``(32, 32, 3)``.
        DESCR : str
            A description of the data set.
    (data, target) : tuple
        If `return_X_y` is `True`.

    Raises
    ------
    FileNotFoundError
        If the data set is not there and `download_if_missing` is `False`. The first line of the
        message says what is missing; the others list the places looked at, and what can be done.
    OSError
        If the download fails.
    ImportError
        If a download needs pooch and it is not installed.
    DataFileError
        If a file has a wrong size, a label out of range or contents that are not images.
    TypeError, ValueError
        If an argument is not of the type or in the range given above.

    Notes
    -----
    The pickles of the python layout are decoded as data: nothing in them is ever run.

    Examples
    --------
    With the data set in place, or a network::

        cifar10 = fetch_cifar10(subset="test")
        cifar10.images.shape    # (10000, 32, 32, 3)

    Without both:

    >>> from nearplane.datasets import fetch_cifar10
    >>> fetch_cifar10("no/such/folder", download_if_missing=False)
    Traceback (most recent call last):
        ...
    FileNotFoundError: CIFAR-10 is not in no...folder...
    """
    wants_pair = check_flag("return_X_y", return_X_y)
    collection = Collection(
        title="CIFAR-10",
        labellings=(LABELLING,),
        train_records=RECORDS_PER_BATCH,
        test_records=RECORDS_PER_BATCH,
        layouts=(BINARY, PYTHON),
        url=DOWNLOAD_URL,
        sha256=DOWNLOAD_SHA256,
    )
    found = fetch(
        collection,
        data_home,
        subset,
        download_if_missing=download_if_missing,
        n_retries=n_retries,
        verbose=verbose,
    )
    data, (target,), (names,) = found.data, found.targets, found.names
    if wants_pair:
        return data, target
    return Bunch(
        data=data,
        images=found.images,
        target=target,
        target_names=names,
        image_shape=IMAGE_SHAPE,
        DESCR=DESCRIPTION,
    )
