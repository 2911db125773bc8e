import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.linear_model import SGDClassifier

from nearplane.datasets import load_dataset
from nearplane.display import TemplatesDisplay
from nearplane.linear_model import LinearClassifier

from .figures import assert_new_figure


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def titles(ax):
    return [text.get_text() for text in ax.texts]


def corners(ax):
    """Return the upper left corner of each picture, row by row."""
    return [(image.get_extent()[0], image.get_extent()[3]) for image in ax.images]


def test_zero_is_the_middle_and_signs_are_opposites():
    weights = np.zeros((1, 2, 3, 3))
    weights[0, 0, 0] = [4.0, -4.0, 2.0]
    shown = TemplatesDisplay(templates=weights).as_bytes()
    assert shown[0, 0, 0].tolist() == [255, 0, 191]
    assert set(shown[0, 1].ravel().tolist()) == {128}


def test_each_class_is_stretched_by_itself_unless_one_scale_is_asked_for():
    weights = np.stack([np.linspace(-1, 1, 12), np.linspace(-0.25, 0.25, 12)]).reshape(2, 2, 2, 3)
    alone = TemplatesDisplay(templates=weights).as_bytes()
    np.testing.assert_array_equal(alone[0], alone[1])
    together = TemplatesDisplay(templates=weights).as_bytes(common_scale=True)
    assert np.ptp(together[0]) == 255
    assert np.ptp(together[1]) < 80


def test_one_outlier_in_a_hundred_does_not_dim_the_rest(rng):
    weights = rng.uniform(-1, 1, (1, 20, 20))
    display = TemplatesDisplay(templates=weights)
    before = display.as_bytes(cmap="gray").astype(int)
    weights[0, 3, 3] = 1e6
    after = TemplatesDisplay(templates=weights).as_bytes(cmap="gray").astype(int)
    difference = np.abs(after - before)
    difference[0, 3, 3] = 0
    assert difference.max() <= 2
    assert after[0, 3, 3].tolist() == [255, 255, 255]


def test_weights_that_are_nearly_all_zero_show_those_that_are_not():
    weights = np.zeros((2, 15, 15))
    weights[0, 7, 7] = -0.5
    shown = TemplatesDisplay(templates=weights).as_bytes(cmap="gray")
    assert shown[0, 7, 7].tolist() == [0, 0, 0]
    assert set(shown[1].ravel().tolist()) == {128}


def test_grey_templates_are_red_above_zero_and_blue_below():
    shown = TemplatesDisplay(templates=[[[-1.0, 0.0, 1.0]]]).as_bytes()
    low, zero, high = shown[0, 0].astype(int)
    assert low[2] > low[0]
    assert high[0] > high[2]
    assert zero.min() > 240


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=200, n_test=1)


@pytest.mark.parametrize("preprocess", ["none", "center", "standardize"])
def test_from_estimator_shows_the_weights_as_training_saw_them(ax, digits, preprocess):
    model = LinearClassifier(preprocess=preprocess, max_epochs=2, random_state=0)
    model.fit(digits.X_train, digits.y_train)
    display = TemplatesDisplay.from_estimator(model, ax=ax)
    deviation = digits.X_train.std(axis=0) if preprocess == "standardize" else np.ones((8, 8))
    seen = model.coef_.reshape(10, 8, 8) * np.where(deviation > 0, deviation, 1.0)
    np.testing.assert_allclose(display.templates, seen, rtol=1e-6, atol=1e-12)
    assert titles(ax) == [str(digit) for digit in range(10)]
    for image, pixels in zip(ax.images, display.as_bytes(), strict=True):
        np.testing.assert_array_equal(image.get_array(), pixels)
        assert image.get_interpolation() == "nearest"


def test_colour_images_have_colour_templates_and_classes_their_names(ax, rng):
    X = rng.integers(0, 256, (30, 2, 4, 3), dtype=np.uint8)
    model = LinearClassifier(max_epochs=1, random_state=0).fit(X, np.arange(30) % 3)
    display = TemplatesDisplay.from_estimator(model, class_names=["cat", "dog", "owl"], ax=ax)
    assert display.templates.shape == (3, 2, 4, 3)
    assert titles(ax) == ["cat", "dog", "owl"]


def test_rows_without_a_shape_are_given_one_and_labels_may_be_words(ax, rng):
    labels = np.array(["maybe", "no", "yes"])[np.arange(12) % 3]
    X = rng.normal(size=(12, 6))
    model = LinearClassifier(max_epochs=1, random_state=0).fit(X, labels)
    TemplatesDisplay.from_estimator(model, image_shape=(3, 2), ax=ax)
    assert titles(ax) == ["maybe", "no", "yes"]
    for shape in (None, (2, 2), (1, 2, 3, 1)):
        with pytest.raises(ValueError, match=r"each class has 6 weights: give \(height"):
            TemplatesDisplay.from_estimator(model, image_shape=shape)


def test_any_linear_classifier_will_do_that_is_told_the_shape(ax, digits):
    peer = SGDClassifier(random_state=0).fit(digits.X_train.reshape(200, -1), digits.y_train)
    display = TemplatesDisplay.from_estimator(peer, image_shape=(8, 8), ax=ax)
    np.testing.assert_array_equal(display.templates, peer.coef_.reshape(10, 8, 8))
    ax.clear()
    peer.fit(digits.X_train.reshape(200, -1), np.where(digits.y_train == 3, "three", "other"))
    TemplatesDisplay.from_estimator(peer, image_shape=(8, 8), ax=ax)
    assert titles(ax) == ["three"]


@pytest.mark.parametrize(
    ("n", "shape", "n_columns"),
    [
        (1, (8, 8), 1),
        (2, (8, 8), 2),
        (3, (8, 8), 3),
        (10, (32, 32, 3), 5),
        (100, (8, 8), 15),
        (7, (60, 20), 7),
        (3, (20, 60), 2),
    ],
)
def test_any_number_of_templates_lies_in_a_grid_without_overlap(rng, n, shape, n_columns):
    display = TemplatesDisplay(templates=rng.normal(size=(n, *shape))).plot()
    try:
        lefts, tops = zip(*corners(display.ax_), strict=True)
        assert len(set(zip(lefts, tops, strict=True))) == n
        assert len(set(lefts)) == n_columns
        assert min(np.diff(sorted(set(lefts))), default=9) > 1
        assert min(np.diff(sorted(set(tops))), default=9) > shape[0] / shape[1]
    finally:
        plt.close(display.figure_)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (6, 4, 3), (4, 9, 3)])
@pytest.mark.parametrize("n", [1, 10, 23])
def test_pictures_and_titles_are_within_the_axes(rng, shape, n):
    names = [f"quite a long name {i}" for i in range(n)]
    display = TemplatesDisplay(templates=rng.normal(size=(n, *shape)), class_names=names).plot()
    try:
        display.figure_.draw_without_rendering()
        box = display.ax_.get_window_extent()
        for artist in (*display.ax_.images, *display.ax_.texts):
            extent = artist.get_window_extent()
            assert box.x0 - 1 <= extent.x0 <= extent.x1 <= box.x1 + 1
            assert box.y0 - 1 <= extent.y0 <= extent.y1 <= box.y1 + 1
    finally:
        plt.close(display.figure_)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"templates": np.zeros((2, 64))}, r"templates has shape \(2, 64\)"),
        ({"templates": np.zeros((2, 4, 4, 2))}, r"templates has shape \(2, 4, 4, 2\)"),
        ({"templates": np.zeros((0, 4, 4))}, "nothing to draw"),
        ({"templates": np.full((1, 2, 2), np.nan)}, "hold NaN or infinity"),
        ({"labels": [0]}, r"labels has shape \(1,\); 2 templates need \(2,\)"),
        ({"class_names": ["cat"]}, "class_names has 1 names, but labels run from 0 to 1"),
    ],
)
def test_arguments_that_do_not_fit_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        TemplatesDisplay(**{"templates": np.ones((2, 4, 4))} | arguments)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax):
    display = TemplatesDisplay(templates=np.ones((2, 4, 4)))
    assert display.plot(ax).ax_ is ax
    assert_new_figure(display)
