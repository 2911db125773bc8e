"""`LinearClassifierSweep`: many settings of a linear classifier for little more than one."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from nearplane._progress import progress_bar
from nearplane._validation import (
    check_flag,
    check_integer,
    check_real,
    resolve_n_jobs,
    with_names,
)
from nearplane.linear_model._candidates import (
    LARGEST_SEED,
    Candidate,
    base_classifier,
    report_divergence,
    seeded,
)
from nearplane.linear_model._classifier import LinearClassifier
from nearplane.linear_model._data import LabelledData, read_labelled, read_validation
from nearplane.linear_model._grid import ParamGrid, Params, expand_grid
from nearplane.linear_model._sweep_prediction import SweepPrediction
from nearplane.linear_model._sweep_splits import Split, cross_validation_splits, draw_split
from nearplane.linear_model._sweep_table import make_results, mean_history
from nearplane.linear_model._sweep_training import SweepTraining

# The penalty is what there is to choose, since the learning rate has a good automatic default.
_DEFAULT_GRID = {"alpha": [0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]}


class LinearClassifierSweep(SweepPrediction):
    """Choose the parameters of a `LinearClassifier` by training all settings of a grid at once.

    Settings that differ only in `alpha`, `l1_ratio`, `penalty`, `learning_rate`, `schedule`,
    `warmup_epochs`, `optimizer`, `momentum`, `decay` or `epsilon` are trained in one pass over the
    data, each exactly as it would be alone: same batches, same weights to the last bit. Settings
    that differ in other parameters get passes of their own.

    Parameters
    ----------
    estimator : LinearClassifier, default=None
        Has the parameters that the grid does not name. None: ``LinearClassifier()``.
    param_grid : dict or list of dict, default=None
        The values of each parameter, in lists; several grids follow one another. A value that is no
        list counts as a list of one, so a list of single settings is a grid too. With `n_iter` also
        distributions, which have a method ``rvs``. None: eight values of `alpha`.
    cv : int, splitter or iterable, default=None
        What settings are judged by. None: one split, which keeps the estimator's
        `validation_fraction` of each class; a number: that many stratified folds; else what
        scikit-learn takes. `X_val` and `y_val` given to `fit` take its place.
    refit : bool, default=True
        Whether to train the best setting again, on all rows of `fit`. Not needed, and not done, if
        `X_val` was given: it has been trained on all rows then. If not, `best_estimator_` is the
        one that was trained on the split, and after several splits there is none.
    n_iter : int, default=None
        How many settings of the grid to draw at random. None: all.
    random_state : int, RandomState or None, default=None
        Draws settings, the split, and the batches if the estimator has no random_state of its own;
        all settings see the same batches.
    n_jobs : int, default=None
        Number of threads, see `LinearClassifier`. None: the estimator's.
    verbose : bool, default=False
        Show a bar, if standard error is a terminal.

    Attributes
    ----------
    results_ : dict of str to ndarray or list
        A table that ``pandas.DataFrame`` reads, one row a setting, in the order of the grid:
        "param_*" for each parameter in the grid; "params", as a dict; "validation_accuracy" and
        "validation_loss" (mean data loss); "train_accuracy" and "train_loss", those of the batches
        when they were seen, see `LinearClassifier.history_`; "learning_rate", resolved; "n_iter",
        epochs run; "status", "finished", "stopped early", "converged" or "diverged at epoch 3";
        "rank", from 1; "fit_time", the setting's share of the seconds that training took. Figures
        are those of the epoch whose weights were kept and, of several splits, means; then there are
        "validation_accuracy_std" and "validation_accuracy_split0" and so on, too. A setting that
        diverged on one split has none and is last.
    histories_ : list of dict
        The learning curves of each setting, as in `LinearClassifier.history_`; of several splits
        the means, as far as the shortest goes.
    best_index_ : int
        The row of the best setting: that with the highest validation accuracy, of equals the one
        with the lowest validation loss, then the first.
    best_params_ : dict
        Its parameters in the grid.
    best_score_ : float
        Its validation accuracy.
    best_estimator_ : LinearClassifier
        With those parameters, fitted; see `refit`. It predicts for the sweep.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    n_splits_ : int
        Number of splits.
    n_features_in_ : int
        Number of features; height * width * channels for images.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `fit` was given a data frame with names.

    See Also
    --------
    LinearClassifier : One setting.
    LinearClassifierCV : Cross-validation in the layout of scikit-learn's GridSearchCV.

    Notes
    -----
    Settings that diverge are dropped as soon as they do, and named in one `ConvergenceWarning`.
    With ``early_stopping=True`` each setting stops by itself, judged by the rows it is compared by.
    The weights of settings trained together are kept below about 1 GB by more passes. Ctrl-C while
    settings are trained leaves the sweep as it was before; during the final fit it leaves
    everything but `best_estimator_`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from nearplane.linear_model import LinearClassifier, LinearClassifierSweep
    >>> X, y = load_digits(return_X_y=True)
    >>> grid = {"alpha": [0.0001, 0.01, 1], "optimizer": ["sgd", "adam"]}
    >>> sweep = LinearClassifierSweep(LinearClassifier(max_epochs=10), grid, random_state=0)
    >>> sweep.fit(X[:1000], y[:1000]).best_params_["alpha"] < 1
    True
    >>> len(sweep.results_["rank"]), bool(sweep.score(X[1000:], y[1000:]) > 0.9)
    (6, True)
    """

    def __init__(
        self,
        estimator: LinearClassifier | None = None,
        param_grid: ParamGrid | None = None,
        *,
        cv: Any = None,
        refit: bool = True,
        n_iter: int | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.estimator = estimator
        self.param_grid = param_grid
        self.cv = cv
        self.refit = refit
        self.n_iter = n_iter
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train all settings, and choose the best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, \
width) or (n_samples, height, width, channels)
            Real, finite numbers; see `nearplane.pairwise_distances` for the types.
        y : array-like of shape (n_samples,)
            Labels: integers, booleans or text.
        sample_weight : array-like of shape (n_samples,), default=None
            For training, as in `LinearClassifier.fit`. In validation each row counts the same, but
            for those of weight 0, which are left out.
        X_val, y_val : array-like, default=None
            What to judge the settings by, instead of a part of `X`.
        groups : array-like of shape (n_samples,), default=None
            For splitters given as `cv` that keep groups together.

        Returns
        -------
        LinearClassifierSweep
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If an argument, a parameter or a value in the grid is not as described; the message
            names it. Also if every setting diverges; `results_` is there all the same.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If settings diverged.
        """
        refit, verbose = check_flag("refit", self.refit), check_flag("verbose", self.verbose)
        rng = check_random_state(self.random_state)
        grid_seed, split_seed, batch_seed = rng.randint(LARGEST_SEED, size=3).tolist()
        base = seeded(self._base(), batch_seed)
        given = self._settings(base, grid_seed)
        candidates = [
            Candidate.of(seeded(clone(base).set_params(**params), batch_seed)) for params in given
        ]
        n_threads = resolve_n_jobs(base.n_jobs)
        data = read_labelled(X, y, sample_weight, estimator=self, n_threads=n_threads)
        if X_val is None and y_val is None:
            splits = self._splits(data, groups, base.validation_fraction, split_seed)
        elif self.cv is None:
            held_out = read_validation(X_val, y_val, data, estimator=self, n_threads=n_threads)
            splits = [Split(data, np.arange(len(data.y)), held_out)]
        else:
            raise ValueError(f"cv must be None if X_val and y_val are given; got {self.cv!r}.")
        trained_best = len(splits) == 1 and (splits[0].trains_on_all or not refit)
        training = SweepTraining(candidates, splits, keep_winner=trained_best)
        with progress_bar("sweep", enabled=verbose) as bar:
            training.run(bar)

        self._take_results(given, candidates, training, len(splits))
        self.classes_ = data.classes
        validate_data(self, with_names(X, data.X), reset=True, skip_check_array=True)
        best = candidates[self.best_index_].model
        if training.winner is not None:
            validate_data(best, with_names(X, data.X), reset=True, skip_check_array=True)
            best._take(training.winner.attributes)
            self.best_estimator_ = best
        elif refit:
            self.best_estimator_ = best.set_params(verbose=verbose or best.verbose).fit(
                X, y, sample_weight
            )
        return self

    def _base(self) -> LinearClassifier:
        """Return the classifier whose parameters all settings begin with."""
        base = base_classifier(self.estimator, self.n_jobs)
        check_real("validation_fraction", base.validation_fraction, above=0, below=1)
        return base

    def _settings(self, base: LinearClassifier, seed: int) -> list[Params]:
        """Return the parameters of each setting that the grid names."""
        n_iter = self.n_iter
        if n_iter is not None:
            n_iter = check_integer("n_iter", n_iter, at_least=1)
        grid = _DEFAULT_GRID if self.param_grid is None else self.param_grid
        return expand_grid(grid, base.get_params(), n_iter=n_iter, random_state=seed)

    def _splits(
        self, data: LabelledData, groups: ArrayLike | None, fraction: float, seed: int
    ) -> list[Split]:
        """Return how the data are parted."""
        if self.cv is None:
            return [draw_split(data, fraction, seed)]
        return cross_validation_splits(self.cv, data, {"groups": groups})

    def _take_results(
        self,
        given: Sequence[Params],
        candidates: Sequence[Candidate],
        training: SweepTraining,
        n_splits: int,
    ) -> None:
        """Set the attributes that tell how the settings fared, and forget those of a fit before."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)
        trials = training.trials
        settings = [candidate.params for candidate in candidates]
        self.results_ = make_results(given, settings, trials, n_splits)
        self.histories_ = [mean_history([trial.history for trial in tried]) for tried in trials]
        self.n_splits_ = n_splits
        diverged = [tried[-1].diverged for tried in trials]
        report_divergence(given, self.results_["status"], diverged, stacklevel=3)
        self.best_index_ = int(self.results_["rank"].argmin())
        self.best_params_ = given[self.best_index_]
        self.best_score_ = float(self.results_["validation_accuracy"][self.best_index_])
