"""What the runs found: plain records that turn into JSON as they are."""

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
class MethodResult:
    """One way to classify, with the setting chosen for it, and what it reaches on the test set."""

    best_validation_accuracy: float
    """With the setting that was chosen."""
    fit_seconds: float
    """To fit all training images with that setting."""
    model_bytes: int
    """What has to be kept to label images: the training images, or weights."""
    test_accuracy: float
    test_seconds: float
    """To label all the test images once: the median of several runs where one is short."""
    queries_per_second: float
    """Test images labelled in one second, by `test_seconds`."""
    peak_memory_bytes: int | None
    """Of the process, up to the end of this test; None where the system does not say."""
    confusion_matrix: list[list[int]]
    """Rows are true classes, columns predicted ones."""
    test_right: str
    """Which test images are labelled rightly: one bit for each, in order, in hexadecimal."""


@dataclass(frozen=True, kw_only=True)
class MetricResult(MethodResult):
    """One metric: the k chosen by validation, and what it reaches on the test set."""

    metric: str
    validation_accuracy: list[float]
    """For each k of `KNNResults.n_neighbors`."""
    validation_seconds: float
    best_n_neighbors: int


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
    """Test images only this metric labels rightly, as `only_right` counts them."""
    examples: list[Example]

    @property
    def best(self) -> MetricResult:
        """The metric of the highest validation accuracy; the first among equals."""
        return max(self.metrics, key=lambda result: result.best_validation_accuracy)
