"""Histograms of oriented gradients against scikit-image's, and against a formula in NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.feature import hog

from nearplane import _core
from nearplane.datasets import make_natural_images
from nearplane.features import HOG

from .core_levels import LEVELS
from .hog_reference import cell_histograms
from .layouts import LAYOUTS

IMAGES = make_natural_images(6, (32, 32, 3), random_state=0)[0]
PARAMETERS = [
    {},
    {"pixels_per_cell": (4, 4), "cells_per_block": (2, 2), "block_norm": "L1"},
    {"pixels_per_cell": (5, 7), "cells_per_block": (1, 2), "block_norm": "L1-sqrt"},
    {"pixels_per_cell": (3, 10), "cells_per_block": (4, 1), "orientations": 7},
    {"pixels_per_cell": (16, 1), "cells_per_block": (1, 1), "block_norm": "L2"},
    {"pixels_per_cell": (32, 32), "cells_per_block": (1, 1), "orientations": 1},
    *({"orientations": n} for n in (2, 3, 4, 5, 8, 12, 18, 36, 45, 360)),
]


def expected(images, **parameters):
    return np.array([hog(image, channel_axis=-1, **parameters) for image in images])


def assert_close(features, reference):
    """Compare to 1e-5, and with what the sums of an image make of rounding."""
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, reference, rtol=1e-5, atol=1e-6 * reference.max())


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_features_are_those_of_scikit_image(parameters, dtype):
    images = IMAGES.astype(dtype)
    assert_close(HOG(**parameters).fit_transform(images), expected(images, **parameters))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_roots_are_those_of_scikit_image(dtype):
    images = IMAGES.astype(dtype)
    found = HOG(transform_sqrt=True).fit_transform(images)
    assert_close(found, expected(images, transform_sqrt=True))


def test_floats_between_the_lattice_of_bytes_have_the_same_bins():
    images = np.random.default_rng(0).normal(size=(6, 33, 31, 3))
    for n in (4, 8, 9, 12):
        for given_ in (images, images.astype(np.float32)):
            found = HOG(n).fit_transform(given_)
            assert_close(found, expected(given_, orientations=n))


@pytest.mark.parametrize("n_bins", [*range(1, 41), 44, 60, 90, 180])
def test_every_whole_gradient_has_the_bin_of_scikit_image(n_bins):
    # A cell of 3 x 3 pixels in the middle of which lies each direction that bytes can have, at
    # small lengths, and some of the longest.
    sides = np.array([*range(0, 13), 45, 89, 127, 128, 180, 253, 254, 255])
    x, y = (side.ravel() for side in np.meshgrid([*-sides[::-1], *sides], sides))
    images = np.zeros((len(x), 3, 3), np.uint8)
    images[:, 1, 2], images[:, 1, 0] = np.maximum(x, 0), np.maximum(-x, 0)
    images[:, 2, 1] = y
    parameters = {"pixels_per_cell": (3, 3), "cells_per_block": (1, 1)}
    found = HOG(n_bins, block_norm=None, pixels_per_cell=3, cells_per_block=1).fit_transform(images)
    angle = np.arctan2(y.astype(float), x) * (180 / np.pi) % 180
    edges = 180 / n_bins * np.arange(1, n_bins)
    bins = np.searchsorted(edges, angle, side="right")
    share = np.zeros((len(x), n_bins))
    np.add.at(share, (np.arange(len(x)), bins), np.hypot(x, y) / 9)
    # What else the image has are gradients at the border, along the axes.
    rest = found - share
    rest[:, [0, np.searchsorted(edges, 90, side="right")]] = 0
    np.testing.assert_allclose(rest, 0, atol=2e-5)
    few = slice(None, None, 37)
    reference = [hog(image, n_bins, **parameters, block_norm="L2") for image in images[few]]
    found = HOG(n_bins, block_norm="L2", **parameters).fit_transform(images[few])
    np.testing.assert_allclose(found, reference, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_bins", [1, 2, 5, 8, 9, 18])
@pytest.mark.parametrize("turn", [180, 360])
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_plain_histograms_are_means_over_cells(n_bins, turn, dtype):
    grey = IMAGES[:2, :30, :21, 0]
    model = HOG(
        n_bins, pixels_per_cell=4, cells_per_block=1, block_norm=None, signed=turn == 360
    ).fit(grey.astype(dtype))
    assert model.feature_shape_ == (7, 5, 1, 1, n_bins)
    wanted = [
        cell_histograms(image[..., np.newaxis].astype(float), (4, 4), n_bins, turn).ravel()
        for image in grey
    ]
    np.testing.assert_allclose(
        model.transform(grey.astype(dtype)), wanted, rtol=1e-5, atol=1e-6 * 255
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_grey_is_the_luma_of_colours(dtype):
    model = HOG(cells_per_block=1, block_norm=None, channels="gray")
    grey = IMAGES.astype(float) @ [0.299, 0.587, 0.114]
    wanted = HOG(cells_per_block=1, block_norm=None).fit_transform(grey)
    tolerance = 1e-3 if dtype == np.float32 else 1e-5  # of float32 pixels, at the edge of a bin
    np.testing.assert_allclose(
        model.fit_transform(IMAGES.astype(dtype)), wanted, rtol=1e-3, atol=tolerance * 255
    )
    one = model.fit_transform(IMAGES[..., :1])
    np.testing.assert_array_equal(
        one, HOG(cells_per_block=1, block_norm=None).fit_transform(IMAGES[..., 0])
    )


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_every_level_is_right_at_every_width(level, dtype):
    rng = np.random.default_rng(1)
    for width in range(1, 71):
        images = rng.integers(0, 256, (2, 9, width, 3)).astype(dtype)
        out = np.empty((2, 3 * width * 9), np.float32)
        LEVELS[level].extract_hog(
            images.reshape(2, -1),
            out,
            image_shape=(9, width, 3),
            pixels_per_cell=(3, 1),
            cells_per_block=(1, 1),
            orientations=9,
            directed=False,
            take_roots=False,
            luma=False,
            block_norm="L2-Hys",
            n_threads=2,
            progress=None,
        )
        wanted = expected(images, pixels_per_cell=(3, 1), cells_per_block=(1, 1))
        np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_rows_are_read_wherever_they_lie(layout, dtype):
    rows = IMAGES.reshape(len(IMAGES), -1).astype(dtype)
    model = HOG(image_shape=(32, 32, 3)).fit(rows)
    np.testing.assert_array_equal(model.transform(LAYOUTS[layout](rows)), model.transform(rows))


@pytest.mark.parametrize("channels", [1, 2, 4, 5])
def test_any_number_of_channels_has_its_steepest_one(channels):
    images = np.random.default_rng(2).integers(0, 256, (3, 24, 26, channels), dtype=np.uint8)
    assert_close(HOG().fit_transform(images), expected(images))


def test_images_of_many_strips_are_right():
    image = make_natural_images(1, (67, 1300, 3), random_state=1)[0]
    assert_close(HOG().fit_transform(image), expected(image))
    tall = np.ascontiguousarray(np.swapaxes(image, 1, 2))
    assert_close(
        HOG(pixels_per_cell=(40, 9)).fit_transform(tall), expected(tall, pixels_per_cell=(40, 9))
    )


def test_threads_make_no_difference():
    many = np.concatenate([IMAGES] * 40)
    one = HOG(n_jobs=1).fit_transform(many)
    assert HOG(n_jobs=3).fit_transform(many).tobytes() == one.tobytes()
    assert one[:6].tobytes() == one[6:12].tobytes()


def test_images_without_edges_are_zero():
    flat = np.full((2, 16, 16, 3), 77, np.uint8)
    for norm in ("L2-Hys", "L2", "L1", "L1-sqrt", None):
        found = HOG(pixels_per_cell=4, cells_per_block=2, block_norm=norm).fit_transform(flat)
        np.testing.assert_array_equal(found, 0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (1, 1, 3)])
def test_tiny_images_have_features(shape):
    images = np.random.default_rng(3).integers(0, 256, (4, *shape), dtype=np.uint8)
    model = HOG(pixels_per_cell=1, cells_per_block=1, block_norm="L2", image_shape=shape)
    found = model.fit_transform(images)
    colour = images if len(shape) == 3 else images[..., np.newaxis]
    wanted = expected(colour, pixels_per_cell=(1, 1), cells_per_block=(1, 1), block_norm="L2")
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)


def test_pixels_beyond_the_last_cell_are_neighbours_only():
    changed = IMAGES[:, :20, :20].copy()
    before = HOG(pixels_per_cell=6).fit_transform(changed)
    changed[:, 19] = changed[:, :, 19] = 0
    np.testing.assert_array_equal(HOG(pixels_per_cell=6).fit_transform(changed), before)


@settings(max_examples=40, deadline=None)
@given(
    image=hnp.arrays(np.uint8, st.tuples(st.integers(4, 20), st.integers(4, 20), st.just(3))),
    cell=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    n_bins=st.integers(1, 20),
    norm=st.sampled_from(["L2-Hys", "L2", "L1", "L1-sqrt"]),
)
def test_any_image_is_as_scikit_image_has_it(image, cell, n_bins, norm):
    parameters = {"pixels_per_cell": cell, "cells_per_block": (1, 1), "block_norm": norm}
    found = HOG(n_bins, **parameters).fit_transform(image[np.newaxis])
    wanted = hog(image, n_bins, channel_axis=-1, **parameters)[np.newaxis]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(image=hnp.arrays(np.uint8, st.tuples(st.integers(8, 20), st.integers(8, 20))))
def test_directions_that_are_opposite_add_up_to_unsigned_ones(image):
    plain = {"pixels_per_cell": 4, "cells_per_block": 1, "block_norm": None}
    signed = HOG(8, signed=True, **plain).fit_transform(image[np.newaxis]).reshape(-1, 2, 4)
    unsigned = HOG(4, **plain).fit_transform(image[np.newaxis]).reshape(-1, 4)
    np.testing.assert_allclose(signed.sum(axis=1), unsigned, rtol=1e-5, atol=1e-4)


def test_a_picture_turned_round_has_its_bins_turned_round():
    grey = IMAGES[..., 0]
    plain = {"pixels_per_cell": 8, "cells_per_block": 1, "block_norm": None, "signed": True}
    bins = HOG(4, **plain).fit_transform(255 - grey).reshape(-1, 4)
    before = HOG(4, **plain).fit_transform(grey).reshape(-1, 4)
    np.testing.assert_allclose(np.roll(bins, 2, axis=1), before, rtol=1e-4, atol=1e-3)


def test_names_say_where_and_which():
    model = HOG(2, pixels_per_cell=16, cells_per_block=(1, 2)).fit(IMAGES)
    assert model.feature_shape_ == (2, 1, 1, 2, 2)
    assert list(model.get_feature_names_out())[:3] == [
        "block0_0_cell0_0_bin0",
        "block0_0_cell0_0_bin1",
        "block0_0_cell0_1_bin0",
    ]
    assert model.get_feature_names_out()[-1] == "block1_0_cell0_1_bin1"


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"orientations": 0}, ValueError, "orientations must be at least 1; got 0"),
        ({"orientations": 2.5}, TypeError, "orientations must be an integer"),
        ({"pixels_per_cell": 0}, ValueError, "pixels_per_cell must be at least 1"),
        ({"pixels_per_cell": (1, 2, 3)}, ValueError, "pixels_per_cell must be an integer or"),
        ({"cells_per_block": "3"}, TypeError, "cells_per_block must be an integer"),
        ({"block_norm": "l2"}, ValueError, "block_norm must be 'L2-Hys' or"),
        ({"signed": 1}, TypeError, "signed must be True or False"),
        ({"transform_sqrt": None}, TypeError, "transform_sqrt must be True or False"),
        ({"channels": "grey"}, ValueError, "channels must be 'steepest' or 'gray'"),
        ({"cells_per_block": 5}, ValueError, "takes 40 x 40 pixels; the images of X have 32 x 32"),
        ({"pixels_per_cell": (33, 1)}, ValueError, "takes 99 x 3 pixels"),
        ({"n_jobs": 0}, ValueError, "n_jobs"),
        ({"verbose": 2}, TypeError, "verbose"),
    ],
)
def test_parameters_that_are_wrong_are_named(parameters, error, message):
    with pytest.raises(error, match=message):
        HOG(**parameters).fit(IMAGES)


def test_grey_of_two_channels_is_refused():
    with pytest.raises(ValueError, match="1 or 3 channels; those of X have 2"):
        HOG(channels="gray").fit(IMAGES[..., :2])


def test_roots_of_negative_pixels_are_refused():
    images = IMAGES.astype(float)
    images[2, 5, 5] = -1
    with pytest.raises(ValueError, match=r"roots, but X holds -1 in row 2"):
        HOG(transform_sqrt=True).fit(images)


@pytest.mark.parametrize("block_norm", ["L1", "L1-sqrt", "L2", "L2-Hys"])
def test_huge_gradients_are_normalised_as_small_ones_are(block_norm):
    # All of one direction: a block is longer than its gradients are, and their squares just fit.
    slope = np.tile(np.arange(32.0), (1, 32, 1))
    model = HOG(block_norm=block_norm).fit(slope)
    expected = model.transform(slope * 1e9)  # beside which what is added to sizes is nothing
    for size in (1e100, 1e145, 1e150, 5e153, 6e153):
        np.testing.assert_allclose(model.transform(slope * size), expected, rtol=1e-6)


def test_gradients_beyond_float32_are_refused():
    images = IMAGES.astype(float)
    images[3] *= 1e300
    with pytest.raises(ValueError, match=r"row 3, whose gradients are too large"):
        HOG(cells_per_block=1, block_norm=None).fit_transform(images)


def test_the_core_refuses_what_would_not_fit():
    arguments = {
        "image_shape": (8, 8, 3),
        "pixels_per_cell": (4, 4),
        "cells_per_block": (1, 1),
        "orientations": 2,
        "directed": False,
        "take_roots": False,
        "luma": False,
        "block_norm": "L2",
        "n_threads": 1,
        "progress": None,
    }
    images, out = np.zeros((2, 192), np.uint8), np.zeros((2, 8), np.float32)
    assert _core.extract_hog(images, out, **arguments) == -1
    for wrong in (
        {"image_shape": (8, 8, 1)},
        {"cells_per_block": (3, 1)},
        {"pixels_per_cell": (0, 4)},
        {"orientations": 3},
        {"block_norm": "L3"},
        {"n_threads": 0},
    ):
        with pytest.raises(ValueError, match=r"\w"):
            _core.extract_hog(images, out, **arguments | wrong)
