"""One file for each promise that `reliability.py` puts to the test: it defines ``PROMISE``.

Its docstring says what is done, and stands so in docs/reliability.md.
"""

import importlib
from collections.abc import Sequence

from harness.promise import Promise

# In the order of the page.
NAMES = (
    "interrupts",
    "forks",
    "shared",
    "interpreters",
    "killed",
    "import_orders",
    "same_bytes",
    "pruned",
    "sanitizers",
    "sanitized_tests",
    "long_run",
    "wheels",
    "flipped_files",
    "differential",
    "fuzzed_files",
    "sizes",
    "allocations",
    "disk",
)


def load(names: Sequence[str]) -> dict[str, Promise]:
    """Return promises by name."""
    return {name: importlib.import_module(f"promises.{name}").PROMISE for name in names}
