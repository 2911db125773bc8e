"""What an operation is, the rows they work on, and when two answers are the same."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse

from harness.methods import Array
from nearplane.datasets import make_natural_images

N_JOBS = 2


@dataclass(frozen=True)
class Operation:
    """Something that users call.

    Where a failure may leave a changed object behind, `afterwards` tells what it then answers,
    which must be one of `answers`.
    """

    run: Callable[[], object]
    afterwards: Callable[[], object] | None = None
    answers: tuple[object, ...] = ()


Making = Callable[[], Operation]


@dataclass(frozen=True)
class Rows:
    """Labelled rows: some to learn from, some to ask about."""

    X: Array
    y: Array
    queries: Array
    truth: Array


@lru_cache
def rows(n_train: int = 360, n_query: int = 50, side: int = 8, dtype: str = "float32") -> Rows:
    """Return images as rows; a search among them is some three million operations on features."""
    images, labels = make_natural_images(
        n_train + n_query, (side, side, 3), n_classes=3, random_state=0
    )
    flat = images.reshape(len(images), -1).astype(dtype)
    return Rows(flat[:n_train], labels[:n_train], flat[n_train:], labels[n_train:])


@lru_cache
def images(n_images: int = 24, side: int = 32, seed: int = 0) -> Array:
    """Return so many colour images."""
    found, _ = make_natural_images(n_images, (side, side, 3), n_classes=3, random_state=seed)
    return found


def digest(answer: object) -> str:
    """Return what only an equal answer has: equal bytes, types and shapes."""
    found = hashlib.sha256()
    _update(found, answer)
    return found.hexdigest()


def _parts(matrix: Any) -> tuple[Any, ...]:
    # In place, the checker of types would hold it to what all kinds of sparse matrices share.
    return matrix.data, matrix.indices, matrix.indptr, matrix.shape


def _update(found: Any, answer: Any) -> None:
    if is_dataclass(answer) and not isinstance(answer, type):
        answer = {field.name: getattr(answer, field.name) for field in fields(answer)}
    elif scipy.sparse.issparse(answer):
        answer = _parts(answer)
    if isinstance(answer, np.ndarray) and answer.dtype != object:
        found.update(f"{answer.dtype.str}{answer.shape}".encode())
        found.update(np.ascontiguousarray(answer).tobytes())
    elif isinstance(answer, Mapping):
        _update(found, list(answer.items()))
    elif isinstance(answer, list | tuple | np.ndarray):
        found.update(f"{type(answer).__name__}{len(answer)}".encode())
        for part in answer:
            _update(found, part)
    else:
        found.update(repr(answer).encode())
