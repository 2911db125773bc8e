"""Nearest neighbours and linear classifiers for images, at the speed of the machine.

``nearplane`` answers from a C++ core, and looks like scikit-learn from the outside:

- `pairwise_distances` and `argkmin` find exact distances and nearest rows;
- `NearestNeighbors`, `KNeighborsClassifier` and `KNeighborsRegressor` are the estimators on them,
  and `KNeighborsClassifierCV` chooses k, the metric and the weights from one search a metric;
- `LinearClassifier` trains softmax and every multiclass SVM, `LinearClassifierSweep` a whole grid
  of settings in one pass over the data, and `LinearClassifierCV` cross-validates one so;
  `random_search` is the baseline to beat;
- `KMeans` clusters, with exact assignments by the same search;
- `nearplane.losses` has the losses with their gradients, `check_gradient` checks any of them;
- `nearplane.preprocessing` has transformers of images, `nearplane.metrics` counts what went wrong;
- `nearplane.datasets` loads image sets, `nearplane.display` draws, `nearplane report` does it all.

uint8 images stay uint8, neighbours are exact, and training with a seed gives the same bits on any
number of threads: see ``docs/numerics.md``.
"""

# The core comes first: where it cannot work, it says so before anything else is loaded.
from nearplane import _core as _core
from nearplane import losses, metrics, preprocessing
from nearplane._versions import show_versions
from nearplane.cluster import KMeans
from nearplane.distances import argkmin, pairwise_distances
from nearplane.gradients import check_gradient
from nearplane.linear_model import (
    LinearClassifier,
    LinearClassifierCV,
    LinearClassifierSweep,
    random_search,
)
from nearplane.neighbors import (
    KNeighborsClassifier,
    KNeighborsClassifierCV,
    KNeighborsRegressor,
    NearestNeighbors,
)

__version__ = "0.1.0"

__all__ = [
    "KMeans",
    "KNeighborsClassifier",
    "KNeighborsClassifierCV",
    "KNeighborsRegressor",
    "LinearClassifier",
    "LinearClassifierCV",
    "LinearClassifierSweep",
    "NearestNeighbors",
    "__version__",
    "argkmin",
    "check_gradient",
    "losses",
    "metrics",
    "pairwise_distances",
    "preprocessing",
    "random_search",
    "show_versions",
]
