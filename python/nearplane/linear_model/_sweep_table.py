"""What a sweep found out: one trial for each setting and split, and the table of them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane.linear_model._grid import Params

History = dict[str, NDArray[Any]]

# Means over folds that differ by less than this differ in their rounding only.
_DECIMALS = 12


@dataclass(frozen=True)
class Trial:
    """What one setting gave on one split."""

    history: History
    """The figures of each epoch; see `LinearClassifier.history_`."""
    best_epoch: int
    """The epoch whose weights were kept, counted from 1."""
    status: str
    """How training ended, in words."""
    diverged: bool
    """Whether it ended because the loss grew without bounds."""
    seconds: float
    """This setting's share of the time that training took."""

    def figure(self, name: str) -> float:
        """Return a figure of the epoch whose weights were kept; NaN after divergence."""
        return np.nan if self.diverged else float(self.history[name][self.best_epoch - 1])


Trials = Sequence[Sequence[Trial]]
"""The trials of each setting, one a split; fewer if the setting diverged."""


def make_results(
    settings: Sequence[Params], names: Sequence[str], trials: Trials, n_splits: int
) -> dict[str, Any]:
    """Return the table of results, one row a setting.

    Parameters
    ----------
    settings : sequence of dict
        All parameters of each setting.
    names : sequence of str
        The parameters that the grid names.
    trials : sequence of sequence of Trial
        The trials of each setting.
    n_splits : int
        Trials of a setting that did not diverge.

    Returns
    -------
    dict
        Columns of equal length; see `LinearClassifierSweep.results_`.
    """
    columns: dict[str, Any] = {f"param_{name}": _column(settings, name) for name in names}
    columns["params"] = [{name: setting[name] for name in names} for setting in settings]
    diverged = np.array([tried[-1].diverged for tried in trials])

    def figures(name: str) -> NDArray[np.float64]:
        values = np.full((len(trials), n_splits), np.nan)
        for row, tried in zip(values, trials, strict=True):
            row[: len(tried)] = [trial.figure(name) for trial in tried]
        return values

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(diverged, np.nan, values.mean(axis=1))

    accuracy = figures("validation_accuracy")
    columns["validation_accuracy"] = mean(accuracy)
    if n_splits > 1:
        columns["validation_accuracy_std"] = np.where(diverged, np.nan, accuracy.std(axis=1))
        for split, values in enumerate(accuracy.T):
            columns[f"validation_accuracy_split{split}"] = values
    for name, figure in {
        "validation_loss": "validation_loss",
        "train_accuracy": "train_accuracy",
        "train_loss": "data_loss",
    }.items():
        columns[name] = mean(figures(figure))
    columns["n_iter"] = np.array([np.mean([len(t.history["epoch"]) for t in ts]) for ts in trials])
    columns["status"] = [_status(tried) for tried in trials]
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


def _status(tried: Sequence[Trial]) -> str:
    """Return how training ended: as in the last split if that diverged, else in all of them."""
    if tried[-1].diverged:
        return tried[-1].status
    return ", ".join(dict.fromkeys(trial.status for trial in tried))
