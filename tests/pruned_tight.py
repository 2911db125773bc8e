"""Rows whose bounds are their distances: the smallest error too few loses a neighbour.

Every row lies on one line, and a step along the line changes every coordinate by the same amount,
`t` steps in all: then neither the triangle inequality nor a sum over a group loses anything.
"""

from dataclasses import dataclass

import numpy as np

from .pruned_reference import NO_ROTATION, NO_STARTS, Coding, Level, tilt_of

# Kinds of levels and the metrics they are for.
LINES = (
    ("projection", "euclidean"), ("features", "euclidean"),
    ("groups", "manhattan"), ("features", "manhattan"),
)  # fmt: skip
# Between the codes of a query and of its neighbours.
CODES_APART = 4
GROUP_SIZE = 3
# What a step is for each feature; bytes can stand at sixteenths of it.
FEATURE_STEP = 16.0
UNIT = 256.0


@dataclass(frozen=True)
class Line:
    """The rows center + t * along, and a coding whose coordinates are t steps, all of them."""

    coding: Coding
    along: np.ndarray

    def rows(self, t, dtype):
        return (self.coding.center + np.outer(t, self.along)).astype(dtype)


def make_line(rng, kind, metric, width, *, center=0.0, turned=False):
    """Make a line; `turned` ones have a basis that is not the axes, and only floats lie on them."""
    if kind == "projection":
        return _projected_line(rng, metric, width, center, turned)
    d = width * GROUP_SIZE if kind == "groups" else width
    order = rng.permutation(d).astype(np.int64) if kind == "groups" else NO_STARTS
    starts = np.arange(0, d + 1, GROUP_SIZE) if kind == "groups" else NO_STARTS
    step = FEATURE_STEP / UNIT * (GROUP_SIZE if kind == "groups" else 1)
    level = Level(kind, width, step, np.zeros(width), starts=starts.astype(np.int64))
    basis = np.empty((0, d), np.float32)
    coding = Coding(metric, np.full(d, center), UNIT, basis, order, (level,))
    return Line(coding, np.full(d, FEATURE_STEP))


def _projected_line(rng, metric, width, center, turned):
    """The last coordinate is the distance from the subspace: along one more direction."""
    d = width + 2
    axes = np.eye(d)[rng.permutation(d)]
    if turned:
        axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    basis = axes[: max(width - 1, 1)].astype(np.float32)  # one direction at least, used or not
    turn = np.eye(width - 1)
    if turned and width > 1:
        turn = np.linalg.qr(rng.normal(size=(width - 1, width - 1)))[0]
    turn = turn.astype(np.float32) if width > 1 else NO_ROTATION
    along = FEATURE_STEP * (axes[: width - 1].T @ turn).sum(axis=1) + FEATURE_STEP * axes[width - 1]
    level = Level(
        "projection", width, FEATURE_STEP / UNIT, np.zeros(width), turn,
        tilt=tilt_of(basis, width - 1, turn),
    )  # fmt: skip
    return Line(Coding(metric, np.full(d, center), UNIT, basis, NO_STARTS, (level,)), along)


def places(*, off_query=0.25, off_nearest=7 / 16, farther=1 / 16, start=2.0):
    """Where on a line a query, its nearest rows, and others a little farther stand, in steps.

    The query and the nearest rows lie nearer to each other than their codes by all of their errors:
    the bound is the distance, and with any error less it is beyond. The others stand on the far
    side, `farther` away than the nearest and by default closer to their own codes.
    """
    query = start + CODES_APART - off_query
    nearest = start + off_nearest
    return query, nearest, 2 * query - nearest + farther
