"""Scorers of estimators that cross-validate themselves, and the metadata that these pass on."""

from collections.abc import Callable, Mapping
from inspect import signature
from numbers import Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted

Scorer = Callable[..., Any]
Metadata = Mapping[str, Any]


class Routed(NamedTuple):
    """What `fit` was given besides rows and labels, and who gets it."""

    split: Metadata
    score: Metadata


class ScoringCV(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """`score` and metadata routing of an estimator with `cv`, `scoring` and `best_estimator_`.

    Metadata travel as in scikit-learn's LogisticRegressionCV: the estimator itself takes
    `sample_weight`, `cv` what splitters ask for, and `scoring` what scorers ask for.
    """

    cv: Any
    scoring: Any
    best_estimator_: Any
    scorer_: Scorer

    # Passed on, and asked for by the scorer that gets it.
    __metadata_request__score: ClassVar = {"sample_weight": UNUSED}

    def score(
        self,
        X: ArrayLike | None,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        **params: Any,
    ) -> float:
        """Return what `scoring` says of `best_estimator_` on other rows.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), or images
            As in `predict`.
        y : array-like of shape (n_queries,)
            The true labels.
        sample_weight : array-like of shape (n_queries,), default=None
            How much each row counts, for scorers that take it.
        **params : dict
            What else the scorer takes, with scikit-learn's metadata routing enabled.

        Returns
        -------
        float
            The greater the better; without `scoring` the fraction of the rows whose labels are
            predicted.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        AttributeError
            If `fit` left no `best_estimator_`.
        TypeError, ValueError
            If `X` or `y` is not as described.
        """
        best = self._best()
        given = dict(params) | _unless_none("sample_weight", sample_weight)
        if get_config()["enable_metadata_routing"]:
            given = process_routing(self, "score", **given).scorer.score
        else:
            _refuse(params, self, "score")
        score: float = self.scorer_(best, X, y, **given)
        return score

    def get_metadata_routing(self) -> MetadataRouter:
        """Return who asks for which metadata; see scikit-learn's user guide.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
        """
        to_scorer = MethodMapping().add(caller="fit", callee="score")
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
            .add(
                scorer=self._read_scorer(),
                method_mapping=to_scorer.add(caller="score", callee="score"),
            )
        )

    def _prototype(self) -> BaseEstimator:
        """Return an estimator of the kind that is scored."""
        raise NotImplementedError

    def _best(self) -> Any:
        return best_estimator_of(self)

    def _read_scorer(self) -> Scorer:
        """Return the scorer that `scoring` stands for; None: the estimator's own `score`.

        Raises
        ------
        TypeError, ValueError
            If it stands for none.
        """
        if not (self.scoring is None or isinstance(self.scoring, str) or callable(self.scoring)):
            raise TypeError(
                "scoring must be None, the name of a scorer or a callable that takes (estimator, "
                f"X, y); got {self.scoring!r} of type {type(self.scoring).__name__}."
            )
        scorer: Scorer = check_scoring(self._prototype(), scoring=self.scoring)
        return scorer

    def _route_fit(
        self,
        scorer: Scorer,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        params: Metadata,
    ) -> Routed:
        """Return what the splitter and the scorer are given.

        Without metadata routing the splitter gets the groups, and the scorer the weights if it
        takes any.

        Raises
        ------
        TypeError, ValueError
            If there is metadata that nobody has asked for.
        """
        weight = _unless_none("sample_weight", sample_weight)
        if get_config()["enable_metadata_routing"]:
            given = dict(params) | weight | _unless_none("groups", groups)
            routed = process_routing(self, "fit", **given)
            return Routed(routed.splitter.split, routed.scorer.score)
        _refuse(params, self, "fit")
        # The estimator's own `score` takes weights.
        weighs = self.scoring is None or _takes_weights(scorer)
        return Routed({"groups": groups}, weight if weighs else {})


def best_estimator_of(search: Any) -> Any:
    """Return what answers for a fitted search.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        Before `fit`, or if it left no `best_estimator_`: as ``refit=False`` asks, or interrupted.
    """
    if hasattr(search, "best_params_") and not hasattr(search, "best_estimator_"):
        raise NotFittedError(
            f"This {type(search).__name__} has no best_estimator_, which would answer; fit it with "
            "refit=True. The best setting is in best_params_."
        )
    check_is_fitted(search)
    return search.best_estimator_


def read_score(score: Any, scorer: Scorer) -> float:
    """Return a score as a float.

    Raises
    ------
    ValueError
        If it is no number.
    """
    of_one = isinstance(score, np.generic | np.ndarray) and score.size == 1
    number = score.item() if of_one else score
    if not isinstance(number, Real):
        raise ValueError(
            f"scoring must return a number; {scorer!r} returned {score!r} of type "
            f"{type(score).__name__}."
        )
    return float(number)


def part_of(metadata: Metadata, rows: NDArray[np.int64], n_rows: int) -> dict[str, Any]:
    """Return metadata for some of the rows: of what has an entry for each row, theirs."""
    return {name: _part(value, rows, n_rows) for name, value in metadata.items()}


def _part(value: Any, rows: NDArray[np.int64], n_rows: int) -> Any:
    is_array = hasattr(value, "__len__") and not isinstance(value, str)
    return _safe_indexing(value, rows) if is_array and len(value) == n_rows else value


def _unless_none(name: str, value: ArrayLike | None) -> dict[str, Any]:
    return {} if value is None else {name: np.asarray(value)}


def _refuse(params: Metadata, estimator: object, method: str) -> None:
    if params:
        raise TypeError(
            f"{type(estimator).__name__}.{method} takes {', '.join(sorted(params))} only if "
            "metadata routing is enabled: sklearn.set_config(enable_metadata_routing=True)."
        )


def _takes_weights(scorer: Scorer) -> bool:
    if hasattr(scorer, "_accept_sample_weight"):  # of scikit-learn 1.7 and later
        return bool(scorer._accept_sample_weight())
    # Scorers before that say that they take weights even if the function they call does not.
    function = getattr(scorer, "_score_func", scorer)
    return "sample_weight" in signature(function).parameters
