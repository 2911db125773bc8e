"""Folds of a cross-validation, which train and judge as if each were all there is."""

import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import validate_data

from nearplane._cv_results import make_cv_results
from nearplane._cv_scoring import Metadata, Scorer, part_of, read_score
from nearplane._validation import with_names
from nearplane.linear_model._candidates import Candidate
from nearplane.linear_model._classifier import LinearClassifier
from nearplane.linear_model._data import ClassWeight, LabelledData, split_validation
from nearplane.linear_model._fitting import Problem
from nearplane.linear_model._grid import Params
from nearplane.linear_model._problem import Outcome, Samples
from nearplane.linear_model._sweep_splits import Split
from nearplane.linear_model._sweep_table import Trial, Trials, status_of

_COLUMNS: dict[str, Callable[[Trial], float]] = {
    "fit_time": lambda trial: trial.seconds,
    "score_time": lambda trial: trial.figures["score_time"],
    "learning_rate": lambda trial: trial.learning_rate,
    "n_iter": lambda trial: len(trial.history["epoch"]),
    "score": lambda trial: trial.figures["score"],
}


@dataclass(frozen=True)
class Judge:
    """What scores classifiers on rows that they have not learned from."""

    scorer: Scorer
    X: ArrayLike
    """As the user gave it."""
    data: LabelledData
    metadata: Metadata
    """For the scorer."""

    def given(self, rows: NDArray[np.int64]) -> tuple[Any, NDArray[Any], dict[str, Any]]:
        """Return what the scorer is told of some rows: features, labels and metadata."""
        labels = self.data.classes[self.data.y[rows]]
        metadata = part_of(self.metadata, rows, len(self.data.y))
        if hasattr(self.X, "columns"):  # a data frame, whose names a scorer may want
            return _safe_indexing(self.X, rows), labels, metadata
        return self.data.X[rows].reshape(-1, *self.data.image_shape), labels, metadata


@dataclass(frozen=True)
class Fold(Split):
    """A split whose settings are trained and scored like those of scikit-learn's GridSearchCV.

    Training knows no labels but those of its own rows, early stopping takes its validation set from
    them, and what is scored are predictions, by whatever scorer there is.
    """

    judge: Judge

    @classmethod
    def of(cls, split: Split, judge: Judge) -> "Fold":
        """Return the fold that has the rows of a split."""
        data = split.data
        present = np.unique(data.y[split.rows])
        if len(present) < len(data.classes):
            # Other labels become any of these; they are not among the rows to learn from.
            codes = np.searchsorted(present, data.y).clip(max=len(present) - 1)
            data = replace(data, y=codes, classes=data.classes[present])
        return cls(data, split.rows, split.validation, judge)

    def weighted(self, class_weight: ClassWeight) -> LabelledData:
        """Return the data with weights; those of classes that are absent do not count."""
        if isinstance(class_weight, Mapping):
            labels = self.data.classes.tolist()
            class_weight = {name: class_weight[name] for name in class_weight if name in labels}
        return super().weighted(class_weight)

    def samples(
        self, shared: Candidate, random_state: np.random.RandomState
    ) -> tuple[Samples, Samples | None]:
        """Return what to learn from and, for early stopping, what training is watched by."""
        data = self.weighted(shared.model.class_weight)
        training = data.samples(self.rows)
        if not shared.parameters.stopping.early:
            return training, None
        rows, fraction = training.rows, shared.parameters.validation_fraction
        kept, held_out = split_validation(data.y[rows], fraction, random_state)
        return data.samples(rows[kept]), data.samples(rows[held_out])

    def figures(
        self,
        problem: Problem,
        candidates: Sequence[Candidate],
        rates: Sequence[float],
        outcomes: Sequence[Outcome],
    ) -> list[dict[str, float]]:
        """Return the score of each setting and the seconds that it took; NaN after divergence."""
        X, y, metadata = self.judge.given(self.validation.rows)
        figures = []
        for candidate, rate, outcome in zip(candidates, rates, outcomes, strict=True):
            began, score = time.perf_counter(), np.nan
            if outcome.reason != "diverged":
                model = _fitted(candidate, problem, outcome, rate, X)
                score = read_score(self.judge.scorer(model, X, y, **metadata), self.judge.scorer)
            figures.append({"score": score, "score_time": time.perf_counter() - began})
        return figures


def tabulate(
    given: Sequence[Params], trials: Trials, n_splits: int, *, split_columns: bool
) -> dict[str, Any]:
    """Return `LinearClassifierCV.cv_results_`.

    Parameters
    ----------
    given : sequence of dict
        The parameters of each setting.
    trials : sequence of sequence of Trial
        The trials of each setting, whose figures are those of a `Fold`.
    n_splits : int
        Trials of a setting that did not diverge.
    split_columns : bool
        Whether there is a column for the scores of every split.
    """
    columns = {name: np.full((len(trials), n_splits), np.nan) for name in _COLUMNS}
    columns["fit_time"][:] = columns["score_time"][:] = 0  # what splits cost that were spared
    for row, tried in enumerate(trials):
        for split, trial in enumerate(tried):
            for name, value_of in _COLUMNS.items():
                columns[name][row, split] = value_of(trial)
    scores = columns.pop("score")
    status = np.array([status_of(tried) for tried in trials])
    return make_cv_results(given, scores, columns | {"status": status}, split_columns=split_columns)


def _fitted(
    candidate: Candidate, problem: Problem, outcome: Outcome, rate: float, X: Any
) -> LinearClassifier:
    """Return the classifier that a setting has become; `X` is what it will be shown."""
    model = copy(candidate.model)
    model.set_params(verbose=False)
    model._take(problem.attributes(outcome, rate, candidate.parameters))
    matrix = problem.data.X[:1]
    validate_data(model, with_names(X, matrix), reset=True, skip_check_array=True)
    return model
