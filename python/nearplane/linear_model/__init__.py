"""Linear classifiers: one, a sweep of many, cross-validation, schedules, random search."""

from nearplane.linear_model._classifier import LinearClassifier
from nearplane.linear_model._classifier_cv import LinearClassifierCV
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
    "LinearClassifierCV",
    "LinearClassifierSweep",
    "RandomSearchResult",
    "StepDecay",
    "random_search",
]
