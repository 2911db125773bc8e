"""Headers that lie about sizes, to make a reader take memory; and what sound files take."""

import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from damaged_files.forgeries import put_together, taken_apart
from damaged_files.models import Saved, save_every_kind
from damaged_files.watch import Watch, can_limit_memory, memory_limit
from harness.methods import Array
from nearplane import KNeighborsClassifier, LinearClassifier, NearestNeighbors
from nearplane.cluster import KMeans

# Twice the file - once read, once what is made of it - and what Python takes for anything.
_TIMES, _MORE_BYTES = 2, 2**21
# The shortest value of JSON is a list of nothing, three bytes with its comma, which Python makes
# some 90 of. Headers are 16 MiB long at the most.
_HEADER_TIMES = 32
_LARGE_BYTES = 2**24
# A search by cosine holds the rows once more, of four bytes a feature.
_COSINE_TIMES = 4

_SHAPES = ([2**60], [2**31, 2**31], [2**62, 2], [0, 2**62], [2**62, 0], [2**40, 0, 2**20], [2**63],
           [10**30], [1] * 33, [-(2**40)])  # fmt: skip
_DTYPES = ("<U1000000000", "<U536870911", "<U268435455", "<f8", "|O")


def check_memory(argument: dict[str, Any]) -> dict[str, Any]:
    """Load files whose headers lie, and large sound ones, with little memory to be had.

    Every `stride`-th of them.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        saved = save_every_kind(folder)
        watch, path = Watch(), folder / "lying"
        for one in saved.values():
            path.write_bytes(one.content)
            one.estimator.load(path)
        path.unlink()
        n_tried, problems = 0, []
        chosen = islice(_files(saved, folder), 0, None, argument["stride"])
        for estimator, description, content, times in chosen:
            n_tried += 1
            path.unlink(missing_ok=True)
            path.write_bytes(content)
            for mmap in (False, True):
                problem = _problem(estimator, path, watch, mmap=mmap, times=times)
                if problem is not None:
                    problems.append(f"{description}, mmap={mmap}: {problem}")
                    break
        return {"n_tried": n_tried, "problems": problems, "limited": can_limit_memory()}


def _problem(
    estimator: type[Any], path: Path, watch: Watch, *, mmap: bool, times: int
) -> str | None:
    size = path.stat().st_size
    try:
        with memory_limit(times * size + _MORE_BYTES), watch.over(path) as events:
            estimator.load(path, mmap=mmap)
    except ValueError as error:
        if not str(error).startswith(f"{path}: "):
            return f"without its name: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return events[0] if events else None


def _files(saved: dict[str, Saved], folder: Path) -> Iterator[tuple[type[Any], str, bytes, int]]:
    """Yield files: of what class, what is wrong, the content, how many times it may take."""
    for name, one in saved.items():
        for description, content, times in _lies(one.content):
            yield one.estimator, f"{name}, {description}", content, times
    one = saved["linear"]
    for description, text in _long_texts(one.content):
        yield one.estimator, description, put_together(text, []), _HEADER_TIMES
    for model, times in _large_models():
        path = folder / "large"
        model.save(path)
        description = f"{type(model).__name__} of {path.stat().st_size:,} bytes"
        yield type(model), description, path.read_bytes(), times


def _lies(content: bytes) -> Iterator[tuple[str, bytes, int]]:
    n_arrays = len(taken_apart(content)[1])
    for i in range(n_arrays):
        for shape in _SHAPES:
            header, payloads = taken_apart(content)
            header["arrays"][i]["shape"] = shape
            yield f"array {i} of {shape}", put_together(header, payloads), _TIMES
        for dtype in _DTYPES:
            header, payloads = taken_apart(content)
            header["arrays"][i] |= {"dtype": dtype, "shape": [1]}
            yield f"array {i} of {dtype}", put_together(header, payloads), _TIMES
            header["arrays"][i]["shape"] = [0]
            payloads[i] = bytearray()
            yield f"none of {dtype} in array {i}", put_together(header, payloads), _TIMES
    for length in (2**24, 2**24 + 1, 2**31, 2**32 - 1):
        header, payloads = taken_apart(content)
        yield f"header of {length}", put_together(header, payloads, length=length), _TIMES
    header, payloads = taken_apart(content)
    header["arrays"] += [{"name": f"x{i}", "dtype": "|u1", "shape": [0], "crc32": "00000000"}
                         for i in range(5_000)]  # fmt: skip
    yield "five thousand arrays of nothing", put_together(header, payloads), _HEADER_TIMES


def _long_texts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield headers that take much room in memory for each byte, and long ones."""
    n = 2**20
    for description, value in {
        "lists": b"[" + b"[]," * n + b"0]",
        "dicts": b"[" + b"{}," * n + b"0]",
        "numbers": b"[" + b"1e9," * n + b"0]",
        "text": b'"' + b"y" * n + b'"',
        "escapes": b'"' + b"\\u0001" * n + b'"',
        "names": b"{" + b",".join(b'"%d":0' % i for i in range(n // 4)) + b"}",
        "depth": b"[" * n,
        "a number": b"9" * n,
    }.items():
        yield f"a million {description}", b'{"kind":"x","metadata":{},"arrays":' + value + b"}"
        kind = json.dumps(taken_apart(content)[0]["kind"]).encode()
        begin = b'{"kind":' + kind + b',"arrays":[],"metadata":{"parameters":'
        yield f"a million {description} as parameters", begin + value + b"}}"


def _large_models() -> Iterator[tuple[Any, int]]:
    """Yield fitted models of many bytes, and how many times that they may take."""
    rows = _rows(_LARGE_BYTES // 64)
    yield NearestNeighbors(algorithm="brute").fit(rows), _TIMES
    yield NearestNeighbors(algorithm="brute", metric="cosine").fit(rows), _TIMES + _COSINE_TIMES
    yield NearestNeighbors(algorithm="pruned").fit(rows[: len(rows) // 4]), _TIMES
    # A class for each row: its code takes eight bytes, and what is boxed some fifty more.
    labels = np.arange(len(rows)) % 1_000
    yield KNeighborsClassifier(algorithm="brute").fit(rows, labels), _TIMES
    clusters = KMeans(2_000, init=rows[:2_000].astype(np.float64), n_init=1, max_iter=1, tol=1e9)
    yield clusters.fit(rows[:2_000]), _HEADER_TIMES
    wide = np.random.default_rng(0).random((8, _LARGE_BYTES // 64), dtype=np.float32)
    yield LinearClassifier(max_epochs=1, random_state=0).fit(wide, np.arange(8) % 2), _TIMES


def _rows(n: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (n, 64), dtype=np.uint8)
