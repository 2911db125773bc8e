"""Files that take the place of others when they are complete, or not at all."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nearplane._leftovers import held, remove_leftovers, temporary_name

# What file systems answer that cannot take room in advance, or make a folder's entries durable.
_CANNOT = frozenset((errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP))


@contextmanager
def replacement(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of another when the context ends without an error.

    Parameters
    ----------
    path : str or path-like
        The file to replace, which need not exist; of a link, what it points to.

    Yields
    ------
    file : binary file
        Empty, to be written and read. Once it has the name, it is on the disk.

    Raises
    ------
    ValueError
        If `path` is something other than a file.
    OSError
        If the file cannot be written; the error names `path`, and a file of that name is as it was.
        Only if the folder's entry cannot be brought to the disk, the new file is in place already.
    """
    with replacing(path) as temporary, open(temporary, "r+b") as file:
        yield file
        bring_to_disk(file)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the name of a new file that is to replace another, as `replacement` does.

    Whoever writes it brings it to the disk, as `replacement` does by itself.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(target.parent))
    exists = target.exists()
    if exists and not target.is_file():
        raise ValueError(f"path must name a file; {target} is something else.")
    # Unlike the files of `tempfile`, it has the permissions that the user gives to new ones.
    temporary = target.with_name(temporary_name())
    with errors_naming(target, temporary):
        try:
            with held(temporary):
                yield temporary
                if exists:
                    shutil.copymode(target, temporary)
                os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):  # what went wrong first is what counts
                temporary.unlink()
            raise
        bring_entries_to_disk(target.parent)
    remove_leftovers(target.parent)


def bring_to_disk(file: BinaryIO) -> None:
    """Return when all that was written to a file would outlive a loss of power."""
    file.flush()
    os.fsync(file.fileno())


def take_room(path: Path) -> None:
    """Take what a file needs of the disk now, before it is written through a map.

    Where a write would raise an error because the disk is full, a map ends the process. Nothing
    happens where the system or the file system offers no such thing.
    """
    if hasattr(os, "posix_fallocate"):
        with open(path, "rb+") as file, _where_possible():
            os.posix_fallocate(file.fileno(), 0, max(1, os.fstat(file.fileno()).st_size))


def bring_entries_to_disk(folder: Path) -> None:
    """Make a new name as durable as the content, where folders can be opened for it."""
    if os.name != "posix":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # files may be made in it, but nobody may look
        return
    try:
        with _where_possible():
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def errors_naming(target: Path, temporary: Path) -> Iterator[None]:
    """Let errors name the file or folder that users know, in place of one that is temporary.

    Those of a write name none at all.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or not _is_within(error.filename, temporary):
            raise
        raise OSError(error.errno, error.strerror, os.fspath(target)) from error


@contextmanager
def _where_possible() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _CANNOT:
            raise


def _is_within(name: str | bytes | int | None, temporary: Path) -> bool:
    return name is None or (isinstance(name, str) and Path(name).is_relative_to(temporary))
