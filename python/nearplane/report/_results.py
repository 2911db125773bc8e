"""What the runs found: plain records that turn into JSON as they are."""

from dataclasses import dataclass

METRICS = ("manhattan", "euclidean")

TOP = 5
"""How many answers a method may give to be right within the top ones."""


@dataclass(frozen=True, kw_only=True)
class DataSummary:
    """Sizes of a data set."""

    name: str
    description: str
    class_names: list[str]
    image_shape: list[int]
    """Of one length if the rows are vectors and no images."""
    is_image: bool
    dtype: str
    n_train: int
    n_test: int
    train_count_of_class: list[int]
    test_count_of_class: list[int]
    n_bytes: int

    @property
    def is_pictured(self) -> bool:
        """Whether the rows can be drawn: grey, or of three colours."""
        grey = len(self.image_shape) == 2
        return self.is_image and (grey or self.image_shape[-1] in (1, 3))

    @property
    def things(self) -> str:
        """What the rows are called in sentences."""
        return "images" if self.is_image else "samples"

    @property
    def thing(self) -> str:
        """What one row is called."""
        return self.things.removesuffix("s")


@dataclass(frozen=True, kw_only=True)
class Folds:
    """How the training rows were parted to choose settings."""

    n_folds: int
    stratified: bool
    """Whether each class is spread evenly over the folds."""
    random_state: int
    n_held_out: list[int]
    """Rows of each fold, judged by the others."""
    n_fit: list[int]
    """Those others."""


@dataclass(frozen=True, kw_only=True)
class ConfusionPair:
    """Test rows of one class that were all taken for the same other one."""

    true: int
    predicted: int
    count: int
    share: float
    """Of the test rows of the true class."""
    examples: list[int]
    """Some of the test rows."""


@dataclass(frozen=True, kw_only=True)
class MethodResult:
    """One way to classify, with the setting chosen for it, and what it reaches on the test set."""

    best_validation_accuracy: float
    """With the setting that was chosen; the mean over the folds it was judged by."""
    best_validation_std: float | None
    """Standard deviation over these folds; None where it is one fold."""
    fit_seconds: float
    """To fit all training rows with that setting."""
    model_bytes: int
    """What has to be kept to label rows: the training rows, or weights."""
    test_accuracy: float
    top_5_accuracy: float | None
    """Test rows whose class is among the five highest scores; None for five classes or fewer."""
    test_seconds: float
    """To label all the test rows once: the median of several runs where one is short."""
    queries_per_second: float
    """Test rows labelled in one second, by `test_seconds`."""
    peak_memory_bytes: int | None
    """Of the process, up to the end of this test; None where the system does not say."""
    confusion_matrix: list[list[int]]
    """Rows are true classes, columns predicted ones."""
    confusion_pairs: list[ConfusionPair]
    """The most frequent mistakes, most frequent first."""
    test_right: str
    """Which test rows are labelled rightly: one bit for each, in order, in hexadecimal."""


@dataclass(frozen=True, kw_only=True)
class MetricResult(MethodResult):
    """One metric: the k chosen by cross-validation, and what it reaches on the test set."""

    metric: str
    fold_accuracy: list[list[float]]
    """For each k of `KNNResults.n_neighbors` the accuracy on each fold."""
    validation_accuracy: list[float]
    """For each k their mean."""
    best_n_neighbors: int


@dataclass(frozen=True, kw_only=True)
class ExampleNeighbors:
    """What one metric found for one query."""

    predicted: int
    indices: list[int]
    """Training rows, nearest first."""
    labels: list[int]
    distances: list[float]


@dataclass(frozen=True, kw_only=True)
class Example:
    """One test row with its nearest training rows for each metric."""

    query: int
    label: int
    neighbors: dict[str, ExampleNeighbors]


@dataclass(frozen=True, kw_only=True)
class KNNResults:
    """Everything the k-nearest-neighbours sections show."""

    data: DataSummary
    folds: Folds
    n_neighbors: list[int]
    validation_seconds: float
    """To judge every k with every metric on every fold."""
    metrics: list[MetricResult]
    n_only_right: dict[str, int]
    """Test rows only this metric labels rightly, as `only_right` counts them."""
    examples: list[Example]

    @property
    def best(self) -> MetricResult:
        """The metric of the highest validation accuracy; the first among equals."""
        return max(self.metrics, key=lambda result: result.best_validation_accuracy)
