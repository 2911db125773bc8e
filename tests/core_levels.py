"""The compiled modules of every ISA level this machine can run."""

import importlib

from nearplane import _core

LEVELS = {
    name: importlib.import_module(f"nearplane._core._{name}") for name in _core.available_levels()
}


def argkmin(level, query, base, k, metric, **options):
    """Call one level's argkmin with the arguments tests rarely vary."""
    usual = {"exclude_self": False, "n_threads": 2, "progress": None}
    return LEVELS[level].argkmin(query, base, k, metric, **usual | options)
