"""MixUp against blends by hand, and its weights against softmax with soft labels in NumPy."""

import numpy as np
import pytest
import scipy.optimize
from sklearn.base import clone

from nearplane import LinearClassifier, _blocks
from nearplane.losses import loss_from_scores
from nearplane.preprocessing import MixUp

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (50, 4, 3, 3), np.uint8)
ROWS = RNG.normal(size=(50, 4))
Y = RNG.integers(0, 3, 50)


def soft_labels(mixed, n_classes):
    each = np.eye(n_classes)
    share = mixed.share[:, np.newaxis]
    return share * each[mixed.y] + (1 - share) * each[mixed.y_partner]


def soft_cross_entropy(scores, targets):
    log_p = scores - scores.max(axis=1, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    return -(targets * log_p).sum(axis=1).mean()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_a_blend_is_part_of_an_image_and_part_of_its_partner(dtype, monkeypatch):
    monkeypatch.setattr(_blocks.blocks, "__kwdefaults__", {"size": 100})
    images = IMAGES.astype(dtype)
    # With rows for labels the labels say who the partners are.
    mixed = MixUp(random_state=0).mix(images, np.arange(50))
    np.testing.assert_array_equal(mixed.y, np.arange(50))
    np.testing.assert_array_equal(np.sort(mixed.y_partner), np.arange(50))
    assert (mixed.y_partner != mixed.y).sum() > 40
    share = mixed.share[:, np.newaxis, np.newaxis, np.newaxis]
    blend = share * images.astype(np.float64) + (1 - share) * images[mixed.y_partner]
    expected = np.rint(blend) if dtype == np.uint8 else blend
    assert mixed.X.dtype == dtype
    tolerance = {np.uint8: 0, np.float32: 2e-5, np.float64: 1e-12}[dtype]
    np.testing.assert_allclose(mixed.X, expected, rtol=0, atol=tolerance)


def test_every_blend_comes_with_both_labels_and_their_shares():
    mixed = MixUp(random_state=0).mix(IMAGES, Y)
    X, y, sample_weight = MixUp(random_state=0).fit_resample(IMAGES, Y)
    np.testing.assert_array_equal(X, np.concatenate([mixed.X, mixed.X]))
    np.testing.assert_array_equal(y, np.concatenate([mixed.y, mixed.y_partner]))
    np.testing.assert_array_equal(sample_weight, np.concatenate([mixed.share, 1 - mixed.share]))
    np.testing.assert_array_equal(sample_weight[:50] + sample_weight[50:], 1)


def test_weights_give_the_loss_of_mixed_labels():
    mixed = MixUp(random_state=0).mix(ROWS, Y)
    X, y, sample_weight = MixUp(random_state=0).fit_resample(ROWS, Y)
    W = RNG.normal(size=(4, 3))
    loss, gradient = loss_from_scores(X @ W, y, sample_weight=sample_weight)
    targets = soft_labels(mixed, 3)
    assert loss == pytest.approx(soft_cross_entropy(mixed.X @ W, targets), rel=1e-13)
    p = np.exp(mixed.X @ W)
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(gradient[:50] + gradient[50:], (p - targets) / 50, atol=1e-15)


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge", "ovr_logistic", "squared_error"])
def test_gradients_of_other_losses_are_shares_of_both_labels(loss):
    mixed = MixUp(random_state=0).mix(ROWS, Y)
    X, y, sample_weight = MixUp(random_state=0).fit_resample(ROWS, Y)
    W = RNG.normal(size=(4, 3))
    _, gradient = loss_from_scores(X @ W, y, loss=loss, sample_weight=sample_weight)
    scores, share = mixed.X @ W, mixed.share[:, np.newaxis]
    _, own = loss_from_scores(scores, mixed.y, loss=loss)
    _, partner = loss_from_scores(scores, mixed.y_partner, loss=loss)
    expected = share * own + (1 - share) * partner
    np.testing.assert_allclose(gradient[:50] + gradient[50:], expected, atol=1e-15)


def test_a_classifier_finds_the_optimum_of_mixed_labels():
    mixed = MixUp(random_state=0).mix(ROWS, Y)
    X, y, sample_weight = MixUp(random_state=0).fit_resample(ROWS, Y)
    model = LinearClassifier(solver="lbfgs", preprocess="none", alpha=0.01, tol=1e-9)
    model.fit(X, y, sample_weight)
    targets = soft_labels(mixed, 3)

    def objective(flat):
        W, b = flat[:12].reshape(3, 4), flat[12:]
        return soft_cross_entropy(mixed.X @ W.T + b, targets) + 0.01 * (W**2).sum()

    best = scipy.optimize.minimize(objective, np.zeros(15), method="BFGS", options={"gtol": 1e-7})
    found = np.concatenate([model.coef_.ravel(), model.intercept_])
    assert objective(found) == pytest.approx(best.fun, rel=1e-10)
    np.testing.assert_allclose(model.coef_, best.x[:12].reshape(3, 4), atol=1e-4)
    assert model.history_["loss"][-1] == pytest.approx(best.fun, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 20.0])
def test_shares_are_from_the_beta_distribution(alpha):
    share = MixUp(alpha, random_state=0).mix(np.zeros((4000, 1)), np.zeros(4000)).share
    assert share.mean() == pytest.approx(0.5, abs=0.03)
    assert share.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


@pytest.mark.parametrize("alpha", [1e-300, 1e300])
def test_extreme_shares_are_shares(alpha):
    mixed = MixUp(alpha, random_state=0).mix(IMAGES, Y)
    assert ((mixed.share >= 0) & (mixed.share <= 1)).all()
    if alpha < 1:
        assert set(mixed.share) <= {0.0, 1.0}
        X, y, sample_weight = MixUp(alpha, random_state=0).fit_resample(IMAGES, Y)
        LinearClassifier(max_epochs=1).fit(X, y, sample_weight)  # rows of weight 0 among them


def test_the_same_seed_blends_the_same():
    first, again = (MixUp(random_state=3).fit_resample(IMAGES, Y) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    going_on = MixUp(random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(going_on.fit_resample(IMAGES, Y)[0], first[0])
    assert not np.array_equal(going_on.fit_resample(IMAGES, Y)[0], first[0])


def test_labels_may_be_text_and_the_images_stay_as_they_are():
    images, names = IMAGES.copy(), np.array(["cat", "dog", "horse"])[Y]
    images.flags.writeable = False
    _, y, _ = MixUp(random_state=0).fit_resample(images, names.tolist())
    assert set(y) == {"cat", "dog", "horse"}
    np.testing.assert_array_equal(images, IMAGES)


def test_it_can_be_cloned():
    assert clone(MixUp(0.3, random_state=1)).get_params() == {"alpha": 0.3, "random_state": 1}


@pytest.mark.parametrize(
    ("alpha", "y", "error", "message"),
    [
        (0, Y, ValueError, "alpha must be finite and above 0; got 0"),
        (np.inf, Y, ValueError, "alpha must be finite"),
        ("1", Y, TypeError, "alpha must be a number"),
        (1, Y[:49], ValueError, "y must hold one label for each of the 50 rows of X; got 49"),
        (1, np.eye(50), ValueError, "y should be a 1d array"),
        (1, None, ValueError, "y should be a 1d array"),
    ],
)
def test_bad_arguments_are_refused(alpha, y, error, message):
    with pytest.raises(error, match=message):
        MixUp(alpha).fit_resample(IMAGES, y)


def test_labels_of_blends_are_not_those_given():
    y = np.array([0, 1])
    assert not np.shares_memory(MixUp(random_state=0).mix(np.eye(2), y).y, y)
