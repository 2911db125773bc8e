"""Ways of fitting: weights, batches, going on, stopping early, failing and being interrupted."""

import copy
import io
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning

from nearplane.linear_model import LinearClassifier
from nearplane.linear_model._data import split_validation

PLAIN = {"shuffle": False, "schedule": "constant", "learning_rate": 0.05}


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X.astype(np.uint8), y


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def linear(**options):
    return LinearClassifier(**{"random_state": 0, **options})


def assert_same(found, expected, rtol=1e-9):
    scale = abs(expected.coef_).max()
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=rtol, atol=rtol * scale)
    scale = abs(expected.intercept_).max()
    np.testing.assert_allclose(found.intercept_, expected.intercept_, rtol=rtol, atol=rtol * scale)


# Weights of rows and classes


@pytest.mark.parametrize("options", [{}, {"optimizer": "adam"}, {"loss": "hinge"}])
def test_a_row_of_weight_w_is_w_rows(iris, options):
    X, y = iris
    weight = np.random.default_rng(0).integers(0, 3, 150)
    weighted = linear(**options).fit(X, y, sample_weight=weight)
    repeated = linear(**options).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    assert_same(weighted, repeated, rtol=1e-6)
    assert_same(linear(**options).fit(X, y, 7.5 * weight), weighted, rtol=1e-6)


def test_rows_of_weight_0_are_not_there(digits):
    X, y = digits
    weight = np.where(np.arange(1797) % 3, 1.0, 0.0)
    weighted = linear(max_epochs=3).fit(X, y, sample_weight=weight)
    kept = linear(max_epochs=3).fit(X[weight > 0], y[weight > 0])
    # The same batches, since the same permutation of the places of the rows that count.
    assert_same(weighted, kept, rtol=1e-5)


def test_class_weights_are_weights_of_rows(iris):
    X, y = iris
    row_weight = np.array([1.0, 2.5, 0.5])[y]
    by_class = linear(class_weight={1: 2.5, 2: 0.5}).fit(X, y)
    assert_same(by_class, linear().fit(X, y, sample_weight=row_weight))
    both = linear(class_weight={1: 2.5, 2: 0.5}).fit(X, y, sample_weight=1 + y)
    assert_same(both, linear().fit(X, y, sample_weight=row_weight * (1 + y)))


def test_balanced_classes_weigh_the_same(iris):
    X, y = iris[0][:120], iris[1][:120]
    balanced = linear(class_weight="balanced").fit(X, y)
    assert_same(balanced, linear(class_weight={0: 120 / 150, 1: 120 / 150, 2: 2}).fit(X, y))
    weight = np.where(y == 2, 2.5, 1.0)  # as many of each as there are weights
    assert_same(linear(class_weight="balanced").fit(X, y, weight), linear().fit(X, y, weight))


def test_a_class_of_weight_0_is_a_class_all_the_same(iris):
    X, y = iris
    model = linear(class_weight={2: 0}).fit(X, y)
    assert model.classes_.tolist() == [0, 1, 2]
    assert set(model.predict(X[:100])) == {0, 1}


# Going on


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_warm_start_continues(digits, dtype, optimizer):
    X, y = digits[0].astype(dtype), digits[1]
    options = {**PLAIN, "optimizer": optimizer, "learning_rate": 0.005}
    whole = linear(max_epochs=6, **options).fit(X, y)
    parts = linear(max_epochs=2, warm_start=True, **options).fit(X, y)
    parts.fit(X, y).fit(X, y)
    assert_same(parts, whole, rtol=1e-9 if dtype == np.float64 else 1e-5)
    assert parts.n_iter_ == 2
    assert_same(parts.set_params(warm_start=False, max_epochs=6).fit(X, y), whole)


@pytest.mark.parametrize("goes_on", ["fit", "partial_fit"])
def test_another_optimizer_starts_without_what_the_one_before_remembers(iris, goes_on):
    X, y = iris
    model = linear(optimizer="adam", max_epochs=5, warm_start=True, **PLAIN).fit(X, y)
    expected = copy.deepcopy(model)
    expected._moments[:] = 0
    expected._n_steps = 0
    for each in (model, expected):
        getattr(each.set_params(optimizer="sgd", max_epochs=1), goes_on)(X, y)
    np.testing.assert_array_equal(model.coef_, expected.coef_)


def test_warm_start_continues_from_the_coefficients_there_are(iris):
    X, y = iris
    model = linear(max_epochs=5, warm_start=True, **PLAIN).fit(X, y)
    model.coef_[:] = 0
    model.intercept_[:] = 0
    model._moments[:] = 0
    assert_same(model.fit(X, y), linear(max_epochs=5, **PLAIN).fit(X, y))
    # On other rows, whose means and scales are others.
    scores = model.decision_function(X)
    model._moments[:] = 0
    model.set_params(max_epochs=1, learning_rate=1e-12).fit(X[::2], y[::2])
    np.testing.assert_allclose(model.decision_function(X), scores, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adagrad", "rmsprop", "adam"])
def test_batches_one_by_one_are_an_epoch(digits, optimizer):
    X, y = digits
    options = {"optimizer": optimizer, "preprocess": "none", "batch_size": 100, **PLAIN}
    options["learning_rate"] = 0.001
    whole = linear(max_epochs=2, **options).fit(X, y)
    parts = linear(**options)
    for _ in range(2):
        for batch in np.array_split(np.arange(1797), 18):
            parts.partial_fit(X[batch], y[batch], classes=np.arange(10))
    assert_same(parts, whole, rtol=1e-4)
    assert parts.n_iter_ == 36 == len(parts.history_["loss"])
    np.testing.assert_array_equal(parts.history_["epoch"], np.arange(1, 37))


def test_the_first_batch_settles_scale_and_rate(digits):
    X, y = digits
    model = linear().partial_fit(X[:500], y[:500], classes=np.arange(10))
    mean, rate = model.mean_, model.learning_rate_
    np.testing.assert_allclose(mean, X[:500].mean(axis=0))
    for _ in range(20):
        model.partial_fit(X[500:1500], y[500:1500])
    assert model.mean_ is mean
    assert model.learning_rate_ == rate
    assert model.score(X[1500:], y[1500:]) > 0.85
    model.set_params(learning_rate=1e-3).partial_fit(X[:10], y[:10])
    assert model.history_["learning_rate"][-1] == model.learning_rate_ == 1e-3


def test_partial_fit_goes_on_after_fit(digits):
    X, y = digits
    options = {"preprocess": "none", **PLAIN, "learning_rate": 0.001, "record_steps": True}
    model = linear(max_epochs=3, **options).fit(X, y).partial_fit(X, y)
    assert_same(model, linear(max_epochs=4, **options).fit(X, y), rtol=1e-5)
    assert model.n_iter_ == model.best_epoch_ == 4
    np.testing.assert_array_equal(model.step_history_["step"], np.arange(1, 33))


def test_partial_fit_goes_on_after_lbfgs(iris):
    model = linear(solver="lbfgs", max_epochs=500).fit(*iris)
    model.set_params(solver="sgd").partial_fit(*iris)
    assert model.learning_rate_ > 0
    assert model.score(*iris) > 0.95


def test_huge_weights_are_relative_too(iris):
    X, y = iris
    weight = np.where(y == 1, 1.0, 0.5)
    assert_same(linear().fit(X, y, 1e308 * weight), linear().fit(X, y, weight))


def test_classes_not_seen_yet_are_known(iris):
    X, y = iris
    model = linear(**PLAIN).partial_fit(X[:50], y[:50], classes=[2, 1, 0, 9])
    assert model.classes_.tolist() == [0, 1, 2, 9]
    assert model.coef_.shape == (4, 4)
    assert set(model.predict(X)) == {0}


# Stopping early


def test_early_stopping_keeps_the_best_epoch(digits):
    X, y = digits
    options = {"learning_rate": 1.0, "schedule": "constant", "n_iter_no_change": 4}
    model = linear(early_stopping=True, max_epochs=200, **options).fit(
        X[:300], y[:300], X_val=X[300:600], y_val=y[300:600]
    )
    accuracy = model.history_["validation_accuracy"]
    assert model.stop_reason_ == "early_stopping"
    assert model.n_iter_ == model.best_epoch_ + 4 < 200
    assert model.score(X[300:600], y[300:600]) == accuracy.max()
    assert accuracy[model.best_epoch_ - 1] == accuracy.max()


def test_early_stopping_sets_rows_of_each_class_aside(digits):
    X, y = digits
    model = linear(early_stopping=True, validation_fraction=0.25).fit(X, y)
    assert np.isfinite(model.history_["validation_accuracy"]).all()
    rng = np.random.RandomState(0)
    kept, held_out = split_validation(y, 0.25, rng)
    np.testing.assert_array_equal(np.sort(np.concatenate([kept, held_out])), np.arange(1797))
    of_all, of_some = np.bincount(y), np.bincount(y[held_out])
    assert (abs(of_some - of_all / 4) <= 1).all()
    assert model.score(X[held_out], y[held_out]) == model.history_["validation_accuracy"].max()
    np.testing.assert_allclose(model.mean_, X[kept].mean(axis=0))


@pytest.mark.parametrize(
    ("n_rows", "fraction", "n_held_out"), [(2, 0.1, 1), (2, 0.99, 1), (9, 0.3, 3)]
)
def test_a_split_leaves_something_on_either_side(n_rows, fraction, n_held_out):
    split = split_validation(np.zeros(n_rows, dtype=np.int64), fraction, np.random.RandomState(0))
    assert [len(rows) for rows in split] == [n_rows - n_held_out, n_held_out]


def test_rows_of_weight_0_are_not_set_aside(digits):
    X, y = digits
    weight = (np.arange(1797) < 20).astype(float)
    model = linear(early_stopping=True, max_epochs=3).fit(X, y, sample_weight=weight)
    assert set(np.round(2 * model.history_["validation_accuracy"], 9)) <= {0.0, 1.0, 2.0}


def test_tol_ends_training_that_has_come_to_rest(digits):
    model = linear(tol=1e-3, max_epochs=500, schedule="constant").fit(*digits)
    assert model.stop_reason_ == "tol"
    assert model.n_iter_ == len(model.history_["loss"]) < 500


# Failing


def test_divergence_is_told_and_leaves_finite_weights(digits):
    model = linear(learning_rate=1e3, alpha=1.0)
    message = r"diverged in epoch 1 with learning_rate=1e\+03.* smaller learning_rate, or 'auto'"
    with pytest.warns(ConvergenceWarning, match=message) as warned:
        model.fit(*digits)
    assert warned[0].filename == __file__
    assert model.stop_reason_ == "diverged"
    assert np.isfinite(model.coef_).all()
    assert (model.n_iter_, model.best_epoch_) == (1, 0)
    with pytest.warns(ConvergenceWarning, match="diverged") as warned:
        model.partial_fit(*digits)
    assert warned[0].filename == __file__
    assert np.isfinite(model.coef_).all()


def test_a_loss_above_that_of_zeros_is_told(digits):
    model = linear(learning_rate=30.0, max_epochs=2, schedule="constant", batch_size=20)
    with pytest.warns(ConvergenceWarning, match=r"above 2\.303, that of weights that are all 0"):
        model.fit(*digits)
    # The first batches of an epoch may be as bad as that without harm.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        linear(max_epochs=1, learning_rate=2.0).fit(*digits)


# Being interrupted, and watched


def bar_that(act):
    """A context like that of the progress bar, which calls `act` with what it is to show."""

    class Bar:
        def __enter__(self):
            return act

        def __exit__(self, *_):
            return None

    return lambda *_, **__: Bar()


@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}])
def test_ctrl_c_leaves_the_weights_so_far(digits, monkeypatch, options):
    X, y = digits

    def interrupt(fraction, note=""):
        if fraction >= 0.1:
            raise KeyboardInterrupt

    monkeypatch.setattr("nearplane.linear_model._learning.progress_bar", bar_that(interrupt))
    model = linear(verbose=True, **options)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.stop_reason_ == "interrupted"
    assert 4 <= model.n_iter_ <= 6
    assert model.score(X, y) > 0.8
    monkeypatch.undo()
    model.set_params(warm_start=True, verbose=False, max_epochs=200).fit(X, y)
    assert model.score(X, y) > 0.95


def test_ctrl_c_in_partial_fit_leaves_the_weights_so_far(digits, monkeypatch):
    X, y = digits
    model = linear(verbose=True).partial_fit(X, y, classes=np.arange(10))

    def interrupt(fraction):
        raise KeyboardInterrupt

    monkeypatch.setattr("nearplane.linear_model._learning.progress_bar", bar_that(interrupt))
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X, y)
    assert model.n_iter_ == 1
    assert model.score(X, y) > 0.7


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_a_fit_that_fails_leaves_what_there_was(digits, monkeypatch, solver):
    X, y = digits
    frame = pd.DataFrame(X[:300, :30]).add_prefix("pixel ")
    model = linear(solver=solver, max_epochs=3, record_steps=True)
    core = {"sgd": "_core.LinearTrainer.run_epoch", "lbfgs": "_core.linear_loss"}[solver]

    def out_of_memory(*_, **__):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(f"nearplane.{core}", out_of_memory)
        with pytest.raises(MemoryError):
            model.fit(frame, y[:300])
        assert vars(model) == model.get_params()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of lbfgs, which is not done yet
        model.fit(X[:300], y[:300])
    before, predicted = vars(model).copy(), model.predict(X)
    monkeypatch.setattr(f"nearplane.{core}", out_of_memory)
    with pytest.raises(MemoryError):
        model.fit(frame, y[:300])
    assert vars(model) == before
    assert np.array_equal(model.predict(X), predicted)


def test_ctrl_c_before_training_leaves_no_estimator(digits, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("nearplane.linear_model._learning.pose", interrupt)
    model = linear()
    with pytest.raises(KeyboardInterrupt):
        model.fit(*digits)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}])
def test_the_bar_shows_the_loss(digits, monkeypatch, options):
    shown = []
    monkeypatch.setattr(
        "nearplane.linear_model._learning.progress_bar",
        bar_that(lambda fraction, note="": shown.append((fraction, note))),
    )
    model = linear(max_epochs=5, verbose=True, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # five iterations are few
        model.fit(*digits)
    fractions = [fraction for fraction, _ in shown]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    losses = model.history_["loss"]
    assert shown[-1][1] in {f"(loss {loss:.4g})" for loss in losses[-2:]}


def test_a_bar_is_shown_on_a_terminal(digits, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    model = linear(max_epochs=3, verbose=True).fit(*digits)
    assert "training (loss" in sys.stderr.getvalue()
    model.predict(digits[0])
    assert "scores" in sys.stderr.getvalue()
