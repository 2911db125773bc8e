"""Histograms of colours against those of NumPy, with matplotlib's hues."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nearplane import _core
from nearplane.datasets import make_natural_images
from nearplane.features import ColorHistogram

from .color_histogram_reference import joint_counts, soft_counts
from .core_levels import LEVELS
from .layouts import LAYOUTS

RNG = np.random.default_rng(0)
IMAGES = make_natural_images(8, (20, 23, 3), random_state=0)[0]
IMAGES[4:] = RNG.integers(0, 256, IMAGES[4:].shape)
IMAGES[5] &= 240  # many pixels at the edges of bins, many greys
IMAGES[6, ..., 1] = IMAGES[6, ..., 0]
HARD = {"soft": False, "normalize": None}
SPACES = ("rgb", "hsv", "hue", "gray")


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("bins", [1, 2, 5, 8, 10, 16])
def test_hard_counts_are_those_of_numpy_to_the_pixel(space, bins):
    found = ColorHistogram(bins, space=space, **HARD).fit_transform(IMAGES)
    wanted = [joint_counts(image, space, bins).ravel() for image in IMAGES]
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == np.float32


@pytest.mark.parametrize("space", SPACES)
def test_floats_between_0_and_1_are_counted_in_float64(space):
    images = IMAGES / 255
    found = ColorHistogram(7, space=space, **HARD).fit_transform(images)
    wanted = [joint_counts(image, space, 7, high=1).ravel() for image in images]
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("space", ["rgb", "hsv"])
def test_channels_are_counted_alone_if_not_jointly(space):
    model = ColorHistogram((3, 4, 6), space=space, joint=False, **HARD).fit(IMAGES)
    for image, found in zip(IMAGES, model.transform(IMAGES), strict=True):
        counts = joint_counts(image, space, (3, 4, 6))
        each = [counts.sum(axis=axes) for axes in ((1, 2), (0, 2), (0, 1))]
        np.testing.assert_array_equal(found, np.concatenate(each))
    assert model.feature_shape_ == (1, 1, 13)


def test_every_hue_of_bytes_is_in_the_bin_of_matplotlib():
    # All pairs of the two larger values, in each order of the channels, over a black third.
    a, b = (values.ravel() for values in np.meshgrid(np.arange(256), np.arange(256)))
    pixels = np.stack([a, b, np.zeros_like(a)], axis=1).astype(np.uint8)
    images = np.stack([np.roll(pixels, shift, axis=1) for shift in range(3)])[:, :, None]
    for bins in (6, 7, 10, 12, 36):
        found = ColorHistogram(bins, space="hue", **HARD).fit_transform(images)
        wanted = [joint_counts(image, "hue", bins).ravel() for image in images]
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_soft_counts_are_shared_out_between_neighbours(space, dtype):
    high = 255 if dtype == np.uint8 else 1
    images = IMAGES if dtype == np.uint8 else IMAGES / 255
    bins = (4,) if space in ("gray", "hue") else (5, 3, 4)
    found = ColorHistogram(bins, space=space, normalize=None).fit_transform(images)
    wanted = [soft_counts(image, space, bins, high).ravel() for image in images]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found.sum(axis=1), 20 * 23, rtol=1e-5)


def test_soft_counts_of_single_channels_are_sums_of_joint_ones():
    joint = ColorHistogram((4, 5, 6), space="hsv").fit_transform(IMAGES).reshape(-1, 4, 5, 6)
    alone = ColorHistogram((4, 5, 6), space="hsv", joint=False).fit_transform(IMAGES)
    each = [joint.sum(axis=axes) for axes in ((2, 3), (1, 3), (1, 2))]
    np.testing.assert_allclose(alone, np.concatenate(each, axis=1), atol=1e-6)


def test_hues_go_round():
    purple, orange = [255, 0, 1], [255, 1, 0]  # either side of red
    images = np.array([[[purple]], [[orange]]], np.uint8)
    found = ColorHistogram(4, space="hue").fit_transform(images)
    np.testing.assert_allclose(found, [[0.5, 0, 0, 0.5]] * 2, atol=4e-3)
    one = ColorHistogram(1, space="hue").fit_transform(images)
    np.testing.assert_array_equal(one, 1)


@pytest.mark.parametrize("grid", [1, (2, 2), (3, 1), (7, 23)])
@pytest.mark.parametrize("soft", [False, True])
def test_regions_are_images_of_their_own(grid, soft):
    model = ColorHistogram(3, grid=grid, soft=soft).fit(IMAGES)
    rows, columns = grid if isinstance(grid, tuple) else (grid, grid)
    assert model.feature_shape_ == (rows, columns, 3, 3, 3)
    found = model.transform(IMAGES).reshape(len(IMAGES), rows, columns, -1)
    for row, column in np.ndindex(rows, columns):
        part = IMAGES[
            :,
            20 * row // rows : 20 * (row + 1) // rows,
            23 * column // columns : 23 * (column + 1) // columns,
        ]
        alone = ColorHistogram(3, soft=soft).fit_transform(part)
        np.testing.assert_allclose(found[:, row, column], alone, rtol=1e-6, atol=1e-7)


def test_histograms_are_normalized_or_not():
    counts = ColorHistogram(4, normalize=None).fit_transform(IMAGES)
    shares = ColorHistogram(4).fit_transform(IMAGES)
    roots = ColorHistogram(4, normalize="sqrt").fit_transform(IMAGES)
    np.testing.assert_allclose(shares, counts / (20 * 23), rtol=1e-6)
    np.testing.assert_allclose(roots, np.sqrt(shares), rtol=1e-6)
    np.testing.assert_allclose((roots**2).sum(axis=1), 1, rtol=1e-5)


def test_grey_images_have_grey_histograms():
    grey = IMAGES[..., 0]
    found = ColorHistogram(8, space="gray", **HARD).fit_transform(grey)
    wanted = [np.histogram(image, 8, (0, 255))[0] for image in grey]
    np.testing.assert_array_equal(found, wanted)
    with_axis = ColorHistogram(8, space="gray", **HARD).fit_transform(grey[..., None])
    np.testing.assert_array_equal(with_axis, found)


def test_the_range_is_what_one_says_and_else_that_of_the_type():
    assert ColorHistogram().fit(IMAGES).value_range_ == (0, 255)
    assert ColorHistogram().fit(IMAGES / 255).value_range_ == (0, 1)
    signed = IMAGES.astype(np.float32) / 127.5 - 1
    model = ColorHistogram(5, value_range=(-1, 1), **HARD).fit(signed)
    wanted = [np.histogramdd(i.reshape(-1, 3).astype(float), 5, [(-1, 1)] * 3)[0] for i in signed]
    np.testing.assert_array_equal(model.transform(signed), np.reshape(wanted, (8, -1)))
    bytes_fitted = ColorHistogram(5, **HARD).fit(IMAGES)
    np.testing.assert_array_equal(
        bytes_fitted.transform(IMAGES.astype(float)), bytes_fitted.transform(IMAGES)
    )


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("value", [-0.001, 1.5, 1e300, -1e300])
def test_values_outside_the_range_are_refused(space, value):
    images = IMAGES / 255
    model = ColorHistogram(space=space).fit(images)
    images[[3, 5], 4, 5, 1] = value
    with pytest.raises(
        ValueError,
        match=rf"X holds {value:g} in row 3, outside .* from 0 to 1;".replace("+", r"\+"),
    ):
        model.transform(images)
    with pytest.raises(ValueError, match=r"in row \d, outside the range of pixels from 10 to 200"):
        ColorHistogram(space=space, value_range=(10, 200)).fit_transform(IMAGES)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
@pytest.mark.parametrize("soft", [False, True])
def test_every_level_is_right_at_every_width(level, dtype, soft):
    for width in range(1, 71):
        images = RNG.integers(0, 256, (2, 2, width, 3)).astype(dtype)
        out = np.empty((2, 60), np.float32)
        bad = LEVELS[level].extract_color_histogram(
            images.reshape(2, -1),
            out,
            image_shape=(2, width, 3),
            space="hsv",
            bins=[5, 3, 4],
            joint=True,
            soft=soft,
            grid=(1, 1),
            scale="counts",
            low=0.0,
            high=255.0,
            n_threads=2,
            progress=None,
        )
        assert bad == -1
        count = soft_counts if soft else joint_counts
        wanted = [count(image, "hsv", (5, 3, 4)).ravel() for image in images]
        np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_rows_are_read_wherever_they_lie(layout, space, dtype):
    rows = IMAGES.reshape(len(IMAGES), -1).astype(dtype)
    model = ColorHistogram(4, space=space, value_range=(0, 255), image_shape=(20, 23, 3)).fit(rows)
    np.testing.assert_array_equal(model.transform(LAYOUTS[layout](rows)), model.transform(rows))


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("limits", [(0, 1e300), (-1e300, 1e300), (-1e300, 100), (-7, 3.5e38)])
def test_limits_beyond_those_of_float32_are_limits_of_float32_images(limits, soft):
    model = ColorHistogram(4, space="gray", value_range=limits, soft=soft, normalize=None)
    images = RNG.normal(size=(5, 12, 12)) ** 2
    model.fit(images)
    found = model.transform(images.astype(np.float32))
    np.testing.assert_array_equal(found, model.transform(images.astype(np.float32).astype(float)))
    assert (found.sum(axis=1) == 144).all()


def test_threads_make_no_difference():
    many = np.concatenate([IMAGES] * 60)
    one = ColorHistogram(n_jobs=1).fit_transform(many)
    assert ColorHistogram(n_jobs=3).fit_transform(many).tobytes() == one.tobytes()


@settings(max_examples=40, deadline=None)
@given(
    image=hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))),
    bins=st.tuples(*[st.integers(1, 12)] * 3),
    space=st.sampled_from(["rgb", "hsv"]),
)
def test_any_image_is_counted_as_numpy_does(image, bins, space):
    found = ColorHistogram(bins, space=space, **HARD).fit_transform(image[None])
    np.testing.assert_array_equal(found[0], joint_counts(image, space, bins).ravel())
    soft = ColorHistogram(bins, space=space, normalize=None).fit_transform(image[None])
    np.testing.assert_allclose(soft[0], soft_counts(image, space, bins).ravel(), atol=1e-4)


def test_names_say_where_and_what():
    model = ColorHistogram((1, 2, 1), space="hsv", grid=(1, 2)).fit(IMAGES)
    assert list(model.get_feature_names_out()) == [
        "region0_0_hue0_saturation0_value0",
        "region0_0_hue0_saturation1_value0",
        "region0_1_hue0_saturation0_value0",
        "region0_1_hue0_saturation1_value0",
    ]
    alone = ColorHistogram((1, 2, 1), joint=False).fit(IMAGES).get_feature_names_out()
    assert list(alone) == [f"region0_0_{name}" for name in ("red0", "green0", "green1", "blue0")]


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"bins": 0}, ValueError, "bins must be at least 1; got 0"),
        ({"bins": (2, 2)}, ValueError, "one for each of red, green, blue"),
        ({"bins": 2**21, "joint": False}, ValueError, "bins must be at most 1,048,576"),
        ({"bins": 2.0}, TypeError, "bins must be an integer"),
        ({"space": "lab"}, ValueError, "space must be 'rgb' or"),
        ({"joint": 1}, TypeError, "joint must be True or False"),
        ({"soft": "no"}, TypeError, "soft must be True or False"),
        ({"grid": (21, 1)}, ValueError, "every region must have a pixel"),
        ({"grid": 0}, ValueError, "grid must be at least 1"),
        ({"normalize": "l2"}, ValueError, "normalize must be 'l1' or 'sqrt'"),
        ({"value_range": (1, 1)}, ValueError, r"value_range must be \(lowest, highest\), the"),
        ({"value_range": (0, 1e-320)}, ValueError, r"value_range must be \(lowest, highest\), the"),
        ({"value_range": (0, np.inf)}, ValueError, "value_range must be finite"),
        ({"value_range": 255}, ValueError, r"value_range must be None or \(lowest, highest\)"),
    ],
)
def test_parameters_that_are_wrong_are_named(parameters, error, message):
    with pytest.raises(error, match=message):
        ColorHistogram(**parameters).fit(IMAGES)


@pytest.mark.parametrize("space", ["rgb", "hsv", "hue"])
def test_images_of_one_channel_have_no_colours(space):
    with pytest.raises(ValueError, match=r"needs images of 3 channels; .* have space='gray'"):
        ColorHistogram(space=space).fit(IMAGES[..., 0])
    with pytest.raises(ValueError, match="those of X have 4"):
        ColorHistogram(space=space).fit(np.zeros((2, 5, 5, 4), np.uint8))


def test_the_core_refuses_what_would_not_fit():
    arguments = {
        "image_shape": (4, 4, 3),
        "space": "channels",
        "bins": [2, 2, 2],
        "joint": True,
        "soft": False,
        "grid": (1, 1),
        "scale": "counts",
        "low": 0.0,
        "high": 255.0,
        "n_threads": 1,
        "progress": None,
    }
    images, out = np.zeros((2, 48), np.uint8), np.zeros((2, 8), np.float32)
    assert _core.extract_color_histogram(images, out, **arguments) == -1
    for wrong in (
        {"image_shape": (4, 4, 1)},
        {"bins": [2, 2]},
        {"bins": [2, 2, 0]},
        {"bins": [2, 2, 3]},
        {"grid": (5, 1)},
        {"space": "hue"},
        {"scale": "l2"},
        {"high": 0.0},
        {"n_threads": 0},
    ):
        with pytest.raises(ValueError, match=r"\w"):
            _core.extract_color_histogram(images, out, **arguments | wrong)
