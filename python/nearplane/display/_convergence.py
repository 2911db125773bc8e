"""Regression by nearest neighbours, which approaches a function as rows are added."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state

from nearplane._validation import check_integer, check_real
from nearplane.display._frame import frame_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Function = Callable[[NDArray[np.float64]], ArrayLike]

# In inches.
_PANEL_WIDTH, _PANEL_HEIGHT = 2.6, 2.0
_LEGEND_WIDTH, _GAP = 4.5, 0.15
_MOST_COLUMNS = 4
_FONTSIZE = 9.0
# A title is about so long, a letter so wide and a line so high, as parts of the font's size.
_TITLE_LETTERS, _LETTER, _LINE = 18, 0.62, 1.6
# Told apart by colour-blind eyes, and by their lightness.
_TRUTH, _PREDICTED, _SAMPLE = "0.1", "#1f83d0", "#d0611a"
_DASHES = (0, (3, 2))
_FEW = 50


class RegressionConvergenceDisplay:
    """Predictions of a regressor beside the function it is shown, for more and more rows.

    Nearest neighbours can approach any continuous function of one feature, if there are enough
    rows. In d features the same density of rows takes their number to the power of d.

    Parameters
    ----------
    x : array-like of shape (n_points,)
        Where function and predictions are compared.
    truth : array-like of shape (n_points,)
        The function's values.
    predictions : array-like of shape (n_sizes, n_points)
        One row of predictions for each number of training rows.
    x_train, y_train : array-like of shape (n_rows,)
        The training rows; the first n of them are those of a panel of n.
    n_samples : array-like of int, shape (n_sizes,)
        How many rows each prediction is made from.
    n_neighbors : sequence of int, default=None
        How many neighbours each prediction is made from, for the titles.

    Attributes
    ----------
    errors_ : ndarray of shape (n_sizes,)
        Root mean squared difference of predictions and function.
    ax_ : matplotlib Axes
        The frame in which the panels lie.
    panels_ : list of matplotlib Axes
        One for each number of rows.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    nearplane.KNeighborsRegressor : The regressor.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane import KNeighborsRegressor
    >>> from nearplane.display import RegressionConvergenceDisplay
    >>> display = RegressionConvergenceDisplay.from_estimator(
    ...     KNeighborsRegressor(1), random_state=0, ax=Figure().subplots()
    ... )
    >>> bool(display.errors_[-1] < 0.1 * display.errors_[0])
    True
    """

    def __init__(
        self,
        *,
        x: ArrayLike,
        truth: ArrayLike,
        predictions: ArrayLike,
        x_train: ArrayLike,
        y_train: ArrayLike,
        n_samples: Sequence[int],
        n_neighbors: Sequence[int] | None = None,
    ) -> None:
        self.x, self.truth = _read_pair(x, truth, ("x", "truth"))
        self.x_train, self.y_train = _read_pair(x_train, y_train, ("x_train", "y_train"))
        self.n_samples = _read_counts(n_samples, "n_samples")
        self.predictions = np.asarray(predictions, dtype=np.float64)
        shape = len(self.n_samples), len(self.x)
        if self.predictions.shape != shape:
            raise ValueError(
                f"predictions must have shape {shape}, a row for each of n_samples; got shape "
                f"{self.predictions.shape}."
            )
        if max(self.n_samples) > len(self.x_train):
            raise ValueError(
                f"n_samples must be at most the number of training rows, {len(self.x_train)}; got "
                f"{max(self.n_samples)}."
            )
        self.n_neighbors = n_neighbors
        if n_neighbors is not None:
            self.n_neighbors = _read_counts(n_neighbors, "n_neighbors")
            _check_one_each(self.n_neighbors, self.n_samples)
        self.errors_ = np.sqrt(((self.predictions - self.truth) ** 2).mean(axis=1))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        function: Function | None = None,
        *,
        n_samples: Sequence[int] = (5, 20, 100, 1000),
        n_neighbors: Sequence[int] | None = None,
        interval: tuple[float, float] = (0.0, 1.0),
        noise: float = 0.0,
        resolution: int = 1000,
        random_state: Any = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Fit a regressor to more and more points of a function, and draw what it predicts.

        Parameters
        ----------
        estimator : regressor
            Such as `nearplane.KNeighborsRegressor`; clones of it are fitted.
        function : callable, default=None
            Given an array of numbers, it returns as many. None: a wave of two frequencies.
        n_samples : sequence of int, default=(5, 20, 100, 1000)
            Numbers of training rows: the first so many of one sequence of random numbers.
        n_neighbors : sequence of int, default=None
            The number of neighbours for each number of rows. None leaves it as `estimator` has it.
            With noise, predictions approach the function only if it grows too, more slowly than
            the rows.
        interval : tuple of two float, default=(0.0, 1.0)
            Where training rows are drawn, evenly at random, and predictions made.
        noise : float, default=0.0
            Standard deviation of what is added to the training rows' values.
        resolution : int, default=1000
            Number of points at which predictions are made.
        random_state : int, RandomState instance or None, default=None
            Decides the training rows and their noise.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        RegressionConvergenceDisplay

        Raises
        ------
        TypeError, ValueError
            If an argument is not as described, or `function` returns anything but one finite
            number for each.
        """
        function = _wave if function is None else function
        sizes = _read_counts(n_samples, "n_samples")
        counts = None if n_neighbors is None else _read_counts(n_neighbors, "n_neighbors")
        if counts is not None:
            _check_one_each(counts, sizes)
        low, high = _read_interval(interval)
        noise = check_real("noise", noise, at_least=0)
        x = np.linspace(low, high, check_integer("resolution", resolution, at_least=2))
        rng = check_random_state(random_state)
        x_train = rng.uniform(low, high, max(sizes))
        y_train = _values(function, x_train) + noise * rng.standard_normal(len(x_train))
        predictions = []
        for i, size in enumerate(sizes):
            model = clone(estimator)
            if counts is not None:
                model.set_params(n_neighbors=counts[i])
            model.fit(x_train[:size, np.newaxis], y_train[:size])
            predictions.append(model.predict(x[:, np.newaxis]))
        if counts is None and hasattr(estimator, "n_neighbors"):
            counts = [estimator.n_neighbors] * len(sizes)
        return cls(
            x=x,
            truth=_values(function, x),
            predictions=predictions,
            x_train=x_train,
            y_train=y_train,
            n_samples=sizes,
            n_neighbors=counts,
        ).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw a panel for each number of rows, all with the same axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure of a fitting size.

        Returns
        -------
        RegressionConvergenceDisplay
            This object.
        """
        n = len(self.n_samples)
        n_rows = ceil(n / _MOST_COLUMNS)
        n_columns = ceil(n / n_rows)
        figsize = max(_PANEL_WIDTH * n_columns, _LEGEND_WIDTH), _PANEL_HEIGHT * n_rows + 0.6
        self.ax_, size = frame_axes(ax, figsize)
        self.figure_ = self.ax_.figure
        fontsize = min(_FONTSIZE, 72 * size[0] / n_columns / _TITLE_LETTERS / _LETTER)
        self.panels_ = []
        for i, place in enumerate(_places(n, n_columns, size, _LINE * fontsize / 72)):
            panel = self.ax_.inset_axes(place)
            self._draw(panel, i, fontsize)
            leftmost, lowest = i % n_columns == 0, i + n_columns >= n
            panel.tick_params(labelleft=leftmost, labelbottom=lowest)
            panel.set_ylabel("y" if leftmost else "", fontsize=fontsize)
            panel.set_xlabel("x" if lowest else "", fontsize=fontsize)
            self.panels_.append(panel)
        self._draw_legend(fontsize)
        return self

    def _draw(self, panel: "Axes", i: int, fontsize: float) -> None:
        from matplotlib.ticker import MaxNLocator

        n = self.n_samples[i]
        # Many points would hide the curves, and lie below them; the function stays visible on the
        # prediction.
        area = float(np.clip(300 / n, 0.8, 16))
        order = 3 if n <= _FEW else 1
        points = self.x_train[:n], self.y_train[:n]
        panel.scatter(*points, s=area, color=_SAMPLE, linewidths=0, zorder=order)
        panel.plot(self.x, self.predictions[i], color=_PREDICTED, linewidth=1.6)
        panel.plot(self.x, self.truth, color=_TRUTH, linestyle=_DASHES, linewidth=1.2)
        panel.set_xlim(self.x.min(), self.x.max())
        panel.set_ylim(*self._limits())
        parts = [f"n = {n:,}"]
        if self.n_neighbors is not None:
            parts.append(f"k = {self.n_neighbors[i]:,}")
        title = ", ".join(parts) + f"\nRMS error {self.errors_[i]:.2g}"
        panel.set_title(title, fontsize=fontsize, pad=3)
        panel.tick_params(labelsize=fontsize * 0.9)
        # No number at the ends, where it would meet that of the next panel.
        panel.xaxis.set_major_locator(MaxNLocator(5, prune="both"))

    def _limits(self) -> tuple[float, float]:
        """Return a range that holds the function, and predictions and rows that are near it."""
        low, high = self.truth.min(), self.truth.max()
        reach = (high - low) or 1.0
        values = np.concatenate([self.predictions.ravel(), self.y_train])
        low = max(min(low, values.min()), low - 0.5 * reach)
        high = min(max(high, values.max()), high + 0.5 * reach)
        return float(low - 0.05 * reach), float(high + 0.05 * reach)

    def _draw_legend(self, fontsize: float) -> None:
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], color=_TRUTH, linestyle=_DASHES, label="function"),
            Line2D([], [], color=_PREDICTED, label="prediction"),
            Line2D(
                [], [], color=_SAMPLE, marker="o", markersize=3, ls="none", label="training row"
            ),
        ]
        place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 1.0)}
        self.ax_.legend(
            handles=handles, ncols=3, fontsize=fontsize, frameon=False, borderaxespad=0, **place
        )


def _places(
    n: int, n_columns: int, size: tuple[float, float], line: float
) -> list[tuple[float, float, float, float]]:
    """Return left, bottom, width and height of each panel in parts of a frame of `size` inches.

    Two lines of title lie above each panel, and one more between rows; a legend above them all.
    """
    n_rows = ceil(n / n_columns)
    height = max((size[1] - (3 * n_rows + 0.3) * line) / n_rows, line)
    gap = _GAP / size[0]
    width = (1 - (n_columns - 1) * gap) / n_columns
    return [
        (
            i % n_columns * (width + gap),
            (n_rows - 1 - i // n_columns) * (height + 3 * line) / size[1],
            width,
            height / size[1],
        )
        for i in range(n)
    ]


def _wave(x: NDArray[np.float64]) -> NDArray[np.float64]:
    wave: NDArray[np.float64] = np.sin(2 * np.pi * x) + 0.5 * np.sin(6 * np.pi * x)
    return wave


def _values(function: Function, x: NDArray[np.float64]) -> NDArray[np.float64]:
    values = np.asarray(function(x), dtype=np.float64)
    if values.shape != x.shape or not np.isfinite(values).all():
        raise ValueError(
            f"function must return one finite number for each of the {len(x)} it is given; got "
            f"{values!r}."
        )
    return values


def _read_pair(
    x: ArrayLike, y: ArrayLike, names: tuple[str, str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if first.ndim != 1 or not first.size or first.shape != second.shape:
        raise ValueError(
            f"{names[0]} and {names[1]} must be lists of as many numbers; got shapes "
            f"{first.shape} and {second.shape}."
        )
    return first, second


def _read_counts(values: Sequence[int], name: str) -> list[int]:
    array = np.asarray(values)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{name} must be a list of at least one integer; got {values!r}.")
    return [check_integer(name, value, at_least=1) for value in array.tolist()]


def _check_one_each(n_neighbors: list[int], n_samples: list[int]) -> None:
    if len(n_neighbors) != len(n_samples):
        raise ValueError(
            f"n_neighbors must hold {len(n_samples)}, one for each of n_samples; got "
            f"{len(n_neighbors)}."
        )


def _read_interval(interval: tuple[float, float]) -> tuple[float, float]:
    if np.shape(interval) != (2,):
        raise ValueError(f"interval must be two numbers; got {interval!r}.")
    low, high = (check_real("interval", end) for end in interval)
    if low >= high:
        raise ValueError(f"interval must be increasing; got {interval!r}.")
    return low, high
