"""What a run found: plain records that turn into JSON as they are."""

from dataclasses import dataclass

METRICS = ("manhattan", "euclidean")


@dataclass(frozen=True, kw_only=True)
class DataSummary:
    """Sizes of a data set."""

    name: str
    description: str
    class_names: list[str]
    image_shape: list[int]
    dtype: str
    n_train: int
    n_test: int
    train_count_of_class: list[int]
    test_count_of_class: list[int]
    n_bytes: int


@dataclass(frozen=True, kw_only=True)
class Validation:
    """How the training images were split to choose k."""

    n_fit: int
    n_validation: int
    random_state: int


@dataclass(frozen=True, kw_only=True)
class MetricResult:
    """One metric: the k chosen by validation, and what it reaches on the test set."""

    metric: str
    validation_accuracy: list[float]
    """For each k of `KNNResults.n_neighbors`."""
    validation_seconds: float
    best_n_neighbors: int
    best_validation_accuracy: float
    test_accuracy: float
    test_seconds: float
    """To label all the test images once: the median of several runs where one is short."""
    queries_per_second: float
    """Test images labelled in one second, by `test_seconds`."""
    peak_memory_bytes: int | None
    """Of the process, up to the end of this metric's test; None where the system does not say."""
    confusion_matrix: list[list[int]]
    """Rows are true classes, columns predicted ones."""


@dataclass(frozen=True, kw_only=True)
class ExampleNeighbors:
    """What one metric found for one query."""

    predicted: int
    indices: list[int]
    """Training images, nearest first."""
    labels: list[int]
    distances: list[float]


@dataclass(frozen=True, kw_only=True)
class Example:
    """One test image with its nearest training images for each metric."""

    query: int
    label: int
    neighbors: dict[str, ExampleNeighbors]


@dataclass(frozen=True, kw_only=True)
class KNNResults:
    """Everything the k-nearest-neighbours sections show."""

    data: DataSummary
    validation: Validation
    n_neighbors: list[int]
    metrics: list[MetricResult]
    n_only_right: dict[str, int]
    """Test images only this metric labels rightly: the ones that decide between the two."""
    examples: list[Example]

    @property
    def best(self) -> MetricResult:
        """The metric of the highest validation accuracy; the first among equals."""
        return max(self.metrics, key=lambda result: result.best_validation_accuracy)
