"""Axes to draw on, labels on them, and the few colours that carry meaning."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Dark bluish green and dark vermilion: told apart by colour-blind eyes, and both with a contrast
# above 4.5 on white, so that small text in them stays readable.
RIGHT = "#00755a"
WRONG = "#b84a00"
# How wide a picture of a grid is in a figure of our own.
_INCHES = 1.05


def axes_or_new(ax: "Axes | None", figsize: tuple[float, float] | None = None) -> "Axes":
    """Return `ax`, or the axes of a new pyplot figure, as scikit-learn's displays do.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The axes the caller wants drawn on.
    figsize : tuple of float, default=None
        Size in inches of the new figure; None leaves it to matplotlib's settings.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as error:
        raise ImportError(
            "plots need matplotlib: pip install 'nearplane[report]'", name="matplotlib"
        ) from error
    return plt.figure(figsize=figsize, layout="constrained").add_subplot()


def blank_axes(
    ax: "Axes | None", width: float, height: float, *, inches: float = _INCHES
) -> tuple["Axes", float]:
    """Make axes without lines or numbers, for a grid of pictures, y pointing down.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The axes the caller wants drawn on; None makes a new pyplot figure of a fitting size.
    width, height : float
        Size of the grid in units of one picture's width.
    inches : float
        That width in a new figure.

    Returns
    -------
    ax : matplotlib Axes
    fontsize : float
        Points at which a label of 14 letters is as wide as one picture.
    """
    ax = axes_or_new(ax, (inches * width, inches * height))
    # A little beyond the outermost pictures, so that their frames are drawn whole.
    ax.set(xlim=(-0.03, width + 0.03), ylim=(height + 0.03, 0), aspect="equal")
    ax.set_axis_off()
    box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
    unit = min(box.width / width, box.height / height)
    return ax, min(max(unit * 72 / 8.5, 3.0), 9.0)


def write_label(ax: "Axes", x: float, y: float, text: str, fontsize: float, **options: Any) -> None:
    """Write a label above or below a picture, in a font that has the tick and the cross.

    Parameters
    ----------
    ax : matplotlib Axes
    x, y : float
        Middle of the label's upper edge, in the axes' data.
    text : str
    fontsize : float
        In points.
    **options : dict
        Passed to matplotlib's ``text``.
    """
    import matplotlib as mpl

    # The bundled font has the signs that a font of the user's may lack.
    family = [*mpl.rcParams["font.family"], "DejaVu Sans"]
    defaults = {"ha": "center", "va": "top", "family": family}
    ax.text(x, y, text, fontsize=fontsize, **(defaults | options))
