"""Run the core's tests under a sanitizer, and under asan the Python tests too.

`asan` is AddressSanitizer with UndefinedBehaviorSanitizer, `tsan` ThreadSanitizer. The builds stay
in build/, so a second run compiles what has changed. The Python tests take an hour; what each file
came to is kept beside the build, and files that have passed are not run again until they change, or
something that all of them depend on. The exit status is 1 if a test fails or a sanitizer has found
something.
"""

import argparse
from pathlib import Path

from harness.output import print_note
from harness.sanitized import (
    ROOT,
    Sanitizer,
    build,
    core_tests,
    race_is_reported,
    run_core_test,
)
from harness.sanitized_suite import (
    LEVELS,
    SUITE_FOLDER,
    in_order,
    make_package,
    python_tests,
    run_suite,
)


def main() -> None:
    options = _parse()
    are_right = []
    if not options.files:
        are_right += _core(options.sanitizer)
    if options.sanitizer == "asan" and not options.core:
        are_right += _suite(options.files, options.levels)
    raise SystemExit(0 if all(are_right) else 1)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sanitizer", choices=("asan", "tsan"))
    parser.add_argument(
        "files", nargs="*", type=Path, help="files of Python tests (default: the core's, then all)"
    )
    parser.add_argument("--core", action="store_true", help="the core's own tests only")
    parser.add_argument(
        "--levels", default=LEVELS, help="ISA levels of the Python tests (default: %(default)s)"
    )
    return parser.parse_intermixed_args()


def _core(sanitizer: Sanitizer) -> list[bool]:
    folder = ROOT / "build" / sanitizer
    build(sanitizer, folder)
    are_right = []
    for name in core_tests(folder, "native"):
        result = run_core_test(folder, "native", name)
        print_note(f"{'passed' if result.passed else 'FAILED'} {name}: {result.n_checks} checks")
        if result.complaint:
            print_note(result.complaint)
        are_right.append(result.passed)
    if sanitizer == "tsan":
        are_right.append(race_is_reported(folder))
        print_note(f"{'passed' if are_right[-1] else 'FAILED'} a race on purpose is reported")
    return are_right


def _suite(files: list[Path], levels: str) -> list[bool]:
    make_package(SUITE_FOLDER, levels)
    files = in_order(file.resolve() for file in files) if files else python_tests()
    results = run_suite(SUITE_FOLDER, files, lambda file: print_note(f"begun {file}"), levels)
    for result in results:
        verdict = "passed" if result.passed else "FAILED"
        print_note(f"{verdict} {result.file}: {result.n_passed:,} of {result.n_tests:,}")
        if result.complaint:
            print_note(result.complaint)
    return [result.passed for result in results]


if __name__ == "__main__":
    main()
