"""What the pictures have in common."""

from collections.abc import Callable, Iterable

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

# Of Okabe and Ito's colours, told apart by colour-blind eyes; the markers differ as well.
COLORS = {"brute": "#555555", "pruned": "#0072b2", "auto": "#d55e00"}
MARKERS = {"brute": "s", "pruned": "o", "auto": "o"}
METRICS = {"euclidean": "euclidean (L2)", "manhattan": "manhattan (L1)"}


def logarithmic(axis: Axis, text: Callable[[float], str], steps: tuple[int, ...]) -> None:
    """Label a logarithmic axis at these multiples of every power of ten, in plain numbers."""
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))


def legend_below(figure: Figure, panels: Iterable[Axes]) -> None:
    """Put one legend for all panels under them, each label once."""
    handles: dict[str, Artist] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(str(label), handle)
    figure.legend(
        handles=list(handles.values()),
        labels=list(handles),
        loc="outside lower center",
        ncols=min(4, len(handles)),
        frameon=False,
    )
