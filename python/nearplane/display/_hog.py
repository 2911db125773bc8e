"""Images beside their gradients, as a histogram of oriented gradients sees them."""

from collections.abc import Sequence
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane._images import check_size
from nearplane._validation import check_flag
from nearplane.display._figure import blank_axes, write_label
from nearplane.display._fitted import check_fitted
from nearplane.display._glyphs import draw_glyphs
from nearplane.display._images import as_images, display_range, to_bytes
from nearplane.display._labels import label_names, shorten
from nearplane.features import HOG

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Lengths in units of one picture's width.
_BESIDE, _GAP, _TITLE = 0.06, 0.3, 0.2
_INCHES = 1.4
# The grid of pairs is about so many times as wide as it is high.
_PROPORTION = 1.6
# Pixels of the shorter side of a cell, and the most of the longer side of a picture.
_CELL_PIXELS, _MOST_PIXELS = 48, 640


class HOGDisplay:
    """Images, each beside a star of strokes for every cell of its gradients.

    The strokes of a star are the orientations of the cell's histogram, light on black: the more
    there is of one, compared with the most in any cell of the image, the longer and brighter its
    stroke. Unsigned orientations lie along edges; signed ones point from the middle of the cell to
    where the image gets brighter.

    Parameters
    ----------
    images : array-like of shape (n_images, h, w) or (n_images, h, w, c)
        c is 1 or 3.
    histograms : array-like of shape (n_images, n_cell_rows, n_cell_columns, n_orientations)
        At least 0. The first orientation begins at a gradient to the right, and they turn to
        gradients downwards.
    pixels_per_cell : int or tuple of int
        Side, or height and width, of a cell; the first lies in the upper left corner.
    signed : bool, default=False
        Whether orientations go all the way round, or half of it.
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
    nearplane.features.HOG : Computes the histograms.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import numpy as np
    >>> from nearplane.display import HOGDisplay
    >>> edge = np.repeat([[0, 0, 255, 255]], 4, axis=0)
    >>> display = HOGDisplay(
    ...     images=[edge], histograms=[[[[1.0, 0.0]]]], pixels_per_cell=4, labels=["edge"]
    ... )
    >>> [text.get_text() for text in display.plot(ax=Figure().subplots()).ax_.texts]
    ['edge']
    """

    def __init__(
        self,
        *,
        images: ArrayLike,
        histograms: ArrayLike,
        pixels_per_cell: int | tuple[int, int],
        signed: bool = False,
        labels: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.images = as_images(images, "images")
        if not self.images.size:
            raise ValueError(f"images has shape {np.shape(images)}: nothing to draw")
        n, height, width = self.images.shape[:3]
        self.pixels_per_cell = check_size("pixels_per_cell", pixels_per_cell)
        self.histograms = _check_histograms(histograms, n)
        used = np.multiply(self.histograms.shape[1:3], self.pixels_per_cell)
        if (used > (height, width)).any():
            raise ValueError(
                f"histograms of {self.histograms.shape[1]} x {self.histograms.shape[2]} cells of "
                f"{self.pixels_per_cell} pixels do not fit on images of {height} x {width}."
            )
        self.signed = check_flag("signed", signed)
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
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw what a fitted transformer sees in images.

        A cell that lies in several blocks, and is normalised in each, is drawn as their mean.

        Parameters
        ----------
        estimator : HOG
            Fitted.
        images : array-like of shape (n_images, h, w) or (n_images, h, w, c)
            c is 1 or 3.
        labels : array-like of shape (n_images,), default=None
            What is written above each pair.
        class_names : sequence of str, default=None
            The name of label 0, 1, ...
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        HOGDisplay

        Raises
        ------
        TypeError
            If `estimator` is no `HOG`.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        ValueError
            If `images` are not of the shape that `estimator` was fitted to.
        """
        return cls(
            images=images,
            histograms=cell_histograms(estimator, images),
            pixels_per_cell=estimator.pixels_per_cell,
            signed=estimator.signed,
            labels=labels,
            class_names=class_names,
        ).plot(ax)

    def as_bytes(self) -> NDArray[np.uint8]:
        """Return the stars as pictures, enlarged, black where no cell is.

        Returns
        -------
        ndarray of uint8, shape (n_images, h * scale, w * scale)
            The scale is a whole number that makes cells large enough to tell strokes apart.
        """
        height, width = self.images.shape[1:3]
        scale = max(ceil(_CELL_PIXELS / min(self.pixels_per_cell)), 1)
        scale = max(min(scale, _MOST_PIXELS // max(height, width)), 1)
        cell = (scale * self.pixels_per_cell[0], scale * self.pixels_per_cell[1])
        pictures = np.zeros((len(self.images), scale * height, scale * width), np.uint8)
        for picture, histograms in zip(pictures, self.histograms, strict=True):
            stars = draw_glyphs(histograms, cell, signed=self.signed)
            picture[: stars.shape[0], : stars.shape[1]] = stars
        return pictures

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw the images, each with its stars to the right of it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure of a fitting size.

        Returns
        -------
        HOGDisplay
            This object.
        """
        n, height, width = self.images.shape[:3]
        picture, pair = height / width, 2 + _BESIDE
        title = _TITLE if self._names else 0.0
        row_height = title + picture + _GAP / 2
        most = min(ceil(sqrt(_PROPORTION * n * row_height / pair)), n)
        n_rows = ceil(n / most)
        n_columns = ceil(n / n_rows)  # rows as full as can be
        size = n_columns * (pair + _GAP) - _GAP, n_rows * row_height - _GAP / 2
        self.ax_, fontsize = blank_axes(ax, *size, inches=_INCHES)
        self.figure_ = self.ax_.figure
        shown = to_bytes(self.images, display_range(self.images))
        for i, (pixels, stars) in enumerate(zip(shown, self.as_bytes(), strict=True)):
            row, column = divmod(i, n_columns)
            left, top = column * (pair + _GAP), row * row_height + title
            if self._names:
                name = shorten(self._names[i])
                write_label(self.ax_, left + pair / 2, top - 0.03, name, fontsize, va="bottom")
            self._draw(pixels, left, top, picture, interpolation="nearest")
            self._draw(stars, left + 1 + _BESIDE, top, picture, interpolation="antialiased")
        return self

    def _draw(
        self, pixels: NDArray[np.uint8], left: float, top: float, height: float, **options: Any
    ) -> None:
        extent = (left, left + 1, top + height, top)
        limits: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 255, "aspect": "equal"}
        self.ax_.imshow(pixels, extent=extent, **limits, **options)


def _check_histograms(histograms: ArrayLike, n: int) -> NDArray[np.float64]:
    array = np.asarray(histograms, dtype=np.float64)
    if array.ndim != 4 or len(array) != n or not array.size:
        raise ValueError(
            f"histograms must have shape ({n}, n_cell_rows, n_cell_columns, n_orientations); got "
            f"shape {array.shape}."
        )
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise ValueError("histograms must be finite and not negative.")
    return array


def cell_histograms(estimator: Any, images: ArrayLike) -> NDArray[np.float64]:
    """Return the histogram of each cell, the mean over the blocks that it lies in.

    Parameters
    ----------
    estimator : HOG
        Fitted.
    images : array-like of shape (n_images, h, w) or (n_images, h, w, c)

    Returns
    -------
    ndarray of shape (n_images, n_cell_rows, n_cell_columns, n_orientations)
    """
    check_fitted("estimator", estimator, HOG)
    block_rows, block_columns, deep, wide, n_orientations = estimator.feature_shape_
    features = np.asarray(estimator.transform(images), dtype=np.float64)
    blocks = features.reshape(-1, *estimator.feature_shape_)
    rows, columns = block_rows + deep - 1, block_columns + wide - 1
    sums = np.zeros((len(blocks), rows, columns, n_orientations))
    counts = np.zeros((rows, columns, 1))
    for y in range(deep):
        for x in range(wide):
            within = slice(y, y + block_rows), slice(x, x + block_columns)
            sums[:, *within] += blocks[:, :, :, y, x]
            counts[within] += 1
    return sums / counts
