"""Where features are written: a new array, one of the caller's, or a file."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._files import bring_to_disk, errors_naming, replacing, take_room
from nearplane._storage import FilePath


@dataclass
class FeatureRows:
    """Features while they are written, and what the caller gets of them afterwards."""

    rows: NDArray[np.float32]
    result: NDArray[np.float32]


@contextmanager
def feature_rows(
    out: object, shape: tuple[int, int], images: NDArray[Any]
) -> Iterator[FeatureRows]:
    """Open what features of `shape` are written to, and finish it if all went well.

    A file gets its name when it is complete, so that an interrupted run leaves what was there.

    Raises
    ------
    TypeError, ValueError
        If `out` cannot take such features, or lies within the memory of the images.
    OSError
        If the file cannot be written.
    """
    if isinstance(out, str | os.PathLike):
        with _new_file(out, shape) as features:
            yield features
        return
    rows = np.empty(shape, np.float32) if out is None else _check_array(out, shape, images)
    yield FeatureRows(rows, rows)


@contextmanager
def _new_file(path: FilePath, shape: tuple[int, int]) -> Iterator[FeatureRows]:
    target = Path(path)
    if target.suffix != ".npy":
        raise ValueError(f"out must be an array or the name of a .npy file; got {str(target)!r}.")
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    nothing = np.empty((0, 0), np.float32)
    features = FeatureRows(nothing, nothing)
    with replacing(target) as name:
        rows = np.lib.format.open_memmap(name, mode="w+", dtype=np.float32, shape=shape)
        take_room(name)
        features.rows = features.result = rows
        yield features
        rows.flush()
        del rows
        features.rows = features.result = nothing  # lets go of the map
        with open(name, "rb+") as file:
            bring_to_disk(file)
    with errors_naming(target, name):
        features.result = np.load(target, mmap_mode="r")


def _check_array(out: object, shape: tuple[int, int], images: NDArray[Any]) -> NDArray[np.float32]:
    if not isinstance(out, np.ndarray):
        raise TypeError(
            f"out must be a NumPy array or the name of a .npy file; got {type(out).__name__}."
        )
    if out.dtype != np.float32 or not out.dtype.isnative:
        raise TypeError(f"out must have dtype float32; got {out.dtype}.")
    if out.shape != shape:
        raise ValueError(f"out must have shape {shape}; got {out.shape}.")
    if not (out.flags.c_contiguous and out.flags.aligned and out.flags.writeable):
        raise ValueError("out must be C-contiguous, aligned and writeable.")
    if np.may_share_memory(out, images):
        raise ValueError("out must not lie within the memory that X spans.")
    return out
