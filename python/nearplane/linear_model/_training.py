"""Train any number of settings at once on one reading of the data.

`LinearClassifier` trains one setting, `LinearClassifierSweep` many; both do it so::

    training = Training(model, settings, samples, validation, ...)
    try:
        while not training.finished:
            training.run_epoch(progress)
    except KeyboardInterrupt:
        ...                           # keep what training.outcomes() says, then raise
        raise
    outcomes = training.outcomes()    # one for each setting, whatever happened to it

What `Training` decides: which rows make a batch (the same for every setting, however many there
are), the learning rate of each step, what is recorded, and when a setting is done. The arithmetic
is the core's. A setting that is done leaves the core at once, and the others go on undisturbed.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane._penalties import penalty_value
from nearplane._persistence import Arrays, Facts
from nearplane._validation import check_integer
from nearplane.linear_model._course import Course, EpochFigures, StepFigures
from nearplane.linear_model._generator import generator_state, set_generator_state
from nearplane.linear_model._problem import (
    LinearModel,
    Outcome,
    Reason,
    Samples,
    State,
    Stopping,
    TrainingSetting,
    batch_sizes,
    check_n_steps,
)
from nearplane.linear_model._schedules import rate_factors


class Training:
    """A training run.

    Parameters
    ----------
    model : LinearModel
        What the settings share.
    settings : sequence of TrainingSetting
        At least one.
    training : Samples
        What to learn from.
    validation : Samples, default=None
        What to be judged by after each epoch.
    batch_size : int or None
        The largest number of rows of a step; see `batch_sizes`.
    max_epochs : int
        Where the schedules end.
    shuffle : bool
        Whether batches differ from epoch to epoch.
    random_state : RandomState
        If `shuffle`, it draws one permutation of the rows an epoch, whatever the settings.
    stopping : Stopping
        When a setting is done before; ``early`` needs `validation`.
    n_threads : int
        Number of threads; changes no bit of the weights.
    start : State, default=None
        What every setting starts from; None: zeros.
    record_steps : bool, default=False
        Whether to keep figures of every step too.

    Attributes
    ----------
    epoch : int
        Epochs finished.
    """

    def __init__(
        self,
        model: LinearModel,
        settings: Sequence[TrainingSetting],
        training: Samples,
        validation: Samples | None = None,
        *,
        batch_size: int | None,
        max_epochs: int,
        shuffle: bool,
        random_state: np.random.RandomState,
        stopping: Stopping,
        n_threads: int,
        start: State | None = None,
        record_steps: bool = False,
    ) -> None:
        self.epoch = 0
        self._settings = list(settings)
        self._training = training
        self._validation = validation
        self._batch_sizes = batch_sizes(len(training.rows), batch_size)
        self._max_epochs = max_epochs
        self._shuffle = shuffle
        self._rng = random_state
        self._n_threads = n_threads
        self._record_steps = record_steps
        self._trainer = model.trainer(
            [setting.for_core() for setting in settings], training.X.shape[1]
        )
        if start is not None:
            n_settings = len(self._settings)
            self._trainer.set_weights(_for_each(n_settings, start.weights, model.dtype, axis=0))
            moments = _for_each(n_settings, start.moments, model.dtype, axis=1)
            self._trainer.set_moments(moments, start.n_steps)
        zero_loss = model.zero_loss()
        self._courses = [Course(state, stopping, zero_loss) for state in self._states()]
        self._active = list(range(len(self._courses)))

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        return not self._active or self.epoch == self._max_epochs

    def run_epoch(self, progress: Callable[[float], object] | None = None) -> None:
        """Let every setting that is not done see each training row once.

        Parameters
        ----------
        progress : callable, default=None
            Takes the fraction done of all epochs.
        """
        rows = self._training.rows
        if self._shuffle:
            rows = self._rng.permutation(rows)
        learning_rates = self._learning_rates(len(self._batch_sizes))
        done, total = self.epoch, self._max_epochs
        trace = self._trainer.run_epoch(
            self._training.X,
            self._training.y,
            rows,
            self._training.sample_weight,
            learning_rates=learning_rates,
            n_threads=self._n_threads,
            progress=progress and (lambda fraction: progress((done + fraction) / total)),
        )
        self.epoch += 1
        with np.errstate(over="ignore", invalid="ignore"):  # of what diverges
            staying = np.flatnonzero(self._record(trace, learning_rates)).tolist()
        if 0 < len(staying) < len(self._active):
            self._trainer.keep(staying)
        self._active = [self._active[i] for i in staying]

    def outcomes(self) -> list[Outcome]:
        """Return what became of each setting so far, in the order they were given."""
        if self._active:
            for place, state in zip(self._active, self._states(), strict=True):
                self._courses[place].interrupt(state)
        reason: Reason = "max_epochs" if self.epoch == self._max_epochs else "interrupted"
        return [course.outcome(reason) for course in self._courses]

    def to_store(self) -> tuple[Facts, Arrays]:
        """Return where training has got to with its last epoch, as facts for JSON and as arrays."""
        generator, key = generator_state(self._rng)
        stored = [course.to_store() for course in self._courses]
        arrays: Arrays = {"generator": key}
        for place, (_, of_course) in enumerate(stored):
            arrays |= {f"{place} {name}": array for name, array in of_course.items()}
        return {
            "epoch": self.epoch,
            "generator": generator,
            "n_steps": self._trainer.n_steps,
            "courses": [facts for facts, _ in stored],
        }, arrays

    def restore(self, facts: Facts, arrays: Arrays) -> None:
        """Go on from what `to_store` has returned, as that training would have, to the last bit.

        To be called before the first epoch, of a training that was given the same.

        Raises
        ------
        ValueError, TypeError, KeyError
            If that is no state of such a training.
        """
        self.epoch = check_integer("epoch", facts["epoch"], at_least=0)
        if self.epoch > self._max_epochs:
            raise ValueError(f"its epoch {self.epoch} is beyond the last, {self._max_epochs}")
        for place, (course, stored) in enumerate(zip(self._courses, facts["courses"], strict=True)):
            prefix = f"{place} "
            own = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
            course.restore(stored, own)
            if not (course.done or course.n_epochs == self.epoch):
                raise ValueError(f"epoch {self.epoch} has a history of {course.n_epochs}")
        set_generator_state(self._rng, facts["generator"], arrays["generator"])
        self._active = [place for place in self._active if not self._courses[place].done]
        if not self._active:
            return
        if len(self._active) < len(self._courses):
            self._trainer.keep(self._active)
        states = [self._courses[place].state for place in self._active]
        self._trainer.set_weights(np.stack([state.weights for state in states]))
        n_steps = check_n_steps(facts["n_steps"])
        self._trainer.set_moments(np.stack([state.moments for state in states], axis=1), n_steps)

    def lowest_loss(self) -> float:
        """Return the lowest loss of the last epoch among the settings still training, or NaN."""
        return min((self._courses[place].last_loss for place in self._active), default=np.nan)

    def _states(self) -> list[State]:
        """Return the state of each setting still training, in memory of its own."""
        weights, moments = self._trainer.weights(), self._trainer.moments()
        n_steps = self._trainer.n_steps
        return [
            State(weights[i].copy(), moments[:, i].copy(), n_steps)
            for i in range(self._trainer.n_settings)
        ]

    def _learning_rates(self, n_batches: int) -> NDArray[np.float64]:
        """Return the rate of each step of the epoch for each setting: (n_batches, n_settings)."""
        settings = [self._settings[place] for place in self._active]
        columns = [
            setting.learning_rate
            * rate_factors(
                setting.schedule,
                epoch=self.epoch,
                n_batches=n_batches,
                n_epochs=self._max_epochs,
                warmup_epochs=setting.warmup_epochs,
            )
            for setting in settings
        ]
        return np.stack(columns, axis=1)

    def _record(self, trace: _core.EpochTrace, learning_rates: NDArray[np.float64]) -> list[bool]:
        """Take down the epoch of each setting that took part; return whether each goes on."""
        n_rows = len(self._training.rows)
        data_losses = _mean_losses(trace.losses, self._batch_sizes)
        ratios = _update_ratios(trace)
        if self._validation is None:
            validation_loss = validation_accuracy = np.full(len(self._active), np.nan)
        else:
            validation_loss, validation_accuracy = self._validation.evaluate(
                self._trainer, self._n_threads
            )
        steps = np.arange(len(ratios)) + self._trainer.n_steps - len(ratios) + 1
        goes_on = []
        for i, (place, state) in enumerate(zip(self._active, self._states(), strict=True)):
            setting = self._settings[place]
            penalty = penalty_value(state.weights[:, :-1], setting.l1, setting.l2)
            figures = EpochFigures(
                epoch=self.epoch,
                loss=data_losses[i] + penalty,
                data_loss=data_losses[i],
                penalty=penalty,
                learning_rate=learning_rates[:, i].mean(),
                train_accuracy=trace.n_correct[i] / n_rows,
                validation_accuracy=validation_accuracy[i],
                validation_loss=validation_loss[i],
                update_ratio=ratios[:, i].mean() if len(ratios) else np.nan,
            )
            rates = learning_rates[: len(ratios), i]
            kept = StepFigures(steps, trace.losses[:, i], rates, ratios[:, i])
            done = self._courses[place].record(figures, kept if self._record_steps else None, state)
            goes_on.append(not done)
        return goes_on


def _for_each(n_settings: int, values: NDArray[Any], dtype: str, *, axis: int) -> NDArray[Any]:
    """Return `values` in that type, as often as there are settings, along a new axis."""
    return np.stack([values.astype(dtype, copy=False)] * n_settings, axis=axis)


def _mean_losses(losses: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each setting's mean over the rows; NaN if not all batches have been seen."""
    if len(losses) < len(sizes):
        return np.full(losses.shape[1], np.nan)
    # Column by column: a product with all at once rounds otherwise than one with a single setting.
    columns = np.ascontiguousarray(losses.T)
    return np.array([float(sizes @ column) for column in columns]) / int(sizes.sum())


def _update_ratios(trace: _core.EpochTrace) -> NDArray[np.float64]:
    """Return the norm of each step's change over that of the weights; 0 if these are all 0."""
    moved, norms = trace.update_norms, trace.weight_norms
    ratios: NDArray[np.float64] = np.divide(moved, norms, out=np.zeros_like(moved), where=norms > 0)
    return ratios
