"""Distances that grow alike as features are added: the curse of dimensionality."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from nearplane._validation import check_choice, check_integer, read_array, resolve_metric
from nearplane.display._figure import axes_or_new
from nearplane.distances import pairwise_distances

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_FEATURES = 1000
_METRIC_NAMES = {
    "euclidean": "L2 distance",
    "manhattan": "L1 distance",
    "cosine": "cosine distance",
}
_QUANTITIES = ("ratio", "distance")
_LINES = {"farthest": "--", "mean": "-", "nearest": ":"}
# The band holds the ratios of four queries in five.
_BAND = (10, 90)


class DistanceConcentrationDisplay:
    """Distances from queries to the nearest and the farthest row, against the number of features.

    Of rows that are spread evenly, the more features they have the more nearly all are equally far:
    the ratio of the nearest distance to the farthest goes to 1, and being the nearest means less
    and less. Natural images resist, since their pixels vary together. One display is one data set;
    draw several on the same axes by passing `ax`.

    Parameters
    ----------
    n_features : array-like of int, shape (n_sizes,)
        Numbers of features, increasing.
    nearest, mean, farthest : array-like of shape (n_sizes, n_queries)
        Each query's distance to the nearest row and to the farthest, and its mean to all.
    name : str, default=None
        The data set's name in the legend.
    metric : {"euclidean", "manhattan", "cosine"}, default="euclidean"
        What the distances are.

    Attributes
    ----------
    ratio_ : ndarray of shape (n_sizes,)
        Nearest distance over farthest distance, the mean of the queries.
    ax_ : matplotlib Axes
        Where the curve was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        The curve of the ratio; or those of the farthest, the mean and the nearest distance.
    band_ : matplotlib PolyCollection
        From the ratio that one query in ten stays below to the one that one in ten exceeds; or from
        the nearest to the farthest distance.

    References
    ----------
    K. Beyer, J. Goldstein, R. Ramakrishnan, U. Shaft, "When is 'nearest neighbor' meaningful?",
    ICDT 1999.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from nearplane.display import DistanceConcentrationDisplay
    >>> display = DistanceConcentrationDisplay.from_random(
    ...     [2, 1000], random_state=0, ax=Figure().subplots()
    ... )
    >>> display.ratio_.round(1)
    array([0. , 0.9])
    """

    def __init__(
        self,
        *,
        n_features: ArrayLike,
        nearest: ArrayLike,
        mean: ArrayLike,
        farthest: ArrayLike,
        name: str | None = None,
        metric: str = "euclidean",
    ) -> None:
        self.n_features = _read_sizes(n_features)
        self.nearest, self.mean, self.farthest = (
            np.asarray(distances, dtype=np.float64) for distances in (nearest, mean, farthest)
        )
        n = len(self.n_features)
        for key in ("nearest", "mean", "farthest"):
            shape = getattr(self, key).shape
            if len(shape) != 2 or len(self.nearest) != n or shape != self.nearest.shape:
                raise ValueError(
                    f"{key} must have shape ({n}, n_queries), as the others; got shape {shape}."
                )
        if not (self.farthest > 0).all() or not np.isfinite(self.farthest).all():
            raise ValueError("farthest must hold finite distances above 0.")
        check_choice("metric", metric, tuple(_METRIC_NAMES))
        self.metric = metric
        self.name = name
        self._ratios = self.nearest / self.farthest
        self.ratio_ = self._ratios.mean(axis=1)

    @classmethod
    def from_random(
        cls,
        n_features: ArrayLike | None = None,
        *,
        distribution: str = "uniform",
        n_samples: int = 1000,
        n_queries: int = 50,
        metric: str = "euclidean",
        quantity: str = "ratio",
        random_state: Any = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the curve of independent random features.

        Parameters
        ----------
        n_features : array-like of int, shape (n_sizes,), default=None
            Numbers of features, increasing. None: 1, 2, 5, 10, ... and 1000, without 1 by cosine.
        distribution : {"uniform", "normal"}, default="uniform"
            Of every feature: within the unit cube, or the standard normal one.
        n_samples : int, default=1000
            Number of rows that are searched.
        n_queries : int, default=50
            Number of queries; none of them is among the rows.
        metric : str, default="euclidean"
            "euclidean", "manhattan" or "cosine", under any name that
            `nearplane.pairwise_distances` knows.
        quantity : {"ratio", "distance"}, default="ratio"
            As in `plot`.
        random_state : int, RandomState instance or None, default=None
            Decides the numbers.
        name : str, default=None
            The curve's name in the legend; None takes that of the distribution.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            As in `plot`.

        Returns
        -------
        DistanceConcentrationDisplay
        """
        check_choice("distribution", distribution, ("uniform", "normal"))
        core_metric = _read_metric(metric)
        sizes = _chosen_sizes(n_features, _MOST_FEATURES, core_metric)
        n_samples = check_integer("n_samples", n_samples, at_least=1)
        n_queries = check_integer("n_queries", n_queries, at_least=1)
        rng = check_random_state(random_state)
        draw = rng.random_sample if distribution == "uniform" else rng.standard_normal
        summaries = [
            _summary(draw((n_queries, size)), draw((n_samples, size)), core_metric)
            for size in sizes.tolist()
        ]
        title = f"independent {distribution} features" if name is None else name
        display = cls._from_summaries(sizes, summaries, title, core_metric)
        return display.plot(ax, quantity=quantity, **kwargs)

    @classmethod
    def from_data(
        cls,
        X: ArrayLike,
        n_features: ArrayLike | None = None,
        *,
        n_samples: int = 1000,
        n_queries: int = 50,
        metric: str = "euclidean",
        quantity: str = "ratio",
        random_state: Any = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the curve of a data set, of which some features at random are compared.

        Features that are the same in all the rows drawn are left out.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or images
            The data.
        n_features : array-like of int, shape (n_sizes,), default=None
            Numbers of features, increasing. None: 1, 2, 5, 10, ... and all, without 1 by cosine.
        n_samples : int, default=1000
            Number of rows of `X` that are searched, drawn at random; at most all but the queries.
        n_queries : int, default=50
            Number of queries, other rows of `X`.
        metric : str, default="euclidean"
            As in `from_random`.
        quantity : {"ratio", "distance"}, default="ratio"
            As in `plot`.
        random_state : int, RandomState instance or None, default=None
            Decides which rows and features are drawn.
        name : str, default=None
            The curve's name in the legend.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        **kwargs : dict
            As in `plot`.

        Returns
        -------
        DistanceConcentrationDisplay

        Raises
        ------
        ValueError
            If `X` has no more rows than `n_queries`, or fewer features that vary than asked for.
        """
        core_metric = _read_metric(metric)
        n_samples = check_integer("n_samples", n_samples, at_least=2)
        n_queries = check_integer("n_queries", n_queries, at_least=1)
        array = read_array(X, "X")
        if len(array) < n_queries + 2:
            raise ValueError(
                f"X must have two rows more than n_queries={n_queries}; got {len(array)} rows."
            )
        rng = check_random_state(random_state)
        drawn = rng.permutation(len(array))[: n_queries + n_samples]
        rows = array[drawn].reshape(len(drawn), -1)
        varying = np.flatnonzero((rows[n_queries:] != rows[n_queries]).any(axis=0))
        if not len(varying):
            raise ValueError("X must have features that vary; got rows that are all the same.")
        sizes = _chosen_sizes(n_features, len(varying), core_metric)
        if sizes[-1] > len(varying):
            raise ValueError(
                f"n_features must be at most the number of features of X that vary, "
                f"{len(varying)}; got {sizes[-1]}."
            )
        columns = rng.permutation(varying)
        summaries = [
            _summary(rows[:n_queries, part], rows[n_queries:, part], core_metric)
            for part in (columns[:size] for size in sizes.tolist())
        ]
        display = cls._from_summaries(sizes, summaries, name, core_metric)
        return display.plot(ax, quantity=quantity, **kwargs)

    def plot(self, ax: "Axes | None" = None, *, quantity: str = "ratio", **kwargs: Any) -> Self:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new pyplot figure.
        quantity : {"ratio", "distance"}, default="ratio"
            What to draw: the nearest distance over the farthest, with a band that holds four
            queries in five; or the farthest, the mean and the nearest distance themselves.
        **kwargs : dict
            Passed to matplotlib's ``plot`` for every line, such as ``color``.

        Returns
        -------
        DistanceConcentrationDisplay
            This object.
        """
        check_choice("quantity", quantity, _QUANTITIES)
        self.ax_ = axes_or_new(ax)
        self.figure_ = self.ax_.figure
        self.ax_.set_xscale("log")
        if quantity == "ratio":
            self._draw_ratio(kwargs)
        else:
            self._draw_distances(kwargs)
        self.ax_.set_xlabel("Number of features")
        self.ax_.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        if self.ax_.get_legend_handles_labels()[1]:
            self.ax_.legend()
        return self

    @classmethod
    def _from_summaries(
        cls,
        sizes: NDArray[np.int64],
        summaries: Sequence[NDArray[np.float64]],
        name: str | None,
        metric: str,
    ) -> Self:
        nearest, mean, farthest = np.stack(summaries, axis=1)
        return cls(
            n_features=sizes,
            nearest=nearest,
            mean=mean,
            farthest=farthest,
            name=name,
            metric=metric,
        )

    def _draw_ratio(self, options: dict[str, Any]) -> None:
        defaults: dict[str, Any] = {"marker": "o", "markersize": 4, "label": self.name}
        self.lines_ = self.ax_.plot(self.n_features, self.ratio_, **(defaults | options))
        colour = self.lines_[0].get_color()
        low, high = np.percentile(self._ratios, _BAND, axis=1)
        self.band_ = self.ax_.fill_between(
            self.n_features, low, high, color=colour, alpha=0.2, linewidth=0
        )
        self.ax_.set_ylim(0, 1)
        self._name_axis("Nearest / farthest {}")

    def _draw_distances(self, options: dict[str, Any]) -> None:
        means = {key: getattr(self, key).mean(axis=1) for key in _LINES}
        colour = None  # the next of the cycle, for all three
        self.lines_ = []
        for key, linestyle in _LINES.items():
            label = ", ".join(filter(None, (self.name, key)))
            defaults = {"linestyle": linestyle, "color": colour, "label": label}
            self.lines_ += self.ax_.plot(self.n_features, means[key], **(defaults | options))
            colour = self.lines_[-1].get_color()
        # Few features leave equal rows, at a distance that no logarithmic axis reaches down to.
        self.ax_.set_yscale("log", nonpositive="mask")
        self.band_ = self.ax_.fill_between(
            self.n_features,
            means["nearest"],
            means["farthest"],
            where=means["nearest"] > 0,
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
        self._name_axis("{}")

    def _name_axis(self, text: str) -> None:
        """Name what is drawn; where curves of several metrics share the axes, by none of them."""
        name = text.format(_METRIC_NAMES[self.metric])
        others = {text.format(metric) for metric in _METRIC_NAMES.values()} - {name}
        common = text.format("distance")
        if self.ax_.get_ylabel() in {*others, common}:
            name = common
        self.ax_.set_ylabel(name[0].upper() + name[1:])


def _summary(queries: NDArray[Any], rows: NDArray[Any], metric: str) -> NDArray[np.float64]:
    """Return the nearest, the mean and the farthest distance of each query: (3, n_queries)."""
    distances = pairwise_distances(queries, rows, metric)
    return np.stack([distances.min(axis=1), distances.mean(axis=1), distances.max(axis=1)])


def _read_sizes(n_features: ArrayLike) -> NDArray[np.int64]:
    values = np.asarray(n_features)
    if values.ndim != 1 or not values.size:
        raise ValueError(f"n_features must be a list of at least one number; got {n_features!r}.")
    sizes = [check_integer("n_features", value, at_least=1) for value in values.tolist()]
    if np.any(np.diff(sizes) <= 0):
        raise ValueError(f"n_features must increase; got {sizes}.")
    return np.array(sizes, dtype=np.int64)


def _chosen_sizes(n_features: ArrayLike | None, most: int, metric: str) -> NDArray[np.int64]:
    """Return the numbers of features to draw, of up to `most`."""
    sizes = _sizes_up_to(most) if n_features is None else _read_sizes(n_features)
    if metric != "cosine" or sizes[0] > 1:
        return sizes
    if n_features is None and len(sizes) > 1:
        return sizes[1:]
    raise ValueError(
        "n_features must be at least 2 for metric='cosine', as there are no angles between single "
        f"features; got {sizes[0]}."
    )


def _sizes_up_to(most: int) -> NDArray[np.int64]:
    """Return 1, 2, 5, 10, ... below `most`, and `most`."""
    steps = [factor * 10**power for power in range(len(str(most))) for factor in (1, 2, 5)]
    return np.array([*(step for step in steps if step < most), most], dtype=np.int64)


def _read_metric(metric: str) -> str:
    core_metric = resolve_metric(metric)
    check_choice("metric", core_metric, tuple(_METRIC_NAMES))
    return core_metric
