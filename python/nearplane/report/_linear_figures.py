"""The plots of the linear classifiers' training."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nearplane.display import LossCurveDisplay, SweepHeatmapDisplay
from nearplane.report._findings import setting
from nearplane.report._linear_results import (
    Curve,
    LinearResults,
    LossResult,
    SweepResult,
)
from nearplane.report._results import MetricResult
from nearplane.report._svg import INK, MUTED, SERIES, in_page_style, new_figure
from nearplane.report._text import learning_rate, long_name, short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_RATE_MARKERS = ("v", "s", "o", "D", "^")
# Where the picture of learning rates ends, as a multiple of the loss that training begins with.
_ABOVE_ZERO_LOSS = 1.5


@in_page_style
def loss_figure(result: LossResult, thing: str) -> "Figure":
    """Draw training and validation loss over the epochs, and where zero weights would be.

    Parameters
    ----------
    result : LossResult
    thing : str
        What a row is called.

    Returns
    -------
    matplotlib Figure
    """
    figure = new_figure(5.6, 3.6)
    ax = figure.subplots()
    curves = _arrays(result.history)
    LossCurveDisplay.from_history(curves, ax=ax, color=SERIES[result.loss], linewidth=1.8)
    _mark_level(ax, result.zero_loss, f"all weights zero: {result.zero_loss:.2f}")
    ax.set_ylabel(f"{long_name(result.loss)} loss per {thing}")
    return figure


@in_page_style
def epochs_figure(linear: LinearResults, nearest: MetricResult) -> "Figure":
    """Draw training and validation accuracy over the epochs, beside that of the neighbours.

    Parameters
    ----------
    linear : LinearResults
    nearest : MetricResult
        Whose validation accuracy is drawn as a level.

    Returns
    -------
    matplotlib Figure
    """
    figure = new_figure(7.6, 4.0)
    ax = figure.subplots()
    for result in linear.losses:
        histories = {long_name(result.loss): _arrays(result.history)}
        LossCurveDisplay(histories=histories, quantity="accuracy").plot(
            ax, color=SERIES[result.loss], linewidth=1.8
        )
    ax.axhline(
        nearest.best_validation_accuracy,
        color=MUTED,
        linestyle=":",
        linewidth=1.4,
        label=f"{short_name(nearest.metric)}, {setting(nearest)}, validation",
    )
    _legend_above(ax, n_columns=3)
    return figure


@in_page_style
def sweep_figure(sweep: SweepResult) -> "Figure":
    """Draw what each learning rate reaches with each penalty.

    Parameters
    ----------
    sweep : SweepResult

    Returns
    -------
    matplotlib Figure
    """
    figure = new_figure(5.6, 3.6)
    scores = np.array(sweep.accuracy, dtype=np.float64)
    # Among equals the sweep has taken one, and the page says which.
    best = (
        sweep.alphas.index(sweep.best_alpha),
        sweep.learning_rates.index(sweep.best_learning_rate),
    )
    ax = figure.subplots()
    SweepHeatmapDisplay(
        scores=scores,
        x_values=sweep.learning_rates,
        y_values=sweep.alphas,
        score_name=f"{long_name(sweep.loss)}, validation accuracy",
        diverged=np.isnan(scores),
        best=best,
    ).plot(ax, cmap="cividis")
    ax.grid(False)
    legend = ax.get_legend()
    if legend is not None:
        legend.get_patches()[0].set_edgecolor(INK)  # beside the map the page may be dark
    return figure


@in_page_style
def rates_figure(sweep: SweepResult, zero_loss: float) -> "Figure":
    """Draw the training loss over the epochs, one curve for each learning rate.

    Parameters
    ----------
    sweep : SweepResult
    zero_loss : float
        The loss of weights of zero, little above which the picture ends.

    Returns
    -------
    matplotlib Figure
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(7.6, 4.2)
    ax = figure.subplots()
    ax.set_prop_cycle(color=[*SERIES.values(), INK], marker=_RATE_MARKERS)
    for rate in sweep.rates:
        curves = _arrays(rate.history)
        name = f"{learning_rate(rate.learning_rate)}, {rate.verdict}"
        width = 3.0 if rate.learning_rate == sweep.best_learning_rate else 1.6
        ax.plot(curves["epoch"], curves["data_loss"], label=name, linewidth=width, markersize=4)
    if zero_loss > 0:
        ax.set_ylim(0, _ABOVE_ZERO_LOSS * zero_loss)
        name = f"all weights zero: {zero_loss:.2f}"
        ax.axhline(zero_loss, color=MUTED, linestyle=":", linewidth=1.4, label=name)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="Epoch", ylabel=f"{long_name(sweep.loss)} training loss")
    _legend_above(ax, n_columns=3)
    return figure


def _arrays(history: dict[str, Curve]) -> dict[str, NDArray[np.float64]]:
    return {name: np.array(curve, dtype=np.float64) for name, curve in history.items()}


def _legend_above(ax: "Axes", *, n_columns: int) -> None:
    """Move the legend out of the plot, where curves leave it no room."""
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.05),
        ncols=n_columns,
        borderaxespad=0,
        columnspacing=1.2,
    )


def _mark_level(ax: "Axes", level: float, text: str) -> None:
    """Draw a dotted line across the plot, and say above its right end what it is."""
    ax.axhline(level, color=MUTED, linestyle=":", linewidth=1.4)
    ax.annotate(
        text,
        (1.0, level),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 3),
        textcoords="offset points",
        ha="right",
        color=MUTED,
        fontsize=9,
    )
