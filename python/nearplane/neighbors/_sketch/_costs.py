"""What searching costs: the constants behind ``algorithm="auto"``.

They need not be right, only in proportion: whether a sketch pays is a matter of factors. Where it
may be close and the search is long, a few queries are timed, and what was timed replaces what was
predicted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
        """Bytes of a code."""


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
    # tile: a core does 160 G byte and 48 G float32 operations a second.
    # pack: memory gives a core some 10 GB/s while it converts and writes what it gets.
    # pair: some 20 GB/s, as far as a distance is not abandoned halfway.
    return {
        ("euclidean", "uint8"): FeatureCosts(tile=0.0062, pack=0.3, pair=0.05),
        ("euclidean", "float32"): FeatureCosts(tile=0.021, pack=0.8, pair=0.2),
        ("euclidean", "float64"): FeatureCosts(tile=0.046, pack=1.2, pair=0.4),
        ("manhattan", "uint8"): FeatureCosts(tile=0.0059, pack=0.3, pair=0.05),
        ("manhattan", "float32"): FeatureCosts(tile=0.029, pack=0.8, pair=0.2),
        ("manhattan", "float64"): FeatureCosts(tile=0.063, pack=1.2, pair=0.4),
    }


@dataclass(frozen=True)
class Costs:
    """Nanoseconds of one thread; for `design`, of NumPy on all cores.

    Measured on a Zen 5 server with AVX-512.
    """

    feature: Mapping[tuple[str, str], FeatureCosts] = field(default_factory=_feature_costs)
    """By metric ("euclidean" or "manhattan") and type of data."""
    pair: float = 15.0
    """To turn to one pair at any level but the first: most of a cache miss."""
    query: float = 20_000.0
    """What a query loses while its threshold is yet too large."""
    streaming: float = 1.3
    """As many times more pairs are left than by the thresholds that a search ends with."""
    multiply_add: float = 0.03
    """To code a row: for each feature and direction of the widest projection."""
    gather: float = 1.0
    """To code a row: to fetch and centre one feature, for each kind of level."""
    code: float = 2.0
    """To code a row: to round a coordinate, and find how far that is off."""
    call: float = 1.5e6
    """To design a sketch: NumPy's calls, for each level."""
    sampled: float = 8.0
    """To design a sketch: to fetch, centre and measure one feature of a sampled row."""
    direction: float = 0.06
    """To design a sketch: for each feature of a sampled row, and direction."""
    halving: float = 500.0
    """To design a sketch: to sort one feature into one of two groups."""

    def brute(self, n_queries: float, shape: tuple[int, int], metric: str, dtype: str) -> float:
        """Return the cost of a search among rows of this shape by brute force."""
        n_rows, n_features = shape
        return n_rows * n_features * self._tiled(n_queries, self.feature[metric, dtype])

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

        `survivors` are the shares of all pairs that each of the levels leaves in the end.
        """
        n_rows, n_features = shape
        codes, values = self.feature[metric, "uint8"], self.feature[metric, dtype]
        first = n_rows * levels[0].width * self._tiled(n_queries, codes)
        lengths = [level.width * codes.pair for level in levels[1:]] + [n_features * values.pair]
        later = sum(
            min(1.0, self.streaming * share) * (self.pair + length)
            for share, length in zip(survivors, lengths, strict=True)
        )
        coding = self.code_rows(n_queries, n_features, levels)
        return first + coding + n_queries * (n_rows * later + self.query)

    def code_rows(self, n_rows: float, n_features: int, levels: Sequence[AnyLevel]) -> float:
        """Return the cost of coding so many rows, of the base or of the queries."""
        widest = max((level.width for level in levels if level.kind == "projection"), default=0)
        kinds = len({level.kind for level in levels})
        fetching = n_features * (kinds * self.gather + widest * self.multiply_add)
        return n_rows * (fetching + self.code * sum(level.width for level in levels))

    def design(self, n_rows: int, n_features: int, levels: Sequence[AnyLevel]) -> float:
        """Return the cost of designing these levels by a look at so many rows."""
        widest = max(level.width for level in levels if level.kind != "features")
        grouped = levels[0].kind == "groups"
        directions = _GROUPING_DIRECTIONS if grouped else widest
        feature = n_rows * (self.sampled + directions * self.direction)
        if grouped:
            feature += log2(widest) * self.halving
        return len(levels) * self.call + n_features * feature

    def _tiled(self, n_queries: float, costs: FeatureCosts) -> float:
        packings = max(1.0, n_queries / _QUERIES_AT_A_TIME)
        return n_queries * costs.tile + packings * costs.pack


COSTS = Costs()
