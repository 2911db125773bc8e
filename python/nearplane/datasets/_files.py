"""Reading files, and named members of a folder or of a tar.gz archive, without trusting any.

A loader says which members it wants and receives each as a `Member`: a name for messages, a size
and a stream. Nothing is ever extracted, names are compared exactly, and every byte count is checked
before memory is taken for it.
"""

import gzip
import io
import os
import stat
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

# The official archives unpack to less than 190 MB; a stream that goes on is a decompression bomb.
ARCHIVE_LIMIT = 256 * 2**20

# What gzip and tarfile raise on damaged input; the last two come from tarfile's header parser.
DAMAGE = (
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    tarfile.TarError,
    ValueError,
    RecursionError,
)


class DataFileError(ValueError):
    """A data file does not hold what its format promises.

    Parameters
    ----------
    path : str or path-like
        The file; a member of an archive is written ``archive: member``.
    problem : str
        What is wrong, and what would be right.
    offset : int, optional
        The byte of the file (or member) at which the problem shows.

    Attributes
    ----------
    path : str
        The file's name.
    problem : str
        The message without the place.
    offset : int or None
        The byte offset, where one can be named.

    Examples
    --------
    >>> from nearplane.datasets import DataFileError
    >>> print(DataFileError("test_batch.bin", "label 10 is not one of 0 to 9", offset=3073))
    test_batch.bin, byte 3,073: label 10 is not one of 0 to 9
    """

    def __init__(
        self, path: str | os.PathLike[str], problem: str, offset: int | None = None
    ) -> None:
        self.path = os.fspath(path)
        self.problem = problem
        self.offset = offset
        # All three are the exception's arguments, so that it survives pickling (joblib, pools).
        super().__init__(self.path, problem, offset)

    def __str__(self) -> str:
        place = "" if self.offset is None else f", byte {self.offset:,}"
        return f"{self.path}{place}: {self.problem}"


def as_path(name: str, value: object) -> Path:
    """Return an argument that must be a path; ``~`` stands for the user's home."""
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"{name} must be a path; got {value!r} of type {type(value).__name__}.")
    # Unlike pathlib's this leaves the home of an unknown user as it is, and so not to be found.
    return Path(os.path.expanduser(value))


@dataclass(frozen=True)
class Member:
    """One open file: `label` names it in messages, `size` is its length in bytes."""

    label: str
    size: int
    stream: io.RawIOBase | io.BufferedIOBase

    def fill(self, buffer: NDArray[np.uint8], offset: int) -> None:
        """Fill a contiguous buffer with the next bytes, which begin at `offset` of the member."""
        flat = buffer.reshape(-1)
        done = 0
        while done < flat.size:
            # In pieces, because tarfile makes several copies of what is read at once.
            count = self.stream.readinto(flat[done : done + 2**20].data)
            if not count:
                problem = f"ends here, {flat.size - done:,} bytes too early"
                raise DataFileError(self.label, problem, offset + done)
            done += count

    def read_all(self, limit: int) -> NDArray[np.uint8]:
        """Return the whole member, refusing one longer than `limit` bytes."""
        if self.size > limit:
            raise DataFileError(
                self.label, f"is {self.size:,} bytes long; at most {limit:,} are expected", limit
            )
        content = np.empty(self.size, np.uint8)
        self.fill(content, 0)
        return content


Visitor = Callable[[str, Member], None]


@contextmanager
def open_file(path: Path) -> Iterator[Member]:
    """Open a regular file as a `Member` of its own."""
    # Unbuffered: visitors read large blocks straight into their own arrays.
    with path.open("rb", buffering=0) as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise DataFileError(path, "is not a regular file")
        yield Member(str(path), status.st_size, stream)


def visit_folder(folder: Path, names: Collection[str], visit: Visitor) -> None:
    """Call ``visit(name, member)`` for each named file of a folder."""
    for name in names:
        with open_file(folder / name) as member:
            visit(name, member)


def visit_archive(
    archive: Path, folder: str, names: Collection[str], optional: Collection[str], visit: Visitor
) -> None:
    """Call ``visit(name, member)`` for the members ``folder/name`` of a tar.gz archive.

    One pass in the archive's own order, to its very end, so that the checksum of the compressed
    stream is verified and a second member of the same name cannot go unnoticed.
    """
    wanted = {f"{folder}/{name}": name for name in [*names, *optional]}
    seen: set[str] = set()
    with archive.open("rb") as compressed, damage_reported(archive, compressed, "tar.gz archive"):
        content = _BoundedReader(gzip.GzipFile(fileobj=compressed), archive)
        with tarfile.open(fileobj=content, mode="r|", bufsize=1 << 20) as tar:
            for info in tar:
                # tarfile would step over a member of any claimed size, long after the end.
                if tar.offset > ARCHIVE_LIMIT:
                    raise DataFileError(archive, f"claims to unpack to {tar.offset:,} bytes")
                if info.name not in wanted:
                    continue
                if info.name in seen:
                    raise DataFileError(archive, f"holds {info.name!r} twice")
                seen.add(info.name)
                visit(wanted[info.name], _tar_member(archive, tar, info))
        content.drain()
    missing = [name for name in names if f"{folder}/{name}" not in seen]
    if missing:
        raise DataFileError(archive, f"has no member {folder}/{missing[0]}")


def _tar_member(archive: Path, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    label = f"{archive}: {info.name}"
    # Only plain files: links would name other data, sparse files would grow from nothing.
    if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.issparse():
        raise DataFileError(label, "is not a regular file")
    stream = tar.extractfile(info)
    # extractfile returns None only for what is not a regular file.
    return Member(label, info.size, cast(io.BufferedReader, stream))


@contextmanager
def damage_reported(
    path: Path,
    compressed: BinaryIO | io.RawIOBase | io.BufferedIOBase,
    kind: str,
    damage: tuple[type[Exception], ...] = DAMAGE,
) -> Iterator[None]:
    """Turn what a library raises on damaged input into a `DataFileError`."""
    try:
        yield
    except DataFileError:
        raise
    except damage as error:
        problem = f"is not an intact {kind} ({error})"
        raise DataFileError(path, problem, compressed.tell()) from error


class _BoundedReader(io.RawIOBase):
    """A stream that refuses to yield more than `ARCHIVE_LIMIT` bytes."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, archive: Path) -> None:
        self._stream = stream
        self._archive = archive
        self._left = ARCHIVE_LIMIT

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(block)
        if self._left < 0:
            raise DataFileError(self._archive, f"unpacks to more than {ARCHIVE_LIMIT:,} bytes")
        return block

    def drain(self) -> None:
        """Read to the end: gzip checks its checksum only there."""
        while self.read(1 << 20):
            pass
