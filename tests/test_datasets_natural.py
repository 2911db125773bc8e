"""Synthetic images: reproducible, labelled, and with the statistics of natural ones."""

import tracemalloc

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from nearplane.datasets import make_natural_images


@pytest.fixture(scope="module")
def natural():
    return make_natural_images(5000, random_state=0)


@pytest.mark.parametrize(
    "shape", [(32, 32, 3), (28, 28), (16, 24, 1), (5, 3, 4), (1, 1), (2, 1, 3)]
)
def test_images_have_the_shape_asked_for(shape):
    images, target = make_natural_images(37, shape, random_state=0)
    assert images.shape == (37, *shape)
    assert images.dtype == np.uint8
    assert images.flags.c_contiguous
    assert target.shape == (37,)
    assert target.dtype == np.int64


def test_numbers_may_be_those_of_numpy():
    images, _ = make_natural_images(np.int64(3), (np.int32(4), 5), n_classes=np.uint8(2))
    assert images.shape == (3, 4, 5)


def test_the_seed_decides_the_images():
    first = make_natural_images(50, random_state=3)
    for again, equal in [
        (make_natural_images(50, random_state=3), True),
        (make_natural_images(50, random_state=np.random.RandomState(3)), True),
        (make_natural_images(50, random_state=4), False),
        (make_natural_images(50), False),
    ]:
        assert np.array_equal(first[0], again[0]) == equal
        assert np.array_equal(first[1], again[1]) == equal


@pytest.mark.parametrize("shape", [(32, 32, 3), (7, 9)])
def test_fewer_images_are_the_first_of_more(shape):
    # 1, 340, 341 and 342 lie about the border of the first block of 32 x 32 x 3.
    images, target = make_natural_images(700, shape, random_state=1)
    for n in (1, 10, 340, 341, 342, 699):
        fewer, labels = make_natural_images(n, shape, random_state=1)
        np.testing.assert_array_equal(fewer, images[:n])
        np.testing.assert_array_equal(labels, target[:n])


@pytest.mark.parametrize("n_classes", [1, 2, 10, 37])
def test_every_round_of_images_holds_each_class_once(n_classes):
    _, target = make_natural_images(5 * n_classes, (4, 4), n_classes=n_classes, random_state=0)
    rounds = target.reshape(5, n_classes)
    np.testing.assert_array_equal(np.sort(rounds, axis=1), [np.arange(n_classes)] * 5)


def test_labels_are_not_in_a_fixed_order():
    _, target = make_natural_images(100, (4, 4), random_state=0)
    assert len(np.unique(target.reshape(10, 10), axis=0)) == 10


def test_the_pixels_use_the_whole_range_without_heavy_clipping(natural):
    share = np.bincount(natural[0].reshape(-1), minlength=256) / natural[0].size
    assert (share > 0.0003).all()
    assert share[0] + share[255] < 0.02  # 0.018 for CIFAR-10
    assert 60 < natural[0].std() < 70  # 64 for CIFAR-10
    assert 118 < natural[0].mean() < 131


def test_a_hundred_directions_hold_nine_tenths_of_the_variance(natural):
    # The eigenvalues of the covariance are those of the images' products, which are fewer.
    pixels = natural[0][:1000].reshape(1000, -1).astype(np.float64)
    pixels -= pixels.mean(axis=0)
    held = np.cumsum(np.linalg.eigvalsh(pixels @ pixels.T)[::-1]) / np.sum(pixels**2)
    # For as many images of CIFAR-10 the figures are 0.66, 0.92 and 0.997.
    assert 0.62 < held[9] < 0.74
    assert 0.90 < held[99] < 0.95
    assert 0.985 < held[511] < 0.998


def test_the_amplitude_falls_about_as_one_over_the_frequency(natural):
    # Power, the square, falls as f^-2 among low frequencies; the blur steepens the high ones.
    grey = natural[0].mean(axis=-1)
    grey -= grey.mean(axis=(1, 2), keepdims=True)
    window = np.outer(np.hanning(32), np.hanning(32))
    power = (np.abs(np.fft.fft2(grey * window)) ** 2).mean(axis=0)
    row, column = np.meshgrid(*[np.fft.fftfreq(32, 1 / 32)] * 2)
    radius = np.round(np.hypot(row, column))
    frequency = np.arange(2, 13)
    mean_power = [power[radius == f].mean() for f in frequency]
    slope = np.polyfit(np.log(frequency), np.log(mean_power), 1)[0]
    assert -3.5 < slope < -2  # -2.9 for CIFAR-10


def test_channels_are_strongly_correlated_and_neighbours_more_than_ends(natural):
    red_green, red_blue, green_blue = np.corrcoef(natural[0].reshape(-1, 3).T)[[0, 0, 1], [1, 2, 2]]
    assert 0.75 < red_blue < red_green < 0.97  # 0.80 and 0.92 for CIFAR-10
    assert red_blue < green_blue < 0.97


def test_neighbouring_pixels_are_alike(natural):
    grey = natural[0].mean(axis=-1)
    assert np.corrcoef(grey[:, :, 1:].ravel(), grey[:, :, :-1].ravel())[0, 1] > 0.9


def accuracy(images, target):
    pixels = images.reshape(len(images), -1).astype(np.float32)
    model = KNeighborsClassifier(5).fit(pixels[500:], target[500:])
    return model.score(pixels[:500], target[:500])


def test_nearest_neighbours_recognise_the_classes_often_but_not_always(natural):
    assert 0.35 < accuracy(*natural) < 0.6


def test_the_separation_of_the_classes_can_be_set():
    scores = [
        accuracy(*make_natural_images(2500, (16, 16), class_sep=separation, random_state=0))
        for separation in (0, 0.5, 1)
    ]
    assert scores[0] < 0.17
    assert scores[0] + 0.2 < scores[1] < scores[2]
    assert scores[2] > 0.9


def test_memory_beyond_the_result_is_bounded():
    tracemalloc.start()
    try:
        images, _ = make_natural_images(3000, random_state=0)
        assert tracemalloc.get_traced_memory()[1] < images.nbytes + 2**24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("arguments", "kind", "problem"),
    [
        ({"n_samples": 0}, ValueError, "n_samples must be at least 1; got 0"),
        ({"n_samples": 2.0}, TypeError, "n_samples must be an integer"),
        ({"n_classes": 0}, ValueError, "n_classes must be at least 1; got 0"),
        ({"class_sep": 1.5}, ValueError, "class_sep must be .* at most 1; got 1.5"),
        ({"class_sep": float("nan")}, ValueError, "class_sep must be finite"),
        ({"class_sep": "much"}, TypeError, "class_sep must be a number"),
        ({"image_shape": (32,)}, ValueError, r"image_shape must be .*got \(32,\)"),
        ({"image_shape": (32, 32, 3, 1)}, ValueError, "image_shape must be"),
        ({"image_shape": (32, 0)}, ValueError, "image_shape must be"),
        ({"image_shape": (32, 32.0)}, TypeError, "image_shape must be"),
        ({"image_shape": (True, 32)}, TypeError, "image_shape must be"),
        ({"image_shape": 32}, ValueError, "image_shape must be"),
        ({"random_state": "seed"}, ValueError, "'seed' cannot be used to seed"),
    ],
)
def test_bad_arguments_are_refused(arguments, kind, problem):
    with pytest.raises(kind, match=problem):
        make_natural_images(**({"n_samples": 5} | arguments))
