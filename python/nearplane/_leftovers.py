"""Temporary files, and what becomes of those whose writer was killed.

A file that is to replace another is written under a temporary name. Its writer holds a lock on it,
which the system lets go of however the process ends. So one that nobody holds is nobody's, and is
removed when the next file of that folder is complete. Where files cannot be locked, as on Windows,
leftovers stay.
"""

import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"\.nearplane-[0-9a-f]{16}\.tmp")

# Some file systems that machines share have locks that other machines do not see. No writer there
# lets a file be for so long.
_YOUNGEST_SECONDS = 3600.0


def temporary_name() -> str:
    """Return a name that no other file has."""
    return f".nearplane-{secrets.token_hex(8)}.tmp"


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Make an empty file that is seen to have a writer until the context ends."""
    with ExitStack() as stack:
        file = stack.enter_context(open(path, "xb"))
        if fcntl is None:
            file.close()
        else:
            with suppress(OSError):  # a file system without locks: nobody else gets one either
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of writers that are no more."""
    if fcntl is None:
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                with suppress(OSError):  # it has a writer, is not ours, or is gone by now
                    _remove_if_left(entry)


def _remove_if_left(entry: os.DirEntry[str]) -> None:
    found = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode) or time.time() - found.st_mtime < _YOUNGEST_SECONDS:
        return
    with open(entry.path, "rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(entry.path)
