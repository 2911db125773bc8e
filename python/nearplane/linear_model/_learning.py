"""How a linear classifier learns: at one go, or batch by batch."""

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from nearplane._decorators import available_if
from nearplane._progress import progress_bar
from nearplane._validation import with_names
from nearplane.linear_model._callbacks import (
    CALLER_OF_FIT,
    CallbackSupportMixin,
    EpochTasks,
    with_callbacks,
)
from nearplane.linear_model._checkpoint import UNFINISHED, open_checkpoint
from nearplane.linear_model._data import (
    LabelledData,
    read_classes,
    read_labelled,
    read_validation,
    split_validation,
)
from nearplane.linear_model._exact import Minimisation
from nearplane.linear_model._fitting import (
    Problem,
    complaint,
    divergence,
    joined,
    pose,
    run,
)
from nearplane.linear_model._parameters import Parameters, for_partial_fit, read_parameters
from nearplane.linear_model._prediction import LinearPrediction
from nearplane.linear_model._preprocessing import Preprocessing
from nearplane.linear_model._problem import Optimizer, Samples, State
from nearplane.linear_model._training import Training


def _learns_by_steps(estimator: Any) -> bool:
    if estimator.solver == "sgd":
        return True
    raise AttributeError(f"solver={estimator.solver!r} needs all rows at once; 'sgd' does not.")


class LinearLearning(CallbackSupportMixin, LinearPrediction):  # type: ignore[misc]
    """`fit` and `partial_fit`; the constructor's parameters are those of `LinearClassifier`."""

    random_state: Any
    class_weight: Any
    scale_: NDArray[np.float64] | None
    learning_rate_: float
    history_: dict[str, NDArray[Any]]
    n_iter_: int
    _moments: NDArray[Any]
    _n_steps: int
    _optimizer: Optimizer

    @with_callbacks
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Learn from labelled rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, \
width) or (n_samples, height, width, channels)
            Real, finite numbers; see `nearplane.pairwise_distances` for the types.
        y : array-like of shape (n_samples,)
            Labels: integers, booleans or text.
        sample_weight : array-like of shape (n_samples,), default=None
            A row of weight w counts as w equal rows; those of weight 0 are left out. None: every
            row has weight 1.
        X_val, y_val : array-like, default=None
            A validation set of the same kind, for `history_` and `early_stopping`.

        Returns
        -------
        LinearClassifier
            The estimator itself.

        Raises
        ------
        TypeError, ValueError
            If an argument or a parameter is not as described; the message names it. Also if the
            file of `checkpoint` is damaged or of another training.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If training diverged, if it ended with a loss above that of weights that are all 0, or
            if "lbfgs" would need more than `max_epochs` iterations.
        """
        parameters = read_parameters(self)
        data = read_labelled(
            X, y, sample_weight, estimator=self, n_threads=parameters.n_threads
        ).weighted_by_class(self.class_weight)
        checkpoint = open_checkpoint(parameters.checkpoint)
        random_state = checkpoint.generator(check_random_state(self.random_state))
        training, validation = self._split(parameters, data, X_val, y_val, random_state)
        problem = pose(parameters, data, training, validation)
        start = (
            self._start(problem, parameters.optimizer)
            if parameters.warm_start and self.__sklearn_is_fitted__()
            else None
        )
        learning_rate = problem.learning_rate(parameters)
        solver: Training | Minimisation
        if parameters.solver == "lbfgs":
            solver = problem.minimisation(parameters, start)
        else:
            settings = [parameters.setting(learning_rate)]
            solver = problem.training_run(parameters, settings, start, random_state)
            checkpoint.begin(solver, self, parameters, problem, start)

        def attributes() -> dict[str, Any]:
            return problem.attributes(solver.outcomes()[0], learning_rate, parameters)

        before = vars(self).copy()
        validate_data(self, with_names(X, data.X), reset=True, skip_check_array=True)
        try:
            tasks = EpochTasks(self, X, y, sample_weight, max_epochs=parameters.max_epochs)
            with progress_bar("training", enabled=parameters.verbose) as bar:
                run(solver, tasks, attributes, bar, checkpoint.after_epoch)
        except BaseException as error:
            checkpoint.rewind()
            if isinstance(error, KeyboardInterrupt):
                self._take(attributes() | checkpoint.traces())
            else:
                self._go_back(before)
            raise
        self._take(attributes())
        tasks.end(attributes)
        checkpoint.remove()
        text = complaint(solver.outcomes()[0], problem, learning_rate, parameters)
        if text is not None:
            warnings.warn(text, ConvergenceWarning, stacklevel=CALLER_OF_FIT)
        return self

    @available_if(_learns_by_steps)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from some more rows, each seen once, starting from what has been learned before.

        There is no such method with ``solver="lbfgs"``.

        The learning rate is constant: how long training will be is not known. What `preprocess`
        does, and an automatic learning rate, are settled by the rows of the first call.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            As in `fit`. More than `batch_size` rows are cut into batches.
        y : array-like of shape (n_samples,)
            Labels, all of them among the classes.
        classes : array-like of shape (n_classes,), default=None
            All labels there will be; needed by the first call, and the same in others.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`; they matter relative to one another, within this call.

        Returns
        -------
        LinearClassifier
            The estimator itself; `history_` has an entry for each call.

        Raises
        ------
        TypeError, ValueError
            If an argument or a parameter is not as described, or if a parameter needs all rows, or
            epochs: `early_stopping`, ``class_weight="balanced"``, `checkpoint`.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If training diverged.
        """
        parameters = for_partial_fit(read_parameters(self), self.class_weight)
        first = not self.__sklearn_is_fitted__()
        known = read_classes(classes, None if first else self.classes_)
        data = read_labelled(
            X, y, sample_weight, estimator=self, n_threads=parameters.n_threads, classes=known
        ).weighted_by_class(self.class_weight)
        validate_data(self, with_names(X, data.X), reset=first, skip_check_array=True)
        preprocessing = None if first else Preprocessing(self.mean_, self.scale_)
        problem = pose(parameters, data, data.samples(), None, preprocessing)
        settled = (
            not first and parameters.learning_rate is None and np.isfinite(self.learning_rate_)
        )
        learning_rate = self.learning_rate_ if settled else problem.learning_rate(parameters)
        start = None if first else self._start(problem, parameters.optimizer)
        random_state = check_random_state(self.random_state)
        settings = [parameters.setting(learning_rate)]
        training = problem.training_run(parameters, settings, start, random_state)
        before = None if first else vars(self).copy()
        try:
            with progress_bar("training", enabled=parameters.verbose) as bar:
                training.run_epoch(bar)
        finally:
            outcome = training.outcomes()[0]
            attributes = problem.attributes(outcome, learning_rate, parameters)
            self._take(joined(before, attributes) if before else attributes)
        text = divergence(outcome, learning_rate, parameters)
        if text is not None:
            warnings.warn(text, ConvergenceWarning, stacklevel=2)
        return self

    def _split(
        self,
        parameters: Parameters,
        data: LabelledData,
        X_val: ArrayLike | None,
        y_val: ArrayLike | None,
        random_state: np.random.RandomState,
    ) -> tuple[Samples, Samples | None]:
        """Return what to learn from and what to be judged by."""
        if X_val is not None or y_val is not None:
            validation = read_validation(
                X_val, y_val, data, estimator=self, n_threads=parameters.n_threads
            )
            return data.samples(), validation
        if not parameters.stopping.early:
            return data.samples(), None
        rows = data.samples().rows
        kept, held_out = split_validation(
            data.y[rows], parameters.validation_fraction, random_state
        )
        return data.samples(rows[kept]), data.samples(rows[held_out])

    def _start(self, problem: Problem, optimizer: Optimizer) -> State:
        """Return the state that training has got to, as weights of the problem's features.

        What another optimizer remembers means something else, even of another sign, and is dropped.
        """
        if not np.array_equal(self.classes_, problem.data.classes):
            raise ValueError(
                f"y must hold the classes {self.classes_.tolist()} that warm_start=True continues "
                f"with; got {problem.data.classes.tolist()}."
            )
        n_features = problem.data.X.shape[1]
        if self.coef_.shape[1] != n_features:
            raise ValueError(
                f"X must have the {self.coef_.shape[1]} features that warm_start=True continues "
                f"with; got {n_features}."
            )
        weights = problem.preprocessing.unfold(self.coef_, self.intercept_)
        state = State(weights, self._moments, self._n_steps)
        return state if optimizer == self._optimizer else state.at_rest()

    def _take(self, attributes: dict[str, Any]) -> None:
        """Become a fitted estimator."""
        for name in ("step_history_", UNFINISHED):  # of a fit before this, if this one has none
            self.__dict__.pop(name, None)
        self.__dict__.update(attributes)

    def _go_back(self, before: dict[str, Any]) -> None:
        """Have the attributes of before again, and no others."""
        for name in self.__dict__.keys() - before:
            delattr(self, name)
        self.__dict__.update(before)
