"""What all subjects draw: rows of any kind, type, size and layout."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..layouts import LAYOUTS
from ..pruned_data import FLOATS, KINDS, make_rows

# One more than a vector, a panel, a tile or a block of some kernel, and one less.
WIDTHS = (1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 513)
WIDE = (1023, 1024, 1025, 1152, 2047, 2049, 3072, 4097)
FEW = (1, 2, 3, 5, 7, 8, 9, 13, 15, 16, 17, 31, 33)
MANY = (1, 2, 15, 16, 17, 31, 33, 63, 65, 100, 127, 129, 255, 257)
_MOST_ELEMENTS = 600_000  # of the oracle's differences: some milliseconds
MOST_THREADS = 4
MOST_ALONE = 260  # rows that are searched among themselves
# The largest integers of 64 bits whose float64 is exact.
_EXACT = 2**53


@dataclass
class Case:
    """What is asked, and the check of a level's answer, which raises if it is wrong."""

    text: str
    check: Callable[[str], None]
    subject: str = ""

    def __str__(self):
        return f"{self.subject}: {self.text}"


def pick(rng, choices):
    return choices[int(rng.integers(len(choices)))]


def threads(rng):
    return int(rng.integers(1, MOST_THREADS + 1))


def size(rng, tails, most):
    """A number at some tail or any other, mostly small."""
    if rng.random() < 0.5:
        return int(min(pick(rng, tails), most))
    return int(rng.integers(1, most + 1)) if rng.random() < 0.2 else int(rng.integers(1, 40))


def shape(rng, *, most_elements=_MOST_ELEMENTS, empty=False):
    """Numbers of queries, base rows and features that an oracle is done with soon."""
    d = pick(rng, WIDE) if rng.random() < 0.08 else size(rng, WIDTHS, 600)
    of_pair = max(d, 16)  # sums are taken in sixteen parts
    most_base = max(1, min(3000, most_elements // (4 * of_pair)))
    n_base = min(size(rng, MANY, most_base), most_base)
    most_query = max(1, min(3000, most_elements // (of_pair * n_base)))
    n_query = min(size(rng, FEW, most_query), most_query)
    if empty and rng.random() < 0.05:
        n_query = 0
    return n_query, n_base, d


def extremes(rng, n, d, dtype):
    """Nothing but the smallest and the largest values of a type of integers."""
    limits = np.iinfo(dtype)
    low, high = max(limits.min, -_EXACT), min(limits.max, _EXACT)
    return rng.choice(np.array([low, high, 0], dtype), (n, d))


def integers(rng, n, d, dtype):
    """Integers that a caller may give: any, few different ones, or the extremes."""
    if dtype == "bool":
        return rng.random((n, d)) < 0.5
    kind = pick(rng, ("any", "few", "extremes"))
    if kind == "extremes":
        return extremes(rng, n, d, dtype)
    limits = np.iinfo(dtype)
    low, high = (0, 3) if kind == "few" else (max(limits.min, -_EXACT), min(limits.max, _EXACT))
    return rng.integers(low, high, (n, d), dtype=dtype, endpoint=True)


INTEGERS = ("bool", "uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


def core_rows(rng, n_query, n_base, d):
    """Rows of a type that the core reads, as tests of pruned searches have them, and extremes."""
    if rng.random() < 0.1:
        return tuple(extremes(rng, n, d, np.uint8) for n in (n_query, n_base))
    if n_base == 0 or rng.random() < 0.1:
        return tuple(rng.integers(0, 256, (n, d), dtype=np.uint8) for n in (n_query, n_base))
    return make_rows(KINDS[rng.integers(len(KINDS))], rng, n_query, n_base, d)


def given_rows(rng, n_query, n_base, d):
    """Rows of any type and layout that the public functions accept."""
    if rng.random() < 0.6:
        rows = core_rows(rng, n_query, n_base, d)
    elif rng.random() < 0.15:
        rows = tuple(rng.normal(size=(n, d)).astype(np.float16) for n in (n_query, n_base))
    else:
        dtype = pick(rng, INTEGERS)
        rows = tuple(integers(rng, n, d, dtype) for n in (n_query, n_base))
    if rng.random() < 0.15:  # the other one of another type
        query, base = rows
        wider = [dtype for dtype in FLOATS if np.can_cast(base.dtype, dtype)]
        if wider:
            rows = query, base.astype(pick(rng, wider))
    return tuple(laid_out(rng, X) for X in rows)


def swapped(X):
    """Of the byte order that this machine has not."""
    return X.astype(X.dtype.newbyteorder())


def inside(X):
    """Within a larger matrix, whose other rows and columns are none of its business."""
    around = np.full((X.shape[0] + 3, X.shape[1] + 5), 77 if X.dtype != bool else 1, X.dtype)
    around[1:-2, 3:-2] = X
    return around[1:-2, 3:-2]


def inside_columns(X):
    return inside(X.T).T


PUBLIC_LAYOUTS = {**LAYOUTS, "swapped": swapped, "inside": inside, "columns": inside_columns}
CORE_LAYOUTS = {**LAYOUTS, "inside": inside, "columns": inside_columns}


def laid_out(rng, X, layouts=PUBLIC_LAYOUTS):
    return pick(rng, list(layouts.values()))(X)


def case_of(check, *arrays, **facts):
    """A case that tells what its arrays are and what else there is to know."""
    parts = [f"{X.dtype.str}{X.shape}/{X.strides}" for X in arrays]
    return Case(" ".join([*parts, *(f"{name}={value}" for name, value in facts.items())]), check)


def assert_same_bytes(found, expected, name):
    """Equal to the last bit, and of the same type."""
    found, expected = np.ascontiguousarray(found), np.ascontiguousarray(expected)
    assert found.dtype == expected.dtype, f"{name}: {found.dtype}, not {expected.dtype}"
    assert found.shape == expected.shape, f"{name}: {found.shape}, not {expected.shape}"
    if found.tobytes() != expected.tobytes():
        bits = np.uint64 if found.dtype.itemsize == 8 else np.uint32
        differing = np.flatnonzero(found.ravel().view(bits) != expected.ravel().view(bits))
        place = differing[0]
        raise AssertionError(
            f"{name} differ at {len(differing)} of {found.size} places, first at {place}: "
            f"{found.ravel()[place]!r}, not {expected.ravel()[place]!r}"
        )


def assert_near(found, expected, name, *, rtol=0.0, atol=0.0):
    """Equal up to rounding; infinite where the truth is."""
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol, err_msg=name)
