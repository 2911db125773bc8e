"""The scores that a classifier gives one image, as bars beside it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from nearplane._validation import check_choice, check_integer
from nearplane.display._figure import RIGHT, WRONG
from nearplane.display._frame import frame_axes
from nearplane.display._images import display_range, to_bytes
from nearplane.display._labels import label_names, shorten
from nearplane.display._single_image import as_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RESPONSES = ("decision_function", "predict_proba")
_FIGURE_WIDTH, _ROW, _LEAST_HEIGHT = 6.0, 0.26, 2.6
_POINTS_PER_INCH = 72
_LARGEST_FONT, _SMALLEST_FONT = 9.0, 4.0
# A letter is about so wide, and a line so high, as parts of the size of its font.
_LETTER, _LINE = 0.62, 1.5
# The image takes no more than this part of the width, and the names no more than that.
_IMAGE_PART, _NAMES_PART = 0.36, 0.3
# Numbers are so much smaller than names.
_NUMBERS = 0.9
_OTHERS, _UNKNOWN = "0.68", "0.3"


class _Layout(NamedTuple):
    """Where image and bars lie within the axes, in parts of it, and the size of letters."""

    image: tuple[float, float, float, float]
    bars: tuple[float, float, float, float]
    fontsize: float
    bars_width: float
    """In points."""


class ClassScoresDisplay:
    """One image beside the scores, votes or probabilities that a classifier gives each class.

    The label that was predicted has a dark bar. Where the true label is known, it has a tick, and a
    wrong prediction a cross, so that colour is never the only sign.

    Parameters
    ----------
    image : array-like of shape (h, w) or (h, w, c)
        c is 1 or 3.
    scores : array-like of shape (n_classes,)
        The score of each class.
    labels : array-like of shape (n_classes,), default=None
        The class of each score; None numbers them from 0.
    y_true : int or str, default=None
        The image's true label.
    y_pred : int or str, default=None
        The label that was predicted; None takes that of the highest score, of equals the first.
    class_names : sequence of str, default=None
        The name of class 0, 1, ...; None shows the labels themselves.
    score_name : str, default="Score"
        What the axis of the bars is called.
    as_percentage : bool, default=False
        Whether the scores are fractions, to be shown in per cent.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The frame in which image and bars lie.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    image_ax_, bars_ax_ : matplotlib Axes
        Those of the image and of the bars.
    bars_ : matplotlib BarContainer
        The bars, from top to bottom.

    See Also
    --------
    TemplatesDisplay : The weights that make the scores of a linear classifier.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import ClassScoresDisplay
    >>> display = ClassScoresDisplay(
    ...     image=[[0.0, 1.0], [1.0, 0.0]],
    ...     scores=[3.2, 5.1, -1.7],
    ...     class_names=["cat", "car", "frog"],
    ...     y_true=0,
    ... )
    >>> display.plot(ax=Figure().subplots()).bars_ax_.get_yticklabels()
    [Text(0, 0, '✓ cat'), Text(0, 1, '✗ car'), Text(0, 2, 'frog')]
    """

    def __init__(
        self,
        *,
        image: ArrayLike,
        scores: ArrayLike,
        labels: ArrayLike | None = None,
        y_true: Any = None,
        y_pred: Any = None,
        class_names: Sequence[str] | None = None,
        score_name: str = "Score",
        as_percentage: bool = False,
    ) -> None:
        self.image = as_image(image, "image")
        self.scores = np.asarray(scores, dtype=np.float64)
        if self.scores.ndim != 1 or not self.scores.size or not np.isfinite(self.scores).all():
            raise ValueError(
                f"scores must be a list of finite numbers, one for each class; got {scores!r}."
            )
        n = len(self.scores)
        self.labels = np.arange(n) if labels is None else np.asarray(labels)
        if self.labels.shape != (n,):
            raise ValueError(f"labels must have shape ({n},); got shape {self.labels.shape}.")
        self.y_true = y_true
        self.y_pred = self.labels[self.scores.argmax()] if y_pred is None else y_pred
        if self.y_pred not in self.labels.tolist():
            raise ValueError(f"y_pred must be one of labels; got {self.y_pred!r}.")
        self.class_names = class_names
        self._names = [shorten(name) for name in label_names(self.labels, class_names)]
        self.score_name = score_name
        self.as_percentage = as_percentage

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        image: ArrayLike,
        y_true: Any = None,
        *,
        response_method: str = "auto",
        top: int | None = None,
        class_names: Sequence[str] | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the scores that a fitted classifier gives an image.

        Parameters
        ----------
        estimator : classifier
            Fitted on images of this shape, by whatever takes images.
        image : array-like of shape (h, w) or (h, w, c)
            A single one.
        y_true : int or str, default=None
            Its true label.
        response_method : {"auto", "decision_function", "predict_proba"}, default="auto"
            Which scores. "auto": those of ``decision_function`` if there is one, else the shares of
            the votes, or probabilities, of ``predict_proba``.
        top : int, default=None
            As in `plot`.
        class_names : sequence of str, default=None
            The name of class 0, 1, ...
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        ClassScoresDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.
        ValueError
            If `image` is no single image, or `estimator` has no such scores.

        Notes
        -----
        Of two classes, many a ``decision_function`` gives one number, the score of the second less
        that of the first. Classifiers with weights for both, such as `nearplane.LinearClassifier`,
        are asked for either score; for others each class is given half of the difference.
        """
        queries = np.asarray(image)[np.newaxis]  # with its channel, if it has just one
        check_is_fitted(estimator)
        as_image(image, "image")
        method = _choose_response(estimator, response_method)
        votes = method == "predict_proba" and hasattr(estimator, "kneighbors")
        names = {"decision_function": "Score", "predict_proba": "Probability"}
        return cls(
            image=image,
            scores=_class_scores(estimator, queries, method),
            labels=estimator.classes_,
            y_true=y_true,
            y_pred=estimator.predict(queries)[0],
            class_names=class_names,
            score_name="Share of the vote" if votes else names[method],
            as_percentage=method == "predict_proba",
        ).plot(ax, top=top)

    def plot(self, ax: "Axes | None" = None, *, top: int | None = None) -> Self:
        """Draw the image and the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure of a fitting size.
        top : int, default=None
            How many classes to show: those with the highest scores, the highest first, and the
            true class last if it is not among them. None shows all, in their own order.

        Returns
        -------
        ClassScoresDisplay
            This object.
        """
        shown = self._shown(top)
        height = max(_LEAST_HEIGHT, _ROW * len(shown) + 0.8)
        self.ax_, size = frame_axes(ax, (_FIGURE_WIDTH, height))
        self.figure_ = self.ax_.figure
        names = [self._signed(i) for i in shown]
        layout = self._layout(names, size)
        self._draw_image(layout)
        self._draw_bars(shown, names, layout)
        return self

    def _shown(self, top: int | None) -> NDArray[np.intp]:
        """Return the positions of the classes to show, from top to bottom."""
        if top is None:
            return np.arange(len(self.scores))
        ranked = np.argsort(-self.scores, kind="stable")
        shown = ranked[: check_integer("top", top, at_least=1)]
        missing = ranked[len(shown) :]
        return np.concatenate([shown, missing[self.labels[missing] == self.y_true]])

    def _sign(self, i: int) -> str:
        if self.y_true is None:
            return ""
        if self.labels[i] == self.y_true:
            return "✓ "
        return "✗ " if self.labels[i] == self.y_pred else ""

    def _signed(self, i: int) -> str:
        return self._sign(i) + self._names[i]

    def _layout(self, names: list[str], size: tuple[float, float]) -> _Layout:
        width, height = (_POINTS_PER_INCH * length for length in size)
        # Bars may be a little closer than lines of text; four more lines are title and axis.
        high = 0.8 * height / (len(names) + 4)
        letters = max(map(len, names)) + 2
        fontsize = min(_LARGEST_FONT, high, _NAMES_PART * width / letters / _LETTER)
        fontsize = max(fontsize, _SMALLEST_FONT)
        letter, line = fontsize * _LETTER, fontsize * _LINE
        picture = self.image.shape[0] / self.image.shape[1]
        side = min(_IMAGE_PART * width, (height - 2 * line) / picture)
        left = side + letter * letters
        below = 2.6 * line
        # In the middle, or near the top of a list of bars that is much longer than the image.
        bottom = max((height - side * picture) / 2, height - 2 * line - 1.5 * side * picture)
        return _Layout(
            image=(0.0, bottom / height, side / width, side * picture / height),
            bars=(left / width, below / height, 1 - left / width, 1 - below / height),
            fontsize=fontsize,
            bars_width=width - left,
        )

    def _draw_image(self, layout: _Layout) -> None:
        self.image_ax_ = self.ax_.inset_axes(layout.image)
        pixels = to_bytes(self.image, display_range(self.image[np.newaxis]))
        options: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 255, "aspect": "equal"}
        self.image_ax_.imshow(pixels, interpolation="nearest", **options)
        self.image_ax_.set(xticks=[], yticks=[])
        if self.y_true is not None:
            (name,) = label_names(np.array([self.y_true]), self.class_names)
            self.image_ax_.set_title(shorten(name), fontsize=layout.fontsize, pad=3)

    def _draw_bars(self, shown: NDArray[np.intp], names: list[str], layout: _Layout) -> None:
        import matplotlib as mpl

        self.bars_ax_ = ax = self.ax_.inset_axes(layout.bars)
        values = self.scores[shown] * (100 if self.as_percentage else 1)
        colours = [self._colour(i) for i in shown]
        rows = np.arange(len(shown))
        self.bars_ = ax.barh(rows, values, color=colours, height=0.72)
        written = self._written(values)
        ax.bar_label(self.bars_, written, padding=2, fontsize=layout.fontsize * _NUMBERS)
        ax.axvline(0, color="0.3", linewidth=0.8)
        ax.set_xlim(self._limits(values, max(map(len, written)), layout))
        ax.set_ylim(len(shown) - 0.4, -0.6)
        family = [*mpl.rcParams["font.family"], "DejaVu Sans"]  # which has the tick and the cross
        ax.set_yticks(rows, names, family=family, fontsize=layout.fontsize)
        for label, i, colour in zip(ax.get_yticklabels(), shown, colours, strict=True):
            if self._sign(i):
                label.set_color(RIGHT if self.labels[i] == self.y_true else colour)
        ax.tick_params(axis="x", labelsize=layout.fontsize * _NUMBERS)
        ax.tick_params(axis="y", length=0)
        ax.spines[["top", "right", "left"]].set_visible(False)
        unit = " in %" if self.as_percentage else ""
        ax.set_xlabel(self.score_name + unit, fontsize=layout.fontsize)

    def _written(self, values: NDArray[np.float64]) -> list[str]:
        if self.as_percentage:
            return [
                f"{value:.0f} %" if value == round(value) else f"{value:.1f} %" for value in values
            ]
        digits = 2 if np.abs(values).max() < 10 else 1
        # Adding zero turns -0.0, which rounding makes of small negative scores, into 0.0.
        return [f"{value:.{digits}f}".replace("-", "−") for value in np.round(values, digits) + 0.0]

    def _limits(
        self, values: NDArray[np.float64], n_letters: int, layout: _Layout
    ) -> tuple[float, float]:
        """Return the range of the axis, with room for the numbers at the ends of the bars."""
        low, high = min(values.min(), 0.0), max(values.max(), 0.0)
        if low == high:
            high = 1.0
        letter = layout.fontsize * _NUMBERS * _LETTER
        part = min((n_letters + 1) * letter / layout.bars_width, 0.4)
        whole = (high - low) / (1 - part * (1 + (low < 0)))
        return float(low - part * whole * (low < 0)), float(high + part * whole)

    def _colour(self, i: int) -> str:
        if self.labels[i] != self.y_pred:
            return _OTHERS
        if self.y_true is None:
            return _UNKNOWN
        return RIGHT if self.y_pred == self.y_true else WRONG


def _choose_response(estimator: Any, response_method: str) -> str:
    check_choice("response_method", response_method, ("auto", *_RESPONSES))
    wanted = _RESPONSES if response_method == "auto" else (response_method,)
    method = next((method for method in wanted if hasattr(estimator, method)), None)
    if method is None:
        raise ValueError(
            f"{type(estimator).__name__} has no {' or '.join(wanted)}; class scores need one."
        )
    return method


def _class_scores(estimator: Any, queries: NDArray[Any], method: str) -> NDArray[np.float64]:
    """Return one score for each class."""
    answer = np.asarray(getattr(estimator, method)(queries), dtype=np.float64)
    scores: NDArray[np.float64] = answer[0]
    if scores.ndim == 1:
        return scores
    coef = np.asarray(getattr(estimator, "coef_", []), dtype=np.float64)
    if len(coef) == 2:
        return np.asarray(coef @ queries.ravel() + estimator.intercept_)
    return np.array([-scores / 2, scores / 2])
