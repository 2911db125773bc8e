"""Histograms of oriented gradients in a few lines of NumPy: float64, one formula a function."""

import numpy as np


def gradients(image):
    """Return the differences of neighbours along rows and columns, 0 at the borders."""
    x, y = np.zeros((2, *image.shape))
    x[:, 1:-1] = image[:, 2:] - image[:, :-2]
    y[1:-1] = image[2:] - image[:-2]
    return x, y


def steepest(image):
    """Of an image of several channels, each pixel's longest gradient; the first of equal ones."""
    x, y = gradients(image)
    channel = np.hypot(x, y).argmax(axis=2)[..., np.newaxis]
    return (np.take_along_axis(part, channel, axis=2)[..., 0] for part in (x, y))


def cell_histograms(image, cell, n_bins, turn):
    """Return the mean size of gradients by cell and bin of direction."""
    x, y = steepest(image)
    rows, columns = image.shape[0] // cell[0], image.shape[1] // cell[1]
    angle = np.degrees(np.arctan2(y, x)) % turn
    bins = np.searchsorted(turn / n_bins * np.arange(1, n_bins), angle, side="right")
    out = np.zeros((rows, columns, n_bins))
    row, column = np.indices(x.shape)
    used = (row < rows * cell[0]) & (column < columns * cell[1])
    place = row[used] // cell[0], column[used] // cell[1], bins[used]
    np.add.at(out, place, np.hypot(x, y)[used] / (cell[0] * cell[1]))
    return out


def normalized(block, norm):
    if norm is None:
        return block
    if norm.startswith("L1"):
        shares = block / (block.sum() + 1e-5)
        return np.sqrt(shares) if norm == "L1-sqrt" else shares
    shares = block / np.sqrt((block**2).sum() + 1e-10)
    if norm == "L2-Hys":
        shares = np.minimum(shares, 0.2)
        shares = shares / np.sqrt((shares**2).sum() + 1e-10)
    return shares


def hog(image, *, cell, block, n_bins, turn, norm):
    """Features of an image of shape (height, width, channels): blocks one after the other."""
    cells = cell_histograms(image, cell, n_bins, turn)
    rows, columns = cells.shape[0] - block[0] + 1, cells.shape[1] - block[1] + 1
    blocks = [
        normalized(cells[r : r + block[0], c : c + block[1]], norm).ravel()
        for r in range(rows)
        for c in range(columns)
    ]
    return np.concatenate(blocks)
