"""Python's side of `allocations.cpp`: which allocations fail, and what has been counted."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from numpy._core import _multiarray_umath  # type: ignore[attr-defined]  # not in the stubs

from nearplane import _core

# The order of the enumeration in allocations.cpp.
_CALLS, _FAILURES, _FAILURES_ON_WORKERS = range(3)
_MODULES, _ARRAYS = range(2)
# Where NumPy's C interface has PyDataMem_SetHandler: numpy/__multiarray_api.h says so.
_SET_HANDLER = 304


@dataclass(frozen=True)
class Failing:
    """Which allocations fail: the `first`, and all that follow if `onwards`."""

    first: int
    onwards: bool = False
    workers_alone: bool = False


@dataclass
class Counts:
    """How many allocations there were, and how many of them failed."""

    calls: int = 0
    failures: int = 0
    failures_on_workers: int = 0


class Allocations:
    """Those of nearplane's modules and of NumPy's arrays, in a process that has the library."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        library.allocations_count.restype = ctypes.c_int64
        library.allocations_live_bytes.restype = ctypes.c_int64
        library.allocations_arm.argtypes = [ctypes.c_int64, ctypes.c_int, ctypes.c_int]
        self._library = library
        for module in (_core._cpu, _core._level):  # type: ignore[attr-defined]  # private
            if library.allocations_watch(str(module.__file__).encode()) == 0:
                raise RuntimeError(f"{module.__file__} is not among the loaded libraries")
        self._watch_arrays()

    def _watch_arrays(self) -> None:
        """Let NumPy ask the library for the memory of arrays, as NEP 49 has it."""
        python = ctypes.pythonapi
        python.PyCapsule_GetPointer.restype = ctypes.c_void_p
        python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
        table = python.PyCapsule_GetPointer(_multiarray_umath._ARRAY_API, None)
        functions = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))
        python.PyCapsule_New.restype = ctypes.py_object
        python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        handler = ctypes.addressof(ctypes.c_char.in_dll(self._library, "array_handler"))
        # NumPy looks for a capsule of this name.
        self._name = b"mem_handler"
        capsule = python.PyCapsule_New(handler, self._name, None)
        prototype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)
        prototype(functions[_SET_HANDLER])(capsule)

    @contextmanager
    def failing(self, failing: Failing) -> Iterator[Counts]:
        """Let allocations fail within the context; the counts are filled in at its end."""
        counts = Counts()
        self._library.allocations_arm(failing.first, failing.onwards, failing.workers_alone)
        try:
            yield counts
        finally:
            self._library.allocations_disarm()
            count = self._library.allocations_count
            counts.calls = count(_CALLS)
            counts.failures = count(_FAILURES)
            counts.failures_on_workers = count(_FAILURES_ON_WORKERS)

    def live_bytes(self) -> tuple[int, int]:
        """Return what our modules, and NumPy's arrays, hold of memory now."""
        live = self._library.allocations_live_bytes
        return live(_MODULES), live(_ARRAYS)
