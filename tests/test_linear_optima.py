"""Optima against those of scikit-learn, which minimises the same functions."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from nearplane.linear_model import LinearClassifier

from . import linear_reference as reference

DATA = {
    "iris": load_iris,
    "wine": load_wine,
    "digits": lambda **_: tuple(part[:300] for part in load_digits(return_X_y=True)),
}


@pytest.fixture(scope="module", params=DATA)
def data(request):
    X, y = DATA[request.param](return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture(autouse=True, scope="module")
def one_blas_thread():
    """L-BFGS has tiny matrices inside: on a busy machine its threads only wait for each other."""
    with threadpool_limits(1, user_api="blas"):
        yield


def exact(loss="softmax", **options):
    return LinearClassifier(loss, solver="lbfgs", max_epochs=5000, tol=1e-8, **options)


def objective(X, y, model, loss, alpha):
    """Mean loss plus alpha times the sum of squares, by the oracle."""
    weights = np.column_stack([model.coef_, np.broadcast_to(model.intercept_, len(model.coef_))])
    total, _ = reference.linear_loss(X, y, weights, None, loss)
    return total / len(X) + alpha * (model.coef_**2).sum()


@pytest.mark.parametrize("alpha", [1e-3, 1e-1])
def test_softmax_is_multinomial_logistic_regression(data, alpha):
    X, y = data
    peer = LogisticRegression(C=1 / (2 * alpha * len(X)), tol=1e-8, max_iter=10000).fit(X, y)
    model = exact(alpha=alpha, preprocess="none").fit(X, y)
    found = objective(X, y, model, "softmax", alpha)
    assert found == pytest.approx(objective(X, y, peer, "softmax", alpha), rel=1e-9)
    np.testing.assert_allclose(model.coef_, peer.coef_, atol=1e-4)
    assert model.history_["loss"][-1] == pytest.approx(found, rel=1e-10)
    assert model.stop_reason_ == "tol"


def test_steps_get_there_too(data):
    X, y = data
    alpha = 0.03
    peer = LogisticRegression(C=1 / (2 * alpha * len(X)), tol=1e-8, max_iter=10000).fit(X, y)
    best = objective(X, y, peer, "softmax", alpha)
    for optimizer in ("sgd", "nesterov", "adam"):
        model = LinearClassifier(
            alpha=alpha, max_epochs=1000, random_state=0, optimizer=optimizer, batch_size=None
        ).fit(X, y)
        found = objective(X, y, model, "softmax", alpha)
        assert best <= found * (1 + 1e-9)
        assert found == pytest.approx(best, rel=1e-4), optimizer


def test_two_classes_split_what_one_weight_vector_does():
    X, y = load_breast_cancer(return_X_y=True)
    X, alpha = StandardScaler().fit_transform(X), 0.01
    # Half the vector in either class has half its squares in all: C goes with 1 / alpha.
    peer = LogisticRegression(C=1 / (alpha * len(X)), tol=1e-8, max_iter=10000).fit(X, y)
    model = exact(alpha=alpha).fit(X, y)
    np.testing.assert_allclose(model.decision_function(X), peer.decision_function(X), atol=1e-4)


def test_crammer_singer_is_that_of_liblinear(data):
    X, y = data
    alpha = 0.01
    peer = LinearSVC(
        multi_class="crammer_singer",
        C=1 / (2 * alpha * len(X)),
        fit_intercept=False,
        tol=1e-8,
        max_iter=100000,
        random_state=0,
    ).fit(X, y)
    model = LinearClassifier(
        "crammer_singer",
        alpha=alpha,
        fit_intercept=False,
        preprocess="none",
        max_epochs=4000,
        batch_size=None,
    ).fit(X, y)
    best = objective(X, y, peer, "crammer_singer", alpha)
    assert objective(X, y, model, "crammer_singer", alpha) == pytest.approx(best, rel=1e-4)
    assert (model.intercept_ == 0).all()


def test_squared_error_is_least_squares(data):
    X, y = data
    alpha = 0.05
    peer = Ridge(alpha=alpha * len(X)).fit(X, np.eye(y.max() + 1)[y])
    model = exact("squared_error", alpha=alpha).fit(X, y)
    np.testing.assert_allclose(model.coef_, peer.coef_, atol=1e-7)
    np.testing.assert_allclose(model.intercept_, peer.intercept_, atol=1e-7)


def test_ovr_logistic_is_a_logistic_regression_for_each_class(data):
    X, y = data
    alpha = 0.01
    model = exact("ovr_logistic", alpha=alpha).fit(X, y)
    for label in np.unique(y):
        # Here one weight vector bears the penalty.
        peer = LogisticRegression(C=1 / (2 * alpha * len(X)), tol=1e-8, max_iter=10000)
        peer.fit(X, y == label)
        np.testing.assert_allclose(model.coef_[label], peer.coef_[0], atol=1e-4)


@pytest.mark.parametrize("loss", ["softmax", "squared_hinge", "ovr_logistic", "squared_error"])
def test_the_gradient_vanishes_at_the_optimum(data, loss):
    X, y = data
    alpha = 0.02
    weight = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
    model = exact(loss, alpha=alpha, preprocess="none").fit(X, y, sample_weight=weight)
    weights = np.column_stack([model.coef_, model.intercept_])
    _, gradient = reference.linear_loss(X, y, weights, weight / weight.sum(), loss)
    gradient[:, :-1] += 2 * alpha * model.coef_
    assert abs(gradient).max() < 2e-7  # what float64 line searches reach on digits


def test_the_optimum_is_found_in_float64_and_does_not_move(data):
    X, y = data[0].astype(np.float32), data[1]
    model = exact(warm_start=True).fit(X, y)
    before, n_iter = model.coef_.copy(), model.n_iter_
    model.fit(X, y)
    np.testing.assert_allclose(model.coef_, before, atol=1e-6)
    assert model.n_iter_ < n_iter / 4


def test_the_history_of_iterations(data):
    X, y = data
    model = exact(record_steps=True).fit(X, y, X_val=X[:100], y_val=y[:100])
    history = model.history_
    assert (np.diff(history["loss"]) <= 1e-12).all()
    assert len(history["loss"]) == model.n_iter_ == model.best_epoch_
    assert history["train_accuracy"][-1] == model.score(X, y)
    assert history["validation_accuracy"][-1] == pytest.approx(model.score(X[:100], y[:100]))
    scores = model.predict_log_proba(X[:100])
    assert history["validation_loss"][-1] == pytest.approx(-scores[np.arange(100), y[:100]].mean())
    assert (history["update_ratio"] > 0).all()
    assert np.isnan(history["learning_rate"]).all()
    assert np.isnan(model.learning_rate_)
    assert not hasattr(model, "step_history_")


def test_too_few_iterations_are_told(data):
    with pytest.warns(ConvergenceWarning, match="lbfgs has not converged in max_epochs=3"):
        model = LinearClassifier(solver="lbfgs", max_epochs=3).fit(*data)
    assert (model.n_iter_, model.stop_reason_) == (3, "max_epochs")


def test_a_loss_that_is_not_finite_is_told():
    X, y = load_iris(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="lbfgs has come upon a loss that is not finite"):
        model = exact("squared_hinge", margin=1e200).fit(X, y)
    assert (model.n_iter_, model.stop_reason_) == (0, "diverged")
    assert not model.coef_.any()
