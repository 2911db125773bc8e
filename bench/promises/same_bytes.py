"""The same bytes for every number of threads, and for uint8 at every ISA level."""

import hashlib
from itertools import product
from typing import Any

import nearplane
from harness.child import call_in_child
from harness.methods import Array
from harness.options import DTYPES, Images, load_images
from harness.promise import Finding, Options, Promise, image_options
from nearplane import _core

_K = 10
# An odd number, so that every tile of queries has a tail somewhere.
_N_QUERY = 201
_THREADS = (1, 2, 4)
_TIMEOUT_SECONDS = 600.0
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


def _run(options: Options) -> list[Finding]:
    any_threads = "same bytes for any number of threads"
    any_level = "same bytes for uint8 at every level"
    argument = image_options(options) | {"threads": _THREADS, "n_train": options.count}
    levels = _core.available_levels()
    by_level: dict[str, dict[str, dict[str, str]]] = {}
    for level in levels:
        options.report(level)
        outcome = call_in_child(
            "promises.same_bytes:digests", argument, timeout=_TIMEOUT_SECONDS, level=level
        )
        if outcome.failure:
            return [Finding(any_threads, 1, 0, f"level {level}: {outcome.failure}")]
        by_level[level] = outcome.result
    same = {
        f"{case} at {level}": len(set(found[case].values())) == 1
        for level, found in by_level.items()
        for case in found
    }
    # Of floats each level promises the same bytes for itself only: sums have another order.
    same_uint8 = {
        case: len({digest for found in by_level.values() for digest in found[case].values()}) == 1
        for case in by_level[levels[0]]
        if case.endswith("uint8")
    }
    among = f"threads {_THREADS}, levels {', '.join(levels)}, {options.count:,} base rows"
    return [
        _finding(any_threads, same, among),
        _finding(any_level, same_uint8, among),
    ]


def _finding(promise: str, same: dict[str, bool], among: str) -> Finding:
    varying = [case for case, is_same in same.items() if not is_same]
    text = f"{among}; {', '.join(varying) or 'nothing'} varies"
    return Finding(promise, len(same), len(same) - len(varying), text)


PROMISE = Promise(_run, full=50_000, part=2_000, unit="base rows")
