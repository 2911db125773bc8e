"""Accuracy against the number of neighbours."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane._validation import check_each_n_neighbors
from nearplane.display._cv_curves import curve_names, curves_of, space_by_ratio, styles_of
from nearplane.display._figure import axes_or_new
from nearplane.neighbors import KNeighborsClassifier, KNeighborsClassifierCV, predict_each_k

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class AccuracyCurveDisplay:
    """Accuracy of a k-nearest-neighbours classifier against k.

    One display is one curve; draw several on the same axes by passing `ax`.

    Parameters
    ----------
    n_neighbors : array-like of shape (n_k,)
        The values of k, increasing.
    accuracy : array-like of shape (n_k,) or (n_k, n_folds)
        Fractions from 0 to 1: on one validation set, or on each fold of a cross-validation.
    name : str, default=None
        The curve's name in the legend, such as the metric's.
    score_name : str, default=None
        What is drawn if it is not accuracy; it may be any number, the greater the better.

    Attributes
    ----------
    best_n_neighbors_ : int
        The k of the highest (mean) accuracy; the smallest among equals.
    ax_ : matplotlib Axes
        Where the curve was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    line_ : matplotlib Line2D
        The curve.
    fold_points_ : matplotlib PathCollection or None
        One point for each fold and k, where there are folds.
    errorbar_ : matplotlib ErrorbarContainer or None
        Mean plus and minus one standard deviation over the folds, where there are folds.
    best_ : matplotlib Line2D
        The marker of the best k.
    curves_ : list of AccuracyCurveDisplay
        What `from_cv` has drawn, this display among it.

    See Also
    --------
    NeighborsDisplay : Queries beside their neighbours.
    nearplane.neighbors.predict_each_k : The predictions that a curve counts.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import AccuracyCurveDisplay
    >>> display = AccuracyCurveDisplay(n_neighbors=[1, 3, 5], accuracy=[0.90, 0.95, 0.95])
    >>> display.best_n_neighbors_
    3
    >>> display.plot(ax=Figure().subplots()).ax_.get_xlabel()
    'Number of neighbours k'
    """

    fold_points_: Any
    errorbar_: Any
    curves_: Sequence["AccuracyCurveDisplay"]

    def __init__(
        self,
        *,
        n_neighbors: ArrayLike,
        accuracy: ArrayLike,
        name: str | None = None,
        score_name: str | None = None,
    ) -> None:
        self.n_neighbors = _read_ks(n_neighbors)
        self.accuracy = np.asarray(accuracy, dtype=np.float64)
        self.name = name
        self.score_name = score_name
        if self.accuracy.ndim not in (1, 2) or len(self.accuracy) != len(self.n_neighbors):
            raise ValueError(
                f"accuracy has shape {self.accuracy.shape}; n_neighbors has "
                f"{len(self.n_neighbors)} values, so it must be ({len(self.n_neighbors)},) or "
                f"({len(self.n_neighbors)}, n_folds)"
            )

    @property
    def best_n_neighbors_(self) -> int:
        return int(self.n_neighbors[np.argmax(self._mean())])

    @classmethod
    def from_estimator(
        cls,
        estimator: KNeighborsClassifier,
        X: ArrayLike | None,
        y: ArrayLike,
        *,
        n_neighbors: ArrayLike,
        name: str | None = None,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the curve of a fitted classifier on a validation set, or leave-one-out's.

        Either takes one search.

        Parameters
        ----------
        estimator : KNeighborsClassifier
            Fitted; its own number of neighbours is not used.
        X : array-like of shape (n_queries, n_features), or images, or None
            Queries that `estimator` was not fitted on. None: the fitted rows, each judged by the
            others (leave one out).
        y : array-like of shape (n_queries,)
            The queries' true labels; for None, the labels `estimator` was fitted to.
        n_neighbors : array-like of shape (n_k,)
            The values of k, increasing.
        name : str, default=None
            The curve's name in the legend.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            Passed to matplotlib's ``plot`` for the line.

        Returns
        -------
        AccuracyCurveDisplay

        Raises
        ------
        TypeError, ValueError
            As `nearplane.neighbors.predict_each_k`; also if `y` does not match `X`.
        """
        ks = _read_ks(n_neighbors)
        predicted = predict_each_k(estimator, X, ks)
        return cls.from_predictions(y, predicted, n_neighbors=ks, name=name, ax=ax, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: Sequence[ArrayLike] | ArrayLike,
        *,
        n_neighbors: ArrayLike,
        name: str | None = None,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the curve from the labels predicted with each k.

        Parameters
        ----------
        y_true : array-like of shape (n_queries,)
            True labels.
        y_pred : array-like of shape (n_k, n_queries)
            One row of predicted labels for each k.
        n_neighbors : array-like of shape (n_k,)
            The values of k, increasing.
        name : str, default=None
            The curve's name in the legend.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            Passed to matplotlib's ``plot`` for the line.

        Returns
        -------
        AccuracyCurveDisplay
        """
        truth, predicted = np.asarray(y_true), np.asarray(y_pred)
        if predicted.ndim != 2 or predicted.shape[1:] != truth.shape:
            raise ValueError(
                f"y_pred has shape {predicted.shape}; for y_true of shape {truth.shape} it must "
                f"be (n_k, {truth.size}): one row of labels for each k"
            )
        accuracy = (predicted == truth).mean(axis=1)
        return cls(n_neighbors=n_neighbors, accuracy=accuracy, name=name).plot(ax, **kwargs)

    @classmethod
    def from_cv(
        cls,
        cv_estimator: KNeighborsClassifierCV,
        *,
        metric: str | None = None,
        weights: Any = None,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw what a cross-validation has found: a curve for each metric and weights it tried.

        Each curve shows every split's score as a point, their mean as a line, and one standard
        deviation around it. What curves have at the same k is drawn side by side. If the
        largest k is many times the smallest, the axis of k is logarithmic.

        Parameters
        ----------
        cv_estimator : KNeighborsClassifierCV
            Fitted.
        metric : str, default=None
            Draw the curves of this metric only.
        weights : str or callable, default=None
            Draw the curves of these weights only.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            Passed to matplotlib's ``plot`` for every line.

        Returns
        -------
        AccuracyCurveDisplay
            The curve with the best mean of all that are drawn; `curves_` has them all.

        Raises
        ------
        TypeError, ValueError
            If `cv_estimator` is something else, or `metric` or `weights` were not tried.
        sklearn.exceptions.NotFittedError
            If it is not fitted.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from sklearn.datasets import load_digits
        >>> from nearplane import KNeighborsClassifierCV
        >>> from nearplane.display import AccuracyCurveDisplay
        >>> X, y = load_digits(return_X_y=True)
        >>> model = KNeighborsClassifierCV([1, 3, 5, 10]).fit(X[:500], y[:500])
        >>> display = AccuracyCurveDisplay.from_cv(model, ax=Figure().subplots())
        >>> [curve.name for curve in display.curves_]
        ['euclidean', 'manhattan']
        """
        curves = curves_of(cv_estimator, metric, weights)
        scoring = cv_estimator.scoring
        score_name = None if scoring in (None, "accuracy") else _score_name(scoring)
        displays = [
            cls(n_neighbors=curve.ks, accuracy=curve.scores, name=name, score_name=score_name)
            for curve, name in zip(curves, curve_names(curves), strict=True)
        ]
        axes = axes_or_new(ax)
        for display, (style, points) in zip(displays, styles_of(curves), strict=True):
            display.plot(axes, dodge=points, **(style | kwargs))
        best = max(displays, key=cls._best_mean)
        best.curves_ = displays
        space_by_ratio(axes, np.unique(np.concatenate([curve.ks for curve in curves])))
        if ax is None:
            # A figure of our own makes room above the axes, where no fold's point is hidden.
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
        return best

    def plot(self, ax: "Axes | None" = None, *, dodge: float = 0, **kwargs: Any) -> Self:
        """Draw the curve and mark the best k.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        dodge : float, default=0
            How far to the right to draw the points and deviations of folds, in points (1/72 inch),
            so that those of several curves can be told apart.
        **kwargs : dict
            Passed to matplotlib's ``plot`` for the line, such as ``color`` or ``linestyle``.

        Returns
        -------
        AccuracyCurveDisplay
            This object.
        """
        self.ax_ = axes_or_new(ax)
        self.figure_ = self.ax_.figure
        mean, best = self._mean(), self.best_n_neighbors_
        options: dict[str, Any] = {"marker": "o", "markersize": 4, "label": self.name} | kwargs
        (self.line_,) = self.ax_.plot(self.n_neighbors, mean, **options)
        colour = self.line_.get_color()
        self.fold_points_ = self.errorbar_ = None
        if self.accuracy.ndim == 2:
            self._draw_folds(mean, colour, dodge)
        # A ring around the point is seen without colour and hides nothing below it.
        (self.best_,) = self.ax_.plot(
            [best],
            [mean.max()],
            color=colour,
            marker="o",
            markersize=11,
            markerfacecolor="none",
            markeredgewidth=1.6,
            linestyle="none",
        )
        self._label_axes()
        return self

    def _draw_folds(self, mean: NDArray[np.float64], colour: Any, dodge: float) -> None:
        from matplotlib.transforms import ScaledTranslation

        shift = ScaledTranslation(dodge / 72, 0, self.figure_.dpi_scale_trans)
        place, deviation = self.ax_.transData + shift, self.accuracy.std(axis=1)
        options: dict[str, Any] = {"transform": place} if dodge else {}
        self.errorbar_ = self.ax_.errorbar(
            self.n_neighbors,
            mean,
            yerr=deviation,
            fmt="none",
            ecolor=colour,
            elinewidth=1,
            capsize=2,
            **options,
        )
        repeated = np.repeat(self.n_neighbors, self.accuracy.shape[1])
        scores = self.accuracy.ravel()
        self.fold_points_ = self.ax_.scatter(
            repeated, scores, s=9, color=colour, alpha=0.5, linewidths=0, zorder=3, **options
        )
        # matplotlib makes no room for what is drawn beside its place.
        seen = np.concatenate([scores, mean - deviation, mean + deviation])
        self.ax_.update_datalim([(self.n_neighbors[0], seen.min()), (repeated[-1], seen.max())])
        self.ax_.autoscale_view()

    def _best_mean(self) -> float:
        return float(self._mean().max())

    def _mean(self) -> NDArray[np.float64]:
        return self.accuracy if self.accuracy.ndim == 1 else self.accuracy.mean(axis=1)

    def _label_axes(self) -> None:
        from matplotlib.ticker import MaxNLocator

        self.ax_.set_xlabel("Number of neighbours k")
        self.ax_.set_ylabel("Accuracy" if self.score_name is None else self.score_name)
        self.ax_.xaxis.set_major_locator(
            MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
        )
        if self.score_name is None:
            self.ax_.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.6g} %")
        if self.name is not None:
            self.ax_.legend()


def _read_ks(n_neighbors: ArrayLike) -> NDArray[np.int64]:
    ks = np.array(check_each_n_neighbors(n_neighbors), dtype=np.int64)
    if np.any(np.diff(ks) <= 0):
        raise ValueError(f"n_neighbors must increase, got {ks.tolist()}")
    return ks


def _score_name(scoring: object) -> str:
    return scoring if isinstance(scoring, str) else str(getattr(scoring, "__name__", "score"))
