"""Reading, without trust."""

import io
import json
import os
import zlib
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._storage._format import (
    CHECKSUM,
    CHUNK_BYTES,
    DTYPES,
    LONGEST_HEADER,
    MAGIC,
    MOST_BYTES,
    MOST_DIMENSIONS,
    START,
    VERSION,
    Entry,
    FilePath,
    FormatError,
    as_text,
    check_values,
    header_checksum,
    padding,
)


@dataclass(frozen=True)
class _Header:
    kind: str
    metadata: dict[str, Any]
    entries: list[Entry]


def read_arrays(
    path: FilePath, kind: str, *, mmap: bool = False, verify: bool = True
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what `write_arrays` has written.

    Parameters
    ----------
    path : str or path-like
        The file.
    kind : str
        What it must hold.
    mmap : bool, default=False
        Whether to map the arrays, read-only, instead of reading them. The file must then not be
        changed in place as long as they are in use; `write_arrays` does not.
    verify : bool, default=True
        Whether to compare the arrays with their checksums, for which mapped ones are read once from
        end to end. The header is compared with its own in any case.

    Returns
    -------
    metadata : dict
    arrays : dict of str to ndarray

    Raises
    ------
    ValueError
        If the file is not of this format, damaged, or of another kind; the message names it.
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:
        try:
            size = os.fstat(file.fileno()).st_size
            header = _read_header(file, size)
            if header.kind != kind:
                raise FormatError(f"holds {header.kind!r:.80}, expected {kind!r}")
            mapped = _map(file, size) if mmap else None
            arrays = {}
            for entry in header.entries:
                arrays[entry.name] = _read_array(file, entry, mapped, verify=verify)
                check_values(arrays[entry.name], entry.name)
        except FormatError as error:
            raise ValueError(f"{os.fspath(path)}: {error}.") from error.__cause__
    return header.metadata, arrays


def read_kind(path: FilePath) -> str:
    """Read what a file that `write_arrays` has written says it holds.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the file is not of this format, or its header is damaged; the message names it.
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:
        try:
            return _read_header(file, os.fstat(file.fileno()).st_size).kind
        except FormatError as error:
            raise ValueError(f"{os.fspath(path)}: {error}.") from error.__cause__


def _read_header(file: io.BufferedReader, size: int) -> _Header:
    """Read and check all that precedes the arrays, and that these fill the file exactly."""
    start = file.read(START.size)
    if start[: len(MAGIC)] != MAGIC:
        raise FormatError("is not a file of nearplane's")
    if len(start) < START.size:
        raise FormatError("ends within its header")
    _, version, length = START.unpack(start)
    if version != VERSION:
        raise FormatError(f"has version {version} of the format; this release reads {VERSION}")
    if length > min(LONGEST_HEADER, size):
        raise FormatError(f"promises a header of {length:,} bytes; the file has {size:,}")
    checksum, text = file.read(CHECKSUM.size), file.read(length)
    if len(checksum) < CHECKSUM.size or len(text) < length:
        raise FormatError("ends within its header")
    if CHECKSUM.unpack(checksum) != (header_checksum(start, text),):
        raise FormatError("is damaged: the header does not have its checksum")
    header = _parse_header(text, file.tell())
    end = header.entries[-1].end if header.entries else file.tell()
    if end != size:
        raise FormatError(f"is damaged: it has {size:,} bytes, its header describes {end:,}")
    return header


def _parse_header(text: bytes, end: int) -> _Header:
    """Turn JSON into what it says; `end` is the position behind it."""
    try:
        fields = json.loads(text.decode("ascii"))
        kind, metadata = fields["kind"], fields["metadata"]
        if not (isinstance(kind, str) and isinstance(metadata, dict)):
            raise TypeError("kind or metadata are of the wrong type")
        entries: list[Entry] = []
        for field in fields["arrays"]:
            entries.append(_parse_entry(field, end))
            end = entries[-1].end
        if len({entry.name for entry in entries}) < len(entries):
            raise ValueError("two arrays have the same name")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError(f"has a header that makes no sense: {error}") from error
    return _Header(kind, metadata, entries)


def _parse_entry(field: dict[str, Any], end: int) -> Entry:
    """Check one array's description; `end` is where the array before it ends."""
    name, dtype, shape, checksum = (field[key] for key in ("name", "dtype", "shape", "crc32"))
    if not (isinstance(name, str) and isinstance(checksum, str) and isinstance(shape, list)):
        raise TypeError("an array's name, checksum or shape is of the wrong type")
    if not (isinstance(dtype, str) and DTYPES.fullmatch(dtype)):
        raise ValueError(f"{name} has the unknown dtype {dtype!r}")
    if len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"{name} has {len(shape)} dimensions")
    itemsize = np.dtype(dtype).itemsize
    if itemsize < 0:  # before version 2 NumPy lets the sizes of long texts overflow
        raise ValueError(f"{name} has the unknown dtype {dtype!r}")
    plain = all(type(length) is int and length >= 0 for length in shape)
    # NumPy counts lengths beside a 0 too.
    if not plain or prod(max(length, 1) for length in shape) * itemsize > MOST_BYTES:
        raise ValueError(f"{name} has an impossible shape")
    return Entry(name, np.dtype(dtype), tuple(shape), end + padding(end), checksum)


def _map(file: io.BufferedReader, size: int) -> NDArray[np.uint8]:
    """Map the whole file and leave it at its position."""
    position = file.tell()
    mapped = np.memmap(file, np.uint8, mode="r", shape=(size,))
    file.seek(position)
    return mapped


def _read_array(
    file: io.BufferedReader, entry: Entry, mapped: NDArray[np.uint8] | None, *, verify: bool
) -> NDArray[Any]:
    """Read one array, or find it in the map of the whole file."""
    if any(file.read(entry.offset - file.tell())):
        raise FormatError(f"is damaged before {entry.name}, where zeros should be")
    if mapped is None:
        # The header has been found to promise no more than the file has.
        content = np.empty(entry.n_bytes, np.uint8)
        checksum = _read_content(file, content)
    else:
        content = mapped[entry.offset : entry.end]
        file.seek(entry.end)
        checksum = _checksum(content) if verify else ""
    if verify and checksum != entry.checksum:
        raise FormatError(f"is damaged: {entry.name} does not have its checksum")
    array = content.view(entry.dtype).reshape(entry.shape)
    return array.astype(entry.dtype.newbyteorder("="), copy=False)


def _read_content(file: io.BufferedReader, content: NDArray[np.uint8]) -> str:
    """Read the bytes that fill `content` and return their checksum."""
    checksum = 0
    for chunk in _chunks(content):
        if file.readinto(chunk) != len(chunk):
            raise FormatError("ends before its last array")
        checksum = zlib.crc32(chunk, checksum)
    return as_text(checksum)


def _checksum(content: NDArray[np.uint8]) -> str:
    checksum = 0
    for chunk in _chunks(content):
        checksum = zlib.crc32(chunk, checksum)
    return as_text(checksum)


def _chunks(content: NDArray[np.uint8]) -> list[memoryview]:
    view = content.data
    return [view[first : first + CHUNK_BYTES] for first in range(0, len(view), CHUNK_BYTES)]
