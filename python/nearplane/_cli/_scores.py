"""The table of a cross-validation, on the terminal and as JSON."""

from typing import Any

import numpy as np
from rich.table import Table

from nearplane._cli._show import make_table

# As many rows as one screen holds with what is said around them.
_MOST_ROWS = 40

_SHORT = {"n_neighbors": "k", "learning_rate": "learning rate"}

# A setting with "params", "mean", "std", "rank" and "scores".
Setting = dict[str, Any]


def score_records(results: dict[str, Any]) -> list[Setting]:
    """Return each setting of `cv_results_` with its scores; "scores" has one for each split."""
    names = [name for name in results if name.startswith("split") and name.endswith("_test_score")]
    splits = [f"split{number}_test_score" for number in range(len(names))]
    return [
        {
            "params": params,
            "mean": results["mean_test_score"][row],
            "std": results["std_test_score"][row],
            "rank": results["rank_test_score"][row],
            "scores": [results[name][row] for name in splits],
        }
        for row, params in enumerate(results["params"])
    ]


def score_table(settings: list[Setting]) -> Table:
    """Return the settings with means and standard deviations, the best one in bold.

    Of many settings the best are shown, in the order of their ranks.
    """
    names = _varied(settings)
    # Where each image was judged alone there are no folds to deviate.
    figures = ("mean", "std") if settings[0]["scores"] else ("mean",)
    table = make_table(right=(*(_SHORT.get(name, name) for name in names), *figures, "rank"))
    shown = settings
    if len(settings) > _MOST_ROWS:
        shown = sorted(settings, key=lambda setting: setting["rank"])[:_MOST_ROWS]
    for setting in shown:
        table.add_row(
            *(_value_text(setting["params"][name]) for name in names),
            *_figure_texts(setting, figures),
            str(setting["rank"]),
            style="bold" if setting is _best(settings) else "",
        )
    return table


def judged_text(settings: list[Setting]) -> str:
    """Say in one line what the table of the settings is about."""
    n_splits = len(settings[0]["scores"])
    text = f"accuracy in {n_splits} folds" if n_splits else "accuracy, each judged by all others"
    if len(settings) > _MOST_ROWS:
        text += f": the {_MOST_ROWS} best of {len(settings)} settings"
    return text


def best_text(settings: list[Setting]) -> str:
    """Write what sets the best setting apart.

    Examples
    --------
    >>> from nearplane._cli._scores import best_text
    >>> params = [{"n_neighbors": k, "metric": "l1"} for k in (1, 3)]
    >>> best_text([{"params": params[0], "rank": 2}, {"params": params[1], "rank": 1}])
    'k 3'
    """
    params = _best(settings)["params"]
    return ", ".join(
        f"{_SHORT.get(name, name)} {_value_text(params[name])}" for name in _varied(settings)
    )


def _best(settings: list[Setting]) -> Setting:
    return min(settings, key=lambda setting: setting["rank"])


def _varied(settings: list[Setting]) -> list[str]:
    """Return the parameters with several values, or all if none has."""
    names = list(settings[0]["params"])
    varied = [name for name in names if len({each["params"][name] for each in settings}) > 1]
    return varied or names


def _value_text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _figure_texts(setting: Setting, figures: tuple[str, ...]) -> list[str]:
    if np.isnan(setting["mean"]):
        return ["diverged", ""][: len(figures)]
    return [f"{100 * setting[figure]:.2f} %" for figure in figures]
