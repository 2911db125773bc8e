"""The peers that train linear classifiers: one adapter each, imported only if wanted."""

from collections.abc import Sequence

from harness.adapters import load_adapters
from harness.training import LinearAdapter

# The name on the command line, and the module here; nearplane is always the first.
_MODULES = {
    "torch": "pytorch",
    "numpy": "numpy_loop",
    "scikit-learn": "scikit_learn",
    "scikit-learn-intelex": "scikit_learn_intelex",
}
NAMES = list(_MODULES)


def load(names: Sequence[str]) -> tuple[dict[str, LinearAdapter], list[str]]:
    """Import the adapters of the named peers; also return why others were skipped."""
    return load_adapters("linear_peers", _MODULES, names)
