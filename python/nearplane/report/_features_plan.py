"""Which features suit images of a shape, with which parameters: all of them chosen here."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane.datasets import ImageDataset
from nearplane.features import HOG, ColorHistogram, VisualWords
from nearplane.report._features_results import KINDS

# Images have about so many cells along a side, 4 x 4 in all, and cells at least so many pixels.
_CELLS, _SMALLEST_CELL, _FULL_CELL = 4, 2, 4
# Patches of large images, as the literature has them, and of those smaller than so many pixels.
_PATCH, _SMALL_PATCH, _LARGE_IMAGE = 6, 3, 16
# Patches along a side of an image, about. Every second pixel of CIFAR's begins one, which takes a
# quarter of the time that all of them do, and is right for almost as many.
_PLACES = 16
_N_WORDS, _N_PATCHES, _WORD_ITERATIONS = 200, 50_000, 10
# Drawn patches for each word, at least, so that words are means and not single patches.
_PATCHES_PER_WORD = 8


def plan_features(
    images: ImageDataset,
    kinds: Sequence[str] = KINDS,
    *,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Return the transformers that suit a data set, not yet fitted, by their kind.

    Parameters
    ----------
    images : ImageDataset
    kinds : sequence of str, default=KINDS
        Those that are wanted.
    random_state : int, default=0
        Seed of what is drawn.
    n_jobs : int, default=None
        Number of threads, as in `nearplane.argkmin`.

    Returns
    -------
    dict of str to transformer
        In the order of `KINDS`; without those that cannot be computed: none of rows that are no
        images, and of images without three colours no histogram of them.
    """
    shape = images.X_train.shape[1:]
    if len(shape) < 2:
        return {}
    found: dict[str, Any] = {}
    side = min(shape[:2])
    if "color_histogram" in kinds and shape[2:] == (3,):
        found["color_histogram"] = ColorHistogram(
            4,
            grid=min(2, side),
            normalize="sqrt",
            value_range=_value_range(images.X_train, images.X_test),
            image_shape=shape,
            n_jobs=n_jobs,
        )
    if "hog" in kinds and side >= _SMALLEST_CELL:
        cell = max(side // _CELLS, _SMALLEST_CELL)
        block = min(2, side // cell)
        # Few pixels have few directions, and a block of few gradients some that are most of it,
        # which clipping would cut off.
        few = cell < _FULL_CELL
        found["hog"] = HOG(
            6 if few else 9,
            pixels_per_cell=cell,
            cells_per_block=block,
            block_norm="L2" if few else "L2-Hys",
            image_shape=shape,
            n_jobs=n_jobs,
        )
    patch = _PATCH if side >= _LARGE_IMAGE else _SMALL_PATCH
    if "visual_words" in kinds and side > patch:
        stride = max(round((side - patch + 1) / _PLACES), 1)
        places = np.prod([(length - patch) // stride + 1 for length in shape[:2]])
        drawn = min(len(images.X_train) * int(places), _N_PATCHES)
        found["visual_words"] = VisualWords(
            max(min(_N_WORDS, drawn // _PATCHES_PER_WORD), 1),
            patch_size=patch,
            stride=stride,
            n_patches=drawn,
            max_iter=_WORD_ITERATIONS,
            grid=2,
            random_state=random_state,
            image_shape=shape,
            n_jobs=n_jobs,
        )
    return found


def _value_range(*stacks: NDArray[Any]) -> tuple[float, float] | None:
    """Return what the values of pixels lie between; None leaves bytes theirs."""
    if all(stack.dtype == np.uint8 for stack in stacks):
        return None
    low = min(float(stack.min()) for stack in stacks)
    high = max(float(stack.max()) for stack in stacks)
    return (low, high) if low < high else (low, low + 1.0)


def describe(transformer: Any) -> dict[str, Any]:
    """Return the parameters that decide what a transformer computes, as JSON can hold them.

    Parameters
    ----------
    transformer : transformer
        One of `plan_features`.

    Returns
    -------
    dict
    """
    hidden = ("image_shape", "n_jobs", "verbose")
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in transformer.get_params().items()
        if name not in hidden
    }
