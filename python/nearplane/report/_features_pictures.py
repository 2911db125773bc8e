"""What features see in some test images, as pictures inside the page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nearplane.datasets import ImageDataset
from nearplane.display import CodebookDisplay, ColorHistogramDisplay, HOGDisplay
from nearplane.display._images import as_images
from nearplane.report._features import FeaturesRun
from nearplane.report._png import data_uri

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_N_EXAMPLES = 6
_MOST_WORDS, _WORD_COLUMNS = 100, 20
# Test images whose patches say which words are used.
_N_COUNTED = 500


@dataclass(frozen=True, kw_only=True)
class FeatureExample:
    """A test image, and what each kind of features sees in it."""

    row: int
    label: int
    image: str
    glyphs: str | None
    """Its gradients; None without HOG."""


@dataclass(frozen=True, kw_only=True)
class FeaturePictures:
    """What the section on features shows of images."""

    examples: list[FeatureExample]
    colours: ColorHistogramDisplay | None
    """The colour histograms of the examples; None without."""
    codebook: str | None
    """Visual words in one picture; None without."""
    n_words_shown: int


def take_feature_pictures(
    images: ImageDataset, features: FeaturesRun, value_range: tuple[float, float]
) -> FeaturePictures:
    """Encode what features see in the first test image of some classes, and the codebook.

    Parameters
    ----------
    images : ImageDataset
        Grey, or of three colours.
    features : FeaturesRun
    value_range : tuple of float
        The values shown as black and as full brightness.

    Returns
    -------
    FeaturePictures
    """
    rows = _choose_rows(images.y_test, len(images.class_names))
    shown = images.X_test[rows]
    transformers = features.transformers
    glyphs = colours = None
    if (histogram := transformers.get("color_histogram")) is not None:
        colours = ColorHistogramDisplay.from_estimator(histogram, shown, ax=_nowhere())
    if (hog := transformers.get("hog")) is not None:
        glyphs = HOGDisplay.from_estimator(hog, shown, ax=_nowhere()).as_bytes()
    examples = [
        FeatureExample(
            row=int(row),
            label=int(images.y_test[row]),
            image=data_uri(as_images(shown, "X_test")[i], value_range),
            glyphs=None if glyphs is None else data_uri(glyphs[i]),
        )
        for i, row in enumerate(rows)
    ]
    codebook, n_words = None, 0
    if (words := transformers.get("visual_words")) is not None:
        counted = images.X_test[:_N_COUNTED]
        display = CodebookDisplay.from_estimator(
            words, counted, n_words=_MOST_WORDS, order="usage", ax=_nowhere()
        )
        codebook, n_words = data_uri(display.as_mosaic(_WORD_COLUMNS)), len(display.words)
    return FeaturePictures(
        examples=examples, colours=colours, codebook=codebook, n_words_shown=n_words
    )


def _nowhere() -> "Axes":
    """Return axes of a figure that nobody looks at: the page has pictures of its own."""
    from matplotlib.figure import Figure

    return Figure().subplots()


def _choose_rows(y: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Return the first test row of each of some classes, spread over all of them."""
    spread = np.linspace(0, n_classes - 1, min(n_classes, _N_EXAMPLES)).round().astype(int)
    found = [np.flatnonzero(y == label)[:1] for label in spread]
    return np.concatenate(found)
