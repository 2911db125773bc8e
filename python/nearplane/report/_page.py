"""What sections of the page are made from, and what they are made into."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nearplane._versions import VersionInfo
from nearplane.report._features_results import FeaturesResults
from nearplane.report._linear_results import LinearResults, LossResult
from nearplane.report._pictures import Pictures
from nearplane.report._results import KNNResults, MetricResult


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the page is made from."""

    pictures: Pictures
    knn: KNNResults
    linear: LinearResults
    features: FeaturesResults | None = None
    """None if none were wanted, or the rows are no images."""
    environment: VersionInfo
    command: str
    """The command line that gives these results again."""

    @property
    def peak_memory_bytes(self) -> int | None:
        """What the process held at its peak, up to the last of the runs."""
        last = self.linear.losses[-1] if self.features is None else self.features
        return last.peak_memory_bytes

    @property
    def methods(self) -> dict[str, MetricResult | LossResult]:
        """What each metric and each loss reaches."""
        nearest = {result.metric: result for result in self.knn.metrics}
        return nearest | {result.loss: result for result in self.linear.losses}

    @property
    def bests(self) -> dict[str, MetricResult | LossResult]:
        """What the better metric and the better loss reach."""
        return {self.knn.best.metric: self.knn.best, self.linear.best.loss: self.linear.best}


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the page."""

    anchor: str
    title: str
    template: str
    """Name of the partial template."""
    content: Mapping[str, Any]
    """What the partial sees, under the name ``content``."""
