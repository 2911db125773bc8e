"""The label a classifier gives to every point of a plane."""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from nearplane._validation import check_flag, check_integer
from nearplane.display._class_colours import ClassStyle, class_styles
from nearplane.display._figure import axes_or_new
from nearplane.display._labels import label_names, shorten
from nearplane.display._region_grid import (
    TIE,
    Grid,
    find_regions,
    grid_around,
    linear_part,
    positions,
    read_axis,
    read_plane,
    read_plane_points,
    read_regions,
)
from nearplane.display._region_lines import ZeroLine, draw_zero_lines, zero_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Up to this ratio of their ranges both axes have one scale, so that angles are true.
_MOST_STRETCHED = 3.0
# In inches.
_WIDTH, _HEIGHT, _COLUMN_WIDTH = 5.0, 4.8, 1.5
_LEGEND_ROWS = 17
_MOST_LINES = 20
# Areas of points, in square points.
_SMALLEST_POINT, _SMALL_POINT, _LARGEST_POINT = 7, 15, 36


class DecisionRegionsDisplay:
    """Plane coloured by the label that a classifier of two features gives to each point.

    Points where the best classes are tied are white: equal votes of neighbours, or scores that no
    more than rounding separates. A linear classifier of up to 20 classes also shows, for each of
    them, the line on which its score is 0 and an arrow to where it grows. Classes differ in colour
    and in the shape of their points.

    Parameters
    ----------
    x0, x1 : array-like of shape (n_columns,) and (n_rows,)
        The grid: values of the first and of the second feature, evenly spaced and increasing.
    regions : array-like of int, shape (n_rows, n_columns)
        The position in `classes` of each grid point's label, or -1 for a tie.
    classes : array-like of shape (n_classes,)
        The labels.
    X : array-like of shape (n_samples, 2), default=None
        Points to draw.
    y : array-like of shape (n_samples,), default=None
        Their labels, each one of `classes`; both or neither are given.
    coef : array-like of shape (n_classes, 2), default=None
        Weights of a linear classifier; (1, 2) for the score of the second of two classes.
    intercept : array-like of shape (n_classes,), default=None
        Its intercepts.
    class_names : sequence of str, default=None
        The name of class 0, 1, ...; None shows the labels themselves.
    feature_names : sequence of two str, default=None
        What the axes are called.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the regions were drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    surface_ : matplotlib AxesImage
        The coloured plane.
    points_ : list of matplotlib PathCollection
        The points of each class that has some.
    lines_ : list of matplotlib Line2D
        The zero lines that cross the picture.
    arrows_ : list of matplotlib Annotation
        The arrow of each of them.

    See Also
    --------
    sklearn.inspection.DecisionBoundaryDisplay : Scores as shades; it shows no ties.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane import KNeighborsClassifier
    >>> from nearplane.display import DecisionRegionsDisplay
    >>> X, y = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], ["a", "b", "b"]
    >>> model = KNeighborsClassifier(n_neighbors=2).fit(X, y)
    >>> display = DecisionRegionsDisplay.from_estimator(model, X, y, ax=Figure().subplots())
    >>> bool((display.regions == -1).any())  # the first point and another one: one vote for each
    True
    """

    def __init__(
        self,
        *,
        x0: ArrayLike,
        x1: ArrayLike,
        regions: ArrayLike,
        classes: ArrayLike,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        coef: ArrayLike | None = None,
        intercept: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        feature_names: Sequence[str] | None = None,
    ) -> None:
        self.x0, self.x1 = read_axis(x0, "x0"), read_axis(x1, "x1")
        self._grid = Grid(self.x0, self.x1)
        self.classes = np.asarray(classes)
        n_classes = len(self.classes)
        self.regions = read_regions(regions, self._grid, n_classes)
        self.X = None if X is None else read_plane_points(X)
        self._codes = _read_labels(self.X, y, self.classes)
        self._plane = read_plane(coef, intercept, n_classes)
        self.class_names = class_names
        self._names = [shorten(name) for name in label_names(self.classes, class_names)]
        self.feature_names = _read_feature_names(feature_names)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        resolution: int = 300,
        margin: float = 0.1,
        class_names: Sequence[str] | None = None,
        feature_names: Sequence[str] | None = None,
        legend: bool = True,
        ax: "Axes | None" = None,
    ) -> Self:
        """Ask a fitted classifier for the label of every point of a grid around `X`.

        Parameters
        ----------
        estimator : classifier
            Fitted on two features. Ties are found from its ``decision_function``, or else its
            ``predict_proba``; without either there are none. Zero lines are drawn if it has
            ``coef_`` and ``intercept_`` with one row for each class, or one for two classes.
        X : array-like of shape (n_samples, 2)
            Points that the picture should hold, such as the training rows.
        y : array-like of shape (n_samples,), default=None
            Their labels; None draws no points.
        resolution : int, default=300
            Number of grid points along each axis.
        margin : float, default=0.1
            How far the picture reaches beyond `X`, as a part of its range.
        class_names : sequence of str, default=None
            The name of class 0, 1, ...
        feature_names : sequence of two str, default=None
            What the axes are called; None takes the names of a data frame's columns.
        legend : bool, default=True
            As in `plot`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        DecisionRegionsDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        TypeError, ValueError
            If `X` does not hold finite points of two features, or another argument is not as
            described.
        """
        check_is_fitted(estimator)
        if isinstance(estimator.classes_, list):
            raise ValueError("estimator must have one output; got one with several.")
        points = read_plane_points(X)
        grid = grid_around(points, check_integer("resolution", resolution, at_least=2), margin)
        if feature_names is None and hasattr(X, "columns"):
            feature_names = [str(name) for name in X.columns]
        coef, intercept = linear_part(estimator) or (None, None)
        return cls(
            x0=grid.x0,
            x1=grid.x1,
            regions=find_regions(estimator, grid, X),
            classes=estimator.classes_,
            X=None if y is None else points,
            y=y,
            coef=coef,
            intercept=intercept,
            class_names=class_names,
            feature_names=feature_names,
        ).plot(ax, legend=legend)

    def plot(self, ax: "Axes | None" = None, *, legend: bool = True) -> Self:
        """Draw the regions, the zero lines and the points.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        legend : bool, default=True
            Whether the classes are named: beside the axes where the figure makes room by itself
            (``layout="constrained"``), else inside of them.

        Returns
        -------
        DecisionRegionsDisplay
            This object.
        """
        check_flag("legend", legend)
        shown = self._shown()
        n_columns = ceil(len(shown) / _LEGEND_ROWS)
        self.ax_ = axes_or_new(ax, (_WIDTH + legend * _COLUMN_WIDTH * n_columns, _HEIGHT))
        self.figure_ = self.ax_.figure
        styles = class_styles(len(self.classes))
        self._draw_surface(styles)
        lines = self._zero_lines()
        self.lines_, self.arrows_ = draw_zero_lines(self.ax_, lines, self._names, styles)
        self._draw_points(styles)
        xlabel, ylabel = self.feature_names
        self.ax_.set(xlabel=xlabel, ylabel=ylabel)
        if legend:
            self._draw_legend(shown, styles)
        return self

    def _shown(self) -> list[int]:
        """Return which classes have something in the picture, and a tie if there is one."""
        shown = {*np.unique(self.regions).tolist()}
        if self._codes is not None:
            shown |= {*np.unique(self._codes).tolist()}
        return sorted(shown | {line.position for line in self._zero_lines()})

    def _draw_surface(self, styles: list[ClassStyle]) -> None:
        # The last colour is also number -1, that of ties.
        colours = np.array([*(style.light for style in styles), (1.0, 1.0, 1.0)])
        self.surface_ = self.ax_.imshow(
            colours[self.regions],
            extent=self._grid.extent,
            origin="lower",
            interpolation="nearest",
            aspect="auto" if self._square() else "equal",
        )
        if self._square():
            self.ax_.set_box_aspect(1)

    def _square(self) -> bool:
        """Return whether the axes' ranges are too different for one scale."""
        left, right, bottom, top = self._grid.extent
        proportion = (right - left) / (top - bottom)
        return max(proportion, 1 / proportion) > _MOST_STRETCHED

    def _zero_lines(self) -> list[ZeroLine]:
        if self._plane is None or len(self.classes) > _MOST_LINES:
            return []
        # One row for two classes is the score of the second.
        first = len(self.classes) - len(self._plane[0])
        return zero_lines(*self._plane, self._grid.extent, square=self._square(), first=first)

    def _draw_points(self, styles: list[ClassStyle]) -> None:
        self.points_ = []
        if self.X is None or self._codes is None:
            return
        size = float(np.clip(9_000 / len(self.X), _SMALLEST_POINT, _LARGEST_POINT))
        for code, style in enumerate(styles):
            rows = self.X[self._codes == code]
            if not len(rows):
                continue
            points = self.ax_.scatter(
                rows[:, 0],
                rows[:, 1],
                s=size,
                color=[style.dark],
                marker=style.marker,
                edgecolors="white",  # keeps points apart that lie upon one another
                linewidths=0.5 if size > _SMALL_POINT else 0.2,
                zorder=3,
            )
            self.points_.append(points)

    def _draw_legend(self, shown: list[int], styles: list[ClassStyle]) -> None:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        handles: list[Any] = []
        for code in (code for code in shown if code != TIE):
            _, dark, marker = style = styles[code]
            area = Patch(facecolor=style.light, edgecolor="0.6", linewidth=0.5)
            point = Line2D([], [], color=dark, marker=marker, linestyle="none", markersize=5)
            handles.append((area, point) if self.points_ else area)
        names = [self._names[code] for code in shown if code != TIE]
        if TIE in shown:
            handles.append(Patch(facecolor="white", edgecolor="0.6", linewidth=0.5))
            names.append("tie")
        n_columns = ceil(len(names) / _LEGEND_ROWS)
        options: dict[str, Any] = {"ncols": n_columns, "handleheight": 1.1}
        if n_columns > 1:
            options |= {"fontsize": "small", "columnspacing": 1.2}
        if self.figure_.get_layout_engine() is not None:
            options |= {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
            self.ax_.set_anchor("W")  # beside a square picture in a wide figure is room for it
        self.ax_.legend(handles, names, **options)


def _read_labels(
    X: NDArray[np.float64] | None, y: ArrayLike | None, classes: NDArray[Any]
) -> NDArray[np.int64] | None:
    """Return the position of each point's label among the classes, or None without points."""
    if X is None and y is None:
        return None
    if X is None or y is None:
        missing = "X" if X is None else "y"
        raise ValueError(f"points are drawn from both X and y; got None for {missing}.")
    labels = np.asarray(y)
    if labels.shape != (len(X),):
        raise ValueError(
            f"y must have shape ({len(X)},), one label for each row of X; got shape {labels.shape}."
        )
    return positions(labels, classes, "y")


def _read_feature_names(names: Sequence[str] | None) -> list[str]:
    if names is None:
        return ["First feature", "Second feature"]
    if isinstance(names, str) or len(names) != 2:
        raise ValueError(f"feature_names must be two names; got {names!r}.")
    return [str(name) for name in names]
