"""The automatic learning rate: what it depends on, and on what it does not."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine

from nearplane.linear_model import LinearClassifier
from nearplane.linear_model._learning_rate import feature_scale
from nearplane.linear_model._preprocessing import Preprocessing
from nearplane.linear_model._problem import Samples

STEPPED = ["sgd", "nesterov"]
ADAPTIVE = ["adagrad", "rmsprop", "adam"]


@pytest.fixture(scope="module")
def wine():
    return load_wine(return_X_y=True)


def rate(X, y, sample_weight=None, **options):
    options = {"preprocess": "none", "max_epochs": 1, **options}
    model = LinearClassifier(random_state=0, **options)
    return model.fit(X, y, sample_weight=sample_weight).learning_rate_


def scale_of(X, rows=None, weight=None, *, fit_intercept=False):
    y = np.zeros(len(X), dtype=np.int64)
    samples = Samples(X, y, np.arange(len(X)) if rows is None else rows, weight)
    return feature_scale(samples, Preprocessing(None, None), fit_intercept=fit_intercept)


def test_features_are_measured_by_their_second_moments(wine):
    X = wine[0]
    weight = np.random.default_rng(0).uniform(0.5, 1.5, len(X))
    weight /= weight.mean()
    for Z, found in (
        (X, scale_of(X, weight=weight)),
        (np.column_stack([X, np.ones(len(X))]), scale_of(X, weight=weight, fit_intercept=True)),
    ):
        moments = (Z * weight[:, None]).T @ Z / len(Z)
        assert found.largest_eigenvalue == pytest.approx(np.linalg.eigvalsh(moments)[-1])
        norms = (Z**2).sum(axis=1)
        assert found.squared_norm == pytest.approx(weight @ norms**2 / (weight @ norms))
        assert found.absolute_sum == pytest.approx(np.average(abs(Z).sum(1), weights=weight))


def test_equal_eigenvalues_are_found_too():
    assert scale_of(np.eye(40)).largest_eigenvalue == pytest.approx(1 / 40)


def test_many_rows_are_measured_by_some_from_everywhere():
    X = np.repeat(np.arange(1, 5, dtype=np.float64), 5000)[:, np.newaxis]  # in order
    assert scale_of(X).largest_eigenvalue == pytest.approx((X**2).mean(), rel=0.01)
    rows = np.flatnonzero(X[:, 0] == 3)
    assert scale_of(X, rows=rows).largest_eigenvalue == pytest.approx(9)


def rounded(value):
    """Equal to what two rates of three digits each can be told apart from it by."""
    return pytest.approx(value, rel=0.011)


def test_the_rate_has_three_digits_whatever_the_last_bits_of_products(wine):
    assert rate(*wine) == float(f"{rate(*wine):.3g}")


@pytest.mark.parametrize("optimizer", STEPPED + ADAPTIVE)
def test_the_rate_follows_the_size_of_the_features(wine, optimizer):
    X, y = wine
    options = {"optimizer": optimizer, "penalty": None, "fit_intercept": False}
    power = 2 if optimizer in STEPPED else 1
    expected = rate(X, y, **options) / 100**power
    assert rate(100 * X, y, **options) == rounded(expected)
    standardized = [
        rate(factor * X + shift, y, preprocess="standardize", optimizer=optimizer)
        for factor, shift in ((1, 0), (1000, 1e6))
    ]
    assert standardized[0] == pytest.approx(standardized[1])


@pytest.mark.parametrize("optimizer", STEPPED + ADAPTIVE)
def test_repeated_rows_are_weighted_rows(wine, optimizer):
    X, y = wine
    weight = np.random.default_rng(0).integers(0, 3, len(y))
    options = {"optimizer": optimizer, "preprocess": "standardize"}
    weighted = rate(X, y, weight, **options)
    assert rate(np.repeat(X, weight, axis=0), np.repeat(y, weight), **options) == pytest.approx(
        weighted
    )


def test_small_batches_and_much_momentum_want_short_steps():
    X, y = load_digits(return_X_y=True)
    by_batch = [rate(X, y, batch_size=size) for size in (1, 32, 256, 1796, 1797, None)]
    assert by_batch == sorted(by_batch)
    assert by_batch[-1] == by_batch[-2]
    by_momentum = [rate(X, y, momentum=momentum) for momentum in (0.99, 0.9, 0)]
    assert by_momentum == sorted(by_momentum)
    assert len(set(by_momentum)) == 3
    assert rate(X, y, alpha=1000.0) < 1 / 2000


@pytest.mark.parametrize("loss", ["squared_error", "squared_hinge"])
def test_single_rows_do_not_drive_squared_losses_astray(loss):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 10)), rng.integers(0, 3, 300)
    X[7] *= 100
    for batch_size in (2, 8, 256, 299):
        model = LinearClassifier(loss, batch_size=batch_size, preprocess="none", random_state=0)
        assert model.fit(X, y).stop_reason_ == "max_epochs"


@pytest.mark.parametrize("n_rows", [256, 257, 300, 511, 513])
def test_one_row_more_is_no_great_matter(n_rows):
    X, y = load_digits(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(y))
    X, y = X[order], y[order]
    model = LinearClassifier(random_state=0).fit(X[:n_rows], y[:n_rows])
    assert model.score(X[1000:], y[1000:]) > 0.92


def test_losses_have_the_rates_of_their_curvatures(wine):
    options = {"penalty": None}
    softmax = rate(*wine, **options)
    for loss, curvature in {
        "ovr_logistic": 0.25,
        "squared_error": 2,
        "squared_hinge": 6,
        "hinge": 3,
        "crammer_singer": 2,
        "ovr_hinge": 1,
    }.items():
        assert rate(*wine, loss=loss, **options) == rounded(softmax * 0.5 / curvature)
    wide = rate(*wine, loss="hinge", margin=4.0, **options)
    assert wide == rounded(4 * rate(*wine, loss="hinge", **options))
    mean = rate(*wine, class_reduction="mean", **options)
    assert mean == rounded(3 * softmax)
    assert np.isfinite(rate(*wine, loss="hinge", margin=0.0))


@pytest.mark.parametrize("optimizer", STEPPED + ADAPTIVE)
def test_features_that_are_all_zero_do_no_harm(optimizer):
    X, y = np.zeros((6, 3)), [0, 0, 1, 1, 1, 2]
    model = LinearClassifier(optimizer=optimizer, fit_intercept=False).fit(X, y)
    assert np.isfinite(model.learning_rate_)
    assert (model.coef_ == 0).all()
    biased = LinearClassifier(optimizer=optimizer).fit(X, y)
    assert (biased.predict(X) == 1).all()
