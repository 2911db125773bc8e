"""Flips, crops and squares against loops over single images."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from nearplane import KNeighborsClassifier, LinearClassifier, _blocks
from nearplane.preprocessing import Cutout, MeanImage, RandomCrop, RandomHorizontalFlip

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(1, 256, (60, 6, 5, 3), np.uint8)
RANDOM = [
    RandomHorizontalFlip(random_state=0),
    RandomCrop(padding=2, random_state=0),
    RandomCrop((4, 3), 1, padding_mode="edge", random_state=0),
    Cutout(3, random_state=0),
    Cutout((1, 4), p=0.5, fill="mean", random_state=0),
]
LAYOUTS = {
    "colour": lambda images: images,
    "single": lambda images: images.astype(np.float32),
    "one channel": lambda images: images[..., :1].copy(),
    "reversed": lambda images: np.ascontiguousarray(images[::-1, :, ::-1])[::-1, :, ::-1],
    "read-only": lambda images: np.broadcast_to(images, images.shape),
}


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_an_image_is_mirrored_or_left_as_it_is(p):
    flipped = RandomHorizontalFlip(p, random_state=0).fit_transform(COLOUR)
    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(flipped, COLOUR, strict=True)]
    same = [np.array_equal(a, b) for a, b in zip(flipped, COLOUR, strict=True)]
    assert all(m != s for m, s in zip(mirrored, same, strict=True))
    assert abs(np.mean(mirrored) - p) < 0.2
    assert flipped.dtype == np.uint8


def windows(image, size, padding, mode, fill):
    """Yield every window of a padded image, line by line."""
    widths = ((padding, padding), (padding, padding), (0, 0))
    options = {"constant_values": fill} if mode == "constant" else {}
    padded = np.pad(image, widths, mode=mode, **options)
    for top in range(padded.shape[0] - size[0] + 1):
        for left in range(padded.shape[1] - size[1] + 1):
            yield padded[top : top + size[0], left : left + size[1]]


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
@pytest.mark.parametrize("size", [None, 4, (3, 7), (6, 5), (8, 7)])
def test_a_crop_is_a_window_of_the_padded_image(mode, size):
    crop = RandomCrop(size, 1, padding_mode=mode, fill=9, random_state=0)
    cut = crop.fit_transform(COLOUR)
    height, width = (6, 5) if size is None else (size, size) if size == 4 else size
    assert cut.shape == (60, height, width, 3)
    chosen = set()
    for window, image in zip(cut, COLOUR, strict=True):
        candidates = windows(image, (height, width), 1, mode, 9)
        fits = [i for i, each in enumerate(candidates) if np.array_equal(each, window)]
        assert fits
        chosen.add(fits[0])
    n_windows = (6 + 2 - height + 1) * (5 + 2 - width + 1)
    assert len(chosen) > n_windows / 2  # of up to 24 places, 60 images know most


def test_every_window_is_as_likely():
    image = np.arange(1, 31, dtype=np.uint8).reshape(6, 5, 1)
    cut = RandomCrop((6, 4), 1, random_state=0).fit_transform(np.repeat(image[np.newaxis], 1200, 0))
    each = [window.tobytes() for window in windows(image, (6, 4), 1, "constant", 0)]
    counts = np.bincount([each.index(window.tobytes()) for window in cut], minlength=12)
    assert len(counts) == 12
    assert np.abs(counts - 100).max() < 40  # four standard deviations


def test_a_query_is_cut_out_of_the_middle():
    for size in [(4, 3), (2, 1), (3, 2), (6, 5)]:
        crop = RandomCrop(size, random_state=0).fit(COLOUR)
        top, left = (6 - size[0]) // 2, (5 - size[1]) // 2
        expected = COLOUR[:, top : top + size[0], left : left + size[1]]
        np.testing.assert_array_equal(crop.transform(COLOUR), expected)
    wider = RandomCrop((8, 5), 1, fill=7).fit(COLOUR).transform(COLOUR)
    np.testing.assert_array_equal(wider[:, 1:7], COLOUR)
    assert (wider[:, [0, 7]] == 7).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (2, 4), (20, 20)])
def test_a_square_hides_what_it_covers_and_nothing_else(size):
    cut = Cutout(size, random_state=0).fit_transform(COLOUR)
    middles = set()
    for blotted, image in zip(cut, COLOUR, strict=True):
        fits = []
        for y in range(6):
            for x in range(5):
                expected = image.copy()
                top, left = y - size[0] // 2, x - size[1] // 2
                expected[max(0, top) : top + size[0], max(0, left) : left + size[1]] = 0
                if np.array_equal(expected, blotted):
                    fits.append((y, x))
        assert fits
        middles.add(fits[0])
    assert len(middles) > 10 or size == (20, 20)


def test_a_square_can_have_the_mean_colour():
    cut = Cutout(2, fill="mean", random_state=0).fit(COLOUR)
    mean = COLOUR.reshape(-1, 3).astype(np.float64).mean(axis=0)
    np.testing.assert_array_equal(cut.fill_, np.rint(mean))
    blotted = cut.fit_transform(COLOUR)
    differ = (blotted != COLOUR).any(axis=3)
    assert differ.any(axis=(1, 2)).all()
    np.testing.assert_array_equal(np.unique(blotted[differ], axis=0), [np.rint(mean)])
    exact = Cutout(2, fill="mean").fit(COLOUR.astype(np.float64))
    np.testing.assert_allclose(exact.fill_, mean, rtol=1e-12)


def test_only_a_part_of_the_images_has_a_square():
    cut = Cutout(3, p=0.4, random_state=0).fit_transform(COLOUR)
    assert abs((cut != COLOUR).any(axis=(1, 2, 3)).mean() - 0.4) < 0.2


@pytest.mark.parametrize("transformer", RANDOM, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_makes_no_difference_and_is_kept(transformer, layout, monkeypatch):
    images = LAYOUTS[layout](COLOUR)
    before = images.copy()
    expected = clone(transformer).fit_transform(np.ascontiguousarray(images))
    monkeypatch.setattr(_blocks.blocks, "__kwdefaults__", {"size": 7 * 90})
    np.testing.assert_array_equal(clone(transformer).fit_transform(images), expected)
    np.testing.assert_array_equal(images, before)
    shape, n_channels = images.shape[1:], images.shape[3]
    flat = clone(transformer).set_params(image_shape=shape).fit_transform(images.reshape(60, -1))
    np.testing.assert_array_equal(flat, expected.reshape(60, -1))
    if n_channels == 1:
        grey = clone(transformer).fit_transform(images[..., 0])
        np.testing.assert_array_equal(grey, expected[..., 0])
    assert expected.dtype == images.dtype


@pytest.mark.parametrize("transformer", RANDOM, ids=str)
def test_the_same_seed_draws_the_same_and_a_generator_goes_on(transformer):
    again = clone(transformer)
    first = again.fit_transform(COLOUR)
    np.testing.assert_array_equal(again.fit_transform(COLOUR), first)
    other = clone(transformer).set_params(random_state=1).fit_transform(COLOUR)
    assert not np.array_equal(other, first)
    going_on = clone(transformer).set_params(random_state=np.random.RandomState(0))
    np.testing.assert_array_equal(going_on.fit_transform(COLOUR), first)
    assert not np.array_equal(going_on.fit_transform(COLOUR), first)


@pytest.mark.parametrize("transformer", RANDOM, ids=str)
def test_copies_differ_and_take_their_labels_along(transformer):
    y = np.arange(60)
    X, labels = clone(transformer).augment(COLOUR, y, n_copies=3)
    np.testing.assert_array_equal(labels, np.tile(y, 3))
    np.testing.assert_array_equal(X[:60], clone(transformer).fit_transform(COLOUR))
    assert len(X) == 180
    assert not np.array_equal(X[60:120], X[:60])
    assert not np.array_equal(X[120:], X[60:120])
    np.testing.assert_array_equal(clone(transformer).augment(COLOUR, n_copies=3), X)


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match="one entry for each of the 60 rows of X"):
        RandomHorizontalFlip().augment(COLOUR, [0] * 120, n_copies=2)


class Recorder(KNeighborsClassifier):
    """Remembers what it was fitted to and asked."""

    def fit(self, X, y):
        self.fitted = X
        return super().fit(X, y)

    def predict(self, X):
        self.asked = X
        return super().predict(X)


@pytest.mark.parametrize("transformer", RANDOM, ids=str)
def test_a_pipeline_alters_training_images_and_leaves_queries_alone(transformer):
    y = np.arange(60) % 2
    pipeline = make_pipeline(clone(transformer), Recorder(1)).fit(COLOUR, y)
    np.testing.assert_array_equal(pipeline[-1].fitted, clone(transformer).fit_transform(COLOUR))
    pipeline.predict(COLOUR[:9])
    height, width = pipeline[-1].fitted.shape[1:3]
    top, left = (6 - height) // 2, (5 - width) // 2
    middle = COLOUR[:9, top : top + height, left : left + width]
    np.testing.assert_array_equal(pipeline[-1].asked, middle)


def test_a_chain_of_steps_trains_a_linear_classifier():
    X = np.tile(COLOUR[:2], (20, 1, 1, 1))
    y = np.array(["left", "right"] * 20)
    pipeline = make_pipeline(
        RandomHorizontalFlip(random_state=0),
        RandomCrop(padding=1, random_state=0),
        MeanImage(),
        LinearClassifier(random_state=0),
    ).fit(X, y)
    assert pipeline.score(X, y) == 1
    assert pipeline[-1].image_shape_ == (6, 5, 3)


def test_names_of_features_follow_the_size():
    rows = COLOUR.reshape(60, -1)
    same = RandomHorizontalFlip(image_shape=(6, 5, 3)).fit(rows)
    assert same.get_feature_names_out().tolist() == [f"x{i}" for i in range(90)]
    cut = RandomCrop((2, 3), image_shape=(6, 5, 3)).fit(rows)
    assert cut.get_feature_names_out().tolist() == [f"randomcrop{i}" for i in range(18)]
    frame = cut.set_output(transform="pandas").fit_transform(rows)
    assert frame.shape == (60, 18)
    assert frame.columns[-1] == "randomcrop17"


@pytest.mark.parametrize(
    ("transformer", "error", "message"),
    [
        (RandomHorizontalFlip(1.5), ValueError, "p must be finite and at least 0 and at most 1"),
        (RandomHorizontalFlip("0.5"), TypeError, "p must be a number"),
        (RandomCrop(0), ValueError, "size must be at least 1; got 0"),
        (RandomCrop((1, 2, 3)), ValueError, r"size must be an integer or \(height, width\)"),
        (RandomCrop(2.0), TypeError, "size must be an integer"),
        (RandomCrop(9, 1), ValueError, "at most that of the padded images, 8 x 7; got 9"),
        (RandomCrop(padding=-1), ValueError, "padding must be at least 0; got -1"),
        (RandomCrop(padding_mode="wrap"), ValueError, "padding_mode must be 'constant' or"),
        (RandomCrop(fill=256), ValueError, "fill must be an integer from 0 to 255.*got 256"),
        (RandomCrop(fill=0.5), ValueError, "fill must be an integer from 0 to 255"),
        (Cutout(0), ValueError, "size must be at least 1"),
        (Cutout(p=-1), ValueError, "p must be finite and at least 0"),
        (Cutout(fill="median"), ValueError, "fill must be 'mean'; got 'median'"),
        (Cutout(fill=None), TypeError, "fill must be a number"),
        (Cutout(random_state="seed"), ValueError, "cannot be used to seed"),
    ],
    ids=str,
)
def test_parameters_out_of_range_are_refused(transformer, error, message):
    with pytest.raises(error, match=message):
        transformer.fit_transform(COLOUR)


def test_the_number_of_copies_must_be_positive():
    with pytest.raises(ValueError, match="n_copies must be at least 1; got 0"):
        RandomHorizontalFlip().augment(COLOUR, n_copies=0)


@pytest.mark.parametrize("kind", [RandomCrop, Cutout])
def test_a_fill_that_images_cannot_hold_is_refused(kind):
    assert kind(fill=1e300).fit_transform(COLOUR.astype(np.float64)).max() == 1e300
    with pytest.raises(ValueError, match="fill must be a number that float32 holds; got 1e"):
        kind(fill=1e300).fit(COLOUR.astype(np.float32))
