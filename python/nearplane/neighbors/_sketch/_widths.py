"""How wide levels may be, and how wide they usually are."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from nearplane.neighbors._sketch._level import Kind

Family = Literal["euclidean", "manhattan"]

KINDS: dict[Family, Kind] = {"euclidean": "projection", "manhattan": "groups"}
"""What the levels of a metric are made of, but for the last."""

# Without knowing the queries, and widest first. On CIFAR-10 a level of 64 directions leaves 2 % of
# the pairs, one of 192 a tenth of these. Sums of absolute differences take more: 64, 256 and 1,024
# groups leave 8, 2 and 0.2 % of the pairs.
_DEFAULTS: dict[Family, tuple[int, ...]] = {"euclidean": (192, 64), "manhattan": (1024, 256, 64)}

# To choose from. Groups come from halving, and again.
_CANDIDATES: dict[Family, tuple[int, ...]] = {
    "euclidean": (16, 32, 64, 96, 128, 192, 256),
    "manhattan": (32, 64, 128, 256, 512, 1024),
}

# Of 16 bits: a level whose survivors are few is worth codes that err less than bytes.
_FINE = (32, 64, 128, 192)

# A byte for each feature saves 3 or 7 bytes of reading, if rows are long enough for that to count.
_FEWEST_FEATURES = 32


def family_of(metric: str) -> Family:
    """Return the metric whose sketches serve `metric`."""
    return "manhattan" if metric == "manhattan" else "euclidean"


def default_widths(family: Family, n_features: int) -> list[int]:
    """Return the usual widths for rows of so many features, ascending; at least one."""
    first, *others = _DEFAULTS[family]
    first = min(first, _widest(family, n_features))
    # A level at most half as wide as the next is worth its while; one almost as wide is not.
    return [width for width in reversed(others) if 2 * width <= first] + [first]


def with_fine_widths(family: Family, widths: list[int]) -> tuple[list[int], list[int]]:
    """Return those of the usual widths whose codes have 8 bits, and those with 16.

    All pairs meet the first level, so that has bytes; sums of groups always have.
    """
    return (widths, []) if family == "manhattan" else (widths[:1], widths[1:])


def candidate_widths(family: Family, n_features: int) -> list[int]:
    """Return the widths to choose from for rows of so many features, ascending; at least one."""
    widest = _widest(family, n_features)
    return [width for width in _CANDIDATES[family] if width <= widest] or [widest]


def fine_widths(family: Family, n_features: int) -> list[int]:
    """Return the widths to choose from of levels with codes of 16 bits, ascending."""
    if family == "manhattan":
        return []
    return [width for width in _FINE if width <= _widest(family, n_features)]


def allowed_widths(family: Family, widths: Iterable[int], n_features: int) -> list[int]:
    """Return the nearest widths that are possible, ascending and without repetition."""
    if family == "manhattan":
        return sorted({_power_of_two(min(width, n_features)) for width in widths})
    return sorted({max(2, min(width, n_features + 1)) for width in widths})


def wants_features(dtype: DTypeLike, n_features: int) -> bool:
    """Return whether a byte for each feature is much less to read than the features themselves."""
    return np.dtype(dtype).kind == "f" and n_features >= _FEWEST_FEATURES


def _widest(family: Family, n_features: int) -> int:
    """Return the largest useful width: to compare codes shall take half of a distance at most."""
    half = n_features // 2
    # A projection has at least one direction, and the distance from it.
    return max(2, half) if family == "euclidean" else _power_of_two(max(1, half))


def _power_of_two(number: int) -> int:
    return int(2 ** (number.bit_length() - 1))
