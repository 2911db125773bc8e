"""The weights of a linear classifier as images, one for each class."""

from collections.abc import Sequence
from math import ceil, prod, sqrt
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane.display._figure import blank_axes, write_label
from nearplane.display._images import as_images, to_bytes
from nearplane.display._labels import label_names, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Lengths in units of one picture's width.
_GAP = 0.14
_TITLE = 0.2
# The grid is about so many times as wide as it is high: 10 classes are 2 rows of 5.
_PROPORTION = 2.5
# Weights have outliers; the strongest one in a hundred may lie outside the range that is shown.
_SHOWN_PERCENTILE = 99


class TemplatesDisplay:
    """Weights of a linear classifier as images: the template it compares images with.

    A weight of zero is always the middle: grey where images have colour, white where they are
    grey and weights are drawn from blue (negative) to red (positive).

    Parameters
    ----------
    templates : array-like of shape (n_classes, h, w) or (n_classes, h, w, c)
        One image of weights for each class; c is 1 or 3.
    labels : array-like of shape (n_classes,), default=None
        The class of each; None numbers them from 0.
    class_names : sequence of str, default=None
        The name of class 0, 1, ...; None shows the labels themselves.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the templates were drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    LossCurveDisplay : The training that found the weights.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import TemplatesDisplay
    >>> weights = np.array([[[-1.0, 1.0]], [[0.5, 0.0]]])
    >>> display = TemplatesDisplay(templates=weights, class_names=["cat", "dog"])
    >>> [text.get_text() for text in display.plot(ax=Figure().subplots()).ax_.texts]
    ['cat', 'dog']
    """

    def __init__(
        self,
        *,
        templates: ArrayLike,
        labels: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.templates = as_images(templates, "templates").astype(np.float64)
        n = len(self.templates)
        if not self.templates.size:
            raise ValueError(f"templates has shape {np.shape(templates)}: nothing to draw")
        if not np.isfinite(self.templates).all():
            raise ValueError("templates hold NaN or infinity, which cannot be drawn")
        self.labels = np.arange(n) if labels is None else np.asarray(labels)
        if self.labels.shape != (n,):
            raise ValueError(f"labels has shape {self.labels.shape}; {n} templates need ({n},)")
        self.class_names = class_names
        self._names = label_names(self.labels, class_names)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        image_shape: tuple[int, ...] | None = None,
        class_names: Sequence[str] | None = None,
        common_scale: bool = False,
        cmap: str = "RdBu_r",
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the templates of a fitted classifier.

        Weights are shown as the training saw them. With standardised pixels that is what a change
        by one standard deviation adds to the score; per unit of the raw value, pixels that hardly
        ever vary would outshine all others.

        Parameters
        ----------
        estimator : LinearClassifier
            Fitted.
        image_shape : tuple of int, default=None
            (h, w) or (h, w, c); None takes that of the images `estimator` was fitted to.
        class_names : sequence of str, default=None
            The name of class 0, 1, ...
        common_scale : bool, default=False
            As in `plot`.
        cmap : str, default="RdBu_r"
            As in `plot`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        TemplatesDisplay

        Raises
        ------
        ValueError
            If the weights of a class do not make an image of this shape.
        """
        templates = template_weights(estimator, image_shape)
        # scikit-learn's own have one row of weights for two classes: the score of the second.
        labels = estimator.classes_[-len(templates) :]
        display = cls(templates=templates, labels=labels, class_names=class_names)
        return display.plot(ax, common_scale=common_scale, cmap=cmap)

    def as_bytes(self, *, common_scale: bool = False, cmap: str = "RdBu_r") -> NDArray[np.uint8]:
        """Return the templates as colours a screen can show.

        Parameters
        ----------
        common_scale : bool, default=False
            As in `plot`.
        cmap : str, default="RdBu_r"
            As in `plot`.

        Returns
        -------
        ndarray of uint8, shape (n_classes, h, w, 3)
        """
        flat = np.abs(self.templates).reshape(len(self.templates), -1)
        limits = _limits(flat.reshape(1, -1) if common_scale else flat)
        limits = limits.reshape(-1, *[1] * (self.templates.ndim - 1))
        pixels = to_bytes(self.templates / limits, (-1.0, 1.0))
        if pixels.ndim == 4:
            return pixels
        import matplotlib as mpl

        coloured: NDArray[np.uint8] = mpl.colormaps[cmap](pixels, bytes=True)[..., :3]
        return coloured

    def plot(
        self, ax: "Axes | None" = None, *, common_scale: bool = False, cmap: str = "RdBu_r"
    ) -> Self:
        """Draw the templates in a grid, each under its class's name.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure of a fitting size.
        common_scale : bool, default=False
            Whether equal colours are equal weights in all templates. Otherwise each is stretched
            by itself, which shows the most of classes with small weights. Either way the range
            reaches to the 99th percentile of the absolute weights, and is the same above and
            below zero.
        cmap : str, default="RdBu_r"
            Name of a matplotlib colour map for templates of one channel: its lower end for
            negative weights, its middle for zero. ``"gray"`` is the plain one.

        Returns
        -------
        TemplatesDisplay
            This object.
        """
        n, height, width = self.templates.shape[:3]
        picture = height / width
        n_columns = _n_columns(n, picture)
        n_rows = ceil(n / n_columns)
        row_height = _TITLE + picture + _GAP
        self.ax_, fontsize = blank_axes(
            ax, n_columns * (1 + _GAP) - _GAP, n_rows * row_height - _GAP
        )
        self.figure_ = self.ax_.figure
        colours = self.as_bytes(common_scale=common_scale, cmap=cmap)
        for i, (pixels, name) in enumerate(zip(colours, self._names, strict=True)):
            row, column = divmod(i, n_columns)
            left, top = column * (1 + _GAP), row * row_height + _TITLE
            write_label(self.ax_, left + 0.5, top - 0.03, shorten(name), fontsize, va="bottom")
            self._draw(pixels, left, top, picture)
        return self

    def _draw(self, pixels: NDArray[np.uint8], left: float, top: float, height: float) -> None:
        from matplotlib.patches import Rectangle

        self.ax_.imshow(
            pixels,
            extent=(left, left + 1, top + height, top),
            interpolation="nearest",
            aspect="equal",
        )
        # Weights near zero at the border would let the picture run out into the page.
        frame = Rectangle((left, top), 1, height, fill=False, edgecolor="0.6", linewidth=0.6)
        self.ax_.add_patch(frame)


def template_weights(
    estimator: Any, image_shape: tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Return the weights of a linear classifier, as training saw them, in the shape of its images.

    Parameters
    ----------
    estimator : LinearClassifier
        Fitted; its ``coef_`` times its ``scale_``, if it has scaled the features.
    image_shape : tuple of int, default=None
        None takes that of the images `estimator` was fitted to.

    Returns
    -------
    ndarray of shape (n_classes, *image_shape)

    Raises
    ------
    ValueError
        If the weights of a class do not make an image of this shape.
    """
    shape = tuple(estimator.image_shape_ if image_shape is None else image_shape)
    weights = np.asarray(estimator.coef_, dtype=np.float64)
    scale = getattr(estimator, "scale_", None)
    if scale is not None:
        weights = weights * scale
    n_features = weights.shape[1]
    if len(shape) not in (2, 3) or prod(shape) != n_features:
        raise ValueError(
            f"image_shape is {shape}, but each class has {n_features:,} weights: give (height, "
            "width) or (height, width, channels) with this product"
        )
    return weights.reshape(-1, *shape)


def _limits(absolute: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each row of absolute weights, the one shown in full colour."""
    limits = np.percentile(absolute, _SHOWN_PERCENTILE, axis=1)
    # Sparse weights may be zero but for fewer than one in a hundred.
    limits = np.where(limits > 0, limits, absolute.max(axis=1))
    return np.where(limits > 0, limits, 1.0)


def _n_columns(n: int, picture: float) -> int:
    """Return how many columns make a grid of good proportions with rows as full as can be."""
    most = min(n, ceil(sqrt(_PROPORTION * n * picture)))
    return ceil(n / ceil(n / most))
