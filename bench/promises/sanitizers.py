"""The core's own C++ tests under sanitizers.

AddressSanitizer and UndefinedBehaviorSanitizer end a test at the first bad access to memory, and
at the first operation that C++ does not define; ThreadSanitizer fails it if two threads meet at a
number that one of them writes. Nothing is suppressed. That ThreadSanitizer sees the threads of the
core at all is shown by a race that was put there. The core is built for this machine, once for
each.
"""

import tempfile
from itertools import islice
from pathlib import Path

from harness.promise import Finding, Options, Promise, not_tried
from harness.sanitized import (
    BuildError,
    Sanitizer,
    build,
    core_tests,
    race_is_reported,
    run_core_test,
)

_NAMES: dict[Sanitizer, str] = {
    "asan": "address and undefined-behaviour sanitizers",
    "tsan": "the thread sanitizer",
}
_RACES = 20
_LEVEL = "native"


def _run(options: Options) -> list[Finding]:
    findings: list[Finding] = []
    for sanitizer, name in islice(_NAMES.items(), options.count):
        try:
            findings += _core(sanitizer, options)
        except BuildError as error:
            findings.append(not_tried(f"C++ tests under {name}", str(error)))
    return findings


def _core(sanitizer: Sanitizer, options: Options) -> list[Finding]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options.report(f"build for {sanitizer}")
        build(sanitizer, folder, levels=_LEVEL)
        results = []
        for test in core_tests(folder, _LEVEL):
            options.report(f"{sanitizer}: {test}")
            results.append(run_core_test(folder, _LEVEL, test))
        bad = [f"{result.name}: {result.complaint}" for result in results if not result.passed]
        n_checks = sum(result.n_checks for result in results)
        found = Finding(
            f"C++ tests under {_NAMES[sanitizer]}",
            len(results),
            len(results) - len(bad),
            f"{n_checks:,} checks, {len(bad)} tests with a report or a wrong answer",
            bad,
        )
        return [found, _race(folder)] if sanitizer == "tsan" else [found]


def _race(folder: Path) -> Finding:
    n_reported = sum(race_is_reported(folder) for _ in range(_RACES))
    text = "two tasks of a parallel loop that add to one number"
    return Finding("a race on purpose is reported", _RACES, n_reported, text)


PROMISE = Promise(_run, full=len(_NAMES), part=0, unit="sanitizers")
