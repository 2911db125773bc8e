"""Nearest neighbours in the scikit-learn manner.

- `NearestNeighbors` searches, `KNeighborsClassifier` and `KNeighborsRegressor` predict;
- `KNeighborsClassifierCV` chooses k, the metric and the weights by cross-validation;
- `predict_each_k` predicts with every k from one search, so that k can be chosen;
- `SearchPlan` is what `search_plan_` is: how a search was done, and why.
"""

from nearplane.neighbors._classification import KNeighborsClassifier
from nearplane.neighbors._classification_cv import KNeighborsClassifierCV
from nearplane.neighbors._each_k import predict_each_k
from nearplane.neighbors._regression import KNeighborsRegressor
from nearplane.neighbors._sketch import SearchPlan
from nearplane.neighbors._unsupervised import NearestNeighbors

__all__ = [
    "KNeighborsClassifier",
    "KNeighborsClassifierCV",
    "KNeighborsRegressor",
    "NearestNeighbors",
    "SearchPlan",
    "predict_each_k",
]
