"""Arrays of your own - embeddings, or images already decoded - with their labels."""

import os
from collections.abc import Collection, Container
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from nearplane._validation import as_common_dtype, as_matrix, check_flag, resolve_n_jobs

from ._files import DataFileError, as_path, open_file
from ._npy import map_array, read_array, read_npz

# What a file or folder holds: a split of its own, or a whole; of each pair the rows and the labels.
SPLIT = (("X_train", "y_train"), ("X_test", "y_test"))
WHOLE = (("X", "y"),)
_CLASS_NAMES = "class_names"
_NAMES = [name for form in (SPLIT, WHOLE) for pair in form for name in pair] + [_CLASS_NAMES]

_EXPECTED = "the arrays X_train, y_train, X_test and y_test, or X and y"


def load_arrays(path: str | os.PathLike[str], *, mmap: bool = False) -> Any:
    """Load labelled rows from arrays that NumPy has saved.

    An ``.npz`` archive, or a folder of ``.npy`` files, holds the arrays ``X_train``, ``y_train``,
    ``X_test`` and ``y_test`` or, if it has not all of these, ``X`` and ``y``; and it may hold
    ``class_names``. Other arrays are left alone.

    Parameters
    ----------
    path : str or path-like
        The archive or the folder; ``~`` stands for the user's home.
    mmap : bool, default=False
        Leave the rows of a folder where they are, mapped into memory and read-only, so that there
        may be more of them than fit. Those whose type must be converted are read all the same.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        X_train, X_test : ndarray of shape (n, n_features) or (n, height, width[, channels])
            The rows: uint8, float32 or float64 as saved; other numbers as the smallest of these
            types that holds them. Or `X`, all of them.
        y_train, y_test : ndarray of shape (n,), dtype int64
            The class of each row: a position in `target_names`. Or `y`.
        target_names : list of str
            The names of the classes: ``class_names``, or the different labels in their order.
        image_shape : tuple of int
            The shape of a row.
        DESCR : str
            A description of the data set.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`, or a folder does not hold the arrays.
    DataFileError
        If a file is damaged, holds anything but plain numbers and text, rows that are not finite,
        or arrays that do not belong together.
    ValueError
        If `mmap` is asked of an archive, which cannot be mapped.
    TypeError
        If `path` is no path, or `mmap` neither `True` nor `False`.

    Notes
    -----
    Labels are integers or text. With ``class_names``, integers are positions among them, and text
    is one of them.

    Nothing is ever unpickled, and no memory is taken for what a file only claims to hold. Members
    of an archive that unpack to more than a hundred times their size are refused beyond 256 MiB.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from nearplane.datasets import load_arrays
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "embeddings.npz")
    ...     np.savez(file, X=np.eye(3, dtype=np.float32), y=["cat", "dog", "cat"])
    ...     pets = load_arrays(file)
    >>> pets.X.shape, pets.y, pets.target_names
    ((3, 3), array([0, 1, 0]), ['cat', 'dog'])
    """
    is_mapped = check_flag("mmap", mmap)
    place = as_path("path", path)
    if place.is_dir():
        found = _read_folder(place, is_mapped)
    elif not place.exists():
        raise FileNotFoundError(
            f"path must be an .npz archive or a folder of .npy files; there is no {place}"
        )
    elif is_mapped:
        raise ValueError(
            f"mmap must be False for an archive, which cannot be mapped; got True for {place}"
        )
    elif not place.is_file():
        # A pipe may never begin, and a device never end.
        raise DataFileError(place, "is neither an .npz archive nor a folder of .npy files")
    else:
        found = read_npz(place, _choose)
    return _assemble(place, found)


def _read_folder(folder: Path, is_mapped: bool) -> dict[str, NDArray[Any]]:
    paths = {name: folder / f"{name}.npy" for name in _NAMES}
    chosen = _choose([name for name, path in paths.items() if path.is_file()])
    if not chosen:
        raise FileNotFoundError(f"{folder} does not hold {_EXPECTED}, each as a file .npy")
    found = {}
    for name in chosen:
        with open_file(paths[name]) as member:
            found[name] = (map_array if is_mapped and name[0] == "X" else read_array)(member)
    return found


def _form(there: Container[str]) -> tuple[tuple[str, str], ...] | None:
    """Return which form the arrays of these names have."""
    complete = (form for form in (SPLIT, WHOLE) if all(x in there and y in there for x, y in form))
    return next(complete, None)


def _choose(there: Collection[str]) -> list[str]:
    """Return which of the arrays to read."""
    form = _form(there)
    if form is None:
        return []
    return [name for pair in form for name in pair] + [_CLASS_NAMES] * (_CLASS_NAMES in there)


def _assemble(place: Path, found: dict[str, NDArray[Any]]) -> Bunch:
    form = _form(found)
    if form is None:
        raise DataFileError(place, f"does not hold {_EXPECTED}")
    rows = [_check_rows(place, x, found[x]) for x, _ in form]
    labels = [_check_labels(place, y, found[y], x, found[x]) for x, y in form]
    if len({part.shape[1:] for part in rows}) > 1:
        shapes = " and ".join(f"{x} has shape {found[x].shape}" for x, _ in form)
        raise DataFileError(place, f"{shapes}: their rows are not of one shape")
    if len({part.dtype for part in rows}) > 1:
        rows = list(as_common_dtype(*rows))
    names, targets = _classes(place, form, labels, found.get(_CLASS_NAMES))
    arrays = {x: part for (x, _), part in zip(form, rows, strict=True)}
    arrays |= {y: part for (_, y), part in zip(form, targets, strict=True)}
    return Bunch(
        **arrays,
        target_names=names,
        image_shape=rows[0].shape[1:],
        DESCR=f"Arrays of {place}: {' and '.join(f'{len(part):,}' for part in rows)} rows of shape "
        f"{rows[0].shape[1:]}, {rows[0].dtype}, in {len(names):,} classes.\n",
    )


def _check_rows(place: Path, name: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.ndim < 2 or array.dtype.kind == "U":
        raise DataFileError(
            place,
            f"{name} must hold numbers in 2 to 4 axes, of which the first counts rows; got "
            f"{array.dtype} of shape {array.shape}",
        )
    try:
        matrix = as_matrix(array, name, n_threads=resolve_n_jobs(None))
    except (TypeError, ValueError) as error:
        raise DataFileError(place, str(error)) from error
    return matrix.reshape(array.shape)


def _check_labels(
    place: Path, name: str, labels: NDArray[Any], x_name: str, rows: NDArray[Any]
) -> NDArray[Any]:
    if labels.ndim != 1 or labels.dtype.kind not in "biuU":
        raise DataFileError(
            place,
            f"{name} must hold one integer or text a row; got {labels.dtype} of shape "
            f"{labels.shape}",
        )
    if len(labels) != len(rows):
        raise DataFileError(
            place, f"{name} holds {len(labels):,} labels, but {x_name} {len(rows):,} rows"
        )
    return labels


def _classes(
    place: Path,
    form: tuple[tuple[str, str], ...],
    labels: list[NDArray[Any]],
    class_names: NDArray[Any] | None,
) -> tuple[list[str], list[NDArray[np.int64]]]:
    """Return the names of the classes, and for each array of labels the positions in them."""
    if len({part.dtype.kind == "U" for part in labels}) > 1:
        raise DataFileError(place, "the labels are text in one part and numbers in the other")
    if class_names is None:
        # One by one: of signed and unsigned integers together NumPy would make floats.
        classes = sorted({value for part in labels for value in np.unique(part).tolist()})
        names = _check_names(place, [str(value) for value in classes])
    else:
        names = _check_names(place, class_names.tolist())
        classes = names if labels[0].dtype.kind == "U" else list(range(len(names)))
    positions = {value: position for position, value in enumerate(classes)}
    return names, [
        _positions(place, name, part, positions)
        for (_, name), part in zip(form, labels, strict=True)
    ]


def _positions(
    place: Path, name: str, labels: NDArray[Any], positions: dict[Any, int]
) -> NDArray[np.int64]:
    values, inverse = np.unique(labels, return_inverse=True)
    found = np.array([positions.get(value, -1) for value in values.tolist()], np.int64)
    target = found[inverse]
    if (target < 0).any():
        row = int(target.argmin())
        raise DataFileError(
            place,
            f"{name} is {str(labels[row])[:40]!r} in row {row}, which names none of the "
            f"{len(positions)} classes in class_names",
        )
    return target


def _check_names(place: Path, names: list[Any]) -> list[str]:
    good = all(isinstance(name, str) and name and name.isprintable() for name in names)
    if not good or len(set(names)) != len(names):
        raise DataFileError(place, "class names must be different printable texts")
    return names
