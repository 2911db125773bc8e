"""nearplane itself, through the same public doors as everybody."""

import nearplane
from harness.methods import Adapter, Array, Compute, Method, Task

ALGORITHMS = ("auto", "brute", "pruned")


class FittedSearch:
    """An estimator that has taken in its rows; it can still be asked how it searches."""

    def __init__(self, base: Array, task: Task, k: int, algorithm: str) -> None:
        self.estimator = nearplane.NearestNeighbors(
            n_neighbors=k, algorithm=algorithm, metric=task.metric, n_jobs=task.n_threads
        ).fit(base)

    def __call__(self, queries: Array) -> tuple[Array, Array]:
        """Return distances and indices."""
        distances, indices = self.estimator.kneighbors(queries)
        return distances, indices


def search_method(task: Task, k: int, algorithm: str) -> Method:
    """Return the search by one algorithm."""
    return Method(
        f"nearplane {algorithm}",
        task.dtype,
        lambda base: FittedSearch(base, task, k, algorithm),
    )


def _searches(task: Task, k: int) -> list[Method]:
    return [search_method(task, k, algorithm) for algorithm in ALGORITHMS]


def _matrices(task: Task) -> list[Method]:
    def build(base: Array) -> Compute:
        return lambda queries: nearplane.pairwise_distances(
            queries, base, task.metric, n_jobs=task.n_threads
        )

    return [Method("nearplane pairwise_distances", task.dtype, build)]


ADAPTER = Adapter("nearplane", _searches, _matrices)
