"""CIFAR-10 in its two official layouts, from a folder, an archive or the author's site.

What is particular to a layout - file names and how a batch is decoded - is a `Layout`; finding,
opening and placing the batches is the same for all of them.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch, check_scalar

from ._files import DataFileError, Member, visit_archive, visit_folder
from ._home import ENVIRONMENT_VARIABLE, download, get_data_home
from ._pickles import load_pickle

Subset = Literal["train", "test", "all"]

CLASS_NAMES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
IMAGE_SHAPE = (32, 32, 3)
RECORDS_PER_BATCH = 10_000

DOWNLOAD_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
DOWNLOAD_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"

_PIXELS = 32 * 32 * 3
_RECORD = 1 + _PIXELS
# Records decoded at a time: 0.8 MB in planar order and as much interleaved stay in the L2 cache.
_RECORDS_PER_READ = 256
# The python batches measure 31.0 MB, a meta file 158 bytes; anything far beyond is not read.
_PICKLE_LIMIT = 64 * 2**20
_NAMES_LIMIT = 4096

DESCRIPTION = """\
CIFAR-10
--------

60,000 colour images of 32 x 32 pixels in ten classes, 6,000 a class: 50,000 for training and 10,000
for testing. Pixels are uint8, channels in the order red, green, blue.

Alex Krizhevsky: Learning Multiple Layers of Features from Tiny Images. Technical report,
University of Toronto, 2009. https://www.cs.toronto.edu/~kriz/cifar.html
"""


@dataclass(frozen=True)
class Layout:
    """One official form of the data set: what its files are called and how they are decoded."""

    folder: str
    archive: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    names: str
    read_batch: Callable[[Member, NDArray[np.uint8], NDArray[np.int64]], None]
    read_names: Callable[[Member], list[str]]

    def batches(self, subset: Subset) -> tuple[str, ...]:
        """Return the batch files of a subset, in the order of their images in the result."""
        return (self.train if subset != "test" else ()) + (self.test if subset != "train" else ())


def fetch_cifar10(
    data_home: str | os.PathLike[str] | None = None,
    *,
    subset: Subset = "train",
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
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
    ValueError
        If `subset` is unknown.

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
    if subset not in get_args(Subset):
        raise ValueError(f"subset must be 'train', 'test' or 'all', got {subset!r}")
    check_scalar(n_retries, "n_retries", Integral, min_val=0)
    home = get_data_home(data_home)
    try:
        layout, place = _find(home, subset)
    except FileNotFoundError:
        if not download_if_missing:
            raise
        layout, place = BINARY, download(DOWNLOAD_URL, DOWNLOAD_SHA256, home, n_retries)
    images, target, names = _read(layout, place, subset)
    data = images.reshape(len(images), _PIXELS)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        images=images,
        target=target,
        target_names=names,
        image_shape=IMAGE_SHAPE,
        DESCR=DESCRIPTION,
    )


def _find(home: Path, subset: Subset) -> tuple[Layout, Path]:
    """Return the first place that holds the subset: a folder of batches or an archive."""
    looked_at = []
    for layout in (BINARY, PYTHON):
        for folder in (home / layout.folder, home):
            missing = [name for name in layout.batches(subset) if not (folder / name).is_file()]
            if not missing:
                return layout, folder
            looked_at.append(f"  {folder}: no {missing[0]}")
        archive = home / layout.archive
        if archive.is_file():
            return layout, archive
        looked_at.append(f"  {archive}: no such file")
    raise FileNotFoundError(
        f"CIFAR-10 is not in {home}: it should hold the folder {BINARY.folder} or {PYTHON.folder}, "
        f"complete, or the archive {BINARY.archive} or {PYTHON.archive}.\n"
        "Looked at\n" + "\n".join(looked_at) + "\n"
        "Put one of these there, name another folder by data_home or the environment variable "
        f"{ENVIRONMENT_VARIABLE}, or allow the download of {DOWNLOAD_URL} by "
        "download_if_missing=True."
    )


def _read(
    layout: Layout, place: Path, subset: Subset
) -> tuple[NDArray[np.uint8], NDArray[np.int64], list[str]]:
    batches = layout.batches(subset)
    images = np.empty((len(batches) * RECORDS_PER_BATCH, *IMAGE_SHAPE), np.uint8)
    target = np.empty(len(images), np.int64)
    class_names = list(CLASS_NAMES)

    def visit(name: str, member: Member) -> None:
        if name == layout.names:
            class_names[:] = layout.read_names(member)
            return
        start = batches.index(name) * RECORDS_PER_BATCH
        rows = slice(start, start + RECORDS_PER_BATCH)
        layout.read_batch(member, images[rows], target[rows])

    if place.is_dir():
        named = (place / layout.names).is_file()
        visit_folder(place, [*batches, layout.names] if named else batches, visit)
    else:
        visit_archive(place, layout.folder, batches, [layout.names], visit)
    return images, target, class_names


def _read_binary_batch(
    member: Member, images: NDArray[np.uint8], target: NDArray[np.int64]
) -> None:
    expected = len(images) * _RECORD
    if member.size != expected:
        raise DataFileError(
            member.label,
            f"is {member.size:,} bytes long; {len(images):,} records of {_RECORD:,} bytes make "
            f"{expected:,}",
            min(member.size, expected),
        )
    block = np.empty((_RECORDS_PER_READ, _RECORD), np.uint8)
    for start in range(0, len(images), _RECORDS_PER_READ):
        rows = slice(start, start + _RECORDS_PER_READ)
        records = block[: len(images[rows])]
        member.fill(records, start * _RECORD)
        _store_labels(records[:, 0], target[rows], member.label, start)
        _store_pixels(records[:, 1:], images[rows])


def _read_python_batch(
    member: Member, images: NDArray[np.uint8], target: NDArray[np.int64]
) -> None:
    batch = load_pickle(member.read_all(_PICKLE_LIMIT), member.label)
    pixels = _entry(batch, "data", member)
    if not (isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8):
        raise DataFileError(member.label, "'data' is not an array of uint8")
    if pixels.shape != (len(images), _PIXELS):
        expected = (len(images), _PIXELS)
        raise DataFileError(member.label, f"'data' has shape {pixels.shape}, expected {expected}")
    labels = _entry(batch, "labels", member)
    if not (isinstance(labels, list) and all(type(label) is int for label in labels)):
        raise DataFileError(member.label, "'labels' is not a list of integers")
    if len(labels) != len(images):
        problem = f"{len(labels):,} labels stand beside {len(images):,} images"
        raise DataFileError(member.label, problem)
    # Objects, because a hostile integer need not fit any fixed width.
    _store_labels(np.array(labels, dtype=object), target, member.label, None)
    for start in range(0, len(images), _RECORDS_PER_READ):
        rows = slice(start, start + _RECORDS_PER_READ)
        _store_pixels(pixels[rows], images[rows])


def _store_labels(
    labels: NDArray[Any], target: NDArray[np.int64], path: str, first_record: int | None
) -> None:
    """Check and copy labels; those of a binary batch know the record they begin with."""
    wrong = np.flatnonzero((labels < 0) | (labels >= len(CLASS_NAMES)))
    if wrong.size:
        row = int(wrong[0])
        record = row + (first_record or 0)
        raise DataFileError(
            path,
            f"the label of record {record:,} is {str(labels[row])[:20]}, which is not one of 0 to "
            f"{len(CLASS_NAMES) - 1}",
            None if first_record is None else record * _RECORD,
        )
    target[:] = labels


def _store_pixels(planar: NDArray[np.uint8], images: NDArray[np.uint8]) -> None:
    """Interleave the three colour planes; one plane at a time is three times as fast as all."""
    planes = planar.reshape(-1, 3, 32, 32)
    for channel in range(3):
        images[..., channel] = planes[:, channel]


def _read_text_names(member: Member) -> list[str]:
    content = bytes(member.read_all(_NAMES_LIMIT))
    try:
        names = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise DataFileError(member.label, "is not UTF-8 text", error.start) from error
    return _checked_names([name.strip() for name in names if name.strip()], member)


def _read_python_names(member: Member) -> list[str]:
    meta = load_pickle(member.read_all(_NAMES_LIMIT), member.label)
    names = _entry(meta, "label_names", member)
    if not (isinstance(names, list) and all(isinstance(name, str | bytes) for name in names)):
        raise DataFileError(member.label, "'label_names' is not a list of names")
    texts = [name if isinstance(name, str) else name.decode("utf-8", "replace") for name in names]
    return _checked_names(texts, member)


def _checked_names(names: list[str], member: Member) -> list[str]:
    good = len(set(names)) == len(names) == len(CLASS_NAMES)
    if not good or not all(name.isprintable() and name for name in names):
        raise DataFileError(
            member.label, f"holds {len(names)} names; ten different printable ones are expected"
        )
    return names


def _entry(batch: Any, key: str, member: Member) -> Any:
    """Return an entry of a pickled dict, whose keys are bytes if Python 2 wrote it."""
    if isinstance(batch, dict):
        for form in (key.encode(), key):
            if form in batch:
                return batch[form]
    raise DataFileError(member.label, f"is not a dict with an entry {key!r}")


BINARY = Layout(
    folder="cifar-10-batches-bin",
    archive="cifar-10-binary.tar.gz",
    train=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    test=("test_batch.bin",),
    names="batches.meta.txt",
    read_batch=_read_binary_batch,
    read_names=_read_text_names,
)
PYTHON = Layout(
    folder="cifar-10-batches-py",
    archive="cifar-10-python.tar.gz",
    train=tuple(f"data_batch_{number}" for number in range(1, 6)),
    test=("test_batch",),
    names="batches.meta",
    read_batch=_read_python_batch,
    read_names=_read_python_names,
)
