"""Loaders of data that is the user's own, for `load_dataset`: image folders and arrays."""

from pathlib import Path
from typing import Any

import numpy as np

from ._arrays import load_arrays
from ._files import as_path
from ._image_folder import fetch_image_folder
from ._sources import DRAWN_SPLIT, Part, Request, Source, draw_parts


def load_folder_source(request: Request) -> Source:
    """Return the images of a folder: as its folders train and test say, or a random split."""
    folder = _place(request, "folder", "folder of images")
    size = _size(request)
    train = folder / "train"
    test = next((folder / name for name in ("test", "val") if (folder / name).is_dir()), None)
    if train.is_dir() and test is not None:
        parts, class_names = _read_both(train, test, request)
        kind = f"training images from {train.name}, test images from {test.name}"
    else:
        whole = _read_whole(folder, request)
        parts = draw_parts("folder", whole.images, whole.target, request.rng)
        class_names, kind = whole.target_names, DRAWN_SPLIT
    return Source(
        train=parts[0],
        test=parts[1],
        class_names=class_names,
        description=f"Images of the folder {folder}, resized to {size[0]} x {size[1]} pixels; "
        f"{kind}.",
    )


def load_arrays_source(request: Request) -> Source:
    """Return arrays: in the parts that they were saved in, or a random split."""
    place = _place(request, "arrays", "file or folder of arrays")
    found = load_arrays(place, mmap=place.is_dir())
    if "X" in found:
        train, test = draw_parts("arrays", found.X, found.y, request.rng)
        kind = DRAWN_SPLIT
    else:
        train, test = Part(found.X_train, found.y_train), Part(found.X_test, found.y_test)
        kind = "split as they are there"
    return Source(
        train=train,
        test=test,
        class_names=found.target_names,
        description=f"Rows of shape {found.image_shape}, {train.X.dtype}, of {place}; {kind}.",
    )


def _place(request: Request, name: str, kind: str) -> Path:
    if request.data_home is None:
        raise ValueError(f"data_home must name the {kind} for {name!r}, got None")
    return as_path("data_home", request.data_home)


def _fetch(folder: Path, request: Request) -> Any:
    return fetch_image_folder(
        folder, size=_size(request), cache=request.cache, verbose=request.verbose
    )


def _size(request: Request) -> tuple[int, int]:
    return (32, 32) if request.image_size is None else request.image_size


def _read_whole(folder: Path, request: Request) -> Any:
    whole = _fetch(folder, request)
    if len(whole.target_names) == 1:
        # As it would be of a folder `train` that has no `test` beside it.
        raise ValueError(
            f"{folder} holds images of one class only, {whole.target_names[0]!r}; it must hold a "
            "folder for each class, or the folders train and test (or val) with these in them"
        )
    return whole


def _read_both(train: Path, test: Path, request: Request) -> tuple[tuple[Part, Part], list[str]]:
    """Return the images of two folders, with the class names of the first."""
    learnt, tested = (_fetch(folder, request) for folder in (train, test))
    class_names: list[str] = learnt.target_names
    unknown = sorted(set(tested.target_names) - set(class_names))
    if unknown:
        raise ValueError(f"{test} has the class {unknown[0]!r}, which {train} has not")
    positions = np.array([class_names.index(name) for name in tested.target_names], np.int64)
    parts = Part(learnt.images, learnt.target), Part(tested.images, positions[tested.target])
    return parts, class_names
