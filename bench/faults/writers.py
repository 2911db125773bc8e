"""Everything that writes a user's files: models, features, reports, caches."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import nearplane
from faults.operations._operation import images
from faults.operations.files import SAVED
from nearplane._cli._features_written import ARRAYS, _write_array, new_output, write_rows
from nearplane.datasets import fetch_image_folder
from nearplane.features import HOG, ColorHistogram, VisualWords
from nearplane.report import write_atomically


@dataclass(frozen=True)
class Writer:
    """Writes an old and a new version of something to a folder.

    `answer` tells what is found there, where names differ from run to run; else the files do. If
    there are `many` that belong together, kill -9 may leave some of one version, but not of both.
    """

    write: Callable[[Path, bool], object]
    answer: Callable[[Path], object] | None = None
    many: bool = False


def _saving(name: str) -> Writer:
    model = SAVED[name][0]()
    other = nearplane.NearestNeighbors(algorithm="brute").fit(np.eye(9))

    def write(folder: Path, is_new: bool) -> object:
        (model if is_new else other).save(folder / "model")
        return SAVED[name][1](model) if is_new else None

    return Writer(write)


def _saver(name: str) -> Callable[[Path], Writer]:
    return lambda _: _saving(name)


def _features(model: Any) -> Writer:
    model.fit(images())

    def write(folder: Path, is_new: bool) -> object:
        found = model.transform(images(seed=int(is_new)), out=folder / "features.npy")
        return np.array(found)

    return Writer(write)


def _report() -> Writer:
    pages = [f"<html>{number}</html>\n" * 20_000 for number in range(2)]
    return Writer(lambda folder, is_new: write_atomically(folder / "report.html", pages[is_new]))


def _blocks(is_new: bool) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    return [np.full((300, 40), number + is_new, np.float32) for number in range(4)]


def _rows_of_the_command_line() -> Writer:
    def write(folder: Path, is_new: bool) -> object:
        with new_output(folder / "rows.npy", is_folder=False) as made:
            return write_rows(made, _blocks(is_new), 40)

    return Writer(write)


def _folder_of_the_command_line() -> Writer:
    def write(folder: Path, is_new: bool) -> None:
        with new_output(folder / "features", is_folder=True) as made:
            for name in ARRAYS:
                if name.startswith("X"):
                    write_rows(made / name, _blocks(is_new), 40)
                else:
                    _write_array(made / name, np.arange(9) + is_new)

    return Writer(write, many=True)


def _cache(source: Path) -> Writer:
    from PIL import Image

    (source / "one").mkdir()
    for number, image in enumerate(images(6)):
        Image.fromarray(image).save(source / "one" / f"{number}.png")

    def read(folder: Path, size: int) -> object:
        read = fetch_image_folder(source, size=(size, size), cache=folder, n_jobs=1)
        return np.array(read.images)

    def write(folder: Path, is_new: bool) -> object:
        return read(folder, 16 if is_new else 8)

    # Images of one size have the names of their size; a rest is replaced by the next attempt.
    return Writer(write, lambda folder: read(folder, 16))


WRITERS: dict[str, Callable[[Path], Writer]] = {
    **{f"save {name}": _saver(name) for name in SAVED},
    "features of HOG": lambda _: _features(HOG(n_jobs=1)),
    "features of ColorHistogram": lambda _: _features(ColorHistogram(4, n_jobs=1)),
    "features of VisualWords": lambda _: _features(
        VisualWords(12, n_patches=600, max_iter=2, stride=2, random_state=0, n_jobs=1)
    ),
    "report": lambda _: _report(),
    "rows of the command line": lambda _: _rows_of_the_command_line(),
    "folder of the command line": lambda _: _folder_of_the_command_line(),
    "cache of images": _cache,
}
