import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError

from nearplane import KNeighborsClassifier, KNeighborsClassifierCV
from nearplane.datasets import load_dataset
from nearplane.display import AccuracyCurveDisplay


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=150, n_test=80)


def test_the_smallest_of_equally_good_k_is_best_and_ringed(ax):
    display = AccuracyCurveDisplay(n_neighbors=[1, 3, 5, 9], accuracy=[0.5, 0.7, 0.7, 0.6])
    display.plot(ax)
    assert display.best_n_neighbors_ == 3
    assert display.best_.get_xydata().tolist() == [[3, 0.7]]
    assert display.line_.get_xydata().tolist() == [[1, 0.5], [3, 0.7], [5, 0.7], [9, 0.6]]
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_axes_are_labelled_in_whole_numbers_and_per_cent(ax):
    display = AccuracyCurveDisplay(n_neighbors=[1, 2, 3], accuracy=[0.5, 0.75, 1.0], name="L1")
    display.plot(ax)
    ax.figure.draw_without_rendering()
    assert ax.get_xlabel() == "Number of neighbours k"
    assert ax.get_ylabel() == "Accuracy"
    assert all(tick == int(tick) for tick in ax.get_xticks())
    assert "60 %" in [label.get_text() for label in ax.get_yticklabels()]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["L1"]


def test_one_curve_has_no_folds_and_unnamed_no_legend(ax):
    display = AccuracyCurveDisplay(n_neighbors=[1, 2], accuracy=[0.5, 0.6]).plot(ax)
    assert display.fold_points_ is None
    assert display.errorbar_ is None
    assert ax.get_legend() is None


def test_folds_are_points_around_their_mean_with_standard_deviations(ax):
    folds = np.array([[0.4, 0.6], [0.7, 0.9], [0.5, 0.5]])
    display = AccuracyCurveDisplay(n_neighbors=[1, 2, 3], accuracy=folds).plot(ax)
    assert display.best_n_neighbors_ == 2
    np.testing.assert_allclose(display.line_.get_ydata(), [0.5, 0.8, 0.5])
    points = display.fold_points_.get_offsets()
    np.testing.assert_allclose(points, [[1, 0.4], [1, 0.6], [2, 0.7], [2, 0.9], [3, 0.5], [3, 0.5]])
    (bars,) = display.errorbar_.lines[2]
    heights = [np.ptp(segment[:, 1]) for segment in bars.get_segments()]
    np.testing.assert_allclose(heights, [0.2, 0.2, 0.0], atol=1e-12)  # from -1 to +1 deviation


def test_curves_on_one_axes_differ_in_colour_and_keep_their_options(ax):
    first = AccuracyCurveDisplay(n_neighbors=[1, 2], accuracy=[0.5, 0.6], name="L1").plot(ax)
    second = AccuracyCurveDisplay(n_neighbors=[1, 2], accuracy=[0.4, 0.5], name="L2")
    second.plot(ax, linestyle="--", marker="s")
    cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    assert [first.line_.get_color(), second.line_.get_color()] == cycle[:2]
    assert second.best_.get_color() == cycle[1]
    assert second.line_.get_linestyle() == "--"
    assert second.line_.get_marker() == "s"


def test_from_predictions_counts_what_is_right(ax):
    predictions = [[0, 1, 1, 0], [0, 1, 0, 0]]
    display = AccuracyCurveDisplay.from_predictions(
        [0, 1, 0, 1], predictions, n_neighbors=[1, 5], ax=ax
    )
    assert display.accuracy.tolist() == [0.5, 0.75]


@pytest.mark.parametrize("options", [{}, {"weights": "distance"}, {"ties": "nearest"}])
def test_one_search_gives_the_accuracy_of_every_k(ax, digits, options):
    model = KNeighborsClassifier(n_neighbors=1, metric="manhattan", **options)
    model.fit(digits.X_train, digits.y_train)
    ks = [1, 2, 3, 4, 10]
    display = AccuracyCurveDisplay.from_estimator(
        model, digits.X_test, digits.y_test, n_neighbors=ks, ax=ax
    )
    expected = [model.set_params(n_neighbors=k).score(digits.X_test, digits.y_test) for k in ks]
    np.testing.assert_allclose(display.accuracy, expected, rtol=1e-15)


def test_without_queries_the_curve_is_that_of_leaving_one_out(ax, digits):
    model = KNeighborsClassifier(metric="manhattan").fit(digits.X_train, digits.y_train)
    ks = [1, 2, 3, 10]
    display = AccuracyCurveDisplay.from_estimator(
        model, None, digits.y_train, n_neighbors=ks, ax=ax
    )
    expected = [model.set_params(n_neighbors=k).score(None, digits.y_train) for k in ks]
    np.testing.assert_allclose(display.accuracy, expected, rtol=1e-15)
    assert display.accuracy[0] < 1  # a row that judged itself would always be right
    with pytest.raises(ValueError, match=r"for y_true of shape \(80,\)"):
        AccuracyCurveDisplay.from_estimator(model, None, digits.y_test, n_neighbors=ks, ax=ax)


def test_models_whose_vote_k_does_not_describe_are_refused(ax, digits):
    model = KNeighborsClassifier()
    queries = (digits.X_test, digits.y_test)
    model.fit(digits.X_train, digits.y_train, sample_weight=np.arange(150) + 1.0)
    with pytest.raises(ValueError, match="sample_weight"):
        AccuracyCurveDisplay.from_estimator(model, *queries, n_neighbors=[1], ax=ax)
    model.fit(digits.X_train, np.stack([digits.y_train] * 2, axis=1))
    with pytest.raises(ValueError, match="several outputs"):
        AccuracyCurveDisplay.from_estimator(model, *queries, n_neighbors=[1], ax=ax)


@pytest.fixture(scope="module")
def judged(digits):
    """Two metrics and two weights, and a few k that are not in order."""
    model = KNeighborsClassifierCV([40, 1, 3], weights=("uniform", "distance"), cv=4)
    return model.fit(digits.X_train, digits.y_train)


def test_a_cross_validation_is_drawn_with_every_fold_of_every_curve(ax, judged):
    best = AccuracyCurveDisplay.from_cv(judged, ax=ax)
    assert [curve.name for curve in best.curves_] == [
        *("euclidean, uniform", "euclidean, distance"),
        *("manhattan, uniform", "manhattan, distance"),
    ]
    assert best in best.curves_
    assert best.accuracy.mean(axis=1).max() == judged.best_score_
    for curve in best.curves_:
        metric, weights = curve.name.split(", ")
        for k, scores in zip(curve.n_neighbors, curve.accuracy, strict=True):
            params = {"metric": metric, "n_neighbors": k, "weights": weights}
            row = judged.cv_results_["params"].index(params)
            folds = [judged.cv_results_[f"split{i}_test_score"][row] for i in range(4)]
            assert scores.tolist() == folds
        assert curve.n_neighbors.tolist() == [1, 3, 40]
        assert len(curve.fold_points_.get_offsets()) == 12
        assert curve.ax_ is ax
    looks = {(curve.line_.get_color(), curve.line_.get_linestyle()) for curve in best.curves_}
    assert len(looks) == 4


def test_points_of_several_curves_stand_side_by_side_and_in_sight(ax, judged):
    best = AccuracyCurveDisplay.from_cv(judged, ax=ax)
    ax.figure.draw_without_rendering()
    lefts = []
    for curve in best.curves_:
        place = curve.fold_points_.get_offset_transform()
        pixels = place.transform(curve.fold_points_.get_offsets())
        assert ax.bbox.count_contains(pixels) == len(pixels)
        (bars,) = curve.errorbar_.lines[2]
        ends = bars.get_transform().transform(np.concatenate(list(bars.get_segments())))
        assert ax.bbox.count_contains(ends) == len(ends)
        assert ends[0, 0] == pytest.approx(pixels[0, 0])
        lefts.append(pixels[0, 0])
    assert np.diff(lefts).min() > 1


def test_the_legend_of_many_curves_hides_none_of_them(judged):
    best = AccuracyCurveDisplay.from_cv(judged)
    try:
        best.figure_.draw_without_rendering()
        legend = best.ax_.get_legend().get_window_extent()
        assert legend.y0 >= best.ax_.bbox.y1
        inside = best.figure_.bbox.padded(1)
        assert inside.count_contains(legend.corners()) == 4
    finally:
        plt.close(best.figure_)


def test_many_values_of_k_stand_by_their_ratio(ax, judged):
    AccuracyCurveDisplay.from_cv(judged, ax=ax)
    ax.figure.draw_without_rendering()
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["40", "3", "1"]
    few = Figure().subplots()
    AccuracyCurveDisplay(n_neighbors=[3, 40], accuracy=[0.1, 0.2]).plot(few)
    assert few.get_xscale() == "linear"


def test_curves_can_be_chosen_and_are_named_by_what_differs(judged):
    def names(**choice):
        display = AccuracyCurveDisplay.from_cv(judged, ax=Figure().subplots(), **choice)
        return [curve.name for curve in display.curves_]

    assert names(metric="manhattan") == ["uniform", "distance"]
    assert names(weights="distance") == ["euclidean", "manhattan"]
    assert names(weights="distance", metric="euclidean") == ["euclidean"]
    with pytest.raises(ValueError, match=r"metric .*tried, 'euclidean', 'manhattan'; got 'l1'"):
        names(metric="l1")
    with pytest.raises(ValueError, match="weights must be one of what was tried"):
        names(weights=np.ones_like)


def test_leaving_one_out_has_no_folds_to_show(ax, digits):
    model = KNeighborsClassifierCV([1, 5], metric="l1", weights=np.ones_like, cv="loo")
    display = AccuracyCurveDisplay.from_cv(model.fit(digits.X_train, digits.y_train), ax=ax)
    assert display.fold_points_ is None
    assert display.accuracy.tolist() == model.cv_results_["mean_test_score"].tolist()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["l1"]


def test_other_scores_are_not_called_accuracy(ax, digits):
    model = KNeighborsClassifierCV([1, 5], metric="l1", cv=3, scoring="neg_log_loss")
    AccuracyCurveDisplay.from_cv(model.fit(digits.X_train, digits.y_train), ax=ax)
    ax.figure.draw_without_rendering()
    assert ax.get_ylabel() == "neg_log_loss"
    assert not any("%" in label.get_text() for label in ax.get_yticklabels())


def test_what_is_no_cross_validation_is_refused(digits):
    fitted = KNeighborsClassifier().fit(digits.X_train, digits.y_train)
    with pytest.raises(TypeError, match="cv_estimator must be nearplane's KNeighborsClassifierCV"):
        AccuracyCurveDisplay.from_cv(fitted)
    with pytest.raises(NotFittedError):
        AccuracyCurveDisplay.from_cv(KNeighborsClassifierCV())


@pytest.mark.parametrize(
    ("n_neighbors", "accuracy", "message"),
    [
        ([], [], "at least one k"),
        (5, [0.5], "at least one k"),
        ([3, 1], [0.5, 0.6], r"must increase, got \[3, 1\]"),
        ([1, 1], [0.5, 0.6], "must increase"),
        ([1, 2], [0.5, 0.6, 0.7], r"accuracy has shape \(3,\)"),
        ([1], 0.5, r"accuracy has shape \(\)"),
        ([1], [[[0.5]]], r"accuracy has shape \(1, 1, 1\)"),
    ],
)
def test_arguments_that_do_not_fit_are_named(n_neighbors, accuracy, message):
    with pytest.raises(ValueError, match=message):
        AccuracyCurveDisplay(n_neighbors=n_neighbors, accuracy=accuracy)


def test_predictions_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"y_pred has shape \(2, 3\)"):
        AccuracyCurveDisplay.from_predictions([0, 1], np.zeros((2, 3)), n_neighbors=[1, 2])


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none():
    AccuracyCurveDisplay(n_neighbors=[1], accuracy=[0.5]).plot(Figure().subplots())
    assert plt.get_fignums() == []
    display = AccuracyCurveDisplay(n_neighbors=[1], accuracy=[0.5]).plot()
    try:
        assert plt.gcf() is display.figure_
    finally:
        plt.close(display.figure_)
