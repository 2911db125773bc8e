import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from nearplane import pairwise_distances
from nearplane.datasets import load_digits, make_natural_images
from nearplane.display import PixelDistanceDisplay

from .figures import assert_new_figure

from_image = PixelDistanceDisplay.from_image


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def images():
    return make_natural_images(12, random_state=0)[0]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_the_copies_are_bytes_and_equally_far_to_the_digits_written(ax, images):
    for image in images:
        ax.clear()
        display = from_image(image, ax=ax)
        assert display.copies.dtype == np.uint8
        rows = display.copies.reshape(3, -1)
        distances = pairwise_distances(image.reshape(1, -1), rows)[0]
        np.testing.assert_allclose(display.distances_, distances, rtol=1e-12)
        np.testing.assert_allclose(distances, distances[1], rtol=1e-4)
        assert texts(ax)[1] == "L2 distance:"
        written = set(texts(ax)[3::2])
        assert len(written) == 1
        assert float(written.pop().replace(",", "")) == pytest.approx(distances[1], rel=6e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1 / 255, 1.0, -3.0])
def test_copies_of_floats_are_equally_far_to_their_last_digits(ax, images, dtype, scale):
    image = (images[0] * scale).astype(dtype)
    display = from_image(image, ax=ax)
    np.testing.assert_allclose(display.distances_, display.distances_[1], rtol=1e-9)
    low, high = sorted([0, 255 * scale if scale != 1 / 255 else 1])
    assert low - 1e-4 <= display.copies.min() < display.copies.max() <= high + 1e-4


def test_each_copy_is_what_it_is_called(ax, images):
    image = images[3].astype(float)
    display = from_image(images[3], shift=2, ax=ax)
    assert display.names == ["boxed", "shifted by 2 pixels", "tinted"]
    boxed, shifted, tinted = display.copies.astype(float) - image
    np.testing.assert_array_equal(display.copies[1][2:, 2:], images[3][:-2, :-2])
    np.testing.assert_array_equal(display.copies[1][0], display.copies[1][1])
    changed = np.argwhere(boxed.any(axis=2))
    height, width = np.ptp(changed, axis=0) + 1
    assert abs(height - width) <= 1
    assert height <= 16
    np.testing.assert_allclose(changed.mean(axis=0), 15.5, atol=1)
    assert (boxed <= 0).all()  # black, as near as it must be
    assert (display.copies[0][13:19, 13:19] < 0.6 * image[13:19, 13:19]).all()
    # Where nothing is cut off, a tint adds the same to every pixel, up to the rounding.
    whole = (display.copies[2] > 0) & (display.copies[2] < 255)
    for channel in range(3):
        assert np.ptp(np.percentile(tinted[..., channel][whole[..., channel]], [1, 99])) <= 1
    assert tinted[..., 2].mean() > 5 > -5 > tinted[..., 0].mean()
    assert shifted.any()


def test_grey_images_become_lighter_or_darker(ax):
    digits = load_digits().images[:20]
    for image, shape in zip(digits, [(8, 8), (8, 8, 1)] * 10, strict=True):
        ax.clear()
        display = from_image(image.reshape(shape), ax=ax)
        assert display.names[2] in ("lighter", "darker")
        np.testing.assert_allclose(display.distances_, display.distances_[1], rtol=1e-3)
        assert display.copies.max() <= image.max()
        assert len(set(texts(ax)[3::2])) == 1
    dark = np.full((8, 8), 250, dtype=np.uint8)
    dark[4, 4] = 130
    assert from_image(dark, ax=ax).names[2] == "darker"


def test_a_larger_image_is_shifted_by_more(ax):
    image = make_natural_images(1, (96, 128, 3), random_state=0)[0][0]
    assert from_image(image, ax=ax).names[1] == "shifted by 4 pixels"
    assert from_image(image, shift=1, ax=ax).names[1] == "shifted by 1 pixel"


def test_the_image_is_left_as_it_is(ax, images):
    image = images[1].copy()
    image.flags.writeable = False
    display = from_image(image[:, ::-1], ax=ax)
    np.testing.assert_array_equal(image, images[1])
    np.testing.assert_array_equal(display.image, images[1][:, ::-1])


def test_pictures_are_those_of_the_copies_and_not_smoothed(ax, images):
    display = from_image(images[0], ax=ax)
    shown = [image.get_array() for image in ax.images]
    for pixels, expected in zip(shown, [images[0], *display.copies], strict=True):
        np.testing.assert_array_equal(pixels, expected)
    assert {image.get_interpolation() for image in ax.images} == {"nearest"}
    assert texts(ax)[::2] == ["original", "boxed", "shifted by 1 pixel", "tinted"]


def test_other_copies_are_drawn_with_their_own_distances(ax):
    image = np.zeros((2, 2))
    copies = [image + 1, image + 0.25, image]
    display = PixelDistanceDisplay(image=image, copies=copies, names=["a", "b", "c"]).plot(ax)
    assert display.distances_.tolist() == [2.0, 0.5, 0.0]
    assert texts(ax)[3::2] == ["2.000", "0.5000", "0.0000"]


@pytest.mark.parametrize("shape", [(8, 8), (32, 32, 3), (20, 60, 3), (60, 20)])
def test_nothing_is_cut_off(shape):
    image = make_natural_images(1, shape, random_state=0)[0][0]
    display = from_image(image)
    try:
        display.figure_.draw_without_rendering()
        page = display.figure_.bbox
        for artist in (*display.ax_.images, *display.ax_.texts):
            box = artist.get_window_extent()
            assert page.x0 <= box.x0 <= box.x1 <= page.x1
            assert page.y0 <= box.y0 <= box.y1 <= page.y1
    finally:
        plt.close(display.figure_)


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        (np.full((8, 8), 7), {}, "image must not be uniform"),
        (np.zeros((0, 8)), {}, r"image has shape \(0, 8\)"),
        (np.zeros(64), {}, r"image has shape \(64,\).*reshape flattened rows"),
        (np.zeros((5, 8, 8)), {}, r"image has shape \(5, 8, 8\).*take images\[0\]"),
        (np.zeros((1, 8, 8, 3)), {}, "a single image has"),
        (np.full((8, 8), np.nan), {}, "image.* NaN or infinity"),
        (np.eye(8), {"shift": 0}, "shift must be at least 1; got 0"),
        (np.indices((8, 8))[1] % 2, {}, "image changes so much within 1 pixels"),
    ],
)
def test_images_without_such_copies_are_refused(ax, image, options, message):
    with pytest.raises(ValueError, match=message):
        from_image(image, ax=ax, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"copies": np.zeros((1, 4, 5))}, r"of the shape of image, \(4, 4\); got shape \(4, 5\)"),
        ({"names": ["a", "b"]}, "names must hold 1, one for each copy; got 2"),
        ({"copies": np.zeros(16)}, r"copies has shape \(16,\)"),
    ],
)
def test_arguments_that_do_not_fit_are_named(change, message):
    arguments = {"image": np.zeros((4, 4)), "copies": np.ones((1, 4, 4)), "names": ["a"]}
    with pytest.raises(ValueError, match=message):
        PixelDistanceDisplay(**arguments | change)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax, images):
    display = from_image(images[0], ax=ax)
    assert_new_figure(display)
