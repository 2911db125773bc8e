"""torch: cdist, and topk of it."""

import torch

from harness.methods import Adapter, Array, Compute, Method, Task, as_float, in_blocks

_POWERS = {"euclidean": 2.0, "manhattan": 1.0}


def _searches(task: Task, k: int) -> list[Method]:
    def build(base: Array) -> Compute:
        rows = torch.from_numpy(base)

        def run(queries: Array) -> tuple[Array, Array]:
            distances = torch.cdist(torch.from_numpy(queries), rows, _POWERS[task.metric])
            nearest = distances.topk(k, largest=False)
            return nearest.values.numpy(), nearest.indices.numpy()

        return in_blocks(run, len(base))

    return [Method("torch cdist + topk", as_float(task.dtype), build)]


def _matrices(task: Task) -> list[Method]:
    def build(base: Array) -> Compute:
        rows = torch.from_numpy(base)
        return lambda queries: torch.cdist(
            torch.from_numpy(queries), rows, _POWERS[task.metric]
        ).numpy()

    return [Method("torch cdist", as_float(task.dtype), build)]


ADAPTER = Adapter("torch", _searches, _matrices, torch.set_num_threads)
