"""Watching what is done while a file is read: which events, and how much memory."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What reading a file needs: to open it, and to map it. Everything else is reported, but what
# does nothing: `id`, and looks at frames and attributes.
_ALLOWED = ("mmap.__new__", "builtins.id", "sys._getframe", "object.__getattr__")
# Where it stands how many processors there are, which a model with n_jobs=-1 wants to know.
_OF_THE_MACHINE = ("/sys/fs/cgroup/", "/sys/devices/system/cpu", "/proc/cpuinfo")
_STATM = Path("/proc/self/statm")


class Watch:
    """Reports what happens in this process while it is told to look; made once."""

    def __init__(self) -> None:
        self._path: str | None = None
        self._events: list[str] = []
        sys.addaudithook(self._hear)

    @contextmanager
    def over(self, path: Path) -> Iterator[list[str]]:
        """Collect what happens that reading this file gives no reason for."""
        self._events, self._path = [], str(path)
        try:
            yield self._events
        finally:
            self._path = None

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._path is None or event in _ALLOWED:
            return
        if event == "open" and arguments[1] == "r":
            path = str(arguments[0])
            if path == self._path or path.startswith(_OF_THE_MACHINE):
                return
        self._events.append(f"{event} {arguments!r:.200}")


def can_limit_memory() -> bool:
    """Tell whether `memory_limit` does anything here."""
    return _STATM.exists()


@contextmanager
def memory_limit(more_bytes: int) -> Iterator[None]:
    """Let this process get so much more address space, and MemoryError beyond, where one can."""
    if not can_limit_memory():
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + more_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
