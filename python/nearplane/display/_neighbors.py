"""Query images, each beside its nearest neighbours."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane.display._figure import RIGHT, WRONG, blank_axes, write_label
from nearplane.display._images import as_images, display_range, to_bytes
from nearplane.display._labels import label_names, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Lengths in units of one picture's width.
_GAP = 0.14
_QUERY_GAP = 0.45
_CAPTION = 0.36

_SIGN = {True: "✓ ", False: "✗ ", None: ""}


class _Caption(NamedTuple):
    text: str
    right: bool | None
    """None where the true label is not known."""


class NeighborsDisplay:
    """Grid of query images, each beside its nearest neighbours.

    Where the true labels are known, a neighbour of the query's class has a solid frame and a
    tick, any other a dashed frame and a cross, so that colour is never the only sign.

    Parameters
    ----------
    queries : array-like of shape (n, h, w) or (n, h, w, c)
        Query images; c is 1 or 3.
    neighbors : array-like of shape (n, k, h, w) or (n, k, h, w, c)
        The images of their neighbours, nearest first.
    neighbor_labels : array-like of shape (n, k), default=None
        The neighbours' labels.
    y_true : array-like of shape (n,), default=None
        The queries' true labels.
    y_pred : array-like of shape (n,), default=None
        The queries' predicted labels.
    class_names : sequence of str, default=None
        The name of class 0, 1, ...; None shows the labels themselves.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the grid was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    AccuracyCurveDisplay : Accuracy against the number of neighbours.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane.datasets import load_dataset
    >>> from nearplane.display import NeighborsDisplay
    >>> digits = load_dataset("digits")
    >>> display = NeighborsDisplay.from_neighbors(
    ...     digits.X_test[:2], [[4, 7, 1], [3, 5, 9]], digits.X_train, ax=Figure().subplots()
    ... )
    >>> display.neighbors.shape
    (2, 3, 8, 8)
    """

    def __init__(
        self,
        *,
        queries: ArrayLike,
        neighbors: ArrayLike,
        neighbor_labels: ArrayLike | None = None,
        y_true: ArrayLike | None = None,
        y_pred: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.queries = as_images(queries, "queries")
        stacks = np.asarray(neighbors)
        if stacks.ndim < 2 or len(stacks) != len(self.queries):
            raise ValueError(
                f"neighbors has shape {stacks.shape}; for {len(self.queries)} queries it must be "
                f"({len(self.queries)}, k, height, width[, 3])"
            )
        flat = as_images(stacks.reshape(-1, *stacks.shape[2:]), "neighbors")
        self.neighbors = flat.reshape(*stacks.shape[:2], *flat.shape[1:])
        if self.neighbors.shape[2:] != self.queries.shape[1:]:
            raise ValueError(
                f"neighbors are images of shape {self.neighbors.shape[2:]}, "
                f"queries of shape {self.queries.shape[1:]}: they must be the same"
            )
        n, k = self.neighbors.shape[:2]
        self.neighbor_labels = _checked(neighbor_labels, "neighbor_labels", (n, k))
        self.y_true = _checked(y_true, "y_true", (n,))
        self.y_pred = _checked(y_pred, "y_pred", (n,))
        self.class_names = class_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        X_train: ArrayLike,
        y_train: ArrayLike | None = None,
        n_neighbors: int | None = None,
        class_names: Sequence[str] | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Search the neighbours of a few images with a fitted classifier and draw them.

        Parameters
        ----------
        estimator : fitted KNeighborsClassifier
            nearplane's, or anything with its ``kneighbors`` and ``predict``.
        X : array-like of shape (n, h, w) or (n, h, w, c)
            The queries: as many images as there should be rows.
        y : array-like of shape (n,), default=None
            Their true labels.
        X_train : array-like of shape (n_train, h, w) or (n_train, h, w, c)
            The images `estimator` was fitted on.
        y_train : array-like of shape (n_train,), default=None
            Their labels.
        n_neighbors : int, default=None
            How many neighbours to show; None shows as many as vote.
        class_names : sequence of str, default=None
            The name of class 0, 1, ...
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        NeighborsDisplay
        """
        k = estimator.n_neighbors if n_neighbors is None else n_neighbors
        _, indices = estimator.kneighbors(X, n_neighbors=k)
        return cls.from_neighbors(
            X,
            indices,
            X_train,
            y_train=y_train,
            y_true=y,
            y_pred=estimator.predict(X),
            class_names=class_names,
            ax=ax,
        )

    @classmethod
    def from_neighbors(
        cls,
        X: ArrayLike,
        indices: ArrayLike,
        X_train: ArrayLike,
        *,
        y_train: ArrayLike | None = None,
        y_true: ArrayLike | None = None,
        y_pred: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw neighbours that were already found, such as those of `nearplane.argkmin`.

        Parameters
        ----------
        X : array-like of shape (n, h, w) or (n, h, w, c)
            The queries.
        indices : array-like of int, shape (n, k)
            Rows of `X_train`, nearest first.
        X_train : array-like of shape (n_train, h, w) or (n_train, h, w, c)
            The images that were searched.
        y_train : array-like of shape (n_train,), default=None
            Their labels.
        y_true : array-like of shape (n,), default=None
            The queries' true labels.
        y_pred : array-like of shape (n,), default=None
            The queries' predicted labels.
        class_names : sequence of str, default=None
            The name of class 0, 1, ...
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.

        Returns
        -------
        NeighborsDisplay
        """
        rows = np.asarray(indices)
        return cls(
            queries=X,
            neighbors=as_images(X_train, "X_train")[rows],
            neighbor_labels=None if y_train is None else np.asarray(y_train)[rows],
            y_true=y_true,
            y_pred=y_pred,
            class_names=class_names,
        ).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw the grid: one row for each query, its neighbours from left to right.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure of a fitting size.

        Returns
        -------
        NeighborsDisplay
            This object.
        """
        n, k = self.neighbors.shape[:2]
        height, width = self.queries.shape[1:3]
        picture = height / width
        total_width = 1 + _QUERY_GAP + k * (1 + _GAP) - _GAP
        total_height = n * (picture + _CAPTION) + _CAPTION / 2
        self.ax_, fontsize = blank_axes(ax, total_width, total_height)
        self.figure_ = self.ax_.figure
        lefts = [0.0, *(1 + _QUERY_GAP + j * (1 + _GAP) for j in range(k))]
        for left, heading in zip(lefts, ["query", *map(str, range(1, k + 1))], strict=True):
            write_label(self.ax_, left + 0.5, 0.0, heading, fontsize, color="0.35")

        value_range = display_range(self.queries, self.neighbors)
        rows = np.concatenate([self.queries[:, None], self.neighbors], axis=1)
        captions = self._captions()
        for i, pictures in enumerate(to_bytes(rows, value_range)):
            top = _CAPTION / 2 + i * (picture + _CAPTION)
            for left, pixels, (text, right) in zip(lefts, pictures, captions[i], strict=True):
                self._draw(pixels, left, top, picture, right)
                write_label(
                    self.ax_,
                    left + 0.5,
                    top + picture + 0.04,
                    text,
                    fontsize,
                    color=_colour(right),
                )
        return self

    def _captions(self) -> list[list[_Caption]]:
        """Describe every picture, row by row: the query's first, then its neighbours'."""
        n, k = self.neighbors.shape[:2]
        queries = [_Caption("", None)] * n
        neighbors = [[_Caption("", None)] * k for _ in range(n)]
        if self.y_true is not None:
            names = label_names(self.y_true, self.class_names)
            queries = [_Caption(shorten(name), None) for name in names]
        if self.y_pred is not None:
            verdicts = self._described(self.y_pred, self.y_true, "said ")
            queries = [
                _Caption(f"{query.text}\n{verdict.text}".lstrip(), verdict.right)
                for query, verdict in zip(queries, verdicts, strict=True)
            ]
        if self.neighbor_labels is not None:
            truth = [None] * n if self.y_true is None else self.y_true
            neighbors = [
                self._described(labels, None if label is None else np.full(k, label))
                for labels, label in zip(self.neighbor_labels, truth, strict=True)
            ]
        return [[query, *row] for query, row in zip(queries, neighbors, strict=True)]

    def _described(
        self, labels: NDArray[Any], truth: NDArray[Any] | None, word: str = ""
    ) -> list[_Caption]:
        right = [None] * len(labels) if truth is None else (labels == truth).tolist()
        names = label_names(labels, self.class_names)
        return [
            _Caption(f"{_SIGN[hit]}{word}{shorten(name)}", hit)
            for name, hit in zip(names, right, strict=True)
        ]

    def _draw(
        self, pixels: NDArray[np.uint8], left: float, top: float, height: float, right: bool | None
    ) -> None:
        from matplotlib.patches import Rectangle

        self.ax_.imshow(
            pixels,
            extent=(left, left + 1, top + height, top),
            cmap="gray",
            vmin=0,
            vmax=255,
            interpolation="nearest",
            aspect="equal",
        )
        frame = Rectangle((left, top), 1, height, fill=False, edgecolor=_colour(right))
        frame.set_linewidth(0.8 if right is None else 2.2)
        frame.set_linestyle((0, (2.5, 1.2)) if right is False else "solid")
        self.ax_.add_patch(frame)


def _checked(values: ArrayLike | None, name: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
    if values is None:
        return None
    array = np.asarray(values)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; the images ask for {shape}")
    return array


def _colour(right: bool | None) -> str:
    return {True: RIGHT, False: WRONG, None: "0.15"}[right]
