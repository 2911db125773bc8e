"""MeanImage and Standardize against NumPy and scikit-learn in float64."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from nearplane import _blocks
from nearplane.preprocessing import MeanImage, Standardize

RNG = np.random.default_rng(0)
IMAGES = {
    "bytes in colour": RNG.integers(0, 256, (40, 5, 4, 3), np.uint8),
    "grey bytes": RNG.integers(0, 256, (40, 5, 4), np.uint8),
    "single": RNG.normal(3, 2, (40, 5, 4, 3)).astype(np.float32),
    "double": RNG.normal(3, 2, (40, 5, 4, 2)),
    "rows": RNG.normal(3, 2, (40, 6)),
    "counts": RNG.integers(-9, 9, (40, 5, 4)),
}
AXES = {"feature": 0, "channel": (0, 1, 2)}


@pytest.fixture(params=IMAGES)
def images(request, monkeypatch):
    # Blocks of two rows or so, the last of them shorter.
    monkeypatch.setattr(_blocks.blocks, "__kwdefaults__", {"size": 180})
    return IMAGES[request.param]


def moments(images, per):
    """Return mean and standard deviation as they broadcast over images."""
    X = images.astype(np.float64)
    if per == "channel" and X.ndim < 4:
        return X.mean(), X.std()
    return X.mean(axis=AXES[per]), X.std(axis=AXES[per])


def tolerance(images):
    return 1e-12 if images.dtype.kind == "f" and images.dtype.itemsize == 8 else 1e-6


@pytest.mark.parametrize("per", ["feature", "channel"])
def test_the_mean_is_subtracted(images, per):
    mean, _ = moments(images, per)
    model = MeanImage(per=per)
    Z = model.fit_transform(images)
    assert Z.shape == images.shape
    np.testing.assert_allclose(Z, images - mean, rtol=0, atol=300 * tolerance(images))
    np.testing.assert_allclose(model.mean_, np.broadcast_to(mean, model.mean_.shape), rtol=1e-12)


@pytest.mark.parametrize("per", ["feature", "channel"])
def test_features_and_channels_are_standardised(images, per):
    mean, std = moments(images, per)
    Z = Standardize(per=per).fit(images).transform(images[:7])
    np.testing.assert_allclose(Z, (images[:7] - mean) / std, rtol=0, atol=10 * tolerance(images))


def test_features_are_standardised_as_scikit_learn_does():
    X = IMAGES["rows"]
    ours, theirs = Standardize().fit(X[:30]), StandardScaler().fit(X[:30])
    np.testing.assert_allclose(ours.transform(X[30:]), theirs.transform(X[30:]), rtol=1e-12)
    np.testing.assert_allclose(ours.scale_, theirs.scale_, rtol=1e-12)


def test_each_image_is_standardised_by_itself(images):
    flat = images.reshape(40, -1).astype(np.float64)
    expected = (flat - flat.mean(1, keepdims=True)) / flat.std(1, keepdims=True)
    Z = Standardize(per="image").fit_transform(images)
    np.testing.assert_allclose(Z.reshape(40, -1), expected, rtol=0, atol=10 * tolerance(images))


@pytest.mark.parametrize("per", ["feature", "channel"])
@pytest.mark.parametrize("kind", [MeanImage, Standardize])
def test_what_is_subtracted_can_be_added_again(images, kind, per):
    model = kind(per=per).fit(images)
    again = model.inverse_transform(model.transform(images))
    np.testing.assert_allclose(again, images, rtol=0, atol=300 * tolerance(images))


def test_a_single_image_has_no_inverse():
    assert not hasattr(Standardize(per="image"), "inverse_transform")
    with pytest.raises(AttributeError) as error:
        _ = Standardize(per="image").inverse_transform
    assert "per='image' has no inverse" in str(error.value.__cause__)


@pytest.mark.parametrize("per", ["feature", "channel", "image"])
@pytest.mark.parametrize("value", [0, 7, 0.1, 1e15, -1e-300])
def test_what_is_constant_becomes_exactly_zero(per, value):
    images = np.full((7, 3, 3, 3), value, dtype=np.float64)
    assert not Standardize(per=per).fit_transform(images).any()


def test_a_spread_that_is_rounding_is_none():
    rows = np.full((100, 2), 1e8, np.float32)
    rows[::2, 0] += 8  # one unit in the last place
    Z = Standardize().fit_transform(rows)
    assert np.abs(Z[:, 0]).max() == 4  # not blown up to 1
    assert not Z[:, 1].any()


def test_flat_rows_of_a_stated_shape_have_channels():
    images = IMAGES["bytes in colour"]
    flat = images.reshape(40, -1)
    model = Standardize(per="channel", image_shape=(5, 4, 3)).fit(flat)
    expected = Standardize(per="channel").fit_transform(images)
    np.testing.assert_array_equal(model.transform(flat), expected.reshape(40, -1))
    np.testing.assert_array_equal(model.transform(images), expected)
    assert model.mean_.shape == (3,)
    assert model.image_shape_ == (5, 4, 3)


def test_the_mean_image_is_an_image():
    images = IMAGES["bytes in colour"]
    model = MeanImage().fit(images)
    assert model.mean_.shape == (5, 4, 3)
    flat = model.transform(images[:2].reshape(2, -1))
    np.testing.assert_array_equal(flat, model.transform(images[:2]).reshape(2, -1))


@pytest.mark.parametrize(
    ("given", "returned"),
    [(">f4", "f4"), ("f2", "f4"), ("u2", "f4"), ("?", "f4"), ("i8", "f8"), ("f8", "f8")],
)
def test_types_are_the_smallest_that_hold_the_differences(given, returned):
    rows = RNG.integers(0, 2, (6, 3)).astype(given)
    assert MeanImage().fit_transform(rows).dtype == np.dtype(returned)


def test_means_of_a_million_bytes_do_not_drift():
    rows = np.full((2**20, 2), 255, np.uint8)
    rows[::2, 1] = 254
    model = Standardize().fit(rows)
    np.testing.assert_array_equal(model.mean_, [255, 254.5])
    np.testing.assert_array_equal(model.scale_, [1, 0.5])


@pytest.mark.parametrize("kind", [MeanImage, Standardize])
def test_sums_that_overflow_are_refused(kind):
    rows = np.array([[1.0, 1.7e308], [1.0, -1.7e308], [2.0, 1.7e308]])
    with pytest.raises(ValueError, match="too large to be added up or squared"):
        kind().fit(rows)


def test_images_whose_squares_overflow_are_refused():
    rows = np.array([[1.0, 2.0], [1.7e308, -1.7e308]])
    with pytest.raises(ValueError, match="too large to be added up or squared"):
        Standardize(per="image").fit(rows[:1]).transform(rows)


@pytest.mark.parametrize("kind", [MeanImage, Standardize])
def test_what_has_a_mean_is_a_choice(kind):
    with pytest.raises(ValueError, match=r"per must be 'feature' or 'channel'.*got 'row'"):
        kind(per="row").fit(IMAGES["rows"])
