"""Which classes are taken for which others, with images of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from nearplane.display._figure import WRONG, axes_or_new, blank_axes, write_label
from nearplane.display._images import as_images, display_range, to_bytes
from nearplane.display._labels import label_names, shorten
from nearplane.metrics import ConfusionPair, confusion_pairs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer

# Lengths in units of one picture's width.
_GAP = 0.1
# Letters are so high: as below pictures, where `blank_axes` makes them 1 / 8.5, and a third more.
_FONT_SIZE = 1.3 / 8.5
# Inches of a line of text beside a bar.
_LINE = 0.26


class ConfusionPairsDisplay:
    """The pairs of classes that are confused most often, each with images of it.

    One row a pair: what the images are and what they were taken for, how many they are, and what
    part of their class. Without images the counts are drawn as bars.

    Parameters
    ----------
    pairs : list of ConfusionPair
        What `nearplane.metrics.confusion_pairs` returns.
    images : array-like of shape (n_samples, h, w) or (n_samples, h, w, c), default=None
        The images that the examples of `pairs` number; c is 1 or 3.
    class_names : sequence of str, default=None
        The name of class 0, 1, ...; None shows the labels themselves.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the pairs were drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    bars_ : matplotlib BarContainer or None
        The bars, where there are no images.

    See Also
    --------
    PerClassAccuracyDisplay : How often each class is recognised.
    sklearn.metrics.ConfusionMatrixDisplay : All pairs as a matrix.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import ConfusionPairsDisplay
    >>> display = ConfusionPairsDisplay.from_predictions(
    ...     [0, 0, 0, 1], [1, 0, 1, 1], class_names=["cat", "dog"], ax=Figure().subplots()
    ... )
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['cat → dog']
    """

    def __init__(
        self,
        *,
        pairs: Sequence[ConfusionPair],
        images: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.pairs = list(pairs)
        self.images = None if images is None else as_images(images, "images")
        self.class_names = class_names
        labels = np.array([label for pair in self.pairs for label in (pair.true, pair.predicted)])
        names = [shorten(name) for name in label_names(labels, class_names)]
        self._names = list(zip(names[::2], names[1::2], strict=True))
        if self.images is not None:
            self._check_examples(len(self.images))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        n_pairs: int = 8,
        n_examples: int = 6,
        class_names: Sequence[str] | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw what a fitted classifier confuses.

        Parameters
        ----------
        estimator : fitted classifier
            Anything with ``predict``.
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Images; flat rows are not drawn.
        y : array-like of shape (n,)
            Their true labels.
        n_pairs : int, default=8
            How many pairs at most.
        n_examples : int, default=6
            How many images of each at most.
        class_names : sequence of str, default=None
            The name of class 0, 1, ...
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        ConfusionPairsDisplay
        """
        return cls.from_predictions(
            y,
            estimator.predict(X),
            X if np.ndim(X) > 2 else None,
            n_pairs=n_pairs,
            n_examples=n_examples,
            class_names=class_names,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        images: ArrayLike | None = None,
        *,
        n_pairs: int = 8,
        n_examples: int = 6,
        class_names: Sequence[str] | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw confusions from predicted labels.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n,)
            True and predicted labels.
        images : array-like of shape (n, h, w) or (n, h, w, c), default=None
            What they are labels of.
        n_pairs : int, default=8
            How many pairs at most.
        n_examples : int, default=6
            How many images of each at most.
        class_names : sequence of str, default=None
            The name of class 0, 1, ...
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        ConfusionPairsDisplay

        Raises
        ------
        TypeError, ValueError
            As `nearplane.metrics.confusion_pairs`; also if there is not an image for each label.
        """
        if images is not None and np.shape(images)[:1] != (np.size(y_true),):
            raise ValueError(
                f"images must hold one image for each label, of which there are {np.size(y_true)}; "
                f"got shape {np.shape(images)}."
            )
        pairs = confusion_pairs(y_true, y_pred, n_pairs=n_pairs, n_examples=n_examples)
        return cls(pairs=pairs, images=images, class_names=class_names).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw the pairs, the most frequent on top.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure of a fitting size.

        Returns
        -------
        ConfusionPairsDisplay
            This object.
        """
        self.bars_: BarContainer | None = None
        if not self.pairs:
            self.ax_, fontsize = blank_axes(ax, 4, 1)
            write_label(self.ax_, 2, 0.4, "No class is taken for another.", fontsize)
        elif self.images is None:
            self._plot_bars(ax)
        else:
            self._plot_images(ax)
        self.figure_ = self.ax_.figure
        return self

    def _plot_bars(self, ax: "Axes | None") -> None:
        n = len(self.pairs)
        self.ax_ = axes_or_new(ax, (6.4, 0.9 + _LINE * n))
        from matplotlib.ticker import MaxNLocator

        counts = [pair.count for pair in self.pairs]
        bars = self.ax_.barh(range(n), counts, color=WRONG)
        shares = [f"{pair.share:.1%}" for pair in self.pairs]
        self.ax_.bar_label(bars, shares, padding=3, fontsize="small")
        self.bars_ = bars
        self.ax_.set_yticks(range(n), [f"{true} → {guess}" for true, guess in self._names])
        self.ax_.set(xlabel="Rows taken for the other class (and part of their own class)")
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
        self.ax_.margins(x=0.16)
        self.ax_.invert_yaxis()

    def _plot_images(self, ax: "Axes | None") -> None:
        assert self.images is not None
        most = max(len(pair.examples) for pair in self.pairs)
        height, width = self.images.shape[1:3]
        picture = height / width
        row_height = max(picture, 0.6) + _GAP
        texts = [
            f"{true} → {guess}\n{pair.count:,} {'row' if pair.count == 1 else 'rows'}\n"
            f"{pair.share:.1%} of {true}"
            for pair, (true, guess) in zip(self.pairs, self._names, strict=True)
        ]
        text_width = _FONT_SIZE * max(_width(text) for text in texts) + 2 * _GAP
        self.ax_, fontsize = blank_axes(
            ax, text_width + most * (1 + _GAP), len(self.pairs) * row_height - _GAP
        )
        fontsize *= 8.5 * _FONT_SIZE
        shown = [self.images[pair.examples] for pair in self.pairs]
        value_range = display_range(*shown)
        for i, text in enumerate(texts):
            top = i * row_height
            middle = top + picture / 2
            write_label(self.ax_, 0, middle, text, fontsize, ha="left", va="center")
            for j, pixels in enumerate(to_bytes(shown[i], value_range)):
                left = text_width + j * (1 + _GAP)
                self.ax_.imshow(
                    pixels,
                    extent=(left, left + 1, top + picture, top),
                    cmap="gray",
                    vmin=0,
                    vmax=255,
                    interpolation="nearest",
                    aspect="equal",
                )

    def _check_examples(self, n_images: int) -> None:
        for pair in self.pairs:
            beyond = [row for row in pair.examples if not 0 <= row < n_images]
            if beyond:
                raise ValueError(
                    f"pairs has the example {beyond[0]}, but images holds {n_images} images."
                )


def _width(text: str) -> float:
    """Return how wide the longest line of a text is, in heights of its letters."""
    try:
        import matplotlib as mpl
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import TextPath
    except ModuleNotFoundError as error:
        raise ImportError(
            "plots need matplotlib: pip install 'nearplane[report]'", name="matplotlib"
        ) from error
    font = FontProperties(family=[*mpl.rcParams["font.family"], "DejaVu Sans"])
    size = 100.0
    lines = text.splitlines()
    return (
        max(float(TextPath((0, 0), line, size, prop=font).get_extents().x1) for line in lines)
        / size
    )
