"""The idx format of MNIST: a magic number, the lengths of the axes, and the elements.

Whoever reads one knows how long the axes must be, so the header is compared with that instead of
being believed.
"""

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ._files import DataFileError, Member, damage_reported, open_file

# The third byte of the magic number is the type of the elements, the fourth the number of axes.
_UNSIGNED_BYTES = 0x08


def read_idx(path: Path, out: NDArray[np.uint8]) -> None:
    """Fill an array with the unsigned bytes of an idx file, which may be gzip-compressed.

    Parameters
    ----------
    path : pathlib.Path
        The file; compressed if its name ends in ``.gz``.
    out : ndarray of uint8
        C-contiguous; its shape is the one that the file must have.

    Raises
    ------
    DataFileError
        If the file is of another kind or shape, or is damaged. Offsets into a compressed file are
        those of what it unpacks to, except where decompressing itself fails.
    """
    with open_file(path) as member:
        if path.suffix != ".gz":
            _read(member, out)
            return
        with damage_reported(path, member.stream, "gzip file"):
            # What a stream unpacks to is known only at its end, which `_read` looks for.
            size = _header(out).size + out.size
            _read(Member(member.label, size, gzip.GzipFile(fileobj=member.stream)), out)


def _read(member: Member, out: NDArray[np.uint8]) -> None:
    expected = _header(out)
    found = np.empty_like(expected)
    member.fill(found[:4], 0)
    if (found[:4] != expected[:4]).any():
        raise DataFileError(
            member.label,
            f"begins with 0x{found[:4].tobytes().hex()}; an idx file of unsigned bytes with "
            f"{out.ndim} axes begins with 0x{expected[:4].tobytes().hex()}",
            0,
        )
    member.fill(found[4:], 4)
    if (found != expected).any():
        lengths = tuple(found[4:].view(">u4").tolist())
        raise DataFileError(member.label, f"has shape {lengths}, expected {out.shape}", 4)
    size = expected.size + out.size
    if member.size != size:
        raise DataFileError(
            member.label,
            f"is {member.size:,} bytes long; shape {out.shape} makes {size:,}",
            min(member.size, size),
        )
    member.fill(out, expected.size)
    if member.stream.read(1):
        raise DataFileError(member.label, f"goes on after {size:,} bytes", size)


def _header(out: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the bytes with which an idx file of this shape begins."""
    lengths = np.array(out.shape, ">u4").view(np.uint8)
    return np.concatenate([np.array([0, 0, _UNSIGNED_BYTES, out.ndim], np.uint8), lengths])
