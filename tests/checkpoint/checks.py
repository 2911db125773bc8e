"""Trainings that are broken off, and what they come to."""

import numpy as np

from nearplane import LinearClassifier

from ..linear_sweep_data import assert_same_history, fitted_pairs, two_sets_of_digits

(X, y), (X_VAL, y_val) = two_sets_of_digits()
KIND = "LinearClassifier checkpoint"


class KilledError(Exception):
    """What ends a training here, where nothing can be done about it any more."""


def linear(loss="softmax", **params):
    return LinearClassifier(loss, **{"max_epochs": 5, "batch_size": 64, "random_state": 0} | params)


def fit_somehow(model, **data):
    """Fit, and return whether that came to its end."""
    try:
        model.fit(**{"X": X, "y": y} | data)
    except KilledError:
        return False
    return True


def fit_in_pieces(make, **data):
    """Fit as many new estimators as it takes until one comes to the end; return that."""
    n_killed = 0
    while True:
        model = make()
        if fit_somehow(model, **data):
            return model, n_killed
        assert not hasattr(model, "coef_")
        n_killed += 1


def assert_same(found, expected):
    """Fail unless two classifiers are equal in all that is fitted, to the last bit."""
    for name, (one, other) in fitted_pairs(found, expected).items():
        if isinstance(other, dict):
            assert_same_history(one, other)
            assert [values.dtype for values in one.values()] == [v.dtype for v in other.values()]
        elif isinstance(other, np.ndarray):
            assert one.dtype == other.dtype
            assert one.tobytes() == other.tobytes(), name
        else:
            np.testing.assert_equal(one, other, err_msg=name)
    assert found.predict(X_VAL).tobytes() == expected.predict(X_VAL).tobytes()
