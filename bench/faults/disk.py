"""Python's side of `disk.cpp`: which call fails, and how."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# The order of the enumeration in disk.cpp.
FAIL, FALL_SHORT, KILL_BEFORE, KILL_AFTER = range(4)


@dataclass(frozen=True)
class Fault:
    """What the `call`-th call does: it fails with an error number, writes half, or is the last."""

    call: int
    how: int
    error_number: int = 0


@dataclass
class Seen:
    """Whether the call came, and the function it was of."""

    failed: bool = False
    function: str = ""


class Disk:
    """Calls that change a folder, in a process that has the library."""

    def __init__(self, folder: Path) -> None:
        self._library = ctypes.CDLL(None)
        self._library.disk_arm.argtypes = [ctypes.c_int64, ctypes.c_int, ctypes.c_int]
        self._library.disk_failed_call.restype = ctypes.c_char_p
        self._library.disk_watch(str(folder.resolve()).encode())

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[Seen]:
        """Let a call fail within the context; what was seen is filled in at its end."""
        seen = Seen()
        self._library.disk_arm(fault.call, fault.how, fault.error_number)
        try:
            yield seen
        finally:
            self._library.disk_disarm()
            seen.failed = self._library.disk_failures() > 0
            seen.function = self._library.disk_failed_call().decode()
