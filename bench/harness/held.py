"""What this process holds: memory, threads, open files, objects of Python's. Linux only."""

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

# Of mallopt, and the threshold that both have to begin with.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_THRESHOLD = 128 << 10

MEASURES = ("rss", "uss", "in use", "blocks", "objects", "threads", "files")
COUNTS = ("threads", "files")


def return_what_is_free() -> None:
    """Let glibc's malloc keep the thresholds it has at first, and so return large blocks at once.

    Else it raises them to tens of megabytes as such blocks are freed, and what is resident says
    more of the order in which things were freed than of what is held.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _THRESHOLD)
        mallopt(_MMAP_THRESHOLD, _THRESHOLD)


class _MallocInfo(ctypes.Structure):
    """What glibc's mallinfo2 returns; see its manual page."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    ]


def measure() -> list[int]:
    """Return the values of all `MEASURES`.

    Resident bytes, those of them that are this process's alone, the bytes that malloc has given
    away, the blocks that Python's own allocator has, Python's containers, threads and open files.
    """
    gc.collect()  # cycles are garbage to Python alone, which collects them when it likes
    return [
        *_memory(),
        _in_use(),
        sys.getallocatedblocks(),
        len(gc.get_objects()),
        len(os.listdir("/proc/self/task")),
        len(os.listdir("/proc/self/fd")),
    ]


def _memory() -> tuple[int, int]:
    sizes: dict[str, int] = {}
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) << 10
    return sizes["Rss"], sizes["Private_Clean"] + sizes["Private_Dirty"]


def _in_use() -> int:
    """Return the bytes that are given away, of all arenas and mapped; 0 where malloc cannot say."""
    ask = _mallinfo()
    info = ask() if ask is not None else _MallocInfo()
    return int(info.uordblks + info.hblkhd)


@cache
def _mallinfo() -> Callable[[], _MallocInfo] | None:
    function = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if function is not None:
        function.restype = _MallocInfo
    return function
