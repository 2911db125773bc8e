"""Waiting for long work without being deaf to Ctrl-C."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from nearplane._blas import whole_products

# Seconds between two looks for Ctrl-C.
_PATIENCE = 0.05


def interruptible(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function does that would not hear Ctrl-C for seconds.

    It runs in a thread of its own. If Ctrl-C comes the caller hears of it at once, and the thread
    goes on until the function ends, which nobody waits for.
    """
    answer: list[Any] = []
    failure: list[BaseException] = []
    done = Event()

    def work() -> None:
        try:
            with whole_products():
                answer.append(function(*arguments))
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    Thread(target=work, daemon=True).start()
    while not done.wait(_PATIENCE):
        pass
    if failure:
        raise failure[0]
    return answer[0]
