"""The plot of what classifiers reach on features."""

from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from nearplane.display._figure import blank_axes
from nearplane.report._features_results import FeaturesResults
from nearplane.report._svg import INK, SERIES, in_page_style, new_figure
from nearplane.report._text import capitalised, feature_names, short_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nearplane.display import ColorHistogramDisplay

_BAR = 0.36
# Width of the bars of colours beside an image, in units of its own, as the page has them.
_BARS_WIDTH = 1.3


@in_page_style
def features_figure(features: FeaturesResults, n_test: int) -> "Figure":
    """Draw the accuracy on the test set, two bars for each set of features.

    Parameters
    ----------
    features : FeaturesResults
    n_test : int
        How many test rows the accuracies are of.

    Returns
    -------
    matplotlib Figure
    """
    n = len(features.sets)
    figure = new_figure(7.6, 0.62 * n + 1.0)
    ax = figure.subplots()
    rows = np.arange(n)
    series = (
        ("Nearest neighbours", SERIES[features.metric], [s.nearest for s in features.sets]),
        (
            f"Linear ({short_name(features.loss)})",
            SERIES[features.loss],
            [s.linear for s in features.sets],
        ),
    )
    for side, (name, colour, scores) in zip((-0.5, 0.5), series, strict=True):
        values = np.array([100 * score.test_accuracy for score in scores])
        errors = [100 * sqrt(s.test_accuracy * (1 - s.test_accuracy) / n_test) for s in scores]
        bars = ax.barh(
            rows + side * _BAR,
            values,
            height=_BAR,
            color=colour,
            label=name,
            xerr=errors,
            error_kw={"ecolor": INK, "elinewidth": 1.0, "capsize": 2.0},
        )
        ax.bar_label(bars, [f"{value:.1f}" for value in values], padding=4, fontsize=9)
    ax.set_yticks(rows, [capitalised(feature_names(s.kinds)) for s in features.sets])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(n - 0.4, -0.6)
    ax.grid(False, axis="y")
    most = 100 * max(max(s.nearest.test_accuracy, s.linear.test_accuracy) for s in features.sets)
    ax.set_xlim(0, min(10 * ceil((most + 8) / 10), 100))  # with room for the numbers
    ax.set_xlabel("Accuracy on the test set in %")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.2)
    return figure


@in_page_style
def colours_figure(display: "ColorHistogramDisplay", number: int) -> "Figure":
    """Draw the colour histogram of one image.

    Parameters
    ----------
    display : ColorHistogramDisplay
    number : int
        Which of its images.

    Returns
    -------
    matplotlib Figure
    """
    height, width = display.images.shape[1:3]
    shape = height / width / _BARS_WIDTH  # as high as the image beside them
    figure = new_figure(2.6, 2.6 * shape)
    figure.set_layout_engine("none")  # the axes are all there is
    ax, _ = blank_axes(figure.add_axes((0.0, 0.0, 1.0, 1.0)), 1.0, shape)
    display.draw_bars(ax, number, (0.0, 0.0, 1.0, shape), fontsize=10.0, ink=INK)
    return figure
