"""Linear classifiers, and what changes their learning rate."""

from nearplane.linear_model._classifier import LinearClassifier
from nearplane.linear_model._schedules import (
    ConstantRate,
    CosineDecay,
    ExponentialDecay,
    InverseTimeDecay,
    StepDecay,
)

__all__ = [
    "ConstantRate",
    "CosineDecay",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LinearClassifier",
    "StepDecay",
]
