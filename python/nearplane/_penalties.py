"""Penalties on weights: l1 * sum |W| + l2 * sum W^2, without a 1/2 and never on the bias."""

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nearplane._validation import check_real

Penalty = Literal["l2", "l1", "elasticnet"]
_PENALTIES = get_args(Penalty)


def split_penalty(penalty: object, alpha: object, l1_ratio: object) -> tuple[float, float]:
    """Return the factors (l1, l2) of sum |W| and of sum W^2.

    ``penalty="elasticnet"`` is alpha * ((1 - l1_ratio) * sum W^2 + l1_ratio * sum |W|); "l2" and
    "l1" are its ends, and None is no penalty. `l1_ratio` counts for "elasticnet" alone, but is
    checked always, as `alpha` is.

    Raises
    ------
    TypeError, ValueError
        If `penalty` is unknown, `alpha` is no finite number from 0 on, or `l1_ratio` no number from
        0 to 1.
    """
    if not (penalty is None or (isinstance(penalty, str) and penalty in _PENALTIES)):
        raise ValueError(f"penalty must be 'l2' or 'l1' or 'elasticnet' or None; got {penalty!r}.")
    strength = check_real("alpha", alpha, at_least=0)
    ratio = check_real("l1_ratio", l1_ratio, at_least=0, at_most=1)
    if penalty is None:
        return 0.0, 0.0
    share = {"l2": 0.0, "l1": 1.0}.get(str(penalty), ratio)
    return strength * share, strength * (1.0 - share)


def penalty_value(W: NDArray[Any], l1: float, l2: float) -> float:
    """Return l1 * sum |W| + l2 * sum W^2, summed in float64. `W` must not hold the bias."""
    value = 0.0
    if l1:
        value += l1 * float(np.abs(W).sum(dtype=np.float64))
    if l2:
        value += l2 * float(np.square(W, dtype=np.float64).sum())
    return value


def penalty_gradient(W: NDArray[Any], l1: float, l2: float) -> NDArray[Any]:
    """Return l1 * sign(W) + 2 * l2 * W in the type of `W`; at the kink of |W| the sign is 0."""
    gradient: NDArray[Any] = W * W.dtype.type(2.0 * l2)
    if l1:
        gradient += np.sign(W) * W.dtype.type(l1)
    return gradient
