"""The two official ways in which the CIFAR data sets are written, binary and python.

A *labelling* is one way of naming the classes: CIFAR-10 has one, CIFAR-100 a fine and a coarse one.
A binary record is a byte for each labelling, then the pixels, one colour plane after the other. A
python batch is a pickled dict with a matrix of pixels and a list of labels for each labelling.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._files import DataFileError, Member
from ._pickles import load_pickle

IMAGE_SHAPE = (32, 32, 3)
N_PIXELS = 32 * 32 * 3

# Records decoded at a time: 0.8 MB in planar order and as much interleaved stay in the L2 cache.
_RECORDS_PER_READ = 256
# Beside its pixels, a record of a python batch takes about 30 bytes: a file name and the labels.
_PICKLE_LIMIT = 64 * 2**20
_PICKLED_RECORD_LIMIT = N_PIXELS + 128
# An official record takes 4: 2 for its file name and 1 for each label. Python 3 takes more.
_PICKLE_OPCODES = 200_000
_PICKLED_RECORD_OPCODES = 10
_NAMES_LIMIT = 4096

_COUNTS = {10: "ten", 20: "twenty", 100: "a hundred"}


@dataclass(frozen=True)
class Labelling:
    """One way of naming the classes of the images, and where the official files keep it.

    Attributes
    ----------
    names : tuple of str
        The official class names, in the order of their numbers.
    labels_key, names_key : str
        The entries of a pickled batch, and of the pickled file of names.
    names_file : str
        The file of names beside the binary batches, one a line.
    """

    names: tuple[str, ...]
    labels_key: str
    names_key: str
    names_file: str


@dataclass(frozen=True)
class Records:
    """The rows of the result that one batch fills: its images, and a target for each labelling."""

    images: NDArray[np.uint8]
    targets: tuple[NDArray[np.int64], ...]


def read_binary_batch(member: Member, records: Records, labellings: Sequence[Labelling]) -> None:
    """Fill `records` from a file of fixed-size records, read a few hundred at a time."""
    n_labels = len(labellings)
    record = n_labels + N_PIXELS
    n_images = len(records.images)
    expected = n_images * record
    if member.size != expected:
        raise DataFileError(
            member.label,
            f"is {member.size:,} bytes long; {n_images:,} records of {record:,} bytes make "
            f"{expected:,}",
            min(member.size, expected),
        )
    block = np.empty((_RECORDS_PER_READ, record), np.uint8)
    for start in range(0, n_images, _RECORDS_PER_READ):
        rows = slice(start, start + _RECORDS_PER_READ)
        part = block[: len(records.images[rows])]
        member.fill(part, start * record)
        for column, (labelling, target) in enumerate(zip(labellings, records.targets, strict=True)):
            _check_labels(part[:, column], labelling, member, start, (record, column))
            target[rows] = part[:, column]
        _store_pixels(part[:, n_labels:], records.images[rows])


def read_python_batch(member: Member, records: Records, labellings: Sequence[Labelling]) -> None:
    """Fill `records` from a pickled batch."""
    n_images = len(records.images)
    batch = load_pickle(
        member.read_all(max(_PICKLE_LIMIT, n_images * _PICKLED_RECORD_LIMIT)),
        member.label,
        max_opcodes=max(_PICKLE_OPCODES, n_images * _PICKLED_RECORD_OPCODES),
    )
    pixels = _entry(batch, "data", member)
    if not (isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8):
        raise DataFileError(member.label, "'data' is not an array of uint8")
    if pixels.shape != (n_images, N_PIXELS):
        expected = (n_images, N_PIXELS)
        raise DataFileError(member.label, f"'data' has shape {pixels.shape}, expected {expected}")
    for labelling, target in zip(labellings, records.targets, strict=True):
        target[:] = _pickled_labels(batch, labelling, n_images, member)
    for start in range(0, n_images, _RECORDS_PER_READ):
        rows = slice(start, start + _RECORDS_PER_READ)
        _store_pixels(pixels[rows], records.images[rows])


def read_text_names(
    name: str, member: Member, labellings: Sequence[Labelling]
) -> dict[Labelling, list[str]]:
    """Return the class names in a text file, one a line: those of the labelling it is named for."""
    content = bytes(member.read_all(_NAMES_LIMIT))
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise DataFileError(member.label, "is not UTF-8 text", error.start) from error
    names = [line.strip() for line in lines if line.strip()]
    return {
        labelling: _checked_names(names, labelling, member)
        for labelling in labellings
        if labelling.names_file == name
    }


def read_python_names(
    _name: str, member: Member, labellings: Sequence[Labelling]
) -> dict[Labelling, list[str]]:
    """Return the class names in a pickled file: those of every labelling."""
    meta = load_pickle(member.read_all(_NAMES_LIMIT), member.label)
    return {labelling: _pickled_names(meta, labelling, member) for labelling in labellings}


def _pickled_names(meta: Any, labelling: Labelling, member: Member) -> list[str]:
    key = labelling.names_key
    names = _entry(meta, key, member)
    if not (isinstance(names, list) and all(isinstance(name, str | bytes) for name in names)):
        raise DataFileError(member.label, f"{key!r} is not a list of names")
    texts = [name if isinstance(name, str) else name.decode("utf-8", "replace") for name in names]
    return _checked_names(texts, labelling, member)


def _pickled_labels(
    batch: Any, labelling: Labelling, n_images: int, member: Member
) -> NDArray[np.object_]:
    key = labelling.labels_key
    labels = _entry(batch, key, member)
    if not (isinstance(labels, list) and all(type(label) is int for label in labels)):
        raise DataFileError(member.label, f"{key!r} is not a list of integers")
    if len(labels) != n_images:
        problem = f"{len(labels):,} labels stand beside {n_images:,} images"
        raise DataFileError(member.label, problem)
    # Objects, because a hostile integer need not fit any fixed width.
    found = np.array(labels, dtype=object)
    _check_labels(found, labelling, member)
    return found


def _check_labels(
    labels: NDArray[Any],
    labelling: Labelling,
    member: Member,
    first_record: int = 0,
    place: tuple[int, int] | None = None,
) -> None:
    """Refuse labels out of range; `place` is the size of a record and the label's place in it."""
    wrong = np.flatnonzero((labels < 0) | (labels >= len(labelling.names)))
    if wrong.size:
        row = int(wrong[0])
        record = first_record + row
        raise DataFileError(
            member.label,
            f"the label of record {record:,} is {str(labels[row])[:20]}, which is not one of 0 to "
            f"{len(labelling.names) - 1}",
            None if place is None else record * place[0] + place[1],
        )


def _store_pixels(planar: NDArray[np.uint8], images: NDArray[np.uint8]) -> None:
    """Interleave the three colour planes; one plane at a time is three times as fast as all."""
    planes = planar.reshape(-1, 3, 32, 32)
    for channel in range(3):
        images[..., channel] = planes[:, channel]


def _checked_names(names: list[str], labelling: Labelling, member: Member) -> list[str]:
    expected = len(labelling.names)
    good = len(set(names)) == len(names) == expected
    if not good or not all(name.isprintable() and name for name in names):
        raise DataFileError(
            member.label,
            f"holds {len(names)} names; {_COUNTS[expected]} different printable ones are expected",
        )
    return names


def _entry(batch: Any, key: str, member: Member) -> Any:
    """Return an entry of a pickled dict, whose keys are bytes if Python 2 wrote it."""
    if isinstance(batch, dict):
        for form in (key.encode(), key):
            if form in batch:
                return batch[form]
    raise DataFileError(member.label, f"is not a dict with an entry {key!r}")
