"""The Python tests with modules under AddressSanitizer and UndefinedBehaviorSanitizer.

The whole takes an hour, so what each file came to is kept, and a run goes on where the last one
ended: as long as the C++, the package, what tests share, and the file itself are what they were.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

from harness.sanitized import ROOT, build, has_report, run_file

LEVELS = "v2;v3;v4_vnni"
"""Portable code, AVX2, and AVX-512 with the byte dot product: all code there is, each once."""

SUITE_FOLDER = ROOT / "build" / "asan-suite"
"""Of the run that goes on where the last one ended."""

# A file that fails without a report is run a second time, and that is told. A fork while another
# thread allocates leaves the allocator of AddressSanitizer locked in the child for ever (in LLVM
# before 18, and in GCC's copies of that), and there are tests that fork so.
_RUNS = 2
_FILE_SECONDS = 4 * 3600.0
# The tests of the core's own code first; what never leaves Python last.
_FIRST = (
    "core", "pruned", "neighbors", "linear", "features", "kmeans", "cosine", "sketch", "distances",
    "losses", "gradients", "embeddings",
)  # fmt: skip
_LAST = ("datasets", "display", "report", "cli")


@dataclass(frozen=True)
class FileResult:
    """What one file of tests came to; `complaint` is that of all its runs."""

    file: str
    digest: str
    n_tests: int
    n_passed: int
    has_report: bool
    seconds: float
    complaint: str
    n_runs: int = 1

    @property
    def passed(self) -> bool:
        """Tell whether all tests passed in the last run."""
        return self.n_passed == self.n_tests


def make_package(folder: Path, levels: str = LEVELS) -> Path:
    """Build the modules; return a folder for PYTHONPATH that holds the package with them."""
    build("asan", folder, levels=levels, modules=True)
    package = folder / "package"
    shutil.rmtree(package, ignore_errors=True)
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(ROOT / "python" / "nearplane", package / "nearplane", ignore=ignored)
    for module in folder.glob("_*.so"):
        shutil.copy2(module, package / "nearplane" / "_core")
    return package


def python_tests() -> list[Path]:
    """Return all files of Python tests but that of the promises, which has processes of its own."""
    files = (ROOT / "tests").rglob("test_*.py")
    return in_order(file for file in files if file.stem != "test_reliability")


def in_order(files: Iterable[Path]) -> list[Path]:
    """Put files that exercise the core first."""

    def key(file: Path) -> tuple[int, str]:
        topic = file.stem.removeprefix("test_")
        for place, name in enumerate(_FIRST):
            if topic.startswith(name):
                return place, topic
        return len(_FIRST) + topic.startswith(_LAST), topic

    return sorted(files, key=key)


def run_suite(
    folder: Path, files: list[Path], report: Callable[[str], None], levels: str = LEVELS
) -> list[FileResult]:
    """Run the tests of `files` on all processors; what is known from before is not run again."""
    kept = folder / "suite"
    kept.mkdir(exist_ok=True)
    code = levels + _digest(_shared_sources())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda file: _result(folder, kept, code, file, report), files))


def _result(
    folder: Path, kept: Path, code: str, file: Path, report: Callable[[str], None]
) -> FileResult:
    path = kept / f"{file.stem}.json"
    digest = code + _digest([file])
    if path.exists():
        known = FileResult(**json.loads(path.read_text(encoding="utf-8")))
        if known.digest == digest and known.passed:
            return known
    report(file.name)
    complaint = ""
    for n_runs in range(1, _RUNS + 1):
        run = _run(folder / "package", path.with_suffix(".xml"), file, digest)
        complaint += run.complaint
        result = replace(run, complaint=complaint, n_runs=n_runs)
        if result.passed or result.has_report:
            break
    path.write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")
    return result


def _run(package: Path, xml: Path, file: Path, digest: str) -> FileResult:
    xml.unlink(missing_ok=True)
    done = run_file(file, package, xml, _FILE_SECONDS)
    found = has_report(done.stdout + done.stderr)
    complaint = "" if done.returncode == 0 and not found else (done.stdout + done.stderr)[-20_000:]
    if not xml.exists():  # the process has ended, and nobody knows how many tests were to come
        return FileResult(file.name, digest, 1, 0, found, 0.0, complaint)
    suite = ElementTree.parse(xml).getroot()[0]
    n_tests, n_failed = int(suite.get("tests", 0)), 0
    for kind in ("failures", "errors", "skipped"):
        n_failed += int(suite.get(kind, 0))
    if complaint:  # a report, or an end of which no test can tell
        n_tests, n_failed = max(n_tests, 1), max(n_failed, 1)
    seconds = float(suite.get("time", 0.0))
    return FileResult(file.name, digest, n_tests, n_tests - n_failed, found, seconds, complaint)


def _shared_sources() -> list[Path]:
    """Return the files that all tests depend on."""
    every = (ROOT / "tests").rglob("*.py")
    helpers = [file for file in every if not file.stem.startswith("test_")]
    core = (ROOT / "cpp").rglob("*.?pp")
    return sorted([*core, *(ROOT / "python").rglob("*.py"), *helpers])


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
