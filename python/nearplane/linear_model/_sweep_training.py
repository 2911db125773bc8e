"""The training of a sweep: settings that can share a pass over the data do."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.utils import check_random_state

from nearplane._progress import Progress
from nearplane.linear_model._candidates import Candidate
from nearplane.linear_model._fitting import Problem, pose
from nearplane.linear_model._grid import group_settings, split_groups
from nearplane.linear_model._parameters import Parameters
from nearplane.linear_model._preprocessing import Preprocessing
from nearplane.linear_model._problem import Outcome
from nearplane.linear_model._sweep_splits import Split
from nearplane.linear_model._sweep_table import Trial, rank_settings

# In these, settings trained together may differ; they are the fields of a `TrainingSetting`.
OWN_PARAMETERS = frozenset(
    (
        "alpha",
        "decay",
        "epsilon",
        "l1_ratio",
        "learning_rate",
        "momentum",
        "optimizer",
        "penalty",
        "schedule",
        "warmup_epochs",
    )
)

# What the weights of settings trained together, and all that is kept beside them, may take.
_MAX_BYTES = 2**30

# Copies of its weights a setting needs: those in training and two moments, the same before the
# epoch, the same of the best epoch, and once more while they are compared.
_COPIES = 12

_STATUS = {
    "max_epochs": "finished",
    "early_stopping": "stopped early",
    "tol": "converged",
}


class Winner(NamedTuple):
    """The best of the settings seen so far, trained."""

    position: int
    """Which of the settings."""
    attributes: dict[str, Any]
    """What makes its model a fitted one."""


class SweepTraining:
    """The training of all settings on all splits.

    Parameters
    ----------
    candidates : sequence of Candidate
        The settings.
    splits : sequence of Split
        At least one, all of the same data.
    keep_winner : bool
        Whether to keep the weights of the best setting; only with a single split.

    Attributes
    ----------
    trials : list of list of Trial
        Of each setting, one a split, up to the one on which it diverged.
    winner : Winner or None
        The best setting, if it was to be kept and not all diverged.
    """

    def __init__(
        self, candidates: Sequence[Candidate], splits: Sequence[Split], *, keep_winner: bool
    ) -> None:
        self.trials: list[list[Trial]] = [[] for _ in candidates]
        self.winner: Winner | None = None
        self._candidates = candidates
        self._splits = splits
        self._keep_winner = keep_winner

    def run(self, progress: Progress | None) -> None:
        """Train every setting on every split; those that diverge on one are spared the others."""
        n_splits = len(self._splits)
        for number, split in enumerate(self._splits):
            note = f"(split {number + 1} of {n_splits})" if n_splits > 1 else ""
            passes = list(self._passes(split))
            n_settings = sum(map(len, passes))
            done = 0
            preprocessings: dict[Any, Preprocessing] = {}
            for group in passes:
                before = (number + done / n_settings) / n_splits
                part = len(group) / n_settings / n_splits
                self._train(group, split, preprocessings, _part(progress, before, part, note))
                done += len(group)

    def _passes(self, split: Split) -> Iterator[list[int]]:
        """Yield the settings of each pass over the split, without those that have diverged."""
        going = [i for i, tried in enumerate(self.trials) if not (tried and tried[-1].diverged)]
        settings = [self._candidates[i].params for i in going]
        itemsize = 8 if split.data.X.dtype == np.float64 else 4
        n_weights = len(split.data.classes) * (split.data.X.shape[1] + 1)
        at_once = max(1, _MAX_BYTES // (_COPIES * n_weights * itemsize))
        for group in group_settings(settings, OWN_PARAMETERS):
            alone = settings[group[0]]["solver"] == "lbfgs"
            for part in split_groups([group], 1 if alone else at_once):
                yield [going[i] for i in part]

    def _train(
        self,
        group: Sequence[int],
        split: Split,
        preprocessings: dict[Any, Preprocessing],
        progress: Callable[[float], None],
    ) -> None:
        """Train some settings together; `preprocessings` are those of passes before."""
        candidates = [self._candidates[i] for i in group]
        shared = candidates[0]
        random_state = check_random_state(shared.model.random_state)
        training, validation = split.samples(shared, random_state)
        key = shared.parameters.preprocess, joblib.hash(shared.model.class_weight)
        problem = pose(shared.parameters, split.data, training, validation, preprocessings.get(key))
        preprocessings[key] = problem.preprocessing
        rates = [problem.learning_rate(candidate.parameters) for candidate in candidates]
        if shared.parameters.solver == "lbfgs":
            outcomes, seconds = _minimise(problem, shared.parameters, progress)
        else:
            outcomes, seconds = _descend(problem, candidates, rates, random_state, progress)
        figures = split.figures(problem, candidates, rates, outcomes)
        for place, (position, outcome) in enumerate(zip(group, outcomes, strict=True)):
            self.trials[position].append(
                Trial(
                    history=outcome.history,
                    figures=figures[place],
                    learning_rate=rates[place],
                    status=_status(outcome),
                    diverged=outcome.reason == "diverged",
                    seconds=seconds[place],
                )
            )
        if self._keep_winner:
            self._compare(problem, group, rates, outcomes)

    def _compare(
        self,
        problem: Problem,
        group: Sequence[int],
        rates: Sequence[float],
        outcomes: Sequence[Outcome],
    ) -> None:
        """Keep the best of some settings, unless the winner so far is better still."""
        rivals = [i for i in group if not self.trials[i][0].diverged]
        if self.winner is not None:
            rivals.append(self.winner.position)
        if not rivals:
            return
        rivals.sort()
        trials = [self.trials[i][0] for i in rivals]
        ranks = rank_settings(
            np.array([trial.figures["validation_accuracy"] for trial in trials]),
            np.array([trial.figures["validation_loss"] for trial in trials]),
        )
        best = rivals[int(ranks.argmin())]
        if best in group:
            place = group.index(best)
            attributes = problem.attributes(
                outcomes[place], rates[place], self._candidates[best].parameters
            )
            self.winner = Winner(best, attributes)


def _part(
    progress: Progress | None, before: float, part: float, note: str
) -> Callable[[float], None]:
    """Return what is told how much is done of one part of the work, behind what was `before`."""

    def show(fraction: float) -> None:
        if progress is not None:
            progress(before + fraction * part, note)

    return show


def _descend(
    problem: Problem,
    candidates: Sequence[Candidate],
    rates: Sequence[float],
    random_state: np.random.RandomState,
    progress: Callable[[float], None],
) -> tuple[list[Outcome], list[float]]:
    """Train settings in one pass; return what became of them, and the seconds each has cost."""
    settings = [
        candidate.parameters.setting(rate)
        for candidate, rate in zip(candidates, rates, strict=True)
    ]
    training = problem.training_run(candidates[0].parameters, settings, None, random_state)
    seconds = []
    while not training.finished:
        began = time.perf_counter()
        training.run_epoch(progress)
        seconds.append(time.perf_counter() - began)
    outcomes = training.outcomes()
    return outcomes, _shares([len(outcome.history["epoch"]) for outcome in outcomes], seconds)


def _minimise(
    problem: Problem, parameters: Parameters, progress: Callable[[float], None]
) -> tuple[list[Outcome], list[float]]:
    """Find the optimum of one setting; return that, and the seconds it took."""

    def after_iteration(fraction: float) -> bool:
        progress(fraction)
        return False

    began = time.perf_counter()
    minimisation = problem.minimisation(parameters, None)
    minimisation.run(after_iteration)
    return minimisation.outcomes(), [time.perf_counter() - began]


def _shares(n_epochs: Sequence[int], seconds: Sequence[float]) -> list[float]:
    """Divide the seconds of each epoch among the settings that took part in it."""
    lengths = np.array(n_epochs)
    taking_part = (lengths[:, np.newaxis] > np.arange(len(seconds))).sum(axis=0)
    each = np.concatenate([[0.0], np.cumsum(np.array(seconds) / taking_part)])
    shares: list[float] = each[lengths].tolist()
    return shares


def _status(outcome: Outcome) -> str:
    if outcome.reason == "diverged":
        return f"diverged at epoch {len(outcome.history['epoch'])}"
    return _STATUS[outcome.reason]
