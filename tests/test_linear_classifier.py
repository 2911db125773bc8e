"""`LinearClassifier`: what it takes, what it says, and what survives pickling and cloning."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.special
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import top_k_accuracy_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nearplane import losses
from nearplane.linear_model import LinearClassifier, StepDecay

LOSSES = [
    "softmax",
    "hinge",
    "squared_hinge",
    "crammer_singer",
    "ovr_hinge",
    "ovr_logistic",
    "squared_error",
]
OPTIMIZERS = ["sgd", "nesterov", "adagrad", "rmsprop", "adam"]


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X.astype(np.uint8), y


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def linear(**options):
    return LinearClassifier(**{"random_state": 0, **options})


@pytest.mark.parametrize("loss", LOSSES)
def test_defaults_suit_every_loss(digits, loss):
    X, y = digits
    model = linear(loss=loss).fit(X[:1200], y[:1200])
    assert model.score(X[1200:], y[1200:]) > 0.87
    assert model.stop_reason_ == "max_epochs"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("preprocess", ["none", "center", "standardize"])
def test_defaults_suit_every_optimizer_and_scale(digits, iris, preprocess, optimizer):
    for X, y in (digits, (16 * digits[0], digits[1]), iris):
        model = linear(optimizer=optimizer, preprocess=preprocess).fit(X, y)
        assert model.score(X, y) > 0.9, X.shape


def test_a_newcomer_gets_close_to_the_best(digits):
    assert cross_val_score(linear(), *digits, cv=5).mean() > 0.92
    train = np.random.RandomState(0).permutation(1797)[:1437]
    test = np.setdiff1d(np.arange(1797), train)
    X, y = digits
    assert linear().fit(X[train], y[train]).score(X[test], y[test]) >= 0.95


@pytest.mark.parametrize("n_rows", [1, 2, 3, 5])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_handful_of_rows_is_enough(iris, loss, n_rows):
    X, y = iris[0][::50][:n_rows], iris[1][::50][:n_rows]
    assert linear(loss=loss).fit(X, y).score(X, y) == 1


def test_one_class_is_always_right(iris):
    model = linear().fit(iris[0], ["only"] * 150)
    assert (model.predict(iris[0]) == "only").all()
    assert model.decision_function(iris[0]).shape == (150, 1)
    assert (model.predict_proba(iris[0]) == 1).all()
    assert model.coef_.shape == (1, 4)


@pytest.mark.parametrize("preprocess", ["none", "center", "standardize"])
def test_scores_are_those_of_the_coefficients(iris, preprocess):
    X, y = iris
    model = linear(preprocess=preprocess).fit(X, y)
    expected = X @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(model.decision_function(X), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(model.predict(X), expected.argmax(axis=1))
    model.coef_[0] += 1
    model.intercept_[2] -= 3
    edited = X @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(model.decision_function(X), edited, rtol=1e-10, atol=1e-12)


def test_scores_of_large_means_do_not_cancel(iris):
    X, y = iris
    near, far = linear().fit(X, y), linear().fit(X + 1e6, y)
    scores = near.decision_function(X)
    np.testing.assert_allclose(far.decision_function(X + 1e6), scores, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(far.coef_, near.coef_, rtol=1e-6)


def test_two_classes_have_one_score():
    X, y = load_breast_cancer(return_X_y=True)
    labels = np.array(["no", "yes"])[y]
    model = linear().fit(X, labels)
    assert model.coef_.shape == (2, 30)
    scores = X @ model.coef_.T + model.intercept_
    found = model.decision_function(X)
    np.testing.assert_allclose(found, scores[:, 1] - scores[:, 0], rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(model.predict(X), np.where(found > 0, "yes", "no"))
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], scipy.special.expit(found), rtol=1e-9)


def test_equal_scores_go_to_the_first_class(iris):
    X, y = iris
    for labels in (y, y == 1):
        model = linear().fit(X, labels)
        model.coef_[:] = 0
        model.intercept_[:] = 0
        assert (model.predict(X) == model.classes_[0]).all()
        assert model.top_k_accuracy(X, labels, k=1) == model.score(X, labels)


@pytest.mark.parametrize("loss", ["softmax", "ovr_logistic"])
def test_probabilities_follow_from_the_scores(iris, loss):
    X, y = iris
    model = linear(loss=loss).fit(X, y)
    scores = X @ model.coef_.T + model.intercept_
    if loss == "softmax":
        expected = losses.softmax_probabilities(scores)
    else:
        expected = 1 / (1 + np.exp(-scores))
        expected /= expected.sum(axis=1, keepdims=True)
    found = model.predict_proba(X)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(expected), rtol=1e-9)
    # Rows from elsewhere, where probabilities underflow; their logarithms do not.
    far = model.predict_log_proba(1e5 * (X - X.mean(axis=0)))
    assert np.isfinite(far).all()
    np.testing.assert_allclose(np.exp(far).sum(axis=1), 1)


@pytest.mark.parametrize("loss", ["hinge", "squared_error"])
def test_other_losses_have_no_probabilities(iris, loss):
    model = linear(loss=loss).fit(*iris)
    assert not hasattr(model, "predict_proba")
    with pytest.raises(AttributeError, match="has no attribute 'predict_proba'") as error:
        model.predict_proba(iris[0])
    assert f"loss='{loss}' has no probabilities" in str(error.value.__cause__)


def test_top_k_accuracy_counts_labels_among_the_highest(digits):
    X, y = digits
    model = linear().fit(X[:300], y[:300])
    scores = model.decision_function(X)
    for k in (1, 3, 10):
        expected = top_k_accuracy_score(y, scores, k=k) if k < 10 else 1
        assert model.top_k_accuracy(X, y, k=k) == pytest.approx(expected)
    assert model.top_k_accuracy(X, y) == model.top_k_accuracy(X, y, k=5)
    assert model.top_k_accuracy(X, y, k=1) == pytest.approx(model.score(X, y))
    assert model.top_k_accuracy(X, y, k=99) == 1
    assert model.top_k_accuracy(X[:2], [-1, 77]) == 0


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.uint16, int, np.float16, float])
def test_bytes_and_floats_of_the_same_values_learn_the_same(digits, dtype):
    X, y = digits[0] > 6, digits[1]
    truth = linear(max_epochs=10).fit(X.astype(np.float32), y)
    model = linear(max_epochs=10).fit(X.astype(dtype), y)
    scale = abs(truth.coef_).max()
    np.testing.assert_allclose(model.coef_, truth.coef_, atol=1e-4 * scale)
    np.testing.assert_allclose(
        model.decision_function(X.astype(dtype)), truth.decision_function(X), atol=1e-3
    )


def test_rows_may_lie_anywhere_in_memory(digits, tmp_path):
    X, y = digits
    truth = linear(max_epochs=3).fit(X, y)
    np.save(tmp_path / "X.npy", X)
    wide = np.zeros((1797, 130), dtype=np.uint8)
    wide[:, 1:129:2] = X
    read_only = X.copy()
    read_only.flags.writeable = False
    for same in (
        np.asfortranarray(X),
        wide[:, 1:129:2],
        X[::-1].copy()[::-1],
        read_only,
        np.load(tmp_path / "X.npy", mmap_mode="r"),
    ):
        np.testing.assert_array_equal(linear(max_epochs=3).fit(same, y).coef_, truth.coef_)
    np.testing.assert_array_equal(X, load_digits().data)


def test_images_are_rows(digits):
    X, y = digits
    images = X.reshape(-1, 8, 8)
    model = linear(max_epochs=3).fit(images, y)
    flat = linear(max_epochs=3).fit(X, y)
    np.testing.assert_array_equal(model.coef_, flat.coef_)
    np.testing.assert_array_equal(model.predict(images), flat.predict(X))
    assert (model.image_shape_, flat.image_shape_) == ((8, 8), (64,))
    assert model.n_features_in_ == 64
    colour = linear(max_epochs=1).fit(X.reshape(-1, 4, 4, 4), y)
    assert colour.image_shape_ == (4, 4, 4)
    with pytest.raises(ValueError, match=r"X has shape \(8, 8\), which is that of a single image"):
        model.predict(images[0])


@pytest.mark.parametrize(
    "labels",
    [
        np.array([10, -3, 7]),
        np.array(["setosa", "versicolor", "virginica"]),
        np.array(["a", "bb", "ccc"], dtype=object),
        np.array([0.0, 1.0, 2.0]),
        np.array([2, 1, 0], dtype=np.uint8),
    ],
)
def test_labels_may_be_of_any_type(iris, labels):
    X, y = iris
    model = linear().fit(X, labels[y])
    np.testing.assert_array_equal(model.classes_, np.sort(labels))
    assert model.predict(X).dtype == labels.dtype
    assert model.score(X, labels[y]) > 0.9


def test_data_frames_bring_names(iris):
    X, y = load_iris(return_X_y=True, as_frame=True)
    model = linear().fit(X, y)
    assert model.feature_names_in_.tolist() == X.columns.tolist()
    np.testing.assert_array_equal(model.coef_, linear().fit(*iris).coef_)
    np.testing.assert_array_equal(model.predict(X), model.predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X.rename(columns=str.upper))
    text = linear().fit(X, pd.Series(["x", "y", "z"])[y].to_numpy())
    assert text.classes_.tolist() == ["x", "y", "z"]


@pytest.mark.parametrize("preprocess", ["center", "standardize"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_preprocessing_is_that_of_a_pipeline(digits, dtype, preprocess):
    X, y = digits[0].astype(dtype), digits[1]
    inside = linear(preprocess=preprocess, max_epochs=5).fit(X, y)
    scaler = StandardScaler(with_std=preprocess == "standardize")
    outside = make_pipeline(scaler, linear(preprocess="none", max_epochs=5)).fit(
        X.astype(np.float64), y
    )
    tolerance = {np.float64: 1e-9}.get(dtype, 2e-4)
    found, expected = inside.decision_function(X), outside.decision_function(X)
    np.testing.assert_allclose(found, expected, atol=tolerance * abs(expected).max())
    np.testing.assert_allclose(inside.mean_, scaler.mean_, rtol=1e-12, atol=1e-12)
    if preprocess == "standardize":
        np.testing.assert_allclose(inside.scale_, scaler.scale_, rtol=1e-12)
    else:
        assert inside.scale_ is None


def test_constant_features_do_no_harm(iris):
    X, y = iris
    padded = np.column_stack([X, np.full(150, 0.1), np.full(150, 1e9)])
    model = linear().fit(padded, y)
    assert (model.scale_[4:] == 1).all()
    np.testing.assert_allclose(model.coef_[:, :4], linear().fit(X, y).coef_, rtol=1e-6)
    assert (model.coef_[:, 4:] == 0).all()


def test_a_spread_lost_in_rounding_is_none(iris):
    X, y = iris
    noise = 1e7 + np.arange(150) % 2  # in float32 one unit is one last digit
    for dtype, varies in ((np.float32, False), (np.float64, True)):
        model = linear().fit(np.column_stack([X, noise]).astype(dtype), y)
        assert (model.scale_[4] != 1) == varies
        assert model.score(np.column_stack([X, noise]).astype(dtype), y) > 0.9


@pytest.mark.parametrize("factor", [1e-150, 1e-30, 1e30, 1e150])
def test_features_may_be_of_any_size(iris, factor):
    X, y = iris
    truth, model = linear().fit(X, y), linear().fit(factor * X, y)
    np.testing.assert_allclose(
        model.decision_function(factor * X), truth.decision_function(X), atol=1e-9
    )


def test_means_are_those_of_the_training_rows(iris):
    X, y = iris
    weight = np.random.default_rng(0).integers(0, 4, 150)
    model = linear().fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(model.mean_, np.average(X, axis=0, weights=weight))
    np.testing.assert_allclose(model.scale_, np.repeat(X, weight, axis=0).std(axis=0))
    assert (linear(preprocess="none").fit(X, y).mean_) is None


def test_the_history_has_an_entry_for_each_epoch(digits):
    X, y = digits
    model = linear(max_epochs=7, record_steps=True).fit(
        X[:1000], y[:1000], X_val=X[1000:], y_val=y[1000:]
    )
    assert {len(column) for column in model.history_.values()} == {7} == {model.n_iter_}
    assert {len(column) for column in model.step_history_.values()} == {28}
    history = model.history_
    np.testing.assert_array_equal(history["epoch"], np.arange(1, 8))
    assert history["loss"][-1] < history["loss"][0]
    assert history["validation_accuracy"][-1] == pytest.approx(model.score(X[1000:], y[1000:]))
    proba = model.predict_log_proba(X[1000:])
    loss = -proba[np.arange(797), y[1000:]].mean()
    assert history["validation_loss"][-1] == pytest.approx(loss, rel=1e-5)
    weights = model.coef_ * model.scale_
    assert history["penalty"][-1] == pytest.approx(0.003 * (weights**2).sum(), rel=1e-5)
    assert history["learning_rate"][0] > history["learning_rate"][-1] > 0
    assert "step_history_" not in vars(model.set_params(record_steps=False).fit(X, y))


@pytest.mark.parametrize("options", [{}, {"optimizer": "adam"}, {"loss": "hinge"}])
def test_the_same_seed_gives_the_same_bits(digits, options):
    X, y = digits
    one, same, two = (
        linear(max_epochs=4, n_jobs=n_jobs, **options).fit(X, y) for n_jobs in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.coef_, same.coef_)
    np.testing.assert_array_equal(one.coef_, two.coef_)
    np.testing.assert_array_equal(one.intercept_, two.intercept_)
    for name, column in one.history_.items():
        np.testing.assert_array_equal(column, two.history_[name])
    other = linear(max_epochs=4, random_state=1, **options).fit(X, y)
    assert (other.coef_ != one.coef_).any()


def test_copies_are_equal_and_go_on_alike(digits):
    X, y = digits
    model = linear(schedule=StepDecay(3), max_epochs=4, loss="ovr_logistic").fit(X, y)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(other.decision_function(X), model.decision_function(X))
        other.partial_fit(X[:100], y[:100])
        again = copy.deepcopy(model).partial_fit(X[:100], y[:100])
        np.testing.assert_array_equal(other.coef_, again.coef_)
    fresh = clone(model)
    assert fresh.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        fresh.predict(X)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_l1_makes_weights_exactly_zero(digits, optimizer):
    X, y = digits
    n_zero = [
        (linear(penalty=penalty, alpha=alpha, optimizer=optimizer).fit(X, y).coef_ == 0).sum()
        for penalty, alpha in (("l2", 0.01), ("elasticnet", 0.01), ("l1", 0.01), ("l1", 0.1))
    ]
    assert n_zero[0] == 30  # of the three pixels that are never lit
    assert n_zero == sorted(set(n_zero))


def test_without_an_intercept_the_mean_scores_nothing(iris):
    X, y = iris
    model = linear(fit_intercept=False).fit(X, y)
    np.testing.assert_allclose(model.decision_function(X.mean(axis=0)[None]), 0, atol=1e-12)
    assert (linear(fit_intercept=False, preprocess="none").fit(X, y).intercept_ == 0).all()
