"""The plots of the nearest neighbours, and the confusion matrices."""

from typing import TYPE_CHECKING

import numpy as np

from nearplane.display import AccuracyCurveDisplay
from nearplane.display._cv_curves import space_by_ratio
from nearplane.report._results import KNNResults, MethodResult
from nearplane.report._svg import INK, SERIES, in_page_style, new_figure
from nearplane.report._text import long_name, short_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Shades of one blue, transparent at zero, lie well on either page. On a white one, black text has
# the better contrast up to this depth.
_WHITE_TEXT_FROM = 0.9
_HEAT = (0x1F / 255, 0x6F / 255, 0xB2 / 255)
_LINES = {"manhattan": ("-", "o"), "euclidean": ("--", "s")}
# By how much the folds of the metrics are drawn beside each other, in points.
_DODGE = 5.0
MOST_WRITTEN_CLASSES = 15
# Names of more classes could not be read on any page; positions take their place.
_MOST_NAMED_CLASSES = 150


@in_page_style
def accuracy_figure(results: KNNResults) -> "Figure":
    """Draw accuracy against k, one curve for each metric, with every fold's point.

    Parameters
    ----------
    results : KNNResults

    Returns
    -------
    matplotlib Figure
    """
    figure = new_figure(7.6, 4.0)
    ax = figure.subplots()
    for number, result in enumerate(results.metrics):
        linestyle, marker = _LINES[result.metric]
        AccuracyCurveDisplay(
            n_neighbors=results.n_neighbors,
            accuracy=result.fold_accuracy,
            name=f"{long_name(result.metric)}, best k = {result.best_n_neighbors}",
        ).plot(
            ax,
            dodge=_DODGE * (number - 0.5),
            color=SERIES[result.metric],
            linestyle=linestyle,
            marker=marker,
        )
    ks = np.array(results.n_neighbors)
    if len(ks) <= ks[-1] - ks[0]:  # with gaps, which most likely grow
        space_by_ratio(ax, ks)
    ax.set_ylabel("Accuracy on held-out folds")
    return figure


@in_page_style
def confusion_figure(method: str, result: MethodResult, class_names: list[str]) -> "Figure":
    """Draw a confusion matrix, each row as fractions of its true class.

    Parameters
    ----------
    method : str
        A metric or a loss.
    result : MethodResult
    class_names : list of str

    Returns
    -------
    matplotlib Figure
    """
    counts = np.array(result.confusion_matrix)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    n = len(class_names)
    # To matplotlib what stands between two dollar signs is a formula.
    labels = [name.replace("$", r"\$") for name in class_names]
    written = n <= MOST_WRITTEN_CLASSES
    # Inches; large matrices get the whole width of the page, so that 100 names can be read.
    size = 5.2 if written else min(max(7.2, 0.135 * n), 13.5)
    figure = new_figure(size, size)
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
    if n <= _MOST_NAMED_CLASSES:
        ax.set_xticks(range(n), labels, rotation=0 if upright else 90, fontsize=fontsize)
        ax.set_yticks(range(n), labels, fontsize=fontsize)
    ax.tick_params(length=0)
    ax.set(xlabel=f"Predicted with {short_name(method)}", ylabel="True class")
    return figure
