"""The run of the linear classifiers: choose learning rate and penalty, train, test."""

import warnings
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from nearplane.datasets import ImageDataset
from nearplane.linear_model import LinearClassifier, LinearClassifierSweep
from nearplane.losses import loss_from_scores
from nearplane.report._folds import make_folds
from nearplane.report._linear_results import LOSSES, LinearResults, LossResult
from nearplane.report._linear_sweep import as_curves, plan_sweep, run_sweep
from nearplane.report._testing import only_right, run_test
from nearplane.report._text import count, short_name

_PARAMETERS = (
    "optimizer",
    "momentum",
    "schedule",
    "batch_size",
    "max_epochs",
    "preprocess",
    "penalty",
)


class LinearRun(NamedTuple):
    """What the run found, and the classifiers, whose weights the page shows."""

    results: LinearResults
    models: dict[str, LinearClassifier]
    """By loss; fitted to all training rows."""


def run_linear(
    images: ImageDataset,
    *,
    n_epochs: int | None = None,
    n_folds: int = 5,
    random_state: int = 0,
    n_jobs: int | None = None,
    verbose: bool = False,
    on_stage: Callable[[str], object] = lambda _: None,
) -> LinearRun:
    """Choose learning rate and penalty of a linear classifier with each loss, and test it.

    The folds are those of `run_knn`. Settings are judged by all of them if that is quick,
    otherwise by the first. The chosen one is trained twice: without the held-out rows, to be
    watched on them, and on all training rows, to be tested.

    Parameters
    ----------
    images : ImageDataset
        As `run_knn` takes them.
    n_epochs : int, default=None
        How often each training row is seen; None leaves it to `LinearClassifier`. Settings are
        compared after 2 to 10 epochs, never more than these.
    n_folds : int, default=5
        Parts of the training rows.
    random_state : int, default=0
        Seed of the folds and of the order of the rows.
    n_jobs : int, default=None
        Number of threads, as in `nearplane.argkmin`.
    verbose : bool, default=False
        Whether trainings show a bar.
    on_stage : callable, default does nothing
        Called with one line of text at the start of each stage.

    Returns
    -------
    LinearRun

    Raises
    ------
    ValueError
        If there are too few rows, or training diverges whatever the setting.
    """
    folds, splits = make_folds(images.y_train, n_folds, random_state)
    options: dict[str, Any] = {"random_state": random_state, "n_jobs": n_jobs, "verbose": verbose}
    if n_epochs is not None:
        options["max_epochs"] = n_epochs
    parameters = LinearClassifier(**options).get_params()
    plan = plan_sweep(images, n_epochs=parameters["max_epochs"], n_folds=folds.n_folds)
    splits = splits[: plan.n_folds]
    sweeps, results, models = {}, {}, {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the page shows what it warns of
        for loss in LOSSES:
            models[loss] = model = LinearClassifier(loss, **options)
            on_stage(f"{short_name(loss)}: trying learning rates and penalties")
            sweeps[loss] = run_sweep(images, splits, model, plan.n_epochs)
            model.set_params(
                learning_rate=sweeps[loss].best_learning_rate, alpha=sweeps[loss].best_alpha
            )
            on_stage(f"{short_name(loss)}: training, watched on what is held out")
            watched = LinearClassifierSweep(model, {}, cv=splits, refit=False, verbose=verbose)
            watched.fit(images.X_train, images.y_train)
            on_stage(f"{short_name(loss)}: training on all {count(len(images.y_train))}")
            results[loss] = _test(model, watched, images)
    outcome = LinearResults(
        parameters={name: parameters[name] for name in _PARAMETERS},
        n_folds=plan.n_folds,
        sweeps=list(sweeps.values()),
        losses=list(results.values()),
        n_only_right=only_right(results, len(images.y_test)),
    )
    return LinearRun(outcome, models)


def _test(
    model: LinearClassifier, watched: LinearClassifierSweep, images: ImageDataset
) -> LossResult:
    """Fit to all training rows and label the test rows."""
    start = perf_counter()
    model.fit(images.X_train, images.y_train)
    seconds = perf_counter() - start
    history = watched.histories_[0]
    zeros = np.zeros((1, len(model.classes_)))
    return LossResult(
        loss=model.loss,
        learning_rate=model.learning_rate_,
        alpha=model.alpha,
        n_epochs=model.n_iter_,
        train_accuracy=float(history["train_accuracy"][-1]),
        zero_loss=float(loss_from_scores(zeros, [0], loss=model.loss)[0]),
        history=as_curves(history),
        best_validation_accuracy=float(watched.results_["validation_accuracy"][0]),
        best_validation_std=_deviation(watched),
        fit_seconds=seconds,
        model_bytes=model.coef_.nbytes + model.intercept_.nbytes,
        **run_test(model, images)._asdict(),
    )


def _deviation(watched: LinearClassifierSweep) -> float | None:
    """Return the standard deviation of the validation accuracy over the folds, if several."""
    if watched.n_splits_ == 1:
        return None
    return float(watched.results_["validation_accuracy_std"][0])
