"""Environments without a compiler, for `wheels`."""

import os
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from promises.wheel_build import Interpreter, run

_STARTS = 20
# Where these lead, nothing must be built.
_NO_COMPILER = dict.fromkeys(("CC", "CXX", "CMAKE", "NINJA"), "/bin/false")


@dataclass(frozen=True)
class Installed:
    """An environment into which a wheel was installed, and what a program in it may see."""

    python: Path
    environment: dict[str, str]

    def seconds_to_import(self, module: str) -> float:
        """Return the median processor time of fresh interpreters that import a module."""
        return median(self._seconds(f"import {module}") for _ in range(_STARTS)) - median(
            self._seconds("pass") for _ in range(_STARTS)
        )

    def _seconds(self, code: str) -> float:
        """Return the processor time of a program: unlike the clock's, it is its own."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([str(self.python), "-c", code], env=self.environment, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def install(python: Interpreter, wheel: Path, folder: Path) -> Installed:
    """Install a wheel and what it requires, all of it ready built, and nothing else."""
    place = folder / f"bare-{python.version}"
    run([python.path, "-m", "venv", str(place)])
    environment = dict(os.environ) | {"PATH": str(place / "bin")} | _NO_COMPILER
    environment.pop("PYTHONPATH", None)
    environment.pop("NEARPLANE_ISA", None)
    installed = Installed(place / "bin" / "python", environment)
    pip = [str(installed.python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    subprocess.run([*pip, str(wheel)], env=environment, check=True)
    return installed


def output_of(command: list[str], environment: dict[str, str]) -> str:
    """Return what a program prints."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()
