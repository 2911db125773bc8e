"""The sweep of the report: learning rates and penalties, as many epochs as there is time for."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from nearplane.datasets import ImageDataset
from nearplane.display import LearningRateDisplay
from nearplane.linear_model import LinearClassifier, LinearClassifierSweep
from nearplane.report._folds import Splits
from nearplane.report._linear_results import Curve, RateResult, SweepResult

# Multiples of the rate chosen automatically: from too low to too high on any data.
_FACTORS = (0.01, 0.1, 1.0, 10.0, 100.0)
_ALPHAS = (1e-4, 1e-3, 1e-2, 1e-1)
# Enough to tell settings apart.
_MOST_EPOCHS = 10
_FEWEST_EPOCHS = 2
# Multiply-adds of the scores in a sweep: some ten seconds on two cores.
_MOST_WORK = 3.2e11
_CURVES = ("epoch", "data_loss", "train_accuracy", "validation_loss", "validation_accuracy")


class SweepPlan(NamedTuple):
    """How thorough a sweep is."""

    n_epochs: int
    n_folds: int
    """How many of the folds it is judged by."""


def plan_sweep(images: ImageDataset, *, n_epochs: int, n_folds: int) -> SweepPlan:
    """Choose how long settings are trained and on how many folds, by the work that is.

    Parameters
    ----------
    images : ImageDataset
    n_epochs : int
        Of the final training, which a sweep's is never longer than.
    n_folds : int
        Number of folds there are.

    Returns
    -------
    SweepPlan
        All folds where that is quick, otherwise only one of them.
    """
    n_settings = len(_FACTORS) * len(_ALPHAS)
    n_weights = images.X_train[0].size * len(images.class_names)
    work = float(len(images.X_train)) * n_weights * n_settings
    affordable = max(_FEWEST_EPOCHS, int(_MOST_WORK // work))
    epochs = min(n_epochs, _MOST_EPOCHS, affordable)
    return SweepPlan(epochs, n_folds if n_folds * epochs * work <= _MOST_WORK else 1)


def run_sweep(
    images: ImageDataset, splits: Splits, model: LinearClassifier, n_epochs: int
) -> SweepResult:
    """Train every learning rate with every penalty, all in one pass over the rows of a fold.

    Parameters
    ----------
    images : ImageDataset
    splits : list of (training rows, held-out rows)
        What settings are judged by.
    model : LinearClassifier
        Has all other parameters.
    n_epochs : int

    Returns
    -------
    SweepResult

    Raises
    ------
    ValueError
        If every setting diverges.
    """
    start = perf_counter()
    automatic = _automatic_rate(images, model)
    # One digit of it, since ten times as much is what the grid tells apart.
    rates = [float(f"{factor * automatic:.0e}") for factor in _FACTORS]
    sweep = LinearClassifierSweep(
        clone(model).set_params(max_epochs=n_epochs),
        {"learning_rate": rates, "alpha": list(_ALPHAS)},
        cv=splits,
        refit=False,
        verbose=model.verbose,
    )
    sweep.fit(images.X_train, images.y_train)
    results = sweep.results_
    place = {
        (params["alpha"], params["learning_rate"]): row
        for row, params in enumerate(results["params"])
    }
    best = sweep.best_params_
    accuracy = results["validation_accuracy"]
    at_best = [place[best["alpha"], rate] for rate in rates]
    histories = {rate: sweep.histories_[row] for rate, row in zip(rates, at_best, strict=True)}
    losses = {
        rate: {"epoch": history["epoch"], "loss": history["data_loss"]}
        for rate, history in histories.items()
    }
    verdicts = LearningRateDisplay(histories=losses, best=best["learning_rate"]).verdicts_
    return SweepResult(
        loss=model.loss,
        automatic_rate=automatic,
        learning_rates=rates,
        alphas=list(_ALPHAS),
        accuracy=[as_curve(accuracy[[place[alpha, rate] for rate in rates]]) for alpha in _ALPHAS],
        best_learning_rate=best["learning_rate"],
        best_alpha=best["alpha"],
        rates=[
            RateResult(
                learning_rate=rate,
                verdict=_verdict(verdicts[rate], results["status"][row]),
                status=results["status"][row],
                history=as_curves(histories[rate]),
            )
            for rate, row in zip(rates, at_best, strict=True)
        ],
        n_epochs=n_epochs,
        seconds=perf_counter() - start,
    )


def _verdict(of_losses: str, status: str) -> str:
    """Return the verdict on a rate; its last losses may be those before a fold diverged."""
    return "diverged" if status.startswith("diverged") else of_losses


def _automatic_rate(images: ImageDataset, model: LinearClassifier) -> float:
    quick = clone(model).set_params(max_epochs=1, verbose=False)
    rate: float = quick.fit(images.X_train, images.y_train).learning_rate_
    return rate


def as_curves(history: Mapping[str, NDArray[Any]]) -> dict[str, Curve]:
    """Return what the page draws of a history, as JSON can hold it."""
    return {name: as_curve(history[name]) for name in _CURVES}


def as_curve(values: NDArray[Any]) -> Curve:
    """Return values as a list, None for those that are no finite numbers."""
    return [value if np.isfinite(value) else None for value in values.tolist()]
