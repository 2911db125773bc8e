import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier as PeerClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane.datasets import make_quadrants, make_spirals
from nearplane.display import DecisionRegionsDisplay

from .figures import assert_new_figure

TIE = -1
from_estimator = DecisionRegionsDisplay.from_estimator


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def spirals():
    return make_spirals(90, random_state=0)


def grid_points(display):
    return np.array([(a, b) for b in display.x1 for a in display.x0])


class Plane(ClassifierMixin, BaseEstimator):
    """A linear classifier whose weights are known."""

    def __init__(self, coef, intercept, classes):
        self.coef_ = np.array(coef, dtype=float)
        self.intercept_ = np.array(intercept, dtype=float)
        self.classes_ = np.array(classes)

    def fit(self):
        return self

    def predict(self, X):
        scores = self.decision_function(X)
        return self.classes_[(scores.argmax(axis=1) if scores.ndim > 1 else scores > 0).astype(int)]

    def decision_function(self, X):
        scores = X @ self.coef_.T + self.intercept_
        return scores if len(self.coef_) > 1 else scores[:, 0]


@pytest.mark.parametrize("options", [{}, {"weights": "distance"}, {"ties": "nearest"}])
@pytest.mark.parametrize("k", [1, 2, 6])
def test_neighbours_that_are_tied_are_white_and_all_others_have_their_label(
    ax, spirals, k, options
):
    X, y = spirals
    model = KNeighborsClassifier(k, **options).fit(X, y)
    display = from_estimator(model, X, resolution=40, ax=ax)
    votes = model.predict_proba(grid_points(display))
    tied = (votes == votes.max(axis=1, keepdims=True)).sum(axis=1) > 1
    expected = np.where(tied, TIE, votes.argmax(axis=1)).reshape(40, 40)
    np.testing.assert_array_equal(display.regions, expected)
    assert tied.any() == (k > 1 and options.get("weights") != "distance")
    shown = display.surface_.get_array()
    np.testing.assert_array_equal((shown == 1).all(axis=2), expected == TIE)


def test_the_neighbours_of_any_library_will_do(ax, spirals):
    X, y = spirals
    expected = from_estimator(KNeighborsClassifier(4).fit(X, y), X, resolution=25, ax=ax)
    display = from_estimator(PeerClassifier(4).fit(X, y), X, resolution=25, ax=ax)
    np.testing.assert_array_equal(display.regions, expected.regions)


@pytest.mark.parametrize(
    "model",
    [
        LinearClassifier(random_state=0, max_epochs=5),
        LinearClassifier("hinge", preprocess="none", random_state=0, max_epochs=5),
        LogisticRegression(),
        LinearSVC(),
        SVC(),
        DecisionTreeClassifier(),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_regions_are_those_of_predict(ax, spirals, model, n_classes):
    X, y = spirals
    X, y = X[y < n_classes], np.array(["cat", "dog", "owl"])[y[y < n_classes]]
    display = from_estimator(model.fit(X, y), X, y, resolution=30, ax=ax)
    untied = display.regions.ravel() != TIE
    assert untied.mean() > 0.9
    predicted = model.predict(grid_points(display)[untied])
    np.testing.assert_array_equal(display.classes[display.regions.ravel()[untied]], predicted)


def test_scores_that_only_rounding_separates_are_tied(ax):
    # On the diagonal both scores are 0.1 x0 + 0.2 x1 + c, summed in another order.
    model = Plane([[0.1, 0.2], [0.2, 0.1], [-9.0, -9.0]], [1e8, 1e8, 0], [0, 1, 2])
    display = from_estimator(model, [[1.0, 1.0], [2.0, 2.0]], resolution=21, margin=0, ax=ax)
    expected = np.sign(np.arange(21)[None, :] - np.arange(21)[:, None])
    assert np.diag(display.regions).tolist() == [TIE] * 21
    np.testing.assert_array_equal(display.regions, np.choose(expected + 1, [0, TIE, 1]))


def test_a_classifier_with_labels_alone_has_no_ties(ax):
    class Labels(ClassifierMixin, BaseEstimator):
        def fit(self):
            self.classes_ = np.array(["left", "right"])
            return self

        def predict(self, X):
            return np.where(X[:, 0] < 0, "left", "right")

    display = from_estimator(Labels().fit(), [[-1.0, 0.0], [1.0, 0.0]], resolution=4, ax=ax)
    assert display.regions.tolist() == [[0, 0, 1, 1]] * 4


def test_zero_lines_are_where_scores_are_zero_and_arrows_climb(ax, spirals):
    X, y = spirals
    model = LinearClassifier(random_state=0).fit(X, y)
    display = from_estimator(model, X, y, class_names=["cat", "dog", "owl"], ax=ax)
    assert len(display.lines_) == len(display.arrows_) == 3
    to_data = ax.transAxes + ax.transData.inverted()
    for i, (line, arrow) in enumerate(zip(display.lines_, display.arrows_, strict=True)):
        ends = to_data.transform(line.get_xydata())
        tip, start = to_data.transform([arrow.xy, arrow.get_position()])
        scores = np.array([*ends, start, tip]) @ model.coef_[i] + model.intercept_[i]
        np.testing.assert_allclose(scores[:3], 0, atol=1e-6)
        assert scores[3] > 0.01
        # With one scale for both axes, upright to the line means along the weights.
        step = (tip - start) / np.hypot(*(tip - start))
        np.testing.assert_allclose(step, model.coef_[i] / np.hypot(*model.coef_[i]), atol=1e-6)
    written = [text.get_text() for text in ax.texts]
    assert [name for name in written if name] == ["cat", "dog", "owl"]


def test_lines_end_at_the_border_and_those_outside_are_left_out(ax):
    model = Plane([[1, 0], [0, 1], [1, 1], [0, 0], [1, 0]], [0, -0.5, 0, 1, 99], range(5))
    display = from_estimator(model, [[-1.0, -1.0], [1.0, 1.0]], resolution=9, margin=0, ax=ax)
    left, right, bottom, top = display.surface_.get_extent()
    ends = [
        np.array([left, bottom]) + line.get_xydata() * [right - left, top - bottom]
        for line in display.lines_
    ]
    expected = [
        [(0, bottom), (0, top)],
        [(left, 0.5), (right, 0.5)],
        [(left, top), (right, bottom)],
    ]
    for found, wanted in zip(ends, expected, strict=True):
        np.testing.assert_allclose(sorted(found.tolist()), sorted(wanted), atol=1e-9)


def test_one_row_of_weights_is_the_score_of_the_second_class(ax):
    X, y = make_quadrants(60, random_state=0)
    peer = LogisticRegression().fit(X, np.where(y == 1, "yes", "no"))
    display = from_estimator(peer, X, ax=ax)
    assert len(display.lines_) == 1
    assert [text.get_text() for text in ax.texts if text.get_text()] == ["yes"]


def test_weights_of_pairs_of_classes_are_no_lines_of_classes(ax):
    X = np.random.default_rng(0).normal(size=(80, 2))
    model = SVC(kernel="linear").fit(X, np.arange(80) % 4)
    assert model.coef_.shape == (6, 2)
    assert from_estimator(model, X, ax=ax).lines_ == []


def test_axes_of_very_different_ranges_fill_a_square(ax):
    X = np.random.default_rng(0).normal(size=(30, 2))
    model = LinearClassifier(random_state=0, max_epochs=3)
    for scale, aspect, box in ((1, 1.0, None), (1000, "auto", 1.0)):
        ax.clear()
        Z = X * [scale, 1]
        display = from_estimator(model.fit(Z, np.arange(30) % 3), Z, ax=ax)
        assert ax.get_aspect() == aspect
        assert ax.get_box_aspect() == box
        ax.figure.draw_without_rendering()
        for line, arrow in zip(display.lines_, display.arrows_, strict=True):
            along = np.diff(ax.transAxes.transform(line.get_xydata()), axis=0)[0]
            across = np.diff(ax.transAxes.transform([arrow.get_position(), arrow.xy]), axis=0)[0]
            cosine = along @ across / np.hypot(*along) / np.hypot(*across)
            assert abs(cosine) < 1e-6


def test_points_are_dark_on_light_and_classes_differ_in_shape(ax):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 2)), np.arange(100) % 10
    names = [f"class {i}" for i in range(10)]
    display = from_estimator(
        KNeighborsClassifier(1).fit(X, y), X, y, class_names=names, resolution=60, ax=ax
    )
    shapes = {points.get_paths()[0].vertices.tobytes() for points in display.points_}
    assert len(display.points_) == len(shapes) == 10
    grid = display.surface_.get_array()
    for code, points in enumerate(display.points_):
        np.testing.assert_array_equal(points.get_offsets(), X[y == code])
        region = grid[display.regions == code]
        assert luminance(region[0]) > 0.15
        assert luminance(points.get_facecolor()[0, :3]) < 0.15
        assert contrast(region[0], points.get_facecolor()[0, :3]) > 3  # WCAG's bound for graphics
    assert [text.get_text() for text in ax.get_legend().get_texts()] == names


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def contrast(first, second):
    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


def test_the_legend_names_ties_and_what_is_shown_and_can_be_left_out(ax):
    X, y = [[0.0, 0.0], [1.0, 0.0]], ["a", "b"]
    model = KNeighborsClassifier(2).fit(X, y)
    from_estimator(model, X, resolution=20, ax=ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["tie"]
    ax.clear()
    from_estimator(model, X, y, ax=ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "tie"]
    ax.clear()
    from_estimator(model, X, y, legend=False, ax=ax)
    assert ax.get_legend() is None


@pytest.mark.parametrize("n_classes", [2, 10, 100])
def test_nothing_is_cut_off(n_classes):
    rng = np.random.default_rng(0)
    y = np.arange(500) % n_classes
    X = 9 * rng.uniform(size=(n_classes, 2))[y] + rng.normal(size=(500, 2)) / 9
    names = [f"quite a long name {i}" for i in range(n_classes)]
    model = LinearClassifier(random_state=0, max_epochs=5).fit(X, y)
    display = from_estimator(model, X, y, class_names=names, resolution=60)
    try:
        display.figure_.draw_without_rendering()
        page, legend = display.figure_.bbox, display.ax_.get_legend().get_window_extent()
        for box in (display.ax_.get_tightbbox(), legend):
            assert page.x0 <= box.x0 < box.x1 <= page.x1
            assert page.y0 <= box.y0 < box.y1 <= page.y1
        assert legend.x0 >= display.ax_.get_window_extent().x1
        assert len(display.lines_) == (0 if n_classes > 20 else n_classes)
    finally:
        plt.close(display.figure_)


def test_names_of_columns_are_those_of_the_axes(ax, spirals):
    X, y = spirals
    frame = pd.DataFrame(X, columns=["width", "height"])
    display = from_estimator(KNeighborsClassifier(3).fit(frame, y), frame, y, resolution=30, ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("width", "height")
    plain = from_estimator(
        KNeighborsClassifier(3).fit(X, y), X, y, feature_names=["u", "v"], resolution=30, ax=ax
    )
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("u", "v")
    np.testing.assert_array_equal(display.regions, plain.regions)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, ">f8", bool])
def test_points_of_any_type_are_drawn_and_left_as_they_are(ax, dtype):
    X = np.array([[0, 1], [1, 0], [1, 1], [0, 0]]).astype(dtype)[::-1]
    X.flags.writeable = False
    before = X.copy()
    display = from_estimator(KNeighborsClassifier(1).fit(X, [0, 1, 2, 3]), X, resolution=8, ax=ax)
    assert set(display.regions.ravel().tolist()) >= {0, 1, 2, 3}
    np.testing.assert_array_equal(X, before)


def test_a_single_point_has_a_plane_around_it(ax):
    display = from_estimator(KNeighborsClassifier(1).fit([[5, 7]], ["a"]), [[5.0, 7.0]], ax=ax)
    assert (display.x0[0], display.x0[-1]) == (4, 6)
    assert (display.x1[0], display.x1[-1]) == (6, 8)
    assert (display.regions == 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.zeros((4, 3))}, r"shape \(n_samples, 2\).*got shape \(4, 3\)"),
        ({"X": np.zeros((0, 2))}, r"got shape \(0, 2\)"),
        ({"X": np.zeros((2, 2, 2))}, r"got shape \(2, 2, 2\)"),
        ({"X": [[0.0, 1.0], [np.nan, 0.0]]}, r"X must be finite; got \[nan, 0.0\] in row 1"),
        ({"y": [0]}, r"y must have shape \(4,\)"),
        ({"y": [0, 1, 2, 0]}, "y must hold labels among classes.*got 2 in row 2"),
        ({"y": ["0"] * 4}, "got '0' in row 0"),
        ({"resolution": 1}, "resolution must be at least 2; got 1"),
        ({"margin": -1}, "margin must be finite and at least 0; got -1"),
        ({"feature_names": "xy"}, "feature_names must be two names; got 'xy'"),
        ({"class_names": ["a"]}, "class_names has 1 names"),
    ],
)
def test_arguments_that_do_not_fit_are_named(ax, change, message):
    X, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), [0, 1, 1, 0]
    model = KNeighborsClassifier(1).fit(X, y)
    with pytest.raises(ValueError, match=message):
        from_estimator(**{"estimator": model, "X": X, "y": y, "ax": ax} | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x0": [0.0]}, "x0 must hold at least two values"),
        ({"x1": [0.0, 2.0, 3.0]}, "x1 must hold .* in equal steps"),
        ({"x0": [1.0, 0.0]}, "x0 must hold"),
        ({"regions": np.zeros((3, 2), int)}, r"regions must hold integers of shape \(2, 2\)"),
        ({"regions": [[0, 1], [2, 0]]}, "between -1 .* got values from 0 to 2"),
        ({"regions": [[0, -2], [1, 0]]}, "got values from -2 to 1"),
        ({"X": [[0.0, 0.0]]}, "got None for y"),
        ({"y": [0]}, "got None for X"),
        ({"coef": np.zeros((3, 2)), "intercept": np.zeros(3)}, r"got \(3, 2\) and \(3,\)"),
        ({"coef": np.zeros((2, 2)), "intercept": np.zeros(1)}, r"got \(2, 2\) and \(1,\)"),
        ({"coef": np.full((2, 2), np.inf), "intercept": np.zeros(2)}, "must be finite"),
    ],
)
def test_numbers_that_do_not_fit_are_named(change, message):
    grid = {"x0": [0.0, 1.0], "x1": [0.0, 1.0], "regions": [[0, 1], [1, 0]], "classes": [0, 1]}
    with pytest.raises(ValueError, match=message):
        DecisionRegionsDisplay(**grid | change)


def test_classifiers_without_a_label_for_a_point_are_refused(ax):
    X = [[0.0, 0.0], [1.0, 0.0]]
    with pytest.raises(NotFittedError):
        from_estimator(KNeighborsClassifier(), X, ax=ax)
    several = KNeighborsClassifier(1).fit(X, [[0, 1], [1, 0]])
    with pytest.raises(ValueError, match="one output"):
        from_estimator(several, X, ax=ax)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax, spirals):
    X, y = spirals
    display = from_estimator(KNeighborsClassifier(1).fit(X, y), X, resolution=9, ax=ax)
    assert_new_figure(display)
