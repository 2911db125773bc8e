"""Writing, all or nothing."""

import json
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from nearplane._files import replacement
from nearplane._storage._format import (
    CHECKSUM,
    CHUNK_BYTES,
    DTYPES,
    LONGEST_HEADER,
    MAGIC,
    MOST_DIMENSIONS,
    START,
    VERSION,
    FilePath,
    FormatError,
    as_text,
    check_values,
    header_checksum,
    padding,
)


def write_arrays(
    path: FilePath,
    kind: str,
    metadata: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
) -> None:
    """Write a file that `read_arrays` reads; if that fails, a file of that name stays as it was.

    Parameters
    ----------
    path : str or path-like
        The file. One that exists is replaced; of a link, what it points to.
    kind : str
        What the file holds; reading asks for it.
    metadata : mapping
        Facts that JSON can hold: str, int, finite float, bool, None, and lists and dicts of them.
    arrays : mapping of str to ndarray
        Booleans, integers, floats of up to 64 bits, and text, of any shape and layout.

    Raises
    ------
    TypeError, ValueError
        If the metadata or the type of an array cannot be stored, or if `path` is something other
        than a file.
    OSError
        If the file cannot be written.
    """
    stored = {name: _storable(name, np.asarray(array)) for name, array in arrays.items()}
    # The header comes first but its checksums last, so it is written over one equally long.
    place = _encode_header(kind, metadata, stored, dict.fromkeys(stored, as_text(0)))
    with replacement(path) as file:
        file.write(place)
        checksums = {name: _write_array(file, array) for name, array in stored.items()}
        file.seek(0)
        file.write(_encode_header(kind, metadata, stored, checksums))


def _storable(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return the array itself if one like it can be read again."""
    # Only these kinds have a byte order to speak of.
    if array.dtype.kind not in "biufU" or not DTYPES.fullmatch(_little(array.dtype).str):
        raise ValueError(
            f"{name} has dtype {array.dtype}, which cannot be stored; booleans, integers, floats "
            "of up to 64 bits and text can."
        )
    if array.ndim > MOST_DIMENSIONS:
        raise ValueError(f"{name} must have at most {MOST_DIMENSIONS} dimensions; got {array.ndim}")
    try:
        check_values(array, name)
    except FormatError as error:
        raise ValueError(f"{error}.") from None
    return array


def _little(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype.newbyteorder("<")


def _encode_header(
    kind: str,
    metadata: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    checksums: Mapping[str, str],
) -> bytes:
    """Return all bytes before the first array's padding."""
    entries = [
        {
            "name": name,
            "dtype": _little(array.dtype).str,
            "shape": array.shape,
            "crc32": checksums[name],
        }
        for name, array in arrays.items()
    ]
    header = {"kind": kind, "metadata": dict(metadata), "arrays": entries}
    text = json.dumps(header, allow_nan=False).encode("ascii")
    if len(text) > LONGEST_HEADER:
        raise ValueError(
            f"metadata must fit into {LONGEST_HEADER:,} bytes of JSON; got {len(text):,}."
        )
    start = START.pack(MAGIC, VERSION, len(text))
    return start + CHECKSUM.pack(header_checksum(start, text)) + text


def _write_array(file: BinaryIO, array: NDArray[Any]) -> str:
    """Append an array, aligned, and return its checksum."""
    file.write(bytes(padding(file.tell())))
    checksum = 0
    if array.size:
        rows = array.reshape(1) if array.ndim == 0 else array
        step = max(1, CHUNK_BYTES // (rows.nbytes // len(rows)))
        for first in range(0, len(rows), step):
            chunk = np.ascontiguousarray(rows[first : first + step], _little(array.dtype))
            content = chunk.reshape(-1).view(np.uint8).data
            checksum = zlib.crc32(content, checksum)
            file.write(content)
    return as_text(checksum)
