"""The images a report shows, as PNGs inside the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane.datasets import ImageDataset
from nearplane.display import PixelDistanceDisplay, TemplatesDisplay
from nearplane.display._images import as_images, display_range
from nearplane.display._labels import label_names
from nearplane.display._templates import template_weights
from nearplane.linear_model import LinearClassifier
from nearplane.report._features import FeaturesRun
from nearplane.report._features_pictures import FeaturePictures, take_feature_pictures
from nearplane.report._linear import LinearRun
from nearplane.report._png import data_uri
from nearplane.report._results import Example, KNNResults

_MOST_SAMPLES = 120
_MOST_SAMPLES_OF_CLASS = 10
_FEWEST_SAMPLES_OF_CLASS = 2
_MOST_TEMPLATES = 100


@dataclass(frozen=True, kw_only=True)
class EqualDistances:
    """Changed copies of a test image that are all equally far from it."""

    query: int
    """Its row."""
    copies: dict[str, str]
    """Pictures by what was done."""
    distances: list[float]
    """By L2, of each copy."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Every image on the page, as a ``data:`` address; the data set itself is not kept."""

    samples_of_class: list[list[str]]
    """Some training images of each class."""
    train: dict[int, str]
    """The training images that are neighbours of an example, by row."""
    test: dict[int, str]
    """The examples, of queries and of mistakes, by row."""
    templates: dict[str, dict[str, str]]
    """For each loss the weights of each class, by its name."""
    equal_distances: EqualDistances | None
    """Of one of the queries; None if none of them can be changed so."""
    features: FeaturePictures | None = None
    """None without features."""

    @classmethod
    def none(cls, n_classes: int) -> "Pictures":
        """Return what there is to see of vectors."""
        return cls(
            samples_of_class=[[] for _ in range(n_classes)],
            train={},
            test={},
            templates={},
            equal_distances=None,
        )


def take_pictures(
    images: ImageDataset,
    results: KNNResults,
    linear: LinearRun,
    features: FeaturesRun | None = None,
) -> Pictures:
    """Encode the images that a report of `results`, `linear` and `features` shows.

    Parameters
    ----------
    images : ImageDataset
        What the results were found on.
    results : KNNResults
    linear : LinearRun
    features : FeaturesRun or None, default=None

    Returns
    -------
    Pictures
        None if the rows are not images, or neither grey nor of three colours.
    """
    n_classes = len(images.class_names)
    if not results.data.is_pictured:
        return Pictures.none(n_classes)
    train, test = as_images(images.X_train, "X_train"), as_images(images.X_test, "X_test")
    value_range = display_range(train, test)
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
    mistaken = {
        row
        for result in (results.best, linear.results.best)
        for pair in result.confusion_pairs
        for row in pair.examples
    }
    queries = {example.query for example in results.examples}
    return Pictures(
        samples_of_class=[[data_uri(train[row], value_range) for row in rows] for rows in samples],
        train={row: data_uri(train[row], value_range) for row in sorted(neighbors)},
        test={row: data_uri(test[row], value_range) for row in sorted(queries | mistaken)},
        templates={
            loss: _take_templates(model, images.class_names)
            for loss, model in linear.models.items()
        },
        equal_distances=_change_one(test, results.examples, value_range),
        features=None if features is None else take_feature_pictures(images, features, value_range),
    )


def _change_one(
    test: NDArray[Any], examples: Sequence[Example], value_range: tuple[float, float]
) -> EqualDistances | None:
    """Return copies of one of the queries, if possible one with a neighbour nearer than these."""
    from matplotlib.figure import Figure

    found = None
    for example in examples:
        try:
            display = PixelDistanceDisplay.from_image(test[example.query], ax=Figure().subplots())
        except ValueError:
            continue  # uniform, or so rough that no box is as far away as a shifted copy
        pictures = [data_uri(copy, value_range) for copy in display.copies]
        changed = EqualDistances(
            query=example.query,
            copies=dict(zip(display.names, pictures, strict=True)),
            distances=display.distances_.tolist(),
        )
        found = found or changed
        if example.neighbors["euclidean"].distances[0] < min(changed.distances):
            return changed
    return found


def _take_templates(model: LinearClassifier, class_names: Sequence[str]) -> dict[str, str]:
    display = TemplatesDisplay(templates=template_weights(model))
    names = label_names(model.classes_, class_names)
    shown = zip(names[:_MOST_TEMPLATES], display.as_bytes(), strict=False)
    return {name: data_uri(pixels, (0.0, 255.0)) for name, pixels in shown}
