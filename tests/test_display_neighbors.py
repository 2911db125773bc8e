import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from sklearn.neighbors import KNeighborsClassifier as PeerClassifier

from nearplane import KNeighborsClassifier, argkmin
from nearplane.datasets import load_dataset
from nearplane.display import NeighborsDisplay


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=200, n_test=40)


def captions(ax):
    return [text.get_text() for text in ax.texts]


def frames(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def test_from_estimator_shows_each_query_and_its_neighbours_in_order(ax, digits):
    model = KNeighborsClassifier(n_neighbors=3).fit(digits.X_train, digits.y_train)
    display = NeighborsDisplay.from_estimator(
        model, digits.X_test[:2], X_train=digits.X_train, ax=ax
    )
    _, indices = argkmin(digits.X_test[:2], digits.X_train, 3)
    np.testing.assert_array_equal(display.neighbors, digits.X_train[indices])
    shown = [image.get_array() for image in ax.images]
    assert len(shown) == 2 * (1 + 3)
    peak = max(digits.X_test[:2].max(), digits.X_train[indices].max())
    expected = digits.X_train[indices[1, 2]] * (255.0 / peak)
    np.testing.assert_allclose(shown[7], expected, atol=0.5)
    assert captions(ax)[:4] == ["query", "1", "2", "3"]


def test_pixels_are_not_smoothed(ax, digits):
    NeighborsDisplay.from_neighbors(digits.X_test[:1], [[0, 1]], digits.X_train, ax=ax)
    assert {image.get_interpolation() for image in ax.images} == {"nearest"}


def test_right_and_wrong_differ_in_sign_and_line_not_only_in_colour(ax, digits):
    y_train = np.array([3, 3, 5] + [0] * 197)
    NeighborsDisplay.from_neighbors(
        digits.X_test[:1],
        [[0, 1, 2]],
        digits.X_train,
        y_train=y_train,
        y_true=[3],
        y_pred=[5],
        ax=ax,
    )
    assert captions(ax)[4:] == ["3\n✗ said 5", "✓ 3", "✓ 3", "✗ 5"]
    dashed = [frame.get_linestyle() not in ("solid", "-") for frame in frames(ax)]
    assert dashed == [True, False, False, True]


def test_a_right_prediction_has_a_tick(ax, digits):
    NeighborsDisplay.from_neighbors(
        digits.X_test[:1],
        [[0]],
        digits.X_train,
        y_true=np.array([1]),
        y_pred=np.array([1]),
        class_names=["cat", "dog"],
        ax=ax,
    )
    assert captions(ax)[2:] == ["dog\n✓ said dog", ""]


def test_without_true_labels_nothing_is_called_right_or_wrong(ax, digits):
    model = KNeighborsClassifier(n_neighbors=2).fit(digits.X_train, digits.y_train)
    NeighborsDisplay.from_estimator(
        model, digits.X_test[:3], X_train=digits.X_train, y_train=digits.y_train, ax=ax
    )
    text = "".join(captions(ax))
    assert "said" in text
    assert "✓" not in text
    assert "✗" not in text
    assert {frame.get_linestyle() for frame in frames(ax)} <= {"solid", "-"}


def test_any_classifier_with_neighbours_will_do(ax, digits):
    flat = digits.X_train.reshape(200, -1)
    peer = PeerClassifier(n_neighbors=2).fit(flat, digits.y_train)
    with pytest.raises(ValueError, match="queries has shape"):  # flattened rows are no pictures
        NeighborsDisplay.from_estimator(
            peer, digits.X_test[:1].reshape(1, -1), X_train=digits.X_train, ax=ax
        )
    _, indices = peer.kneighbors(digits.X_test[:1].reshape(1, -1), n_neighbors=4)
    display = NeighborsDisplay.from_neighbors(digits.X_test[:1], indices, digits.X_train, ax=ax)
    assert display.neighbors.shape == (1, 4, 8, 8)


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 1), (6, 4, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_grey_colour_and_floats_are_drawn_within_the_axes(shape, dtype):
    rng = np.random.default_rng(0)
    X = (255 * rng.random((5, *shape))).astype(dtype)
    display = NeighborsDisplay.from_neighbors(X[:2], [[2, 3, 4], [3, 4, 2]], X)
    try:
        display.figure_.draw_without_rendering()
        box = display.ax_.get_window_extent()
        for artist in (*display.ax_.images, *display.ax_.texts):
            extent = artist.get_window_extent()
            assert box.x0 - 1 <= extent.x0 <= extent.x1 <= box.x1 + 1
            assert box.y0 - 1 <= extent.y0 <= extent.y1 <= box.y1 + 1
    finally:
        plt.close(display.figure_)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax, digits):
    arguments = (digits.X_test[:1], [[0]], digits.X_train)
    NeighborsDisplay.from_neighbors(*arguments, ax=ax)
    assert plt.get_fignums() == []
    display = NeighborsDisplay.from_neighbors(*arguments)
    try:
        assert plt.gcf() is display.figure_
    finally:
        plt.close(display.figure_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"queries": np.zeros((2, 64))}, r"queries has shape \(2, 64\)"),
        ({"neighbors": np.zeros((3, 2, 8, 8))}, r"for 2 queries it must be \(2, k"),
        ({"neighbors": np.zeros((2, 2, 6, 8))}, "they must be the same"),
        ({"neighbor_labels": [[0, 1]]}, r"neighbor_labels has shape \(1, 2\).*\(2, 2\)"),
        ({"y_true": [0]}, r"y_true has shape \(1,\).*\(2,\)"),
        ({"y_pred": [0, 1, 2]}, r"y_pred has shape \(3,\).*\(2,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(change, message):
    arguments = {"queries": np.zeros((2, 8, 8)), "neighbors": np.zeros((2, 2, 8, 8))} | change
    with pytest.raises(ValueError, match=message):
        NeighborsDisplay(**arguments)


def test_too_few_class_names_are_refused(ax, digits):
    with pytest.raises(ValueError, match="class_names has 2 names, but labels run from 7 to 7"):
        NeighborsDisplay.from_neighbors(
            digits.X_test[:1], [[0]], digits.X_train, y_true=[7], class_names=["a", "b"], ax=ax
        )


def test_without_matplotlib_the_error_names_the_extra(monkeypatch, digits):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'nearplane\[report\]'"):
        NeighborsDisplay.from_neighbors(digits.X_test[:1], [[0]], digits.X_train)
