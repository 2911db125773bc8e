"""A colour and a marker for every class."""

from collections.abc import Sequence
from colorsys import hsv_to_rgb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# M. A. Petroff, "Accessible color sequences for data visualization" (arXiv:2107.02270): ten colours
# told apart by normal and by colour-blind eyes. Lightened as below they stay eight steps of CIELAB
# and more apart for every kind of eye, and fifteen from white.
_PETROFF = [
    *(0x3F90DA, 0xFFA90E, 0xBD1F01, 0x94A4A2, 0x832DB6),
    *(0xA96B59, 0xE76300, 0xB9AC70, 0x717581, 0x92DADD),
]
# The golden section of the circle puts each further hue into the widest gap.
_HUE_STEP = 0.618034
_LIGHTER, _DARKER = 0.5, 0.5
_MARKERS = "os^DvP<X>p"

Colour = tuple[float, float, float]


class ClassStyle(NamedTuple):
    """How a class looks: as an area, and as a point or line on such areas."""

    light: Colour
    dark: Colour
    marker: str


def class_styles(n_classes: int) -> list[ClassStyle]:
    """Return the style of each class, the same whatever the number of classes.

    Up to ten classes differ in colour for colour-blind eyes too, and in the shape of their points.

    Parameters
    ----------
    n_classes : int

    Returns
    -------
    list of ClassStyle
    """
    styles = []
    for i in range(n_classes):
        colour = _colour(i)
        light = colour + _LIGHTER * (1 - colour)
        styles.append(ClassStyle(_plain(light), _plain(_DARKER * colour), _MARKERS[i % 10]))
    return styles


def _colour(i: int) -> NDArray[np.float64]:
    if i >= len(_PETROFF):
        return np.array(hsv_to_rgb(i * _HUE_STEP % 1, 0.55 + 0.15 * (i % 3), 0.9 - 0.2 * (i % 2)))
    return np.array([_PETROFF[i] >> shift & 0xFF for shift in (16, 8, 0)]) / 255


def _plain(colour: Sequence[float] | NDArray[np.float64]) -> Colour:
    red, green, blue = map(float, colour)
    return red, green, blue
