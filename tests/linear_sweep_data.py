"""What the tests of sweeps share."""

import numpy as np
from sklearn.datasets import load_digits

from nearplane.linear_model import LinearClassifier


def two_sets_of_digits():
    """Return 400 digits to learn from and 200 others, as bytes, with their labels."""
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.uint8)
    return (X[:400], y[:400]), (X[400:600], y[400:600])


def assert_same_history(found, expected):
    """Fail unless all figures of two histories are equal to the last bit."""
    assert found.keys() == expected.keys()
    for name in found:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def fitted_pairs(found, expected):
    """Return all that two classifiers have been fitted, by name; fail unless it is of one kind."""
    names = set(vars(expected)) - set(expected.get_params())
    assert set(vars(found)) - set(found.get_params()) == names
    pairs = {name: (getattr(found, name), getattr(expected, name)) for name in names}
    for name, (one, other) in pairs.items():
        assert type(one) is type(other), name
    return pairs


def quick(**params):
    """Return a classifier that is trained in no time, and to some avail."""
    return LinearClassifier(**({"max_epochs": 3, "batch_size": 32, "random_state": 0} | params))
