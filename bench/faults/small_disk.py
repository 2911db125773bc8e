"""File systems of a few pages, which only the process that makes them can see.

Linux lets every process have its own view of what is mounted, and keep files in memory there.
"""

import ctypes
import mmap
import os
import sys
import tempfile
from pathlib import Path

PAGE = mmap.PAGESIZE

_CLONE_NEWNS = 0x0002_0000
_CLONE_NEWUSER = 0x1000_0000
_MS_REMOUNT = 32


def obstacle() -> str | None:
    """Return why there can be no such file system; None if there can."""
    if not sys.platform.startswith("linux"):
        return "cannot be tried here: it takes Linux"
    child = os.fork()
    if child == 0:
        status = 1
        try:
            mount_over(Path(tempfile.gettempdir()), PAGE)  # seen by this process alone
            status = 0
        finally:
            os._exit(status)
    refused = os.waitpid(child, 0)[1]
    return "cannot be tried here: processes may not mount" if refused else None


def mount_over(folder: Path, size: int) -> None:
    """Let this process, which has no other thread, see an empty file system in place of a folder.

    Parameters
    ----------
    folder : Path
        What it takes the place of.
    size : int
        Bytes, of which files take whole pages.
    """
    user, group = os.getuid(), os.getgid()
    _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNS)
    # Nobody may own a file whom the kernel cannot name outside.
    for name, text in (
        ("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")
    ):  # fmt: skip
        Path("/proc/self", name).write_text(text, encoding="ascii")
    _mount(folder, 0, size)


def resize(folder: Path, size: int) -> None:
    """Let a file system that was mounted have so many bytes from now on."""
    _mount(folder, _MS_REMOUNT, size)


def bytes_used(folder: Path) -> int:
    """Return how much of a file system is taken."""
    found = os.statvfs(folder)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def _mount(folder: Path, flags: int, size: int) -> None:
    _call("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", flags, f"size={size}".encode())


def _call(name: str, *arguments: int | bytes) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), name)
