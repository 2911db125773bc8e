"""`LinearClassifierCV`: a linear classifier that chooses its parameters by cross-validation."""

import time
import warnings
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import LeaveOneOut, ParameterGrid
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import validate_data

from nearplane._cv_results import best_row
from nearplane._cv_scoring import ScoringCV
from nearplane._progress import progress_bar
from nearplane._validation import check_flag, resolve_n_jobs, with_names
from nearplane.linear_model._candidates import (
    Candidate,
    base_classifier,
    report_divergence,
    seeded,
)
from nearplane.linear_model._classifier import LinearClassifier
from nearplane.linear_model._cv_folds import Fold, Judge, tabulate
from nearplane.linear_model._data import read_labelled
from nearplane.linear_model._grid import Params, read_values
from nearplane.linear_model._sweep_prediction import SweepPrediction
from nearplane.linear_model._sweep_splits import cross_validation_splits
from nearplane.linear_model._sweep_table import mean_history
from nearplane.linear_model._sweep_training import SweepTraining

# The parameters of which there may be several values.
_CHOSEN = ("loss", "alpha", "learning_rate", "optimizer", "penalty", "preprocess")


class LinearClassifierCV(ScoringCV, SweepPrediction):
    """A `LinearClassifier` that chooses its parameters by cross-validation.

    It finds what scikit-learn's ``GridSearchCV(LinearClassifier(...), {...})`` finds, score for
    score and split for split, in one pass over each fold's rows for all values of `alpha`,
    `learning_rate`, `optimizer` and `penalty`, see `LinearClassifierSweep`.

    Parameters
    ----------
    loss : str or list of str, default="softmax"
        As of `LinearClassifier`; here and in the next five a list means that all its values are
        tried, in all combinations.
    alpha : float or list of float, default=(0, 1e-4, 1e-3, 1e-2, 1e-1)
        Strength of the penalty.
    learning_rate : float, "auto" or list of these, default="auto"
        Length of the steps.
    optimizer : str or list of str, default="sgd"
        How a gradient becomes a step.
    penalty : str, None or list of these, default="l2"
        What `alpha` multiplies.
    preprocess : str or list of str, default="standardize"
        What the weights see of the features; means and deviations are those of each fold's own
        training rows.
    estimator : LinearClassifier, default=None
        Has all other parameters. None: their defaults.
    cv : int, splitter, iterable or "loo", default=None
        A number of stratified folds, None for five of them; what scikit-learn takes; or "loo",
        which leaves one row out at a time and so trains as often as there are rows.
    scoring : str or callable, default=None
        The name of a scorer of scikit-learn's, or a callable that takes ``(estimator, X, y)`` and
        returns a number, the greater the better. None: accuracy.
    refit : bool, default=True
        Whether to train the best setting on all rows; without it there are no predictions.
    random_state : int, RandomState or None, default=None
        Draws the batches: an integer is the random_state of every classifier. None: the
        estimator's; if it has none either, one integer is drawn for all.
    n_jobs : int, default=None
        Number of threads, see `LinearClassifier`. None: the estimator's.
    verbose : bool, default=False
        Show a bar, if standard error is a terminal.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray, or list of dict for "params"
        The table of ``GridSearchCV.cv_results_``, one row a setting: "params" and a column for each
        of the six parameters, "param_alpha" and so on; "split0_test_score" and so on (not of
        "loo"), "mean_test_score", "std_test_score", "rank_test_score"; means and standard
        deviations of "fit_time", the setting's share of the seconds of a pass, of "score_time",
        of the resolved "learning_rate" and of "n_iter", epochs run; and "status", "finished",
        "stopped early", "converged" or "diverged at epoch 3". A setting that diverges on one split
        is spared those after it, has the mean NaN and shares the last rank.
    histories_ : list of dict
        The training curves of each setting, as in `LinearClassifier.history_`: means over the
        splits, as far as the shortest goes.
    best_index_ : int
        The row of the best setting, the first among equals.
    best_params_ : dict
        Its parameters.
    best_score_ : float
        Its mean score.
    best_estimator_ : LinearClassifier
        With those parameters, fitted on all rows. Only with `refit`.
    loss_, alpha_, learning_rate_, optimizer_, penalty_, preprocess_ : object
        The values in `best_params_`; what "auto" came to is ``best_estimator_.learning_rate_``.
    scorer_ : callable
        What gives the scores.
    refit_time_ : float
        Seconds that the last training took. Only with `refit`.
    n_splits_ : int
        Number of splits.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    n_features_in_ : int
        Number of features; height * width * channels for images.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `fit` was given a data frame with names.

    See Also
    --------
    LinearClassifierSweep : Any grid of parameters, on one split or several; keeps validation
        curves.
    nearplane.KNeighborsClassifierCV : The same for nearest neighbours.

    Notes
    -----
    Where settings diverge, GridSearchCV would score the weights from before; here they are given
    up. With ``early_stopping=True`` each fold takes the validation set from its training rows.
    Ctrl-C while folds are trained leaves the estimator as it was before; during the final fit it
    leaves everything but `best_estimator_`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nearplane.linear_model import LinearClassifier, LinearClassifierCV
    >>> X, y = load_digits(return_X_y=True)
    >>> model = LinearClassifierCV(
    ...     alpha=[0.001, 1.0], estimator=LinearClassifier(max_epochs=15), cv=3, random_state=0
    ... ).fit(X[:1000], y[:1000])
    >>> model.alpha_, model.cv_results_["rank_test_score"].tolist()
    (0.001, [1, 2])
    >>> bool(model.score(X[1000:], y[1000:]) > 0.9)
    True
    """

    # Passed on, and asked for by the splitter that gets them.
    __metadata_request__fit: ClassVar = {"groups": UNUSED}

    def __init__(
        self,
        loss: str | Sequence[str] = "softmax",
        *,
        alpha: float | Sequence[float] = (0, 1e-4, 1e-3, 1e-2, 1e-1),
        learning_rate: float | str | Sequence[float | str] = "auto",
        optimizer: str | Sequence[str] = "sgd",
        penalty: str | Sequence[str | None] | None = "l2",
        preprocess: str | Sequence[str] = "standardize",
        estimator: LinearClassifier | None = None,
        cv: Any = None,
        scoring: Any = None,
        refit: bool = True,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.loss = loss
        self.alpha = alpha
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.penalty = penalty
        self.preprocess = preprocess
        self.estimator = estimator
        self.cv = cv
        self.scoring = scoring
        self.refit = refit
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        **params: Any,
    ) -> Self:
        """Cross-validate all settings, and train the best on all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, \
width) or (n_samples, height, width, channels)
            Real, finite numbers; see `nearplane.pairwise_distances` for the types.
        y : array-like of shape (n_samples,)
            Labels: integers, booleans or text.
        sample_weight : array-like of shape (n_samples,), default=None
            For training, as in `LinearClassifier.fit`, and for scorers that take weights.
        groups : array-like of shape (n_samples,), default=None
            For splitters given as `cv` that keep groups together.
        **params : dict
            What else splitter and scorer ask for, with scikit-learn's metadata routing enabled.

        Returns
        -------
        LinearClassifierCV
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If an argument, a parameter or one of its values is not as described; the message names
            it. Also if every setting diverges; `cv_results_` is there all the same.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If settings diverged.
        sklearn.exceptions.UndefinedMetricWarning
            If the scorer returned NaN.
        """
        refit, verbose = check_flag("refit", self.refit), check_flag("verbose", self.verbose)
        base, given, scorer = self._base(), self._settings(), self._read_scorer()
        candidates = [Candidate.of(clone(base).set_params(**setting)) for setting in given]
        n_threads = resolve_n_jobs(base.n_jobs)
        data = read_labelled(X, y, sample_weight, estimator=self, n_threads=n_threads)
        data.weighted_by_class(base.class_weight)  # labels that no fold knows are refused here
        routed = self._route_fit(scorer, sample_weight, groups, params)
        cv = LeaveOneOut() if self._leaves_one_out() else self.cv
        judge = Judge(scorer, X, data, routed.score)
        folds = [Fold.of(split, judge) for split in cross_validation_splits(cv, data, routed.split)]
        training = SweepTraining(candidates, folds, keep_winner=False)
        with progress_bar("cross-validation", enabled=verbose) as bar:
            training.run(bar)

        self._take_results(given, training, len(folds))
        self.scorer_, self.classes_ = scorer, data.classes
        validate_data(self, with_names(X, data.X), reset=True, skip_check_array=True)
        if refit:
            best = candidates[self.best_index_].model
            began = time.perf_counter()
            best.set_params(verbose=verbose or best.verbose).fit(X, y, sample_weight)
            self.refit_time_ = time.perf_counter() - began
            self.best_estimator_ = best
        return self

    @property
    def coef_(self) -> NDArray[np.float64]:
        """`best_estimator_.coef_`, of shape (n_classes, n_features)."""
        coef: NDArray[np.float64] = self.best_estimator_.coef_
        return coef

    @property
    def intercept_(self) -> NDArray[np.float64]:
        """`best_estimator_.intercept_`, of shape (n_classes,)."""
        intercept: NDArray[np.float64] = self.best_estimator_.intercept_
        return intercept

    def _prototype(self) -> LinearClassifier:
        return LinearClassifier() if self.estimator is None else self.estimator

    def _prototypes(self) -> list[LinearClassifier]:
        losses = read_values("loss", self.loss)
        return [clone(self._prototype()).set_params(loss=loss) for loss in losses]

    def _base(self) -> LinearClassifier:
        """Return the classifier whose parameters all settings begin with."""
        base = base_classifier(self.estimator, self.n_jobs)
        defaults = LinearClassifier().get_params()
        for name in _CHOSEN:
            value, values = getattr(base, name), read_values(name, getattr(self, name))
            if value != defaults[name] and value not in values:
                raise ValueError(
                    f"estimator has {name}={value!r}, which {name}={getattr(self, name)!r} of "
                    f"{type(self).__name__} takes the place of; give {name} to that."
                )
        if self.random_state is not None:
            base.set_params(random_state=self.random_state)
        return seeded(base)

    def _settings(self) -> list[Params]:
        """Return the settings in scikit-learn's order."""
        grid = {name: read_values(name, getattr(self, name)) for name in _CHOSEN}
        return list(ParameterGrid(grid))

    def _leaves_one_out(self) -> bool:
        return isinstance(self.cv, str) and self.cv == "loo"

    def _take_results(
        self, given: Sequence[Params], training: SweepTraining, n_splits: int
    ) -> None:
        """Set the attributes that tell how the settings fared, and forget those of a fit before."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)
        trials = training.trials
        self.cv_results_ = tabulate(
            given, trials, n_splits, split_columns=not self._leaves_one_out()
        )
        self.histories_ = [mean_history([trial.history for trial in tried]) for tried in trials]
        self.n_splits_ = n_splits
        diverged = [tried[-1].diverged for tried in trials]
        report_divergence(given, self.cv_results_["status"], diverged, stacklevel=3)
        if np.isnan(self.cv_results_["mean_test_score"]).sum() > sum(diverged):
            text = "scoring returned NaN for some settings; they share the last rank."
            warnings.warn(text, UndefinedMetricWarning, stacklevel=3)
        self.best_index_ = best_row(self.cv_results_)
        self.best_params_ = given[self.best_index_]
        self.best_score_ = float(self.cv_results_["mean_test_score"][self.best_index_])
        for name, value in self.best_params_.items():
            setattr(self, f"{name}_", value)
