"""After fork() the child searches on, and its answer is right; nothing hangs."""

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nearplane
from harness.child import call_in_child
from harness.options import METRICS, Images, load_images
from harness.promise import Finding, Options, Promise, image_options, not_tried

_K = 5
_CHECKED_QUERIES = 20
_TIMEOUT_SECONDS = 60.0
# Loading data and first searches; then so long for each child, at the worst.
_START_SECONDS = 600.0
_EACH_SECONDS = 30.0


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


def _run(options: Options) -> list[Finding]:
    if "fork" not in multiprocessing.get_all_start_methods():
        return [not_tried("safe after fork", "this system has no fork")]
    return [
        _forks(f"safe to fork {moment}", options, during=during)
        for during, moment in ((False, "after use"), (True, "while another thread searches"))
    ]


def _forks(promise: str, options: Options, *, during: bool) -> Finding:
    argument = image_options(options) | {"n_forks": options.count, "during": during}
    timeout = _START_SECONDS + _EACH_SECONDS * options.count
    outcome = call_in_child("promises.forks:fork", argument, timeout=timeout)
    if outcome.failure:
        return Finding(promise, options.count, 0, outcome.failure)
    found = outcome.result
    text = f"{found['n_wrong']} wrong answers, {found['n_hung']} hangs"
    return Finding(promise, options.count, found["n_right"], text, found)


PROMISE = Promise(_run, full=100, part=10, unit="children")
