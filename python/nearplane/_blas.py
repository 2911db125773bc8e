"""NumPy's matrix products: that no fork comes between them, and how many threads they take."""

import os
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from functools import cache
from threading import Condition, Lock, get_ident
from weakref import WeakSet

from threadpoolctl import ThreadpoolController

# Seconds for which a fork waits for products, and products for a fork, at most.
_PATIENCE = 10.0


class _Product:
    """A product or factorisation that a thread has begun."""

    def __init__(self) -> None:
        self.thread = get_ident()


class _Process:
    """What the threads of this process are at."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what threads were at that a forked child does not have, and what they locked."""
        # Weak, so that Ctrl-C at the wrong moment leaves nothing behind to wait for.
        self.under_way: WeakSet[_Product] = WeakSet()
        self.forking: set[int] = set()
        self.change = Condition()
        # The number of BLAS threads belongs to the process: of two threads that lower and restore
        # it in turn, the second would restore what the first had lowered it to.
        self.single = Lock()

    def begin(self, product: _Product) -> None:
        with self.change:
            self.change.wait_for(lambda: self._may_begin(product.thread), timeout=_PATIENCE)
            self.under_way.add(product)

    def end(self, product: _Product) -> None:
        with self.change:
            self.under_way.discard(product)
            self.change.notify_all()

    def begin_fork(self) -> None:
        """Let no product begin, and wait for those of other threads."""
        thread = get_ident()
        with self.change:
            self.forking.add(thread)
            self.change.wait_for(lambda: self._threads() <= {thread}, timeout=_PATIENCE)

    def end_fork(self) -> None:
        with self.change:
            self.forking.discard(get_ident())
            self.change.notify_all()

    def _may_begin(self, thread: int) -> bool:
        # A part of a product that forks are waiting for must not wait for them.
        return self.forking <= {thread} or thread in self._threads()

    def _threads(self) -> set[int]:
        return {product.thread for product in self.under_way}


_process = _Process()


@contextmanager
def whole_products() -> Iterator[Callable[[], ContextDecorator]]:
    """Let no fork come between products and factorisations that take several threads.

    OpenBLAS locks what its threads share, and a child that is forked meanwhile finds it locked for
    ever: the first product in it never ends. So forks wait until these contexts end, which should
    take no longer than a call or a few.

    Yields
    ------
    pause : callable
        Makes decorators of functions, called meanwhile, in which forks may come: those that take
        long and multiply nothing.
    """
    product = _Product()

    @contextmanager
    def pause() -> Iterator[None]:
        _process.end(product)
        try:
            yield
        finally:
            _process.begin(product)

    _process.begin(product)
    try:
        yield pause
    finally:
        _process.end(product)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep products and factorisations in the calling thread for as long as the context lasts.

    The libraries behind NumPy wait for each other's threads in loops. On a machine that has other
    work to do, each of the thousand waits of an eigenvalue decomposition takes a time slice, and
    milliseconds become seconds. In one thread a design takes a third longer on an idle machine, no
    longer on a busy one, and has the same bits on any. Forks wait here too.
    """
    with _process.single, whole_products(), _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries: some 10 ms


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_process.begin_fork,
        after_in_parent=_process.end_fork,
        after_in_child=_process.begin_anew,
    )
