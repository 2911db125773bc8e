"""Two pictures of the data sets: how much faster pruning is, and which pairs survive its levels."""

from collections.abc import Callable, Sequence
from itertools import product
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from knn_questions.figures_style import COLORS, MARKERS, METRICS, legend_below, logarithmic

_LEVEL_COLORS = ("#56b4e9", "#0072b2", "#00304f", "#000000")
_LEVEL_MARKERS = ("o", "s", "D", "^")
# Smaller and smaller, so that a level that drops nothing does not hide the one before.
_LEVEL_SIZES = (9, 7, 5, 4)
# Where a share of 0 is drawn, there being none on a logarithmic axis.
_SMALLEST_SHARE = 1e-6

# Draws the case of one line, given its axes and its height.
_DrawCase = Callable[[Axes, float, dict[str, Any]], None]


def draw_speed(data_sets: Sequence[dict[str, Any]]) -> Figure | None:
    """Draw how many times as fast as brute force whole jobs are."""

    def draw(axes: Axes, height: float, case: dict[str, Any]) -> None:
        brute = _seconds(case, "brute")
        for name in ("pruned", "auto"):
            axes.plot(
                brute / _seconds(case, name),
                height,
                MARKERS[name],
                color=COLORS[name],
                # "auto" is a ring around what it has chosen, so that both are seen.
                markerfacecolor="none" if name == "auto" else COLORS[name],
                markersize=11 if name == "auto" else 6,
                label=f'algorithm="{name}"',
            )

    if not data_sets:
        return None
    figure, panels = _panels(data_sets, draw)
    for axes in panels:
        axes.axvline(1, color=COLORS["brute"], linewidth=1, zorder=0)
        logarithmic(axes.xaxis, lambda value: f"{value:g} ×", (1, 2, 5))
        axes.set_xlabel("times as fast as brute force")
    most_queries = max(data_set["n_queries"] for data_set in data_sets)
    figure.suptitle(
        f"Exact search, whole jobs: fit and at most {most_queries:,} queries, "
        f"k = {data_sets[0]['k']}"
    )
    legend_below(figure, panels)
    return figure


def draw_survivors(data_sets: Sequence[dict[str, Any]]) -> Figure | None:
    """Draw which share of all pairs is left after each level of the sketch."""

    def draw(axes: Axes, height: float, case: dict[str, Any]) -> None:
        plan = case["algorithms"]["pruned"]["plans"][-1] or {"levels": []}
        shares = [level["measured_survivors"] for level in plan["levels"]]
        for number, share in enumerate(shares):
            axes.plot(
                max(share or 0, _SMALLEST_SHARE),
                height,
                _LEVEL_MARKERS[number],
                color=_LEVEL_COLORS[number],
                markersize=_LEVEL_SIZES[number],
                label=f"after level {number + 1}",
            )

    if not data_sets:
        return None
    figure, panels = _panels(data_sets, draw)
    for axes in panels:
        axes.set_xlim(right=1.5)
        logarithmic(axes.xaxis, lambda value: f"{100 * value:g} %", (1,))
        axes.set_xlabel("pairs left")
    figure.suptitle("What is left of all pairs of query and row; the last are measured exactly")
    legend_below(figure, panels)
    return figure


def _seconds(case: dict[str, Any], algorithm: str) -> float:
    return float(median(case["algorithms"][algorithm]["seconds"]))


def _panels(data_sets: Sequence[dict[str, Any]], draw: _DrawCase) -> tuple[Figure, list[Axes]]:
    """Make a panel for each metric, with a line for each data set and type, the first on top."""
    cases = [(data, case) for data in data_sets for case in data["cases"]]
    names = list(dict.fromkeys(_name(data, case) for data, case in cases))
    metrics = [metric for metric in METRICS if any(case["metric"] == metric for _, case in cases)]
    figure = Figure(figsize=(10, 1.9 + 0.36 * len(names)), layout="constrained")
    panels = list(figure.subplots(1, len(metrics), sharey=True, sharex=True, squeeze=False)[0])
    for axes, metric in zip(panels, metrics, strict=True):
        axes.set(title=METRICS[metric], xscale="log")
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    for (axes, metric), (data, case) in product(zip(panels, metrics, strict=True), cases):
        if case["metric"] == metric:
            draw(axes, names.index(_name(data, case)), case)
    return figure, panels


def _name(data: dict[str, Any], case: dict[str, Any]) -> str:
    return f"{data['data']}, {case['dtype']}\n{data['n_rows']:,} × {data['n_features']:,}"
