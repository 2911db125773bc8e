import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError

from nearplane.datasets import load_dataset
from nearplane.display import HOGDisplay
from nearplane.features import HOG, ColorHistogram

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


def titles(ax):
    return [text.get_text() for text in ax.texts]


def star(histogram, size=41, *, signed=False):
    """Return the picture of one cell."""
    image = np.zeros((1, size, size))
    histograms = np.reshape(histogram, (1, 1, 1, -1))
    display = HOGDisplay(images=image, histograms=histograms, pixels_per_cell=size, signed=signed)
    return display.as_bytes()[0].astype(float)


def angle_of(picture):
    """Return the direction, in degrees from the right downwards, in which a picture is longest."""
    rows, columns = np.nonzero(picture > 100)
    offsets = np.column_stack([columns, rows]) - (len(picture) - 1) / 2
    _, vectors = np.linalg.eigh(offsets.T @ offsets)
    return np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180


@pytest.mark.parametrize("bin_number", range(9))
def test_unsigned_strokes_lie_along_the_edge_across_the_gradient(bin_number):
    picture = star(np.eye(9)[bin_number])
    gradient = 180 * (bin_number + 0.5) / 9
    away = abs(angle_of(picture) - (gradient + 90) % 180)
    assert min(away, 180 - away) < 2
    np.testing.assert_allclose(picture, picture[::-1, ::-1], atol=1)


@pytest.mark.parametrize("bin_number", range(8))
def test_signed_strokes_point_to_where_it_gets_brighter(bin_number):
    picture = star(np.eye(8)[bin_number], signed=True)
    rows, columns = np.nonzero(picture > 100)
    middle = (len(picture) - 1) / 2
    direction = np.degrees(np.arctan2(rows.mean() - middle, columns.mean() - middle)) % 360
    assert direction == pytest.approx(360 * (bin_number + 0.5) / 8, abs=3)


def test_strokes_are_as_long_as_their_share_of_the_most():
    def length(picture):
        return (picture[len(picture) // 2 - 2 : len(picture) // 2 + 3] > 60).any(axis=0).sum()

    # Gradients downwards, a horizontal stroke; the other bin is the most of all.
    whole = star([0.0, 0.0, 4.0, 0.0, 0.0])
    for share in (0.5, 0.25):
        histograms = np.array([[[[0, 0, share, 0, 0]], [[0, 0, 1, 0, 0]]]])
        pair = HOGDisplay(images=np.zeros((1, 82, 41)), histograms=histograms, pixels_per_cell=41)
        upper = pair.as_bytes()[0][: pair.as_bytes().shape[1] // 2].astype(float)
        assert length(upper) == pytest.approx(share * length(whole), abs=3)
        assert upper.max() == pytest.approx(255 * share**0.5, abs=2)


def test_a_vertical_edge_is_a_vertical_stroke_where_it_is(ax):
    image = np.zeros((1, 16, 16), np.uint8)
    image[:, :, 8:] = 200
    hog = HOG(pixels_per_cell=4, cells_per_block=1, block_norm=None).fit(image)
    display = HOGDisplay.from_estimator(hog, image, ax=ax)
    (picture,) = display.as_bytes()
    columns = np.flatnonzero(picture.any(axis=0)) / picture.shape[1] * 4
    assert set(columns.astype(int)) == {1, 2}  # the cells on either side
    cell = picture[: len(picture) // 4, len(picture) // 4 : len(picture) // 2].astype(float)
    assert 70 < angle_of(cell) < 110


@pytest.mark.parametrize("norm", [None, "L2-Hys"])
@pytest.mark.parametrize("signed", [False, True])
def test_a_cell_of_several_blocks_is_drawn_as_their_mean(ax, rng, norm, signed):
    images = rng.integers(0, 256, (2, 17, 13, 3), dtype=np.uint8)
    hog = HOG(5, pixels_per_cell=(4, 3), cells_per_block=2, block_norm=norm, signed=signed)
    blocks = hog.fit_transform(images).reshape(2, 3, 3, 2, 2, 5)
    display = HOGDisplay.from_estimator(hog, images, ax=ax)
    assert display.histograms.shape == (2, 4, 4, 5)
    corner, inner = blocks[:, 0, 0, 0, 0], blocks[:, 0:2, 0:2].astype(float)
    np.testing.assert_allclose(display.histograms[:, 0, 0], corner, rtol=1e-6)
    mean = (
        inner[:, 0, 0, 1, 1] + inner[:, 0, 1, 1, 0] + inner[:, 1, 0, 0, 1] + inner[:, 1, 1, 0, 0]
    ) / 4
    np.testing.assert_allclose(display.histograms[:, 1, 1], mean, rtol=1e-6)
    # Pixels beyond the last whole cell have no star.
    scale = display.as_bytes().shape[1] // 17
    assert not display.as_bytes()[:, 16 * scale :].any()
    assert not display.as_bytes()[:, :, 12 * scale :].any()


def test_an_image_of_one_grey_has_no_strokes(ax):
    images = np.full((1, 16, 16), 7, np.uint8)
    hog = HOG(pixels_per_cell=4, cells_per_block=2).fit(images)
    assert not HOGDisplay.from_estimator(hog, images, ax=ax).as_bytes().any()


def test_pairs_have_the_names_of_their_classes(ax, digits):
    hog = HOG(pixels_per_cell=2, cells_per_block=2).fit(digits.X_train)
    labels = digits.y_test[:5]
    HOGDisplay.from_estimator(hog, digits.X_test[:5], labels, ax=ax)
    assert titles(ax) == [str(label) for label in labels]
    assert len(ax.images) == 10
    names = [f"digit {number}" for number in range(10)]
    ax.clear()
    HOGDisplay.from_estimator(hog, digits.X_test[:5], labels, class_names=names, ax=ax)
    assert titles(ax) == [f"digit {label}" for label in labels]


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (12, 6, 3), (6, 14, 3)])
@pytest.mark.parametrize("n", [1, 4, 11])
def test_pairs_lie_within_the_axes_without_overlap(rng, shape, n):
    display = HOGDisplay(
        images=rng.integers(0, 256, (n, *shape), dtype=np.uint8),
        histograms=rng.random((n, shape[0] // 2, shape[1] // 2, 4)),
        pixels_per_cell=2,
        labels=[f"quite a long name {i}" for i in range(n)],
    ).plot()
    try:
        display.figure_.draw_without_rendering()
        box = display.ax_.get_window_extent()
        extents = [a.get_window_extent() for a in (*display.ax_.images, *display.ax_.texts)]
        for extent in extents:
            assert box.x0 - 1 <= extent.x0 <= extent.x1 <= box.x1 + 1
            assert box.y0 - 1 <= extent.y0 <= extent.y1 <= box.y1 + 1
        for i, first in enumerate(extents):
            for second in extents[i + 1 :]:
                assert not first.padded(-1).overlaps(second.padded(-1))
    finally:
        plt.close(display.figure_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((2, 8))}, r"images has shape \(2, 8\)"),
        ({"images": np.zeros((0, 8, 8))}, "nothing to draw"),
        ({"histograms": np.ones((1, 2, 2, 9))}, r"must have shape \(2, n_cell_rows"),
        ({"histograms": np.full((2, 2, 2, 9), -1.0)}, "finite and not negative"),
        ({"histograms": np.full((2, 2, 2, 9), np.nan)}, "finite and not negative"),
        ({"pixels_per_cell": 5}, r"2 x 2 cells of \(5, 5\) pixels do not fit on images of 8 x 8"),
        ({"labels": [1]}, r"labels has shape \(1,\); 2 images need \(2,\)"),
        ({"labels": [0, 7], "class_names": ["cat"]}, "class_names has 1 names"),
    ],
)
def test_gradients_that_do_not_fit_are_named(change, message):
    fitting = {
        "images": np.zeros((2, 8, 8)),
        "histograms": np.ones((2, 2, 2, 9)),
        "pixels_per_cell": 4,
    }
    with pytest.raises(ValueError, match=message):
        HOGDisplay(**fitting | change)


def test_what_is_not_fitted_or_something_else_is_not_shown(ax, digits):
    with pytest.raises(NotFittedError):
        HOGDisplay.from_estimator(HOG(), digits.X_test, ax=ax)
    with pytest.raises(TypeError, match="estimator must be nearplane's HOG; got ColorHistogram"):
        HOGDisplay.from_estimator(ColorHistogram(), digits.X_test, ax=ax)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax):
    display = HOGDisplay(
        images=np.zeros((1, 4, 4)), histograms=np.ones((1, 2, 2, 3)), pixels_per_cell=2
    )
    assert display.plot(ax).ax_ is ax
    assert_new_figure(display)
