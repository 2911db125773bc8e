"""How the learning rate changes in the course of training.

A schedule is a callable that takes the times of the steps, in epochs since training (or its
warm-up) began and not necessarily whole, and the number of epochs there will be, and returns what
to multiply the base learning rate by at each of them. The ones defined here are small immutable
values, so an estimator that has one as a parameter can be cloned, compared and pickled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._validation import check_real

Schedule = Callable[[NDArray[np.float64], float], NDArray[np.float64]]
"""``schedule(times, n_epochs)``; finite, not negative, and of the shape of ``times``."""


@dataclass(frozen=True)
class ConstantRate:
    """The base learning rate, always.

    Examples
    --------
    >>> import numpy as np
    >>> ConstantRate()(np.array([0.0, 7.5]), 10)
    array([1., 1.])
    """

    def __call__(self, times: NDArray[np.float64], n_epochs: float) -> NDArray[np.float64]:
        """Return the factor at each of `times`."""
        return np.ones_like(times)


@dataclass(frozen=True)
class StepDecay:
    """The rate drops to a part of itself every so many epochs.

    Parameters
    ----------
    every : float, default=10
        Epochs between two drops.
    factor : float, default=0.5
        What the rate is multiplied by at each drop, 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> StepDecay(every=10, factor=0.1)(np.array([0.0, 9.9, 10.0]), 30)
    array([1. , 1. , 0.1])
    """

    every: float = 10
    factor: float = 0.5

    def __post_init__(self) -> None:
        check_real("every", self.every, above=0)
        check_real("factor", self.factor, at_least=0, at_most=1)

    def __call__(self, times: NDArray[np.float64], n_epochs: float) -> NDArray[np.float64]:
        """Return the factor at each of `times`."""
        return np.asarray(self.factor ** np.floor(times / self.every))


@dataclass(frozen=True)
class ExponentialDecay:
    """The rate shrinks by the same factor from each epoch to the next, step by step.

    Parameters
    ----------
    factor : float, default=0.95
        What an epoch multiplies the rate by, above 0 and at most 1.

    Examples
    --------
    >>> import numpy as np
    >>> ExponentialDecay(0.5)(np.array([0.0, 1.0, 3.0]), 10)
    array([1.   , 0.5  , 0.125])
    """

    factor: float = 0.95

    def __post_init__(self) -> None:
        check_real("factor", self.factor, above=0, at_most=1)

    def __call__(self, times: NDArray[np.float64], n_epochs: float) -> NDArray[np.float64]:
        """Return the factor at each of `times`."""
        return np.asarray(self.factor**times)


@dataclass(frozen=True)
class InverseTimeDecay:
    """The rate is divided by 1 + `rate` * epochs.

    Parameters
    ----------
    rate : float, default=0.1
        Not negative; after 1 / `rate` epochs the learning rate is half of what it was.

    Examples
    --------
    >>> import numpy as np
    >>> InverseTimeDecay(1.0)(np.array([0.0, 1.0, 3.0]), 10)
    array([1.  , 0.5 , 0.25])
    """

    rate: float = 0.1

    def __post_init__(self) -> None:
        check_real("rate", self.rate, at_least=0)

    def __call__(self, times: NDArray[np.float64], n_epochs: float) -> NDArray[np.float64]:
        """Return the factor at each of `times`."""
        return np.asarray(1 / (1 + self.rate * times))


@dataclass(frozen=True)
class CosineDecay:
    """The rate follows half a cosine from the base rate to its end [1]_.

    Parameters
    ----------
    final : float, default=0.0
        The part of the base rate that would be left when the last epoch is over, 0 to 1.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "SGDR: Stochastic gradient descent with warm restarts",
       equation 5, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> CosineDecay()(np.array([0.0, 5.0, 10.0]), 10)
    array([1. , 0.5, 0. ])
    """

    final: float = 0.0

    def __post_init__(self) -> None:
        check_real("final", self.final, at_least=0, at_most=1)

    def __call__(self, times: NDArray[np.float64], n_epochs: float) -> NDArray[np.float64]:
        """Return the factor at each of `times`."""
        part = np.minimum(times / n_epochs, 1)
        return np.asarray(self.final + (1 - self.final) * (1 + np.cos(np.pi * part)) / 2)


# Those that are nothing but their fields.
SCHEDULES: tuple[Any, ...] = (
    ConstantRate,
    StepDecay,
    ExponentialDecay,
    InverseTimeDecay,
    CosineDecay,
)

_BY_NAME: dict[str, Schedule] = {
    "constant": ConstantRate(),
    "step": StepDecay(),
    "exponential": ExponentialDecay(),
    "inverse_time": InverseTimeDecay(),
    "cosine": CosineDecay(),
}


def resolve_schedule(schedule: object) -> Schedule:
    """Return the schedule of that name, or the callable itself.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if isinstance(schedule, str) and schedule in _BY_NAME:
        return _BY_NAME[schedule]
    if callable(schedule) and not isinstance(schedule, type):
        return schedule
    accepted = ", ".join(repr(name) for name in _BY_NAME)
    raise ValueError(
        f"schedule must be one of {accepted}, an object such as StepDecay(every=10, factor=0.1), "
        f"or a callable that takes (times, n_epochs); got {schedule!r}."
    )


def rate_factors(
    schedule: Schedule, *, epoch: int, n_batches: int, n_epochs: int, warmup_epochs: float
) -> NDArray[np.float64]:
    """Return what to multiply the base learning rate by at each step of an epoch.

    Parameters
    ----------
    schedule : callable
        It begins when the warm-up is over, and its `n_epochs` are those left by then.
    epoch : int
        Epochs done before this one.
    n_batches : int
        Steps of an epoch.
    n_epochs : int
        Epochs there will be, with the warm-up.
    warmup_epochs : float
        Within that time the factor rises in equal steps, from one above 0 to 1.

    Returns
    -------
    ndarray of shape (n_batches,), float64

    Raises
    ------
    ValueError
        If a schedule of the user's own returns something else than such factors.
    """
    times = epoch + np.arange(n_batches) / n_batches
    decay_times = np.maximum(times - warmup_epochs, 0)
    factors = np.asarray(schedule(decay_times, n_epochs - warmup_epochs), dtype=np.float64)
    if factors.shape != times.shape or not (np.isfinite(factors) & (factors >= 0)).all():
        raise ValueError(
            f"schedule must return finite factors that are not negative, one for each of "
            f"{n_batches} times; {schedule!r} returned {factors!r}."
        )
    if warmup_epochs > epoch:
        # A step is as large as the ramp is at its end: at its beginning the first would be nothing.
        factors = factors * np.minimum((times + 1 / n_batches) / warmup_epochs, 1)
    return factors
