"""What the public functions accept, and how it reaches the core.

Every user error is raised here, once, with the argument's name and the value found. What passes is
a matrix the core reads where it lies: two-dimensional, native, of one of `CORE_DTYPES`, finite.
"""

import operator
from math import inf, isfinite, prod
from numbers import Real
from typing import Any, Literal

import joblib
import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.utils import check_array

from nearplane import _core

CoreMetric = Literal["euclidean", "sqeuclidean", "manhattan"]
Metric = Literal["euclidean", "sqeuclidean", "manhattan", "cosine"]

# A number for each query and one for each row searched.
Groups = tuple[NDArray[np.int64], NDArray[np.int64]]

# In order of size: a type is held in the first of these that holds every one of its values.
CORE_DTYPES = (np.dtype(np.uint8), np.dtype(np.float32), np.dtype(np.float64))

# The core counts threads in 32 bits, and never wakes more than the machine has.
_MOST_THREADS = 2**31 - 1

# float64 holds every integer up to here; NumPy calls int64 -> float64 a safe cast all the same.
_LARGEST_EXACT_INTEGER = 2**53

_METRICS: dict[str, Metric] = {
    "euclidean": "euclidean",
    "l2": "euclidean",
    "sqeuclidean": "sqeuclidean",
    "manhattan": "manhattan",
    "cityblock": "manhattan",
    "l1": "manhattan",
    "cosine": "cosine",
}
_MINKOWSKI: dict[float, Metric] = {1: "manhattan", 2: "euclidean"}


def read_array(X: ArrayLike, name: str) -> NDArray[Any]:
    """Return `X` as a numeric array of 2, 3 or 4 dimensions, uncopied if it is an array.

    Lists, data frames and whatever else offers ``__array__`` are read as scikit-learn reads them.

    Raises
    ------
    TypeError, ValueError
        If `X` is sparse, complex, text, ragged, or has another number of dimensions.
    """
    try:
        array = check_array(
            X,
            ensure_all_finite=False,
            ensure_2d=False,
            allow_nd=True,
            ensure_min_samples=0,
            ensure_min_features=0,
        )
        if array.dtype == object:  # from a list; check_array has converted arrays of objects
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        problem, _, _ = str(error).partition("\n")  # behind which scikit-learn prints all of it
        raise kind(f"{name} must be a dense array of real numbers: {problem}") from error
    if array.ndim < 2:
        found = "scalar array" if array.ndim == 0 else "1D array"
        raise ValueError(
            f"Expected 2D array, got {found} instead: {name} has shape {array.shape}. Reshape your "
            "data using array.reshape(1, -1) if it is a single sample, or array.reshape(-1, 1) if "
            "it has a single feature."
        )
    if array.ndim > 4:
        raise ValueError(
            f"{name} must have shape (n_samples, n_features), or hold images of shape "
            f"(n_samples, height, width) or (n_samples, height, width, channels); got shape "
            f"{array.shape}."
        )
    return np.asarray(array)


def as_matrix(array: NDArray[Any], name: str, *, n_threads: int, min_rows: int = 0) -> NDArray[Any]:
    """Return `array` as the core wants it: (n_samples, n_features), a `CORE_DTYPES` type, finite.

    Images are flattened. Nothing is copied unless the type, or the layout of images, demands it.
    """
    n_features = prod(array.shape[1:])
    if n_features == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={array.shape}) while a minimum of 1 is "
            f"required: {name}."
        )
    if len(array) < min_rows:
        raise ValueError(
            f"Found array with {len(array)} sample(s) (shape={array.shape}) while a minimum of "
            f"{min_rows} is required: {name}."
        )
    matrix = _as_core_dtype(array, name).reshape(len(array), n_features)
    _check_finite(matrix, name, n_threads)
    return matrix


def as_common_dtype(X: NDArray[Any], Y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both matrices in the smallest core type that holds the values of both."""
    dtype = np.promote_types(X.dtype, Y.dtype)
    return X.astype(dtype, copy=False), Y.astype(dtype, copy=False)


def _as_core_dtype(array: NDArray[Any], name: str) -> NDArray[Any]:
    dtype = array.dtype
    target = next((held for held in CORE_DTYPES if np.can_cast(dtype, held)), None)
    if target is None:
        raise TypeError(
            f"{name} has dtype {dtype}, which neither uint8, float32 nor float64 can hold; "
            "convert it to one of them."
        )
    if dtype == np.bool_:
        return array.view(np.uint8)  # the same bytes, 0 and 1
    if dtype.kind in "iu" and dtype.itemsize == 8:
        _check_exact_integers(array, name)
    # Row by row in memory, so that flattening images takes no second copy.
    return array if dtype == target and dtype.isnative else array.astype(target, order="C")


def _check_exact_integers(array: NDArray[Any], name: str) -> None:
    limit = _LARGEST_EXACT_INTEGER
    if array.size == 0 or (array.min() >= -limit and array.max() <= limit):
        return
    beyond = (array > limit) | (array < -limit)
    place = np.unravel_index(beyond.argmax(), array.shape)
    raise ValueError(
        f"{name} holds the integer {array[place]} in row {place[0]}; integers beyond 2**53 = "
        f"{limit} have no exact float64. Scale the values down, or convert them yourself."
    )


def _check_finite(matrix: NDArray[Any], name: str, n_threads: int) -> None:
    row = _core.first_nonfinite_row(matrix, n_threads=n_threads)
    if row < 0:
        return
    column = int(np.isfinite(matrix[row]).argmin())
    found = "NaN" if np.isnan(matrix[row, column]) else "infinity"
    raise ValueError(
        f"Input {name} contains {found}: first in row {row}, column {column}. Every value must be "
        "finite."
    )


def check_same_features(X: NDArray[Any], Y: NDArray[Any]) -> None:
    """Raise unless the rows, or images, of both arrays have the same number of features."""
    n_features = prod(X.shape[1:]), prod(Y.shape[1:])
    if n_features[0] == n_features[1]:
        return
    check_counts_images(X, Y.shape[1:], "X")
    check_counts_images(Y, X.shape[1:], "Y")
    raise ValueError(
        f"X and Y must have the same number of features: X has {n_features[0]}, Y has "
        f"{n_features[1]}."
    )


def check_counts_images(array: NDArray[Any], image_shape: tuple[int, ...], name: str) -> None:
    """Raise if `array` is one image of `image_shape` without the axis that counts images.

    An image of a single line is not told from a row with as many features, and need not be.
    """
    if array.shape == image_shape and prod(image_shape[1:]) != prod(image_shape):
        raise ValueError(
            f"{name} has shape {array.shape}, which is that of a single image; its first axis must "
            f"count the images. Pass {name}[np.newaxis], or take images[:1] in place of images[0]."
        )


def with_names(X: ArrayLike, matrix: NDArray[Any]) -> Any:
    """Return what to show scikit-learn in place of `X`, which `matrix` holds."""
    # scikit-learn takes the names of the columns from the data frame and counts the features of
    # whatever it is given, so everything but a data frame is shown to it flattened.
    return X if hasattr(X, "columns") else matrix


def resolve_metric(metric: object, p: object = None) -> Metric:
    """Return a metric under its own name; ``p`` counts for "minkowski" alone, where None is 2."""
    if isinstance(metric, str):
        if metric == "minkowski":
            power = 2 if p is None else p
            if isinstance(power, int | float | np.number) and float(power) in _MINKOWSKI:
                return _MINKOWSKI[float(power)]
            raise ValueError(f"p must be 1 or 2 for metric='minkowski'; got {p!r}.")
        if metric in _METRICS:
            return _METRICS[metric]
    accepted = ", ".join(repr(accepted) for accepted in sorted([*_METRICS, "minkowski"]))
    raise ValueError(f"metric must be one of {accepted} (minkowski with p 1 or 2); got {metric!r}.")


def resolve_n_jobs(n_jobs: object) -> int:
    """Return the number of threads: None is OpenMP's own number, -1 every usable processor.

    Other negative numbers count down from there as joblib's do: -2 is all but one.
    """
    if n_jobs is None:
        return _core.max_threads()
    threads = _as_integer(n_jobs)
    if threads is None or threads == 0:
        raise ValueError(f"n_jobs must be None or an integer other than 0; got {n_jobs!r}.")
    if threads > 0:
        return min(threads, _MOST_THREADS)
    n_processors: int = joblib.cpu_count()
    return max(1, n_processors + 1 + threads)


def check_n_neighbors(value: object, name: str = "n_neighbors") -> int:
    """Return `value` as a positive integer."""
    return check_integer(name, value, at_least=1)


def check_integer(name: str, value: object, *, at_least: int) -> int:
    """Return `value` as an integer that is not too small."""
    integer = _as_integer(value)
    if integer is None:
        raise TypeError(f"{name} must be an integer; got {value!r} of type {type(value).__name__}.")
    if integer < at_least:
        raise ValueError(f"{name} must be at least {at_least}; got {integer}.")
    return integer


def check_real(
    name: str,
    value: object,
    *,
    above: float = -inf,
    at_least: float = -inf,
    at_most: float = inf,
    below: float = inf,
) -> float:
    """Return `value` as a finite number between the bounds."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number; got {value!r} of type {type(value).__name__}.")
    number = float(value)
    if isfinite(number) and above < number < below and at_least <= number <= at_most:
        return number
    bounds = {"above": above, "at least": at_least, "at most": at_most, "below": below}
    wanted = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if isfinite(bound))
    raise ValueError(f"{name} must be finite{wanted and ' and '}{wanted}; got {value!r}.")


def check_flag(name: str, value: object) -> bool:
    """Return `value` as a bool, which it must be."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False; got {value!r}.")
    return bool(value)


def check_each_n_neighbors(values: ArrayLike, name: str = "n_neighbors") -> list[int]:
    """Return `values` as a list of at least one positive integer."""
    array = np.asarray(values)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{name} must be a list of at least one k; got {values!r}.")
    # In an array a single float would have made floats of all values.
    given = array.tolist() if isinstance(values, np.ndarray) else list(values)  # type: ignore[arg-type]
    return [check_n_neighbors(value, name) for value in given]


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise unless `value` is one of `choices`."""
    if not (isinstance(value, str) and value in choices):
        accepted = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be {accepted}; got {value!r}.")


def read_groups(
    X_groups: ArrayLike | None, Y_groups: ArrayLike | None, n_queries: int, n_base: int
) -> Groups | None:
    """Return the groups of queries and rows, or None if neither are given."""
    if X_groups is None and Y_groups is None:
        return None
    if X_groups is None or Y_groups is None:
        missing, given = ("X", "Y") if X_groups is None else ("Y", "X")
        raise ValueError(f"{given}_groups needs {missing}_groups beside it; got None.")
    return (
        _read_group_of_each(X_groups, "X", n_queries),
        _read_group_of_each(Y_groups, "Y", n_base),
    )


def _read_group_of_each(groups: ArrayLike, name: str, n_rows: int) -> NDArray[np.int64]:
    array = np.asarray(groups)
    if array.shape != (n_rows,):
        raise ValueError(
            f"{name}_groups must have shape ({n_rows},), one group for each row of {name}; got "
            f"shape {array.shape}."
        )
    if array.dtype.kind not in "iu" and array.size:  # an empty list has a type by accident
        raise TypeError(f"{name}_groups must hold integers; got dtype {array.dtype}.")
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name}_groups must fit into 64 bits with a sign; got {array.max()}.")
    return array.astype(np.int64)


def check_rows_left(groups: Groups, k: int, name: str, *, exclude_self: bool = False) -> None:
    """Raise unless every query has `k` rows to choose from, given as the argument of that name.

    With `exclude_self` the queries are the rows, and none may choose itself.
    """
    left = rows_left(groups, exclude_self=exclude_self)
    short = left < k
    if short.any():
        query = int(short.argmax())
        raise ValueError(
            f"{name} must be at most the number of rows that a query's group leaves; got {k}, and "
            f"query {query} of group {groups[0][query]} has {left[query]} left."
        )


def rows_left(groups: Groups, *, exclude_self: bool = False) -> NDArray[np.int64]:
    """Return how many rows each query has to choose from, outside of its group."""
    of_queries, of_rows = groups
    each, sizes = np.unique(of_rows, return_counts=True)
    place = np.minimum(np.searchsorted(each, of_queries), len(each) - 1)
    left = len(of_rows) - np.where(each[place] == of_queries, sizes[place], 0)
    if exclude_self:
        left -= of_queries != of_rows
    return left


def check_out(out: object, shape: tuple[int, int], inputs: tuple[NDArray[Any], ...]) -> None:
    """Raise unless distances of `shape` can be written into `out` while `inputs` are read."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array; got {type(out).__name__}.")
    if out.dtype not in CORE_DTYPES[1:] or not out.dtype.isnative:
        raise TypeError(f"out must have dtype float32 or float64; got {out.dtype}.")
    if out.shape != shape:
        raise ValueError(f"out must have shape {shape}; got {out.shape}.")
    if not out.flags.c_contiguous or not out.flags.aligned:
        raise ValueError("out must be C-contiguous and aligned.")
    if not out.flags.writeable:
        raise ValueError("out must be writeable; got a read-only array.")
    if any(np.may_share_memory(out, read) for read in inputs):
        raise ValueError("out must not lie within the memory that X or Y spans.")


def _as_integer(value: object) -> int | None:
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]  # the question is whether it has one
    except TypeError:
        return None


def float_dtype(*dtypes: DTypeLike) -> np.dtype[Any]:
    """Return the type of a distance: float32 if all the data are, float64 for any other."""
    single = all(np.can_cast(dtype, np.float32, "equiv") for dtype in dtypes)
    return np.dtype(np.float32 if single else np.float64)
