"""Fitted classifiers as the commands use them: files, names of classes, scores of images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane._cli._features_loaded import Features
from nearplane.datasets import ImageDataset

VOTES = "share of votes"

# What white may be in images of numbers: floats, scikit-learn's digits, bytes.
_WHITES = (1.0, 16.0, 255.0)


@dataclass(frozen=True)
class Kind:
    """One of the two kinds of models: the commands' name for it and its class."""

    command: str
    name: str
    load: Callable[[Path], Any]

    @property
    def other(self) -> "Kind":
        """The other of the two."""
        return LINEAR if self is KNN else KNN

    def holds(self, path: Path) -> bool:
        """Whether the file holds such a model."""
        try:
            self.load(path)
        except (ValueError, OSError):
            return False
        return True


KNN = Kind("knn", "nearest neighbours", KNeighborsClassifier.load)
LINEAR = Kind("linear", "a linear classifier", LinearClassifier.load)


@dataclass(frozen=True)
class Model:
    """A fitted classifier of one output, of images or of features of images."""

    estimator: Any
    path: Path
    features: Features | None

    @classmethod
    def load(
        cls, kind: Kind, path: Path, *, features: Sequence[Path] | None, n_jobs: int | None
    ) -> "Model":
        """Read files that `save` has written; a ValueError tells what else they hold."""
        try:
            estimator = kind.load(path)
        except ValueError as error:
            if not kind.other.holds(path):
                raise
            raise ValueError(
                f"{path}: holds {kind.other.name}; `nearplane {kind.other.command}` is for those."
            ) from error
        if isinstance(estimator.classes_, list):
            raise ValueError(f"{path}: has several outputs; the commands know one.")
        computed = Features.load(features, n_jobs=n_jobs) if features else None
        if computed and computed.n_features != estimator.n_features_in_:
            raise ValueError(
                f"{path} was fitted to rows of {estimator.n_features_in_:,} numbers; --features "
                f"makes {computed.n_features:,}: {computed.description}."
            )
        return cls(estimator.set_params(n_jobs=n_jobs), path, computed)

    @property
    def class_names(self) -> list[str]:
        """The labels that `fit` was given, as text."""
        return [str(label) for label in self.estimator.classes_]

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of the images; of length 1 if `fit` was given rows that are none."""
        if self.features is not None:
            return self.features.image_shape
        if isinstance(self.estimator, KNeighborsClassifier):
            return self.estimator._row_shape
        return tuple(self.estimator.image_shape_)

    @property
    def hint(self) -> str:
        """What to say besides, where images are not what was fitted."""
        if len(self.image_shape) > 1:
            return ""
        return " If it was fitted to features of images, give --features as `fit` was given it."

    @property
    def votes(self) -> bool:
        """Whether `scores` are shares of votes, most of which are 0."""
        return isinstance(self.estimator, KNeighborsClassifier)

    @property
    def confidence(self) -> str:
        """What `scores` are."""
        if self.votes:
            return VOTES
        return "probability" if hasattr(self.estimator, "predict_proba") else "score"

    @property
    def white(self) -> float:
        """What white seems to be in the training images: 1, 16 or 255."""
        if self.features is not None:
            return self.features.white
        if isinstance(self.estimator, KNeighborsClassifier):
            largest = self.estimator._searcher.rows.max()
        elif self.estimator.mean_ is not None:
            largest = self.estimator.mean_.max()
        else:
            return _WHITES[-1]
        return next((white for white in _WHITES if largest <= white), _WHITES[-1])

    def _scores(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Return each class's `confidence`, of shape (n, n_classes)."""
        if self.confidence != "score":
            return np.asarray(self.estimator.predict_proba(X))
        scores = np.asarray(self.estimator.decision_function(X), np.float64)
        # Of two classes it is the difference of their scores, half of which is each one's lead.
        return np.stack([-scores, scores], axis=1) / 2 if scores.ndim == 1 else scores

    def ranking(self, X: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the classes' positions, best first, and their scores in the same order.

        The first is the one that the estimator predicts for an image; equals after it are in the
        order of `class_names`.
        """
        if self.features is not None:
            X = self.features.rows(X, "features", show=self.estimator.verbose)
        scores = self._scores(X)
        order = np.argsort(-scores, axis=1, kind="stable")
        if getattr(self.estimator, "ties", "smallest") == "nearest":
            predicted = np.searchsorted(self.estimator.classes_, self.estimator.predict(X))
            others = order[order != predicted[:, np.newaxis]].reshape(len(X), -1)
            order = np.column_stack([predicted, others])
        return order, np.take_along_axis(scores, order, axis=1)

    def targets(self, dataset: ImageDataset) -> NDArray[np.intp]:
        """Return the class of each test image as a position in `class_names`; -1 if there is none.

        Raises
        ------
        ValueError
            If images or classes of the data set are of another kind than those of the model.
        """
        if prod(dataset.image_shape) != prod(self.image_shape):
            raise ValueError(
                f"{self.path} was fitted to images of shape {self.image_shape}; those of "
                f"{dataset.name} have shape {dataset.image_shape}.{self.hint}"
            )
        # Models of Python programs often have the positions themselves for labels.
        labels = self.estimator.classes_
        numbered = labels.dtype.kind in "iu"
        names = range(len(dataset.class_names)) if numbered else dataset.class_names
        place = {label: position for position, label in enumerate(labels.tolist())}
        positions = np.array([place.get(name, -1) for name in names], dtype=np.intp)
        if (positions < 0).all():
            raise ValueError(
                f"{self.path} knows the classes {_few(self.class_names)}; {dataset.name} has "
                f"{_few(dataset.class_names)}."
            )
        return positions[dataset.y_test]


def named_labels(dataset: ImageDataset) -> NDArray[Any]:
    """Return the names of the training images' classes: a model of them needs no other file."""
    return np.array(dataset.class_names)[dataset.y_train]


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
