"""Random search over the weights: the baseline that every gradient has to beat."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from nearplane import _core
from nearplane._progress import progress_bar
from nearplane._validation import (
    as_matrix,
    check_choice,
    check_flag,
    check_integer,
    check_real,
    read_array,
    resolve_n_jobs,
)
from nearplane.linear_model._data import read_labelled
from nearplane.linear_model._preprocessing import PREPROCESS, measure
from nearplane.linear_model._problem import LinearModel, Samples
from nearplane.losses._arguments import read_options

# Trials judged together, on one reading of the data, and their weights: 8 MB of float32, which is
# little memory and lets ten classes of 3,072 features have the most trials.
_MAX_TRIALS = 64
_MAX_WEIGHTS = 2**21


@dataclass(frozen=True, eq=False)
class RandomSearchResult:
    """What `random_search` found.

    Attributes
    ----------
    W : ndarray of shape (n_features, n_classes), float64
        The best weights, for features as they were given: the scores are ``X @ W + b``, whatever
        the preprocessing was.
    b : ndarray of shape (n_classes,), float64
        The bias that goes with them.
    classes : ndarray of shape (n_classes,)
        The sorted labels, one for each column of `W`.
    loss : float
        The mean loss of the best weights.
    accuracy : float
        The share of the samples whose highest score is that of their label.
    losses : ndarray of shape (n_trials,), float64
        The mean loss of every trial.
    best_losses : ndarray of shape (n_trials,), float64
        The lowest loss up to and including every trial.
    """

    W: NDArray[np.float64]
    b: NDArray[np.float64]
    classes: NDArray[Any]
    loss: float
    accuracy: float
    losses: NDArray[np.float64]
    best_losses: NDArray[np.float64]

    def predict(self, X: ArrayLike, *, n_jobs: int | None = None) -> NDArray[Any]:
        """Return the label with the highest score for every row of `X`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            With as many features as were searched on.
        n_jobs : int, default=None
            Number of threads, as for `random_search`.

        Returns
        -------
        ndarray of shape (n_samples,)
            Elements of `classes`; of equal scores the first wins.

        Raises
        ------
        TypeError, ValueError
            If `X` is not as described.
        """
        n_threads = resolve_n_jobs(n_jobs)
        matrix = as_matrix(read_array(X, "X"), "X", n_threads=n_threads)
        if matrix.shape[1] != len(self.W):
            raise ValueError(
                f"X must have the {len(self.W)} features that were searched on; it has "
                f"{matrix.shape[1]}."
            )
        scores = _core.linear_scores(
            matrix,
            np.ascontiguousarray(np.column_stack([self.W.T, self.b])),
            center=None,
            scale=None,
            n_threads=n_threads,
            progress=None,
        )
        labels: NDArray[Any] = self.classes[scores.argmax(axis=1)]
        return labels


def random_search(
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: str = "hinge",
    method: str = "random",
    n_trials: int = 1000,
    scale: float = 0.01,
    step_size: float = 0.001,
    margin: float = 1.0,
    class_reduction: str = "sum",
    preprocess: str = "standardize",
    fit_intercept: bool = True,
    random_state: Any = None,
    n_jobs: int | None = None,
    verbose: bool = False,
) -> RandomSearchResult:
    """Try random weights, and keep those with the lowest loss.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, width) \
or (n_samples, height, width, channels)
        uint8, float32 and float64 are read where they lie.
    y : array-like of shape (n_samples,)
        A label for each sample, of any type that can be sorted.
    loss : str, default="hinge"
        One of the functions of `nearplane.losses`, by name.
    method : {"random", "local"}, default="random"
        "random" draws all weights anew for every trial. "local" adds random steps to the best
        weights so far, and takes those steps that lower the loss.
    n_trials : int, default=1000
        How many weights to try. The first of "local" are those it starts from.
    scale : float, default=0.01
        The standard deviation of each weight of "random", and of those that "local" starts from.
    step_size : float, default=0.001
        The standard deviation of each weight's change in a step of "local".
    margin : float, default=1.0
        The margin of the four hinge losses, 0 or more.
    class_reduction : {"sum", "mean"}, default="sum"
        "mean" divides the losses by the number of classes.
    preprocess : {"none", "center", "standardize"}, default="standardize"
        What the weights that are drawn belong to: the features as they are, without their mean, or
        also divided by their standard deviation. `scale` and `step_size` suit the last.
    fit_intercept : bool, default=True
        Whether a bias is drawn like the weights; else it is 0 for preprocessed features.
    random_state : int, RandomState instance or None, default=None
        Where the random numbers come from.
    n_jobs : int, default=None
        Number of threads. None: what OpenMP would use; -1: every usable processor; -2: all but
        one. It does not change a bit of the answer.
    verbose : bool, default=False
        Whether to show a progress bar on a terminal.

    Returns
    -------
    RandomSearchResult
        The best weights, and the losses of all trials.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or if no trial has a finite loss.

    Notes
    -----
    With "random" the trials are judged dozens at a time on one reading of the data, which changes
    none of the losses.

    References
    ----------
    The notes of the course CS231n, Stanford University, on optimization: strategies 1 and 2. They
    search raw pixels from 0 to 255, with a `scale` of 1e-4 and 1e-3 and a `step_size` of 1e-4.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nearplane import random_search
    >>> X, y = load_digits(return_X_y=True)
    >>> anew = random_search(X, y, n_trials=300, random_state=0)
    >>> nearby = random_search(X, y, method="local", n_trials=300, random_state=0)
    >>> anew.accuracy < nearby.accuracy
    True
    """
    options = read_options(loss, margin, class_reduction)
    check_choice("method", method, ("random", "local"))
    check_choice("preprocess", preprocess, PREPROCESS)
    n_trials = check_integer("n_trials", n_trials, at_least=1)
    scale = check_real("scale", scale, above=0)
    step_size = check_real("step_size", step_size, above=0)
    check_flag("fit_intercept", fit_intercept)
    check_flag("verbose", verbose)
    n_threads = resolve_n_jobs(n_jobs)
    data = read_labelled(X, y, None, estimator="random_search", n_threads=n_threads)
    samples = data.samples()
    preprocessing = measure(samples, preprocess)
    model = LinearModel(
        n_classes=len(data.classes),
        loss=options.loss,
        dtype="float64" if data.X.dtype == np.float64 else "float32",
        margin=options.margin,
        class_mean=options.class_mean,
        fit_intercept=fit_intercept,
        center=preprocessing.mean,
        scale=preprocessing.factor,
    )
    trials = _Trials(model, samples, check_random_state(random_state), n_threads)
    # Weights beyond the range of their type are infinite, and judged as such.
    with progress_bar("random search", enabled=verbose) as progress, np.errstate(over="ignore"):
        while (n_left := n_trials - len(trials.losses)) > 0:
            if method == "random":
                weights = trials.draw(min(n_left, trials.at_once), scale)
            elif n_left == n_trials:
                weights = trials.draw(1, scale)
            else:
                weights = trials.best.weights + trials.draw(1, step_size)
            trials.judge(weights, _part_of(progress, len(trials.losses), len(weights), n_trials))
    best = trials.best
    if not np.isfinite(best.loss):
        raise ValueError(
            f"no trial has a finite loss with scale={scale:g}: the scores overflow. Lower it."
        )
    W, b = preprocessing.fold(best.weights)
    losses = np.array(trials.losses)
    return RandomSearchResult(
        W=np.ascontiguousarray(W.T),
        b=b,
        classes=data.classes,
        loss=best.loss,
        accuracy=best.accuracy,
        losses=losses,
        best_losses=np.fmin.accumulate(losses),
    )


class _Best(NamedTuple):
    loss: float
    accuracy: float
    weights: NDArray[Any]
    """(n_classes, n_features + 1), of preprocessed features."""


class _Trials:
    """Weights drawn, judged and forgotten, but for the best."""

    def __init__(
        self,
        model: LinearModel,
        samples: Samples,
        rng: np.random.RandomState,
        n_threads: int,
    ) -> None:
        self.losses: list[float] = []
        self._model = model
        self._samples = samples
        self._rng = rng
        self._n_threads = n_threads
        self._shape = (model.n_classes, samples.X.shape[1] + 1)
        self.best = _Best(inf, 0.0, np.zeros(self._shape, model.dtype))

    @property
    def at_once(self) -> int:
        """How many trials to judge together."""
        return max(1, min(_MAX_TRIALS, _MAX_WEIGHTS // prod(self._shape)))

    def draw(self, n_trials: int, size: float) -> NDArray[Any]:
        """Return normally distributed weights of standard deviation `size`."""
        weights = self._rng.standard_normal((n_trials, *self._shape)).astype(self._model.dtype)
        weights *= size
        if not self._model.fit_intercept:
            weights[..., -1] = 0
        return weights

    def judge(self, weights: NDArray[Any], progress: Callable[[float], None] | None) -> None:
        """Measure the losses of some weights, and keep the first best if they are better."""
        settings = [_core.Setting()] * len(weights)
        trainer = self._model.trainer(settings, self._samples.X.shape[1])
        trainer.set_weights(weights)
        losses, accuracies = self._samples.evaluate(trainer, self._n_threads, progress)
        self.losses += losses.tolist()
        first = int(np.where(np.isfinite(losses), losses, inf).argmin())
        if losses[first] < self.best.loss:
            self.best = _Best(float(losses[first]), float(accuracies[first]), weights[first].copy())


def _part_of(
    progress: Callable[[float], None] | None, n_done: int, n_more: int, n_trials: int
) -> Callable[[float], None] | None:
    """Return what tells `progress` the share of all trials, given that of the next ones."""
    if progress is None:
        return None
    return lambda fraction: progress((n_done + fraction * n_more) / n_trials)
