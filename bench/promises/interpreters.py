"""A second interpreter in the process is refused clearly, and the main one goes on.

NumPy and the core are loaded once a process. So what is promised to a subinterpreter that imports
nearplane is an ImportError that says so, a process that lives, and right answers in the main
interpreter, whichever of them comes first. Python without the GIL is tried where it runs.
"""

import importlib
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.child import call_in_child
from harness.promise import Finding, Options, Promise, not_tried

_TIMEOUT_SECONDS = 600.0
_N_THREADS = 32
_ROWS = 200
_EXPECTED = [[0, 1], [1, 0], [2, 1], [3, 2]]
_REASON = "main interpreter only"
# Interpreters share no objects: what comes out goes through a file.
_IMPORT = """
try:
    import nearplane
    outcome = "imported"
except ImportError as error:
    outcome = f"ImportError: {{error}}"
with open({path!r}, "w", encoding="utf-8") as file:
    file.write(outcome)
"""


def import_in_other(argument: dict[str, Any]) -> dict[str, Any]:
    """Import nearplane in subinterpreters; return what came of it, and the answers of the main one.

    With ``main_first`` it has been imported and used in the main interpreter before.
    """
    create, run, destroy = _interpreters()
    answers = [_search()] if argument["main_first"] else []
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outcome"
        for _ in range(argument["count"]):
            other = create()
            run(other, _IMPORT.format(path=str(path)))
            destroy(other)
            outcomes.append(path.read_text(encoding="utf-8"))
            path.unlink()
            answers.append(_search())
    return {"outcomes": outcomes, "answers": answers}


def share_without_gil(argument: dict[str, Any]) -> dict[str, Any]:
    """Let threads share every kind of estimator; also tell whether the GIL has stayed away."""
    found: dict[str, Any] = importlib.import_module("promises.shared").share(argument)
    return found | {"is_gil_enabled": sys._is_gil_enabled()}  # type: ignore[attr-defined]


def _interpreters() -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """Return what creates, runs and destroys subinterpreters; it has no public name before 3.14."""
    name = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    module = importlib.import_module(name)
    return module.create, module.run_string, module.destroy


def _search() -> Any:
    nearplane = importlib.import_module("nearplane")
    numpy = importlib.import_module("numpy")
    rows = numpy.arange(12.0).reshape(4, 3)
    return nearplane.argkmin(rows, rows, 2)[1].tolist()


def _run(options: Options) -> list[Finding]:
    return [
        _others("subinterpreters are refused", options.count, main_first=True),
        _others("subinterpreters are refused, and leave the way free", options.count),
        _without_gil(options),
    ]


def _others(promise: str, count: int, *, main_first: bool = False) -> Finding:
    argument = {"count": count, "main_first": main_first}
    outcome = call_in_child(
        "promises.interpreters:import_in_other", argument, timeout=_TIMEOUT_SECONDS
    )
    if outcome.failure:
        return Finding(promise, count, 0, outcome.failure)
    outcomes, answers = outcome.result["outcomes"], outcome.result["answers"]
    n_refused = sum(_REASON in text or "subinterpreter" in text for text in outcomes)
    is_right = all(answer == _EXPECTED for answer in answers)
    text = f"{outcomes[0]}; main interpreter {'right' if is_right else 'WRONG'} after each"
    return Finding(promise, count, n_refused if is_right else 0, text, outcome.result)


def _without_gil(options: Options) -> Finding:
    promise = "threads without the GIL"
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return not_tried(promise, "this Python has a GIL; the core declares that it needs none")
    argument = {
        "data_dir": options.data_dir,
        "n_rows": _ROWS,
        "n_threads": _N_THREADS,
        "n_jobs": options.threads,
    }
    outcome = call_in_child(
        "promises.interpreters:share_without_gil", argument, timeout=_TIMEOUT_SECONDS
    )
    if outcome.failure:
        return Finding(promise, 1, 0, outcome.failure)
    found = outcome.result
    if found["is_gil_enabled"]:
        return Finding(promise, 1, 0, "an import has enabled the GIL again", found)
    fates = found["results"].values()
    n_right = sum(fate.get("right", 0) for fate in fates)
    n_tried = sum(sum(fate.values()) for fate in fates)
    return Finding(promise, n_tried, n_right, "every kind of estimator shared", found)


PROMISE = Promise(_run, full=20, part=3, unit="subinterpreters")
