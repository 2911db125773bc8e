"""What a sweep found out: one trial for each setting and split, and the table of them all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane.linear_model._grid import Params

History = dict[str, NDArray[Any]]

# Means over folds that differ by less than this differ in their rounding only.
_DECIMALS = 12


# The figures of a trial, and what a history calls them.
FIGURES = {
    "validation_accuracy": "validation_accuracy",
    "validation_loss": "validation_loss",
    "train_accuracy": "train_accuracy",
    "train_loss": "data_loss",
}


@dataclass(frozen=True)
class Trial:
    """What one setting gave on one split."""

    history: History
    """The figures of each epoch; see `LinearClassifier.history_`."""
    figures: Mapping[str, float]
    """Those named in `FIGURES`, of the weights that were kept; NaN after divergence."""
    learning_rate: float
    """The base of the schedule."""
    status: str
    """How training ended, in words."""
    diverged: bool
    """Whether it ended because the loss grew without bounds."""
    seconds: float
    """This setting's share of the time that training took."""


Trials = Sequence[Sequence[Trial]]
"""The trials of each setting, one a split; fewer if the setting diverged."""


def make_results(
    given: Sequence[Params], settings: Sequence[Params], trials: Trials, n_splits: int
) -> dict[str, Any]:
    """Return the table of results, one row a setting.

    Parameters
    ----------
    given : sequence of dict
        The parameters of each setting that the grid names.
    settings : sequence of dict
        All its parameters.
    trials : sequence of sequence of Trial
        The trials of each setting.
    n_splits : int
        Trials of a setting that did not diverge.

    Returns
    -------
    dict
        Columns of equal length; see `LinearClassifierSweep.results_`.
    """
    names = dict.fromkeys(name for params in given for name in params)
    columns: dict[str, Any] = {f"param_{name}": _column(settings, name) for name in names}
    columns["params"] = list(given)
    figures = {name: np.full((len(trials), n_splits), np.nan) for name in FIGURES}
    for row, tried in enumerate(trials):
        for split, trial in enumerate(tried):
            for name, value in trial.figures.items():
                figures[name][row, split] = value
    for name, values in figures.items():
        columns[name] = values.mean(axis=1)  # NaN if the setting has diverged anywhere
        if name == "validation_accuracy" and n_splits > 1:
            columns[f"{name}_std"] = values.std(axis=1)
            columns |= {f"{name}_split{split}": column for split, column in enumerate(values.T)}
    columns["learning_rate"] = np.array([np.mean([t.learning_rate for t in ts]) for ts in trials])
    columns["n_iter"] = np.array([np.mean([len(t.history["epoch"]) for t in ts]) for ts in trials])
    columns["status"] = [status_of(tried) for tried in trials]
    columns["rank"] = rank_settings(columns["validation_accuracy"], columns["validation_loss"])
    columns["fit_time"] = np.array([sum(trial.seconds for trial in tried) for tried in trials])
    return columns


def rank_settings(accuracy: NDArray[np.float64], loss: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places of the settings, from 1: by accuracy, then by loss, then in order.

    Settings without an accuracy share the place behind all others.
    """
    ranks = np.empty(len(accuracy), dtype=np.int64)
    ranks[np.lexsort((loss, -np.round(accuracy, _DECIMALS)))] = np.arange(1, len(accuracy) + 1)
    failed = np.isnan(accuracy)
    ranks[failed] = len(accuracy) - failed.sum() + 1
    return ranks


def mean_history(histories: Sequence[History]) -> History:
    """Return the mean of each figure over the splits, for the epochs that all of them reached."""
    n_epochs = min(len(history["epoch"]) for history in histories)
    first = histories[0]
    return {
        name: np.mean([history[name][:n_epochs] for history in histories], axis=0).astype(
            first[name].dtype
        )
        for name in first
    }


def _column(settings: Sequence[Params], name: str) -> Any:
    """Return the values of a parameter as an array if they are all numbers, else as a list."""
    values = [setting[name] for setting in settings]
    plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return np.array(values) if plain else values


def status_of(tried: Sequence[Trial]) -> str:
    """Return how training ended: as in the last split if that diverged, else in all of them."""
    if tried[-1].diverged:
        return tried[-1].status
    return ", ".join(dict.fromkeys(trial.status for trial in tried))
