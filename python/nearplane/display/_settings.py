"""What a search over settings has found out, read from estimators and tables of several kinds."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

Params = Mapping[str, Any]

_NAMES = {
    "alpha": "Penalty strength alpha",
    "batch_size": "Batch size",
    "learning_rate": "Learning rate",
    "loss": "Loss",
    "momentum": "Momentum",
    "optimizer": "Optimizer",
    "penalty": "Penalty",
    "preprocess": "Preprocessing",
}


class Settings(NamedTuple):
    """Parameters, and what they were worth."""

    params: Sequence[Params]
    scores: NDArray[np.float64]
    """(n_settings,): NaN where training diverged or failed."""
    ranks: NDArray[np.int64]
    """(n_settings,): from 1."""
    rates: NDArray[np.float64]
    """(n_settings,): the learning rates that "auto" came to, too; NaN where they are not known."""
    score_name: str

    @property
    def best(self) -> int:
        """The row of the best setting."""
        return int(self.ranks.argmin())


def settings_of(estimator: Any) -> Settings:
    """Return what a fitted sweep, or cross-validated or grid search, has found out.

    Raises
    ------
    TypeError
        If it is no such estimator.
    sklearn.exceptions.NotFittedError
        Before `fit`.
    """
    attribute = next((name for name in ("cv_results_", "results_") if hasattr(estimator, name)), "")
    if not attribute:
        if hasattr(estimator, "cv"):
            check_is_fitted(estimator)
        raise TypeError(
            "estimator must be a LinearClassifierSweep, a LinearClassifierCV or a GridSearchCV; "
            f"got {estimator!r}."
        )
    name, n_splits = "validation accuracy", int(estimator.n_splits_)
    if attribute == "cv_results_":
        scoring = estimator.scoring
        name = "accuracy" if scoring is None else scoring if isinstance(scoring, str) else "score"
    name = name.capitalize() if n_splits == 1 else f"Mean {name} of {n_splits} splits"
    return read_settings(getattr(estimator, attribute), name)


def read_settings(results: Mapping[str, Any], score_name: str | None = None) -> Settings:
    """Return what a table says: `results_` of a sweep, or `cv_results_`.

    Raises
    ------
    ValueError
        If it is neither.
    """
    kinds = {
        "validation_accuracy": ("rank", "learning_rate", "Validation accuracy"),
        "mean_test_score": ("rank_test_score", "mean_learning_rate", "Mean test score"),
    }
    score = next((name for name in kinds if name in results), None)
    if score is None or "params" not in results:
        raise ValueError(
            "results must have 'params' and 'validation_accuracy', as results_ of a sweep has, or "
            f"'mean_test_score', as cv_results_ has; got {sorted(results)}."
        )
    rank, rate, name = kinds[score]
    scores = np.asarray(results[score], dtype=np.float64)
    params = [dict(setting) for setting in results["params"]]
    ranks = np.asarray(results[rank], dtype=np.int64)
    rates = np.asarray(results.get(rate, np.full(len(scores), np.nan)), dtype=np.float64)
    return Settings(params, scores, ranks, rates, score_name or name)


def check_parameter(name: str, parameter: str, settings: Settings) -> None:
    """Raise unless every setting names the parameter, given as the argument of that name."""
    named = sorted(set.intersection(*(set(setting) for setting in settings.params)))
    if parameter not in named:
        raise ValueError(
            f"{name} must be a parameter that every setting names, one of {named}; got "
            f"{parameter!r}."
        )


def ordered(values: Sequence[Any]) -> list[Any]:
    """Return the different values: numbers from small to large, then others as they come."""
    different: list[Any] = []
    for value in values:
        if not any(_same(value, known) for known in different):
            different.append(value)
    numbers = sorted(value for value in different if _is_number(value))
    return numbers + [value for value in different if not _is_number(value)]


def places_of(values: Sequence[Any], among: Sequence[Any]) -> NDArray[np.int64]:
    """Return where each value is among others, the first if there are several."""
    return np.array(
        [next(i for i, other in enumerate(among) if _same(value, other)) for value in values]
    )


def differing(settings: Settings) -> list[str]:
    """Return the names of the parameters that have several values."""
    names = dict.fromkeys(name for setting in settings.params for name in setting)
    return [
        name
        for name in names
        if len(ordered([setting.get(name) for setting in settings.params])) > 1
    ]


def label_of(value: Any) -> str:
    """Return a value as a label: numbers far from 1 as powers of ten."""
    if not _is_number(value):
        return value if isinstance(value, str) else repr(value)
    number = float(value)
    if number == 0 or 1e-3 <= abs(number) < 1e4:
        return f"{number:.4g}"
    digits, exponent = f"{number:.2e}".split("e")
    digits = digits.rstrip("0").rstrip(".")
    power = f"10^{{{int(exponent)}}}"
    return f"${power}$" if digits == "1" else f"${digits}\\times{power}$"


def title_of(parameter: str) -> str:
    """Return what an axis calls a parameter."""
    return _NAMES.get(parameter) or parameter.replace("_", " ").capitalize()


def is_accuracy(score_name: str) -> bool:
    """Return whether a score of that name is a fraction that is read as per cent."""
    return "accuracy" in score_name.lower()


def score_text(score: float, score_name: str, *, unit: bool = True) -> str:
    """Return a score as it is written: an accuracy in per cent."""
    if is_accuracy(score_name):
        return f"{100 * score:.1f}" + (" %" if unit else "")
    return f"{score:.3f}" if abs(score) < 10 else f"{score:.4g}"


def read_table(scores: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return scores as an array of that shape.

    Raises
    ------
    ValueError
        If they have another.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.shape != shape:
        raise ValueError(
            f"scores must have shape {shape}, one row for each of y_values and one column for each "
            f"of x_values; got shape {table.shape}."
        )
    return table


def _same(value: Any, other: Any) -> bool:
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
