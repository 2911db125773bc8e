"""nearplane itself, through the same public doors as everybody."""

import nearplane
from harness.methods import Adapter, Array, Compute, Method, Task, estimator_search


def _searches(task: Task, k: int) -> list[Method]:
    estimator = nearplane.NearestNeighbors(
        n_neighbors=k, algorithm="brute", metric=task.metric, n_jobs=task.n_threads
    )
    return [estimator_search("nearplane brute", task.dtype, estimator)]


def _matrices(task: Task) -> list[Method]:
    def build(base: Array) -> Compute:
        return lambda queries: nearplane.pairwise_distances(
            queries, base, task.metric, n_jobs=task.n_threads
        )

    return [Method("nearplane pairwise_distances", task.dtype, build)]


ADAPTER = Adapter("nearplane", _searches, _matrices)
