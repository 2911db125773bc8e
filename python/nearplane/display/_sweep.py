"""Scores of a sweep over two parameters, as a heat map."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from nearplane.display._figure import axes_or_new
from nearplane.display._settings import (
    Settings,
    check_parameter,
    differing,
    is_accuracy,
    label_of,
    ordered,
    places_of,
    read_settings,
    read_table,
    score_text,
    settings_of,
    title_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of a figure of our own, in inches: what a cell takes, and what labels and colour bar take.
_CELL = (0.75, 0.45)
_MARGIN = (2.3, 1.5)
# Part of the axes' extent before the layout that labels and colour bar will leave to the cells.
_LEFT_AFTER_LAYOUT = 0.8
_FONT_SIZES = (5.0, 9.0)
# Width and height of a character, as parts of the font's size.
_CHARACTER = (0.62, 1.5)
# Points between the axes and a title, with the legend between them.
_ABOVE_LEGEND = 20
# Characters that a power of ten takes, whatever its source has.
_ANY_POWER = 6


class SweepHeatmapDisplay:
    """The scores of a sweep over two parameters, such as learning rate and penalty strength.

    Every value has a row or column of its own, and the same width: grids that grow by factors have
    logarithmic axes so. The best cell is framed; hatched are those whose training diverged.

    Parameters
    ----------
    scores : array-like of shape (n_y, n_x)
        One row for each of `y_values`, the greater the better. NaN: there is none.
    x_values, y_values : list
        The values of the two parameters: numbers, text, None.
    x, y : str, default="learning_rate", "alpha"
        Their names.
    score_name : str, default="Validation accuracy"
        What the scores are. They are written in per cent if "accuracy" is part of it.
    diverged : array-like of shape (n_y, n_x), bool, default=None
        Where there is no score because training diverged. None: nowhere.
    best_over : list of str, default=()
        Other parameters, over which each score is the best.
    best : tuple of int, default=None
        Row and column of the best score. None: the first of the highest.

    Attributes
    ----------
    best_ : tuple of int
        Row and column of the best score.
    ax_ : matplotlib Axes
        Where the map was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    image_ : matplotlib AxesImage
        The colours.
    texts_ : list of matplotlib Text
        The scores in the cells, if they are large enough.
    frame_ : matplotlib Rectangle
        Around the best cell.
    hatches_ : list of matplotlib Rectangle
        The cells that diverged.

    See Also
    --------
    LearningRateDisplay : The losses behind a row of the map.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import SweepHeatmapDisplay
    >>> display = SweepHeatmapDisplay(
    ...     scores=[[0.3, 0.4], [0.2, 0.3]], x_values=[0.01, 0.1], y_values=[0, 1e-4]
    ... ).plot(ax=Figure().subplots())
    >>> display.best_, [text.get_text() for text in display.texts_]
    ((0, 1), ['30.0', '40.0', '20.0', '30.0'])
    """

    def __init__(
        self,
        *,
        scores: ArrayLike,
        x_values: Sequence[Any],
        y_values: Sequence[Any],
        x: str = "learning_rate",
        y: str = "alpha",
        score_name: str = "Validation accuracy",
        diverged: ArrayLike | None = None,
        best_over: Sequence[str] = (),
        best: tuple[int, int] | None = None,
    ) -> None:
        self.x_values, self.y_values = list(x_values), list(y_values)
        shape = len(self.y_values), len(self.x_values)
        self.scores = read_table(scores, shape)
        self.x, self.y, self.score_name = x, y, score_name
        self.diverged = (
            np.zeros(shape, dtype=bool) if diverged is None else read_table(diverged, shape) != 0
        )
        self.best_over = tuple(best_over)
        if np.isnan(self.scores).all():
            raise ValueError("scores must hold at least one that is not NaN.")
        if best is None:
            row, column = np.unravel_index(np.nanargmax(self.scores), shape)
            best = int(row), int(column)
        elif best not in np.ndindex(shape):
            raise ValueError(f"best must be a row and a column of {shape}; got {best!r}.")
        self.best_ = best

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        x: str = "learning_rate",
        y: str = "alpha",
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw what a search has found out.

        Parameters
        ----------
        estimator : LinearClassifierSweep, LinearClassifierCV or GridSearchCV
            Fitted. Parameters of its grid other than `x` and `y` are at their best in each cell.
        x, y : str, default="learning_rate", "alpha"
            Two parameters that its grid names.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            Passed to matplotlib's ``imshow``, such as ``cmap`` or ``vmin``.

        Returns
        -------
        SweepHeatmapDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        TypeError, ValueError
            If it is none of these, or its grid does not name `x` and `y`.
        """
        return cls._from_settings(settings_of(estimator), x, y).plot(ax, **kwargs)

    @classmethod
    def from_results(
        cls,
        results: Mapping[str, Any],
        *,
        x: str = "learning_rate",
        y: str = "alpha",
        score_name: str | None = None,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw a table of results.

        Parameters
        ----------
        results : dict
            `LinearClassifierSweep.results_`, or `cv_results_` of `LinearClassifierCV` or
            GridSearchCV.
        x, y : str, default="learning_rate", "alpha"
            Two of its parameters.
        score_name : str, default=None
            What the scores are. None: "Validation accuracy", or "Mean test score".
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            Passed to matplotlib's ``imshow``.

        Returns
        -------
        SweepHeatmapDisplay

        Raises
        ------
        ValueError
            If `results` is no such table, or has no parameters `x` and `y`.
        """
        return cls._from_settings(read_settings(results, score_name), x, y).plot(ax, **kwargs)

    def plot(self, ax: "Axes | None" = None, **kwargs: Any) -> Self:
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            Passed to matplotlib's ``imshow``, such as ``cmap`` or ``vmin``.

        Returns
        -------
        SweepHeatmapDisplay
            This object.
        """
        n_y, n_x = self.scores.shape
        size = (_MARGIN[0] + _CELL[0] * max(n_x, 4), _MARGIN[1] + _CELL[1] * max(n_y, 3))
        self.ax_ = axes_or_new(ax, size)
        self.figure_ = self.ax_.figure
        options: dict[str, Any] = {"cmap": "viridis", "aspect": "auto", "origin": "lower"}
        factor = 100 if is_accuracy(self.score_name) else 1
        width, height = self._cell_size()  # before the colour bar takes its part of the axes
        self.image_ = self.ax_.imshow(
            np.ma.masked_invalid(factor * self.scores), **options | kwargs
        )
        self.ax_.grid(visible=False)  # which a style may ask for
        unit = " (%)" if factor == 100 else ""
        self.figure_.colorbar(self.image_, ax=self.ax_, label=self.score_name + unit)
        self._write_scores(min(width / (5 * _CHARACTER[0]), height / _CHARACTER[1], _FONT_SIZES[1]))
        self._mark_cells()
        self._label_axes(width)
        return self

    @classmethod
    def _from_settings(cls, settings: Settings, x: str, y: str) -> Self:
        if x == y:
            raise ValueError(f"x and y must be two parameters; got {x!r} for both.")
        for name, parameter in {"x": x, "y": y}.items():
            check_parameter(name, parameter, settings)
        of_x, of_y = ([setting[name] for setting in settings.params] for name in (x, y))
        x_values, y_values = ordered(of_x), ordered(of_y)
        shape = len(y_values), len(x_values)
        scores, tried = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
        rows, columns = places_of(of_y, y_values), places_of(of_x, x_values)
        tried[rows, columns] = True
        np.fmax.at(scores, (rows, columns), settings.scores)  # fmax: a number before NaN
        return cls(
            scores=scores,
            x_values=x_values,
            y_values=y_values,
            x=x,
            y=y,
            score_name=settings.score_name,
            diverged=tried & np.isnan(scores),
            best_over=[name for name in differing(settings) if name not in (x, y)],
            best=(int(rows[settings.best]), int(columns[settings.best])),
        )

    def _cell_size(self) -> tuple[float, float]:
        """Return width and height of a cell in points, about, for the layout is yet to come."""
        box = self.ax_.get_window_extent().transformed(self.figure_.dpi_scale_trans.inverted())
        n_y, n_x = self.scores.shape
        return (
            72 * _LEFT_AFTER_LAYOUT * box.width / n_x,
            72 * _LEFT_AFTER_LAYOUT * box.height / n_y,
        )

    def _write_scores(self, fontsize: float) -> None:
        self.texts_ = []
        if fontsize < _FONT_SIZES[0]:
            return
        for row, column in np.argwhere(np.isfinite(self.scores)):
            score = float(self.scores[row, column])
            self.texts_.append(
                self.ax_.text(
                    column,
                    row,
                    score_text(score, self.score_name, unit=False),
                    color=self._ink(row, column),
                    fontsize=fontsize,
                    fontweight="bold" if (row, column) == self.best_ else "normal",
                    ha="center",
                    va="center",
                )
            )

    def _ink(self, row: int, column: int) -> str:
        """Return black or white, whichever is read better on the colour of a cell."""
        value = self.image_.norm(np.ma.asarray(self.image_.get_array())[row, column])
        channels = np.array(self.image_.cmap(value)[:3])
        # Relative luminance as the Web Content Accessibility Guidelines define it.
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        luminance = float(np.dot([0.2126, 0.7152, 0.0722], linear))
        return "black" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "white"

    def _mark_cells(self) -> None:
        from matplotlib.patches import Rectangle
        from matplotlib.patheffects import withStroke

        self.hatches_ = [
            self._cell(row, column, hatch="////", facecolor="0.92", edgecolor="0.5", linewidth=0)
            for row, column in np.argwhere(self.diverged)
        ]
        self.frame_: Rectangle = self._cell(
            *self.best_,
            fill=False,
            edgecolor="black",
            linewidth=2,
            path_effects=[withStroke(linewidth=4, foreground="white")],
            zorder=3,
        )
        self._explain()

    def _cell(self, row: int, column: int, **options: Any) -> Any:
        from matplotlib.patches import Rectangle

        return self.ax_.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **options))

    def _explain(self) -> None:
        """Say above the map what the marks mean."""
        from matplotlib.patches import Patch

        best = score_text(float(self.scores[self.best_]), self.score_name)
        marks: list[Patch] = [Patch(facecolor="none", edgecolor="black", linewidth=2)]
        names = [f"best: {best}"]
        if self.hatches_:
            marks.append(Patch(facecolor="0.92", edgecolor="0.5", hatch="////", linewidth=0))
            names.append("diverged")
        self.ax_.legend(
            marks,
            names,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=2,
            frameon=False,
            borderaxespad=0.2,
            fontsize="small",
        )
        if self.best_over:
            text = f"Best over {_listed(self.best_over)}"
            self.ax_.set_title(text, loc="left", pad=_ABOVE_LEGEND, fontsize="medium")

    def _label_axes(self, width: float) -> None:
        labels = [label_of(value) for value in self.x_values]
        self.ax_.set_xticks(range(len(labels)), labels)
        self.ax_.set_yticks(range(len(self.y_values)), [label_of(value) for value in self.y_values])
        self.ax_.set_xlabel(title_of(self.x))
        self.ax_.set_ylabel(title_of(self.y))
        size = float(self.ax_.xaxis.get_ticklabels()[0].get_fontsize())
        longest = max(_ANY_POWER if "$" in label else len(label) for label in labels)
        if longest * size * _CHARACTER[0] > width:
            self.ax_.tick_params(axis="x", rotation=30)
            for label in self.ax_.xaxis.get_ticklabels():
                label.set(horizontalalignment="right", rotation_mode="anchor")


def _listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them."""
    words = [title_of(name).lower() for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
