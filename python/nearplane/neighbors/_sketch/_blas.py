"""NumPy's matrix products, in the thread that asks for them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

# The number of threads belongs to the process: of two threads that lower and restore it in turn,
# the second would restore what the first had lowered it to.
_lock = Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep products and factorisations in the calling thread for as long as the context lasts.

    The libraries behind NumPy wait for each other's threads in loops. On a machine that has other
    work to do, each of the thousand waits of an eigenvalue decomposition takes a time slice, and
    milliseconds become seconds. In one thread a design takes a third longer on an idle machine, no
    longer on a busy one, and has the same bits on any.
    """
    with _lock, _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries: some 10 ms


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603  # held, perhaps, by a thread that the child does not have
    _lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
