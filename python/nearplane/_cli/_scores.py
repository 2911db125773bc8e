"""The table of a cross-validation, on the terminal and as JSON."""

from typing import Any

import numpy as np
from rich.table import Table

from nearplane._cli._show import make_table

# As many rows as one screen holds with what is said around them.
MOST_ROWS = 40

_SHORT = {"n_neighbors": "k", "learning_rate": "learning rate"}


def score_table(results: dict[str, Any]) -> Table:
    """Return the settings with means and standard deviations, the best one in bold.

    Of many settings the best are shown, in the order of their ranks.
    """
    params = results["params"]
    order = np.arange(len(params))
    if len(params) > MOST_ROWS:
        order = np.argsort(results["rank_test_score"], kind="stable")[:MOST_ROWS]
    names = _varied(params)
    table = make_table(right=(*(_SHORT.get(name, name) for name in names), "mean", "std"))
    table.add_column("rank", justify="right", no_wrap=True)
    best = int(np.argmin(results["rank_test_score"]))
    for row in order:
        mean, deviation = results["mean_test_score"][row], results["std_test_score"][row]
        figures = ("diverged", "") if np.isnan(mean) else (_percent(mean), _percent(deviation))
        table.add_row(
            *(_value_text(params[row][name]) for name in names),
            *figures,
            str(results["rank_test_score"][row]),
            style="bold" if row == best else "",
        )
    return table


def score_records(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each setting with its scores as plain values."""
    splits = [f"split{number}_test_score" for number in range(_n_splits(results))]
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


def params_text(params: dict[str, Any]) -> str:
    """Write a setting in words.

    Examples
    --------
    >>> from nearplane._cli._scores import params_text
    >>> params_text({"n_neighbors": 3, "metric": "l1"})
    'k 3, metric l1'
    """
    return ", ".join(
        f"{_SHORT.get(name, name)} {_value_text(value)}" for name, value in params.items()
    )


def _varied(params: list[dict[str, Any]]) -> list[str]:
    """Return the parameters with several values, or all if none has."""
    names = list(params[0])
    return [name for name in names if len({setting[name] for setting in params}) > 1] or names


def _n_splits(results: dict[str, Any]) -> int:
    return sum(name.startswith("split") and name.endswith("_test_score") for name in results)


def _value_text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
