"""Histograms of colours as bars in these colours."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearplane.display._figure import write_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A line of text is so many times as high as its font.
_LINE_HEIGHT = 1.5
# Part of a region's width and height between it and the next.
_BETWEEN = 0.08
# Bars that look the same as the page need an edge, on white and on dark ones.
_EDGE, _LINE = "0.5", 0.4


class Box(NamedTuple):
    """A rectangle in the data of axes whose y points down."""

    left: float
    top: float
    width: float
    height: float


def draw_bars(
    ax: "Axes",
    box: Box,
    shares: NDArray[np.float64],
    colors: NDArray[np.float64],
    *,
    groups: Sequence[tuple[str, int]] = (),
    fontsize: float,
    ink: str = "0.25",
) -> None:
    """Draw the histograms of the regions of one image, all to one scale.

    Parameters
    ----------
    ax : matplotlib Axes
        y points down.
    box : Box
        Where.
    shares : ndarray of shape (n_rows, n_columns, n_bins)
        Of each region, at least 0.
    colors : ndarray of shape (n_bins, 3) or (n_rows, n_columns, n_bins, 3)
        Red, green and blue of each bar, 0 to 1.
    groups : sequence of (str, int), default=()
        Names and sizes of what the bins are of, one after the other; none are written if there is
        one of them only, or several regions.
    fontsize : float
        In points.
    ink : str, default="0.25"
        Colour of lines and letters.
    """
    rows, columns, _ = shares.shape
    most = float(shares.max(initial=0.0)) or 1.0
    colors = np.broadcast_to(colors, (*shares.shape, 3))
    single = rows == columns == 1
    # No more than leaves half of the height to the bars, however small the axes are.
    line = min(_LINE_HEIGHT * fontsize / _points(ax), box.height / 4)
    for row in range(rows):
        for column in range(columns):
            region = _region(box, (row, column), (rows, columns))
            above = line if single else 0.0
            below = line if single and len(groups) > 1 else 0.0
            height = region.height - above - below
            plot = Box(region.left, region.top + above, region.width, height)
            bars = shares[row, column] / most
            _draw_region(ax, plot, bars, colors[row, column], groups, ink=ink)
            if single:
                lefts, width = _lefts(len(bars), groups)
                highest = int(bars.argmax())
                part = float(lefts[highest] + width / 2)
                share = f"{100 * most:.0f} %"
                _write_share(ax, plot, part, share, fontsize=fontsize, ink=ink)
                if below:
                    _write_groups(ax, plot, groups, fontsize, ink)


def _points(ax: "Axes") -> float:
    """Return how many points a unit of axes of equal aspect is long."""
    box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    return 72 * min(box.width / abs(right - left), box.height / abs(top - bottom))


def _region(box: Box, place: tuple[int, int], grid: tuple[int, int]) -> Box:
    height, width = box.height / grid[0], box.width / grid[1]
    gap_down, gap_right = (
        0 if n == 1 else _BETWEEN * side for n, side in zip(grid, (height, width), strict=True)
    )
    return Box(
        box.left + place[1] * width + gap_right / 2,
        box.top + place[0] * height + gap_down / 2,
        width - gap_right,
        height - gap_down,
    )


def _lefts(n_bins: int, groups: Sequence[tuple[str, int]]) -> tuple[NDArray[np.float64], float]:
    """Return where bars begin, as parts of the width, and how wide they are; groups lie apart."""
    sizes = [size for _, size in groups] or [n_bins]
    number = np.repeat(np.arange(len(sizes)), sizes)  # of its group, for each bin
    slots = n_bins + len(sizes) - 1
    return (np.arange(n_bins) + number) / slots, 1 / slots


def _draw_region(
    ax: "Axes",
    box: Box,
    bars: NDArray[np.float64],
    colors: NDArray[np.float64],
    groups: Sequence[tuple[str, int]],
    *,
    ink: str,
) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    lefts, width = _lefts(len(bars), groups)
    bottom = box.top + box.height
    patches = [
        Rectangle(
            (box.left + (left + 0.06 * width) * box.width, bottom),
            0.88 * width * box.width,
            -bar * box.height,
        )
        for left, bar in zip(lefts, bars, strict=True)
    ]
    drawn = PatchCollection(patches, facecolors=colors, edgecolors=_EDGE, linewidths=_LINE)
    ax.add_collection(drawn, autolim=False)
    ax.plot([box.left, box.left + box.width], [bottom, bottom], color=ink, linewidth=0.8)


def _write_share(
    ax: "Axes", box: Box, part: float, text: str, *, fontsize: float, ink: str
) -> None:
    """Write what share the highest bar is above it, or at the end of the box if it is there."""
    align = "center"
    if not 0.15 < part < 0.85:
        align, part = ("left", 0.0) if part < 0.5 else ("right", 1.0)
    x = box.left + part * box.width
    write_label(ax, x, box.top - 0.01, text, fontsize, va="bottom", ha=align, color=ink)


def _write_groups(
    ax: "Axes", box: Box, groups: Sequence[tuple[str, int]], fontsize: float, ink: str
) -> None:
    lefts, width = _lefts(sum(size for _, size in groups), groups)
    first = 0
    for name, size in groups:
        middle = (lefts[first] + lefts[first + size - 1] + width) / 2
        x, y = box.left + middle * box.width, box.top + box.height + 0.02
        write_label(ax, float(x), y, name, 0.9 * fontsize, color=ink)
        first += size
