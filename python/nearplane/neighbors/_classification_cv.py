"""`KNeighborsClassifierCV`: k, the metric and the weights, chosen by one search a metric."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metadata_routing import UNUSED

from nearplane._cv_results import best_row
from nearplane._cv_scoring import Metadata, Scorer
from nearplane._cv_splits import read_splits, resolve_cv
from nearplane._progress import progress_bar
from nearplane._targets import plain_labels, read_targets
from nearplane._validation import (
    Metric,
    check_choice,
    check_flag,
    resolve_metric,
    resolve_n_jobs,
)
from nearplane.neighbors._classification import KNeighborsClassifier
from nearplane.neighbors._cv_candidates import Candidates
from nearplane.neighbors._cv_prediction import ChosenClassifier
from nearplane.neighbors._cv_rounds import Round, leave_one_out, plan_rounds
from nearplane.neighbors._cv_scores import AccuracyJudge, Judge, ScorerJudge
from nearplane.neighbors._cv_search import Rules, score_each_metric
from nearplane.neighbors._searcher import ALGORITHMS
from nearplane.neighbors._searchers import AnySearcher, make_searcher
from nearplane.neighbors._weights import Weights


class KNeighborsClassifierCV(ChosenClassifier):
    """Choose k, the metric and the weights of a `KNeighborsClassifier` by cross-validation.

    Neighbours have one order. So one exact search for the largest k, in which each row skips the
    rows of its own fold, answers for every k, all weights and all folds: it takes one search for
    each metric instead of one for each candidate and fold. The scores are those that scikit-learn's
    GridSearchCV finds by fitting each candidate on each split.

    Parameters
    ----------
    n_neighbors : int or list of int, default=(1, 3, 5, 8, 10, 12, 15, 20)
        The numbers of neighbours to try.
    metric : str or list of str, default=("euclidean", "manhattan")
        The metrics to try, as `KNeighborsClassifier` knows them.
    weights : {"uniform", "distance"}, callable, or list of these, default=("uniform",)
        The weights to try, as there.
    cv : int, splitter, iterable or "loo", default=None
        What candidates are judged by. None: five stratified folds; a number: that many; a splitter
        of scikit-learn's; pairs of training and test rows. "loo": each row is judged by all others.
    scoring : str or callable, default=None
        What is scored, by scikit-learn's name, or a function of an estimator, queries and labels.
        None: accuracy. The estimator that a function is given predicts labels and probabilities of
        these queries only; of its parameters it knows `n_neighbors` and `weights`.
    refit : bool, default=True
        Whether to keep the rows, and the search that the best candidate needs, as
        `best_estimator_`. It costs no time.
    algorithm : {"auto", "brute", "pruned"}, default="auto"
        How to search, see `KNeighborsClassifier`. It does not change a bit of the answer.
    ties : {"smallest", "nearest"}, default="smallest"
        Which class wins among those with equal votes, see there.
    n_jobs : int, default=None
        Number of threads, see there.
    verbose : bool, default=False
        Show a bar while searching, if standard error is a terminal.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray or list
        A table that ``pandas.DataFrame`` reads, one row a candidate, laid out as GridSearchCV's:
        "params"; "param_metric", "param_n_neighbors" and "param_weights"; "split0_test_score" and
        so on (none of them for "loo"); "mean_test_score", "std_test_score" and "rank_test_score".
        "mean_fit_time" and "mean_score_time" are a candidate's equal shares of the seconds that the
        searches and the votes took, with the deviations "std_fit_time" and "std_score_time".
    best_index_ : int
        The row of the best candidate: the first of those with the highest mean score.
    best_params_ : dict
        Its parameters.
    best_score_ : float
        Its mean score.
    best_estimator_ : KNeighborsClassifier
        With those parameters, fitted to all rows; only if `refit`.
    n_neighbors_, metric_, weights_ : int, str, str or callable
        The values of `best_params_`.
    n_splits_ : int
        Number of splits; for "loo" the number of rows.
    scorer_ : callable
        What has scored.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    n_features_in_ : int
        Number of features; height * width * channels for images.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `fit` was given a data frame with names.

    See Also
    --------
    predict_each_k : The predictions of each k for other rows than the fitted.
    nearplane.display.AccuracyCurveDisplay : Draws the scores.

    Notes
    -----
    Folds of one k-fold are served by one search, repeated k-fold by one for each repetition, splits
    at random by one for each split. All searches with a metric share one sketch. Beside the rows,
    memory holds the neighbours of one search, and at most about 128 MB of them or those of one
    split, if that is more.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nearplane import KNeighborsClassifierCV
    >>> X, y = load_digits(return_X_y=True)
    >>> model = KNeighborsClassifierCV([1, 3, 5, 10], cv=5).fit(X[:1000], y[:1000])
    >>> model.best_params_
    {'metric': 'euclidean', 'n_neighbors': 1, 'weights': 'uniform'}
    >>> bool(model.best_score_ > 0.95), bool(model.score(X[1000:], y[1000:]) > 0.95)
    (True, True)
    """

    # Groups are for the splitter, not for the estimator itself.
    __metadata_request__fit: ClassVar = {"groups": UNUSED}

    def __init__(
        self,
        n_neighbors: int | Sequence[int] = (1, 3, 5, 8, 10, 12, 15, 20),
        *,
        metric: str | Sequence[str] = ("euclidean", "manhattan"),
        weights: Weights | Sequence[Weights] = ("uniform",),
        cv: Any = None,
        scoring: str | Callable[..., float] | None = None,
        refit: bool = True,
        algorithm: str = "auto",
        ties: str = "smallest",
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.weights = weights
        self.cv = cv
        self.scoring = scoring
        self.refit = refit
        self.algorithm = algorithm
        self.ties = ties
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def fit(
        self, X: ArrayLike, y: ArrayLike, *, groups: ArrayLike | None = None, **params: Any
    ) -> Self:
        """Score all candidates, and keep the best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, \
width) or (n_samples, height, width, channels)
            Real, finite numbers; see `nearplane.pairwise_distances` for the types.
        y : array-like of shape (n_samples,)
            Labels: integers, booleans or text.
        groups : array-like of shape (n_samples,), default=None
            For splitters given as `cv` that keep groups together.
        **params : dict
            What the splitter and the scorer have requested, if scikit-learn's metadata routing is
            enabled.

        Returns
        -------
        KNeighborsClassifierCV
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If an argument or a parameter is not as described, or if a split has fewer training rows
            than the largest of `n_neighbors`; the message names it. Also whatever `scoring` raises.

        Warns
        -----
        UserWarning
            If `scoring` gave scores that are not finite; such candidates are ranked last.
        """
        candidates = Candidates.read(self.n_neighbors, self.metric, self.weights)
        refit, verbose = check_flag("refit", self.refit), check_flag("verbose", self.verbose)
        check_choice("algorithm", self.algorithm, ALGORITHMS)
        scorer = self._read_scorer()
        routed = self._route_fit(scorer, None, groups, params)
        model = self._read(X, y)
        rounds = self._rounds(model, routed.split, max(candidates.ks))
        judge = self._judge(model, scorer, X, routed.score)
        rules = Rules(
            candidates.ks, candidates.weights, self.ties, model._y[:, 0], len(model.classes_)
        )
        searchers = {
            metric: make_searcher(model._searcher.rows, metric, self.algorithm)
            for metric in map(resolve_metric, candidates.metrics)
        }
        n_threads = resolve_n_jobs(self.n_jobs)
        with progress_bar("cross-validation", enabled=verbose) as bar:
            scores = score_each_metric(
                searchers, rounds, rules, judge, n_threads=n_threads, progress=bar
            )
        results = candidates.results(scores, split_columns=not self._leaves_one_out())
        _report_failures(results["mean_test_score"])
        fitted = {"cv_results_": results, "scorer_": scorer, "classes_": model.classes_}
        fitted["n_splits_"] = sum(len(round_.splits) for round_ in rounds)
        self._take(fitted, model, searchers, refit=refit)
        return self

    def _read(self, X: ArrayLike, y: ArrayLike) -> KNeighborsClassifier:
        """Return a classifier that has read all data; how it is to search is told it later."""
        labels = plain_labels(read_targets(self, y, numeric=False))
        if labels.ndim > 1:
            raise ValueError(
                f"y must hold one label for each row of X; got an array of shape {labels.shape}."
            )
        model = KNeighborsClassifier(
            algorithm="brute", ties=self.ties, n_jobs=self.n_jobs, verbose=self.verbose
        )
        return model.fit(X, labels)

    def _judge(
        self,
        model: KNeighborsClassifier,
        scorer: Scorer,
        X: ArrayLike,
        metadata: Metadata,
    ) -> Judge:
        """Return what scores the votes: for accuracy, something faster than scikit-learn's."""
        codes = model._y[:, 0]
        if self.scoring in (None, "accuracy") and not metadata:
            return AccuracyJudge(codes)
        return ScorerJudge(scorer, X, codes, model.classes_, metadata)

    def _leaves_one_out(self) -> bool:
        return isinstance(self.cv, str) and self.cv == "loo"

    def _rounds(self, model: KNeighborsClassifier, metadata: Metadata, k: int) -> list[Round]:
        """Return the rounds in which `cv` is searched, after checking that k neighbours exist."""
        rows, labels = model._searcher.rows, model.classes_[model._y[:, 0]]
        n = len(rows)
        if self._leaves_one_out():
            rounds = leave_one_out(n)
        else:
            splits = resolve_cv(self.cv, labels).split(rows, labels, **metadata)
            rounds = plan_rounds(read_splits(splits, n), n)
        n_training = min(round_.n_training for round_ in rounds)
        if k > n_training:
            raise ValueError(
                "n_neighbors must be at most the number of rows that every split trains on; got "
                f"{k}, and a split trains on {n_training} rows of n_samples = {n}."
            )
        return rounds

    def _take(
        self,
        fitted: dict[str, Any],
        model: KNeighborsClassifier,
        searchers: dict[Metric, AnySearcher],
        *,
        refit: bool,
    ) -> None:
        """Set what was fitted and forget what was before, all or nothing."""
        results = fitted["cv_results_"]
        best = fitted["best_index_"] = best_row(results)
        chosen = fitted["best_params_"] = results["params"][best]
        fitted["best_score_"] = float(results["mean_test_score"][best])
        fitted |= {f"{name}_": value for name, value in chosen.items()}
        fitted["n_features_in_"] = model.n_features_in_
        if hasattr(model, "feature_names_in_"):
            fitted["feature_names_in_"] = model.feature_names_in_
        if refit:
            model.set_params(**chosen, algorithm=self.algorithm)
            model._take(searchers[resolve_metric(chosen["metric"])], model._row_shape)
            fitted["best_estimator_"] = model
        kept = {name: value for name, value in vars(self).items() if not name.endswith("_")}
        # One step for the interpreter, between whose steps Ctrl-C is heard.
        self.__dict__ = kept | fitted


def _report_failures(means: NDArray[np.float64]) -> None:
    """Warn of candidates without a mean, as scikit-learn's searches do."""
    n_failed = int((~np.isfinite(means)).sum())
    if n_failed:
        warnings.warn(
            f"scoring gave {n_failed} of {len(means)} candidates a mean that is not finite: see "
            "cv_results_.",
            UserWarning,
            stacklevel=3,
        )
