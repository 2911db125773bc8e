"""The seven losses as functions of weights, samples and labels.

They differ in a formula, which the core knows, and in having a margin or not. So there are two
signatures, and `_named` makes a function of one of them: with its own name, and with a docstring of
what it does not share with the others around what it does.
"""

import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane import _core
from nearplane._penalties import penalty_gradient, penalty_value, split_penalty
from nearplane._validation import as_matrix, check_choice, read_array, resolve_n_jobs
from nearplane.losses._arguments import (
    Loss,
    read_bias,
    read_labels,
    read_options,
    read_weights,
    share_weights,
)

_Options = ParamSpec("_Options")

# The loss, its gradient with respect to W and that with respect to b.
LossAndGradients = tuple[float, NDArray[Any], NDArray[Any]]


def _with_margin(
    name: Loss,
    W: ArrayLike,
    X: ArrayLike,
    y: ArrayLike,
    *,
    margin: float = 1.0,
    b: ArrayLike | None = None,
    alpha: float = 0.0,
    penalty: str | None = "l2",
    l1_ratio: float = 0.15,
    sample_weight: ArrayLike | None = None,
    reduction: str = "mean",
    class_reduction: str = "sum",
    n_jobs: int | None = None,
) -> LossAndGradients:
    options = read_options(name, margin, class_reduction)
    l1, l2 = split_penalty(penalty, alpha, l1_ratio)
    _check_reduction(reduction)
    n_threads = resolve_n_jobs(n_jobs)
    samples = as_matrix(read_array(X, "X"), "X", n_threads=n_threads, min_rows=1)
    weights = read_weights(W, samples)
    n_samples, n_classes = len(samples), weights.shape[1]
    bias = read_bias(b, n_classes).astype(weights.dtype)
    loss, gradient = _core.linear_loss(
        samples,
        read_labels(y, n_samples, n_classes),
        # The core has one row a class, with the bias at its end.
        np.ascontiguousarray(np.column_stack([weights.T, bias])),
        share_weights(sample_weight, n_samples, reduction),
        **options._asdict(),
        center=None,
        scale=None,
        n_threads=n_threads,
        progress=None,
    )
    return (
        loss + penalty_value(weights, l1, l2),
        np.ascontiguousarray(gradient[:, :-1].T) + penalty_gradient(weights, l1, l2),
        gradient[:, -1].copy(),
    )


def _without_margin(
    name: Loss,
    W: ArrayLike,
    X: ArrayLike,
    y: ArrayLike,
    *,
    b: ArrayLike | None = None,
    alpha: float = 0.0,
    penalty: str | None = "l2",
    l1_ratio: float = 0.15,
    sample_weight: ArrayLike | None = None,
    reduction: str = "mean",
    class_reduction: str = "sum",
    n_jobs: int | None = None,
) -> LossAndGradients:
    return _with_margin(
        name,
        W,
        X,
        y,
        b=b,
        alpha=alpha,
        penalty=penalty,
        l1_ratio=l1_ratio,
        sample_weight=sample_weight,
        reduction=reduction,
        class_reduction=class_reduction,
        n_jobs=n_jobs,
    )


def _check_reduction(reduction: object) -> None:
    if reduction == "none":
        raise ValueError(
            "reduction must be 'mean' or 'sum' here, for the loss of each sample alone has a "
            "gradient with respect to W of its own; nearplane.losses.loss_from_scores(X @ W + b, "
            "y, reduction='none') returns the losses, and their gradients with respect to the "
            "scores."
        )
    check_choice("reduction", reduction, ("mean", "sum"))


_MARGIN = """
margin : float, default=1.0
    By how much the label's score has to be better; 0 or more."""

_SHARED = """
Parameters
----------
W : array-like of shape (n_features, n_classes)
    The weights.
X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, width) or \
(n_samples, height, width, channels)
    At least one sample. uint8, float32 and float64 are read where they lie, in any layout.
y : array-like of shape (n_samples,)
    The class of each sample, an integer from 0 to n_classes - 1.{margin}
b : array-like of shape (n_classes,), default=None
    The bias, added to the scores; None: 0.
alpha : float, default=0.0
    The strength of the penalty, 0 or more.
penalty : {{"l2", "l1", "elasticnet", None}}, default="l2"
    What `alpha` is multiplied by: sum W², sum |W|, or (1 - l1_ratio) sum W² + l1_ratio
    sum |W|. Without a 1/2, and never of `b`.
l1_ratio : float, default=0.15
    The share of sum |W| in "elasticnet", 0 to 1.
sample_weight : array-like of shape (n_samples,), default=None
    What each sample's loss counts, 0 or more; None: 1.
reduction : {{"mean", "sum"}}, default="mean"
    "mean" is sum(sample_weight * losses) / sum(sample_weight). The penalty is added to either.
class_reduction : {{"sum", "mean"}}, default="sum"
    "mean" divides the losses, though not the penalty, by n_classes.
n_jobs : int, default=None
    Number of threads. None: what OpenMP would use; -1: every usable processor; -2: all but
    one. It does not change a bit of the answer.

Returns
-------
loss : float
    The loss with the penalty. It is infinite or NaN where the scores overflow.
dW : ndarray of shape (n_features, n_classes)
    Its gradient with respect to `W`: float32 if `W` is float32 and `X` is uint8 or float32, which
    is then also what is computed in; else float64.
db : ndarray of shape (n_classes,)
    Its gradient with respect to `b`, at 0 if `b` is None; of the type of `dW`.

Raises
------
TypeError, ValueError
    If an argument is not as described, or not finite; the message names it.

See Also
--------
loss_from_scores : The same for scores from elsewhere.
nearplane.check_gradient : Compares a gradient with finite differences.
"""


def _named(
    function: Callable[Concatenate[Loss, _Options], LossAndGradients], name: Loss, own: str
) -> Callable[_Options, LossAndGradients]:
    """Return `function` for the loss of that name.

    `own` is a docstring whose line "..." stands for the sections that all losses share.
    """

    def loss(*args: _Options.args, **kwargs: _Options.kwargs) -> LossAndGradients:
        return function(name, *args, **kwargs)

    # Without the types, which the docstring has in words: ArrayLike spelled out fills a screen.
    _, *parameters = (
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
    )
    has_margin = any(parameter.name == "margin" for parameter in parameters)
    shared = _SHARED.format(margin=_MARGIN if has_margin else "")
    loss.__name__ = loss.__qualname__ = name
    loss.__doc__ = inspect.cleandoc(own).replace("\n...\n", shared)
    loss.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return loss


softmax = _named(
    _without_margin,
    "softmax",
    """Return the cross-entropy of the softmax, and its gradients.

    The loss of a sample with scores s and class y is log(sum_j exp(s_j)) - s_y, the negative
    natural logarithm of the probability that `softmax_probabilities` gives to y. No score is too
    large for it.

    ...

    References
    ----------
    J. S. Bridle, "Probabilistic interpretation of feedforward classification network outputs, with
    relationships to statistical pattern recognition", Neurocomputing, Springer, 1990.

    Examples
    --------
    The scores are the rows of `W` themselves, for each sample has a 1 in a feature of its own.

    >>> import numpy as np
    >>> from nearplane.losses import softmax
    >>> W = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    >>> loss, dW, db = softmax(W, np.eye(3), [0, 1, 2])
    >>> round(loss, 4)
    2.7587
    >>> dW[0].round(4)  # (probability - 1 for the class of the sample) / n_samples
    array([-0.29 ,  0.2897,  0.0003])
    """,
)

hinge = _named(
    _with_margin,
    "hinge",
    """Return the multiclass hinge loss of Weston and Watkins, and its gradients.

    The loss of a sample with scores s and class y is the sum over all j != y of
    max(0, s_j - s_y + margin). Where a max has a kink, the gradient is that of its 0.

    ...

    References
    ----------
    J. Weston, C. Watkins, "Support vector machines for multi-class pattern recognition", ESANN,
    1999.

    Examples
    --------
    The scores are the rows of `W` themselves, for each sample has a 1 in a feature of its own.

    >>> import numpy as np
    >>> from nearplane.losses import hinge
    >>> W = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    >>> loss, dW, db = hinge(W, np.eye(3), [0, 1, 2])
    >>> round(loss, 4)  # (2.9 + 0 + 12.9) / 3
    5.2667
    >>> db.round(4)
    array([ 0.    ,  0.6667, -0.6667])
    """,
)

squared_hinge = _named(
    _with_margin,
    "squared_hinge",
    """Return the squared multiclass hinge loss, and its gradients.

    The loss of a sample with scores s and class y is the sum over all j != y of
    max(0, s_j - s_y + margin)²: that of Weston and Watkins as an L2-SVM. It has no kinks.

    ...

    References
    ----------
    J. Weston, C. Watkins, "Support vector machines for multi-class pattern recognition", ESANN,
    1999, for the sum; Y. Tang, "Deep learning using linear support vector machines",
    arXiv:1306.0239, 2013, for the squares.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.losses import squared_hinge
    >>> W = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    >>> loss, dW, db = squared_hinge(W, np.eye(3), [0, 1, 2])
    >>> round(loss, 4)  # (2.9² + 0 + 6.3² + 6.6²) / 3
    30.5533
    """,
)

crammer_singer = _named(
    _with_margin,
    "crammer_singer",
    """Return the multiclass hinge loss of Crammer and Singer, and its gradients.

    The loss of a sample with scores s and class y is max over j != y of
    max(0, s_j - s_y + margin): only the worst class counts, the first if there are several. Where
    the outer max has a kink, the gradient is that of its 0. With one class the loss is 0.

    ...

    References
    ----------
    K. Crammer, Y. Singer, "On the algorithmic implementation of multiclass kernel-based vector
    machines", Journal of Machine Learning Research 2, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.losses import crammer_singer
    >>> W = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    >>> loss, dW, db = crammer_singer(W, np.eye(3), [0, 1, 2])
    >>> round(loss, 4)  # (2.9 + 0 + 6.6) / 3
    3.1667
    """,
)

ovr_hinge = _named(
    _with_margin,
    "ovr_hinge",
    """Return the hinge losses of one SVM for each class, and their gradients.

    The loss of a sample with scores s and class y is the sum over all j of
    max(0, margin - t_j s_j) with t_y = 1 and every other t_j = -1: each class against all others.
    Where a max has a kink, the gradient is that of its 0.

    ...

    References
    ----------
    R. Rifkin, A. Klautau, "In defense of one-vs-all classification", Journal of Machine Learning
    Research 5, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.losses import ovr_hinge
    >>> W = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    >>> loss, dW, db = ovr_hinge(W, np.eye(3), [0, 1, 2])
    >>> round(loss, 4)  # (6.1 + 2.3 + 3.0 + 3.2 + 3.5 + 4.1) / 3
    7.4
    """,
)

ovr_logistic = _named(
    _without_margin,
    "ovr_logistic",
    """Return the losses of one logistic regression for each class, and their gradients.

    The loss of a sample with scores s and class y is the sum over all j of
    log(1 + exp(-t_j s_j)) with t_y = 1 and every other t_j = -1: each class against all others. No
    score is too large for it.

    ...

    References
    ----------
    C. M. Bishop, "Pattern recognition and machine learning", Springer, 2006, section 4.3.2; for one
    against all R. Rifkin, A. Klautau, "In defense of one-vs-all classification", Journal of Machine
    Learning Research 5, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.losses import ovr_logistic
    >>> loss, dW, db = ovr_logistic(np.zeros((3, 3)), np.eye(3), [0, 1, 2])
    >>> round(loss, 4)  # 3 log 2
    2.0794
    """,
)

squared_error = _named(
    _without_margin,
    "squared_error",
    """Return the squared error of scores against one-hot targets, and its gradients.

    The loss of a sample with scores s and class y is the sum over all j of (s_j - [j = y])², where
    [j = y] is 1 for j = y and 0 for every other class: least squares as a classifier.

    ...

    References
    ----------
    C. M. Bishop, "Pattern recognition and machine learning", Springer, 2006, section 4.1.3.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.losses import squared_error
    >>> loss, dW, db = squared_error(np.eye(3) / 2, np.eye(3), [0, 1, 2])
    >>> loss  # (1 - 1/2)²
    0.25
    """,
)
