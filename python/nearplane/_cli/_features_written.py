"""Features in ``.npy`` files, which are whole or absent, and never whole in memory."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nearplane._cli._features_loaded import Features
from nearplane.datasets import ImageDataset

# What `--dataset arrays` reads.
ARRAYS = ("X_train.npy", "y_train.npy", "X_test.npy", "y_test.npy", "class_names.npy")

_BYTES_PER_SYNC = 2**25


def write_rows(path: Path, blocks: Iterable[NDArray[np.float32]], n_columns: int) -> int:
    """Write rows that come some at a time to an ``.npy`` file, and return how many there were."""
    with open(path, "xb") as file:

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
                file.flush()
                os.fsync(file.fileno())
                unwritten = 0
        write_header(n_rows)
    return n_rows


def write_dataset(folder: Path, features: Features, dataset: ImageDataset, *, show: bool) -> None:
    """Write the features of a data set, its labels and the names of its classes to a new folder."""
    parts = (
        ("train", "training images", dataset.X_train, dataset.y_train),
        ("test", "test images", dataset.X_test, dataset.y_test),
    )
    for split, what, images, labels in parts:
        blocks = features.blocks(images, f"features of {what}", show=show)
        write_rows(folder / f"X_{split}.npy", blocks, features.n_features)
        np.save(folder / f"y_{split}.npy", labels)
    np.save(folder / "class_names.npy", np.array(dataset.class_names))


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
    path = path.resolve()  # which has a name, as . and .. have not
    with tempfile.TemporaryDirectory(
        prefix=".nearplane-", dir=path.parent, ignore_cleanup_errors=True
    ) as scratch:
        # Not the folder itself: unlike those of `tempfile`, it is to have the usual permissions.
        made = Path(scratch, path.name)
        if is_folder:
            made.mkdir()
        yield made
        if is_folder and path.exists():
            for name in ARRAYS:
                os.replace(made / name, path / name)
        else:
            os.replace(made, path)
