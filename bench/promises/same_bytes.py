"""The same bytes for every number of threads, and for uint8 at every ISA level."""

import hashlib
from itertools import product
from typing import Any

import nearplane
from harness.methods import Array
from harness.options import DTYPES, Images, load_images

_K = 10
# An odd number, so that every tile of queries has a tail somewhere.
_N_QUERY = 201
_METRICS = ("euclidean", "sqeuclidean", "manhattan")
_QUESTIONS = ("search", "matrix")


def digests(argument: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return a hash of every answer at the level of this process: by case, then by threads."""
    images = load_images(argument["data_dir"], _N_QUERY, argument["n_train"])
    found: dict[str, dict[str, str]] = {}
    for dtype in DTYPES:
        rows = Images(images.queries.astype(dtype), images.base.astype(dtype), dtype)
        for question, metric in product(_QUESTIONS, _METRICS):
            found[f"{question} {metric} {dtype}"] = {
                str(n_threads): _digest(_answer(question, rows, metric, n_threads))
                for n_threads in argument["threads"]
            }
    return found


def _answer(question: str, rows: Images, metric: str, n_threads: int) -> tuple[Array, ...]:
    if question == "search":
        return nearplane.argkmin(rows.queries, rows.base, _K, metric, n_jobs=n_threads)
    return (nearplane.pairwise_distances(rows.queries, rows.base, metric, n_jobs=n_threads),)


def _digest(answer: tuple[Array, ...]) -> str:
    digest = hashlib.sha256()
    for array in answer:
        digest.update(array.tobytes())
    return digest.hexdigest()
