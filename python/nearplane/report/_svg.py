"""Plots as SVG that follows the page's colours."""

import functools
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Each figure is drawn once, yet must suit light and dark pages. So it is drawn in stand-in
# colours, which `to_svg` turns into the page's own variables.
INK, MUTED, GRID = "#010101", "#020202", "#030303"
SERIES = {"manhattan": "#040404", "euclidean": "#050505", "softmax": "#060606", "hinge": "#070707"}
_VARIABLES = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--line)"} | {
    colour: f"var(--series-{number})" for number, colour in enumerate(SERIES.values(), start=1)
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, and in the page's font
    "svg.hashsalt": "nearplane",  # the same figure gives the same bytes
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
}

_Parameters = ParamSpec("_Parameters")


def in_page_style(draw: Callable[_Parameters, "Figure"]) -> Callable[_Parameters, "Figure"]:
    """Run `draw` under this module's style, and put the user's settings back."""

    @functools.wraps(draw)
    def styled(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> "Figure":
        import matplotlib as mpl

        with mpl.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of this size in inches, which pyplot does not know."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def to_svg(figure: "Figure", prefix: str, description: str) -> str:
    """Write a figure as an SVG element to be placed inside a page.

    Parameters
    ----------
    figure : matplotlib Figure
        Drawn in the stand-in colours of this module.
    prefix : str
        Put before every id, so that several figures share a page.
    description : str
        What a reader who cannot see the figure should know.

    Returns
    -------
    str
        One ``<svg>`` element.
    """
    import matplotlib as mpl

    buffer = io.BytesIO()
    no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata=no_metadata)
    root = ET.fromstring(buffer.getvalue())
    for parent in root.iter():
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)  # matplotlib's style rule would reach the whole page
    for element in root.iter():
        for name, value in element.attrib.items():
            element.set(name, _adapt(name, value, prefix))
    for unwanted in ("width", "height", "version"):
        root.attrib.pop(unwanted, None)  # the viewBox scales to the page's column
    root.set("role", "img")
    root.set("aria-label", description)
    ET.register_namespace("", "http://www.w3.org/2000/svg")
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    return ET.tostring(root, encoding="unicode")


def _adapt(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name.endswith("href"):
        return re.sub(r"^#", f"#{prefix}-", value)
    value = re.sub(r"url\(#", f"url(#{prefix}-", value)
    for colour, variable in _VARIABLES.items():
        value = value.replace(colour, variable)
    return re.sub(r"font: ([\d.]+px)[^;]*", r"font-size: \1", value)
