"""The compiled core of the level chosen for this processor."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nearplane.neighbors._sketch._level import Level

_Metric = Literal["euclidean", "sqeuclidean", "manhattan"]
_Progress = Callable[[float], object]
_Loss = Literal[
    "softmax",
    "hinge",
    "squared_hinge",
    "crammer_singer",
    "ovr_hinge",
    "ovr_logistic",
    "squared_error",
]
_Optimizer = Literal["sgd", "nesterov", "adagrad", "rmsprop", "adam"]

class CenterBounds:
    """How near groups of centers can be to each of the same rows."""

    def __init__(self) -> None: ...

class Encoder:
    """How rows become the short codes that a pruned search compares."""

    def __init__(
        self,
        metric: _Metric,
        *,
        center: NDArray[np.float64],
        unit: float,
        basis: NDArray[np.float32],
        feature_order: NDArray[np.int64],
        levels: Sequence[Level],
    ) -> None: ...
    def encode(
        self, X: NDArray[Any], *, n_threads: int, progress: _Progress | None
    ) -> list[tuple[NDArray[Any], NDArray[np.float32]]]: ...

def argkmin(
    query: NDArray[Any],
    base: NDArray[Any],
    k: int,
    metric: _Metric,
    *,
    exclude_self: bool,
    query_groups: NDArray[np.int64] | None = None,
    base_groups: NDArray[np.int64] | None = None,
    n_threads: int,
    progress: _Progress | None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
def argkmin_pruned(
    query: NDArray[Any],
    base: NDArray[Any],
    encoder: Encoder,
    sketch: Sequence[tuple[NDArray[Any], NDArray[np.float32]]],
    k: int,
    metric: _Metric,
    *,
    exclude_self: bool,
    query_groups: NDArray[np.int64] | None = None,
    base_groups: NDArray[np.int64] | None = None,
    n_threads: int,
    progress: _Progress | None,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]: ...
def pairwise_distances(
    query: NDArray[Any],
    base: NDArray[Any],
    metric: _Metric,
    out: NDArray[Any],
    *,
    n_threads: int,
    progress: _Progress | None,
) -> None: ...
def first_nonfinite_row(X: NDArray[Any], *, n_threads: int) -> int: ...

class Setting:
    """Hyperparameters of one model; the penalty is l1 * sum |W| + l2 * sum W^2."""

    def __init__(
        self,
        *,
        optimizer: _Optimizer = "sgd",
        l1: float = 0.0,
        l2: float = 0.0,
        momentum: float = 0.9,
        decay: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None: ...

class EpochTrace:
    """Arrays of shape (n_steps, n_settings); n_correct has shape (n_settings,)."""

    @property
    def losses(self) -> NDArray[np.float64]: ...
    @property
    def n_correct(self) -> NDArray[np.int64]: ...
    @property
    def update_norms(self) -> NDArray[np.float64]: ...
    @property
    def weight_norms(self) -> NDArray[np.float64]: ...

class LinearTrainer:
    """Models trained together; weights have shape (n_settings, n_classes, n_features + 1)."""

    def __init__(
        self,
        settings: list[Setting],
        *,
        n_features: int,
        n_classes: int,
        dtype: Literal["float32", "float64"],
        loss: _Loss,
        margin: float,
        class_mean: bool,
        fit_intercept: bool,
        center: NDArray[np.float64] | None,
        scale: NDArray[np.float64] | None,
    ) -> None: ...
    @property
    def n_settings(self) -> int: ...
    @property
    def n_steps(self) -> int: ...
    def weights(self) -> NDArray[Any]: ...
    def set_weights(self, weights: NDArray[Any]) -> None: ...
    def moments(self) -> NDArray[Any]: ...
    def set_moments(self, moments: NDArray[Any], n_steps: int) -> None: ...
    def keep(self, settings: list[int]) -> None: ...
    def run_epoch(
        self,
        X: NDArray[Any],
        y: NDArray[np.int64],
        rows: NDArray[np.int64],
        sample_weight: NDArray[np.float64] | None,
        *,
        learning_rates: NDArray[np.float64],
        n_threads: int,
        progress: _Progress | None,
    ) -> EpochTrace: ...
    def evaluate(
        self,
        X: NDArray[Any],
        y: NDArray[np.int64],
        rows: NDArray[np.int64],
        sample_weight: NDArray[np.float64] | None,
        *,
        n_threads: int,
        progress: _Progress | None,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...

def linear_scores(
    X: NDArray[Any],
    weights: NDArray[Any],
    *,
    center: NDArray[np.float64] | None,
    scale: NDArray[np.float64] | None,
    n_threads: int,
    progress: _Progress | None,
) -> NDArray[Any]: ...
def linear_loss(
    X: NDArray[Any],
    y: NDArray[np.int64],
    weights: NDArray[Any],
    sample_weight: NDArray[np.float64] | None,
    *,
    loss: _Loss,
    margin: float,
    class_mean: bool,
    center: NDArray[np.float64] | None,
    scale: NDArray[np.float64] | None,
    n_threads: int,
    progress: _Progress | None,
) -> tuple[float, NDArray[Any]]: ...
def loss_from_scores(
    scores: NDArray[Any],
    y: NDArray[np.int64],
    *,
    loss: _Loss,
    margin: float,
    class_mean: bool,
    n_threads: int,
) -> tuple[NDArray[np.float64], NDArray[Any]]: ...
def encode_visual_words(
    images: NDArray[Any],
    out: NDArray[np.float32],
    *,
    image_shape: tuple[int, int, int],
    patch_size: tuple[int, int],
    stride: int,
    grid: tuple[int, int],
    contrast: float | None,
    center: NDArray[np.float32] | None,
    whitening: NDArray[np.float32] | None,
    words: NDArray[np.float32],
    assignment: Literal["hard", "soft", "triangle"],
    bandwidth: float,
    n_threads: int,
    progress: _Progress | None,
) -> None: ...
def extract_color_histogram(
    images: NDArray[Any],
    out: NDArray[np.float32],
    *,
    image_shape: tuple[int, int, int],
    space: Literal["channels", "luma", "hsv", "hue"],
    bins: Sequence[int],
    joint: bool,
    soft: bool,
    grid: tuple[int, int],
    scale: Literal["counts", "shares", "roots"],
    low: float,
    high: float,
    n_threads: int,
    progress: _Progress | None,
) -> int: ...
def extract_hog(
    images: NDArray[Any],
    out: NDArray[np.float32],
    *,
    image_shape: tuple[int, int, int],
    pixels_per_cell: tuple[int, int],
    cells_per_block: tuple[int, int],
    orientations: int,
    directed: bool,
    take_roots: bool,
    luma: bool,
    block_norm: Literal["none", "L1", "L1-sqrt", "L2", "L2-Hys"],
    n_threads: int,
    progress: _Progress | None,
) -> int: ...
def nearest_centers(
    X: NDArray[Any],
    centers: NDArray[Any],
    *,
    guess: NDArray[np.int32] | None,
    bounds: CenterBounds | None = None,
    n_threads: int,
    progress: _Progress | None,
) -> tuple[NDArray[np.int32], NDArray[np.float64]]: ...
def cluster_sums(
    X: NDArray[Any],
    labels: NDArray[np.int32],
    n_clusters: int,
    *,
    sample_weight: NDArray[np.float64] | None,
    n_threads: int,
    progress: _Progress | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def nearer_distances(
    X: NDArray[Any],
    candidates: NDArray[Any],
    distances: NDArray[np.float64],
    *,
    sample_weight: NDArray[np.float64] | None,
    n_threads: int,
    progress: _Progress | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def row_hashes(X: NDArray[Any], *, n_threads: int) -> NDArray[np.uint64]: ...
def max_threads() -> int: ...
def isa_level() -> str: ...
def build_info() -> dict[str, str]: ...
def available_levels() -> list[str]: ...
def built_levels() -> list[str]: ...
