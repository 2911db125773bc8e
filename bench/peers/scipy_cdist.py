"""scipy: cdist, which computes in float64 and on one thread, whatever is allowed."""

from typing import Literal

from scipy.spatial.distance import cdist

from harness.methods import Adapter, Array, Compute, Method, Task, in_blocks, k_smallest

_NAMES: dict[str, Literal["euclidean", "cityblock"]] = {
    "euclidean": "euclidean",
    "manhattan": "cityblock",
}


def _searches(task: Task, k: int) -> list[Method]:
    def build(base: Array) -> Compute:
        def run(queries: Array) -> tuple[Array, Array]:
            return k_smallest(cdist(queries, base, _NAMES[task.metric]), k)

        return in_blocks(run, len(base))

    return [Method("scipy cdist + argpartition, 1 thread", "float64", build)]


def _matrices(task: Task) -> list[Method]:
    def build(base: Array) -> Compute:
        return lambda queries: cdist(queries, base, _NAMES[task.metric])

    return [Method("scipy cdist, 1 thread", "float64", build)]


ADAPTER = Adapter("scipy", _searches, _matrices)
