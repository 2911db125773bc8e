"""The public functions at a level that another import would have chosen."""

from contextlib import contextmanager

from nearplane import _core

from ..core_levels import LEVELS


@contextmanager
def at_level(name):
    """Let `nearplane._core` offer one level's functions and types for a while.

    All of nearplane asks `_core` for them when it needs them, so nothing else has to change.
    """
    level = LEVELS[name]
    offered = {key: getattr(_core, key) for key in _core.__all__ if hasattr(level, key)}
    try:
        for key in offered:
            setattr(_core, key, getattr(level, key))
        yield level
    finally:
        for key, value in offered.items():
            setattr(_core, key, value)
