"""The run of the linear classifiers: train, watch validation, test, vary the learning rate."""

import warnings
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from nearplane.datasets import ImageDataset
from nearplane.linear_model import LinearClassifier, LinearClassifierSweep
from nearplane.losses import loss_from_scores
from nearplane.report._linear_results import (
    LOSSES,
    Curve,
    LinearResults,
    LossResult,
    RateResult,
)
from nearplane.report._selection import validation_rows
from nearplane.report._testing import only_right, run_test
from nearplane.report._text import count, short_name

_CURVES = ("epoch", "data_loss", "train_accuracy", "validation_loss", "validation_accuracy")
# Multiples of the rate chosen automatically. What is too much depends on the images: it is the
# first of several, trained along with the others, that gains less than half of what that rate does.
_RATES = {"very low": 0.001, "low": 0.03, "automatic": 1.0}
_HIGH_RATES = (10.0, 30.0, 100.0, 300.0)
# Enough to tell the rates apart.
_RATES_EPOCHS = 20
_PARAMETERS = (
    "optimizer",
    "momentum",
    "schedule",
    "batch_size",
    "max_epochs",
    "preprocess",
    "penalty",
    "alpha",
)
_Model = TypeVar("_Model", LinearClassifier, LinearClassifierSweep)


class LinearRun(NamedTuple):
    """What the run found, and the classifiers, whose weights the page shows."""

    results: LinearResults
    models: dict[str, LinearClassifier]
    """By loss; fitted to all training images."""


def run_linear(
    images: ImageDataset,
    *,
    n_epochs: int | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    verbose: bool = False,
    on_stage: Callable[[str], object] = lambda _: None,
) -> LinearRun:
    """Train a linear classifier with each loss, test it, and try four learning rates.

    Each is trained twice: without the validation images of `run_knn`, to be watched on them, and
    on all training images, to be tested.

    Parameters
    ----------
    images : ImageDataset
        As `run_knn` takes them.
    n_epochs : int, default=None
        How often each training image is seen; None leaves it to `LinearClassifier`.
    random_state : int, default=0
        Seed of the validation split and of the order of the images.
    n_jobs : int, default=None
        Number of threads, as in `nearplane.argkmin`.
    verbose : bool, default=False
        Whether trainings show a bar.
    on_stage : callable, default does nothing
        Called with one line of text at the start of each stage.

    Returns
    -------
    LinearRun
    """
    rows = validation_rows(images.y_train, random_state)
    options: dict[str, Any] = {"random_state": random_state, "n_jobs": n_jobs, "verbose": verbose}
    if n_epochs is not None:
        options["max_epochs"] = n_epochs
    results, models = {}, {}
    for loss in LOSSES:
        n_fit = len(images.y_train) - len(rows)
        on_stage(f"{short_name(loss)}: training on {count(n_fit)} images, watched on the others")
        watched = _fit_without(images, rows, LinearClassifier(loss, **options))
        on_stage(f"{short_name(loss)}: training on all {count(len(images.y_train))} images")
        results[loss], models[loss] = _test(LinearClassifier(loss, **options), watched, images)
    on_stage(f"{short_name(LOSSES[0])}: trying learning rates")
    start = perf_counter()
    parameters = models[LOSSES[0]].get_params()
    n_epochs = min(parameters["max_epochs"], _RATES_EPOCHS)
    model = LinearClassifier(
        LOSSES[0], **options | {"max_epochs": n_epochs, "schedule": "constant"}
    )
    rates = _try_rates(images, rows, model, results[LOSSES[0]])
    outcome = LinearResults(
        parameters={name: parameters[name] for name in _PARAMETERS},
        losses=list(results.values()),
        n_only_right=only_right(results, len(images.y_test)),
        rates=rates,
        rates_seconds=perf_counter() - start,
    )
    return LinearRun(outcome, models)


def _fit_without(images: ImageDataset, rows: NDArray[np.intp], model: _Model) -> _Model:
    """Fit to the training images but `rows`, which become the validation set."""
    # Weights of zero leave rows out without a copy of all the others, and their classes in.
    weight = np.ones(len(images.y_train))
    weight[rows] = 0.0
    model.fit(
        images.X_train,
        images.y_train,
        sample_weight=weight,
        X_val=images.X_train[rows],
        y_val=images.y_train[rows],
    )
    return model


def _test(
    model: LinearClassifier, watched: LinearClassifier, images: ImageDataset
) -> tuple[LossResult, LinearClassifier]:
    """Fit to all training images and label the test images."""
    start = perf_counter()
    model.fit(images.X_train, images.y_train)
    seconds = perf_counter() - start
    history = watched.history_
    zeros = np.zeros((1, len(model.classes_)))
    result = LossResult(
        loss=model.loss,
        learning_rate=model.learning_rate_,
        n_epochs=model.n_iter_,
        train_accuracy=float(history["train_accuracy"][-1]),
        zero_loss=float(loss_from_scores(zeros, [0], loss=model.loss)[0]),
        history=_curves(history),
        best_validation_accuracy=float(history["validation_accuracy"][-1]),
        fit_seconds=seconds,
        model_bytes=model.coef_.nbytes + model.intercept_.nbytes,
        **run_test(model, images)._asdict(),
    )
    return result, model


def _curves(history: Mapping[str, NDArray[Any]]) -> dict[str, Curve]:
    """Return what the page draws of a history, as JSON can hold it."""
    return {
        name: [value if np.isfinite(value) else None for value in history[name].tolist()]
        for name in _CURVES
    }


def _try_rates(
    images: ImageDataset, rows: NDArray[np.intp], model: LinearClassifier, usual_run: LossResult
) -> list[RateResult]:
    """Train with multiples of the automatic learning rate, in one pass over the images."""
    automatic, zero_loss = usual_run.learning_rate, usual_run.zero_loss
    factors = [*_RATES.values(), *_HIGH_RATES]
    grid = {"learning_rate": [factor * automatic for factor in factors]}
    sweep = LinearClassifierSweep(model, grid, verbose=model.verbose)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the page shows what it warns of
        _fit_without(images, rows, sweep)
    last_losses = [history["data_loss"][-1] for history in sweep.histories_]
    usual = list(_RATES).index("automatic")
    half_way = (zero_loss + last_losses[usual]) / 2
    # Written so that a loss which is no number is too high.
    too_high = [
        place for place in range(usual + 1, len(factors)) if not last_losses[place] <= half_way
    ]
    highest = {too_high[0]: "too high"} if too_high else {len(factors) - 1: "high"}
    return [
        RateResult(
            name=name,
            learning_rate=factors[place] * automatic,
            factor=factors[place],
            status=sweep.results_["status"][place],
            history=_curves(sweep.histories_[place]),
        )
        for place, name in (dict(enumerate(_RATES)) | highest).items()
    ]
