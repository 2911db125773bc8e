"""Arrays in NumPy's formats, .npy and .npz, without trusting either.

NumPy parses the header, which is a Python literal, and nothing else: its own readers would unpickle
objects if asked to, and take whatever memory a header or an archive claims to need.
"""

import io
import math
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from ._files import DataFileError, Member, damage_reported

# What NumPy writes for a plain array is 128 bytes long; only structured types have long headers.
_HEADER_LIMIT = 1024
# Beyond the magic number and the length, which are not counted in the header.
_PREFIX = _HEADER_LIMIT + 12

# Numbers and text; everything else is pickled, structured or meaningless here.
_KINDS = "biufU"
_LARGEST_NUMBER = 8
_MOST_AXES = 4

# Zeros deflate to a thousandth of their size. Whatever is small may do so; beyond, it is a bomb.
_UNPACKED_LIMIT = 256 * 2**20
_UNPACKED_RATIO = 100

# What zipfile and zlib raise on damaged input; the last three come from fields that make no sense.
_ZIP_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    ValueError,
    struct.error,
    OverflowError,
)

ArrayReader = Callable[[Member], NDArray[Any]]


@dataclass(frozen=True)
class _Header:
    """What a file says of its array, checked; `offset` is where the elements begin."""

    shape: tuple[int, ...]
    order: Literal["C", "F"]
    dtype: np.dtype[Any]
    offset: int


def read_array(member: Member) -> NDArray[Any]:
    """Return the array of an .npy file, in memory."""
    prefix, header = _read_header(member)
    content = np.empty(member.size - header.offset, np.uint8)
    begun = prefix[header.offset :]
    content[: begun.size] = begun
    member.fill(content[begun.size :], prefix.size)
    if member.stream.read(1):  # an archive verifies its checksum only at the end of a member
        raise DataFileError(member.label, f"goes on after {member.size:,} bytes", member.size)
    if header.dtype.kind == "U":
        _check_characters(member, content, header)
    return content.view(header.dtype).reshape(header.shape, order=header.order)


def map_array(member: Member) -> NDArray[Any]:
    """Return the array of an .npy file as it lies on disk, mapped into memory, read-only."""
    _, header = _read_header(member)
    mapped: NDArray[Any] = np.memmap(
        member.stream,
        header.dtype,
        "r",
        header.offset,
        header.shape,
        header.order,
    )
    # Compiled code reads whole elements, which must lie where the processor expects them.
    return mapped if mapped.flags.aligned else mapped.copy()


def read_npz(
    path: Path, choose: Callable[[Collection[str]], Collection[str]]
) -> dict[str, NDArray[Any]]:
    """Return some arrays of an .npz archive: of the names there are, those that are chosen."""
    arrays: dict[str, NDArray[Any]] = {}
    with path.open("rb") as stream, damage_reported(path, stream, "npz archive", _ZIP_DAMAGE):
        size = stream.seek(0, io.SEEK_END)
        with zipfile.ZipFile(stream) as archive:
            members = [
                (info.filename.removesuffix(".npy"), info)
                for info in archive.infolist()
                if info.filename.endswith(".npy")
            ]
            chosen = choose({name for name, _ in members})
            for name, info in members:
                if name not in chosen:
                    continue
                if name in arrays:
                    raise DataFileError(path, f"holds {info.filename!r} twice")
                label = f"{path}: {info.filename}"
                _check_member(info, label, size)
                with archive.open(info) as opened:
                    content = cast(io.BufferedIOBase, opened)
                    arrays[name] = read_array(Member(label, info.file_size, content))
    return arrays


def _check_member(info: zipfile.ZipInfo, label: str, archive_size: int) -> None:
    """Refuse what NumPy does not write, and sizes that the archive cannot hold."""
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataFileError(label, "is encrypted or compressed otherwise than NumPy does")
    if info.header_offset < 0 or max(info.header_offset, info.compress_size) > archive_size:
        raise DataFileError(label, f"does not lie within the {archive_size:,} bytes of the archive")
    most = max(_UNPACKED_LIMIT, _UNPACKED_RATIO * info.compress_size)
    if info.file_size > most:
        raise DataFileError(
            label,
            f"claims to unpack {info.compress_size:,} bytes to {info.file_size:,}; at most "
            f"{most:,} are taken. A folder of .npy files has no such limit",
        )


def _read_header(member: Member) -> tuple[NDArray[np.uint8], _Header]:
    """Return the first bytes of a file, and the header among them."""
    prefix = np.empty(min(member.size, _PREFIX), np.uint8)
    member.fill(prefix, 0)
    # From a copy of the beginning: a header that claims to be long finds nothing more to read.
    beginning = io.BytesIO(prefix.tobytes())
    try:
        version = npy_format.read_magic(beginning)
        if version not in _READERS:
            raise ValueError(f"its format {version} is for structured types")
        shape, is_fortran, dtype = _READERS[version](beginning, max_header_size=_HEADER_LIMIT)
    # Parsing text as a Python literal fails in many ways, with errors of memory and recursion too.
    except Exception as error:
        raise DataFileError(member.label, f"has no valid npy header ({error})", 0) from error
    header = _Header(shape, "F" if is_fortran else "C", dtype, beginning.tell())
    _check_dtype(member, dtype)
    _check_size(member, header)
    return prefix, header


_READERS: dict[tuple[int, int], Callable[..., tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}


def _check_dtype(member: Member, dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        raise DataFileError(
            member.label,
            "holds pickled Python objects, which are never loaded; save numbers, or text as "
            "np.array(names, dtype=str)",
        )
    is_text = dtype.kind == "U"
    if dtype.kind not in _KINDS or not (is_text or dtype.itemsize <= _LARGEST_NUMBER):
        raise DataFileError(member.label, f"has dtype {dtype}, expected real numbers or text")
    if dtype.itemsize == 0:
        raise DataFileError(member.label, "holds text without a length")


def _check_characters(member: Member, content: NDArray[np.uint8], header: _Header) -> None:
    """Refuse what Unicode does not have: Python would fail wherever such text is looked at."""
    codes = content.view(np.dtype(np.uint32).newbyteorder(header.dtype.byteorder))
    wrong = int(codes.argmax())
    if codes[wrong] > sys.maxunicode:
        raise DataFileError(
            member.label,
            f"holds the character {codes[wrong]:,}, which Unicode has not",
            header.offset + wrong * codes.itemsize,
        )


def _check_size(member: Member, header: _Header) -> None:
    shape = header.shape
    if not 1 <= len(shape) <= _MOST_AXES or not all(
        type(length) is int and length > 0 for length in shape
    ):
        raise DataFileError(
            member.label,
            f"has shape {str(shape)[:60]}; one to {_MOST_AXES} positive lengths are expected",
        )
    expected = header.offset + math.prod(shape) * header.dtype.itemsize
    if member.size != expected:
        raise DataFileError(
            member.label,
            f"is {member.size:,} bytes long; its header and shape {shape} of {header.dtype} make "
            f"{expected:,}",
            min(member.size, expected),
        )
