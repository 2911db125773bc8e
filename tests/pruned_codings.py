"""Codings made by hand: any chain of levels, good ones and terrible ones."""

from dataclasses import replace

import numpy as np
from threadpoolctl import ThreadpoolController

from .pruned_reference import (
    CODES,
    NO_ROTATION,
    NO_STARTS,
    Coding,
    Level,
    coordinates,
    scaled,
    tilt_of,
)

CENTERS = ("mean", "zero", "a row", "corner")
ROTATIONS = ("random", "none", "identity", "signs")
SHIFTS = ("middle", "zero", "far")
_SAMPLED_ROWS = 200
# Threads that wait for each other cost more than these small products.
_LIBRARIES = ThreadpoolController()


def _center(kind, rng, rows):
    wide = rows.astype(np.float64)
    if kind == "zero":
        return np.zeros(rows.shape[1])
    if kind == "a row":
        return wide[rng.integers(len(rows))]
    if kind == "corner":
        return wide.max(axis=0)
    # Quotients round up as well as down: of the largest numbers there are, their sum may overflow.
    return (wide / (len(rows) * (1 + 1e-12))).sum(axis=0)


def _unit(rows, center):
    """A power of two near the largest |x - center|, finite as its inverse is."""
    quarter = float(abs(rows.astype(np.float64) / 4 - center / 4).max())
    return float(2.0 ** np.clip(np.ceil(np.log2(quarter)) + 2, -1000, 1000)) if quarter else 1.0


def _basis(x, tilted):
    basis = np.linalg.svd(x[:_SAMPLED_ROWS], full_matrices=x.shape[1] <= _SAMPLED_ROWS)[2]
    if tilted:  # longer, shorter, and no longer at right angles
        basis = basis * np.linspace(1.003, 0.998, len(basis))[:, None]
        basis[1:] += basis[:-1] / 1000
    return basis.astype(np.float32)


def _rotation(kind, rng, n):
    if kind == "random":
        return np.linalg.qr(rng.normal(size=(n, n)))[0].astype(np.float32)
    if kind == "none":
        return NO_ROTATION
    if kind == "identity":
        return np.eye(n, dtype=np.float32)
    return (np.eye(n) * rng.choice([-1, 1], n))[rng.permutation(n)].astype(np.float32)


def _nested_starts(rng, widths, d):
    """Boundaries of groups of any size but 0; those of a level are among those of the next."""
    starts, by_width = np.arange(d + 1), {}
    for width in sorted(widths, reverse=True):
        inner = rng.choice(starts[1:-1], width - 1, replace=False)
        by_width[width] = starts = np.sort([0, *inner, d]).astype(np.int64)
    return by_width


def chain_of(metric, *widths, words_from=None):
    """The levels a metric prunes by, of such widths; the last have 16 bits if they may."""
    if metric == "manhattan":
        return [("groups", width, 8) for width in widths]
    words_from = len(widths) if words_from is None else words_from
    return [("projection", w, 16 if i >= words_from else 8) for i, w in enumerate(widths)]


def _laid_out(level, rows, coding, shift, coarseness):
    """Lay the codes over the range of the coordinates; a `coarseness` below 1 clips them."""
    found = coordinates(rows, coding, level, np.float64)
    low, high = found.min(axis=0), found.max(axis=0)
    spread = float((high - low).max())
    places = {"middle": (low + high) / 2, "zero": np.zeros_like(low), "far": high + 2 * spread}
    _, lowest, _, highest = CODES[level.bits]
    step = spread / (highest - lowest) * coarseness if spread > 2.0**-900 else 2.0**-10
    return replace(level, shift=places[shift], step=step)


@_LIBRARIES.wrap(limits=1, user_api="blas")
def make_coding(
    rng, rows, metric, chain,
    *, center="mean", tilted=False, rotation="random", shift="middle", coarseness=1.0,
):  # fmt: skip
    """Make a coding for rows like these; `chain` holds the levels' kinds, widths and bits.

    Widths that are too large for the rows are lowered to what is possible.
    """
    d = rows.shape[1]
    point = _center(center, rng, rows)
    unit = _unit(rows, point)
    kinds = [kind for kind, *_ in chain]
    basis, order = np.empty((0, d), np.float32), NO_STARTS
    if "projection" in kinds:
        basis = _basis(scaled(rows, point, unit, np.float64), tilted)
    if "groups" in kinds:
        order = rng.permutation(d).astype(np.int64)
    most = {"projection": len(basis) + 1, "groups": d, "features": d}
    least = {"projection": 1, "groups": 1, "features": d}
    chain = [(k, max(min(width, most[k]), least[k]), bits) for k, width, bits in chain]
    starts = _nested_starts(rng, {width for kind, width, _ in chain if kind == "groups"}, d)
    coding = Coding(metric, point, unit, basis, order, ())
    levels = []
    for kind, width, bits in chain:
        turn, tilt = NO_ROTATION, 0.0
        if kind == "projection":
            turn = _rotation(rotation, rng, width - 1)
            tilt = tilt_of(basis, width - 1, turn)
        of_groups = starts[width] if kind == "groups" else NO_STARTS
        level = Level(kind, width, 1.0, np.zeros(width), turn, of_groups, bits, tilt)
        levels.append(_laid_out(level, rows, coding, shift, coarseness))
    return replace(coding, levels=tuple(levels))
