"""A learning rate from the data: as large as the curvature of the loss allows.

For a loss whose second derivative by the scores is at most k, the Hessian of the data loss by the
weights of a class is at most k times H, the second-moment matrix of the features (with the 1 that
the bias sees). Gradient descent is stable below 2 / (k h), where h is the largest eigenvalue of H,
and heavy-ball momentum allows more. The gradient of a batch of B rows adds noise that grows with
the squared norm of the rows over B, and momentum m accumulates it 1 / (1 - m) times; a step of
1 / (k (r / B) / (1 - m)) keeps it in bounds (Bach and Moulines 2013, for B = 1 and m = 0). The
rate is

    1 / (k (h + r f / (1 - m)) + 2 l2)

where r = E|x|^4 / E|x|^2 stands for the squared norm of the rows, large ones counting more, and f,
the mean of 1 / B - 1 / n over the batches, is what is left of the noise when B rows are taken of n.

The squared losses push the harder the farther a row is off, so that single rows can drive training
astray: beyond a rate of 2 / (k (|x|^2 / B) / (1 - m)) the score of a row goes past its target by
more than it was off. For them r is at least half of the largest squared norm. The other losses pull
at every row with limited force.

Adagrad, RMSProp and Adam take steps of about the rate in every weight, whatever the gradient, so a
step changes a score by up to the rate times |x|_1, and the rate is a constant over the mean of
that.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearplane._blas import whole_products
from nearplane.linear_model._preprocessing import Preprocessing, check_squares
from nearplane.linear_model._problem import LinearModel, Samples, batch_sizes

# Enough for the largest eigenvalue; with more features than rows it errs on the cautious side.
_MAX_ROWS = 1024
# Of very wide rows fewer do: they are held in float64, 32 MB of them.
_MAX_VALUES = 2**22

# The ratio of the two largest eigenvalues is 2 and more for images. Where it is near 1 a mixture of
# their vectors is as good, since only the value counts.
_ITERATIONS = 30

# Change of a score that a step of the adaptive optimizers may make, found by trial on CIFAR-10 and
# small tables. Adagrad's steps shrink soon; those of RMSProp are the noisiest.
_SCORE_STEP = {"adagrad": 5.0, "rmsprop": 0.5, "adam": 1.0}

_SQUARED = ("squared_hinge", "squared_error")

# Features that are all 0 have no scale; any rate does.
_TINY = 1e-30


class FeatureScale(NamedTuple):
    """How large the features are, with the 1 that the bias sees if there is one."""

    largest_eigenvalue: float
    """Of the second-moment matrix."""
    squared_norm: float
    """E|x|^4 / E|x|^2."""
    largest_squared_norm: float
    """max |x|^2."""
    absolute_sum: float
    """E|x|_1."""


@whole_products()
def feature_scale(
    samples: Samples, preprocessing: Preprocessing, *, fit_intercept: bool
) -> FeatureScale:
    """Measure the features on up to `_MAX_ROWS` of the rows, spread evenly over them."""
    n_rows = len(samples.rows)
    most = min(n_rows, _MAX_ROWS, max(1, _MAX_VALUES // samples.X.shape[1]))
    places = np.linspace(0, n_rows - 1, most).round().astype(np.int64)
    rows = samples.rows[places]
    Z = preprocessing.apply(samples.X[rows])
    if fit_intercept:
        Z = np.column_stack([Z, np.ones(len(Z))])
    weight = np.ones(len(Z)) if samples.sample_weight is None else samples.sample_weight[rows]
    weight = weight / weight.sum()
    squared_norms = np.einsum("ij,ij->i", Z, Z)
    with np.errstate(over="ignore"):
        check_squares((squared_norms**2).max())
    mean_square = weight @ squared_norms
    return FeatureScale(
        largest_eigenvalue=_largest_eigenvalue(Z * np.sqrt(weight)[:, None]),
        squared_norm=float(weight @ squared_norms**2 / mean_square) if mean_square else 0.0,
        largest_squared_norm=float(squared_norms.max()),
        absolute_sum=float(weight @ np.abs(Z).sum(axis=1)),
    )


def automatic_learning_rate(
    scale: FeatureScale,
    model: LinearModel,
    *,
    optimizer: str,
    momentum: float,
    l2: float,
    batch_size: int | None,
    n_rows: int,
) -> float:
    """Return the learning rate; see the head of this module for how it comes about.

    Parameters
    ----------
    scale : FeatureScale
        How large the features are.
    model : LinearModel
        Its loss counts.
    optimizer : {"sgd", "nesterov", "adagrad", "rmsprop", "adam"}
        Which of the two ways.
    momentum : float
        Of "sgd" and "nesterov".
    l2 : float
        Factor of the squared weights in the penalty.
    batch_size : int or None
        The largest number of rows of a batch; see `batch_sizes`.
    n_rows : int
        Rows of an epoch.
    """
    if optimizer in _SCORE_STEP:
        return _rounded(_SCORE_STEP[optimizer] / max(scale.absolute_sum, _TINY))
    squared_norm = scale.squared_norm
    if model.loss in _SQUARED:
        squared_norm = max(squared_norm, scale.largest_squared_norm / 2)
    sizes = batch_sizes(n_rows, batch_size)
    noise = squared_norm * float(np.mean(1 / sizes) - 1 / n_rows) / (1 - momentum)
    curvature = _curvature(model) * (scale.largest_eigenvalue + noise) + 2 * l2
    return _rounded(1 / max(curvature, _TINY))


def _rounded(rate: float) -> float:
    """Return three digits: the last bits of NumPy's products vary with machine and threads."""
    return float(f"{rate:.3g}")


def _curvature(model: LinearModel) -> float:
    """Return a bound of the second derivative of the loss by the scores, in any direction.

    The losses with kinks have none. Theirs is the one they would have if the kink were rounded off
    over the width of the margin; the Gram matrix of the directions e_j - e_y has the eigenvalue C.
    """
    n_classes = model.n_classes
    width = model.margin or 1.0
    curvature = {
        "softmax": 0.5,
        "ovr_logistic": 0.25,
        "squared_error": 2.0,
        "squared_hinge": 2.0 * n_classes,
        "hinge": n_classes / width,
        "crammer_singer": 2.0 / width,
        "ovr_hinge": 1.0 / width,
    }[model.loss]
    return curvature / n_classes if model.class_mean else curvature


def _largest_eigenvalue(root: NDArray[np.float64]) -> float:
    """Return the largest eigenvalue of root' root, by power iteration from a fixed start."""
    vector = np.asarray(np.random.RandomState(0).standard_normal(root.shape[1]))
    value = 0.0
    for _ in range(_ITERATIONS):
        norm = float(np.linalg.norm(vector))
        if norm == 0:
            break
        vector = root.T @ (root @ (vector / norm))
        value = float(np.linalg.norm(vector))
    return value
