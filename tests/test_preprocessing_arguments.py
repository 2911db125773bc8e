"""What every transformer accepts and refuses, the memory it takes, and scikit-learn's checks."""

import copy
import pickle
import tracemalloc
from math import prod

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from nearplane.preprocessing import (
    Cutout,
    MeanImage,
    MixUp,
    RandomCrop,
    RandomHorizontalFlip,
    Standardize,
    ZCAWhitening,
)

from .layouts import LAYOUTS
from .rows_as_lines import RowsAsLines

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 4, 5, 3), np.uint8)
SCALING = [
    MeanImage(),
    MeanImage(per="channel"),
    Standardize(),
    Standardize(per="channel"),
    Standardize(per="image"),
    ZCAWhitening(),
]
RANDOM = [RandomHorizontalFlip(random_state=0), RandomCrop(random_state=0), Cutout(random_state=0)]
ALL = SCALING + RANDOM


@pytest.fixture(params=ALL, ids=str)
def transformer(request):
    return clone(request.param)


class FlipOfLines(RowsAsLines, RandomHorizontalFlip):
    pass


class CropOfLines(RowsAsLines, RandomCrop):
    pass


class CutoutOfLines(RowsAsLines, Cutout):
    pass


# Altering nothing, since the checks compare fit_transform with transform.
@parametrize_with_checks([FlipOfLines(0.0), CropOfLines(padding=0), CutoutOfLines(p=0.0)])
def test_scikit_learn_has_no_objection(estimator, check, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    check(estimator)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_rows_makes_no_difference(transformer, layout):
    rows = IMAGES.reshape(30, -1).astype(np.float64)
    transformer.set_params(image_shape=(4, 5, 3))
    expected = clone(transformer).fit_transform(rows)
    laid_out = LAYOUTS[layout](rows)
    np.testing.assert_allclose(transformer.fit_transform(laid_out), expected, atol=1e-9)
    np.testing.assert_array_equal(laid_out, rows)


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", ">f4", ">i8", "f8"])
def test_the_type_makes_no_difference_to_what_is_computed(transformer, dtype):
    images = IMAGES.astype(dtype)
    expected = clone(transformer).fit_transform(images.astype(np.float64))
    found = transformer.fit_transform(images)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert found.shape == expected.shape


def test_lists_and_mapped_files_are_read(transformer, tmp_path):
    expected = clone(transformer).fit_transform(IMAGES)
    np.save(tmp_path / "images.npy", IMAGES)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    np.testing.assert_array_equal(clone(transformer).fit_transform(mapped), expected)
    listed = transformer.fit_transform(IMAGES.tolist())
    np.testing.assert_allclose(listed, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_row_that_is_not_finite_is_named(transformer, bad):
    images = IMAGES.astype(np.float32)
    fitted = clone(transformer).fit(images)
    images[7, 0, 1, 2] = bad
    message = "first in row 7, column 5"
    with pytest.raises(ValueError, match=message):
        transformer.fit(images)
    with pytest.raises(ValueError, match=message):
        transformer.fit_transform(images)
    with pytest.raises(ValueError, match=message):
        fitted.transform(images)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (IMAGES[:0], ValueError, "0 sample"),
        (IMAGES[:, :0], ValueError, "0 feature"),
        (IMAGES[0, 0, 0], ValueError, "Expected 2D array, got 1D array"),
        (IMAGES[np.newaxis], ValueError, "hold images of shape"),
        (IMAGES.astype(complex), ValueError, "dense array of real numbers"),
        (IMAGES.astype(str).astype(object) + "a", ValueError, "dense array of real numbers"),
        (None, ValueError, "Expected 2D array, got scalar array"),
    ],
    ids=["no image", "no line", "one row", "five axes", "complex", "text", "nothing"],
)
def test_what_is_no_images_is_refused(transformer, X, error, message):
    with pytest.raises(error, match=message):
        transformer.fit_transform(X)
    with pytest.raises(error, match=message):
        MixUp().fit_resample(X, [0] * 30)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (IMAGES[0], "single image; its first axis must count the images"),
        (IMAGES[:, :3], "images of shape .3, 5, 3.; .* was fitted to images of shape .4, 5, 3."),
        (IMAGES.transpose(0, 3, 1, 2), "images of shape .3, 4, 5."),
        (IMAGES.reshape(30, -1)[:, :59], "expecting 60 features"),
        (IMAGES[:0], "0 sample"),
    ],
    ids=["one image", "fewer lines", "channels first", "fewer features", "none"],
)
def test_queries_of_another_shape_are_refused(transformer, X, message):
    transformer.fit(IMAGES)
    with pytest.raises(ValueError, match=message):
        transformer.transform(X)


def test_an_axis_for_one_channel_makes_no_difference(transformer):
    grey = IMAGES[..., 0]
    transformer.fit(grey)
    np.testing.assert_array_equal(
        transformer.transform(grey[..., np.newaxis])[..., 0], transformer.transform(grey)
    )


def test_it_must_be_fitted_first(transformer):
    with pytest.raises(NotFittedError):
        transformer.transform(IMAGES)


def test_a_failed_fit_leaves_what_was_fitted(transformer):
    transformer.fit(IMAGES)
    expected = transformer.transform(IMAGES)
    with pytest.raises(ValueError, match="NaN"):
        transformer.fit(np.full((3, 2, 2), np.nan))
    np.testing.assert_array_equal(transformer.transform(IMAGES), expected)


@pytest.mark.parametrize(
    ("image_shape", "error", "message"),
    [
        ((4, 5), ValueError, r"image_shape must be None or the shape of the images of X.*\(4, 5\)"),
        (60, ValueError, "image_shape must be None, .height, width. or .*; got 60"),
        ((60,), ValueError, "image_shape must be None, .height, width."),
        ((4.0, 5, 3), TypeError, "image_shape must be an integer"),
        ((-4, -5, 3), ValueError, "image_shape must be at least 1; got -4"),
    ],
)
def test_image_shape_must_be_that_of_the_images(transformer, image_shape, error, message):
    with pytest.raises(error, match=message):
        transformer.set_params(image_shape=image_shape).fit(IMAGES)


def test_image_shape_must_have_the_features_of_the_rows(transformer):
    transformer.set_params(image_shape=(4, 5, 3))
    with pytest.raises(ValueError, match="makes 60 features of an image; X has 59"):
        transformer.fit(IMAGES.reshape(30, -1)[:, :59])


@pytest.mark.parametrize("transformer", RANDOM, ids=str)
def test_flat_rows_are_no_images_unless_said_so(transformer):
    with pytest.raises(ValueError, match="each of which has 60 features: set image_shape="):
        clone(transformer).fit(IMAGES.reshape(30, -1))


def test_it_can_be_pickled_and_copied(transformer):
    transformer.fit(IMAGES)
    expected = transformer.transform(IMAGES)
    for again in (pickle.loads(pickle.dumps(transformer)), copy.deepcopy(transformer)):
        np.testing.assert_array_equal(again.transform(IMAGES), expected)


@pytest.mark.parametrize("transformer", [*SCALING[:5], *RANDOM], ids=str)
def test_memory_is_that_of_the_result_and_some_blocks(transformer):
    n = 3000 * 70 if transformer in RANDOM else 3000 * 18
    images = np.zeros((n, 16, 16), np.uint8)
    tracemalloc.start()
    try:
        result = clone(transformer).fit_transform(images)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.nbytes > 50e6
    # A block is 8 MB in float64; all rows in float64 would be twice the result at least.
    assert peak < result.nbytes + 45e6


@pytest.mark.parametrize("method", ["fit_transform", "transform"])
def test_memory_of_crops_counts_wide_margins(method):
    images = np.zeros((200, 8, 8, 3), np.uint8)
    crop = RandomCrop(7, padding=200, random_state=0).fit(images)
    tracemalloc.start()
    try:
        getattr(crop, method)(images)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8e6  # with their margins the images are 100 MB


def test_memory_of_whitening_is_that_of_the_result_and_some_blocks():
    images = np.zeros((40_000, 10, 10), np.uint8)
    images[0] = 1
    tracemalloc.start()
    try:
        result = ZCAWhitening().fit_transform(images)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert prod(result.shape) == images.size
    assert peak < result.nbytes + 32e6


def test_memory_of_blends_is_that_of_the_result_and_some_blocks():
    images = np.zeros((100_000, 16, 16), np.uint8)
    tracemalloc.start()
    try:
        X, _, _ = MixUp(random_state=0).fit_resample(images, np.zeros(100_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert X.nbytes > 50e6
    assert peak < X.nbytes + 45e6
