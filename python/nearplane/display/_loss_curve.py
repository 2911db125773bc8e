"""Loss, accuracy and what else a training records, against epochs or steps."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane.display._figure import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

History = Mapping[str, ArrayLike]


class _Quantity(NamedTuple):
    label: str
    curves: dict[str, str]
    """What the history calls each curve, and what the legend does."""
    is_loss: bool = False


_QUANTITIES = {
    "loss": _Quantity("Loss with penalty", {"loss": "training"}, True),
    "data_loss": _Quantity(
        "Data loss", {"data_loss": "training", "validation_loss": "validation"}, True
    ),
    "accuracy": _Quantity(
        "Accuracy", {"train_accuracy": "training", "validation_accuracy": "validation"}
    ),
    "validation_loss": _Quantity("Validation loss", {"validation_loss": "validation"}, True),
    "train_accuracy": _Quantity("Training accuracy", {"train_accuracy": "training"}),
    "validation_accuracy": _Quantity("Validation accuracy", {"validation_accuracy": "validation"}),
    "penalty": _Quantity("Penalty", {"penalty": "training"}),
    "learning_rate": _Quantity("Learning rate", {"learning_rate": "training"}),
    "update_ratio": _Quantity("Update-to-weight ratio", {"update_ratio": "training"}),
}
_X_LABELS = {"epoch": "Epoch", "step": "Step"}
_SECOND_LINESTYLE = "--"
# A loss above so many times the highest one of the calmest training has no say in the axis's range:
# one learning rate that explodes would press all others into one flat line.
_HEADROOM = {"linear": 4.0, "log": 1e3}
# Points.
_TRIANGLE = 8


class _Curve(NamedTuple):
    label: str | None
    linestyle: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]


class LossCurveDisplay:
    """Curves of one training or of several: loss, accuracy, learning rate.

    The validation curve, where there is one, is dashed. A loss that explodes leaves the picture
    at the top, under a triangle, and leaves the others their room.

    Parameters
    ----------
    histories : dict of str to dict of str to array-like of shape (n,)
        For each training its name (``""`` for none) and what it recorded, as
        `nearplane.LinearClassifier.history_` does. NaN is "not recorded".
    quantity : str, default="data_loss"
        What to draw: ``"loss"`` (penalty included), ``"data_loss"`` or ``"accuracy"`` (training,
        and validation where it is recorded), ``"validation_loss"``, ``"train_accuracy"``,
        ``"validation_accuracy"``, ``"penalty"``, ``"learning_rate"`` or ``"update_ratio"``.
    x : {"epoch", "step"}, default="epoch"
        What to draw it against; a key of every history.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the curves were drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        The curves: for each history training, then validation.
    beyond_ : list of matplotlib Line2D
        A triangle for each curve that leaves the picture, where it first does.

    See Also
    --------
    TemplatesDisplay : The weights as images.
    AccuracyCurveDisplay : Accuracy against the number of neighbours.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import LossCurveDisplay
    >>> history = {"epoch": [1, 2, 3], "data_loss": [2.0, 1.5, 1.4]}
    >>> display = LossCurveDisplay.from_history(history, ax=Figure().subplots())
    >>> display.lines_[0].get_ydata().tolist()
    [2.0, 1.5, 1.4]
    """

    def __init__(
        self, *, histories: Mapping[str, History], quantity: str = "data_loss", x: str = "epoch"
    ) -> None:
        if quantity not in _QUANTITIES:
            raise ValueError(f"quantity is {quantity!r}; it must be one of {sorted(_QUANTITIES)}")
        if x not in _X_LABELS:
            raise ValueError(f"x is {x!r}; it must be one of {sorted(_X_LABELS)}")
        if not histories:
            raise ValueError("histories is empty: give at least one")
        self.histories = dict(histories)
        self.quantity = quantity
        self.x = x
        self._curves = [self._read(name, history) for name, history in histories.items()]
        # What else the lines of each history look like; for displays made of this one.
        self.styles: list[dict[str, Any]] = [{} for _ in self._curves]

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        quantity: str = "data_loss",
        x: str = "epoch",
        name: str = "",
        log_scale: bool = False,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the training of a fitted classifier.

        Parameters
        ----------
        estimator : LinearClassifier
            Fitted; with ``record_steps=True`` to draw against steps.
        quantity : str, default="data_loss"
            What to draw.
        x : {"epoch", "step"}, default="epoch"
            What to draw it against.
        name : str, default=""
            The training's name in the legend.
        log_scale : bool, default=False
            Whether the vertical axis is logarithmic.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            Passed to matplotlib's ``plot`` for every line.

        Returns
        -------
        LossCurveDisplay

        Raises
        ------
        ValueError
            If `estimator` did not record what should be drawn.
        """
        attribute = "step_history_" if x == "step" else "history_"
        if not hasattr(estimator, attribute):
            advice = "fit it with record_steps=True" if x == "step" else "fit it first"
            raise ValueError(f"{type(estimator).__name__} has no {attribute}: {advice}")
        display = cls(histories={name: getattr(estimator, attribute)}, quantity=quantity, x=x)
        return display.plot(ax, log_scale=log_scale, **kwargs)

    @classmethod
    def from_history(
        cls,
        history: History | Mapping[str, History],
        *,
        quantity: str = "data_loss",
        x: str = "epoch",
        log_scale: bool = False,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw recorded trainings, such as one for each of some learning rates.

        Parameters
        ----------
        history : dict
            What one training recorded, or such a record for each of several names.
        quantity : str, default="data_loss"
            What to draw.
        x : {"epoch", "step"}, default="epoch"
            What to draw it against.
        log_scale : bool, default=False
            Whether the vertical axis is logarithmic.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            Passed to matplotlib's ``plot`` for every line.

        Returns
        -------
        LossCurveDisplay

        Raises
        ------
        ValueError
            If a history does not hold what should be drawn.
        """
        several = all(isinstance(value, Mapping) for value in history.values())
        histories = cast(Mapping[str, History], history if several else {"": history})
        display = cls(histories=histories, quantity=quantity, x=x)
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
            Passed to matplotlib's ``plot`` for every line, such as ``linewidth``.

        Returns
        -------
        LossCurveDisplay
            This object.
        """
        self.ax_ = axes_or_new(ax)
        self.figure_ = self.ax_.figure
        if log_scale:
            self.ax_.set_yscale("log")
        self.lines_: list[Line2D] = []
        self.beyond_: list[Line2D] = []
        ceiling = self._ceiling("log" if log_scale else "linear")
        for curves, style in zip(self._curves, self.styles, strict=True):
            colour = None  # the next of the cycle; a validation curve shares its training's
            for curve in curves:
                options = {"color": colour} | style | kwargs
                colour = self._draw(curve, ceiling, options).get_color()
        self._label_axes()
        return self

    def _read(self, name: str, history: History) -> list[_Curve]:
        """Return the curves that `history` holds of the quantity."""
        wanted = _QUANTITIES[self.quantity].curves
        found = {key: part for key, part in wanted.items() if key in history}
        described = f"history {name!r}" if name else "history"
        if self.x not in history or not found:
            missing = self.x if found else next(iter(wanted))
            raise ValueError(f"{described} has no {missing!r}; it holds {sorted(history)}")
        x = np.asarray(history[self.x], dtype=np.float64)
        values = {key: np.asarray(history[key], dtype=np.float64) for key in found}
        for key, y in values.items():
            if x.ndim != 1 or y.shape != x.shape:
                raise ValueError(
                    f"{described}: {key!r} has shape {y.shape} and {self.x!r} has shape {x.shape};"
                    " both must be (n,)"
                )
        # A validation that never took place is NaN throughout; a loss that is NaN is training's.
        values = {
            key: y for key, y in values.items() if wanted[key] == "training" or not _unknown(y)
        }
        if not values:
            raise ValueError(
                f"{described} has no validation: fit with X_val and y_val or early_stopping=True"
            )
        # One name for each training is enough where several share the axes.
        parts = [wanted[key] for key in values] if len(values) > 1 else [""]
        labels = [", ".join(filter(None, (name, part))) or None for part in parts]
        if len(self.histories) > 1:
            labels = [name, None][: len(values)]
        linestyles = ["-", _SECOND_LINESTYLE]
        return [
            _Curve(label, linestyle, x, y)
            for label, linestyle, y in zip(labels, linestyles, values.values(), strict=False)
        ]

    def _ceiling(self, scale: str) -> float:
        """Return the value above which a loss has no say in the axis's range."""
        if not _QUANTITIES[self.quantity].is_loss:
            return np.inf
        of_each = (np.concatenate([curve.y for curve in curves]) for curves in self._curves)
        peaks = [y[np.isfinite(y)].max() for y in of_each if np.isfinite(y).any()]
        return float(_HEADROOM[scale] * min(peaks)) if peaks else np.inf

    def _draw(self, curve: _Curve, ceiling: float, options: dict[str, Any]) -> "Line2D":
        defaults: dict[str, Any] = {"linestyle": curve.linestyle, "label": curve.label}
        # Only the points below the ceiling decide the axes' range; the rest is added afterwards.
        inside = curve.y <= ceiling
        if len(curve.x) == 1 and inside.all():
            defaults["marker"] = "o"  # a line of one point would not be seen
        (line,) = self.ax_.plot(curve.x[inside], curve.y[inside], **(defaults | options))
        self.ax_.update_datalim(np.column_stack([curve.x, curve.x]), updatey=False)
        line.set_data(curve.x, curve.y)
        self.lines_.append(line)
        if _QUANTITIES[self.quantity].is_loss and not inside.all():
            self._mark_beyond(curve.x[~inside][0], line.get_color())
        return line

    def _mark_beyond(self, x: float, colour: Any) -> None:
        """Mark at the upper edge where a curve leaves the axes, beside the marks there already."""
        from matplotlib.transforms import ScaledTranslation

        n_before = sum(bool(np.all(mark.get_xdata() == x)) for mark in self.beyond_)
        inches = 1.2 * _TRIANGLE * n_before / 72
        aside = ScaledTranslation(inches, 0, self.figure_.dpi_scale_trans)
        (triangle,) = self.ax_.plot(
            [x],
            [1.0],
            transform=self.ax_.get_xaxis_transform() + aside,
            marker="^",
            markersize=_TRIANGLE,
            color=colour,
            linestyle="none",
            clip_on=False,
        )
        self.beyond_.append(triangle)

    def _label_axes(self) -> None:
        from matplotlib.ticker import MaxNLocator

        self.ax_.set_xlabel(_X_LABELS[self.x])
        self.ax_.set_ylabel(_QUANTITIES[self.quantity].label)
        self.ax_.xaxis.set_major_locator(
            MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
        )
        if "accuracy" in self.quantity:
            self.ax_.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.6g} %")
        shared = len(self.histories) > 1 and any(len(curves) > 1 for curves in self._curves)
        if shared:
            self.ax_.plot([], [], color="0.5", linestyle=_SECOND_LINESTYLE, label="validation")
        if any(curve.label for curves in self._curves for curve in curves):
            self.ax_.legend()


def _unknown(values: NDArray[np.float64]) -> bool:
    return bool(np.isnan(values).all())
