"""Saving, loading and reading."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import nearplane
from faults.operations._operation import N_JOBS, Making, Operation, images, rows
from nearplane import datasets
from nearplane.features import HOG, ColorHistogram, VisualWords

# What is saved here goes when the process ends.
_FOLDER = tempfile.TemporaryDirectory(prefix="nearplane-faults-")


def _place(name: str) -> Path:
    return Path(_FOLDER.name, name)


def _sketched() -> Any:
    data = rows()
    search = nearplane.NearestNeighbors(algorithm="pruned", n_jobs=N_JOBS).fit(data.X)
    search.kneighbors(data.queries)
    return search


def _classifier() -> Any:
    data = rows()
    return nearplane.KNeighborsClassifier(algorithm="brute", n_jobs=N_JOBS).fit(data.X, data.y)


def _regressor() -> Any:
    data = rows()
    return nearplane.KNeighborsRegressor(algorithm="brute", n_jobs=N_JOBS).fit(data.X, data.y)


def _chosen_classifier() -> Any:
    data = rows(90)
    model = nearplane.KNeighborsClassifierCV((1, 3), cv=3, algorithm="brute", n_jobs=N_JOBS)
    return model.fit(data.X, data.y).best_estimator_


def _linear() -> Any:
    data = rows()
    model = nearplane.LinearClassifier(max_epochs=2, random_state=0, n_jobs=N_JOBS)
    return model.fit(data.X, data.y)


def _words() -> Any:
    model = VisualWords(12, n_patches=600, max_iter=2, random_state=0, n_jobs=N_JOBS)
    return model.fit(images())


# What makes something to save, and how it is asked.
SAVED: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "NearestNeighbors": (_sketched, lambda model: model.kneighbors(rows().queries)),
    "KNeighborsClassifier": (_classifier, lambda model: model.predict(rows().queries)),
    "KNeighborsRegressor": (_regressor, lambda model: model.predict(rows().queries)),
    "KNeighborsClassifierCV": (_chosen_classifier, lambda model: model.predict(rows().queries)),
    "LinearClassifier": (_linear, lambda model: model.predict_proba(rows().queries)),
    "HOG": (lambda: HOG(n_jobs=N_JOBS).fit(images()), lambda model: model.transform(images(4))),
    "ColorHistogram": (
        lambda: ColorHistogram(4, n_jobs=N_JOBS).fit(images()),
        lambda model: model.transform(images(4)),
    ),
    "VisualWords": (_words, lambda model: model.transform(images(4))),
}


def _saving(name: str) -> Operation:
    model = SAVED[name][0]()
    path = _place(f"saved {name}")

    def run() -> object:
        model.save(path)
        return path.read_bytes()

    return Operation(run)


def _loading(name: str, mmap: bool) -> Operation:
    make, ask = SAVED[name]
    model = make()
    path = _place(f"loaded {name}")
    model.save(path)
    return Operation(lambda: ask(type(model).load(path, mmap=mmap)))


def _reading_arrays(mmap: bool) -> Operation:
    folder = _place("arrays")
    folder.mkdir(exist_ok=True)
    data = rows(40)
    np.save(folder / "X.npy", data.X)
    np.save(folder / "y.npy", data.y)

    def run() -> object:
        read = datasets.load_arrays(folder, mmap=mmap)
        return np.asarray(read.X), read.y

    return Operation(run)


def _reading_archive() -> Operation:
    path = _place("rows.npz")
    data = rows(40)
    np.savez_compressed(path, X=data.X, y=data.y)

    def run() -> object:
        read = datasets.load_arrays(path)
        return read.X, read.y

    return Operation(run)


def _reading_cifar() -> Operation:
    folder = _place("cifar-10-batches-bin")
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        records = rng.integers(0, 256, (10_000, 3073), np.uint8)
        records[:, 0] %= 10
        (folder / f"{name}.bin").write_bytes(records.tobytes())

    def run() -> object:
        read = datasets.fetch_cifar10(
            data_home=_FOLDER.name, subset="test", download_if_missing=False
        )
        return read.data, read.target

    return Operation(run)


def _reading_images() -> Operation:
    from PIL import Image

    paths = []
    for number, image in enumerate(images(6)):
        paths.append(_place(f"{number}.png"))
        Image.fromarray(image).save(paths[-1])
    return Operation(lambda: datasets.read_images(paths, size=(16, 16)).images)


FILES: dict[str, Making] = {
    **{f"save {name}": partial(_saving, name) for name in SAVED},
    **{f"load {name}": partial(_loading, name, False) for name in SAVED},
    **{f"load {name} mapped": partial(_loading, name, True) for name in SAVED},
    "load_arrays": partial(_reading_arrays, False),
    "load_arrays mapped": partial(_reading_arrays, True),
    "load_arrays archive": _reading_archive,
    "fetch_cifar10": _reading_cifar,
    "read_images": _reading_images,
}
