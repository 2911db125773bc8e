"""The settings that are compared: classifiers yet to be trained, all with the same seed."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from nearplane.linear_model._classifier import LinearClassifier
from nearplane.linear_model._grid import Params
from nearplane.linear_model._parameters import Parameters, read_parameters

LARGEST_SEED = np.iinfo(np.int32).max

# A warning names no more settings than these; the table of results has them all.
_MAX_NAMED = 5


@dataclass(frozen=True)
class Candidate:
    """One setting."""

    model: LinearClassifier
    """Not fitted; its random_state is an integer."""
    parameters: Parameters
    """The model's, checked."""

    @classmethod
    def of(cls, model: LinearClassifier) -> "Candidate":
        """Return the setting that the model's parameters are.

        Raises
        ------
        TypeError, ValueError
            If they are not as `LinearClassifier` describes them, or want a checkpoint.
        """
        parameters = read_parameters(model)
        if parameters.checkpoint is not None:
            raise ValueError(
                "checkpoint must be None in a comparison of settings, which keeps no state of its "
                f"trainings; got {model.checkpoint!r}."
            )
        return cls(model, parameters)

    @property
    def params(self) -> Params:
        """All parameters of the model."""
        params: Params = self.model.get_params()
        return params


def base_classifier(estimator: object, n_jobs: int | None) -> LinearClassifier:
    """Return a classifier of our own with the parameters that all settings begin with.

    Parameters
    ----------
    estimator : LinearClassifier or None
        Has them; None: their defaults.
    n_jobs : int or None
        Number of threads; None: the estimator's.

    Raises
    ------
    TypeError
        If `estimator` is something else.
    """
    if estimator is None:
        base = LinearClassifier()
    elif isinstance(estimator, LinearClassifier):
        base = clone(estimator)
    else:
        raise TypeError(
            f"estimator must be None or nearplane's LinearClassifier; got {estimator!r}."
        )
    return base if n_jobs is None else base.set_params(n_jobs=n_jobs)


def seeded(model: LinearClassifier, seed: int | None = None) -> LinearClassifier:
    """Return the model with an integer for its random_state, so that it can be trained again.

    If it has none, that is `seed`, or else one that NumPy's global generator draws.
    """
    if model.random_state is None and seed is not None:
        model.set_params(random_state=seed)
    elif not isinstance(model.random_state, Integral):
        drawn = check_random_state(model.random_state).randint(LARGEST_SEED)
        model.set_params(random_state=int(drawn))
    return model


def report_divergence(
    given: Sequence[Params], status: Sequence[str], diverged: Sequence[bool], *, stacklevel: int
) -> None:
    """Warn of the settings that diverged.

    Parameters
    ----------
    given : sequence of dict
        What tells the settings apart.
    status : sequence of str
        How the training of each ended.
    diverged : sequence of bool
        Whether that was because the loss grew without bounds.
    stacklevel : int
        Frames from the caller of this to the user.

    Raises
    ------
    ValueError
        If all did.
    """
    named = [
        f"{params or 'the only setting'} ({ended})"
        for params, ended, wrong in zip(given, status, diverged, strict=True)
        if wrong
    ]
    if not named:
        return
    names = "; ".join(named[:_MAX_NAMED]) + ("; ..." if len(named) > _MAX_NAMED else "")
    text = (
        f"{len(named)} of {len(given)} settings diverged: {names}. Choose smaller values of "
        "learning_rate, or 'auto'."
    )
    if len(named) == len(given):
        raise ValueError(f"There is no best setting: {text}")
    warnings.warn(text, ConvergenceWarning, stacklevel=stacklevel + 1)
