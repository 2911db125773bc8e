"""Builds of the core under sanitizers, and its own tests in them.

Needs CMake, Ninja, Eigen, and a compiler that has the sanitizers: GCC or Clang.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Sanitizer = Literal["asan", "tsan"]
"""The names of CMake's presets."""

ROOT = Path(__file__).resolve().parents[2]
_CONFIGURE_SECONDS = 300.0
_BUILD_SECONDS = 3600.0
_TEST_SECONDS = 900.0
_REPORTS = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")


@dataclass(frozen=True)
class Tested:
    """What became of one test: whether it passed, its checks, and the first lines that say why."""

    name: str
    passed: bool
    n_checks: int
    complaint: str


class BuildError(Exception):
    """There is no such build, and why."""


def has_report(text: str) -> bool:
    """Tell whether a sanitizer has found something."""
    return _REPORTS.search(text) is not None


def build(
    sanitizer: Sanitizer, folder: Path, *, levels: str = "native", modules: bool = False
) -> None:
    """Configure and build; raise BuildError if that cannot be.

    `modules` is whether Python's modules are wanted, in place of the core's tests.
    """
    definitions = {
        "NEARPLANE_LEVELS": levels,
        "NEARPLANE_MODULES": "ON" if modules else "OFF",
        "NEARPLANE_TESTS": "OFF" if modules else "ON",
        "Python_EXECUTABLE": sys.executable,
    }
    options = [f"-D{name}={value}" for name, value in definitions.items()]
    _run(["cmake", "--preset", sanitizer, "-B", str(folder), *options], _CONFIGURE_SECONDS)
    _run(["cmake", "--build", str(folder)], _BUILD_SECONDS)


def core_tests(folder: Path, level: str) -> list[str]:
    """Return the names of the core's own tests."""
    return _run([str(_program(folder, level)), "--list"], _TEST_SECONDS).split()


def run_core_test(folder: Path, level: str, name: str) -> Tested:
    """Run one test in a process of its own."""
    done = _child([str(_program(folder, level)), name], _TEST_SECONDS)
    checks = re.search(r"passed \S+: (\d+) checks", done.stdout)
    passed = done.returncode == 0 and checks is not None and not has_report(done.stderr)
    complaint = "" if passed else "\n".join((done.stdout + done.stderr).splitlines()[:20])
    return Tested(name, passed, int(checks[1]) if checks else 0, complaint)


def race_is_reported(folder: Path) -> bool:
    """Run the program with a race in it; tell whether the sanitizer says where it is."""
    done = _child([str(folder / "nearplane_race")], _TEST_SECONDS)
    return "WARNING: ThreadSanitizer: data race" in done.stderr and "race.cpp" in done.stderr


def _program(folder: Path, level: str) -> Path:
    return folder / f"nearplane_tests_{level}"


def _child(command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, -1, "", f"no end within {seconds:.0f} s")


def _run(command: list[str], seconds: float) -> str:
    try:
        done = _child(command, seconds)
    except FileNotFoundError as error:
        raise BuildError(f"there is no {error.filename}") from error
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "rror" in line]
        raise BuildError((lines or done.stderr.splitlines() or ["no message"])[0])
    return done.stdout


def run_file(
    tests: Path, package: Path, report: Path, seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run pytest on a file with the sanitized modules of `package`, a folder for PYTHONPATH.

    Python itself is not sanitized, so the runtime is loaded before it. Its leaks are not looked
    for: an interpreter frees little at its end.
    """
    runtime = [_library(name) for name in ("libasan.so", "libstdc++.so")]
    environment = os.environ | {
        "PYTHONPATH": str(package),
        "PYTHONMALLOC": "malloc",  # so that every object is an allocation that can be watched
        "LD_PRELOAD": " ".join(runtime),
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    try:
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options, str(tests)],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess([], -1, "", f"no end within {seconds:.0f} s")


def _library(name: str) -> str:
    """Return where the compiler keeps a library, resolved: one of the name is enough."""
    compiler = os.environ.get("CXX", "c++")
    found = _run([compiler, f"-print-file-name={name}"], _CONFIGURE_SECONDS).strip()
    return str(Path(found).resolve())
