"""A search as far as its costs go."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from nearplane.neighbors._sketch._costs import Costs
from nearplane.neighbors._sketch._plan import LevelPlan, SearchPlan
from nearplane.neighbors._sketch._widths import Family

_BYTES_OF_AN_ERROR = 4


@dataclass(frozen=True)
class Job:
    """The numbers of a search, and what they mean in seconds."""

    n_queries: int
    """Of this search."""
    n_total: int
    """Of all searches so far, this one included."""
    k: int
    shape: tuple[int, int]
    """Rows and features."""
    metric: Family
    dtype: str
    n_threads: int
    costs: Costs
    slowness: float = 1.0
    """How many times as long as it should the core takes."""

    @property
    def total_queries(self) -> str:
        """The number of queries so far, in words."""
        return "1 query" if self.n_total == 1 else f"{self.n_total:,} queries"

    @property
    def brute_rate(self) -> float:
        """Seconds a query that brute force takes, if queries come as many at a time as these."""
        return self.brute(self.n_queries) / max(1, self.n_queries)

    def brute(self, n_queries: int) -> float:
        """Seconds that brute force takes for so many queries."""
        costs = self.costs.brute(max(1, n_queries), self.shape, self.metric, self.dtype)
        return self._core(costs)

    def pruned_rate(self, levels: Sequence[LevelPlan]) -> float:
        """Seconds a query that a sketch takes which leaves what is predicted of its levels."""
        n_queries = max(1, self.n_queries)
        costs = self.costs.pruned(
            n_queries,
            self.shape,
            self.metric,
            self.dtype,
            levels=levels,
            survivors=[level.predicted_survivors or 0.0 for level in levels],
        )
        return self._core(costs) / n_queries

    def coding(self, levels: Sequence[LevelPlan]) -> float:
        """Seconds to code all rows."""
        return self._core(self.costs.code_rows(*self.shape, levels))

    def trying(self, levels: Sequence[LevelPlan], n_rows: int) -> float:
        """Seconds to design a sketch by a look at so many rows, and to code as many."""
        n_rows, n_features = min(n_rows, self.shape[0]), self.shape[1]
        designing = self.costs.design(n_rows, n_features, levels)
        return 1e-9 * (designing + self.costs.code_rows(n_rows, n_features, levels))

    def use_brute(self, reason: str, reconsider_at: float = inf) -> SearchPlan:
        """Return the plan of brute force."""
        seconds = self.n_queries * self.brute_rate
        return SearchPlan(
            "brute",
            reason,
            n_queries=self.n_queries,
            n_neighbors=self.k,
            predicted_seconds=seconds,
            brute_seconds=seconds,
            reconsider_at=reconsider_at,
        )

    def use_sketch(
        self, reason: str, levels: tuple[LevelPlan, ...], build_seconds: float | None
    ) -> SearchPlan:
        """Return the plan of a sketch of these levels, whose survivors have been predicted."""
        return SearchPlan(
            "pruned",
            reason,
            n_queries=self.n_queries,
            n_neighbors=self.k,
            levels=levels,
            bytes_per_row=sum(level.row_bytes + _BYTES_OF_AN_ERROR for level in levels),
            build_seconds=build_seconds,
            predicted_seconds=self.n_queries * self.pruned_rate(levels),
            brute_seconds=self.n_queries * self.brute_rate,
        )

    def _core(self, nanoseconds: float) -> float:
        return 1e-9 * self.slowness * nanoseconds / self.n_threads
