"""Linear classifiers: one, a sweep of many, schedules of the learning rate, random search."""

from nearplane.linear_model._classifier import LinearClassifier
from nearplane.linear_model._random_search import RandomSearchResult, random_search
from nearplane.linear_model._schedules import (
    ConstantRate,
    CosineDecay,
    ExponentialDecay,
    InverseTimeDecay,
    StepDecay,
)
from nearplane.linear_model._sweep import LinearClassifierSweep

__all__ = [
    "ConstantRate",
    "CosineDecay",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LinearClassifier",
    "LinearClassifierSweep",
    "RandomSearchResult",
    "StepDecay",
    "random_search",
]
