"""Histograms of colours: how many pixels of an image, or of its regions, have which colour."""

from itertools import product
from math import isfinite, prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane._images import Shape, check_size
from nearplane._persistence import Arrays, Facts
from nearplane._progress import Progress
from nearplane._validation import check_choice, check_flag, check_integer, check_real
from nearplane.features._base import ImageFeatures, as_volume

# The channels of each space.
SPACES = {
    "rgb": ("red", "green", "blue"),
    "hsv": ("hue", "saturation", "value"),
    "hue": ("hue",),
    "gray": ("gray",),
}
_SCALES: dict[str | None, Literal["counts", "shares", "roots"]] = {
    None: "counts",
    "l1": "shares",
    "sqrt": "roots",
}
_MOST_BINS = 2**20


class ColorHistogram(ImageFeatures):
    """Count how many pixels have which colour, in all of the image or in each of its regions.

    Parameters
    ----------
    bins : int or tuple of int, default=8
        Bins of each channel, of equal width; a tuple has a number for each channel of `space`.
    space : {"rgb", "hsv", "hue", "gray"}, default="rgb"
        What is counted: red, green and blue; hue, saturation and value; hue alone, which is what
        introductory courses count, in 10 bins; or 0.299 R + 0.587 G + 0.114 B. Images of one
        channel have "gray" only, and all others need three channels.
    joint : bool, default=True
        Whether there is a bin for each combination of the channels, as many as the product of
        `bins`; otherwise each channel is counted alone.
    soft : bool, default=True
        Whether a pixel shares itself out between the two bins of each channel whose middles it lies
        between, by its distance from either, so that a small change of colour is a small change of
        the histogram. The last bin of a hue is next to the first. False: a pixel belongs to the bin
        it is in, lower edge included, as in `numpy.histogramdd`.
    grid : int or tuple of int, default=1
        Rows and columns of regions, each of which has a histogram of its own. Of an image of height
        h, row i of r has the pixels from floor(i h / r) to floor((i + 1) h / r), the last excluded.
    normalize : {"l1", "sqrt"} or None, default="l1"
        "l1": histograms sum to 1, or each channel's does unless they are `joint`; "sqrt": roots of
        that, so that Euclidean distances become Hellinger's; None: numbers of pixels.
    value_range : tuple of float, default=None
        What the values of pixels lie between, which a value outside contradicts. None: (0, 255) if
        `fit` has seen uint8, or bool, which is read as bytes; (0, 1) for other types.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of flat rows. None: that of the images.
    n_jobs : int, default=None
        Number of threads. None: OpenMP's own number; -1: all processors.
    verbose : bool, default=False
        Show a bar, if standard error is a terminal.

    Attributes
    ----------
    feature_shape_ : tuple of int
        What a row of features can be reshaped to: (rows, columns) of regions, then `bins_` if
        `joint`, the number of all bins if not.
    bins_ : tuple of int
        Bins of each channel.
    channels_ : tuple of str
        Names of the channels counted.
    value_range_ : tuple of float
        What the values of pixels lie between.
    image_shape_ : tuple of int
        Shape of an image.
    n_features_in_ : int
        Numbers in an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    See Also
    --------
    HOG : Shapes, which this leaves out.

    Notes
    -----
    Hue, saturation and value are those of `matplotlib.colors.rgb_to_hsv` in float64, after
    `value_range` has become 0 to 1. The hue of greys is 0. Bins of other spaces divide
    `value_range`, of these 0 to 1; the last one has its upper edge too.

    References
    ----------
    M. J. Swain and D. H. Ballard, "Color indexing", International Journal of Computer Vision 7,
    1991.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.features import ColorHistogram
    >>> red = np.zeros((1, 4, 4, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    >>> ColorHistogram(bins=2, joint=False).fit_transform(red)
    array([[0., 1., 1., 0., 1., 0.]], dtype=float32)
    >>> ColorHistogram(bins=6, space="hue", soft=False).fit_transform(red)
    array([[1., 0., 0., 0., 0., 0.]], dtype=float32)
    """

    feature_shape_: tuple[int, ...]
    bins_: tuple[int, ...]
    channels_: tuple[str, ...]
    value_range_: tuple[float, float]

    def __init__(
        self,
        bins: int | tuple[int, ...] = 8,
        *,
        space: str = "rgb",
        joint: bool = True,
        soft: bool = True,
        grid: int | tuple[int, int] = 1,
        normalize: str | None = "l1",
        value_range: tuple[float, float] | None = None,
        image_shape: tuple[int, ...] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.bins = bins
        self.space = space
        self.joint = joint
        self.soft = soft
        self.grid = grid
        self.normalize = normalize
        self.value_range = value_range
        self.image_shape = image_shape
        self.n_jobs = n_jobs
        self.verbose = verbose

    @property
    def _description(self) -> str:
        return "colours"

    @property
    def _n_features_out(self) -> int:
        return prod(self.feature_shape_)

    def _feature_names(self) -> list[str]:
        regions = np.ndindex(self.feature_shape_[:2])
        each = [
            [f"{name}{k}" for k in range(n)]
            for name, n in zip(self.channels_, self.bins_, strict=True)
        ]
        histogram = (
            ["_".join(parts) for parts in product(*each)]
            if len(self.feature_shape_) > 3
            else [name for names in each for name in names]
        )
        return [f"region{row}_{column}_{bin_}" for row, column in regions for bin_ in histogram]

    def _prepare(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        return self._attributes(shape, self._range_of(matrix.dtype))

    def _attributes(self, shape: Shape, value_range: tuple[float, float]) -> dict[str, Any]:
        check_choice("space", self.space, tuple(SPACES))
        height, width, n_channels = as_volume(shape)
        if n_channels != 3 and not (self.space == "gray" and n_channels == 1):
            raise ValueError(
                f"space={self.space!r} needs images of 3 channels; those of X have {n_channels}."
                + (" Grey images have space='gray'." if n_channels == 1 else "")
            )
        channels = SPACES[self.space]
        bins = _check_bins(self.bins, channels)
        joint = check_flag("joint", self.joint)
        check_flag("soft", self.soft)
        if self.normalize is not None:
            check_choice("normalize", self.normalize, ("l1", "sqrt"))
        grid = check_size("grid", self.grid)
        if grid[0] > height or grid[1] > width:
            raise ValueError(
                f"grid={self.grid!r}: every region must have a pixel, and the images of X have "
                f"{height} x {width}."
            )
        return {
            "feature_shape_": (*grid, *(bins if joint else (sum(bins),))),
            "bins_": bins,
            "channels_": channels,
            "value_range_": value_range,
        }

    def _range_of(self, dtype: np.dtype[Any]) -> tuple[float, float]:
        if self.value_range is None:
            return (0.0, 255.0) if dtype == np.uint8 else (0.0, 1.0)
        if not isinstance(self.value_range, tuple | list) or len(self.value_range) != 2:
            raise ValueError(
                f"value_range must be None or (lowest, highest); got {self.value_range!r}."
            )
        low, high = (check_real("value_range", limit) for limit in self.value_range)
        # Differences must be numbers that can be divided by, however many bins there are.
        if not (high - low > _MOST_BINS * np.finfo(np.float64).tiny and isfinite(high - low)):
            raise ValueError(
                f"value_range must be (lowest, highest), the first less than the second; got "
                f"{self.value_range!r}."
            )
        return low, high

    def _extract(
        self,
        matrix: NDArray[Any],
        out: NDArray[np.float32],
        *,
        n_threads: int,
        progress: Progress | None,
    ) -> None:
        shape = as_volume(self.image_shape_)
        low, high = self.value_range_
        if matrix.dtype == np.float32:  # in which the limits themselves may lie farther out
            farthest = float(np.finfo(np.float32).max)
            nearest = np.clip((low, high), -farthest, farthest).astype(np.float32).tolist()
            low, high = min(low, nearest[0]), max(high, nearest[1])
        bad = _core.extract_color_histogram(
            matrix,
            out,
            image_shape=shape,
            space=_core_space(self.channels_, shape[2]),
            bins=self.bins_,
            joint=len(self.feature_shape_) == 2 + len(self.bins_),
            soft=self.soft,
            grid=(self.feature_shape_[0], self.feature_shape_[1]),
            scale=_SCALES[self.normalize],
            low=low,
            high=high,
            n_threads=n_threads,
            progress=progress,
        )
        if bad >= 0:
            outside = matrix[bad][(matrix[bad] < low) | (matrix[bad] > high)][0]
            raise ValueError(
                f"X holds {outside:g} in row {bad}, outside the range of pixels from {low:g} to "
                f"{high:g}; set value_range, or clip X."
            )

    def _fitted_state(self) -> tuple[Facts, Arrays]:
        facts, arrays = super()._fitted_state()
        return {**facts, "value_range": self.value_range_}, arrays

    def _restore(self, facts: Facts, arrays: Arrays, shape: Shape) -> dict[str, Any]:
        low, high = (check_real("value_range", limit) for limit in facts["value_range"])
        expected = {self._range_of(np.dtype(dtype)) for dtype in (np.uint8, np.float32)}
        if (low, high) not in expected:
            raise ValueError(f"value_range is {facts['value_range']}")
        return self._attributes(shape, (low, high))


def _core_space(
    channels: tuple[str, ...], n_channels: int
) -> Literal["channels", "luma", "hsv", "hue"]:
    """Return what the core calls the space that has these channels."""
    if channels == SPACES["gray"]:
        return "luma" if n_channels == 3 else "channels"
    if channels == SPACES["rgb"]:
        return "channels"
    return "hsv" if channels == SPACES["hsv"] else "hue"


def _check_bins(bins: object, channels: tuple[str, ...]) -> tuple[int, ...]:
    each = tuple(bins) if isinstance(bins, tuple | list) else (bins,) * len(channels)
    if len(each) != len(channels):
        raise ValueError(
            f"bins must be an integer, or have one for each of {', '.join(channels)}; got {bins!r}."
        )
    counts = tuple(check_integer("bins", count, at_least=1) for count in each)
    if max(counts) > _MOST_BINS:
        raise ValueError(f"bins must be at most {_MOST_BINS:,}; got {max(counts):,}.")
    return counts
