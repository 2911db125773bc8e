"""Import adapters by the names of their libraries; what is not installed is named, not missed."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any


def load_adapters(
    package: str, modules: Mapping[str, str], names: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Import ``ADAPTER`` of the named peers; also return why others were skipped."""
    adapters: dict[str, Any] = {}
    skipped = []
    for name in modules if "all" in names else names:
        try:
            adapters[name] = importlib.import_module(f"{package}.{modules[name]}").ADAPTER
        except ImportError as error:
            skipped.append(f"{name} skipped: {error}")
    return adapters, skipped
