"""The visual words of a codebook as small pictures."""

from math import ceil, sqrt
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane._images import check_size
from nearplane._validation import check_choice, check_flag, check_integer
from nearplane.display._figure import axes_or_new
from nearplane.display._fitted import check_fitted
from nearplane.display._images import as_images, display_range, to_bytes
from nearplane.features import VisualWords

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ORDERS = ("norm", "usage", "given")
_TITLES = {
    "norm": "the strongest first",
    "usage": "the most used first",
    "given": "",
}
# What lies between words: no grey, which words have, and neither their black nor their white.
_GROUND = "#b9c7d9"
# Inches of a word in a figure of our own, and the most such a figure is wide.
_INCHES, _WIDEST, _NARROWEST = 0.45, 9.0, 3.2
# A letter is about so wide, as a part of the size of its font.
_LETTER = 0.62


class CodebookDisplay:
    """Visual words as a grid of pictures, each with all the contrast a screen has.

    The words of normalised or whitened patches are differences from the mean: zero is the middle
    grey, and what is brighter or darker than that in some colour is what the word looks for.

    Parameters
    ----------
    words : array-like of shape (n_words, h, w) or (n_words, h, w, c)
        c is 1 or 3.
    centered : bool, default=True
        Whether zero is the middle grey in every word; otherwise words are pixels, and each reaches
        from black to white.
    title : str, default=None
        What is said above the grid; None says how many words there are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the words were drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    nearplane.features.VisualWords : Finds words, and counts them in images.
    TemplatesDisplay : The weights of a linear classifier.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import CodebookDisplay
    >>> words = np.array([[[-1.0, 1.0], [-1.0, 1.0]], [[0.5, 0.5], [-0.5, -0.5]]])
    >>> display = CodebookDisplay(words=words)
    >>> display.as_bytes()[1].tolist()
    [[255, 255], [0, 0]]
    >>> display.plot(ax=Figure().subplots()).ax_.get_title()
    '2 visual words'
    """

    def __init__(
        self, *, words: ArrayLike, centered: bool = True, title: str | None = None
    ) -> None:
        self.words = as_images(words, "words").astype(np.float64)
        if not self.words.size:
            raise ValueError(f"words has shape {np.shape(words)}: nothing to draw")
        if not np.isfinite(self.words).all():
            raise ValueError("words hold NaN or infinity, which cannot be drawn")
        self.centered = check_flag("centered", centered)
        n = len(self.words)
        self.title = f"{n:,} visual word{'' if n == 1 else 's'}" if title is None else title

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        images: ArrayLike | None = None,
        *,
        n_words: int | None = 100,
        order: str = "norm",
        n_columns: int | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw words of a fitted codebook.

        Parameters
        ----------
        estimator : VisualWords
            Fitted.
        images : array-like of shape (n_samples, h, w) or (n_samples, h, w, c), default=None
            Whose patches say how often words are used; "usage" needs them. With a single image the
            words are those it has most of.
        n_words : int, default=100
            How many words to show, the first by `order`; None shows all.
        order : {"norm", "usage", "given"}, default="norm"
            Which words come first: those of the greatest length, which are the edges and the
            colours and not the faint ones near zero; those that all patches of `images` add most
            to, over all regions; or the order of the codebook.
        n_columns : int, default=None
            As in `plot`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        CodebookDisplay

        Raises
        ------
        TypeError
            If `estimator` is no `VisualWords`.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        ValueError
            If words are to be ordered by usage without images, or have neither 1 nor 3 channels.
        """
        check_fitted("estimator", estimator, VisualWords)
        words = np.asarray(estimator.words_)
        check_choice("order", order, _ORDERS)
        n = len(words)
        shown = n if n_words is None else min(check_integer("n_words", n_words, at_least=1), n)
        ranked = _rank(estimator, words, images, order)[:shown]
        counted = f"{n:,}" if shown == n else f"{shown:,} of {n:,}"
        notes = [f"{counted} visual words", _TITLES[order]]
        return cls(
            words=words[ranked],
            centered=bool(estimator.normalize or estimator.whiten),
            title=", ".join(filter(None, notes)),
        ).plot(ax, n_columns=n_columns)

    def as_bytes(self) -> NDArray[np.uint8]:
        """Return the words as bytes a screen can show.

        Returns
        -------
        ndarray of uint8, shape (n_words, h, w) or (n_words, h, w, 3)
        """
        if self.centered:
            limits = np.abs(self.words).reshape(len(self.words), -1).max(axis=1)
            limits[limits == 0] = 1.0
            return to_bytes(self.words / _spread(limits, self.words), (-1.0, 1.0))
        return np.stack([to_bytes(word, _extremes(word)) for word in self.words])

    def as_mosaic(self, n_columns: int | None = None) -> NDArray[np.uint8]:
        """Return all words in one picture, a pixel apart.

        Parameters
        ----------
        n_columns : int, default=None
            As in `plot`.

        Returns
        -------
        ndarray of uint8, shape (height, width, 4)
            Red, green, blue and opacity: nothing between the words, so that any page shows.
        """
        n, height, width = self.words.shape[:3]
        columns = _n_columns(n) if n_columns is None else n_columns
        columns = min(check_integer("n_columns", columns, at_least=1), n)
        rows = ceil(n / columns)
        mosaic = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1, 4), np.uint8)
        for place, word in enumerate(self.as_bytes()):
            row, column = divmod(place, columns)
            top, left = row * (height + 1), column * (width + 1)
            tile = mosaic[top : top + height, left : left + width]
            tile[..., :3] = word if word.ndim == 3 else word[..., np.newaxis]
            tile[..., 3] = 255
        return mosaic

    def plot(self, ax: "Axes | None" = None, *, n_columns: int | None = None) -> Self:
        """Draw the words in a grid.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure of a fitting size.
        n_columns : int, default=None
            Words in a row; None makes the grid a little wider than high, with rows as full as can
            be.

        Returns
        -------
        CodebookDisplay
            This object.
        """
        mosaic = self.as_mosaic(n_columns)
        height, width = mosaic.shape[:2]
        inches = min(_INCHES * width / (self.words.shape[2] + 1), _WIDEST)
        size = max(inches, _NARROWEST), max(inches * height / width, 0.5) + 0.4
        self.ax_ = axes_or_new(ax, size)
        self.figure_ = self.ax_.figure
        self._draw_ground(height, width)
        self.ax_.imshow(mosaic, interpolation="nearest", aspect="equal", zorder=1)
        self.ax_.set_axis_off()
        self.ax_.set_title(self.title, fontsize=self._fontsize())
        return self

    def _fontsize(self) -> float:
        """Return points in which the title is no wider than the axes, if that can be read."""
        box = self.ax_.get_window_extent().transformed(self.ax_.figure.dpi_scale_trans.inverted())
        fitting = 72 * box.width / (_LETTER * max(len(self.title), 1))
        return float(min(max(fitting, 5.0), 10.0))

    def _draw_ground(self, height: int, width: int) -> None:
        """Draw what lies between and around the words."""
        from matplotlib.patches import Rectangle

        edge = 1.0  # as much as between them
        corner = (-0.5 - edge, -0.5 - edge)
        ground = Rectangle(
            corner, width + 2 * edge, height + 2 * edge, color=_GROUND, linewidth=0, zorder=0
        )
        self.ax_.add_patch(ground)
        limits = (corner[0], width - 0.5 + edge), (height - 0.5 + edge, corner[1])
        self.ax_.set(xlim=limits[0], ylim=limits[1])


def _rank(
    estimator: Any, words: NDArray[Any], images: ArrayLike | None, order: str
) -> NDArray[np.intp]:
    """Return the positions of all words, the first to be shown first; equals as they were."""
    if order == "given":
        return np.arange(len(words))
    if order == "norm":
        strength = np.linalg.norm(words.reshape(len(words), -1), axis=1)
    elif images is None:
        raise ValueError('order="usage" needs images, whose patches use the words; got None.')
    else:
        strength = word_sums(estimator, images).sum(axis=(0, 1))
    return np.argsort(-strength, kind="stable")


def word_sums(estimator: Any, images: ArrayLike) -> NDArray[np.float64]:
    """Return what the patches of images add to each word in each region, the mean over the images.

    Parameters
    ----------
    estimator : VisualWords
        Fitted.
    images : array-like of shape (n_samples, ...)

    Returns
    -------
    ndarray of shape (n_region_rows, n_region_columns, n_words)
    """
    features = np.asarray(estimator.transform(images)).mean(axis=0, dtype=np.float64)
    rows, columns = check_size("grid", estimator.grid)
    return np.asarray(features.reshape(rows, columns, len(estimator.words_)))


def _spread(values: NDArray[np.float64], like: NDArray[Any]) -> NDArray[np.float64]:
    """Give one value for each word the axes of the words."""
    return values.reshape(-1, *[1] * (like.ndim - 1))


def _extremes(word: NDArray[np.float64]) -> tuple[float, float]:
    """Return what is shown as black and as white; a word of one value keeps its own brightness."""
    low, high = float(word.min()), float(word.max())
    return (low, high) if low < high else display_range(word)


def _n_columns(n: int) -> int:
    """Return how many columns make a grid wider than high with the fewest empty places."""
    root = sqrt(n)
    tried = range(ceil(root), max(ceil(root), int(2 * root)) + 1)
    return min(tried, key=lambda columns: (-n % columns, columns))
