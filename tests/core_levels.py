"""The compiled modules of every ISA level this machine can run."""

import importlib

from nearplane import _core

LEVELS = {
    name: importlib.import_module(f"nearplane._core._{name}") for name in _core.available_levels()
}


def argkmin(level, query, base, k, metric, *, exclude_self=False, n_threads=2, progress=None):
    """Call one level's argkmin with the arguments tests rarely vary."""
    return LEVELS[level].argkmin(
        query, base, k, metric, exclude_self=exclude_self, n_threads=n_threads, progress=progress
    )
