"""What a promise is, how it is put to the test, and what comes out.

A module of `promises` defines ``PROMISE``, whose ``run`` tries as many cases as it is told to. What
may hang or crash happens in child processes (`harness.child`), so that it is counted and not
suffered.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One line of the table: of so many cases, so many kept the promise.

    `text` says the rest in one line; `facts` are for the JSON file alone.
    """

    promise: str
    tried: int
    survived: int
    text: str
    facts: Any = None

    @property
    def verdict(self) -> str:
        """Return "kept", "BROKEN", or "not tried" if nothing could be."""
        if self.tried == 0:
            return "not tried"
        return "kept" if self.survived == self.tried else "BROKEN"


def not_tried(promise: str, reason: str) -> Finding:
    """Return what is found where a promise cannot be put to the test."""
    return Finding(promise, 0, 0, reason)


Options = argparse.Namespace
"""Options of `reliability.py`: count, part, data_dir, n_query, n_train, threads, and report(text).

`part` is whether only a part is tried; `report` shows on a terminal what is going on.
"""


@dataclass(frozen=True)
class Promise:
    """A promise, and how many cases of what a full run tries; the tests repeat a part of them.

    `repeated` says in words what that part is, where it is not so many of all cases. The `part` is
    0 where the least there is to try takes too long for the tests.
    """

    run: Callable[[Options], list[Finding]]
    full: int
    part: int
    unit: str
    repeated: str = ""


def evenly_spaced(names: Sequence[str], count: int) -> list[str]:
    """Return so many of the names, or all if there are no more, evenly spaced."""
    count = min(count, len(names))
    return [names[i * len(names) // count] for i in range(count)]


def image_options(options: Options) -> dict[str, Any]:
    """Return what a child process needs for `harness.options.load_images`."""
    return {name: getattr(options, name) for name in ("data_dir", "n_query", "n_train")}
