"""One setting's way through training: what is recorded of it, and when it is done."""

from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from nearplane._persistence import Arrays, Facts, check_stored
from nearplane._validation import check_choice, check_integer
from nearplane.linear_model._problem import Outcome, Reason, State, Stopping, check_n_steps

# An epoch's loss so many times that of all-zero weights is no training any more.
_DIVERGED = 1e6


class EpochFigures(NamedTuple):
    """One epoch of one setting; the fields of a history."""

    epoch: int
    """Counted from 1."""
    loss: float
    """The sum of the next two."""
    data_loss: float
    """Mean over the training rows, of each batch at the time it was seen, before its update."""
    penalty: float
    """Of the weights at the end of the epoch."""
    learning_rate: float
    """Mean over the steps."""
    train_accuracy: float
    """Of each batch at the time it was seen; sample weights do not count."""
    validation_accuracy: float
    """At the end of the epoch; NaN without a validation set."""
    validation_loss: float
    """Mean data loss at the end of the epoch; NaN without a validation set."""
    update_ratio: float
    """Norm of a step's change of W over the norm of W, mean over the steps."""


class StepFigures(NamedTuple):
    """The steps of one epoch of one setting; the fields of a step history."""

    step: NDArray[np.int64]
    """Counted from 1."""
    data_loss: NDArray[np.float64]
    """Of the batch, before its update."""
    learning_rate: NDArray[np.float64]
    update_ratio: NDArray[np.float64]
    """Norm of the change of W over the norm of W."""


class Course:
    """One setting's way through training.

    Parameters
    ----------
    start : State
        What it begins with.
    stopping : Stopping
        When it is done before the last epoch.
    zero_loss : float
        The data loss of all-zero weights.
    """

    def __init__(self, start: State, stopping: Stopping, zero_loss: float) -> None:
        self._stopping = stopping
        self._limit = _DIVERGED * max(1.0, zero_loss)
        self._epochs: list[EpochFigures] = []
        self._steps: list[StepFigures] = []
        self._stale: dict[Reason, int] = {"tol": 0, "early_stopping": 0}
        self._lowest_loss = np.inf
        self._best_score = (-np.inf, -np.inf)
        self._best: tuple[State, int] | None = None
        self._state = start
        self._epoch = 0
        self._reason: Reason | None = None

    @property
    def done(self) -> bool:
        """Whether it has come to an end by itself."""
        return self._reason is not None

    @property
    def n_epochs(self) -> int:
        """How many epochs have been recorded."""
        return len(self._epochs)

    @property
    def state(self) -> State:
        """The state that the last epoch led to."""
        return self._state

    @property
    def last_loss(self) -> float:
        """The loss of the last epoch; NaN before the first."""
        return self._epochs[-1].loss if self._epochs else np.nan

    def record(self, figures: EpochFigures, steps: StepFigures | None, state: State) -> bool:
        """Take down an epoch and the state it led to; return whether it was the last one."""
        self._epochs.append(figures)
        if steps is not None:
            self._steps.append(steps)
        if not (abs(figures.loss) <= self._limit and _is_finite(state)):
            # Moments that led astray are no state to continue from.
            self._state = self._state.at_rest()
            self._reason = "diverged"
            return True
        self._state, self._epoch = state, figures.epoch
        self._compare(figures)
        self._reason = next(
            (why for why, n in self._stale.items() if n >= self._stopping.patience), None
        )
        return self._reason is not None

    def interrupt(self, state: State) -> None:
        """Take over the state in the middle of an epoch, unless it has diverged in it."""
        if _is_finite(state):
            self._state = state

    def outcome(self, reason: Reason) -> Outcome:
        """Return what became of it; `reason` counts unless it has ended by itself."""
        state, epoch = self._best or (self._state, self._epoch)
        return Outcome(
            state=state,
            history=_columns(EpochFigures, self._epochs),
            step_history=_columns(StepFigures, self._steps),
            reason=self._reason or reason,
            best_epoch=epoch,
        )

    def to_store(self) -> tuple[Facts, Arrays]:
        """Return all that has been recorded so far, as facts for JSON and as arrays."""
        facts: Facts = {"epoch": self._epoch, "reason": self._reason, "stale": dict(self._stale)}
        # No facts: JSON knows no infinity.
        arrays = {"marks": np.array([self._lowest_loss, *self._best_score], dtype=np.float64)}
        arrays |= _with_prefix("history", _columns(EpochFigures, self._epochs))
        if self._steps:
            arrays |= _with_prefix("steps", _columns(StepFigures, self._steps))
        facts["n_steps"], of_state = _stored_state("last", self._state)
        arrays |= of_state
        if self._best is not None:
            state, facts["best_epoch"] = self._best
            facts["best_n_steps"], of_state = _stored_state("best", state)
            arrays |= of_state
        return facts, arrays

    def restore(self, facts: Facts, arrays: Arrays) -> None:
        """Go on from what `to_store` has returned.

        Raises
        ------
        ValueError, TypeError, KeyError
            If that makes no sense.
        """
        epochs = _read_columns(EpochFigures, arrays, "history")
        self._epochs = [EpochFigures(*figures) for figures in zip(*epochs, strict=True)]
        if "steps step" in arrays:
            self._steps = [StepFigures(*_read_columns(StepFigures, arrays, "steps"))]
        stale: dict[Reason, int] = {
            why: check_integer(why, facts["stale"][why], at_least=0) for why in self._stale
        }
        marks = check_stored(arrays["marks"], "marks", "f", (3,)).tolist()
        self._stale, self._lowest_loss, self._best_score = stale, marks[0], (marks[1], marks[2])
        start = self._state
        self._state = _read_state("last", facts["n_steps"], arrays, start)
        self._epoch = check_integer("epoch", facts["epoch"], at_least=0)
        if "best_epoch" in facts:
            best = _read_state("best", facts["best_n_steps"], arrays, start)
            self._best = best, check_integer("best_epoch", facts["best_epoch"], at_least=1)
        if facts["reason"] is not None:
            check_choice("reason", facts["reason"], get_args(Reason))
        self._reason = facts["reason"]
        best_epoch = 0 if self._best is None else self._best[1]
        if not best_epoch <= self._epoch <= len(self._epochs):
            raise ValueError(f"epoch {best_epoch} is best of {self._epoch}")

    def _compare(self, figures: EpochFigures) -> None:
        """Count for how many epochs there has been no progress, and remember the best."""
        if self._stopping.tol is not None:
            progress = figures.loss < self._lowest_loss - self._stopping.tol
            self._stale["tol"] = 0 if progress else self._stale["tol"] + 1
            self._lowest_loss = min(self._lowest_loss, figures.loss)
        if self._stopping.early:
            score = figures.validation_accuracy, -figures.validation_loss
            better = score > self._best_score
            self._stale["early_stopping"] = 0 if better else self._stale["early_stopping"] + 1
            if better:
                self._best_score, self._best = score, (self._state, figures.epoch)


def _is_finite(state: State) -> bool:
    return bool(np.isfinite(state.weights).all())


def _columns(kind: Any, records: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """Return the records as one array a field."""
    if not records:
        return {name: np.empty(0) for name in kind._fields}
    columns = zip(*records, strict=True)
    return {name: np.hstack(column) for name, column in zip(kind._fields, columns, strict=True)}


def _with_prefix(prefix: str, columns: dict[str, NDArray[Any]]) -> Arrays:
    return {f"{prefix} {name}": column for name, column in columns.items()}


def _read_columns(kind: Any, arrays: Arrays, prefix: str) -> list[NDArray[Any]]:
    """Return the arrays of a history, one a field and all equally long."""
    names = [f"{prefix} {name}" for name in kind._fields]
    shape = (len(arrays[names[0]]),)
    return [check_stored(arrays[name], name, "if", shape) for name in names]


def _stored_state(name: str, state: State) -> tuple[int, Arrays]:
    return state.n_steps, {f"{name} weights": state.weights, f"{name} moments": state.moments}


def _read_state(name: str, n_steps: object, arrays: Arrays, like: State) -> State:
    """Return a state of the shapes and types of another."""
    weights, moments = arrays[f"{name} weights"], arrays[f"{name} moments"]
    for found, wanted in ((weights, like.weights), (moments, like.moments)):
        check_stored(found, f"{name} state", "f", wanted.shape)
        if found.dtype != wanted.dtype:
            raise ValueError(f"its weights are {found.dtype}, expected {wanted.dtype}")
    state = State(weights, moments, check_n_steps(n_steps))
    if not _is_finite(state):
        raise ValueError("its weights are not finite")
    return state
