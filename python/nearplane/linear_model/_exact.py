"""Exact optima: SciPy's L-BFGS-B on the core's loss and gradient, in float64."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from nearplane import _core
from nearplane._blas import whole_products
from nearplane._penalties import penalty_gradient, penalty_value
from nearplane.linear_model._course import Course, EpochFigures
from nearplane.linear_model._problem import (
    LinearModel,
    Outcome,
    Reason,
    Samples,
    State,
    Stopping,
)

# The largest derivative at which the optimum counts as found, if the user does not say.
_GRADIENT_TOLERANCE = 1e-6

# So that it is the gradient that ends the search, not a step that gains little.
_LOSS_TOLERANCE = 8 * np.finfo(np.float64).eps

_LINE_SEARCH_STEPS = 50


class Minimisation:
    """The search for the weights of the smallest loss; an epoch is an iteration.

    Parameters
    ----------
    model : LinearModel
        Of type float64, with a smooth loss.
    l2 : float
        Factor of the squared weights in the penalty.
    training : Samples
        What to learn from.
    validation : Samples, default=None
        What to be judged by after each iteration.
    max_epochs : int
        The largest number of iterations.
    tol : float, default=None
        The largest derivative at the optimum; None: 1e-6.
    n_threads : int
        Number of threads.
    start : State, default=None
        Where to begin; None: zeros.
    """

    def __init__(
        self,
        model: LinearModel,
        l2: float,
        training: Samples,
        validation: Samples | None = None,
        *,
        max_epochs: int,
        tol: float | None,
        n_threads: int,
        start: State | None = None,
    ) -> None:
        self._model = model
        self._l2 = l2
        self._training = training
        self._validation = validation
        self._max_epochs = max_epochs
        self._tol = _GRADIENT_TOLERANCE if tol is None else tol
        self._n_threads = n_threads
        self._trainer = model.trainer([_core.Setting()], training.X.shape[1])
        if start is not None:
            self._trainer.set_weights(start.weights[np.newaxis].astype(np.float64))
        self._weights = self._trainer.weights()[0]
        self._course = Course(self._state(), Stopping(), model.zero_loss())
        self._reason: Reason = "interrupted"
        # The core's loss is a sum over all rows of X: those that do not count get the weight 0.
        n_rows = len(training.rows)
        self._row_weight = np.zeros(len(training.X))
        weight = training.sample_weight
        row_weight = (1 if weight is None else weight[training.rows]) / n_rows
        np.add.at(self._row_weight, training.rows, row_weight)  # a row may be drawn repeatedly

    def run(self, after_epoch: Callable[[float], bool]) -> None:
        """Search until the optimum is found.

        Parameters
        ----------
        after_epoch : callable
            Is told the fraction of the epochs that is done, and returns whether to stop.
        """
        epoch = 0

        def iterated(intermediate_result: scipy.optimize.OptimizeResult) -> None:
            nonlocal epoch
            epoch += 1
            lost = self._record(epoch, intermediate_result.x, float(intermediate_result.fun))
            if after_epoch(epoch / self._max_epochs) or lost:
                raise StopIteration

        with whole_products() as pause:  # SciPy's; what it asks for is the core's
            result = scipy.optimize.minimize(
                pause()(self._loss),
                self._weights.ravel(),
                jac=True,
                method="L-BFGS-B",
                callback=pause()(iterated),
                options={
                    "maxiter": self._max_epochs,
                    "maxfun": self._max_epochs * _LINE_SEARCH_STEPS,
                    "maxls": _LINE_SEARCH_STEPS,
                    "gtol": self._tol,
                    "ftol": _LOSS_TOLERANCE,
                },
            )
        # 0: a tolerance was met; 1: the limit; 2: the line search finds nothing lower, because the
        # loss is flat to its last digit; 99: stopped by the callback.
        ends: dict[int, Reason] = {1: "max_epochs", 99: "interrupted"}
        self._reason = ends.get(result.status, "tol") if np.isfinite(result.fun) else "diverged"

    def outcomes(self) -> list[Outcome]:
        """Return where the search has got to, as the outcome of the only setting."""
        return [self._course.outcome(self._reason)]

    def lowest_loss(self) -> float:
        """Return the loss of the last iteration, or NaN."""
        return self._course.last_loss

    def _state(self) -> State:
        return State(self._weights, np.zeros((2, *self._weights.shape)), 0)

    def _loss(self, flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the loss with its penalty and the gradient, as SciPy wants them."""
        weights = flat.reshape(self._weights.shape)
        loss, gradient = _core.linear_loss(
            self._training.X,
            self._training.y,
            weights,
            self._row_weight,
            loss=self._model.loss,
            margin=self._model.margin,
            class_mean=self._model.class_mean,
            center=self._model.center,
            scale=self._model.scale,
            n_threads=self._n_threads,
            progress=None,
        )
        loss += penalty_value(weights[:, :-1], 0.0, self._l2)
        gradient[:, :-1] += penalty_gradient(weights[:, :-1], 0.0, self._l2)
        if not self._model.fit_intercept:
            gradient[:, -1] = 0
        return loss, gradient.ravel()

    def _record(self, epoch: int, flat: NDArray[np.float64], loss: float) -> bool:
        """Take down an iteration; return whether its loss or weights are no numbers any more."""
        before = self._weights
        self._weights = flat.reshape(before.shape).copy()
        self._trainer.set_weights(self._weights[np.newaxis])
        penalty = penalty_value(self._weights[:, :-1], 0.0, self._l2)
        _, train_accuracy = self._training.evaluate(self._trainer, self._n_threads)
        validation: Any = ([np.nan], [np.nan])
        if self._validation is not None:
            validation = self._validation.evaluate(self._trainer, self._n_threads)
        with whole_products():
            norm = float(np.linalg.norm(self._weights[:, :-1]))
            moved = float(np.linalg.norm((self._weights - before)[:, :-1]))
        figures = EpochFigures(
            epoch=epoch,
            loss=loss,
            data_loss=loss - penalty,
            penalty=penalty,
            learning_rate=np.nan,
            train_accuracy=train_accuracy[0],
            validation_accuracy=validation[1][0],
            validation_loss=validation[0][0],
            update_ratio=moved / norm if norm else 0.0,
        )
        return self._course.record(figures, None, self._state())
