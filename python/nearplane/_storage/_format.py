"""What a file looks like, and which arrays it can hold.

Little endian throughout:

========  =======================================================================================
bytes     content
========  =======================================================================================
8         magic, after PNG's: a byte beyond ASCII, then line ends that a transfer as text changes
4, 4      version of this format; length of the header
4         CRC-32 of all that stands before it, and of the header
length    the header, JSON: kind, metadata, and of each array name, dtype, shape and CRC-32
rest      the arrays in that order, row by row, each at the next multiple of 64; zeros between them
========  =======================================================================================

Why CRC-32. Whoever changes a file on purpose can renew its checksum too, of whatever strength, so
it is there against damage. It finds every run of up to 32 wrong bits for certain and misses other
damage once in 2**32 times. zlib's keeps up with a good disk and is several times as fast as the
cryptographic hashes of hashlib, which counts: it runs over all rows before the first search.
"""

import os
import re
import struct
import zlib
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

FilePath = str | os.PathLike[str]

MAGIC = b"\x89NPLN\r\n\x1a"
VERSION = 1
START = struct.Struct("<8sII")  # magic, version, length of the header
CHECKSUM = struct.Struct("<I")
ALIGNMENT = 64  # a cache line, and the widest register

# Facts are short; what is long is an array. Decoded JSON takes some ten times its length.
LONGEST_HEADER = 2**24

# Read, checked and written at a time: it stays in cache between the two, and Ctrl-C is heard.
CHUNK_BYTES = 2**20

DTYPES = re.compile(r"\|[biu]1|<[iu][248]|<f[248]|<U[1-9][0-9]{0,8}")
MOST_DIMENSIONS = 32  # NumPy 1's
MOST_BYTES = 2**63 - 1  # NumPy counts them in 64 bits
_LARGEST_CHARACTER = 0x10FFFF


class FormatError(Exception):
    """What is wrong with a file, yet without its name."""


@dataclass(frozen=True)
class Entry:
    """One array as the header describes it, and its place in the file."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int
    checksum: str

    @property
    def n_bytes(self) -> int:
        """How many bytes it takes."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def end(self) -> int:
        """Where the byte behind it lies."""
        return self.offset + self.n_bytes


def padding(position: int) -> int:
    """Return how many zeros stand between `position` and the array behind it."""
    return -position % ALIGNMENT


def header_checksum(start: bytes, text: bytes) -> int:
    """Return the checksum of the header and of what stands before it."""
    return zlib.crc32(text, zlib.crc32(start))


def as_text(checksum: int) -> str:
    """Return an array's checksum as the header has it: all are equally long."""
    return f"{checksum:08x}"


def check_values(array: NDArray[Any], name: str) -> None:
    """Raise if an array holds bytes that its type gives no meaning to."""
    kind, wrong = array.dtype.kind, False
    if kind == "b":
        wrong = bool((array.view(np.uint8) > 1).any())
    elif kind == "U" and array.size:
        code_points = np.ascontiguousarray(array).reshape(-1).view(array.dtype.str[0] + "u4")
        wrong = bool((code_points > _LARGEST_CHARACTER).any())
    if wrong:
        raise FormatError(f"{name} holds bytes that are no value of its dtype {array.dtype}")
