"""Which rows a sweep learns from, and which it judges its settings by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from nearplane._cv_splits import read_splits, resolve_cv
from nearplane.linear_model._candidates import Candidate
from nearplane.linear_model._data import ClassWeight, LabelledData, split_validation
from nearplane.linear_model._fitting import Problem
from nearplane.linear_model._parameters import Parameters
from nearplane.linear_model._problem import Outcome, Samples
from nearplane.linear_model._sweep_table import FIGURES


@dataclass(frozen=True)
class Split:
    """One way to part the data."""

    data: LabelledData
    """Without class weights."""
    rows: NDArray[np.int64]
    """Those to learn from."""
    validation: Samples
    """Those to be judged by, of this data or of other; each counts the same."""

    @property
    def trains_on_all(self) -> bool:
        """Whether training reads every row, and in order."""
        return np.array_equal(self.rows, np.arange(len(self.data.y)))

    def weighted(self, class_weight: ClassWeight) -> LabelledData:
        """Return the data with weights as if there were no rows but those to learn from."""
        weight = self.data.sample_weight
        part = replace(
            self.data,
            y=self.data.y[self.rows],
            sample_weight=None if weight is None else weight[self.rows],
        ).weighted_by_class(class_weight)
        if part.sample_weight is None:
            return self.data
        weight = np.zeros(len(self.data.y))
        weight[self.rows] = part.sample_weight
        return replace(self.data, sample_weight=weight)

    def samples(
        self, shared: Candidate, random_state: np.random.RandomState
    ) -> tuple[Samples, Samples | None]:
        """Return what to learn from, and what training is watched by.

        Parameters
        ----------
        shared : Candidate
            Any of the settings that are trained together.
        random_state : RandomState
            What draws the batches afterwards.
        """
        return self.weighted(shared.model.class_weight).samples(self.rows), self.validation

    def figures(
        self,
        problem: Problem,
        candidates: Sequence[Candidate],
        rates: Sequence[float],
        outcomes: Sequence[Outcome],
    ) -> list[dict[str, float]]:
        """Return what each of some settings trained together is judged by; NaN after divergence.

        Parameters
        ----------
        problem : Problem
            What they were trained on.
        candidates : sequence of Candidate
            The settings.
        rates : sequence of float
            The learning rate of each.
        outcomes : sequence of Outcome
            What became of each.
        """
        return [
            _last_figures(problem, self.validation, outcome, candidate.parameters)
            for candidate, outcome in zip(candidates, outcomes, strict=True)
        ]


def draw_split(data: LabelledData, fraction: float, seed: int) -> Split:
    """Keep the same part of each class for validation; rows of weight 0 are left out.

    Raises
    ------
    ValueError
        If there are less than two rows.
    """
    kept = _with_weight(data)
    if len(kept) < 2:
        raise ValueError(
            "a part of X is kept for validation, so X must have at least 2 rows (with a weight); "
            f"got n_samples = {len(kept)}. Or give X_val and y_val."
        )
    training, validation = split_validation(data.y[kept], fraction, check_random_state(seed))
    return _part(data, kept[training], kept[validation])


def cross_validation_splits(
    cv: Any, data: LabelledData, split_params: Mapping[str, Any]
) -> list[Split]:
    """Return the splits that scikit-learn makes of `cv`.

    Parameters
    ----------
    cv : int, splitter or iterable
        As `sklearn.model_selection.check_cv` takes it.
    data : LabelledData
        What to part.
    split_params : mapping of str to object
        What the splitter is given besides rows and labels, such as "groups".

    Raises
    ------
    TypeError, ValueError
        If `cv` is something else, or has a part without rows or with rows that do not exist.
    """
    n_rows = len(data.y)
    counts = np.isin(np.arange(n_rows), _with_weight(data))
    splits: list[Split] = []
    given = resolve_cv(cv, data.y).split(data.X, data.y, **split_params)
    for training, validation in read_splits(given, n_rows):
        training_rows, validation_rows = training[counts[training]], validation[counts[validation]]
        if not (len(training_rows) and len(validation_rows)):
            raise ValueError(
                f"cv must leave rows with a weight to learn from and others to be judged by; split "
                f"{len(splits)} has {len(training_rows)} and {len(validation_rows)}."
            )
        splits.append(_part(data, training_rows, validation_rows))
    return splits


def _part(data: LabelledData, rows: NDArray[np.int64], validation: NDArray[np.int64]) -> Split:
    return Split(data, rows, Samples(data.X, data.y, validation))


def _with_weight(data: LabelledData) -> NDArray[np.int64]:
    if data.sample_weight is None:
        return np.arange(len(data.y))
    return np.flatnonzero(data.sample_weight)


def _last_figures(
    problem: Problem, validation: Samples, outcome: Outcome, parameters: Parameters
) -> dict[str, float]:
    """Return the figures of the weights that were kept; NaN after divergence."""
    if outcome.reason == "diverged":
        return dict.fromkeys(FIGURES, np.nan)
    if outcome.best_epoch > 0:
        return {
            name: float(outcome.history[field][outcome.best_epoch - 1])
            for name, field in FIGURES.items()
        }
    # The optimum was where the search began: there is no history of it.
    trainer = problem.model.trainer(
        [parameters.setting(1.0).for_core()], problem.training.X.shape[1]
    )
    trainer.set_weights(outcome.state.weights[np.newaxis])
    figures: dict[str, float] = {}
    for name, samples in {"validation": validation, "train": problem.training}.items():
        loss, accuracy = samples.evaluate(trainer, parameters.n_threads)
        figures |= {f"{name}_accuracy": float(accuracy[0]), f"{name}_loss": float(loss[0])}
    return figures
