"""Learning rates compared by what training does with each."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from nearplane.display._loss_curve import History, LossCurveDisplay
from nearplane.display._settings import (
    check_parameter,
    differing,
    label_of,
    settings_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A last loss so many times that of the best is worse for more than chance, or beyond hope.
_CLEARLY, _DIVERGED = 1.02, 1e6
# A colour map, and the part of it that is told from white.
_COLOURS, _DARKEST, _LIGHTEST = "viridis", 0.0, 0.88
_WIDTH, _BEST_WIDTH = 1.4, 3.0
# Entries from which on a legend within the axes has two columns.
_LONG_LEGEND = 9


class LearningRateDisplay:
    """The losses of several learning rates over the epochs: too low, good, too high.

    Colours go from dark for the lowest rate to light for the highest, and the curve of the best is
    wide. Losses that explode leave the picture at the top, under a triangle.

    Parameters
    ----------
    histories : dict of float to dict of str to array-like of shape (n_epochs,)
        For each learning rate what training recorded, as `nearplane.LinearClassifier.history_`
        does; "epoch" and "loss" are needed.
    best : float, default=None
        The best of the rates. None: the one with the lowest last loss.
    auto : float, default=None
        The rate that ``learning_rate="auto"`` came to, if it is among them.
    diverged : collection of float, default=()
        Rates known to diverge, though the losses in their histories do not tell: those of a
        cross-validation end where the first of its trainings does.
    quantity : str, default="loss"
        What to draw, see `LossCurveDisplay`.

    Attributes
    ----------
    verdicts_ : dict of float to str
        For each rate, ascending, "too low", "good", "best", "too high" or "diverged". Too low and
        too high are rates whose last loss is more than 2 % above that of the best.
    ax_ : matplotlib Axes
        Where the curves were drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        The curves, from the lowest rate to the highest.
    beyond_ : list of matplotlib Line2D
        A triangle for each curve that leaves the picture, where it first does.

    See Also
    --------
    LossCurveDisplay : Any trainings, by name.
    SweepHeatmapDisplay : The accuracies that learning rates lead to.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import LearningRateDisplay
    >>> losses = {0.001: [2.3, 2.2, 2.1], 0.1: [2.0, 1.8, 1.7], 10: [9.0, 80.0, float("inf")]}
    >>> histories = {rate: {"epoch": [1, 2, 3], "loss": loss} for rate, loss in losses.items()}
    >>> display = LearningRateDisplay(histories=histories).plot(ax=Figure().subplots())
    >>> display.verdicts_
    {0.001: 'too low', 0.1: 'best', 10: 'diverged'}
    """

    def __init__(
        self,
        *,
        histories: Mapping[float, History],
        best: float | None = None,
        auto: float | None = None,
        diverged: Collection[float] = (),
        quantity: str = "loss",
    ) -> None:
        self.histories = {rate: histories[rate] for rate in sorted(histories)}
        self.quantity = quantity
        self.auto = auto
        losses = {
            rate: np.inf if rate in diverged else _last_loss(rate, history)
            for rate, history in self.histories.items()
        }
        for name, rate in {"best": best, "auto": auto}.items():
            if rate is not None and rate not in losses:
                raise ValueError(f"{name} must be one of the rates {list(losses)}; got {rate!r}.")
        if not losses or not np.isfinite(list(losses.values())).any():
            raise ValueError("histories must hold at least one training that did not diverge.")
        self.best = min(losses, key=lambda rate: losses[rate]) if best is None else best
        self.verdicts_ = {rate: self._verdict(rate, losses) for rate in losses}
        names = [self._name(rate) for rate in losses]
        self._curves = LossCurveDisplay(
            histories=dict(zip(names, self.histories.values(), strict=True)), quantity=quantity
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        quantity: str = "loss",
        log_scale: bool = False,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the learning rates that a search has tried.

        Parameters
        ----------
        estimator : LinearClassifierSweep or LinearClassifierCV
            Fitted, on a grid with several values of `learning_rate`. Other parameters are those of
            its best setting, and the best rate is that setting's.
        quantity : str, default="loss"
            What to draw; of several splits means are drawn.
        log_scale : bool, default=False
            Whether the vertical axis is logarithmic.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            Passed to matplotlib's ``plot`` for every line.

        Returns
        -------
        LearningRateDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        TypeError, ValueError
            If it is neither of these, or its grid does not name `learning_rate`.
        """
        settings = settings_of(estimator)
        if not hasattr(estimator, "histories_"):
            raise TypeError(
                "estimator must be a LinearClassifierSweep or a LinearClassifierCV, which keep "
                f"histories; got {estimator!r}."
            )
        check_parameter("estimator's grid", "learning_rate", settings)
        best = settings.params[settings.best]
        others = [name for name in differing(settings) if name != "learning_rate"]
        alike = [
            row
            for row, setting in enumerate(settings.params)
            if all(setting.get(name) == best.get(name) for name in others)
        ]
        given = {row: settings.params[row]["learning_rate"] for row in alike}
        automatic = [row for row in alike if isinstance(given[row], str)]
        rates = {
            row: float(settings.rates[row] if row in automatic else given[row]) for row in alike
        }
        display = cls(
            histories={rates[row]: estimator.histories_[row] for row in alike},
            best=rates[settings.best],
            auto=rates[automatic[0]] if automatic else None,
            diverged={rates[row] for row in alike if np.isnan(settings.scores[row])},
            quantity=quantity,
        )
        return display.plot(ax, log_scale=log_scale, **kwargs)

    def plot(self, ax: "Axes | None" = None, *, log_scale: bool = False, **kwargs: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        log_scale : bool, default=False
            Whether the vertical axis is logarithmic.
        **kwargs : dict
            Passed to matplotlib's ``plot`` for every line, such as ``alpha``.

        Returns
        -------
        LearningRateDisplay
            This object.
        """
        self._curves.styles = self._styles()
        self._curves.plot(ax, log_scale=log_scale, **kwargs)
        self.ax_, self.figure_ = self._curves.ax_, self._curves.figure_
        self.lines_, self.beyond_ = self._curves.lines_, self._curves.beyond_
        # A figure of our own makes room beside the axes, where no curve is hidden.
        beside: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1, 1), "frameon": False}
        options = beside if ax is None else {"ncols": 1 + len(self.histories) // _LONG_LEGEND}
        self.ax_.legend(title="Learning rate", fontsize="small", **options)
        return self

    def _verdict(self, rate: float, losses: Mapping[float, float]) -> str:
        if rate == self.best:
            return "best"
        first = min(_losses(history)[0] for history in self.histories.values())
        if not losses[rate] < _DIVERGED * first:
            return "diverged"
        if losses[rate] <= _CLEARLY * losses[self.best]:
            return "good"
        return "too low" if rate < self.best else "too high"

    def _name(self, rate: float) -> str:
        automatic = " (auto)" if rate == self.auto else ""
        return f"{label_of(float(f'{rate:.3g}'))}{automatic}, {self.verdicts_[rate]}"

    def _styles(self) -> list[dict[str, Any]]:
        """Return colour and width of each curve."""
        import matplotlib as mpl

        places = np.linspace(_DARKEST, _LIGHTEST, len(self.histories))
        return [
            {"color": colour, "linewidth": _BEST_WIDTH if rate == self.best else _WIDTH}
            for rate, colour in zip(self.histories, mpl.colormaps[_COLOURS](places), strict=True)
        ]


def _losses(history: History) -> NDArray[np.float64]:
    return np.asarray(history["loss"], dtype=np.float64)


def _last_loss(rate: float, history: History) -> float:
    """Return the loss that training ended with; infinity if it was lost on the way."""
    if "loss" not in history or not len(_losses(history)):
        raise ValueError(f"histories[{rate!r}] must hold 'loss', with an entry for each epoch.")
    last = float(_losses(history)[-1])
    return last if np.isfinite(last) else np.inf
