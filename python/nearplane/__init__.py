"""Exact nearest neighbours among images, at the speed of the machine.

``nearplane`` searches nearest neighbours, and classifies and predicts by them, from a C++ core. It
looks like scikit-learn from the outside:

- `pairwise_distances` and `argkmin` are the two questions the core answers;
- `NearestNeighbors`, `KNeighborsClassifier` and `KNeighborsRegressor` are the estimators;
- `nearplane.neighbors.predict_each_k` tries every k for the price of one search;
- `nearplane.datasets` loads image sets, `nearplane.display` draws, `nearplane report` does it all.

uint8 images stay uint8, and every answer is exact: see ``docs/numerics.md``.
"""

from nearplane._versions import show_versions
from nearplane.distances import argkmin, pairwise_distances
from nearplane.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

__version__ = "0.1.0"

__all__ = [
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "NearestNeighbors",
    "__version__",
    "argkmin",
    "pairwise_distances",
    "show_versions",
]
