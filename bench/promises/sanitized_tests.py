"""The Python tests with a core built under AddressSanitizer and UndefinedBehaviorSanitizer.

Every bad access to memory by the core or its bindings, and every operation that C++ does not
define, ends the tests. Python and NumPy are as they are, but take each object from the watched
allocator. The files that exercise the core come first. That takes an hour; a second run goes on
where the first one ended. A file is run again if a test fails without a report: AddressSanitizer
may hang in the child of a fork, if another thread was allocating at that moment.
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
    again = [result.file for result in results if result.n_runs > 1]
    levels = LEVELS.replace(";", ", ")
    text = (
        f"{len(results)} files, of which {n_reports} with a report, at the levels {levels}; "
        f"run again because a test failed without a report: {', '.join(again) or 'none'}"
    )
    complaints = [vars(result) for result in results if result.complaint]
    return [Finding(_PROMISE, n_tests, n_passed, text, complaints)]


PROMISE = Promise(_run, full=len(python_tests()), part=0, unit="files of tests")
