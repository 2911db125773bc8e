"""Gradients and colours of images, against histograms of NumPy's."""

import numpy as np

from nearplane.features import HOG, ColorHistogram

from ..color_histogram_reference import joint_counts, soft_counts
from ..hog_reference import hog
from .drawing import PUBLIC_LAYOUTS, assert_near, case_of, laid_out, pick, size, threads

NORMS = ("L2-Hys", "L2", "L1", "L1-sqrt", None)
CHANNELS = {"rgb": 3, "hsv": 3, "hue": 1, "gray": 1}
_TAILS = (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 65)


def random_images(rng, height, width, n_channels):
    """Some images: of any bytes, of few, of edges, or of one value."""
    shape = (int(rng.integers(1, 5)), height, width, n_channels)
    kind = pick(rng, ("any", "few", "extremes", "flat"))
    if kind == "flat":
        return np.full(shape, rng.integers(256), np.uint8)
    if kind == "extremes":
        return (255 * rng.integers(0, 2, shape)).astype(np.uint8)
    values = rng.integers(0, 256, shape, dtype=np.uint8)
    return values & 0xC0 if kind == "few" else values


def as_given(rng, images, dtype):
    """Images, or rows of one each, of a layout; and the shape to be told."""
    images = images.astype(dtype)
    if rng.random() < 0.3:
        return images, None
    return laid_out(rng, images.reshape(len(images), -1), PUBLIC_LAYOUTS), images.shape[1:]


def draw_hog(rng):
    """Every parameter; the types that hold whole numbers have the same gradients."""
    height, width = size(rng, _TAILS, 40), size(rng, _TAILS, 80)
    cell = tuple(int(rng.integers(1, min(n, 9) + 1)) for n in (height, width))
    block = tuple(
        int(rng.integers(1, min(n // c, 3) + 1)) for n, c in zip((height, width), cell, strict=True)
    )
    images = random_images(rng, height, width, int(pick(rng, (1, 2, 3, 3, 4))))
    n_bins, signed, norm = int(rng.integers(1, 37)), bool(rng.integers(2)), pick(rng, NORMS)
    parameters = {
        "pixels_per_cell": cell, "cells_per_block": block, "block_norm": norm, "signed": signed,
    }  # fmt: skip
    expected = np.array(
        [
            hog(image.astype(float), cell=cell, block=block, n_bins=n_bins, norm=norm,
                turn=360 if signed else 180)
            for image in images
        ]
    )  # fmt: skip
    X, image_shape = as_given(rng, images, pick(rng, ("uint8", "float32", "float64", "int16")))
    n_jobs = threads(rng)

    def check(level):
        model = HOG(n_bins, **parameters, image_shape=image_shape, n_jobs=n_jobs)
        found = model.fit_transform(X)
        assert found.dtype == np.float32
        assert_near(found, expected, "features", rtol=2e-5, atol=2e-6 * max(1, expected.max()))

    return case_of(check, X, images=images.shape, n_bins=n_bins, n_jobs=n_jobs, **parameters)


def draw_colors(rng):
    """Hard counts to the pixel, soft ones up to rounding, of all spaces and regions."""
    height, width = size(rng, _TAILS, 30), size(rng, _TAILS, 80)
    images = random_images(rng, height, width, 3)
    space, soft, joint = pick(rng, tuple(CHANNELS)), bool(rng.integers(2)), bool(rng.integers(2))
    n_channels = CHANNELS[space]
    bins = tuple(int(rng.integers(1, 10)) for _ in range(n_channels))
    grid = tuple(int(rng.integers(1, min(n, 4) + 1)) for n in (height, width))
    normalize = pick(rng, (None, "l1", "sqrt"))
    count = soft_counts if soft else joint_counts
    expected = np.array(
        [
            np.concatenate(
                [_of_region(part, space, bins, count, joint) for part in _regions(image, grid)]
            )
            for image in images
        ]
    )
    if normalize:
        expected = expected.reshape(len(images), grid[0] * grid[1], -1)
        expected = expected / expected[..., : _one_channel(bins, joint)].sum(axis=2, keepdims=True)
        expected = np.sqrt(expected) if normalize == "sqrt" else expected
        expected = expected.reshape(len(images), -1)
    X, image_shape = as_given(rng, images, pick(rng, ("uint8", "float32", "float64")))
    n_jobs = threads(rng)

    def check(level):
        found = ColorHistogram(
            bins, space=space, soft=soft, joint=joint, grid=grid, normalize=normalize,
            value_range=(0, 255), image_shape=image_shape, n_jobs=n_jobs,
        ).fit_transform(X)  # fmt: skip
        assert found.dtype == np.float32
        rounding = {"rtol": 2e-5, "atol": 1e-4} if soft else {"rtol": 1e-6}
        assert_near(found, expected, "counts", **rounding)

    return case_of(
        check, X, images=images.shape, bins=bins, space=space, soft=soft, joint=joint, grid=grid,
        normalize=normalize, n_jobs=n_jobs,
    )  # fmt: skip


def _regions(image, grid):
    (height, width), (rows, columns) = image.shape[:2], grid
    for r in range(rows):
        for c in range(columns):
            yield image[
                height * r // rows : height * (r + 1) // rows,
                width * c // columns : width * (c + 1) // columns,
            ]


def _of_region(image, space, bins, count, joint):
    counts = count(image, space, bins)
    if joint or len(bins) == 1:
        return counts.ravel()
    return np.concatenate([counts.sum(axis=axes) for axes in ((1, 2), (0, 2), (0, 1))])


def _one_channel(bins, joint):
    """The first features of a region, which count each of its pixels once."""
    return int(np.prod(bins)) if joint else bins[0]
