"""Clustering in the scikit-learn manner: `KMeans`, with exact assignments."""

from nearplane.cluster._kmeans import KMeans

__all__ = ["KMeans"]
