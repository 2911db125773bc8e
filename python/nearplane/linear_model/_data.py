"""Labelled rows as training reads them, and which of them are kept for validation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets

from nearplane._targets import plain_labels, read_sample_weight, read_targets
from nearplane._validation import as_matrix, check_counts_images, check_real, read_array
from nearplane.linear_model._problem import Samples

ClassWeight = Mapping[Any, float] | str | None


@dataclass(frozen=True)
class LabelledData:
    """Rows with labels and weights."""

    X: NDArray[Any]
    """(n_samples, n_features): what the core reads, uncopied where it can be."""
    y: NDArray[np.int64]
    """(n_samples,): positions of the labels in `classes`."""
    classes: NDArray[Any]
    """The sorted labels."""
    sample_weight: NDArray[np.float64] | None
    """(n_samples,): None if all are 1."""
    image_shape: tuple[int, ...]
    """The shape of one row as it was given."""

    def weighted_by_class(self, class_weight: ClassWeight) -> "LabelledData":
        """Return the data with each row's weight multiplied by that of its class.

        Raises
        ------
        TypeError, ValueError
            If `class_weight` is not as `LinearClassifier` describes it.
        """
        if class_weight is None:
            return self
        of_row = np.ones(len(self.y)) if self.sample_weight is None else self.sample_weight
        of_class = _class_weights(class_weight, self.classes, self.y, of_row)
        weight = of_row * of_class[self.y]
        if not weight.any():
            raise ValueError(
                f"class_weight={class_weight!r} leaves no row with a weight that is not zero."
            )
        return replace(self, sample_weight=weight)

    def samples(self, rows: NDArray[np.int64] | None = None) -> Samples:
        """Return those of `rows`, or of all, that have a weight; these are scaled to mean 1.

        Raises
        ------
        ValueError
            If there is none.
        """
        if rows is None:
            rows = np.arange(len(self.y))
        weight = self.sample_weight
        if weight is None:
            return Samples(self.X, self.y, rows)
        rows = rows[weight[rows] > 0]
        if len(rows) == 0:
            raise ValueError("every row of a split has sample weight 0; leave such rows out of X.")
        weight = weight / weight[rows].max()  # so that the sum of huge weights stays finite
        return Samples(self.X, self.y, rows, weight / weight[rows].mean())


def read_labelled(
    X: ArrayLike,
    y: ArrayLike | None,
    sample_weight: ArrayLike | None,
    *,
    estimator: object,
    n_threads: int,
    classes: NDArray[Any] | None = None,
    names: tuple[str, str] = ("X", "y"),
) -> LabelledData:
    """Check rows, labels and weights.

    Parameters
    ----------
    X, y, sample_weight
        As `LinearClassifier.fit` takes them.
    estimator : estimator
        For scikit-learn's messages.
    n_threads : int
        Number of threads.
    classes : ndarray, default=None
        The labels that may occur, sorted; None: those that do.
    names : tuple of str
        What messages call `X` and `y`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as it should be; the message names it.
    """
    x_name, y_name = names
    labels = plain_labels(read_targets(estimator, y, numeric=False, name=y_name))
    if labels.ndim > 1:
        raise ValueError(f"{y_name} must hold one label for each row; got shape {labels.shape}.")
    check_classification_targets(labels)
    array = read_array(X, x_name)
    matrix = as_matrix(array, x_name, n_threads=n_threads, min_rows=1)
    if len(labels) != len(matrix):
        raise ValueError(
            f"{x_name} and {y_name} must have the same number of samples: {x_name} has "
            f"{len(matrix)}, {y_name} has {len(labels)}."
        )
    found, codes = np.unique(labels, return_inverse=True)
    if classes is not None:
        unknown = found[~np.isin(found, classes)]
        if len(unknown):
            raise ValueError(
                f"{y_name} must hold labels among the classes {classes.tolist()}; got "
                f"{unknown.tolist()[0]!r}."
            )
        codes = np.searchsorted(classes, labels)
    return LabelledData(
        X=matrix,
        y=codes.astype(np.int64),
        classes=found if classes is None else classes,
        sample_weight=read_sample_weight(sample_weight, len(labels)),
        image_shape=array.shape[1:],
    )


def read_classes(classes: ArrayLike | None, known: NDArray[Any] | None) -> NDArray[Any]:
    """Return all labels there will be, sorted, which are those already known if there are any.

    Raises
    ------
    ValueError
        If neither are given, or both and they differ.
    """
    if classes is None:
        if known is None:
            raise ValueError("classes must be passed on the first call to partial_fit; got None.")
        return known
    given = np.unique(plain_labels(np.asarray(classes)))
    if known is not None and not np.array_equal(given, known):
        raise ValueError(
            f"classes must be the ones of the first call, {known.tolist()}; got {given.tolist()}."
        )
    return given


def read_validation(
    X_val: ArrayLike | None,
    y_val: ArrayLike | None,
    data: LabelledData,
    *,
    estimator: object,
    n_threads: int,
) -> Samples:
    """Check a validation set; it must look like the training data."""
    if X_val is None:
        raise ValueError("X_val must be given along with y_val; got None.")
    array = read_array(X_val, "X_val")
    check_counts_images(array, data.image_shape, "X_val")
    if prod(array.shape[1:]) != data.X.shape[1]:
        raise ValueError(
            f"X_val must have {data.X.shape[1]} features, as X has; got {prod(array.shape[1:])}."
        )
    held_out = read_labelled(
        array,
        y_val,
        None,
        estimator=estimator,
        n_threads=n_threads,
        classes=data.classes,
        names=("X_val", "y_val"),
    )
    return held_out.samples()


def split_validation(
    y: NDArray[np.int64], fraction: float, random_state: np.random.RandomState
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw the same part of each class for validation.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), int64
        Codes of the classes.
    fraction : float
        The part for validation, 0 to 1.
    random_state : RandomState
        Draws one permutation.

    Returns
    -------
    training, validation : ndarray of int64
        Rows, each ascending, and at least one of each.

    Raises
    ------
    ValueError
        If there is but one row.
    """
    n_rows = len(y)
    if n_rows < 2:
        raise ValueError(
            "early_stopping=True takes rows from X for validation, so X must have at least 2; got "
            "n_samples = 1."
        )
    # By class and, within a class, by chance: every so many-th row is then the same part of each.
    order = random_state.permutation(n_rows)
    order = order[np.argsort(y[order], kind="stable")]
    n_validation = min(max(1, round(fraction * n_rows)), n_rows - 1)
    places = ((np.arange(n_validation) + 0.5) * n_rows / n_validation).astype(np.int64)
    chosen = np.zeros(n_rows, dtype=bool)
    chosen[order[places]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def _class_weights(
    class_weight: ClassWeight,
    classes: NDArray[Any],
    y: NDArray[np.int64],
    sample_weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the weight of each class.

    "balanced" is total / (n_classes * that of the class), as in scikit-learn, with weights for
    counts, so that a row of weight 2 is two rows here too.
    """
    if isinstance(class_weight, str) and class_weight == "balanced":
        of_class = np.bincount(y, weights=sample_weight, minlength=len(classes))
        total = of_class.sum() / np.count_nonzero(of_class)
        balanced = np.zeros(len(classes))
        np.divide(total, of_class, out=balanced, where=of_class > 0)
        return balanced
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            "class_weight must be None, 'balanced', or a dict that gives labels their weights; got "
            f"{class_weight!r}."
        )
    labels = classes.tolist()
    unknown = [label for label in class_weight if label not in labels]
    # As in scikit-learn: a dict that names every class may name others, absent from these rows.
    if unknown and not all(label in class_weight for label in labels):
        raise ValueError(
            f"class_weight gives {unknown[0]!r} a weight, which is none of the classes {labels}."
        )
    return np.array(
        [
            check_real(f"class_weight[{label!r}]", class_weight.get(label, 1), at_least=0)
            for label in labels
        ]
    )
