"""Two pictures of growth: time along the rows, with its exponents, and along all else."""

from collections.abc import Iterable, Sequence
from itertools import cycle
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from knn_questions.figures_style import COLORS, METRICS, legend_below, logarithmic

_ALGORITHMS = ("brute", "pruned")
# The data set tells the dashes and the marker, the algorithm the colour.
_STYLES = (("o", "-"), ("D", "--"), ("^", ":"), ("v", "-."))
_OTHERS = ("features", "k", "threads")


def draw_rows(series: Sequence[dict[str, Any]]) -> Figure | None:
    """Draw seconds over rows, both logarithmic; a legend under each panel has the exponents."""
    metrics = _metrics(series, "rows")
    if not metrics:
        return None
    figure = Figure(figsize=(10, 5.6), layout="constrained")
    panels = list(figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0])
    for axes, metric in zip(panels, metrics, strict=True):
        chosen = _chosen(series, "rows", metric)
        _draw(axes, chosen, _styles(series), exponents=True)
        logarithmic(axes.xaxis, lambda value: f"{value / 1_000:g}", (1, 2, 5))
        axes.set(title=METRICS[metric], xlabel="rows n, in thousands")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False)
    panels[0].set_ylabel("seconds, fit and search")
    figure.suptitle(f"Time of whole jobs over rows: {_fixed(series, 'rows')}")
    return figure


def draw_others(series: Sequence[dict[str, Any]]) -> Figure | None:
    """Draw seconds over features, k and threads, a line of panels for each metric."""
    others = [axis for axis in _OTHERS if _metrics(series, axis)]
    metrics = [m for m in METRICS if any(m in _metrics(series, axis) for axis in others)]
    if not others:
        return None
    figure = Figure(
        figsize=(max(6.8, 3.4 * len(others)), 0.9 + 2.7 * len(metrics)), layout="constrained"
    )
    panels = figure.subplots(len(metrics), len(others), sharex="col", sharey="row", squeeze=False)
    for line, metric in zip(panels, metrics, strict=True):
        for axes, axis in zip(line, others, strict=True):
            _draw(axes, _chosen(series, axis, metric), _styles(series), exponents=False)
            if axis == "features":
                logarithmic(axes.xaxis, "{:,.0f}".format, (1,))
            else:
                _label_values(axes, _chosen(series, axis, metric))
        line[0].set_ylabel(f"{METRICS[metric]}\nseconds, fit and search")
    for axes, axis in zip(panels[-1], others, strict=True):
        n_rows = _first_point(series, axis)["n_rows"]
        axes.set_xlabel(f"{axis} ({n_rows:,} rows)")
    figure.suptitle(f"Time of whole jobs over {', '.join(others)}")
    legend_below(figure, panels.ravel())
    return figure


def _draw(
    axes: Axes,
    chosen: Iterable[dict[str, Any]],
    styles: dict[str, tuple[str, str]],
    *,
    exponents: bool,
) -> None:
    for one in chosen:
        marker, dashes = styles[one["data"]]
        for name in _ALGORITHMS:
            points = [point for point in one["points"] if name in point["algorithms"]]
            if not points:
                continue
            label = f"{one['data']}, {name}"
            if exponents and name in one["exponents"]:
                label += f": n$^{{{one['exponents'][name]['job']:.2f}}}$"
            axes.plot(
                [point["value"] for point in points],
                [median(point["algorithms"][name]["seconds"]) for point in points],
                linestyle=dashes,
                marker=marker,
                markersize=5,
                color=COLORS[name],
                label=label,
            )
    axes.set(xscale="log", yscale="log")
    logarithmic(axes.yaxis, "{:g}".format, (1, 2, 5))


def _label_values(axes: Axes, chosen: Iterable[dict[str, Any]]) -> None:
    values = sorted({point["value"] for one in chosen for point in one["points"]})
    axes.xaxis.set_major_locator(FixedLocator(values))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())


def _styles(series: Iterable[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    names = dict.fromkeys(one["data"] for one in series)
    return dict(zip(names, cycle(_STYLES), strict=False))


def _chosen(series: Iterable[dict[str, Any]], axis: str, metric: str) -> list[dict[str, Any]]:
    return [one for one in series if one["axis"] == axis and one["metric"] == metric]


def _metrics(series: Sequence[dict[str, Any]], axis: str) -> list[str]:
    return [metric for metric in METRICS if _chosen(series, axis, metric)]


def _first_point(series: Iterable[dict[str, Any]], axis: str) -> dict[str, Any]:
    point: dict[str, Any] = next(one for one in series if one["axis"] == axis)["points"][0]
    return point


def _fixed(series: Iterable[dict[str, Any]], axis: str) -> str:
    point = _first_point(series, axis)
    return f"{point['n_queries']:,} queries, k = {point['k']}, {point['n_threads']} threads"
