"""What reads files: each target writes an input as one file among others, reads it, and judges.

Reading may raise what is documented, or return something sound: of the right shapes and types,
finite, and fit to be used. Anything else is a finding.
"""

import contextlib
import importlib
import random
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from damaged_files.models import Saved, save_every_kind
from fuzzers import formats
from fuzzers.changes import Change
from nearplane import KNeighborsClassifier, KNeighborsRegressor, LinearClassifier, NearestNeighbors
from nearplane._storage import read_arrays, read_kind
from nearplane.cluster import KMeans
from nearplane.datasets import (
    DataFileError,
    _cifar10,
    _cifar100,
    _mnist,
    _npy,
    read_images,
)
from nearplane.datasets._image_cache import ImageCache
from nearplane.datasets._image_decoding import ImageForm
from nearplane.features import HOG, ColorHistogram, VisualWords
from nearplane.linear_model import _checkpoint
from nearplane.linear_model._training import Training

sys.path.append(str(Path(__file__).resolve().parents[2]))

_LARGE = 1e15
_MOST_FEATURES = 4096  # of a model that is asked: others would only take long
_CLASSES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        KNeighborsClassifier,
        KNeighborsRegressor,
        NearestNeighbors,
        LinearClassifier,
        KMeans,
        HOG,
        ColorHistogram,
        VisualWords,
    )
}


class UnsoundError(Exception):
    """What was read should have been refused."""


@dataclass(frozen=True)
class Target:
    """One file that is read, the sound ones to begin with, and how to change it."""

    seeds: list[bytes]
    name: str
    read: Callable[[Path], None]
    refusals: tuple[type[Exception], ...]
    mutate: formats.Mutate = formats.plain
    others: Mapping[str, bytes] = field(default_factory=dict)

    def prepare(self, folder: Path) -> Path:
        """Write the files that stay as they are; return where the one that changes belongs."""
        for name, content in self.others.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def changed(self, data: bytes, rng: random.Random, change: Change) -> bytes:
        """Return another file like one, that has not become much larger."""
        return self.mutate(data, rng, change)[: self.most_bytes]

    @property
    def most_bytes(self) -> int:
        """How long an input may get."""
        return 2 * max(map(len, self.seeds)) + 4096


def load(name: str) -> Target:
    """Return a target by its name, one of `NAMES`."""
    return _MAKERS[name]()


# Saved models


@cache
def _saved() -> dict[str, Saved]:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names of columns
        return save_every_kind(Path(folder))


def _models(*kinds: str) -> Target:
    seeds = [one.content for one in _saved().values() if one.estimator.__name__ in kinds]
    return Target(seeds, "model", _read_model, (ValueError, OSError), formats.stored)


def _read_model(path: Path) -> None:
    """Load a model in one of three ways, and ask it something."""
    kind = read_kind(path)
    if kind not in _CLASSES:
        return
    way = path.stat().st_size % 4
    model = _CLASSES[kind].load(path, mmap=way >= 2, verify=way != 3)
    try:
        model.set_params(n_jobs=1, verbose=False)
        answers = _ask(model)
    except (ValueError, TypeError):
        return  # a parameter that is refused when it is used
    except RuntimeError as error:
        # Codes that say of all rows that they are too far away: the search sees that they lie.
        if "the rows were changed" in str(error):
            return
        raise
    # What was not verified may be NaN, and of numbers this large so may be their differences.
    if way == 3 or _largest_number(path, kind) > _LARGE:
        return
    for answer in answers:
        array = np.asarray(answer)
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise UnsoundError(f"{kind} answers NaN")


def _largest_number(path: Path, kind: str) -> float:
    """Return the size of the largest number in a file."""
    _, arrays = read_arrays(path, kind)
    sizes = [abs(X.astype(float)).max(initial=0) for X in arrays.values() if X.dtype.kind in "iuf"]
    return float(max(sizes, default=0))


def _ask(model: Any) -> list[Any]:
    """Return what a model says of rows of zeros and ones."""
    n_features = model.n_features_in_
    if n_features > _MOST_FEATURES:
        return []
    rows = np.repeat(np.array([[0], [1]], np.uint8), n_features, axis=1)
    if isinstance(model, KMeans):
        labels = model.predict(rows)
        if labels.shape != (2,) or not set(labels) <= set(range(len(model.cluster_centers_))):
            raise UnsoundError(f"KMeans predicts {labels}")
        return [model.transform(rows)]
    if hasattr(model, "transform"):
        found = model.transform(rows)
        if found.shape != (2, len(model.get_feature_names_out())):
            raise UnsoundError(f"features of shape {found.shape}")
        return [found]
    answers = list(model.kneighbors(rows)) if hasattr(model, "kneighbors") else []
    if isinstance(model, LinearClassifier):
        answers.append(model.decision_function(rows))
    if hasattr(model, "predict"):
        answers.append(model.predict(rows))
        if len(answers[-1]) != 2:
            raise UnsoundError(f"{len(answers[-1])} predictions for 2 rows")
    return answers


# Checkpoints


class _KilledError(Exception):
    """What ends a training before its time."""


def _half_trained(path: Path, *, after: int) -> Any:
    """Train for some epochs, which leaves a checkpoint; or to the end."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (24, 6), dtype=np.uint8), np.arange(24) % 3
    run_epoch = Training.run_epoch
    n_run = 0

    def run(training: Training, progress: Callable[[float], object] | None = None) -> None:
        nonlocal n_run
        n_run += 1
        if n_run > after:
            raise _KilledError
        run_epoch(training, progress)

    model = LinearClassifier(
        checkpoint=path, max_epochs=3, batch_size=8, optimizer="adam", random_state=0, n_jobs=1
    )
    Training.run_epoch = run  # type: ignore[method-assign,assignment]
    try:
        return model.fit(X, y)
    finally:
        Training.run_epoch = run_epoch  # type: ignore[method-assign]


def _checkpoints() -> Target:
    _checkpoint._PATIENCE = 0  # of so short a training there would be no file else
    seeds = []
    with tempfile.TemporaryDirectory() as folder:
        for n_epochs in (1, 2):
            path = Path(folder) / f"after {n_epochs}"
            with contextlib.suppress(_KilledError):
                _half_trained(path, after=n_epochs)
            seeds.append(path.read_bytes())
    return Target(seeds, "training", _read_checkpoint, (ValueError, OSError), formats.stored)


def _read_checkpoint(path: Path) -> None:
    """Let a training go on from there to its end."""
    try:
        largest = _largest_number(path, read_kind(path))
    except ValueError:
        largest = 0.0
    model = _half_trained(path, after=100)
    if model.coef_.shape != (3, 6):
        raise UnsoundError(f"weights of shape {model.coef_.shape}")
    if largest < _LARGE and not np.isfinite(model.coef_).all():
        raise UnsoundError("weights that are not finite")


# Data sets


def _data_set(name: str, mutate: formats.Mutate, file: str | None = None) -> Target:
    """Return a data set of the tests, as small as they have them, and one file of it."""
    sizes = importlib.import_module("tests.dataset_files")
    _cifar10.RECORDS_PER_BATCH = sizes.CIFAR10_RECORDS
    _cifar100.TRAIN_RECORDS, _cifar100.TEST_RECORDS = sizes.N_TRAIN, sizes.N_TEST
    _mnist.N_IMAGES = {"train": sizes.N_TRAIN, "t10k": sizes.N_TEST}
    _npy._UNPACKED_LIMIT = 2**20
    files, read, target = importlib.import_module("tests.hostile_files").sound_cases()[name]
    target = file or target
    others = {other: content for other, content in files.items() if other != target}
    return Target(
        [files[target]], target, partial(_read_data, read), (DataFileError,), mutate, others
    )


def _read_data(read: Callable[[Path], Any], path: Path) -> None:
    found = read(path.parent)
    rows, labels = (found.X, found.y) if "X" in found else (found.data, found.target)
    if len(rows) != len(labels) or rows.ndim < 2 or rows.dtype.kind not in "buif":
        raise UnsoundError(f"{rows.shape} of {rows.dtype} with {labels.shape} labels")
    names = found.get("target_names")
    if names is not None and not set(labels) <= set(range(len(names))):
        raise UnsoundError(f"labels {set(labels)} of {len(names)} names")


# Images


def _picture_files() -> list[bytes]:
    folders = importlib.import_module("tests.image_folders")
    photo = folders.photo(17, 11)
    return [
        folders.encoded(photo.convert(mode), kind)
        for kind, mode in (
            ("PNG", "RGB"), ("PNG", "P"), ("PNG", "RGBA"), ("PNG", "L"), ("JPEG", "RGB"),
            ("JPEG", "L"), ("GIF", "P"), ("BMP", "RGB"), ("WEBP", "RGB"), ("TIFF", "RGB"),
        )
    ]  # fmt: skip


def _pictures() -> Target:
    return Target(_picture_files(), "picture", _read_picture, (DataFileError,), formats.image)


def _read_picture(path: Path) -> None:
    images = read_images([path], size=(5, 4), n_jobs=1).images
    if images.shape != (1, 5, 4, 3) or images.dtype != np.uint8:
        raise UnsoundError(f"{images.shape} of {images.dtype}")


_KEPT = 3


def _image_cache(folder: Path) -> ImageCache:
    """Return the cache in a folder of images that are not looked at again."""
    return ImageCache(folder, Path("images"), ImageForm(5, 4, "RGB"), "as they were", _KEPT)


def _cache(part: str) -> Target:
    """Return one of the two files of a cache, in which one image was skipped."""

    def read_all(put: Callable[[Any], object]) -> list[tuple[int, str]]:
        for value in range(_KEPT - 1):
            put(np.full((5, 4, 3), value, np.uint8))
        return [(1, "is empty")]

    with tempfile.TemporaryDirectory() as folder:
        _image_cache(Path(folder)).store(read_all)
        files = {path.suffix: path for path in Path(folder).iterdir()}
        contents = {path.name: path.read_bytes() for path in files.values()}
    changed = files[part].name
    others = {name: content for name, content in contents.items() if name != changed}
    mutate = formats.json_text if part == ".json" else formats.npy
    return Target([contents[changed]], changed, _read_cache, (), mutate, others)


def _read_cache(path: Path) -> None:
    """Whatever is wrong with a cache, it is as if there were none."""
    found = _image_cache(path.parent).load()
    if found is None:
        return
    images, skipped = found
    if images.shape != (_KEPT - len(skipped), 5, 4, 3) or images.dtype != np.uint8:
        raise UnsoundError(f"{images.shape} of {images.dtype}, {skipped} skipped")
    if not all(0 <= position < _KEPT and isinstance(reason, str) for position, reason in skipped):
        raise UnsoundError(f"{skipped} skipped")
    int(images.sum())


_plain, _gz, _tar_gz = formats.plain, formats.gzipped, formats.gzipped(formats.tar)
_DATA_SETS: dict[str, tuple[Any, ...]] = {
    "cifar10-binary": ("cifar10 binary", _plain),
    "cifar10-pickle": ("cifar10 python", _plain),
    "cifar10-tar": ("cifar10 python tar.gz", _tar_gz),
    "cifar100-binary": ("cifar100 binary", _plain),
    "cifar100-pickle": ("cifar100 python", _plain),
    "cifar100-names": ("cifar100 binary", _plain, "fine_label_names.txt"),
    "cifar100-meta": ("cifar100 python", _plain, "meta"),
    "cifar100-tar": ("cifar100 binary tar.gz", _tar_gz),
    "idx-images": ("mnist images-idx3", _plain),
    "idx-labels": ("mnist labels-idx1", _plain),
    "idx-images-gz": ("mnist images-idx3 gz", _gz(_plain)),
    "idx-labels-gz": ("mnist labels-idx1 gz", _gz(_plain)),
    "npy-rows": ("npy rows", formats.npy),
    "npy-labels": ("npy labels", formats.npy),
    "npy-mapped": ("npy mapped", formats.npy),
    "npz": ("npz", formats.zipped(formats.npy)),
}
_MAKERS: dict[str, Callable[[], Target]] = {
    "neighbors": partial(
        _models, "KNeighborsClassifier", "KNeighborsRegressor", "NearestNeighbors"
    ),
    "linear": partial(_models, "LinearClassifier"),
    "checkpoints": _checkpoints,
    "clusters": partial(_models, "KMeans"),
    "features": partial(_models, "HOG", "ColorHistogram", "VisualWords"),
    **{name: partial(_data_set, *arguments) for name, arguments in _DATA_SETS.items()},
    "pictures": _pictures,
    "cache-manifest": partial(_cache, ".json"),
    "cache-pixels": partial(_cache, ".npy"),
}
NAMES = tuple(_MAKERS)
