"""Linear classifiers, and what changes their learning rate."""

from nearplane.linear_model._classifier import LinearClassifier
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
    "StepDecay",
]
