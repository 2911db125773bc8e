"""Images beside their colours, as a histogram counts them."""

from collections.abc import Sequence
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane._validation import check_integer
from nearplane.display._color_bars import Box, draw_bars
from nearplane.display._figure import blank_axes, write_label
from nearplane.display._fitted import check_fitted
from nearplane.display._images import as_images, display_range, to_bytes
from nearplane.display._labels import label_names, shorten
from nearplane.features import ColorHistogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Lengths in units of one picture's width: the bars, and what lies between.
_BARS, _BESIDE, _GAP, _TITLE = 1.4, 0.1, 0.3, 0.2
_INCHES = 1.4
# The grid of pairs is about so many times as wide as it is high.
_PROPORTION = 1.6
# More bins than this cannot be told apart; then the most frequent so many are shown, or of each of
# several regions so many.
_MOST_BINS, _TOP, _TOP_OF_REGION = 48, 16, 8
# The hue whose shades stand for saturation, which has none of its own.
_BLUE = 0.58


class ColorHistogramDisplay:
    """Images, each beside its histogram of colours: bars in the colours that they count.

    All regions of an image have one scale. Without regions the share of pixels that the highest
    bar stands for is written above it.

    Parameters
    ----------
    images : array-like of shape (n_images, h, w) or (n_images, h, w, c)
        c is 1 or 3.
    histograms : array-like of shape (n_images, n_region_rows, n_region_columns, n_bins)
        At least 0: shares of the pixels of a region.
    colors : array-like of shape (n_bins, 3)
        Red, green and blue of each bin, 0 to 1.
    groups : sequence of (str, int), default=()
        If bins are of one channel after the other, the name and the number of bins of each.
    labels : array-like of shape (n_images,), default=None
        What is written above each pair.
    class_names : sequence of str, default=None
        The name of label 0, 1, ...; None shows the labels themselves.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the pairs were drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    nearplane.features.ColorHistogram : Counts the colours.
    HOGDisplay : What a histogram of colours leaves out.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import ColorHistogramDisplay
    >>> display = ColorHistogramDisplay(
    ...     images=[[[[255, 0, 0], [0, 0, 255]]]],
    ...     histograms=[[[[0.5, 0.5]]]],
    ...     colors=[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
    ...     labels=["flag"],
    ... )
    >>> [text.get_text() for text in display.plot(ax=Figure().subplots()).ax_.texts]
    ['flag', '50 %']
    """

    def __init__(
        self,
        *,
        images: ArrayLike,
        histograms: ArrayLike,
        colors: ArrayLike,
        groups: Sequence[tuple[str, int]] = (),
        labels: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.images = as_images(images, "images")
        if not self.images.size:
            raise ValueError(f"images has shape {np.shape(images)}: nothing to draw")
        n = len(self.images)
        self.histograms = _check_histograms(histograms, n)
        n_bins = self.histograms.shape[-1]
        self.colors = np.asarray(colors, dtype=np.float64)
        if self.colors.shape != (n_bins, 3) or not ((self.colors >= 0) & (self.colors <= 1)).all():
            raise ValueError(
                f"colors must have shape ({n_bins}, 3), of values from 0 to 1; got shape "
                f"{self.colors.shape}."
            )
        self.groups = list(groups)
        if self.groups and sum(size for _, size in self.groups) != n_bins:
            raise ValueError(f"groups must have {n_bins} bins in all; got {self.groups!r}.")
        self.labels = None if labels is None else np.asarray(labels)
        if self.labels is not None and self.labels.shape != (n,):
            raise ValueError(f"labels has shape {self.labels.shape}; {n} images need ({n},)")
        self.class_names = class_names
        self._names = [] if self.labels is None else label_names(self.labels, class_names)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        images: ArrayLike,
        labels: ArrayLike | None = None,
        *,
        class_names: Sequence[str] | None = None,
        top: int | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the colours that a fitted transformer counts in images.

        A bin has the colour in its middle. Where channels are counted by themselves, bins of red,
        green and blue are shades of these, hues are pure, saturation goes from grey to blue, and
        value, like grey, from black to white.

        Parameters
        ----------
        estimator : ColorHistogram
            Fitted.
        images : array-like of shape (n_images, h, w) or (n_images, h, w, c)
            c is 1 or 3.
        labels : array-like of shape (n_images,), default=None
            What is written above each pair.
        class_names : sequence of str, default=None
            The name of label 0, 1, ...
        top : int, default=None
            As in `plot`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        ColorHistogramDisplay

        Raises
        ------
        TypeError
            If `estimator` is no `ColorHistogram`.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        ValueError
            If `images` are not of the shape that `estimator` was fitted to.
        """
        check_fitted("estimator", estimator, ColorHistogram)
        bins, channels = estimator.bins_, estimator.channels_
        groups = [] if _is_joint(estimator) else list(zip(channels, bins, strict=True))
        return cls(
            images=images,
            histograms=pixel_shares(estimator, images),
            colors=bin_colors(estimator),
            groups=groups,
            labels=labels,
            class_names=class_names,
        ).plot(ax, top=top)

    def plot(self, ax: "Axes | None" = None, *, top: int | None = None) -> Self:
        """Draw the images, each with its bars to the right of it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure of a fitting size.
        top : int, default=None
            How many bins of each region to show, the most frequent first. None: all, in their own
            order, if they are 48 or fewer or of one channel after the other; else 16, or 8 of each
            of several regions.

        Returns
        -------
        ColorHistogramDisplay
            This object.
        """
        n, height, width = self.images.shape[:3]
        picture, pair = height / width, 1 + _BESIDE + _BARS
        title = _TITLE if self._names else 0.0
        row_height = title + picture + _GAP / 2
        most = min(ceil(sqrt(_PROPORTION * n * row_height / pair)), n)
        n_rows = ceil(n / most)
        n_columns = ceil(n / n_rows)  # rows as full as can be
        size = n_columns * (pair + _GAP) - _GAP, n_rows * row_height - _GAP / 2
        self.ax_, fontsize = blank_axes(ax, *size, inches=_INCHES)
        self.figure_ = self.ax_.figure
        shown = to_bytes(self.images, display_range(self.images))
        for i, pixels in enumerate(shown):
            row, column = divmod(i, n_columns)
            left, upper = column * (pair + _GAP), row * row_height + title
            if self._names:
                name = shorten(self._names[i])
                write_label(self.ax_, left + pair / 2, upper - 0.03, name, fontsize, va="bottom")
            self._draw_image(pixels, left, upper, picture)
            box = Box(left + 1 + _BESIDE, upper, _BARS, picture)
            self.draw_bars(self.ax_, i, box, top=top, fontsize=0.9 * fontsize)
        return self

    def draw_bars(
        self,
        ax: "Axes",
        number: int,
        box: tuple[float, float, float, float],
        *,
        top: int | None = None,
        fontsize: float = 8.0,
        ink: str = "0.25",
    ) -> None:
        """Draw the bars of one image alone.

        Parameters
        ----------
        ax : matplotlib Axes
            y points down.
        number : int
            Of the image.
        box : tuple of float
            Left, top, width and height of where to draw, in the data of `ax`.
        top : int, default=None
            As in `plot`.
        fontsize : float, default=8.0
            In points.
        ink : str, default="0.25"
            Colour of lines and letters.
        """
        shares, colors, groups = self.histograms[number], self.colors, self.groups
        n_bins = shares.shape[-1]
        if top is None and not groups and n_bins > _MOST_BINS:
            top = _TOP if shares.shape[:2] == (1, 1) else _TOP_OF_REGION
        if top is not None:
            order = np.argsort(-shares, axis=-1, kind="stable")
            order = order[..., : check_integer("top", top, at_least=1)]
            shares = np.take_along_axis(shares, order, axis=-1)
            colors, groups = self.colors[order], []
        draw_bars(ax, Box(*box), shares, colors, groups=groups, fontsize=fontsize, ink=ink)

    def _draw_image(
        self, pixels: NDArray[np.uint8], left: float, top: float, height: float
    ) -> None:
        extent = (left, left + 1, top + height, top)
        options: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 255, "aspect": "equal"}
        self.ax_.imshow(pixels, extent=extent, interpolation="nearest", **options)


def _check_histograms(histograms: ArrayLike, n: int) -> NDArray[np.float64]:
    array = np.asarray(histograms, dtype=np.float64)
    if array.ndim != 4 or len(array) != n or not array.size:
        raise ValueError(
            f"histograms must have shape ({n}, n_region_rows, n_region_columns, n_bins); got "
            f"shape {array.shape}."
        )
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise ValueError("histograms must be finite and not negative.")
    return array


def _is_joint(estimator: Any) -> bool:
    """Return whether bins are combinations of channels; of a single channel nobody asks."""
    return len(estimator.feature_shape_) == 2 + len(estimator.bins_)


def pixel_shares(estimator: Any, images: ArrayLike) -> NDArray[np.float64]:
    """Return what share of the pixels of each region is in each bin, whatever the normalisation.

    Parameters
    ----------
    estimator : ColorHistogram
        Fitted.
    images : array-like of shape (n_images, ...)

    Returns
    -------
    ndarray of shape (n_images, n_region_rows, n_region_columns, n_bins)
    """
    values = np.asarray(estimator.transform(images), dtype=np.float64)
    values = values.reshape(len(values), *estimator.feature_shape_[:2], -1)
    if estimator.normalize == "sqrt":
        values = values**2
    if estimator.normalize is None:
        n_channels = 1 if _is_joint(estimator) else len(estimator.bins_)
        values = values * (n_channels / values.sum(axis=-1, keepdims=True))
    return values


def bin_colors(estimator: Any) -> NDArray[np.float64]:
    """Return the colour of each bin.

    Parameters
    ----------
    estimator : ColorHistogram
        Fitted.

    Returns
    -------
    ndarray of shape (n_bins, 3)
        Red, green and blue, 0 to 1.
    """
    channels = estimator.channels_
    middles = [(np.arange(n) + 0.5) / n for n in estimator.bins_]
    if len(channels) > 1 and _is_joint(estimator):
        grid = np.stack(np.meshgrid(*middles, indexing="ij"), axis=-1).reshape(-1, 3)
        return grid if channels[0] == "red" else _from_hsv(grid)
    each = [_SHADES[name](values) for name, values in zip(channels, middles, strict=True)]
    return np.concatenate(each)


def _from_hsv(values: NDArray[np.float64]) -> NDArray[np.float64]:
    from matplotlib.colors import hsv_to_rgb

    colors: NDArray[np.float64] = hsv_to_rgb(values)
    return colors


def _along(values: NDArray[np.float64], *colour: float | None) -> NDArray[np.float64]:
    """Return colours of which one part, None, is `values` and others stay as they are."""
    parts = [values if part is None else np.full_like(values, part) for part in colour]
    return np.stack(parts, axis=-1)


_SHADES = {
    "red": lambda values: _along(values, None, 0.0, 0.0),
    "green": lambda values: _along(values, 0.0, None, 0.0),
    "blue": lambda values: _along(values, 0.0, 0.0, None),
    "hue": lambda values: _from_hsv(_along(values, None, 1.0, 1.0)),
    "saturation": lambda values: _from_hsv(_along(values, _BLUE, None, 0.9)),
    "value": lambda values: _along(values, None, None, None),
    "gray": lambda values: _along(values, None, None, None),
}
