"""An image and copies of it that are all equally far from it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane._validation import check_integer
from nearplane.display._equidistant import box_image, round_image, shift_image, tint_image
from nearplane.display._figure import blank_axes, write_label
from nearplane.display._images import as_images, display_range, to_bytes
from nearplane.display._single_image import as_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Lengths in units of one picture's width.
_GAP = 0.14
_ORIGINAL_GAP = 0.4
_HEADING = 0.2
_CAPTION = 0.2
# By default an image is shifted by one pixel for so many of its width.
_PIXELS_PER_SHIFT = 32
# Distances of small integer images cannot agree more closely than about this.
_SAME = 1e-3


class PixelDistanceDisplay:
    """One image beside others, each with its Euclidean (L2) distance from it.

    Pixel by pixel, an image with a box over it, one shifted by a little and one with a tint can be
    equally far from the original, though nobody would call them equally different: what distances
    of pixels compare is not what the eye compares.

    Parameters
    ----------
    image : array-like of shape (h, w) or (h, w, c)
        The original; c is 1 or 3.
    copies : array-like of shape (n, h, w) or (n, h, w, c)
        What it is compared with.
    names : sequence of str
        What was done to each copy.

    Attributes
    ----------
    distances_ : ndarray of shape (n,)
        The distance of each copy from the original.
    ax_ : matplotlib Axes
        Where the images were drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    NeighborsDisplay : Which images are near by such distances.

    Notes
    -----
    After the picture in "Image classification: data-driven approach, k-nearest neighbor", lecture
    notes of the course CS231n, Stanford University.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from nearplane.datasets import make_natural_images
    >>> from nearplane.display import PixelDistanceDisplay
    >>> images, _ = make_natural_images(1, random_state=0)
    >>> display = PixelDistanceDisplay.from_image(images[0], ax=Figure().subplots())
    >>> display.names
    ['boxed', 'shifted by 1 pixel', 'tinted']
    >>> bool(np.ptp(display.distances_) < 1e-4 * display.distances_[0])
    True
    """

    def __init__(self, *, image: ArrayLike, copies: ArrayLike, names: Sequence[str]) -> None:
        self.image = as_image(image, "image")
        self.copies = as_images(copies, "copies")
        if self.copies.shape[1:] != self.image.shape:
            raise ValueError(
                f"copies must be images of the shape of image, {self.image.shape}; got shape "
                f"{self.copies.shape[1:]}."
            )
        self.names = [str(name) for name in names]
        if len(self.names) != len(self.copies):
            raise ValueError(
                f"names must hold {len(self.copies)}, one for each copy; got {len(self.names)}."
            )
        change = self.copies.astype(np.float64) - self.image.astype(np.float64)
        self.distances_ = np.linalg.norm(change.reshape(len(change), -1), axis=1)

    @classmethod
    def from_image(
        cls, image: ArrayLike, *, shift: int | None = None, ax: "Axes | None" = None
    ) -> Self:
        """Make three copies that are equally far from an image, and draw all four.

        The shifted copy decides the distance. A box in the middle is made just large and opaque
        enough for it, a tint just strong enough. Copies of integer images are integers again, so
        that their distances agree up to the rounding of one pixel.

        Parameters
        ----------
        image : array-like of shape (h, w) or (h, w, c)
            c is 1 or 3.
        shift : int, default=None
            How many pixels the shifted copy moves, to the right and down. None: one for every 32
            pixels of the width, but at least one.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        PixelDistanceDisplay

        Raises
        ------
        ValueError
            If the image is the same when shifted, as a uniform one is, or changes so much that no
            box or tint is as far from it.
        """
        original = np.asarray(image)
        shown = as_image(original, "image")
        value_range, pixels = display_range(shown[np.newaxis]), shown.astype(np.float64)
        if shift is None:
            shift = max(1, pixels.shape[1] // _PIXELS_PER_SHIFT)
        shift = check_integer("shift", shift, at_least=1)
        moved = shift_image(pixels, shift)
        distance = float(np.linalg.norm(moved - pixels))
        if distance == 0:
            raise ValueError("image must not be uniform: it is the same when shifted.")
        boxed = box_image(pixels, distance, value_range)
        tinted = tint_image(pixels, distance, value_range)
        if boxed is None or tinted is None:
            raise ValueError(
                f"image changes so much within {shift} pixels that no box or tint is as far from "
                "it as its shifted copy; a smaller shift or a smoother image would do."
            )
        copies = np.stack([boxed, moved, tinted[0]])
        if original.dtype.kind in "iub":
            rounded = [round_image(copy, pixels, distance, value_range) for copy in copies]
            copies = np.stack(rounded).astype(original.dtype)
        noun = "pixel" if shift == 1 else "pixels"
        names = ["boxed", f"shifted by {shift} {noun}", tinted[1]]
        return cls(image=original, copies=copies, names=names).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw the original, and beside it the copies, each above its distance.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure of a fitting size.

        Returns
        -------
        PixelDistanceDisplay
            This object.
        """
        n = len(self.copies)
        picture = self.image.shape[0] / self.image.shape[1]
        lefts = [0.0, *(1 + _ORIGINAL_GAP + i * (1 + _GAP) for i in range(n))]
        self.ax_, fontsize = blank_axes(ax, lefts[-1] + 1, _HEADING + picture + _CAPTION)
        self.figure_ = self.ax_.figure
        value_range = display_range(self.image[np.newaxis], self.copies)
        pixels = to_bytes(np.concatenate([self.image[np.newaxis], self.copies]), value_range)
        captions = ["L2 distance:", *_written(self.distances_)]
        for left, name, shown, caption in zip(
            lefts, ["original", *self.names], pixels, captions, strict=True
        ):
            middle = left + 0.5
            write_label(self.ax_, middle, _HEADING - 0.04, name, fontsize, va="bottom")
            self._draw(shown, left, picture)
            write_label(self.ax_, middle, _HEADING + picture + 0.05, caption, fontsize)
        return self

    def _draw(self, pixels: NDArray[np.uint8], left: float, height: float) -> None:
        from matplotlib.patches import Rectangle

        options: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 255, "aspect": "equal"}
        extent = (left, left + 1, _HEADING + height, _HEADING)
        self.ax_.imshow(pixels, extent=extent, interpolation="nearest", **options)
        # Light pictures would otherwise run out into the page.
        frame = Rectangle((left, _HEADING), 1, height, fill=False, edgecolor="0.3", linewidth=0.8)
        self.ax_.add_patch(frame)


def _written(distances: NDArray[np.float64]) -> list[str]:
    """Write distances to four digits, and as their mean if only rounding separates them."""
    if len(distances) and np.ptp(distances) <= _SAME * distances.max():
        distances = np.full(len(distances), distances.mean())
    return [_rounded(distance) for distance in distances.tolist()]


def _rounded(distance: float) -> str:
    whole = len(str(int(distance))) if distance >= 1 else 0
    return f"{distance:,.{max(4 - whole, 0)}f}"
