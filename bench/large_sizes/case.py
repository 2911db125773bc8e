"""What a case is."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.methods import Array


class WrongAnswerError(Exception):
    """An answer is not that of the oracle; the message says where."""


@dataclass(frozen=True)
class Case:
    """Something large to be right about.

    `run` is given a folder for files; `gigabytes` of memory and page cache it needs, at the most,
    and `at_once` so many of memory alone, without which it cannot be run.
    """

    run: Callable[[Path], None]
    gigabytes: float
    at_once: float = 0.0


def free_gigabytes() -> float:
    """Return how much memory processes can still have, with swap; inf where nobody says so."""
    path = Path("/proc/meminfo")
    if not path.exists():
        return math.inf
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    kilobytes = {name: int(number) for name, number, *_ in lines}
    return (kilobytes["MemAvailable:"] + kilobytes["SwapFree:"]) * 1024 / 1e9


def require(is_right: bool, what: str) -> None:
    """Raise unless an answer is right."""
    if not is_right:
        raise WrongAnswerError(what)


def require_equal(found: Array, expected: Array, what: str) -> None:
    """Raise unless two arrays have the same numbers."""
    if not np.array_equal(found, expected):
        raise WrongAnswerError(f"{what}: {str(found)[:200]}, expected {str(expected)[:200]}")
