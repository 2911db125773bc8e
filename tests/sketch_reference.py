"""What must hold of every design, whatever the rows."""

import numpy as np

from nearplane import _core

from . import pruned_reference


def bound_excess(design, X, Y):
    """By how much the largest bound of each level exceeds its distance; 0 or less is right.

    In multiples of the larger of the two rows, so that a rounding error of the comparison is small.
    """
    true = pruned_reference.distances_in_units(X, Y, design)
    sizes = pruned_reference.distances_in_units(np.vstack([X, Y]), design.center[None], design)
    encoder = design.encoder()
    of_x, of_y = (encoder.encode(rows, n_threads=1, progress=None) for rows in (X, Y))
    for level, coded_x, coded_y in zip(design.levels, of_x, of_y, strict=True):
        with np.errstate(invalid="ignore"):
            excess = pruned_reference.bounds(coded_x, coded_y, design, level) - true
        yield float(np.nanmax(excess, initial=-np.inf) / max(sizes.max(), np.finfo(float).tiny))


def survivors(sketch, query, base, k):
    """The share of the pairs that each level leaves: the bound is within the k-th distance."""
    true = pruned_reference.distances_in_units(query, base, sketch)
    reach = np.sort(true, axis=1)[:, k - 1]
    coded = sketch.design.encoder().encode(query, n_threads=1, progress=None)
    return [
        float((pruned_reference.bounds(of_query, of_base, sketch, level) <= reach[:, None]).mean())
        for level, of_query, of_base in zip(sketch.levels, coded, sketch.coded, strict=True)
    ]


def core_answer(query, base, k, metric, **options):
    """What brute force finds."""
    return _core.argkmin(
        query, base, k, metric, **{"exclude_self": False, **options}, n_threads=1, progress=None
    )
