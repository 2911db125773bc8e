"""The peers: one adapter of a few lines each, imported only if it is wanted and installed."""

import importlib
from collections.abc import Sequence

from harness.methods import Adapter

# The name on the command line, and the module here; nearplane is always the first.
_MODULES = {
    "scikit-learn": "scikit_learn",
    "scikit-learn-intelex": "scikit_learn_intelex",
    "faiss": "faiss_flat",
    "torch": "pytorch",
    "scipy": "scipy_cdist",
    "numpy": "numpy_gemm",
}
NAMES = list(_MODULES)


def load(names: Sequence[str]) -> tuple[dict[str, Adapter], list[str]]:
    """Import the adapters of the named peers; also return why others were skipped."""
    adapters: dict[str, Adapter] = {}
    skipped = []
    for name in NAMES if "all" in names else names:
        try:
            adapters[name] = importlib.import_module(f"peers.{_MODULES[name]}").ADAPTER
        except ImportError as error:
            skipped.append(f"{name} skipped: {error}")
    return adapters, skipped
