"""Two C++ libraries that make calls fail, preloaded into the children that a promise starts.

`allocations.cpp` takes the place of malloc and of operator new, `disk.cpp` of write, rename and
their like. Python's side of each, through ctypes, is the module of the same name.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
_FLAGS = ("-std=c++20", "-O2", "-fPIC", "-shared", "-fno-builtin", "-Wall", "-Wextra", "-Werror")


def obstacle() -> str | None:
    """Return why calls cannot be made to fail here; None if they can."""
    if not sys.platform.startswith("linux") or platform.libc_ver()[0] != "glibc":
        return "cannot be tried here: it takes Linux and the GNU C library"
    if _compiler() is None:
        return "cannot be tried here: it takes a C++ compiler"
    return None


@contextmanager
def preloaded(name: str) -> Iterator[dict[str, str]]:
    """Compile ``name.cpp``; yield the environment variables of a child that is to have it."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, f"{name}.so")
        command = [str(_compiler()), *_FLAGS, str(_FOLDER / f"{name}.cpp"), "-o", str(library)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        yield {"LD_PRELOAD": str(library)}


def _compiler() -> str | None:
    return os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")
