import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from sklearn.exceptions import NotFittedError

from nearplane.display import ColorHistogramDisplay
from nearplane.features import HOG, ColorHistogram

from .figures import assert_new_figure

from_estimator = ColorHistogramDisplay.from_estimator


@pytest.fixture
def ax():
    return Figure(figsize=(7, 4)).subplots()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 8, 6, 3), dtype=np.uint8)


def bars(ax):
    """Return the heights and colours of the bars of each region, in the order of drawing."""
    found = [artist for artist in ax.collections if isinstance(artist, PatchCollection)]
    return [
        (
            np.array([np.ptp(path.vertices[:, 1]) for path in region.get_paths()]),
            region.get_facecolor()[:, :3],
        )
        for region in found
    ]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def on_screen(region, transform):
    box = region.get_datalim(transform).transformed(transform)
    return Bbox.from_extents(box.xmin, box.ymin, box.xmax, box.ymax)


def paint(*rows):
    """Return one image of plain colours."""
    return np.array([rows], dtype=np.uint8)


RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def test_hues_have_bars_of_their_hue(ax):
    image = paint([RED, RED, RED, BLUE])
    model = ColorHistogram(6, space="hue", soft=False).fit(image)
    display = from_estimator(model, image, ax=ax)
    assert display.histograms.ravel().tolist() == [0.75, 0, 0, 0, 0.25, 0]
    ((heights, colours),) = bars(ax)
    np.testing.assert_allclose(heights / heights.max(), [1, 0, 0, 0, 1 / 3, 0], atol=1e-12)
    np.testing.assert_allclose(colours[0], [1.0, 0.5, 0.0])  # the middle of the first sixth
    np.testing.assert_allclose(colours[4], [0.5, 0.0, 1.0])
    assert texts(ax) == ["75 %"]


@pytest.mark.parametrize("space", ["rgb", "hsv"])
def test_joint_bins_have_the_colour_of_their_middle(ax, images, space):
    model = ColorHistogram((2, 3, 4), space=space, soft=False).fit(images)
    display = from_estimator(model, images, ax=ax)
    grid = [
        ((i + 0.5) / 2, (j + 0.5) / 3, (k + 0.5) / 4)
        for i in range(2)
        for j in range(3)
        for k in range(4)
    ]
    if space == "hsv":
        plain = np.array([plt.matplotlib.colors.hsv_to_rgb(triple) for triple in grid])
        np.testing.assert_allclose(display.colors, plain)
    else:
        np.testing.assert_allclose(display.colors, grid)
    # A pixel of the colour in the middle of a bin is counted in that bin.
    middle = np.rint(255 * display.colors[13]).astype(np.uint8)
    display = from_estimator(model, np.broadcast_to(middle, (1, 8, 6, 3)), ax=ax)
    assert display.histograms.ravel().argmax() == 13


@pytest.mark.parametrize("normalize", [None, "l1", "sqrt"])
@pytest.mark.parametrize("joint", [False, True])
def test_bars_are_shares_of_the_pixels_however_they_are_normalised(ax, images, normalize, joint):
    model = ColorHistogram(3, joint=joint, normalize=normalize, grid=(2, 3)).fit(images)
    shares = ColorHistogram(3, joint=joint, grid=(2, 3)).fit_transform(images)
    display = from_estimator(model, images, ax=ax)
    np.testing.assert_allclose(display.histograms, shares.reshape(3, 2, 3, -1), atol=1e-6)


def test_single_channels_are_grouped_and_named(ax, images):
    model = ColorHistogram((2, 3, 4), joint=False).fit(images)
    display = from_estimator(model, images[:1], ax=ax)
    np.testing.assert_allclose(display.colors[:2], [[0.25, 0, 0], [0.75, 0, 0]])
    np.testing.assert_allclose(display.colors[-1], [0, 0, 0.875])
    assert texts(ax)[1:] == ["red", "green", "blue"]
    ax.clear()
    model = ColorHistogram(4, space="hsv", joint=False).fit(images)
    display = from_estimator(model, images[:1], ax=ax)
    assert texts(ax)[1:] == ["hue", "saturation", "value"]
    assert np.ptp(display.colors[8:], axis=1).max() == 0  # value is grey


def test_grey_images_have_greys(ax, images):
    model = ColorHistogram(5, space="gray").fit(images[..., 0])
    display = from_estimator(model, images[..., 0], ax=ax)
    np.testing.assert_allclose(display.colors, np.repeat([[0.1], [0.3], [0.5], [0.7], [0.9]], 3, 1))


def test_of_many_bins_the_most_frequent_come_first(ax):
    image = paint([RED, RED, RED, BLUE, BLUE, WHITE])
    model = ColorHistogram(4, soft=False).fit(image)
    from_estimator(model, image, ax=ax)
    ((heights, colours),) = bars(ax)
    assert len(heights) == 16
    np.testing.assert_allclose(heights[:4] / heights[0], [1, 2 / 3, 1 / 3, 0], atol=1e-12)
    near = [[0.875, 0.125, 0.125], [0.125, 0.125, 0.875], [0.875] * 3]
    np.testing.assert_allclose(colours[:3], near)
    ax.clear()
    from_estimator(model, image, top=2, ax=ax)
    ((heights, colours),) = bars(ax)
    np.testing.assert_allclose(colours, near[:2])
    with pytest.raises(ValueError, match="top must be at least 1; got 0"):
        from_estimator(model, image, top=0, ax=ax)


def test_regions_lie_where_they_are_in_the_image_and_have_one_scale(ax):
    image = paint([RED, RED, BLUE, WHITE])
    model = ColorHistogram(4, soft=False, grid=(1, 2)).fit(image)
    from_estimator(model, image, ax=ax)
    (left, left_colours), (right, right_colours) = bars(ax)
    assert len(left) == 8
    np.testing.assert_allclose(left_colours[0], [0.875, 0.125, 0.125])
    np.testing.assert_allclose(right[:2] / left[0], [0.5, 0.5])
    np.testing.assert_allclose(
        sorted(map(tuple, right_colours[:2])), [(0.125, 0.125, 0.875), (0.875,) * 3]
    )
    boxes = [region.get_datalim(ax.transData) for region in ax.collections]
    assert boxes[0].x1 < boxes[1].x0
    assert texts(ax) == []


def test_an_image_without_any_counts_is_drawn(ax):
    ColorHistogramDisplay(
        images=np.zeros((1, 2, 2, 3)), histograms=np.zeros((1, 1, 1, 3)), colors=np.eye(3)
    ).plot(ax)
    ((heights, _),) = bars(ax)
    assert heights.tolist() == [0, 0, 0]


@pytest.mark.parametrize("shape", [(8, 8, 3), (6, 14, 3), (12, 6, 1)])
@pytest.mark.parametrize(("n", "grid"), [(1, 1), (4, 2), (11, 1)])
def test_nothing_is_cut_off_or_overlaps(shape, n, grid):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (n, *shape), dtype=np.uint8)
    grey = shape[2] == 1
    model = ColorHistogram(6, space="gray" if grey else "rgb", joint=False, grid=grid).fit(images)
    names = [f"quite a long name {i}" for i in range(n)]
    display = from_estimator(model, images, np.arange(n), class_names=names)
    try:
        display.figure_.draw_without_rendering()
        axes = display.ax_
        box = axes.get_window_extent()
        extents = [a.get_window_extent() for a in (*axes.images, *axes.texts)]
        drawn = [on_screen(region, axes.transData) for region in axes.collections]
        for extent in extents + drawn:
            assert box.x0 - 1 <= extent.x0 <= extent.x1 <= box.x1 + 1
            assert box.y0 - 1 <= extent.y0 <= extent.y1 <= box.y1 + 1
        for i, first in enumerate(extents):
            for second in extents[i + 1 :]:
                assert not first.padded(-1).overlaps(second.padded(-1))
        pictures = [picture.get_window_extent() for picture in axes.images]
        for region in drawn:
            assert not any(region.padded(-1).overlaps(picture) for picture in pictures)
    finally:
        plt.close(display.figure_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((2, 8))}, r"images has shape \(2, 8\)"),
        ({"images": np.zeros((0, 8, 8))}, "nothing to draw"),
        ({"histograms": np.ones((2, 3))}, r"must have shape \(2, n_region_rows"),
        ({"histograms": np.full((2, 1, 1, 3), -1.0)}, "finite and not negative"),
        ({"colors": np.eye(4)}, r"colors must have shape \(3, 3\)"),
        ({"colors": 2 * np.eye(3)}, "values from 0 to 1"),
        ({"groups": [("red", 2)]}, "groups must have 3 bins in all"),
        ({"labels": [1]}, r"labels has shape \(1,\); 2 images need \(2,\)"),
    ],
)
def test_arguments_that_do_not_fit_are_named(change, message):
    fitting = {
        "images": np.zeros((2, 8, 8)),
        "histograms": np.ones((2, 1, 1, 3)),
        "colors": np.eye(3),
    }
    with pytest.raises(ValueError, match=message):
        ColorHistogramDisplay(**fitting | change)


def test_what_is_not_fitted_or_something_else_is_not_shown(ax, images):
    with pytest.raises(NotFittedError):
        from_estimator(ColorHistogram(), images, ax=ax)
    with pytest.raises(TypeError, match="estimator must be nearplane's ColorHistogram; got HOG"):
        from_estimator(HOG(), images, ax=ax)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax):
    display = ColorHistogramDisplay(
        images=np.zeros((1, 4, 4)), histograms=np.ones((1, 1, 1, 3)), colors=np.eye(3)
    )
    assert display.plot(ax).ax_ is ax
    assert_new_figure(display)
