"""Features in ``.npy`` files, which are whole or absent, and never whole in memory."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._cli._features_loaded import Features
from nearplane._files import bring_entries_to_disk, bring_to_disk, errors_naming, replacing
from nearplane.datasets import ImageDataset

# What `--dataset arrays` reads.
ARRAYS = ("X_train.npy", "y_train.npy", "X_test.npy", "y_test.npy", "class_names.npy")

_BYTES_PER_SYNC = 2**25


def write_rows(path: Path, blocks: Iterable[NDArray[np.float32]], n_columns: int) -> int:
    """Write rows that come some at a time to an ``.npy`` file, and return how many there were."""
    with open(path, "wb") as file:

        def write_header(n_rows: int) -> None:
            header = {"descr": "<f4", "fortran_order": False, "shape": (n_rows, n_columns)}
            file.seek(0)
            np.lib.format.write_array_header_1_0(file, header)

        # NumPy makes the header of any number of rows equally long.
        write_header(0)
        n_rows = unwritten = 0
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").data)
            n_rows += len(block)
            unwritten += block.nbytes
            # Little by little, because nothing interrupts the writing of gigabytes at the end.
            if unwritten >= _BYTES_PER_SYNC:
                bring_to_disk(file)
                unwritten = 0
        write_header(n_rows)
        bring_to_disk(file)
    return n_rows


def _write_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array to an ``.npy`` file; unlike np.save, which loses why the system could not."""
    with open(path, "xb") as file:
        header = np.lib.format.header_data_from_array_1_0(array)
        np.lib.format.write_array_header_1_0(file, header)
        file.write(np.ascontiguousarray(array).view(np.uint8).data)
        bring_to_disk(file)


def write_dataset(folder: Path, features: Features, dataset: ImageDataset, *, show: bool) -> None:
    """Write the features of a data set, its labels and the names of its classes to a new folder."""
    parts = (
        ("train", "training images", dataset.X_train, dataset.y_train),
        ("test", "test images", dataset.X_test, dataset.y_test),
    )
    for split, what, images, labels in parts:
        blocks = features.blocks(images, f"features of {what}", show=show)
        write_rows(folder / f"X_{split}.npy", blocks, features.n_features)
        _write_array(folder / f"y_{split}.npy", labels)
    _write_array(folder / "class_names.npy", np.array(dataset.class_names))


def check_output(path: Path, *, is_folder: bool) -> None:
    """Raise now, rather than after a long run, if features cannot be written there."""
    if is_folder and path.exists():
        others = sorted({entry.name for entry in path.iterdir()} - set(ARRAYS))
        if others:
            raise ValueError(
                f"{path} holds {others[0]!r}, which is not of features: name another folder."
            )
    if not is_folder and path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file")
    path.parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def new_output(path: Path, *, is_folder: bool) -> Iterator[Path]:
    """Yield a place beside `path` that gets its name, file or folder, once it is complete."""
    if is_folder:
        # Which has a name, as . and .. have not.
        with _new_folder(path.resolve()) as made:
            yield made
    else:
        with replacing(path) as made:
            yield made


@contextmanager
def _new_folder(path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(
        prefix=".nearplane-", dir=path.parent, ignore_cleanup_errors=True
    ) as scratch:
        # Not the folder itself: unlike those of `tempfile`, it is to have the usual permissions.
        made = Path(scratch, path.name)
        with errors_naming(path, Path(scratch)):
            made.mkdir()
            yield made
            bring_entries_to_disk(made)
            if path.exists():
                _exchange(made, path, Path(scratch))
                bring_entries_to_disk(path)
            else:
                os.replace(made, path)
                bring_entries_to_disk(path.parent)


def _exchange(made: Path, path: Path, aside: Path) -> None:
    """Put the files of one folder in the place of another's.

    All old ones go before the first new one comes: if that is the last that happens, some are
    missing, but the rows of one data set never lie with the labels of another.
    """
    moved: list[tuple[Path, Path]] = []
    try:
        for source, target in ((path, aside), (made, path)):
            for name in ARRAYS:
                if (source / name).exists():
                    os.replace(source / name, target / name)
                    moved.append((source / name, target / name))
    except BaseException:
        for before, now in reversed(moved):
            os.replace(now, before)
        raise
