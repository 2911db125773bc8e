"""What a training run is given and what it gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane._validation import check_integer
from nearplane.linear_model._schedules import Schedule
from nearplane.losses._arguments import Loss

Reason = Literal["max_epochs", "early_stopping", "tol", "diverged", "interrupted"]
Optimizer = Literal["sgd", "nesterov", "adagrad", "rmsprop", "adam"]


@dataclass(frozen=True)
class LinearModel:
    """What all settings of a run share: the loss, and the features as the weights see them."""

    n_classes: int
    loss: Loss
    dtype: Literal["float32", "float64"]
    margin: float = 1.0
    class_mean: bool = False
    fit_intercept: bool = True
    center: NDArray[np.float64] | None = None
    scale: NDArray[np.float64] | None = None
    """Weights see (X - center) * scale."""

    def zero_loss(self) -> float:
        """Return the data loss of all-zero weights, which is the same for every sample."""
        losses, _ = _core.loss_from_scores(
            np.zeros((1, self.n_classes)),
            np.zeros(1, dtype=np.int64),
            loss=self.loss,
            margin=self.margin,
            class_mean=self.class_mean,
            n_threads=1,
        )
        return float(losses[0])

    def trainer(self, settings: Sequence[_core.Setting], n_features: int) -> _core.LinearTrainer:
        """Return the core's trainer of these settings, with weights that are all 0."""
        return _core.LinearTrainer(
            list(settings),
            n_features=n_features,
            n_classes=self.n_classes,
            dtype=self.dtype,
            loss=self.loss,
            margin=self.margin,
            class_mean=self.class_mean,
            fit_intercept=self.fit_intercept,
            center=self.center,
            scale=self.scale,
        )


@dataclass(frozen=True)
class TrainingSetting:
    """What may differ between settings trained together."""

    learning_rate: float
    schedule: Schedule
    warmup_epochs: float = 0
    optimizer: Optimizer = "sgd"
    l1: float = 0.0
    l2: float = 0.0
    momentum: float = 0.9
    decay: float = 0.999
    epsilon: float = 1e-8

    def for_core(self) -> _core.Setting:
        """Return what the core wants to know of it."""
        return _core.Setting(
            optimizer=self.optimizer,
            l1=self.l1,
            l2=self.l2,
            momentum=self.momentum,
            decay=self.decay,
            epsilon=self.epsilon,
        )


class Samples(NamedTuple):
    """Some of the rows of a matrix, with labels."""

    X: NDArray[Any]
    """(n, n_features): as `nearplane._validation.as_matrix` returns it."""
    y: NDArray[np.int64]
    """(n,): codes of the classes of all rows of X."""
    rows: NDArray[np.int64]
    """Those that count, at least one; none of them has weight 0."""
    sample_weight: NDArray[np.float64] | None = None
    """(n,): of all rows of X, scaled to mean 1 over `rows`. None: all 1."""

    def evaluate(
        self,
        trainer: _core.LinearTrainer,
        n_threads: int,
        progress: Callable[[float], object] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean data loss and the accuracy of each setting on the rows.

        The accuracy is a plain fraction of the rows; sample weights do not count.
        """
        losses, n_correct = trainer.evaluate(
            self.X, self.y, self.rows, self.sample_weight, n_threads=n_threads, progress=progress
        )
        return losses / len(self.rows), n_correct / len(self.rows)


def batch_sizes(n_rows: int, batch_size: int | None) -> NDArray[np.int64]:
    """Return the lengths of an epoch's batches: as few as may be, and as even as can be.

    Of 257 rows and a `batch_size` of 256 a second batch would else hold a single row, and a step
    after it as long as any other would be mere noise.

    Parameters
    ----------
    n_rows : int
        Rows of an epoch, at least one.
    batch_size : int or None
        The largest number of rows of a batch; None: all.
    """
    n_batches = 1 if batch_size is None else -(-n_rows // batch_size)
    sizes = np.full(n_batches, n_rows // n_batches, dtype=np.int64)
    sizes[: n_rows % n_batches] += 1  # longer ones first, as the core cuts them
    return sizes


@dataclass(frozen=True)
class Stopping:
    """When to stop before the last epoch."""

    early: bool = False
    """When the validation set has not got better for `patience` epochs; the best epoch is kept.

    Better is a higher accuracy, or the same accuracy with a lower loss."""
    tol: float | None = None
    """When none of `patience` epochs has lowered the training loss by more than `tol`."""
    patience: int = 5


# The core counts steps in 64 bits, and goes on counting from what a file says.
_MOST_STEPS = 2**62


def check_n_steps(value: object) -> int:
    """Return a number of optimizer steps that a file holds, if there can be as many and more.

    Raises
    ------
    ValueError, TypeError
        If there cannot.
    """
    n_steps = check_integer("n_steps", value, at_least=0)
    if n_steps > _MOST_STEPS:
        raise ValueError(f"n_steps must be at most {_MOST_STEPS}; got {n_steps}.")
    return n_steps


class State(NamedTuple):
    """One setting's weights and the state of its optimizer."""

    weights: NDArray[Any]
    """(n_classes, n_features + 1): of the features weights see; the last column is the bias."""
    moments: NDArray[Any]
    """(2, n_classes, n_features + 1)."""
    n_steps: int
    """Optimizer steps behind `moments`."""

    def at_rest(self) -> "State":
        """Return the same weights, with an optimizer that has not made a step yet."""
        return State(self.weights, np.zeros_like(self.moments), 0)


@dataclass(frozen=True)
class Outcome:
    """What became of one setting."""

    state: State
    """The best epoch's with early stopping, the last finite weights after divergence, and else
    those of the last finished step."""
    history: dict[str, NDArray[Any]]
    """Equally long arrays, one entry an epoch, see `Course`."""
    step_history: dict[str, NDArray[Any]]
    """Equally long arrays, one entry a step; of length 0 unless steps were to be recorded."""
    reason: Reason
    """Why training stopped; "interrupted" if it had not come to an end."""
    best_epoch: int
    """The epoch, counted from 1, whose weights these are; 0: those it started from."""
