"""nearplane lives in one process with the other libraries, in whatever order they are imported.

Nothing is imported at the top but NumPy: the order is what is tested. (nearplane itself imports
scikit-learn, whose own search runs when its turn comes.)
"""

import importlib
import importlib.util
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.child import call_in_child
from harness.promise import Finding, Options, Promise

_K = 5
_TIMEOUT_SECONDS = 300.0
_N_QUERY, _N_TRAIN, _N_FEATURES = 64, 2_000, 300

_Search = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[Any]]


def _nearplane(queries: NDArray[np.float32], base: NDArray[np.float32]) -> NDArray[Any]:
    nearplane = importlib.import_module("nearplane")
    return np.asarray(nearplane.argkmin(queries, base, _K, n_jobs=-1)[1])


def _scikit_learn(queries: NDArray[np.float32], base: NDArray[np.float32]) -> NDArray[Any]:
    neighbors = importlib.import_module("sklearn.neighbors")
    search = neighbors.NearestNeighbors(n_neighbors=_K, algorithm="brute", n_jobs=-1).fit(base)
    return np.asarray(search.kneighbors(queries)[1])


def _faiss(queries: NDArray[np.float32], base: NDArray[np.float32]) -> NDArray[Any]:
    faiss = importlib.import_module("faiss")
    index = faiss.IndexFlatL2(base.shape[1])
    index.add(base)
    return np.asarray(index.search(queries, _K)[1])


def _torch(queries: NDArray[np.float32], base: NDArray[np.float32]) -> NDArray[Any]:
    torch = importlib.import_module("torch")
    distances = torch.cdist(torch.from_numpy(queries), torch.from_numpy(base))
    return np.asarray(distances.topk(_K, largest=False).indices.numpy())


_SEARCHES: dict[str, _Search] = {
    "nearplane": _nearplane,
    "scikit-learn": _scikit_learn,
    "faiss": _faiss,
    "torch": _torch,
}
_MODULES = {"nearplane": "nearplane", "scikit-learn": "sklearn", "faiss": "faiss", "torch": "torch"}


def _orders() -> tuple[list[tuple[str, ...]], list[str]]:
    """Return every order of the installed libraries, and the names of those that are missing."""
    missing = [name for name, module in _MODULES.items() if not importlib.util.find_spec(module)]
    return list(permutations(name for name in _MODULES if name not in missing)), missing


def search_in_order(argument: dict[str, Any]) -> dict[str, list[str]]:
    """Let each library search when it is imported, and again when all are; name the wrong ones."""
    rng = np.random.default_rng(0)
    queries = rng.random((_N_QUERY, _N_FEATURES), np.float32)
    base = rng.random((_N_TRAIN, _N_FEATURES), np.float32)
    difference = queries[:, None].astype(np.float64) - base
    expected = np.argsort(np.einsum("ijk,ijk->ij", difference, difference), axis=1)[:, :_K]
    turns = argument["order"] * 2
    answers = [(name, _SEARCHES[name](queries, base)) for name in turns]
    return {"wrong": [name for name, found in answers if not np.array_equal(found, expected)]}


def _run(options: Options) -> list[Finding]:
    every, missing = _orders()
    # A part takes orders from all over the list, so that each library comes first once.
    chosen = every[:: -(-len(every) // min(options.count, len(every)))]
    broken = {}
    for order in chosen:
        options.report(" -> ".join(order))
        outcome = call_in_child(
            "promises.import_orders:search_in_order", {"order": order}, timeout=_TIMEOUT_SECONDS
        )
        problem = outcome.failure or ", ".join(outcome.result["wrong"])
        if problem:
            broken[" -> ".join(order)] = problem
    text = f"orders of {', '.join(every[0])}, each of which searches twice"
    if missing:
        text += f"; not installed: {', '.join(missing)}"
    text += "".join(f"; {order}: {problem}" for order, problem in broken.items())
    n_right = len(chosen) - len(broken)
    return [Finding("any order of imports", len(chosen), n_right, text, broken)]


PROMISE = Promise(_run, full=24, part=4, unit="orders")
