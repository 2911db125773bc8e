"""`VisualWords`: what it learns, and what it makes of images."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from nearplane import argkmin
from nearplane.datasets import load_dataset
from nearplane.features import VisualWords
from nearplane.features._patches import draw_patches, normalize_patches
from nearplane.preprocessing import ZCAWhitening

from .rows_as_lines import RowsAsLines
from .visual_words_reference import encode, normalized, patches_of

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (40, 9, 10, 3), dtype=np.uint8)
SMALL = VisualWords(12, patch_size=3, n_patches=600, max_iter=3, random_state=0)


class WordsOfLines(RowsAsLines, VisualWords):
    pass


@parametrize_with_checks(
    [
        WordsOfLines(3, patch_size=1, grid=1, whiten=False, normalize=False, random_state=0),
        WordsOfLines(2, patch_size=1, grid=(1, 1), normalize=False, random_state=0),
    ]
)
def test_scikit_learn_has_no_objection(estimator, check, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    check(estimator)


def expected_features(words, images):
    return [
        encode(
            image.astype(np.float64),
            patch_size=words.words_.shape[1:3],
            stride=words.stride,
            grid=np.broadcast_to(words.grid, 2),
            contrast=words.contrast_,
            center=words.patch_mean_,
            whitening=words.whitening_,
            words=words.words_.reshape(len(words.words_), -1),
            assignment=words.assignment,
            bandwidth=words.bandwidth_,
        )
        for image in images
    ]


@pytest.mark.parametrize("assignment", ["triangle", "soft", "hard"])
@pytest.mark.parametrize("codebook", ["kmeans", "random"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"whiten": False},
        {"normalize": False},
        {"normalize": False, "whiten": False},
        {"grid": (1, 3), "stride": 2},
        {"patch_size": (2, 4), "contrast": 0, "regularisation": 0.5},
    ],
    ids=str,
)
def test_features_are_those_of_the_formula(assignment, codebook, options):
    words = clone(SMALL).set_params(assignment=assignment, codebook=codebook, **options)
    features = words.fit(IMAGES[:30]).transform(IMAGES[30:])
    assert features.dtype == np.float32
    expected = expected_features(words, IMAGES[30:])
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=2e-3)


def test_drawn_patches_are_of_the_images_and_of_different_places():
    images = np.arange(3 * 5 * 6 * 2, dtype=np.float64).reshape(3, 5, 6, 2)
    every = np.concatenate([patches_of(image, (2, 3), 1).reshape(-1, 12) for image in images])
    drawn = draw_patches(images, (2, 3), 10**6, np.random.RandomState(0))
    np.testing.assert_array_equal(drawn, every)
    for n in (1, 7, 40):
        drawn = draw_patches(images, (2, 3), n, np.random.RandomState(0))
        assert len(np.unique(drawn[:, 0])) == n == len(drawn)
        assert all((every == patch).all(axis=1).any() for patch in drawn)


def test_patches_are_normalised_in_place():
    patches = RNG.normal(100, 20, (50, 27)).astype(np.float32)
    patches[3] = 7
    expected = normalized(patches.astype(np.float64), 10.0)
    normalize_patches(patches, 10.0)
    np.testing.assert_allclose(patches, expected, atol=1e-5)
    normalize_patches(patches, 0.0)
    assert np.all(patches[3] == 0)


def test_the_whitening_is_that_of_all_drawn_patches():
    words = clone(SMALL).set_params(n_patches=10**6).fit(IMAGES)
    patches = np.concatenate([patches_of(image, (3, 3), 1).reshape(-1, 27) for image in IMAGES])
    contrast = 0.007 * patches.var(axis=1).mean()
    assert words.contrast_ == pytest.approx(contrast, rel=1e-9)
    whitening = ZCAWhitening(regularisation=0.3).fit(
        normalized(patches, contrast).astype(np.float32)
    )
    np.testing.assert_allclose(words.whitening_, whitening.whitening_, atol=1e-5)
    np.testing.assert_allclose(words.patch_mean_, whitening.mean_, atol=1e-6)


def test_random_words_are_patches():
    options = {"codebook": "random", "normalize": False, "whiten": False}
    words = clone(SMALL).set_params(**options).fit(IMAGES)
    every = np.concatenate([patches_of(image, (3, 3), 1).reshape(-1, 27) for image in IMAGES])
    distances, _ = argkmin(words.words_.reshape(12, -1), every.astype(np.float32), 1)
    np.testing.assert_array_equal(distances, 0)
    assert len(np.unique(words.words_.reshape(12, -1), axis=0)) == 12


def test_the_words_of_k_means_are_nearer_to_patches_than_random_ones():
    digits = load_dataset("digits").X_train.reshape(-1, 8, 8)
    means = {}
    for codebook in ("kmeans", "random"):
        words = VisualWords(40, patch_size=4, codebook=codebook, random_state=0, whiten=False)
        words.fit(digits)
        patches = draw_patches(digits[..., np.newaxis], (4, 4), 2000, np.random.RandomState(1))
        normalize_patches(patches, words.contrast_)
        means[codebook] = argkmin(patches, words.words_.reshape(40, -1), 1)[0].mean()
    assert means["kmeans"] < 0.9 * means["random"]


def test_the_bandwidth_is_the_deviation_about_the_nearest_word():
    words = clone(SMALL).set_params(assignment="soft", n_patches=10**6, whiten=False).fit(IMAGES)
    patches = np.concatenate([patches_of(image, (3, 3), 1).reshape(-1, 27) for image in IMAGES])
    patches = normalized(patches, words.contrast_)
    codebook = words.words_.reshape(12, -1).astype(np.float64)
    squared = ((patches[:, np.newaxis] - codebook) ** 2).sum(axis=2).min(axis=1)
    assert words.bandwidth_ == pytest.approx(np.sqrt(squared.mean() / 27), rel=1e-4)
    assert words.set_params(bandwidth=0.5).fit(IMAGES).bandwidth_ == 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, ">f4", np.uint8])
def test_any_type_gives_the_same(dtype):
    expected = SMALL.fit_transform(IMAGES)
    words = clone(SMALL).fit(IMAGES.astype(dtype))
    np.testing.assert_array_equal(words.transform(IMAGES.astype(dtype)), expected)


def test_units_of_pixels_make_no_difference():
    fractions = IMAGES / np.float32(255)
    np.testing.assert_allclose(
        clone(SMALL).fit(fractions).transform(fractions),
        clone(SMALL).fit(IMAGES).transform(IMAGES),
        rtol=2e-2,
        atol=2e-2,
    )


def test_grey_images_and_patches_as_large_as_images():
    grey = IMAGES[..., 0]
    words = VisualWords(5, patch_size=(9, 10), grid=1, random_state=0).fit(grey)
    assert words.words_.shape == (5, 9, 10, 1)
    features = words.transform(grey)
    np.testing.assert_allclose(features, expected_features(words, grey[..., np.newaxis]), atol=2e-3)
    np.testing.assert_array_equal(words.transform(grey[..., np.newaxis]), features)


def test_flat_rows_are_images_of_the_stated_shape():
    rows = IMAGES.reshape(40, -1)
    with pytest.raises(ValueError, match="set image_shape="):
        clone(SMALL).fit(rows)
    words = clone(SMALL).set_params(image_shape=(9, 10, 3)).fit(rows)
    np.testing.assert_array_equal(words.transform(rows), clone(SMALL).fit(IMAGES).transform(IMAGES))


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_threads_and_calls_change_no_bit(n_jobs):
    expected = clone(SMALL).set_params(n_jobs=2).fit(IMAGES).transform(IMAGES)
    words = clone(SMALL).set_params(n_jobs=n_jobs).fit(IMAGES)
    np.testing.assert_array_equal(words.transform(IMAGES), expected)
    parts = [words.transform(IMAGES[:7]), words.transform(IMAGES[7:])]
    np.testing.assert_array_equal(np.concatenate(parts), expected)


def test_names_say_region_and_word():
    words = clone(SMALL).set_params(grid=(1, 2)).fit(IMAGES)
    names = words.get_feature_names_out()
    assert names.shape == (24,)
    assert names[0] == "region0_0_word0"
    assert names[-1] == "region0_1_word11"


@pytest.mark.parametrize("options", [{}, {"whiten": False}, {"assignment": "soft"}], ids=str)
def test_a_saved_codebook_makes_the_same_features(tmp_path, options):
    words = clone(SMALL).set_params(**options).fit(IMAGES)
    words.save(tmp_path / "words.np")
    loaded = VisualWords.load(tmp_path / "words.np")
    assert loaded.get_params() == words.get_params()
    np.testing.assert_array_equal(loaded.transform(IMAGES), words.transform(IMAGES))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_words": 0}, "n_words must be"),
        ({"n_words": 601}, "n_words=601 needs as many patches"),
        ({"patch_size": 10}, "patch_size=10: a patch must fit into the images, whose height is 9"),
        ({"patch_size": (3, 3, 3)}, "patch_size must be"),
        ({"stride": 0}, "stride must be"),
        ({"grid": (1, 9)}, "along the width there are 8"),
        ({"grid": 0}, "grid must be"),
        ({"contrast": -1}, "contrast must be"),
        ({"regularisation": np.nan}, "regularisation must be"),
        ({"codebook": "lda"}, "codebook must be 'kmeans' or 'random'"),
        ({"assignment": "fuzzy"}, "assignment must be 'triangle' or 'soft' or 'hard'"),
        ({"bandwidth": 0}, "bandwidth must be"),
        ({"n_patches": 0}, "n_patches must be"),
        ({"max_iter": 0}, "max_iter must be"),
        ({"n_jobs": 0}, "n_jobs must"),
        ({"whiten": 1}, "whiten must be"),
    ],
    ids=str,
)
def test_wrong_parameters_are_named(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        clone(SMALL).set_params(**options).fit(IMAGES)


def test_pixels_too_large_for_squares_in_float32_are_refused():
    images = IMAGES.astype(np.float64)
    words = clone(SMALL).fit(images)
    images[3, 2, 1, 0] = -1e18
    with pytest.raises(ValueError, match=r"pixels between -1e\+15 and 1e\+15; those of row 3"):
        words.transform(images)
    with pytest.raises(ValueError, match="row 3"):
        words.fit(images)


@pytest.mark.parametrize("assignment", ["triangle", "soft"])
def test_images_too_far_from_the_fitted_ones_are_refused(assignment):
    options = {"normalize": False, "regularisation": 0, "assignment": assignment}
    words = clone(SMALL).set_params(**options).fit(IMAGES * 1e-10)
    with pytest.raises(ValueError, match="in row 0, that is too far from those fitted"):
        words.transform(IMAGES * 1e12)


def test_patches_of_hardly_any_contrast_are_normalised():
    images = RNG.integers(0, 2, (20, 6, 6)) * np.float32(1e-41)
    words = VisualWords(3, patch_size=3, contrast=0, whiten=False, random_state=0)
    assert np.isfinite(words.fit_transform(images)).all()
