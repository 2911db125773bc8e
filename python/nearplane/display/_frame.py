"""Axes that hold other axes."""

from typing import TYPE_CHECKING

from nearplane.display._figure import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def frame_axes(
    ax: "Axes | None", figsize: tuple[float, float]
) -> tuple["Axes", tuple[float, float]]:
    """Make axes without lines or numbers, for others to lie in.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The axes the caller wants drawn on; None makes a new pyplot figure.
    figsize : tuple of float
        Size in inches of the new figure.

    Returns
    -------
    ax : matplotlib Axes
    size : tuple of float
        Width and height of `ax` in inches.
    """
    frame = axes_or_new(ax, figsize)
    frame.set_axis_off()
    figure = frame.figure
    engine = figure.get_layout_engine()
    if ax is None and engine is not None:
        engine.execute(figure.figure)  # sizes are those of the page only when it is laid out
    box = frame.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    return frame, (box.width, box.height)
