"""What the run over image features found: plain records that turn into JSON as they are."""

from dataclasses import dataclass
from typing import Any

KINDS = ("color_histogram", "hog", "visual_words")
"""The kinds of features there are."""
PIXELS = "pixels"
"""What the features are compared with."""


@dataclass(frozen=True, kw_only=True)
class KindResult:
    """One kind of features: how it was computed, and how long that took."""

    kind: str
    """One of `KINDS`."""
    parameters: dict[str, Any]
    """Of the transformer, as the page states them."""
    n_features: int
    fit_seconds: float
    """To learn what it learns from the training images."""
    transform_seconds: float
    """To compute the features of all training and test images."""


@dataclass(frozen=True, kw_only=True)
class FeatureScore:
    """One classifier on one set of features."""

    setting: dict[str, float]
    """What was chosen for it by the validation accuracy."""
    validation_accuracy: float
    test_accuracy: float
    fit_seconds: float
    """To fit all training rows with that setting."""
    test_seconds: float
    """To label all the test rows once."""
    test_right: str
    """As `MethodResult.test_right`."""


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """What classifiers were given: the pixels, one kind of features, or several."""

    kinds: list[str]
    """Some of `KINDS`, or `PIXELS` alone."""
    n_features: int
    seconds: float
    """To compute them, training and test images together."""
    nearest: FeatureScore
    linear: FeatureScore


@dataclass(frozen=True, kw_only=True)
class FeaturesResults:
    """Everything the section on features shows."""

    kinds: list[KindResult]
    sets: list[FeatureSet]
    """The pixels first."""
    metric: str
    """Of the nearest neighbours of features."""
    pixels_metric: str
    """Of those of pixels."""
    loss: str
    n_folds: int
    """On how many of the folds settings were judged: on all of them, or on the first."""
    alphas: list[float]
    """Strengths of the penalty that were tried."""
    n_epochs: int
    """Of the training on features."""
    n_search_epochs: int
    """Of that by which alpha was chosen."""
    seconds: float
    """For all of it."""
    peak_memory_bytes: int | None
    """Of the process, up to the end of the run."""
