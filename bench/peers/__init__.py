"""The peers: one adapter of a few lines each, imported only if it is wanted and installed."""

from collections.abc import Sequence

from harness.adapters import load_adapters
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
    return load_adapters("peers", _MODULES, names)
