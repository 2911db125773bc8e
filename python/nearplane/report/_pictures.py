"""The images a report shows, as PNGs inside the page."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane.datasets import ImageDataset
from nearplane.display import TemplatesDisplay
from nearplane.display._images import as_images, display_range, to_bytes
from nearplane.display._labels import label_names
from nearplane.display._templates import template_weights
from nearplane.linear_model import LinearClassifier
from nearplane.report._results import KNNResults

_MOST_SAMPLES = 120
_MOST_SAMPLES_OF_CLASS = 10
_FEWEST_SAMPLES_OF_CLASS = 2


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Every image on the page, as a ``data:`` address; the data set itself is not kept."""

    samples_of_class: list[list[str]]
    """Some training images of each class."""
    train: dict[int, str]
    """The training images that are neighbours of an example, by row."""
    test: dict[int, str]
    """The examples, by row."""
    templates: dict[str, dict[str, str]]
    """For each loss the weights of each class, by its name."""


def take_pictures(
    images: ImageDataset, results: KNNResults, models: Mapping[str, LinearClassifier]
) -> Pictures:
    """Encode the images that a report of `results` and `models` shows.

    Parameters
    ----------
    images : ImageDataset
        What the results were found on.
    results : KNNResults
    models : dict of str to LinearClassifier
        The linear classifiers, by loss.

    Returns
    -------
    Pictures

    Raises
    ------
    ValueError
        If the images are neither grey nor of three colours.
    """
    train, test = as_images(images.X_train, "X_train"), as_images(images.X_test, "X_test")
    value_range = display_range(train, test)
    n_classes = len(images.class_names)
    n_samples = max(_MOST_SAMPLES // max(n_classes, 1), _FEWEST_SAMPLES_OF_CLASS)
    samples = [
        np.flatnonzero(images.y_train == label)[: min(n_samples, _MOST_SAMPLES_OF_CLASS)]
        for label in range(n_classes)
    ]
    neighbors = {
        row
        for example in results.examples
        for found in example.neighbors.values()
        for row in found.indices
    }
    return Pictures(
        samples_of_class=[[_data_uri(train[row], value_range) for row in rows] for rows in samples],
        train={row: _data_uri(train[row], value_range) for row in sorted(neighbors)},
        test={
            example.query: _data_uri(test[example.query], value_range)
            for example in results.examples
        },
        templates={
            loss: _take_templates(model, images.class_names) for loss, model in models.items()
        },
    )


def _take_templates(model: LinearClassifier, class_names: Sequence[str]) -> dict[str, str]:
    display = TemplatesDisplay(templates=template_weights(model))
    names = label_names(model.classes_, class_names)
    return {
        name: _data_uri(pixels, (0.0, 255.0))
        for name, pixels in zip(names, display.as_bytes(), strict=True)
    }


def _data_uri(image: NDArray[Any], value_range: tuple[float, float]) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(to_bytes(image, value_range)).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
