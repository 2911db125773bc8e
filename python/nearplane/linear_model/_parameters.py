"""The parameters of a linear classifier, checked."""

import os
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from nearplane._penalties import split_penalty
from nearplane._storage import FilePath
from nearplane._validation import (
    check_choice,
    check_flag,
    check_integer,
    check_real,
    resolve_n_jobs,
)
from nearplane.linear_model._learning_rate import FeatureScale, automatic_learning_rate
from nearplane.linear_model._preprocessing import PREPROCESS, Preprocessing
from nearplane.linear_model._problem import LinearModel, Optimizer, Stopping, TrainingSetting
from nearplane.linear_model._schedules import ConstantRate, Schedule, resolve_schedule
from nearplane.losses._arguments import LossOptions, read_options

SOLVERS = ("sgd", "lbfgs")
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)

# What lbfgs can minimise: losses whose gradient has no jumps.
SMOOTH_LOSSES = ("softmax", "squared_hinge", "ovr_logistic", "squared_error")

# RMSProp has nothing to correct the zero its mean square starts from: with Adam's decay of 0.999
# its first steps would be 30 times too long.
_DECAY = {"rmsprop": 0.9}
_ADAM_DECAY = 0.999


@dataclass(frozen=True)
class Parameters:
    """What the constructor of `LinearClassifier` was given, checked and resolved."""

    loss: LossOptions
    l1: float
    l2: float
    optimizer: Optimizer
    learning_rate: float | None
    """None: automatic."""
    schedule: Schedule
    warmup_epochs: float
    momentum: float
    decay: float
    epsilon: float
    batch_size: int | None
    max_epochs: int
    preprocess: str
    stopping: Stopping
    validation_fraction: float
    fit_intercept: bool
    shuffle: bool
    warm_start: bool
    solver: Literal["sgd", "lbfgs"]
    record_steps: bool
    checkpoint: FilePath | None
    n_threads: int
    verbose: bool

    def model(self, n_classes: int, dtype: Any, preprocessing: Preprocessing) -> LinearModel:
        """Return what is trained, for data of that many classes and that type."""
        return LinearModel(
            n_classes=n_classes,
            loss=self.loss.loss,
            dtype="float64" if self.solver == "lbfgs" or dtype == "float64" else "float32",
            margin=self.loss.margin,
            class_mean=self.loss.class_mean,
            fit_intercept=self.fit_intercept,
            center=preprocessing.mean,
            scale=preprocessing.factor,
        )

    def rate_for(self, model: LinearModel, scale: FeatureScale, n_rows: int) -> float:
        """Return the automatic learning rate for features of that scale."""
        return automatic_learning_rate(
            scale,
            model,
            optimizer=self.optimizer,
            momentum=self.momentum,
            l2=self.l2,
            batch_size=self.batch_size,
            n_rows=n_rows,
        )

    def setting(self, learning_rate: float) -> TrainingSetting:
        """Return what one of several settings trained together is trained with."""
        return TrainingSetting(
            learning_rate=learning_rate,
            schedule=self.schedule,
            warmup_epochs=self.warmup_epochs,
            optimizer=self.optimizer,
            l1=self.l1,
            l2=self.l2,
            momentum=self.momentum,
            decay=self.decay,
            epsilon=self.epsilon,
        )


def read_parameters(estimator: Any) -> Parameters:
    """Check the parameters of a `LinearClassifier`.

    Raises
    ------
    TypeError, ValueError
        If one is not as its docstring says; the message names it, and what was found.
    """
    given = estimator
    check_choice("optimizer", given.optimizer, OPTIMIZERS)
    check_choice("preprocess", given.preprocess, PREPROCESS)
    check_choice("solver", given.solver, SOLVERS)
    l1, l2 = split_penalty(given.penalty, given.alpha, given.l1_ratio)
    max_epochs = check_integer("max_epochs", given.max_epochs, at_least=1)
    decay = given.decay
    if decay is None:
        decay = _DECAY.get(given.optimizer, _ADAM_DECAY)
    parameters = Parameters(
        loss=read_options(given.loss, given.margin, given.class_reduction),
        l1=l1,
        l2=l2,
        optimizer=given.optimizer,
        learning_rate=_read_learning_rate(given.learning_rate),
        schedule=resolve_schedule(given.schedule),
        warmup_epochs=_read_warmup(given.warmup_epochs, max_epochs),
        momentum=check_real("momentum", given.momentum, at_least=0, below=1),
        decay=check_real("decay", decay, at_least=0, below=1),
        epsilon=check_real("epsilon", given.epsilon, above=0),
        batch_size=_read_batch_size(given.batch_size),
        max_epochs=max_epochs,
        preprocess=given.preprocess,
        stopping=Stopping(
            early=check_flag("early_stopping", given.early_stopping),
            tol=None if given.tol is None else check_real("tol", given.tol, at_least=0),
            patience=check_integer("n_iter_no_change", given.n_iter_no_change, at_least=1),
        ),
        validation_fraction=check_real(
            "validation_fraction", given.validation_fraction, above=0, below=1
        ),
        fit_intercept=check_flag("fit_intercept", given.fit_intercept),
        shuffle=check_flag("shuffle", given.shuffle),
        warm_start=check_flag("warm_start", given.warm_start),
        solver=given.solver,
        record_steps=check_flag("record_steps", given.record_steps),
        checkpoint=_read_checkpoint(given.checkpoint),
        n_threads=resolve_n_jobs(given.n_jobs),
        verbose=check_flag("verbose", given.verbose),
    )
    if parameters.solver == "lbfgs":
        _check_for_lbfgs(parameters)
    return parameters


def for_partial_fit(parameters: Parameters, class_weight: object) -> Parameters:
    """Return the parameters of one epoch of which it is not known how many will follow.

    Raises
    ------
    ValueError
        If one of them needs to see all rows at once.
    """
    if parameters.stopping.early:
        raise ValueError("early_stopping must be False for partial_fit, which has no epochs.")
    if parameters.checkpoint is not None:
        raise ValueError(
            "checkpoint must be None for partial_fit, which has no epochs; save keeps what it has "
            "learned."
        )
    if isinstance(class_weight, str):
        raise ValueError(
            f"class_weight must be None or a dict for partial_fit, which does not see all rows; "
            f"got {class_weight!r}."
        )
    return replace(parameters, max_epochs=1, schedule=ConstantRate(), warmup_epochs=0)


def _read_learning_rate(value: object) -> float | None:
    if isinstance(value, str) and value == "auto":
        return None
    if isinstance(value, str):
        raise ValueError(f"learning_rate must be 'auto' or a number above 0; got {value!r}.")
    return check_real("learning_rate", value, above=0)


def _read_warmup(value: object, max_epochs: int) -> float:
    warmup = check_real("warmup_epochs", value, at_least=0)
    if 0 < warmup >= max_epochs:
        raise ValueError(
            f"warmup_epochs must be smaller than max_epochs = {max_epochs}; got {value!r}."
        )
    return warmup


def _read_batch_size(value: object) -> int | None:
    return None if value is None else check_integer("batch_size", value, at_least=1)


def _read_checkpoint(value: object) -> FilePath | None:
    if value is None or (
        isinstance(value, str | os.PathLike) and isinstance(os.fspath(value), str)
    ):
        return value
    raise TypeError(
        f"checkpoint must be None or the path of a file; got {value!r} of type "
        f"{type(value).__name__}."
    )


def _check_for_lbfgs(parameters: Parameters) -> None:
    if parameters.loss.loss not in SMOOTH_LOSSES:
        smooth = ", ".join(repr(loss) for loss in SMOOTH_LOSSES)
        raise ValueError(
            f"loss must be one of {smooth} for solver='lbfgs', which needs a smooth function; got "
            f"{parameters.loss.loss!r}. solver='sgd' takes it."
        )
    if parameters.l1:
        raise ValueError(
            "penalty must be 'l2' or None for solver='lbfgs', which needs a smooth function; "
            "solver='sgd' takes the others."
        )
    if parameters.stopping.early:
        raise ValueError(
            "early_stopping must be False for solver='lbfgs', which goes for the exact optimum."
        )
    if parameters.checkpoint is not None:
        raise ValueError(
            "checkpoint must be None for solver='lbfgs', the state of which SciPy keeps to itself; "
            "solver='sgd' takes a path."
        )
