"""Rows on which a pruned search could go wrong, and the ways in which they may lie in memory."""

from functools import cache

import numpy as np
from sklearn.datasets import load_digits

from nearplane.datasets import make_natural_images

FLOATS = ("float32", "float64")
DTYPES = ("uint8", *FLOATS)
WIDTHS = (1, 2, 3, 7, 63, 64, 65, 129)


@cache
def _natural():
    return make_natural_images(900, (8, 8, 3), random_state=0)[0].reshape(900, -1)


@cache
def _digits():
    return load_digits().data


def _columns(pool, rng, n, d):
    """So many rows of a pool, as wide as asked for: its columns may have to be seen again."""
    return pool[rng.integers(len(pool), size=n)][:, np.arange(d) % pool.shape[1]]


def natural(rng, n, d, dtype):
    return _columns(_natural(), rng, n, d).astype(dtype)


def digits(rng, n, d, dtype):
    return _columns(_digits(), rng, n, d).astype(dtype)


def noise(rng, n, d, dtype):
    return (rng.random((n, d)) * 256).astype(dtype)


def constant(rng, n, d, dtype):
    return np.full((n, d), rng.integers(256), dtype)


def constant_rows(rng, n, d, dtype):
    return np.repeat(noise(rng, n, 1, dtype), d, axis=1)


def duplicates(rng, n, d, dtype):
    return natural(rng, 3, d, dtype)[rng.integers(3, size=n)]


def lattice(rng, n, d, dtype):
    """Few values, so that many distances are equal."""
    return rng.integers(0, 3, (n, d)).astype(dtype)


def whole_numbers(rng, n, d, dtype):
    return rng.integers(0, 256, (n, d)).astype(dtype)


def one_hot(rng, n, d, dtype):
    return (np.eye(d)[rng.integers(d, size=n)] * 255).astype(dtype)


def rank_one(rng, n, d, dtype):
    return (rng.random((n, 1)) * rng.random(d) * 255).astype(dtype)


def offset(rng, n, d, dtype):
    """A spread of some last digits around 1e8."""
    spread = 32.0 if dtype == "float32" else 1e-5
    return (1e8 + rng.normal(size=(n, d)) * spread).astype(dtype)


def outliers(rng, n, d, dtype):
    rows = rng.normal(size=(n, d))
    rows[rng.random(n) < 0.02] *= 1e6
    return rows.astype(dtype)


def clusters(rng, n, d, dtype):
    centres = rng.normal(size=(4, d)) * 1e4
    return (centres[rng.integers(4, size=n)] + rng.normal(size=(n, d)) / 100).astype(dtype)


def mixed_sizes(rng, n, d, dtype):
    limit = 15 if dtype == "float32" else 60
    return (rng.normal(size=(n, d)) * 10.0 ** rng.integers(-limit, limit, (n, 1))).astype(dtype)


def denormal(rng, n, d, dtype):
    return (rng.integers(-64, 65, (n, d)) * np.finfo(dtype).smallest_subnormal).astype(dtype)


def vanishing(rng, n, d, dtype):
    """Squared differences that are denormal numbers, or 0 though the rows differ."""
    scale = 1e-30 if dtype == "float32" else 10.0 ** rng.integers(-165, -155)
    return (rng.normal(size=(n, d)) * scale).astype(dtype)


def overflowing(rng, n, d, dtype):
    """Values near the largest there are: some squares, sums and differences are infinite."""
    return (rng.uniform(-1, 1, (n, d)) * float(np.finfo(dtype).max)).astype(dtype)


def half_overflowing(rng, n, d, dtype):
    """Some rows are so far that the squares of their distances are infinite, others are not."""
    far = rng.random((n, 1)) < 0.3
    size = 1e19 if dtype == "float32" else 1e155
    return (rng.normal(size=(n, d)) * np.where(far, size, 1.0)).astype(dtype)


_OF_ALL_TYPES = (
    natural, digits, noise, constant, constant_rows, duplicates, lattice, whole_numbers, one_hot,
    rank_one,
)  # fmt: skip
_OF_FLOATS = (
    offset, outliers, clusters, mixed_sizes, denormal, vanishing, overflowing, half_overflowing,
)  # fmt: skip
_MAKERS = {make.__name__: make for make in (*_OF_ALL_TYPES, *_OF_FLOATS)}
# The name and the type of all kinds of rows there are.
KINDS = [(make.__name__, dtype) for make in _OF_ALL_TYPES for dtype in DTYPES] + [
    (make.__name__, dtype) for make in _OF_FLOATS for dtype in FLOATS
]


def make_rows(kind, rng, n_query, n_base, d):
    """Queries and base rows of one kind; every other query is equal to a base row."""
    with np.errstate(under="ignore", over="ignore"):
        name, dtype = kind
        rows = _MAKERS[name](rng, n_query + n_base, d, dtype)
    query, base = rows[:n_query].copy(), rows[n_query:].copy()
    query[::2] = base[rng.integers(n_base, size=len(query[::2]))]
    return query, base
