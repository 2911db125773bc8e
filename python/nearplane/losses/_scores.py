"""The losses of scores that someone else has computed."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax

from nearplane import _core
from nearplane._validation import check_choice, resolve_n_jobs
from nearplane.losses._arguments import (
    read_labels,
    read_options,
    read_scores,
    share_weights,
)


def loss_from_scores(
    scores: ArrayLike,
    y: ArrayLike,
    *,
    loss: str = "softmax",
    margin: float = 1.0,
    class_reduction: str = "sum",
    sample_weight: ArrayLike | None = None,
    reduction: str = "mean",
    n_jobs: int | None = None,
) -> tuple[float | NDArray[np.float64], NDArray[Any]]:
    """Return the loss of scores, and its gradient with respect to them.

    Parameters
    ----------
    scores : array-like of shape (n_samples, n_classes)
        The score of each class for each sample, finite.
    y : array-like of shape (n_samples,)
        The class of each sample, an integer from 0 to n_classes - 1.
    loss : str, default="softmax"
        "softmax", "hinge", "squared_hinge", "crammer_singer", "ovr_hinge", "ovr_logistic" or
        "squared_error": the functions of those names have the formulas.
    margin : float, default=1.0
        The margin of the four hinge losses, 0 or more; the others have none.
    class_reduction : {"sum", "mean"}, default="sum"
        "mean" divides the losses by n_classes.
    sample_weight : array-like of shape (n_samples,), default=None
        What each sample's loss counts, 0 or more; None: 1.
    reduction : {"mean", "sum", "none"}, default="mean"
        "mean" is sum(sample_weight * losses) / sum(sample_weight), and "none" leaves the losses of
        the samples apart, each times its weight.
    n_jobs : int, default=None
        Number of threads, as for `softmax`.

    Returns
    -------
    loss : float, or ndarray of shape (n_samples,), float64
        The latter with ``reduction="none"``.
    dscores : ndarray of shape (n_samples, n_classes)
        The gradient of the loss with respect to the scores; with ``reduction="none"`` each row is
        that of its sample's loss. float32 if `scores` is, else float64.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; the message names it.

    Examples
    --------
    >>> from nearplane.losses import loss_from_scores
    >>> scores = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]
    >>> losses, dscores = loss_from_scores(scores, [0, 1, 2], loss="hinge", reduction="none")
    >>> losses.round(4)
    array([ 2.9,  0. , 12.9])
    >>> dscores[2]
    array([ 1.,  1., -2.])
    >>> loss, _ = loss_from_scores(scores[:1], [0], loss="softmax")
    >>> round(loss, 4)
    2.0404
    """
    options = read_options(loss, margin, class_reduction)
    check_choice("reduction", reduction, ("mean", "sum", "none"))
    n_threads = resolve_n_jobs(n_jobs)
    matrix = read_scores(scores, n_threads)
    labels = read_labels(y, *matrix.shape)
    weights = share_weights(sample_weight, len(matrix), reduction)
    losses, dscores = _core.loss_from_scores(
        matrix, labels, **options._asdict(), n_threads=n_threads
    )
    counts = weights > 0  # even an infinite loss counts for nothing beside a weight of 0
    losses[~counts], dscores[~counts] = 0, 0
    losses *= weights
    dscores *= weights[:, np.newaxis].astype(dscores.dtype)
    return (losses if reduction == "none" else float(losses.sum())), dscores


def softmax_probabilities(scores: ArrayLike) -> NDArray[Any]:
    """Return the probabilities that the softmax makes of scores: exp(s_j) / sum_k exp(s_k).

    Parameters
    ----------
    scores : array-like of shape (n_samples, n_classes)
        The score of each class for each sample: finite, and of any size.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        From 0 to 1, with a sum of 1 in every row. float32 if `scores` is, else float64.

    Raises
    ------
    TypeError, ValueError
        If `scores` is not as described.

    Examples
    --------
    >>> from nearplane.losses import softmax_probabilities
    >>> softmax_probabilities([[3.2, 5.1, -1.7], [1e4, 0.0, -1e4]]).round(4)
    array([[0.13 , 0.869, 0.001],
           [1.   , 0.   , 0.   ]])
    """
    matrix = read_scores(scores, n_threads=1)
    with np.errstate(over="ignore", under="ignore"):  # exp(-inf) and exp(-1000) are 0, rightly
        probabilities: NDArray[Any] = softmax(matrix, axis=1)
    return probabilities
