"""How often each class is recognised."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import unique_labels

from nearplane._validation import check_choice, check_real
from nearplane.display._figure import RIGHT, axes_or_new
from nearplane.display._labels import label_names, shorten
from nearplane.metrics import per_class_accuracy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches of a class's line, with and without much room.
_LINE, _NARROW_LINE = 0.26, 0.14
_MANY = 30


class PerClassAccuracyDisplay:
    """Bars of the accuracy on each class.

    Parameters
    ----------
    accuracy : array-like of shape (n_classes,)
        Fractions from 0 to 1; NaN for a class without rows, which has no bar.
    labels : array-like of shape (n_classes,), default=None
        The class of each; None numbers them from 0.
    overall : float, default=None
        The accuracy on all rows, drawn as a line; None draws none.
    class_names : sequence of str, default=None
        The name of class 0, 1, ...; None shows the labels themselves.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the bars were drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    bars_ : matplotlib BarContainer
        The bars, from top to bottom.
    line_ : matplotlib Line2D or None
        The accuracy on all rows.

    See Also
    --------
    ConfusionPairsDisplay : What classes are taken for.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import PerClassAccuracyDisplay
    >>> display = PerClassAccuracyDisplay.from_predictions(
    ...     [0, 0, 1], [0, 1, 1], class_names=["cat", "dog"], ax=Figure().subplots()
    ... )
    >>> display.accuracy
    array([0.5, 1. ])
    """

    def __init__(
        self,
        *,
        accuracy: ArrayLike,
        labels: ArrayLike | None = None,
        overall: float | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.accuracy = np.asarray(accuracy, dtype=np.float64)
        if self.accuracy.ndim != 1 or not self.accuracy.size:
            raise ValueError(
                f"accuracy must hold one number for each class; got shape {self.accuracy.shape}."
            )
        wrong = (self.accuracy < 0) | (self.accuracy > 1)
        if wrong.any():
            raise ValueError(
                "accuracy must be fractions from 0 to 1, or NaN; got "
                f"{self.accuracy[wrong.argmax()]:g}."
            )
        n = len(self.accuracy)
        self.labels = np.arange(n) if labels is None else np.asarray(labels)
        if self.labels.shape != (n,):
            raise ValueError(
                f"labels must have shape ({n},), as accuracy; got {self.labels.shape}."
            )
        self.overall = (
            None if overall is None else check_real("overall", overall, at_least=0, at_most=1)
        )
        self.class_names = class_names
        self._names = [shorten(name) for name in label_names(self.labels, class_names)]

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        sort: str = "label",
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the accuracy of a fitted classifier on each class.

        Parameters
        ----------
        estimator : fitted classifier
            Anything with ``predict``.
        X : array-like of shape (n, n_features), or images
            Rows to predict.
        y : array-like of shape (n,)
            Their true labels.
        labels, class_names, sort, ax
            As in `from_predictions`.

        Returns
        -------
        PerClassAccuracyDisplay
        """
        return cls.from_predictions(
            y, estimator.predict(X), labels=labels, class_names=class_names, sort=sort, ax=ax
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        sort: str = "label",
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the accuracy on each class from predicted labels.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n,)
            True and predicted labels.
        labels : array-like, default=None
            The classes wanted. None: all that occur in either.
        class_names : sequence of str, default=None
            The name of class 0, 1, ...
        sort : {"label", "accuracy"}, default="label"
            As in `plot`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        PerClassAccuracyDisplay

        Raises
        ------
        TypeError, ValueError
            As `nearplane.metrics.per_class_accuracy`.
        """
        accuracy = per_class_accuracy(y_true, y_pred, labels=labels)
        truth, predicted = np.ravel(y_true), np.ravel(y_pred)
        return cls(
            accuracy=accuracy,
            labels=unique_labels(truth, predicted) if labels is None else labels,
            overall=float((truth == predicted).mean()),
            class_names=class_names,
        ).plot(ax, sort=sort)

    def plot(self, ax: "Axes | None" = None, *, sort: str = "label", **kwargs: Any) -> Self:
        """Draw a bar for each class.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure of a fitting size.
        sort : {"label", "accuracy"}, default="label"
            Whether the classes come in their order, or the best first.
        **kwargs : dict
            Passed to matplotlib's ``barh``.

        Returns
        -------
        PerClassAccuracyDisplay
            This object.
        """
        check_choice("sort", sort, ("label", "accuracy"))
        order = self._order(sort)
        n, many = len(order), len(order) > _MANY
        size = "x-small" if many else "medium"
        self.ax_ = axes_or_new(ax, (6.4, 0.9 + n * (_NARROW_LINE if many else _LINE)))
        self.figure_ = self.ax_.figure
        values = 100 * self.accuracy[order]
        options: dict[str, Any] = {"color": RIGHT} | kwargs
        self.bars_ = self.ax_.barh(range(n), np.nan_to_num(values), **options)
        texts = ["no rows" if np.isnan(value) else f"{value:.1f}" for value in values]
        # The numbers stand on white, so that the line behind does not cross them out.
        self.ax_.bar_label(
            self.bars_,
            texts,
            padding=3,
            fontsize="x-small" if many else "small",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
        self.ax_.set_yticks(range(n), [self._names[i] for i in order], fontsize=size)
        self.ax_.set(xlabel="Accuracy on the class (%)", xlim=(0, 118), ylim=(n - 0.4, -0.6))
        self.ax_.set_xticks(range(0, 101, 20))
        self.line_ = None
        if self.overall is not None:
            self.line_ = self.ax_.axvline(
                100 * self.overall,
                color="0.25",
                linestyle="--",
                linewidth=1,
                label=f"all rows: {self.overall:.1%}",
            )
            # Above the axes: within them it would lie on the bars of good classifiers.
            self.ax_.legend(
                loc="lower right",
                bbox_to_anchor=(1, 1),
                borderpad=0.2,
                frameon=False,
                fontsize="small",
            )
        return self

    def _order(self, sort: str) -> NDArray[np.intp]:
        if sort == "label":
            return np.arange(len(self.accuracy))
        # Classes without rows, which are NaN, come last.
        return np.argsort(-self.accuracy, kind="stable")
