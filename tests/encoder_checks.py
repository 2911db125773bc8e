"""What must be true of all codes: they are the nearest, errors are true, bounds are bounds."""

import numpy as np

from . import pruned_reference as oracle

# What an error may exceed the truth by, apart from rounding.
SPARE = 1.03
FLOAT32_ROUNDOFF, FLOAT64_ROUNDOFF = 2.0**-24, 2.0**-53
SMALLEST_FLOAT32 = 2.0**-149
LARGEST_FLOAT32 = float(np.finfo(np.float32).max)


def rounding(X, coding, level):
    """How far computed coordinates may be from exact ones, for each row, in units."""
    rows = oracle.scaled(X, coding.center, coding.unit)
    d, n = X.shape[1], level.width
    own = n * level.step * 1447 + abs(level.shift).sum() + abs(rows).sum(axis=1)
    lost = FLOAT64_ROUNDOFF * 2 * (d + n + 20) * own + d * SMALLEST_FLOAT32 * 8
    if level.kind != "projection":
        return lost
    size = np.sqrt((rows**2).sum(axis=1))
    share = 2 * FLOAT32_ROUNDOFF * (d + n + 20) * np.sqrt(n) + 1.1 * level.tilt
    # What is left out is a root of a difference: if it is small, its error is large.
    squared = 3 * share * size**2
    left_out = np.maximum(oracle.coordinates(X, coding, level)[:, -1], np.sqrt(squared))
    divisor = np.where(left_out > 0, left_out, 1)
    return lost + share * size + squared / divisor


def assert_codes(coding, X, sketch):
    """Codes are those nearest to the coordinates; errors are true, and hardly more.

    Rows that are too far from the center for a float64 to tell have infinite errors, and so may
    those whose errors are beyond float32.
    """
    with np.errstate(over="ignore"):
        too_far = np.isinf(X.astype(np.float64) - coding.center).any(axis=1)
    for level, (codes, errors) in zip(coding.levels, sketch, strict=True):
        assert (codes.dtype, codes.shape) == (oracle.CODES[level.bits][0], (len(X), level.width))
        assert (errors.dtype, errors.shape) == (np.float32, (len(X),))
        may_be_off = np.where(too_far, np.inf, rounding(X, coding, level))
        off = abs(codes - oracle.real_codes(X, coding, level)).max(axis=1)
        assert (off <= 0.5 + 1e-9 + may_be_off / level.step).all()
        truth = oracle.coding_errors(X, coding, level, codes)
        assert np.isinf(errors[too_far]).all()
        assert (np.isfinite(errors) | too_far | (truth * SPARE > LARGEST_FLOAT32)).all()
        assert (errors >= truth * (1 - 1e-12)).all()
        assert (np.isinf(errors) | (errors <= SPARE * truth + 2 * may_be_off)).all()


def assert_bounds(coding, query, base, sketches):
    """No bound exceeds its distance."""
    truth = oracle.distances_in_units(query, base, coding) * (1 + 1e-12)
    for level, *sketch in zip(coding.levels, *sketches, strict=True):
        assert (oracle.bounds(*sketch, coding, level) <= truth).all()
