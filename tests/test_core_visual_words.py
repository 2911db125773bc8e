"""Visual words of every ISA level against float64, for all sizes of tails."""

import numpy as np
import pytest

from .core_levels import LEVELS
from .layouts import LAYOUTS
from .visual_words_reference import encode

ASSIGNMENTS = ("triangle", "hard", "soft")


def make_model(rng, image_shape, patch_size, n_words, assignment, **options):
    n_features = int(np.prod(patch_size)) * image_shape[2]
    model = {
        "patch_size": patch_size,
        "stride": 1,
        "grid": (1, 1),
        "contrast": 10.0,
        "center": rng.normal(size=n_features).astype(np.float32),
        "whitening": rng.normal(size=(n_features, n_features)).astype(np.float32),
        "words": 3 * rng.normal(size=(n_words, n_features)).astype(np.float32),
        "assignment": assignment,
        "bandwidth": 4.0,
    }
    return model | options


def encoded(level, images, model, n_threads=2):
    n, image_shape = len(images), images.shape[1:]
    n_features = int(np.prod(model["grid"])) * len(model["words"])
    out = np.full((n, n_features), np.nan, np.float32)
    LEVELS[level].encode_visual_words(
        images.reshape(n, -1),
        out,
        image_shape=image_shape,
        **model,
        n_threads=n_threads,
        progress=None,
    )
    return out


def assert_right(level, images, model):
    expected = [encode(image, **model) for image in images]
    np.testing.assert_allclose(encoded(level, images, model), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.parametrize("n_words", [1, 2, 15, 16, 17, 31, 32, 33, 65])
def test_any_number_of_words(level, assignment, n_words):
    rng = np.random.default_rng(n_words)
    images = rng.integers(0, 256, (2, 9, 8, 3), dtype=np.uint8)
    assert_right(level, images, make_model(rng, (9, 8, 3), (3, 2), n_words, assignment))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("width", [*range(1, 27), 47, 48, 49, 50, 95, 96, 97])
def test_any_number_of_patches(level, width):
    rng = np.random.default_rng(width)
    images = rng.integers(0, 256, (2, 1, width, 2), dtype=np.uint8)
    model = make_model(rng, (1, width, 2), (1, 1), 5, "triangle")
    assert_right(level, images, model)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (4, 4), (3, 7), (6, 6)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_size_of_patches(level, size, channels):
    rng = np.random.default_rng(channels)
    images = rng.integers(0, 256, (3, 7, 8, channels), dtype=np.uint8)
    assert_right(level, images, make_model(rng, (7, 8, channels), size, 20, "triangle"))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("grid", [(1, 1), (2, 2), (3, 1), (2, 5), (6, 7)])
@pytest.mark.parametrize("stride", [1, 2])
def test_regions_share_out_the_patches(level, grid, stride):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 14, 16, 3), dtype=np.uint8)
    model = make_model(rng, (14, 16, 3), (3, 3), 7, "hard", grid=grid, stride=stride)
    features = encoded(level, images, model)
    np.testing.assert_array_equal(features, [encode(image, **model) for image in images])
    places = np.ceil(12 / stride) * np.ceil(14 / stride)
    np.testing.assert_array_equal(features.sum(axis=1), places)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("options", [{"contrast": None}, {"center": None, "whitening": None}])
def test_steps_that_are_left_out(level, options):
    rng = np.random.default_rng(0)
    images = rng.uniform(size=(2, 8, 8, 1)).astype(np.float32)
    assert_right(level, images, make_model(rng, (8, 8, 1), (3, 3), 9, "triangle", **options))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_types_and_layouts(level, dtype, layout):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 6, 5, 3)).astype(dtype)
    model = make_model(rng, (6, 5, 3), (3, 3), 6, "triangle")
    out = np.empty((4, 6), np.float32)
    LEVELS[level].encode_visual_words(
        LAYOUTS[layout](images.reshape(4, -1)),
        out,
        image_shape=(6, 5, 3),
        **model,
        n_threads=1,
        progress=None,
    )
    np.testing.assert_array_equal(out, encoded(level, images.astype(np.uint8), model))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n_threads", [2, 3, 16])
def test_threads_change_no_bit(level, n_threads):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, 12, 12, 3), dtype=np.uint8)
    model = make_model(rng, (12, 12, 3), (4, 4), 40, "triangle", grid=(2, 2))
    one = encoded(level, images, model, n_threads=1)
    np.testing.assert_array_equal(encoded(level, images, model, n_threads), one)


@pytest.mark.parametrize("level", LEVELS)
def test_flat_patches_are_nothing_but_zeros(level):
    rng = np.random.default_rng(0)
    images = np.full((1, 6, 6, 1), 200, np.uint8)
    model = make_model(rng, (6, 6, 1), (2, 2), 4, "triangle", contrast=0.0)
    assert_right(level, images, model)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_nearest_of_words_that_rounding_confuses(level, scale):
    """Words farther from zero than from each other by six digits; the first of equal ones."""
    rng = np.random.default_rng(1)
    close = (1000 + rng.integers(0, 3, (30, 4))) * scale
    words = np.concatenate([close, close]).astype(np.float32)
    images = words[rng.integers(0, 60, 40)].reshape(40, 1, 4, 1)
    images[1::2] *= np.float32(1 + 2e-7)
    model = make_model(rng, (1, 4, 1), (1, 4), 60, "hard", contrast=None)
    model |= {"center": None, "whitening": None, "words": words}
    expected = [encode(image, **model) for image in images]
    np.testing.assert_array_equal(encoded(level, images, model), expected)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"patch_size": (7, 1)}, "patch must fit"),
        ({"stride": 0}, "patch must fit"),
        ({"grid": (1, 6)}, "every region"),
        ({"words": np.zeros((2, 5), np.float32)}, "words"),
        ({"words": np.zeros((0, 4), np.float32)}, "words"),
        ({"center": np.zeros(3, np.float32)}, "center"),
        ({"whitening": np.zeros((4, 5), np.float32)}, "whitening"),
        ({"contrast": -1.0}, "contrast"),
        ({"bandwidth": 0.0}, "bandwidth"),
        ({"assignment": "fuzzy"}, "fuzzy"),
    ],
)
def test_what_would_be_unsafe_is_refused(level, changed, message):
    rng = np.random.default_rng(0)
    model = make_model(rng, (6, 6, 1), (2, 2), 2, "triangle") | changed
    with pytest.raises(ValueError, match=message):
        encoded(level, np.zeros((1, 6, 6, 1), np.uint8), model)


@pytest.mark.parametrize("out", [np.zeros((1, 3), np.float32), np.zeros((2, 2), np.float32)])
def test_results_must_fit(out):
    rng = np.random.default_rng(0)
    model = make_model(rng, (6, 6, 1), (2, 2), 2, "triangle")
    level = next(iter(LEVELS.values()))
    with pytest.raises(ValueError, match="out must have shape"):
        level.encode_visual_words(
            np.zeros((1, 36), np.uint8),
            out,
            image_shape=(6, 6, 1),
            **model,
            n_threads=1,
            progress=None,
        )
