"""The Python tests with a core built under AddressSanitizer and UndefinedBehaviorSanitizer.

Every bad access to memory by the core or its bindings, and every operation that C++ does not
define, ends the tests. Python and NumPy are as they are, but take each object from the watched
allocator. The files that exercise the core come first. That takes hours; a second run goes on where
the first one ended.
"""

from harness.promise import Finding, Options, Promise, not_tried
from harness.sanitized import BuildError
from harness.sanitized_suite import LEVELS, SUITE_FOLDER, make_package, python_tests, run_suite

_PROMISE = "Python tests under address and undefined-behaviour sanitizers"


def _run(options: Options) -> list[Finding]:
    options.report("build Python's modules")
    try:
        make_package(SUITE_FOLDER)
    except BuildError as error:
        return [not_tried(_PROMISE, str(error))]
    results = run_suite(SUITE_FOLDER, python_tests()[: options.count], options.report)
    n_tests = sum(result.n_tests for result in results)
    n_passed = sum(result.n_passed for result in results)
    n_reports = sum(result.has_report for result in results)
    bad = [vars(result) for result in results if result.n_passed < result.n_tests]
    levels = LEVELS.replace(";", ", ")
    text = f"{len(results)} files, of which {n_reports} with a report; levels {levels}"
    return [Finding(_PROMISE, n_tests, n_passed, text, bad)]


PROMISE = Promise(_run, full=len(python_tests()), part=0, unit="files of tests")
