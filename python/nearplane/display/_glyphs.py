"""Histograms of oriented gradients as stars of strokes, one for each cell."""

import numpy as np
from numpy.typing import NDArray

# Strokes are so wide, as a part of the side of a cell, and never thinner than a pixel.
_WIDTH = 0.07
# The faintest stroke that is drawn: the length of a stroke falls with what it stands for, and its
# brightness too, so that these vanish anyhow.
_FAINTEST = 0.05


def draw_glyphs(
    histograms: NDArray[np.float64], cell: tuple[int, int], *, signed: bool
) -> NDArray[np.uint8]:
    """Draw the gradients of one image, light on black.

    Each orientation of a cell is a stroke through the middle of the cell: the more there is of it,
    compared with the most in any cell of the image, the longer and brighter. Unsigned orientations
    lie along edges, which run across gradients; signed ones point to where the image gets brighter.

    Parameters
    ----------
    histograms : ndarray of shape (n_rows, n_columns, n_orientations)
        At least 0; the first bin begins at a gradient to the right, and angles grow downwards.
    cell : tuple of int
        Height and width of a cell in the picture.
    signed : bool
        Whether orientations go all the way round, or half of it.

    Returns
    -------
    ndarray of uint8, shape (n_rows * height, n_columns * width)
    """
    height, width = cell
    n_rows, n_columns, n_orientations = histograms.shape
    most = histograms.max(initial=0.0)
    strengths = histograms / most if most > 0 else histograms
    strengths = strengths[..., np.newaxis, np.newaxis]
    radius = min(cell) / 2
    thickness = max(_WIDTH * min(cell), 1.0)
    down = (np.arange(height) + 0.5 - height / 2)[:, np.newaxis]
    right = np.arange(width) + 0.5 - width / 2
    picture = np.zeros((n_rows, n_columns, height, width))
    turn = 2 * np.pi if signed else np.pi
    for number in range(n_orientations):
        angle = turn * (number + 0.5) / n_orientations + (0.0 if signed else np.pi / 2)
        along = np.cos(angle) * right + np.sin(angle) * down
        away = np.abs(np.sin(angle) * right - np.cos(angle) * down)
        strength = strengths[:, :, number]
        beyond = (along if signed else np.abs(along)) - strength * radius
        # The share of a pixel that the stroke covers, as if pixels were discs.
        covered = np.clip(thickness / 2 + 0.5 - away, 0, 1) * np.clip(0.5 - beyond, 0, 1)
        if signed:
            covered = covered * np.clip(along + 0.5, 0, 1)
        # In proportion most strokes would be as dark as the page; the length says how much.
        drawn = np.where(strength > _FAINTEST, np.sqrt(strength) * covered, 0.0)
        np.maximum(picture, drawn, out=picture)
    whole = picture.transpose(0, 2, 1, 3).reshape(n_rows * height, n_columns * width)
    return np.rint(255 * whole).astype(np.uint8)
