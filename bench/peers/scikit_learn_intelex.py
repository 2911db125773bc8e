"""scikit-learn-intelex: brute-force NearestNeighbors; its matrices are scikit-learn's own."""

from sklearnex.neighbors import NearestNeighbors

from harness.methods import Adapter, Method, Task, as_float, estimator_search


def _searches(task: Task, k: int) -> list[Method]:
    estimator = NearestNeighbors(
        n_neighbors=k, algorithm="brute", metric=task.metric, n_jobs=task.n_threads
    )
    return [estimator_search("scikit-learn-intelex brute", as_float(task.dtype), estimator)]


ADAPTER = Adapter("scikit-learn-intelex", _searches)
