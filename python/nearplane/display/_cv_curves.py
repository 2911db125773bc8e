"""The curves over k that a cross-validation has found, and how to keep many of them apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearplane.display._fitted import check_fitted
from nearplane.neighbors import KNeighborsClassifierCV

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Weights are told by how a line is drawn, metrics by its colour.
_LINE_STYLES = ("-", "--", ":", "-.")
# Points between what two curves draw beside their lines, at the same k.
_DODGE = 2.2
# The largest k is so many times the smallest, or else an axis in equal steps serves well.
_WIDE = 20
# Part of the axis that the label of a k needs.
_LABEL = 0.05


class Curve(NamedTuple):
    """The scores of one metric and weights."""

    metric: str
    weights: Any
    ks: NDArray[np.int64]
    """(n_k,), increasing."""
    scores: NDArray[np.float64]
    """(n_k, n_splits); of "loo", which has no splits worth showing, (n_k,)."""


def curves_of(model: KNeighborsClassifierCV, metric: Any, weights: Any) -> list[Curve]:
    """Return a curve for each metric and weights that were tried, or for those chosen.

    Raises
    ------
    TypeError, ValueError
        If `model` is something else, or a choice is none of what was tried.
    """
    check_fitted("cv_estimator", model, KNeighborsClassifierCV)
    tried = model.cv_results_["params"]
    metrics = _chosen("metric", metric, [params["metric"] for params in tried])
    rules = _chosen("weights", weights, [params["weights"] for params in tried])
    return [_curve(model, name, rule) for name in metrics for rule in rules]


def _chosen(name: str, choice: Any, tried: Sequence[Any]) -> list[Any]:
    different = list(dict.fromkeys(tried))
    if choice is None:
        return different
    if choice not in different:
        names = ", ".join(map(repr, different))
        raise ValueError(f"{name} must be one of what was tried, {names}; got {choice!r}.")
    return [choice]


def _curve(model: KNeighborsClassifierCV, metric: str, weights: Any) -> Curve:
    results = model.cv_results_
    of_curve = {
        params["n_neighbors"]: row
        for row, params in enumerate(results["params"])
        if (params["metric"], params["weights"]) == (metric, weights)
    }
    ks = sorted(of_curve)
    rows = [of_curve[k] for k in ks]
    if "split0_test_score" not in results:
        return Curve(metric, weights, np.array(ks), results["mean_test_score"][rows])
    splits = [results[f"split{split}_test_score"][rows] for split in range(model.n_splits_)]
    return Curve(metric, weights, np.array(ks), np.stack(splits, axis=1))


def curve_names(curves: Sequence[Curve]) -> list[str]:
    """Return what the legend calls each curve: what tells it from the others."""
    several_weights = len({curve.weights for curve in curves}) > 1
    several_metrics = len({curve.metric for curve in curves}) > 1
    names = []
    for curve in curves:
        rule = curve.weights if isinstance(curve.weights, str) else _name_of(curve.weights)
        parts = [curve.metric] if several_metrics or not several_weights else []
        names.append(", ".join([*parts, rule] if several_weights else parts))
    return names


def _name_of(rule: Any) -> str:
    name = str(getattr(rule, "__name__", type(rule).__name__))
    return "function" if name == "<lambda>" else name


def styles_of(curves: Sequence[Curve]) -> list[tuple[dict[str, Any], float]]:
    """Return the options of each line, and by how many points to move what is drawn beside it."""
    metrics = list(dict.fromkeys(curve.metric for curve in curves))
    rules = list(dict.fromkeys(curve.weights for curve in curves))
    middle = (len(curves) - 1) / 2
    return [
        (
            {
                "color": f"C{metrics.index(curve.metric)}",
                "linestyle": _LINE_STYLES[rules.index(curve.weights) % len(_LINE_STYLES)],
            },
            _DODGE * (number - middle),
        )
        for number, curve in enumerate(curves)
    ]


def space_by_ratio(ax: "Axes", ks: NDArray[np.int64]) -> None:
    """Let the axis of k be logarithmic if small values would crowd on it, and name values tried."""
    if ks[-1] < _WIDE * ks[0]:
        return
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    ax.set_xscale("log")
    gap = (ks[-1] / ks[0]) ** _LABEL
    named = [ks[-1]]
    for k in ks[-2::-1]:
        if k * gap <= named[-1]:
            named.append(k)
    ax.xaxis.set_major_locator(FixedLocator(named))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(ScalarFormatter())
