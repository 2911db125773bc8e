"""Where the scores of a linear classifier are zero, and where they grow."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearplane.display._class_colours import ClassStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Parts of the picture's width.
_ARROW = 0.13
_TEXT_ROOM = 0.02
# In points.
_TEXT_GAP = 4.0
# Where along its line an arrow may start; the order is that of preference.
_STARTS = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.12, 0.88)
# Arrows that rise or run by less than so much of their length are level or upright to the eye.
_SLANTED = 0.4
_SMALLEST = 1e-12

Vector = NDArray[np.float64]
Extent = tuple[float, float, float, float]


class ZeroLine(NamedTuple):
    """The part of a class's zero line that crosses the picture, in parts of its width and height.

    The lower left corner of the picture is (0, 0), the upper right one (1, 1).
    """

    position: int
    """Of the class among all."""
    ends: NDArray[np.float64]
    """Shape (2, 2): two points."""
    towards: Vector
    """Unit vector on the page to where the score grows, upright on the line as it is drawn."""
    step: Vector
    """The same step in parts of the picture's width and height."""


def zero_lines(
    coef: NDArray[np.float64],
    intercept: NDArray[np.float64],
    extent: Extent,
    *,
    square: bool,
    first: int,
) -> list[ZeroLine]:
    """Cut the lines ``coef @ x + intercept = 0`` with a picture.

    Parameters
    ----------
    coef : ndarray of shape (n_lines, 2)
    intercept : ndarray of shape (n_lines,)
    extent : tuple of float
        Left, right, bottom and top of the picture.
    square : bool
        Whether the picture is drawn as a square, instead of with one scale for both axes.
    first : int
        Position of the first line's class.

    Returns
    -------
    list of ZeroLine
        Those that cross the picture.
    """
    left, right, bottom, top = extent
    low, size = np.array([left, bottom]), np.array([right - left, top - bottom])
    box = np.ones(2) if square else size / size.max()
    lines = []
    for position, (weights, bias) in enumerate(zip(coef, intercept, strict=True), first):
        # The same score of u, where x = low + size * u.
        slope, height = weights * size, float(bias + weights @ low)
        ends = _cut(slope, height)
        if ends is not None:
            towards = slope / box / np.hypot(*slope / box)
            lines.append(ZeroLine(position, ends, towards, towards / box))
    return lines


def draw_zero_lines(
    ax: "Axes", lines: list[ZeroLine], names: list[str], styles: list[ClassStyle]
) -> tuple[list[Any], list[Any]]:
    """Draw each line in its class's colour, with an arrow and the class's name at its tip.

    Parameters
    ----------
    ax : matplotlib Axes
    lines : list of ZeroLine
    names : list of str
        Of every class.
    styles : list of ClassStyle
        Of every class.

    Returns
    -------
    lines, arrows : list of matplotlib Line2D, list of matplotlib Annotation
    """
    drawn, arrows, taken = [], [], np.empty((0, 2))
    both = "axes fraction"
    for line in lines:
        colour = styles[line.position].dark
        options: dict[str, Any] = {"color": colour, "linewidth": 1.4, "zorder": 4}
        drawn += ax.plot(*line.ends.T, transform=ax.transAxes, **options)
        start = _free_start(line, taken)
        tip = start + _ARROW * line.step
        taken = np.vstack([taken, tip])
        arrow = ax.annotate(
            "",
            (tip[0], tip[1]),
            (start[0], start[1]),
            xycoords=both,
            textcoords=both,
            arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "shrinkA": 0},
            zorder=5,
        )
        arrows.append(arrow)
        _write_name(ax, tip, line.towards, names[line.position], colour)
    return drawn, arrows


def _write_name(ax: "Axes", tip: Vector, towards: Vector, name: str, colour: Any) -> None:
    """Write a name beyond an arrow's tip, on the side to which the arrow points."""
    ax.annotate(
        name,
        (tip[0], tip[1]),
        (_TEXT_GAP * towards[0], _TEXT_GAP * towards[1]),
        xycoords="axes fraction",
        textcoords="offset points",
        ha=_side(towards[0], "right", "left"),
        va=_side(towards[1], "top", "bottom"),
        color=colour,
        fontsize="small",
        fontweight="bold",
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.8, "linewidth": 0},
        zorder=6,
    )


def _side(step: float, backwards: str, forwards: str) -> str:
    if abs(step) < _SLANTED:
        return "center"
    return forwards if step > 0 else backwards


def _cut(slope: Vector, height: float) -> NDArray[np.float64] | None:
    """Return the two points in which ``slope @ u + height = 0`` leaves the unit square, if any."""
    length = float(np.hypot(*slope))
    if length <= _SMALLEST * abs(height) or length == 0.0:
        return None
    # Walk along the line from its point nearest to the middle, both ways, up to the border.
    normal = slope / length
    middle = np.full(2, 0.5)
    foot = middle - (normal @ middle + height / length) * normal
    along = np.array([-normal[1], normal[0]])
    nearest, farthest = -np.inf, np.inf
    for start, step in zip(foot, along, strict=True):
        if abs(step) < _SMALLEST:
            if not 0 <= start <= 1:
                return None
            continue
        enter, leave = sorted(((0 - start) / step, (1 - start) / step))
        nearest, farthest = max(nearest, enter), min(farthest, leave)
    if nearest >= farthest:
        return None
    ends: NDArray[np.float64] = foot + np.array([[nearest], [farthest]]) * along
    return ends


def _free_start(line: ZeroLine, taken: NDArray[np.float64]) -> Vector:
    """Return where an arrow starts so that its tip is in the picture and far from the others."""
    starts = [line.ends[0] + part * (line.ends[1] - line.ends[0]) for part in _STARTS]

    def room(start: Vector) -> float:
        tip = start + (_ARROW + _TEXT_ROOM) * line.step
        border = float(min(tip.min(), (1 - tip).min()))
        others = np.hypot(*(taken - tip).T).min(initial=np.inf)
        # Names are as wide as a seventh of the picture; more room than that is no better.
        return min(border, 0.06) * 3 + min(float(others), 0.18)

    return max(starts, key=room)  # of equals the first
