"""scikit-learn: brute-force NearestNeighbors, and the two ways to a matrix."""

from sklearn.metrics import pairwise_distances
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.neighbors import NearestNeighbors

from harness.methods import Adapter, Array, Compute, Method, Task, as_float, estimator_search


def _searches(task: Task, k: int) -> list[Method]:
    estimator = NearestNeighbors(
        n_neighbors=k, algorithm="brute", metric=task.metric, n_jobs=task.n_threads
    )
    return [estimator_search("scikit-learn brute", as_float(task.dtype), estimator)]


def _matrices(task: Task) -> list[Method]:
    def build_pairwise(base: Array) -> Compute:
        return lambda queries: pairwise_distances(queries, base, task.metric, n_jobs=task.n_threads)

    def build_euclidean(base: Array) -> Compute:
        return lambda queries: euclidean_distances(queries, base)

    dtype = as_float(task.dtype)
    methods = [Method("scikit-learn pairwise_distances", dtype, build_pairwise)]
    if task.metric == "euclidean":
        methods.append(Method("scikit-learn euclidean_distances", dtype, build_euclidean))
    return methods


ADAPTER = Adapter("scikit-learn", _searches, _matrices)
