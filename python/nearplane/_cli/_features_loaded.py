"""Fitted features as the commands use them: files, and images in, rows out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._progress import progress_bar
from nearplane._storage import read_kind
from nearplane.datasets import ImageDataset
from nearplane.features import HOG, ColorHistogram, VisualWords

# What the commands call each kind.
KINDS: dict[str, type[Any]] = {
    "hog": HOG,
    "color-histogram": ColorHistogram,
    "visual-words": VisualWords,
}
_COMMANDS = {"KNeighborsClassifier": "knn", "LinearClassifier": "linear"}

# Computed at a time: little beside the images, and a bar that moves.
_BLOCK_BYTES = 2**25
_BLOCK_IMAGES = 256


@dataclass(frozen=True)
class Features:
    """One or several fitted transformers, whose features stand side by side."""

    models: tuple[Any, ...]
    paths: tuple[Path, ...]

    @classmethod
    def load(cls, paths: Sequence[Path], *, n_jobs: int | None) -> "Features":
        """Read files that `features fit` has written, which must be of images of one shape."""
        models = tuple(load_features(path).set_params(n_jobs=n_jobs) for path in paths)
        shapes = {_shape(model): path for model, path in zip(models, paths, strict=True)}
        if len(shapes) > 1:
            stated = " and ".join(f"{path} to {shape}" for shape, path in shapes.items())
            raise ValueError(f"features must be of images of one shape; {stated} were fitted.")
        return cls(models, tuple(paths))

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of the images that they were fitted to."""
        return _shape(self.models[0])

    @property
    def n_features(self) -> int:
        """How many features an image has."""
        return sum(count_features(model) for model in self.models)

    @property
    def white(self) -> float:
        """What white is in the images, as far as features tell: 255 unless they count values."""
        ranges = (getattr(model, "value_range_", None) for model in self.models)
        return next((found[1] for found in ranges if found is not None), 255.0)

    @property
    def description(self) -> str:
        """The files, and how many features each gives."""
        counts = (count_features(model) for model in self.models)
        return ", ".join(f"{path} ({n:,})" for path, n in zip(self.paths, counts, strict=True))

    @property
    def image_size(self) -> tuple[int, int]:
        """The height and the width of the images."""
        height, width, *_ = self.image_shape
        return height, width

    def check_images(self, dataset: ImageDataset) -> None:
        """Raise unless the images of a data set are such as were fitted."""
        if prod(dataset.image_shape) != prod(self.image_shape):
            raise ValueError(
                f"{self.paths[0]} was fitted to images of shape {self.image_shape}; those of "
                f"{dataset.name} have shape {dataset.image_shape}."
            )

    def of(self, X: NDArray[Any]) -> NDArray[np.float32]:
        """Return the features of a few images."""
        found = [model.transform(X) for model in self.models]
        return found[0] if len(found) == 1 else np.hstack(found)

    def blocks(self, X: NDArray[Any], what: str, *, show: bool) -> Iterator[NDArray[np.float32]]:
        """Yield the features of many images, some rows at a time, with a bar."""
        step = block_length(prod(self.image_shape), 4 * self.n_features)
        with progress_bar(what, enabled=show) as progress:
            for first in range(0, len(X), step):
                if progress is not None:
                    progress(first / len(X))
                yield self.of(X[first : first + step])

    def rows(self, X: NDArray[Any], what: str, *, show: bool) -> NDArray[np.float32]:
        """Return the features of many images in one array."""
        rows = np.empty((len(X), self.n_features), np.float32)
        first = 0
        for block in self.blocks(X, what, show=show):
            rows[first : first + len(block)] = block
            first += len(block)
        return rows


def block_length(*row_bytes: int) -> int:
    """Return how many rows are computed at a time."""
    return max(1, min(_BLOCK_IMAGES, _BLOCK_BYTES // sum(row_bytes)))


def count_features(model: Any) -> int:
    """Return how many features a fitted transformer gives an image."""
    return int(model._n_features_out)


def kind_of(model: Any) -> str:
    """Return what the commands call a transformer."""
    return next(kind for kind, transformer in KINDS.items() if isinstance(model, transformer))


def load_features(path: Path) -> Any:
    """Read a file of whichever features; a ValueError tells what else it holds."""
    kind = read_kind(path)
    for transformer in KINDS.values():
        if transformer.__name__ == kind:
            return transformer.load(path)
    if kind in _COMMANDS:
        raise ValueError(
            f"{path}: holds a classifier, {kind}; `nearplane {_COMMANDS[kind]}` is for those."
        )
    raise ValueError(f"{path}: holds {kind!r:.80}, and no features.")


def _shape(model: Any) -> tuple[int, ...]:
    """Return the shape of the images, without an axis for a single channel."""
    shape = tuple(model.image_shape_)
    return shape[:2] if shape[2:] == (1,) else shape
