"""Reading hostile data sets, in a child process that may crash."""

import contextlib
import importlib
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from damaged_files.watch import can_limit_memory, memory_limit
from nearplane.datasets import DataFileError, _cifar10, _cifar100, _mnist, _npy

# The files measure some hundred kB, what they unpack to at most 32 MiB where they tell the truth.
_MORE_BYTES = 2**26
_FIRST_BYTES = 2**32
# What nobody needs to read a data set. What is imported late has been when sound ones were read.
# Headers of NumPy's are parsed as Python's literals, by what compiles, and not executed.
_FORBIDDEN = (
    "exec", "import", "os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen",
    "pickle.find_class", "socket.connect", "ctypes.dlopen", "os.remove", "os.rename",
)  # fmt: skip


def read_hostile(argument: dict[str, Any]) -> dict[str, Any]:
    """Read every `stride`-th of the hostile data sets of the tests, and see what they do.

    They are of formats that are read with `datasets`: arrays, archives, batches, image files.
    """
    warnings.simplefilter("ignore")
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    _make_small(importlib.import_module("tests.dataset_files"))
    cases = dict(importlib.import_module("tests.hostile_files").FILE_CASES)
    cases |= importlib.import_module("tests.hostile_arrays").ARRAY_CASES
    cases |= _image_cases()
    events = _Events()
    for case in _sound_cases():
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            problem = _problem(case, Path(folder), events, is_first=True)
        if problem is not None:
            raise RuntimeError(f"a sound data set: {problem}")
    chosen = list(cases.items())[:: argument["stride"]]
    problems = []
    for name, case in chosen:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            problem = _problem(case, Path(folder), events)
        if problem is not None:
            problems.append(f"{name}: {problem}"[:300])
    return {"n_tried": len(chosen), "problems": problems, "limited": can_limit_memory()}


def _make_small(sizes: Any) -> None:
    """Let data sets have as few records as the files of the tests do."""
    _cifar10.RECORDS_PER_BATCH = sizes.CIFAR10_RECORDS
    _cifar100.TRAIN_RECORDS, _cifar100.TEST_RECORDS = sizes.N_TRAIN, sizes.N_TEST
    _mnist.N_IMAGES = {"train": sizes.N_TRAIN, "t10k": sizes.N_TEST}
    _npy._UNPACKED_LIMIT = 2**20


def _image_cases() -> dict[str, Any]:
    """Return damaged image files as cases of one folder of classes each."""
    files = importlib.import_module("tests.hostile_files")
    folders = importlib.import_module("tests.image_folders")
    datasets = importlib.import_module("nearplane.datasets")

    def read(folder: Path) -> object:
        return datasets.read_images(sorted(folder.iterdir()), n_jobs=1)

    return {
        f"image: {name}": files.Case({"image.png": content}, read)
        for name, (content, _) in folders.damaged_files().items()
    }


def _sound_cases() -> list[Any]:
    files = importlib.import_module("tests.hostile_files")
    folders = importlib.import_module("tests.image_folders")
    datasets = importlib.import_module("nearplane.datasets")

    def read(folder: Path) -> object:
        return datasets.read_images(sorted(folder.iterdir()), n_jobs=1)

    image = {"image.png": folders.encoded(folders.photo())}
    return [*files.SOUND.values(), files.Case(image, read, refused=False)]


class _Events:
    """Hears what is forbidden while a data set is read; made once."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.on = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
        if event in _FORBIDDEN or writes:
            self.heard.append(f"{event} {arguments!r:.100}")


_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def _problem(case: Any, folder: Path, events: _Events, *, is_first: bool = False) -> str | None:
    """Return what went wrong; what `is_first` may import, and takes memory for that."""
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    before = {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}
    events.heard, events.on = [], True
    try:
        with memory_limit(_FIRST_BYTES if is_first else _MORE_BYTES):
            case.read(folder)
        refused = False
    except DataFileError:
        refused = True
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        events.on = False
    if events.heard and not is_first:
        return f"reading it led to {events.heard[0]}"
    if {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")} != before:
        return "reading it changed files"
    return None if refused == case.refused else "was read" if case.refused else "was refused"
