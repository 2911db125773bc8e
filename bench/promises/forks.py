"""After fork() the child searches on, and its answer is right; nothing hangs."""

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nearplane
from harness.options import METRICS, Images, load_images

_K = 5
_CHECKED_QUERIES = 20
_TIMEOUT_SECONDS = 60.0


def can_fork() -> bool:
    """Tell whether this system has fork() at all."""
    return "fork" in multiprocessing.get_all_start_methods()


def fork(argument: dict[str, Any]) -> dict[str, int]:
    """Fork so many times after a search with several threads; count what became of the children.

    With ``during`` another Python thread of the parent is in the middle of a search at each fork.
    """
    images = load_images(argument["data_dir"], argument["n_query"], argument["n_train"])
    expected = _answers(images)
    context = multiprocessing.get_context("fork")
    counts = {"n_right": 0, "n_wrong": 0, "n_hung": 0}
    with _searching(images, enabled=argument["during"]):
        for _ in range(argument["n_forks"]):
            child = context.Process(target=_check, args=(images, expected))
            child.start()
            child.join(_TIMEOUT_SECONDS)
            counts[_fate(child.exitcode)] += 1
            if child.exitcode is None:
                child.kill()
                child.join()
    return counts


def _fate(exit_code: int | None) -> str:
    if exit_code is None:
        return "n_hung"
    return "n_wrong" if exit_code else "n_right"


def _answers(images: Images) -> list[bytes]:
    answers = []
    for metric in METRICS:
        search = nearplane.NearestNeighbors(n_neighbors=_K, metric=metric, n_jobs=-1)
        distances, indices = search.fit(images.base).kneighbors(images.queries[:_CHECKED_QUERIES])
        answers.append(distances.tobytes() + indices.tobytes())
    return answers


def _check(images: Images, expected: list[bytes]) -> None:
    if _answers(images) != expected:
        raise SystemExit("wrong answer after fork")


@contextmanager
def _searching(images: Images, *, enabled: bool) -> Iterator[None]:
    """Search again and again in another thread while the block runs, if enabled."""
    over = threading.Event()

    def search() -> None:
        while not over.is_set():
            nearplane.argkmin(images.queries, images.base, _K, n_jobs=-1)

    thread = threading.Thread(target=search)
    if enabled:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if enabled:
            thread.join()
