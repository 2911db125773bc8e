"""Axes to draw on, and the few colours that carry meaning."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Dark bluish green and dark vermilion: told apart by colour-blind eyes, and both with a contrast
# above 4.5 on white, so that small text in them stays readable.
RIGHT = "#00755a"
WRONG = "#b84a00"


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
