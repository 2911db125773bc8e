"""Nearest neighbours in the scikit-learn manner: search, classification, regression."""

from nearplane.neighbors._classification import KNeighborsClassifier
from nearplane.neighbors._regression import KNeighborsRegressor
from nearplane.neighbors._unsupervised import NearestNeighbors

__all__ = ["KNeighborsClassifier", "KNeighborsRegressor", "NearestNeighbors"]
