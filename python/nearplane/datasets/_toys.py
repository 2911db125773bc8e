"""Points in few dimensions that a linear classifier cannot separate, and nearest neighbours can.

The first three and the parity are the usual examples of what no line through the plane tells apart;
the spirals those of what a network with a hidden layer does.
"""

from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from nearplane._validation import check_integer, check_real

Points = NDArray[np.float64]
Labels = NDArray[np.int64]
_Rule = Callable[[Points], NDArray[np.bool_]]

# The plane of the ring and of the modes reaches from -3 to 3 in both directions.
_REACH = 3.0
_MODE_RADIUS, _MODE_DISTANCE = 0.8, 1.7
# The arms of the spirals stay apart where they begin.
_SPIRAL_START = 0.1


def make_quadrants(
    n_samples: int = 200, *, noise: float = 0.0, random_state: Any = None
) -> tuple[Points, Labels]:
    """Make points of two classes: first and third quadrant against second and fourth.

    Class 1 are the points with two coordinates of the same sign, as in the exclusive or.

    Parameters
    ----------
    n_samples : int, default=200
        The number of points. Half of them, rounded down, are of class 1.
    noise : float, default=0.0
        Standard deviation of what is added to each coordinate once the class is decided.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same points every time.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), dtype float64
        The points, spread evenly over the square from -1 to 1, in random order.
    y : ndarray of shape (n_samples,), dtype int64
        Their classes, 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of the type or in the range given above.

    Examples
    --------
    >>> from nearplane.datasets import make_quadrants
    >>> X, y = make_quadrants(6, random_state=0)
    >>> bool(((X[:, 0] * X[:, 1] > 0) == y).all())
    True
    """
    return _make_region(n_samples, noise, random_state, 1.0, lambda X: X.prod(axis=1) > 0)


def make_ring(
    n_samples: int = 200, *, noise: float = 0.0, random_state: Any = None
) -> tuple[Points, Labels]:
    """Make points of two classes: a ring, 1 <= |x| <= 2, against what lies in it and around it.

    Parameters
    ----------
    n_samples : int, default=200
        The number of points. Half of them, rounded down, are in the ring, class 1.
    noise : float, default=0.0
        Standard deviation of what is added to each coordinate once the class is decided.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same points every time.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), dtype float64
        The points, each class spread evenly over its part of the square from -3 to 3, in random
        order.
    y : ndarray of shape (n_samples,), dtype int64
        Their classes, 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of the type or in the range given above.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.datasets import make_ring
    >>> X, y = make_ring(100, random_state=0)
    >>> length = np.linalg.norm(X, axis=1)
    >>> bool((((length >= 1) & (length <= 2)) == y).all())
    True
    """
    return _make_region(n_samples, noise, random_state, _REACH, _in_ring)


def make_three_modes(
    n_samples: int = 200, *, noise: float = 0.0, random_state: Any = None
) -> tuple[Points, Labels]:
    """Make points of two classes: three discs against what lies around them.

    Parameters
    ----------
    n_samples : int, default=200
        The number of points. Half of them, rounded down, are in the discs, class 1.
    noise : float, default=0.0
        Standard deviation of what is added to each coordinate once the class is decided.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same points every time.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), dtype float64
        The points, each class spread evenly over its part of the square from -3 to 3, in random
        order. The discs have the radius 0.8; their middles are 1.7 away from the origin.
    y : ndarray of shape (n_samples,), dtype int64
        Their classes, 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of the type or in the range given above.

    Examples
    --------
    >>> from nearplane.datasets import make_three_modes
    >>> X, y = make_three_modes(100, random_state=0)
    >>> X.shape, int(y.sum())
    ((100, 2), 50)
    """
    return _make_region(n_samples, noise, random_state, _REACH, _in_modes)


def make_parity(
    n_samples: int = 200, n_features: int = 4, *, random_state: Any = None
) -> tuple[Points, Labels]:
    """Make small images of two classes: an odd against an even number of positive pixels.

    With two pixels these are the quadrants, the other way round. Each pixel more makes the parity
    harder to learn from examples, since no part of an image tells anything about it.

    Parameters
    ----------
    n_samples : int, default=200
        The number of images. Half of them, rounded down, are of class 1.
    n_features : int, default=4
        The number of pixels of an image.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same images every time.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features), dtype float64
        One image a row: pixels spread evenly from -1 to 1, none of them 0, in random order.
    y : ndarray of shape (n_samples,), dtype int64
        1 for an odd number of positive pixels, 0 for an even one.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of the type or in the range given above.

    Examples
    --------
    >>> from nearplane.datasets import make_parity
    >>> X, y = make_parity(10, random_state=0)
    >>> bool(((X > 0).sum(axis=1) % 2 == y).all())
    True
    """
    n_samples = check_integer("n_samples", n_samples, at_least=1)
    n_features = check_integer("n_features", n_features, at_least=1)
    rng = check_random_state(random_state)
    y = rng.permutation(np.arange(n_samples, dtype=np.int64) < n_samples // 2).astype(np.int64)
    positive = rng.random_sample((n_samples, n_features)) < 0.5
    # Any signs but the last are as likely in both classes, and the last is what makes the class.
    positive[:, -1] = (positive[:, :-1].sum(axis=1) + y) % 2 == 1
    size = 1 - rng.random_sample((n_samples, n_features))  # above 0, up to 1
    return np.where(positive, size, -size), y


def make_spirals(
    n_samples: int = 300,
    *,
    n_classes: int = 3,
    n_turns: float = 0.7,
    noise: float = 0.02,
    random_state: Any = None,
) -> tuple[Points, Labels]:
    """Make points of several classes: the arms of a spiral.

    Parameters
    ----------
    n_samples : int, default=300
        The number of points, shared out evenly to the classes; the first have one more if need be.
    n_classes : int, default=3
        The number of arms.
    n_turns : float, default=0.7
        How often an arm turns about the origin.
    noise : float, default=0.02
        Standard deviation of what is added to each coordinate.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same points every time.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), dtype float64
        The points, their distances from the origin spread evenly from 0.1 to 1, in random order.
    y : ndarray of shape (n_samples,), dtype int64
        Their classes, 0 to `n_classes` - 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of the type or in the range given above.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.datasets import make_spirals
    >>> X, y = make_spirals(7, random_state=0)
    >>> X.shape, np.bincount(y)
    ((7, 2), array([3, 2, 2]))
    """
    n_samples = check_integer("n_samples", n_samples, at_least=1)
    n_classes = check_integer("n_classes", n_classes, at_least=1)
    n_turns = check_real("n_turns", n_turns)
    noise = check_real("noise", noise, at_least=0)
    rng = check_random_state(random_state)
    y = rng.permutation(np.arange(n_samples, dtype=np.int64) % n_classes)
    radius = rng.uniform(_SPIRAL_START, 1, n_samples)
    angle = 2 * pi * (y / n_classes + n_turns * radius)
    X = radius[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X + noise * rng.standard_normal(X.shape), y


def _in_ring(X: Points) -> NDArray[np.bool_]:
    length = np.hypot(X[:, 0], X[:, 1])
    return (length >= 1) & (length <= 2)


def _in_modes(X: Points) -> NDArray[np.bool_]:
    angles = pi / 2 + 2 * pi * np.arange(3) / 3
    middles = _MODE_DISTANCE * np.column_stack([np.cos(angles), np.sin(angles)])
    distances = np.linalg.norm(X[:, np.newaxis] - middles, axis=2)
    return np.asarray(distances.min(axis=1) <= _MODE_RADIUS)


def _make_region(
    n_samples: int, noise: float, random_state: Any, reach: float, rule: _Rule
) -> tuple[Points, Labels]:
    """Return points of a square, half of them where the rule holds, and whether it does."""
    n_samples = check_integer("n_samples", n_samples, at_least=1)
    noise = check_real("noise", noise, at_least=0)
    rng = check_random_state(random_state)
    y = rng.permutation(np.arange(n_samples) < n_samples // 2)
    X = np.empty((n_samples, 2))
    # Points are drawn until each class has enough; the first to come are kept.
    todo = [np.flatnonzero(y == label) for label in (False, True)]
    while any(len(rows) for rows in todo):
        drawn = rng.uniform(-reach, reach, (2 * n_samples + 16, 2))
        holds = rule(drawn)
        for label in (False, True):
            points = drawn[holds == label][: len(todo[label])]
            X[todo[label][: len(points)]] = points
            todo[label] = todo[label][len(points) :]
    return X + noise * rng.standard_normal(X.shape), y.astype(np.int64)
