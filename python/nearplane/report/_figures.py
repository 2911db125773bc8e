"""The report's plots, as SVG that follows the page's colours."""

import functools
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec
from xml.etree import ElementTree as ET

import numpy as np

from nearplane.display import AccuracyCurveDisplay
from nearplane.report._results import KNNResults, MetricResult
from nearplane.report._text import long_metric, short_metric

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Each figure is drawn once, yet must suit light and dark pages. So it is drawn in stand-in
# colours, which `to_svg` turns into the page's own variables.
INK, MUTED, GRID = "#010101", "#020202", "#030303"
SERIES = {"manhattan": "#040404", "euclidean": "#050505"}
_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--line)",
    SERIES["manhattan"]: "var(--series-1)",
    SERIES["euclidean"]: "var(--series-2)",
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, and in the page's font
    "svg.hashsalt": "nearplane",  # the same figure gives the same bytes
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
}
# Shades of one blue, transparent at zero, lie well on either page. On a white one, black text has
# the better contrast up to this depth.
_WHITE_TEXT_FROM = 0.9
_HEAT = (0x1F / 255, 0x6F / 255, 0xB2 / 255)
_LINES = {"manhattan": ("-", "o"), "euclidean": ("--", "s")}
MOST_WRITTEN_CLASSES = 15

_Parameters = ParamSpec("_Parameters")


def _in_page_style(
    draw: Callable[_Parameters, "Figure"],
) -> Callable[_Parameters, "Figure"]:
    """Run `draw` under this module's style, and put the user's settings back."""

    @functools.wraps(draw)
    def styled(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> "Figure":
        import matplotlib as mpl

        with mpl.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


@_in_page_style
def accuracy_figure(results: KNNResults) -> "Figure":
    """Draw validation accuracy against k, one curve for each metric.

    Parameters
    ----------
    results : KNNResults

    Returns
    -------
    matplotlib Figure
    """
    figure = _new_figure(7.6, 4.0)
    ax = figure.subplots()
    for result in results.metrics:
        linestyle, marker = _LINES[result.metric]
        AccuracyCurveDisplay(
            n_neighbors=results.n_neighbors,
            accuracy=result.validation_accuracy,
            name=f"{long_metric(result.metric)}, best k = {result.best_n_neighbors}",
        ).plot(ax, color=SERIES[result.metric], linestyle=linestyle, marker=marker)
    ax.set_ylabel("Validation accuracy")
    return figure


@_in_page_style
def confusion_figure(result: MetricResult, class_names: list[str]) -> "Figure":
    """Draw a confusion matrix, each row as fractions of its true class.

    Parameters
    ----------
    result : MetricResult
    class_names : list of str

    Returns
    -------
    matplotlib Figure
    """
    counts = np.array(result.confusion_matrix)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    n = len(class_names)
    written = n <= MOST_WRITTEN_CLASSES
    # Inches; large matrices get the whole width of the page, so that 100 names can be read.
    size = 5.2 if written else min(max(7.2, 0.135 * n), 13.5)
    figure = _new_figure(size, size)
    ax = figure.subplots()
    ax.grid(False)
    ax.spines[:].set_visible(True)
    # Square roots, so that the rare mistakes can be told from none at all.
    depth = np.sqrt(shares)
    ax.imshow(
        np.dstack([np.broadcast_to(_HEAT, (n, n, 3)), depth]), interpolation="none", aspect="equal"
    )
    if written:
        for row, column in np.argwhere(counts):
            ax.text(
                column,
                row,
                f"{100 * shares[row, column]:.0f}",
                ha="center",
                va="center",
                color="white" if depth[row, column] > _WHITE_TEXT_FROM else INK,
                fontsize=8.5,
            )
    fontsize = min(9.0, 0.65 * 72 * size / n)
    upright = all(len(name) <= 2 for name in class_names)
    ax.set_xticks(range(n), class_names, rotation=0 if upright else 90, fontsize=fontsize)
    ax.set_yticks(range(n), class_names, fontsize=fontsize)
    ax.tick_params(length=0)
    ax.set(xlabel=f"Predicted with {short_metric(result.metric)}", ylabel="True class")
    return figure


def to_svg(figure: "Figure", prefix: str, description: str) -> str:
    """Write a figure as an SVG element to be placed inside a page.

    Parameters
    ----------
    figure : matplotlib Figure
        Drawn in the stand-in colours of this module.
    prefix : str
        Put before every id, so that several figures share a page.
    description : str
        What a reader who cannot see the figure should know.

    Returns
    -------
    str
        One ``<svg>`` element.
    """
    import matplotlib as mpl

    buffer = io.BytesIO()
    no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata=no_metadata)
    root = ET.fromstring(buffer.getvalue())
    for parent in root.iter():
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)  # matplotlib's style rule would reach the whole page
    for element in root.iter():
        for name, value in element.attrib.items():
            element.set(name, _adapt(name, value, prefix))
    for unwanted in ("width", "height", "version"):
        root.attrib.pop(unwanted, None)  # the viewBox scales to the page's column
    root.set("role", "img")
    root.set("aria-label", description)
    ET.register_namespace("", "http://www.w3.org/2000/svg")
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    return ET.tostring(root, encoding="unicode")


def _new_figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _adapt(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name.endswith("href"):
        return re.sub(r"^#", f"#{prefix}-", value)
    value = re.sub(r"url\(#", f"url(#{prefix}-", value)
    for colour, variable in _VARIABLES.items():
        value = value.replace(colour, variable)
    return re.sub(r"font: ([\d.]+px)[^;]*", r"font-size: \1", value)
