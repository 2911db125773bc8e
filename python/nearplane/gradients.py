"""Is a gradient right? Central differences tell, and say where the function has a kink."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from nearplane._validation import check_integer, check_real

# Where differences at a step and at half of it disagree, an eighth of the step is tried, and an
# eighth of that: a kink nearby, or a strong curvature, then lies outside. 1/512 is the last.
_N_STEPS = 4
_SHRINK = 8.0


@dataclass(frozen=True, eq=False)
class GradientReport:
    """What `check_gradient` found. ``print(report)`` shows it as a table.

    Attributes
    ----------
    index : ndarray of shape (n_checks, W.ndim), int64
        Which elements of `W` were checked.
    analytic : ndarray of shape (n_checks,), float64
        The gradient that the function returned.
    numeric : ndarray of shape (n_checks,), float64
        The central difference.
    left, right : ndarray of shape (n_checks,), float64
        The one-sided differences. They are the same up to rounding and curvature, but at a kink.
    relative_error : ndarray of shape (n_checks,), float64
        |analytic - numeric| / max(|analytic|, |numeric|); at a kink, how far `analytic` is outside
        the interval between `left` and `right`, as a part of the largest of the three: 0 for any
        value between them. The divisor is never so small that the rounding of the function alone
        could make more than `tol` of it.
    is_kink : ndarray of shape (n_checks,), bool
        Whether the function has a kink there: differences on the left and on the right, at several
        steps, do not fit one slope.
    tol : float
        Up to which relative error the check is passed.
    size : int
        The number of elements of `W`.
    """

    index: NDArray[np.int64]
    analytic: NDArray[np.float64]
    numeric: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    relative_error: NDArray[np.float64]
    is_kink: NDArray[np.bool_]
    tol: float
    size: int

    @property
    def max_relative_error(self) -> float:
        """The largest of the relative errors."""
        return float(self.relative_error.max())

    @property
    def passed(self) -> bool:
        """Whether no relative error exceeds `tol`."""
        return self.max_relative_error <= self.tol

    @property
    def n_kinks(self) -> int:
        """How many of the elements checked lie at a kink."""
        return int(self.is_kink.sum())

    def __str__(self) -> str:
        n_checks = len(self.index)
        elements = [str(tuple(place)) for place in self.index.tolist()]
        width = max(len("element"), *map(len, elements))
        lines = [
            f"Gradient check {'passed' if self.passed else 'FAILED'}: {n_checks} of {self.size} "
            f"elements, {self.n_kinks} at a kink",
            f"largest relative error {self.max_relative_error:.1e}, tolerance {self.tol:.1e}",
            "",
            f"{'element':<{width}} {'analytic':>16} {'numeric':>16} {'relative error':>15}",
        ]
        for row, element in enumerate(elements):
            line = (
                f"{element:<{width}} {self.analytic[row]:>16.8e} {self.numeric[row]:>16.8e} "
                f"{self.relative_error[row]:>15.1e}"
            )
            lines.append(f"{line}{self._remark(row)}")
        return "\n".join(lines)

    def _remark(self, row: int) -> str:
        if not self.is_kink[row]:
            return "" if self.relative_error[row] <= self.tol else "  too large"
        between = "between" if self.relative_error[row] <= self.tol else "NOT between"
        return (
            f"  kink: analytic is {between} {self.left[row]:.4e} on the left and "
            f"{self.right[row]:.4e} on the right"
        )


def check_gradient(
    fun: Callable[[NDArray[np.float64]], Any],
    W: ArrayLike,
    *,
    eps: float = 6e-6,
    n_checks: int | None = 10,
    tol: float = 1e-5,
    random_state: Any = None,
) -> GradientReport:
    """Compare a gradient with central differences of its function, in float64.

    Parameters
    ----------
    fun : callable
        ``fun(W)`` returns the loss, a number, and its gradient with respect to `W`, of the shape of
        `W`; whatever follows them in the tuple is not looked at. It is called about four times for
        every element checked, each time with a float64 array of its own.
    W : array-like of any shape
        Where to check. It is copied to float64 and never changed.
    eps : float, default=6e-6
        The step, as a part of max(1, |W[i]|). Best is the cube root of the relative precision
        of `fun`, which is how its rounding is judged too: 6e-6 for float64, 5e-3 for a function
        that computes its loss in float32.
    n_checks : int, default=10
        How many elements to check, drawn at random; None, or more than there are: all of them.
    tol : float, default=1e-5
        Up to which relative error the check is passed.
    random_state : int, RandomState instance or None, default=None
        Which elements are drawn.

    Returns
    -------
    GradientReport
        The derivatives and their relative errors, element by element.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, if `fun` returns something else than a loss and a
        gradient, or if the loss is not finite.

    Notes
    -----
    A function such as the hinge loss or |W| has kinks, where its derivative jumps and any value
    between those on the two sides may stand for it. A central difference across a kink is the
    derivative of nothing. So each element is looked at from the left and from the right, with a
    step and with half of it: on a smooth function the two central differences agree, and the
    difference between right and left halves with the step. Where that fails, a smaller step leaves
    a kink nearby outside. Where it fails at the smallest step too, the report says that there is a
    kink, and whether the analytic value is between the derivatives of the two sides.

    References
    ----------
    W. H. Press, S. A. Teukolsky, W. T. Vetterling, B. P. Flannery, "Numerical recipes", third
    edition, Cambridge University Press, 2007, section 5.7, for the step; the notes of the course
    CS231n, Stanford University, on gradient checks, for the relative error and for kinks.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.gradients import check_gradient
    >>> W = np.array([[1.0, -2.0], [0.5, 3.0]])
    >>> report = check_gradient(lambda W: (np.sum(W**2), 2 * W), W)
    >>> report.passed
    True
    >>> report = check_gradient(lambda W: (np.sum(W**2), W), W)  # half of the right gradient
    >>> report.passed, round(report.max_relative_error, 6)
    (False, 0.5)
    >>> print(check_gradient(lambda W: (np.abs(W).sum(), np.sign(W)), [0.0]))
    Gradient check passed: 1 of 1 elements, 1 at a kink
    largest relative error 0.0e+00, tolerance 1.0e-05
    <BLANKLINE>
    element         analytic          numeric  relative error
    (0,)      0.00000000e+00   0.00000000e+00         0.0e+00  kink: analytic is between \
-1.0000e+00 on the left and 1.0000e+00 on the right
    """
    eps = check_real("eps", eps, above=0, at_most=0.1)
    tol = check_real("tol", tol, above=0)
    point = _read_point(W)
    function = _Function(fun, point)
    gradient = function.gradient
    chosen = _choose(point.size, n_checks, random_state)
    slopes = [_measure_slope(function, int(i), eps, tol) for i in chosen]
    analytic = gradient.ravel()[chosen]
    numeric, left, right, kink, resolution = map(np.array, zip(*slopes, strict=True))
    low = np.where(kink, np.minimum(left, right), numeric)
    high = np.where(kink, np.maximum(left, right), numeric)
    outside = np.maximum(np.maximum(low - analytic, analytic - high), 0.0)
    largest = np.max([np.abs(analytic), np.abs(low), np.abs(high)], axis=0)
    floor = np.maximum(resolution / tol, np.finfo(np.float64).tiny)
    return GradientReport(
        index=_places(chosen, point.shape),
        analytic=analytic,
        numeric=numeric,
        left=left,
        right=right,
        relative_error=outside / np.maximum(largest, floor),
        is_kink=kink,
        tol=tol,
        size=point.size,
    )


class _Function:
    """The function along each of the axes through a point."""

    def __init__(self, fun: Callable[[NDArray[np.float64]], Any], point: NDArray[np.float64]):
        self.fun = fun
        self.point = point
        self.loss, gradient = self._call(point)
        self.gradient = np.asarray(gradient, dtype=np.float64)
        if self.gradient.shape != point.shape:
            raise ValueError(
                f"fun must return a gradient of the shape of W, {point.shape}; got shape "
                f"{self.gradient.shape}."
            )
        if not np.isfinite(self.gradient).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(self.gradient))[0])
            raise ValueError(
                f"fun must return a finite gradient; got {self.gradient[place]} at {place}."
            )

    def at(self, element: int, value: float) -> float:
        """Return the loss with one element of the point changed."""
        moved = self.point.copy()
        moved.reshape(-1)[element] = value
        return self._call(moved)[0]

    def _call(self, W: NDArray[np.float64]) -> tuple[float, Any]:
        answer = self.fun(W.copy())
        if not (isinstance(answer, tuple | list) and len(answer) >= 2):
            raise TypeError(
                f"fun must return a tuple (loss, gradient, ...); got {type(answer).__name__}."
            )
        if np.ndim(answer[0]) != 0:
            raise TypeError(
                f"fun must return a loss that is one number; got shape {np.shape(answer[0])}."
            )
        loss = float(answer[0])
        if not math.isfinite(loss):
            raise ValueError(f"fun must return a finite loss at W and near it; got {loss}.")
        return loss, answer[1]


class _Slope(NamedTuple):
    numeric: float
    left: float
    right: float
    is_kink: bool
    resolution: float  # what the rounding of the losses may have added to each of them


def _measure_slope(function: _Function, element: int, eps: float, tol: float) -> _Slope:
    """Return the derivative along one axis, by the largest step that shows one."""
    here = float(function.point.reshape(-1)[element])
    step = eps * max(1.0, abs(here))
    slope = _slope_at_step(function, element, here, step, eps=eps, tol=tol)
    for _ in range(_N_STEPS - 1):
        if not slope.is_kink:
            break
        step /= _SHRINK
        slope = _slope_at_step(function, element, here, step, eps=eps, tol=tol)
    return slope


def _slope_at_step(
    function: _Function, element: int, here: float, step: float, *, eps: float, tol: float
) -> _Slope:
    left, right, central, size = _differences(function, element, here, step)
    left_2, right_2, central_2, _ = _differences(function, element, here, step / 2)
    # A loss of relative precision eps**3, by half the step; 4 for the sums that it is made of.
    resolution = 4.0 * eps**3 * size / (step / 2)
    allowed = tol / 4 * max(abs(left_2), abs(right_2)) + resolution
    fits = (
        abs(central - central_2) <= allowed
        and abs((right_2 - left_2) - (right - left) / 2) <= allowed
    )
    return _Slope(central_2, left_2, right_2, not fits, resolution)


def _differences(
    function: _Function, element: int, here: float, step: float
) -> tuple[float, float, float, float]:
    """Return the left, right and central difference, and the size of the losses in them."""
    below, above = here - step, here + step
    loss_below, loss_above = function.at(element, below), function.at(element, above)
    left = (function.loss - loss_below) / (here - below)  # by the step as it was rounded
    right = (loss_above - function.loss) / (above - here)
    central = (loss_above - loss_below) / (above - below)
    return left, right, central, max(abs(function.loss), abs(loss_below), abs(loss_above))


def _read_point(W: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(W)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"W must hold real numbers; got dtype {array.dtype}.")
    if array.size == 0:
        raise ValueError(f"W must have at least one element; got shape {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError("W must be finite; it holds NaN or infinity.")
    return np.array(array, dtype=np.float64, order="C")


def _choose(size: int, n_checks: int | None, random_state: Any) -> NDArray[np.int64]:
    """Return the elements to check, in rising order."""
    if n_checks is None or check_integer("n_checks", n_checks, at_least=1) >= size:
        return np.arange(size, dtype=np.int64)
    drawn = check_random_state(random_state).choice(size, n_checks, replace=False)
    return np.sort(drawn).astype(np.int64)


def _places(elements: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the indices of flat elements, one row each; those of a number are empty."""
    indices = np.array(np.unravel_index(elements, shape or (1,)), dtype=np.int64).T
    return indices[:, : len(shape)]
