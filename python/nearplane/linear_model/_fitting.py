"""From the parameters and the data to a training problem, and from its outcome to attributes.

`LinearClassifier` and `LinearClassifierSweep` both fit in these steps::

    parameters = read_parameters(estimator)
    data = read_labelled(X, y, sample_weight, ...).weighted_by_class(estimator.class_weight)
    problem = pose(parameters, data, data.samples(rows), validation)
    rate = problem.learning_rate(parameters)
    training = problem.training_run(parameters, [parameters.setting(rate)], ...)
    ...
    attributes = problem.attributes(outcome, rate, parameters)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nearplane._progress import Progress
from nearplane.linear_model._callbacks import EpochTasks
from nearplane.linear_model._data import LabelledData
from nearplane.linear_model._exact import Minimisation
from nearplane.linear_model._learning_rate import FeatureScale, feature_scale
from nearplane.linear_model._parameters import Parameters
from nearplane.linear_model._preprocessing import Preprocessing, measure
from nearplane.linear_model._problem import (
    LinearModel,
    Outcome,
    Samples,
    State,
    TrainingSetting,
)
from nearplane.linear_model._training import Training

# A loss is clearly above another if rounding, or a step more, would not make it the smaller one.
_CLEARLY = 1.01


@dataclass(frozen=True)
class Problem:
    """What is to be learned, from what."""

    data: LabelledData
    model: LinearModel
    preprocessing: Preprocessing
    training: Samples
    validation: Samples | None

    @property
    def scale(self) -> FeatureScale:
        """How large the features are that the weights see; measured once."""
        # functools.cached_property has one lock for all threads before Python 3.12, which a child
        # of fork finds locked for ever.
        if "_scale" not in vars(self):
            vars(self)["_scale"] = feature_scale(
                self.training, self.preprocessing, fit_intercept=self.model.fit_intercept
            )
        scale: FeatureScale = vars(self)["_scale"]
        return scale

    def learning_rate(self, parameters: Parameters) -> float:
        """Return the learning rate, which may be automatic; NaN if there is no such thing."""
        if parameters.solver == "lbfgs":
            return np.nan
        if parameters.learning_rate is not None:
            return parameters.learning_rate
        return parameters.rate_for(self.model, self.scale, len(self.training.rows))

    def training_run(
        self,
        parameters: Parameters,
        settings: Sequence[TrainingSetting],
        start: State | None,
        random_state: np.random.RandomState,
    ) -> Training:
        """Return the training of settings by steps; `parameters` are what they share."""
        return Training(
            self.model,
            settings,
            self.training,
            self.validation,
            batch_size=parameters.batch_size,
            max_epochs=parameters.max_epochs,
            shuffle=parameters.shuffle,
            random_state=random_state,
            stopping=parameters.stopping,
            n_threads=parameters.n_threads,
            start=start,
            record_steps=parameters.record_steps,
        )

    def minimisation(self, parameters: Parameters, start: State | None) -> Minimisation:
        """Return the search for the exact optimum."""
        return Minimisation(
            self.model,
            parameters.l2,
            self.training,
            self.validation,
            max_epochs=parameters.max_epochs,
            tol=parameters.stopping.tol,
            n_threads=parameters.n_threads,
            start=start,
        )

    def attributes(
        self, outcome: Outcome, learning_rate: float, parameters: Parameters
    ) -> dict[str, Any]:
        """Return the attributes that make a `LinearClassifier` a fitted one."""
        record_steps = parameters.record_steps and parameters.solver == "sgd"
        coef, intercept = self.preprocessing.fold(outcome.state.weights)
        attributes = {
            "classes_": self.data.classes,
            "coef_": coef,
            "intercept_": intercept,
            "mean_": self.preprocessing.mean,
            "scale_": self.preprocessing.scale,
            "image_shape_": self.data.image_shape,
            "learning_rate_": learning_rate,
            "n_iter_": len(outcome.history["epoch"]),
            "best_epoch_": outcome.best_epoch,
            "stop_reason_": outcome.reason,
            "history_": outcome.history,
            "_moments": outcome.state.moments,
            "_n_steps": outcome.state.n_steps,
            "_optimizer": parameters.optimizer,
        }
        return attributes | ({"step_history_": outcome.step_history} if record_steps else {})


def pose(
    parameters: Parameters,
    data: LabelledData,
    training: Samples,
    validation: Samples | None,
    preprocessing: Preprocessing | None = None,
) -> Problem:
    """Return the problem that the parameters and the data pose.

    Parameters
    ----------
    parameters : Parameters
        Of several settings trained together those of any.
    data : LabelledData
        With the class weights.
    training, validation : Samples
        What to learn from, and what to be judged by.
    preprocessing : Preprocessing, default=None
        None: measured on `training`.
    """
    if preprocessing is None:
        preprocessing = measure(training, parameters.preprocess)
    model = parameters.model(len(data.classes), data.X.dtype, preprocessing)
    return Problem(data, model, preprocessing, training, validation)


def run(
    solver: Training | Minimisation,
    tasks: EpochTasks,
    attributes: Callable[[], dict[str, Any]],
    bar: Progress | None,
    after_epoch: Callable[[], object],
) -> None:
    """Train to the end, or until a callback has enough.

    Parameters
    ----------
    solver : Training or Minimisation
        What trains one setting.
    tasks : EpochTasks
        Is told of each epoch.
    attributes : callable
        Returns the attributes that make the estimator a fitted one at that point.
    bar : Progress or None
        Is moved.
    after_epoch : callable
        Is called after each epoch of a `Training`.
    """

    def progress(fraction: float) -> None:
        if bar is not None:
            loss = solver.lowest_loss()
            bar(fraction, "" if np.isnan(loss) else f"(loss {loss:.4g})")

    def after_iteration(fraction: float) -> bool:
        # SciPy tells when an iteration is over, not when one begins: the last may never end.
        progress(fraction)
        tasks.begin_epoch()
        return tasks.end_epoch(attributes)

    if isinstance(solver, Minimisation):
        solver.run(after_iteration)
        return
    while not solver.finished:
        tasks.begin_epoch()
        solver.run_epoch(progress)
        after_epoch()
        if tasks.end_epoch(attributes):
            return


def joined(before: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of one more epoch, with the histories of those before it."""
    n_before = len(before["history_"]["epoch"])
    after = attributes | {
        name: {
            field: np.concatenate([before[name][field], entries])
            for field, entries in attributes[name].items()
        }
        for name in ("history_", "step_history_")
        if name in before and name in attributes
    }
    after["history_"]["epoch"] = np.arange(1, len(after["history_"]["epoch"]) + 1)
    return after | {key: n_before + attributes[key] for key in ("n_iter_", "best_epoch_")}


def complaint(
    outcome: Outcome, problem: Problem, learning_rate: float, parameters: Parameters
) -> str | None:
    """Return what to warn of: training that diverged, ended too soon, or has come to nothing."""
    if parameters.solver == "lbfgs":
        return {
            "max_epochs": "lbfgs has not converged in max_epochs="
            f"{parameters.max_epochs} iterations; allow it more, or raise tol.",
            "diverged": "lbfgs has come upon a loss that is not finite; kept are the weights from "
            "before it. Some values of X, weights of rows or parameters are too large.",
        }.get(outcome.reason)
    if outcome.reason == "diverged":
        return divergence(outcome, learning_rate, parameters)
    zero_loss = problem.model.zero_loss()
    losses = outcome.history["loss"]
    # Recorded are the losses of batches on the way: only if they are high the end is looked at.
    if len(losses) == 0 or losses[-1] <= zero_loss:
        return None
    trainer = problem.model.trainer(
        [parameters.setting(learning_rate).for_core()], problem.training.X.shape[1]
    )
    trainer.set_weights(outcome.state.weights[np.newaxis])
    data_loss, _ = problem.training.evaluate(trainer, parameters.n_threads)
    loss = data_loss[0] + outcome.history["penalty"][outcome.best_epoch - 1]
    if loss <= zero_loss * _CLEARLY:
        return None
    return (
        f"After training the loss is {loss:.4g}, above {zero_loss:.4g}, that of weights that are "
        f"all 0: learning_rate={learning_rate:.3g} is too large, or max_epochs too small. "
        f"{_advice(parameters)}"
    )


def divergence(outcome: Outcome, learning_rate: float, parameters: Parameters) -> str | None:
    """Return what to say if the loss grew without bounds."""
    if outcome.reason != "diverged":
        return None
    return (
        f"Training diverged in epoch {int(outcome.history['epoch'][-1])} with "
        f"learning_rate={learning_rate:.3g}; kept are the weights from before it. "
        f"{_advice(parameters)}"
    )


def _advice(parameters: Parameters) -> str:
    other = "" if parameters.learning_rate is None else ", or 'auto'"
    return f"Choose a smaller learning_rate{other}."
