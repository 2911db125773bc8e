"""What searching costs: the constants behind ``algorithm="auto"``.

They need not be right, only in proportion: whether a sketch pays is a matter of factors. Where it
may be close and the search is long, a few queries are timed, and what was timed replaces what was
predicted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import log2
from typing import Protocol

# Brute force, and the first level of a sketch, pack the rows anew for so many queries at a time.
_QUERIES_AT_A_TIME = 2048
# Features are grouped by their loadings on so many directions.
_GROUPING_DIRECTIONS = 32


class AnyLevel(Protocol):
    """A level, planned or made."""

    @property
    def kind(self) -> str:
        """One of "projection", "groups" and "features"."""

    @property
    def width(self) -> int:
        """How many coordinates it codes."""

    @property
    def row_bytes(self) -> int:
        """What the codes of a row take."""


@dataclass(frozen=True)
class FeatureCosts:
    """Nanoseconds that one thread takes for one feature, or one byte of a code."""

    tile: float
    """To compare it where many rows meet many others: in the registers of a tile."""
    pack: float
    """To fetch it from memory and pack it for the tiles."""
    pair: float
    """To compare it in one pair of rows by itself, fetching one of them."""


def _feature_costs() -> dict[tuple[str, str], FeatureCosts]:
    # tile: a core does 190 G byte and 50 G float32 operations a second.
    # pack: memory gives a core some 10 GB/s while it converts and writes what it gets.
    # pair: 150 ns for 3,072 squared differences of bytes, 50 ns for absolute ones, 1.3 us of
    # float32; distances that are abandoned halfway are in the average.
    return {
        ("euclidean", "uint8"): FeatureCosts(tile=0.0052, pack=0.3, pair=0.05),
        ("euclidean", "float32"): FeatureCosts(tile=0.020, pack=0.8, pair=0.43),
        ("euclidean", "float64"): FeatureCosts(tile=0.045, pack=1.2, pair=0.85),
        ("manhattan", "uint8"): FeatureCosts(tile=0.0052, pack=0.3, pair=0.016),
        ("manhattan", "float32"): FeatureCosts(tile=0.028, pack=0.8, pair=0.37),
        ("manhattan", "float64"): FeatureCosts(tile=0.062, pack=1.2, pair=0.75),
    }


def _filter_costs() -> dict[str, float]:
    # Somewhat more than a tile's: what comes out is compared with a limit and written down.
    return {"euclidean": 0.0065, "manhattan": 0.008}


@dataclass(frozen=True)
class Costs:
    """Nanoseconds of one thread.

    Measured with AVX-512 on a core of a Zen 5 server: 2,000 queries among 20,000 rows of CIFAR-10
    or of make_natural_images, of 784 and 3,072 features, with one to three levels.
    """

    feature: Mapping[tuple[str, str], FeatureCosts] = field(default_factory=_feature_costs)
    """By metric ("euclidean" or "manhattan") and type of data."""
    offer: float = 2.5
    """Brute force: to look at the distance of one pair, and to forget it."""
    filter: Mapping[str, float] = field(default_factory=_filter_costs)
    """To compare a byte of codes at the first level, where all pairs are; by metric."""
    pair: float = 6.0
    """To turn to one pair at any other level: codes are fetched ahead."""
    measure: float = 65.0
    """To turn to one pair whose distance is measured: most of a cache miss."""
    query: float = 30_000.0
    """To find a first threshold for a query."""
    streaming: float = 1.7
    """As many times more pairs are left than by the thresholds that a search ends with."""
    gather: float = 1.3
    """To code a row: to fetch and centre one feature, for each kind of level."""
    multiply_add: float = 0.025
    """To code a row: for each feature and direction of the widest projection."""
    code: float = 4.0
    """To code a row: to round a coordinate, and find how far that is off."""
    call: float = 1.5e6
    """To design a sketch: NumPy's calls, for each level."""
    sampled: float = 8.0
    """To design a sketch: to fetch, centre and measure one feature of a sampled row."""
    direction: float = 0.1
    """To design a sketch: for each feature of a sampled row, and direction."""
    turning: float = 100.0
    """To design a projection: for each element of its rotation."""
    halving: float = 400.0
    """To design a sketch: to sort one feature into one of two groups."""

    def brute(self, n_queries: float, shape: tuple[int, int], metric: str, dtype: str) -> float:
        """Return the cost of a search among rows of this shape by brute force."""
        n_rows, n_features = shape
        costs = self.feature[metric, dtype]
        values = n_rows * n_features
        packing = values * costs.pack * _packings(n_queries)
        return packing + n_queries * (values * costs.tile + n_rows * self.offer)

    def pruned(
        self,
        n_queries: float,
        shape: tuple[int, int],
        metric: str,
        dtype: str,
        *,
        levels: Sequence[AnyLevel],
        survivors: Sequence[float],
    ) -> float:
        """Return the cost of a search by sketch, once it is built.

        `survivors` are the shares of all pairs that each of the levels alone leaves in the end.
        """
        n_rows, n_features = shape
        codes, values = self.feature[metric, "uint8"], self.feature[metric, dtype]
        later = [self.pair + codes.pair * level.row_bytes for level in levels[1:]]
        later.append(self.measure + values.pair * n_features)
        pair = self.filter[metric] * levels[0].row_bytes + sum(
            min(1.0, self.streaming * share) * cost
            for share, cost in zip(accumulate(survivors, min), later, strict=True)
        )
        packing = codes.pack * levels[0].row_bytes * n_rows * _packings(n_queries)
        coding = self.code_rows(n_queries, n_features, levels)
        return packing + coding + n_queries * (n_rows * pair + self.query)

    def code_rows(self, n_rows: float, n_features: int, levels: Sequence[AnyLevel]) -> float:
        """Return the cost of coding so many rows, of the base or of the queries."""
        widest = max((level.width for level in levels if level.kind == "projection"), default=0)
        kinds = len({level.kind for level in levels})
        fetching = n_features * (kinds * self.gather + widest * self.multiply_add)
        return n_rows * (fetching + self.code * sum(level.width for level in levels))

    def design(self, n_rows: int, n_features: int, levels: Sequence[AnyLevel]) -> float:
        """Return the cost of designing these levels by a look at so many rows."""
        calls = len(levels) * self.call
        widest = max((level.width for level in levels if level.kind != "features"), default=0)
        if levels[0].kind == "groups":
            value = self.sampled + _GROUPING_DIRECTIONS * self.direction
            return calls + n_features * (n_rows * value + log2(widest) * self.halving)
        turning = sum(level.width**2 for level in levels if level.kind == "projection")
        value = self.sampled + widest * self.direction
        return calls + turning * self.turning + n_features * n_rows * value


def _packings(n_queries: float) -> float:
    return max(1.0, n_queries / _QUERIES_AT_A_TIME)


COSTS = Costs()
