"""Features whose parameters, or scikit-learn's configuration, change after the fit."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone

from nearplane import KMeans
from nearplane.datasets import ImageDataset
from nearplane.features import HOG, ColorHistogram, VisualWords
from nearplane.report._features_plan import plan_features

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (20, 12, 12, 3), dtype=np.uint8)
WORDS = VisualWords(5, patch_size=3, n_patches=200, random_state=0)
CHANGES = [
    (HOG(pixels_per_cell=4), {"orientations": 5, "signed": True, "block_norm": "none such"}),
    (HOG(pixels_per_cell=4, channels="gray"), {"pixels_per_cell": 3, "channels": "steepest"}),
    (ColorHistogram(3), {"bins": 2, "normalize": "none such", "soft": "perhaps"}),
    (WORDS, {"assignment": "soft", "grid": 1, "n_words": 10**6, "normalize": False}),
]


@pytest.mark.parametrize(("model", "changes"), CHANGES, ids=repr)
def test_parameters_count_from_the_next_fit_on(model, changes, tmp_path):
    model = clone(model).fit(IMAGES)
    expected, names = model.transform(IMAGES), model.get_feature_names_out()
    model.set_params(**changes)
    np.testing.assert_array_equal(model.transform(IMAGES), expected)
    assert list(model.get_feature_names_out()) == list(names)
    model.save(tmp_path / "model.np")
    loaded = type(model).load(tmp_path / "model.np")
    np.testing.assert_array_equal(loaded.transform(IMAGES), expected)


def test_a_fit_that_fails_leaves_what_was_fitted(tmp_path):
    words = clone(WORDS).fit(IMAGES)
    expected = words.transform(IMAGES)
    with pytest.raises(ValueError, match="n_words"):
        words.set_params(n_words=10**6).fit(IMAGES)
    np.testing.assert_array_equal(words.transform(IMAGES), expected)


def test_threads_are_those_that_are_set():
    hog = HOG(pixels_per_cell=4).fit(IMAGES).set_params(n_jobs=0)
    with pytest.raises(ValueError, match="n_jobs"):
        hog.transform(IMAGES)


def test_words_are_learned_whatever_transformers_return():
    expected = clone(WORDS).fit(IMAGES).words_
    with config_context(transform_output="pandas"):
        np.testing.assert_array_equal(clone(WORDS).fit(IMAGES).words_, expected)


@pytest.mark.parametrize("limit", [0.1, 0.6, 2.64])
def test_pixels_clipped_to_the_range_lie_within_it(limit):
    pixels = RNG.uniform(-3, 3, (4, 5, 5, 3)).astype(np.float32).clip(-limit, limit)
    counts = ColorHistogram(2, value_range=(-limit, limit)).fit_transform(pixels)
    np.testing.assert_allclose(counts.sum(axis=1), 1, rtol=1e-6)


def test_parameters_of_numpy_are_stored(tmp_path):
    hog = HOG(pixels_per_cell=(np.int64(4), np.int32(3))).fit(IMAGES)
    hog.save(tmp_path / "hog.np")
    assert HOG.load(tmp_path / "hog.np").pixels_per_cell == (4, 3)
    kmeans = KMeans(2, init=IMAGES[:2]).fit(IMAGES)
    kmeans.save(tmp_path / "kmeans.np")
    loaded = KMeans.load(tmp_path / "kmeans.np")
    np.testing.assert_array_equal(loaded.predict(IMAGES), kmeans.labels_)


def test_a_folder_is_no_place_for_features(tmp_path):
    (tmp_path / "taken.npy").mkdir()
    with pytest.raises(IsADirectoryError, match=r"taken\.npy"):
        HOG(pixels_per_cell=4).fit(IMAGES).transform(IMAGES, out=tmp_path / "taken.npy")


@pytest.mark.parametrize("shape", [(3, 20, 20), (20, 4)])
def test_the_report_takes_images_for_what_they_are_said_to_be(shape):
    images = RNG.integers(0, 256, (12, *shape), dtype=np.uint8)
    dataset = ImageDataset(
        name="odd",
        description="odd shapes",
        X_train=images,
        y_train=np.arange(12) % 2,
        X_test=images,
        y_test=np.arange(12) % 2,
        class_names=["even", "odd"],
        image_shape=shape,
    )
    for features in plan_features(dataset).values():
        assert len(features.fit_transform(images)) == 12
