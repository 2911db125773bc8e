"""Changed files of every kind that is read: models, data sets, archives, images, a cache.

Coverage guides what is changed (atheris), below checksums and compression too, which are made right
again. Reading may raise the errors that are documented, or return something sound; not any other
error, not hang, not take more than 256 MiB, not crash. The part that tests repeat is not guided.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.promise import Finding, Options, Promise, not_tried

_PROMISE = "changed files are refused as documented or are sound"
_BENCH = Path(__file__).resolve().parents[1]
_FOUND = _BENCH.parent / "build" / "fuzzers"
# Inputs take a millisecond or two; the limit of one is in `fuzzers.runs`.
_START_SECONDS, _INPUT_SECONDS = 600.0, 0.1
_SHOWN = 10


@dataclass(frozen=True)
class _Child:
    """What a process that read changed files leaves behind."""

    tallies: dict[str, dict[str, Any]]
    failure: str | None


def _fuzz(names: list[str], count: int, *, guided: bool) -> _Child:
    """Read so many inputs of each target in a process of its own."""
    environment = dict(os.environ)
    paths = [str(_BENCH), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "fuzzers", *names, "--count", str(count)]
        command += ["--found", str(_FOUND), "--result", str(result)]
        command += [] if guided else ["--numbered"]
        limit = _START_SECONDS + _INPUT_SECONDS * count * len(names)
        failure = None
        try:
            child = subprocess.run(
                command, env=environment, capture_output=True, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            failure = f"no end within {limit:.0f} s"
        else:
            if child.returncode != 0:
                last = child.stderr.decode(errors="replace").strip().splitlines()[-1:]
                failure = f"exit status {child.returncode}: {''.join(last):.200}"
        tallies = json.loads(result.read_text()) if result.exists() else {}
        if not tallies and failure is None:
            failure = "no result"
    return _Child(tallies, failure)


def _run(options: Options) -> list[Finding]:
    if os.name != "posix":
        return [not_tried(_PROMISE, "this system has no limits of memory and time")]
    from fuzzers.targets import NAMES

    guided = not options.part and importlib.util.find_spec("atheris") is not None
    each = max(1, options.count // len(NAMES))
    tallies: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    left = list(NAMES)
    while left:
        options.report(f"{left[0]}, {len(NAMES) - len(left)} of {len(NAMES)} done")
        # Guided, a process has one target; else one that ends too soon leaves the others.
        child = _fuzz(left[:1] if guided else left, each, guided=guided)
        done = [name for name in left if name in child.tallies]
        tallies |= child.tallies
        if child.failure:
            blamed = done[-1] if done else left[0]
            problems.append(f"{blamed}: {child.failure}; see {_FOUND / blamed / 'pending'}")
            tally = tallies.setdefault(blamed, {"executions": 0, "refused": 0, "n_wrong": 0})
            tally["executions"] += 1
            tally["n_wrong"] += 1
            done = done or [blamed]
        left = [name for name in left if name not in done]
    for name, tally in tallies.items():
        for problem, kept in tally.get("problems", {}).items():
            problems.append(f"{problem}: python -m fuzzers {name} --file {kept}")
    tried = sum(tally["executions"] for tally in tallies.values())
    wrong = sum(tally["n_wrong"] for tally in tallies.values())
    refused = sum(tally["refused"] for tally in tallies.values())
    how = "guided by coverage" if guided else "not guided"
    text = f"{len(tallies)} readers, {how}; {refused / max(tried, 1):.0%} refused, the rest sound"
    text += "".join(f"; {problem}" for problem in problems[:_SHOWN])
    return [Finding(_PROMISE, tried, tried - wrong, text, {"targets": tallies})]


PROMISE = Promise(_run, full=210_000, part=2_100, unit="files")
