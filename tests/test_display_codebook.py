import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError

from nearplane.datasets import load_dataset
from nearplane.display import CodebookDisplay
from nearplane.features import HOG, VisualWords

from .figures import assert_new_figure


@pytest.fixture
def ax():
    return Figure(figsize=(6, 4)).subplots()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=200, n_test=20)


@pytest.fixture(scope="module")
def words(digits):
    model = VisualWords(12, patch_size=3, n_patches=2_000, max_iter=3, random_state=0)
    return model.fit(digits.X_train)


def test_zero_is_grey_in_every_word_and_the_strongest_value_is_extreme():
    words = np.zeros((2, 2, 3, 3))
    words[0, 0, 0] = [4.0, -4.0, 2.0]
    words[1, 1, 1] = [0.0, 0.001, 0.0]
    shown = CodebookDisplay(words=words).as_bytes()
    assert shown[0, 0, 0].tolist() == [255, 0, 191]
    assert set(shown[0, 1].ravel().tolist()) == {128}
    assert shown[1, 1, 1].tolist() == [128, 255, 128]


def test_words_of_pixels_reach_from_black_to_white_and_flat_ones_keep_their_brightness():
    words = np.array([[[10, 20], [30, 20]], [[255, 255], [255, 255]]], dtype=np.uint8)
    shown = CodebookDisplay(words=words, centered=False).as_bytes()
    assert shown[0].tolist() == [[0, 128], [255, 128]]
    assert shown[1].tolist() == [[255, 255], [255, 255]]


def test_the_longest_words_come_first(ax, words):
    display = CodebookDisplay.from_estimator(words, n_words=5, ax=ax)
    lengths = np.linalg.norm(words.words_.reshape(12, -1), axis=1)
    ranked = np.argsort(-lengths)[:5]
    np.testing.assert_array_equal(display.words, words.words_[ranked, ..., 0])
    assert ax.get_title() == "5 of 12 visual words, the strongest first"
    display = CodebookDisplay.from_estimator(words, n_words=None, order="given", ax=ax)
    np.testing.assert_array_equal(display.words, words.words_[..., 0])
    assert ax.get_title() == "12 visual words"


def test_the_most_used_words_are_those_that_regions_have_most_of(ax, digits, words):
    for images in (digits.X_test, digits.X_test[3:4]):
        display = CodebookDisplay.from_estimator(words, images, order="usage", n_words=3, ax=ax)
        totals = words.transform(images).reshape(len(images), 4, 12).astype(float).sum(axis=(0, 1))
        ranked = np.argsort(-totals)[:3]
        np.testing.assert_array_equal(display.words, words.words_[ranked, ..., 0])
        assert ax.get_title() == "3 of 12 visual words, the most used first"


def test_words_that_are_neither_whitened_nor_normalised_are_pixels(ax, digits):
    model = VisualWords(
        6, patch_size=3, normalize=False, whiten=False, codebook="random", random_state=0
    )
    display = CodebookDisplay.from_estimator(model.fit(digits.X_train), ax=ax)
    assert not display.centered
    assert {0, 255} <= set(display.as_bytes()[0].ravel().tolist())


@pytest.mark.parametrize(("n", "columns"), [(1, 1), (2, 2), (5, 3), (12, 4), (100, 10), (101, 17)])
def test_rows_of_words_are_as_full_as_can_be(rng, n, columns):
    display = CodebookDisplay(words=rng.normal(size=(n, 3, 4, 3)))
    mosaic = display.as_mosaic()
    assert mosaic.shape == (-(-n // columns) * 4 - 1, columns * 5 - 1, 4)
    assert (mosaic[..., 3] == 255).sum() == n * 12
    shown = display.as_bytes()
    np.testing.assert_array_equal(mosaic[:3, :4, :3], shown[0])
    row, column = divmod(n - 1, columns)
    last = mosaic[4 * row : 4 * row + 3, 5 * column : 5 * column + 4]
    np.testing.assert_array_equal(last[..., :3], shown[-1])


def test_a_grid_may_have_any_number_of_columns(ax, rng):
    display = CodebookDisplay(words=rng.normal(size=(7, 2, 2))).plot(ax, n_columns=3)
    assert ax.images[0].get_array().shape == (8, 8, 4)
    assert display.as_mosaic(50).shape == (2, 20, 4)
    with pytest.raises(ValueError, match="n_columns must be at least 1; got 0"):
        display.as_mosaic(0)


@pytest.mark.parametrize("n", [1, 3, 100])
def test_the_title_is_not_cut_off(rng, n):
    title = "100 of 1,000 visual words, the strongest first"
    display = CodebookDisplay(words=rng.normal(size=(n, 6, 6, 3)), title=title).plot()
    try:
        display.figure_.draw_without_rendering()
        box, page = display.ax_.title.get_window_extent(), display.figure_.bbox
        assert page.x0 <= box.x0 <= box.x1 <= page.x1
        assert page.y0 <= box.y0 <= box.y1 <= page.y1
    finally:
        plt.close(display.figure_)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"words": np.zeros((2, 64))}, r"words has shape \(2, 64\)"),
        ({"words": np.zeros((2, 4, 4, 2))}, r"words has shape \(2, 4, 4, 2\)"),
        ({"words": np.zeros((0, 4, 4))}, "nothing to draw"),
        ({"words": np.full((1, 2, 2), np.inf)}, "hold NaN or infinity"),
    ],
)
def test_words_that_cannot_be_drawn_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        CodebookDisplay(**arguments)


def test_what_words_cannot_be_ordered_by_is_said(ax, digits, words):
    with pytest.raises(ValueError, match='order="usage" needs images'):
        CodebookDisplay.from_estimator(words, order="usage", ax=ax)
    with pytest.raises(ValueError, match="order must be 'norm'"):
        CodebookDisplay.from_estimator(words, order="size", ax=ax)
    with pytest.raises(ValueError, match="n_words must be at least 1"):
        CodebookDisplay.from_estimator(words, n_words=0, ax=ax)
    with pytest.raises(NotFittedError):
        CodebookDisplay.from_estimator(VisualWords(), digits.X_test, ax=ax)
    with pytest.raises(TypeError, match="estimator must be nearplane's VisualWords; got HOG"):
        CodebookDisplay.from_estimator(HOG(), digits.X_test, ax=ax)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax):
    display = CodebookDisplay(words=np.ones((2, 4, 4)))
    assert display.plot(ax).ax_ is ax
    assert_new_figure(display)
