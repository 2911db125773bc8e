"""faiss: the flat, exact indexes. They know float32 only, and squared Euclidean distances."""

import faiss
import numpy as np

from harness.methods import Adapter, Array, Compute, Method, Task

_KINDS = {"euclidean": faiss.METRIC_L2, "manhattan": faiss.METRIC_L1}
_NAMES = {"euclidean": "faiss IndexFlatL2", "manhattan": "faiss IndexFlat METRIC_L1"}


def _rooted(distances: Array, metric: str) -> Array:
    return np.sqrt(distances, out=distances) if metric == "euclidean" else distances


def _searches(task: Task, k: int) -> list[Method]:
    def build(base: Array) -> Compute:
        index = faiss.IndexFlat(base.shape[1], _KINDS[task.metric])
        index.add(base)

        def run(queries: Array) -> tuple[Array, Array]:
            distances, indices = index.search(queries, k)
            return _rooted(distances, task.metric), indices

        return run

    return [Method(_NAMES[task.metric], "float32", build)]


def _matrices(task: Task) -> list[Method]:
    def build(base: Array) -> Compute:
        def run(queries: Array) -> Array:
            distances = faiss.pairwise_distances(queries, base, _KINDS[task.metric])
            if task.metric == "euclidean":
                # Unlike the index, this function returns squares below 0.
                np.maximum(distances, 0, out=distances)
            return _rooted(distances, task.metric)

        return run

    return [Method("faiss pairwise_distances", "float32", build)]


ADAPTER = Adapter("faiss-cpu", _searches, _matrices, faiss.omp_set_num_threads)
