"""Call functions in child processes: a level is chosen at import, and what hangs must be ended.

As a program (``python -m harness.child module:function``) this reads the argument from standard
input and prints the result, both as JSON. It imports nothing but what the function needs.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BENCH_FOLDER = Path(__file__).resolve().parent.parent
# What a library may print itself comes before this, the result after it.
_RESULT_MARK = "\n--- result ---\n"


@dataclass(frozen=True)
class Outcome:
    """What became of a child: its result, or why there is none."""

    result: Any = None
    failure: str | None = None
    hung: bool = False


def call_in_child(
    function: str,
    argument: dict[str, Any],
    *,
    timeout: float,
    level: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Outcome:
    """Call ``module:function`` with `argument` in a fresh interpreter.

    It runs at an ISA level if one is given, and has the variables of `environment` besides ours.
    """
    variables = dict(os.environ) | dict(environment or {})
    paths = [str(_BENCH_FOLDER), variables.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    if level is not None:
        variables["NEARPLANE_ISA"] = level
    try:
        child = subprocess.run(
            [sys.executable, "-m", "harness.child", function],
            input=json.dumps(argument),
            capture_output=True,
            text=True,
            env=variables,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(failure=f"no answer within {timeout:.0f} s", hung=True)
    if child.returncode != 0:
        last_lines = child.stderr.strip().splitlines()[-1:] or ["no message"]
        return Outcome(failure=f"exit status {child.returncode}: {last_lines[0]}")
    return Outcome(result=json.loads(child.stdout.rpartition(_RESULT_MARK)[2]))


def _main() -> None:
    module, _, name = sys.argv[1].partition(":")
    result = getattr(importlib.import_module(module), name)(json.load(sys.stdin))
    print(_RESULT_MARK + json.dumps(result))


if __name__ == "__main__":
    _main()
