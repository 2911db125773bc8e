import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.linear_model import LinearRegression

from nearplane import KNeighborsRegressor
from nearplane.display import RegressionConvergenceDisplay

from .figures import assert_new_figure

from_estimator = RegressionConvergenceDisplay.from_estimator


@pytest.fixture
def ax():
    return Figure(figsize=(8, 3)).subplots()


def titles(display):
    return [panel.get_title() for panel in display.panels_]


@pytest.mark.parametrize("k", [1, 3])
def test_predictions_are_the_means_of_the_first_rows_nearest(ax, k):
    display = from_estimator(
        KNeighborsRegressor(k), np.cos, n_samples=[4, 30], interval=(-2, 5), random_state=0, ax=ax
    )
    assert (display.x[0], display.x[-1], len(display.x)) == (-2, 5, 1000)
    np.testing.assert_array_equal(display.truth, np.cos(display.x))
    np.testing.assert_array_equal(display.y_train, np.cos(display.x_train))
    assert -2 <= display.x_train.min() < display.x_train.max() <= 5
    for n, predicted in zip([4, 30], display.predictions, strict=True):
        distances = np.abs(display.x[:, None] - display.x_train[:n])
        nearest = np.argsort(distances, axis=1)[:, :k]
        np.testing.assert_allclose(predicted, display.y_train[nearest].mean(axis=1), rtol=1e-12)
    errors = ((display.predictions - display.truth) ** 2).mean(axis=1) ** 0.5
    np.testing.assert_allclose(display.errors_, errors)


def test_the_function_is_approached(ax):
    display = from_estimator(KNeighborsRegressor(1), random_state=0, ax=ax)
    assert display.n_samples == [5, 20, 100, 1000]
    assert (np.diff(display.errors_) < 0).all()
    assert display.errors_[-1] < 0.02


def test_with_noise_it_is_approached_only_if_the_neighbours_grow_too(ax):
    sizes, options = [10, 100, 1000], {"noise": 0.5, "random_state": 0, "ax": ax}
    one = from_estimator(KNeighborsRegressor(1), n_samples=sizes, **options)
    assert one.errors_[-1] > 0.4
    rising = from_estimator(
        KNeighborsRegressor(), n_samples=sizes, n_neighbors=[2, 8, 40], **options
    )
    assert rising.errors_[-1] < 0.15
    deviation = (rising.y_train - np.sin(2 * np.pi * rising.x_train)).std()
    assert 0.4 < deviation < 0.9
    assert titles(rising)[2] == f"n = 1,000, k = 40\nRMS error {rising.errors_[2]:.2g}"


def test_the_estimator_is_neither_fitted_nor_changed(ax):
    model = KNeighborsRegressor(3)
    from_estimator(model, n_samples=[5, 9], n_neighbors=[1, 2], random_state=0, ax=ax)
    assert model.n_neighbors == 3
    assert not hasattr(model, "n_samples_fit_")


def test_other_regressors_are_drawn_without_a_number_of_neighbours(ax):
    display = from_estimator(LinearRegression(), lambda x: 2 * x, n_samples=[3], ax=ax)
    assert titles(display)[0].startswith("n = 3\nRMS error ")
    assert display.errors_[0] < 1e-12


def test_a_seed_decides_and_more_rows_begin_with_the_fewer(ax):
    first, more, other = (
        from_estimator(KNeighborsRegressor(1), n_samples=sizes, random_state=seed, ax=ax)
        for sizes, seed in (([5], 0), ([5, 50], 0), ([5], 1))
    )
    np.testing.assert_array_equal(first.x_train, more.x_train[:5])
    assert first.x_train.tolist() != other.x_train.tolist()


def test_each_panel_has_its_rows_its_prediction_and_the_function(ax):
    display = from_estimator(KNeighborsRegressor(2), n_samples=[4, 30], random_state=0, ax=ax)
    for i, panel in enumerate(display.panels_):
        prediction, function = panel.lines
        np.testing.assert_array_equal(prediction.get_ydata(), display.predictions[i])
        np.testing.assert_array_equal(function.get_ydata(), display.truth)
        assert function.get_linestyle() != prediction.get_linestyle()
        n = [4, 30][i]
        rows = np.column_stack([display.x_train[:n], display.y_train[:n]])
        np.testing.assert_array_equal(panel.collections[0].get_offsets(), rows)
    assert len({panel.get_ylim() for panel in display.panels_}) == 1
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["function", "prediction", "training row"]


def test_wild_values_do_not_flatten_the_function(ax):
    display = RegressionConvergenceDisplay(
        x=[0, 1, 2],
        truth=[0, 1, 2],
        predictions=[[0, 1, 99]],
        x_train=[0],
        y_train=[-50],
        n_samples=[1],
    )
    low, high = display.plot(ax).panels_[0].get_ylim()
    assert -1.5 < low < 0
    assert 2 < high < 3.5


@pytest.mark.parametrize("n", [1, 4, 5, 9])
@pytest.mark.parametrize("own", [True, False])
def test_nothing_is_cut_off_or_overlaps(n, own):
    ax = Figure(figsize=(7, 5)).subplots() if own else None
    display = from_estimator(
        KNeighborsRegressor(1), n_samples=[10**4 + i for i in range(n)], random_state=0, ax=ax
    )
    try:
        display.figure_.draw_without_rendering()
        page, boxes = display.figure_.bbox, [panel.get_tightbbox() for panel in display.panels_]
        boxes.append(display.ax_.get_legend().get_window_extent())
        for i, box in enumerate(boxes):
            assert page.x0 <= box.x0 < box.x1 <= page.x1
            assert page.y0 <= box.y0 < box.y1 <= page.y1
            # Shrunk by a pixel, so that touching is no overlap.
            assert box.padded(-1).count_overlaps(boxes[:i]) == 0
        assert min(panel.get_window_extent().height for panel in display.panels_) > 40
    finally:
        plt.close(display.figure_)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_samples": []}, "n_samples must be a list of at least one integer"),
        ({"n_samples": [0]}, "n_samples must be at least 1; got 0"),
        ({"n_samples": [9], "n_neighbors": [1, 2]}, "n_neighbors must hold 1, one for each"),
        ({"n_samples": [3]}, "Expected n_neighbors <= n_samples_fit"),
        ({"interval": (1, 0)}, r"interval must be increasing; got \(1, 0\)"),
        ({"interval": (0, 1, 2)}, "interval must be two numbers"),
        ({"interval": (0, np.inf)}, "interval must be finite"),
        ({"noise": -1}, "noise must be finite and at least 0"),
        ({"resolution": 1}, "resolution must be at least 2; got 1"),
        ({"function": lambda x: 3.0}, "function must return one finite number"),
        ({"function": lambda x: x / 0 * x}, "function must return one finite number"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_arguments_that_do_not_fit_are_named(ax, options, message):
    with pytest.raises(ValueError, match=message):
        from_estimator(**{"estimator": KNeighborsRegressor(5), "ax": ax} | options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": [1.0]}, r"x and truth must be lists of as many numbers; got shapes \(2,\)"),
        ({"y_train": []}, "x_train and y_train must be lists of as many"),
        ({"predictions": [1.0, 2.0]}, r"predictions must have shape \(1, 2\).*got shape \(2,\)"),
        ({"n_samples": [9]}, "at most the number of training rows, 1; got 9"),
        ({"n_neighbors": [1, 1]}, "n_neighbors must hold 1"),
    ],
)
def test_numbers_that_do_not_fit_are_named(change, message):
    numbers = {
        "x": [0.0, 1.0],
        "truth": [0.0, 1.0],
        "predictions": [[0.0, 0.0]],
        "x_train": [0.0],
        "y_train": [0.0],
        "n_samples": [1],
    }
    with pytest.raises(ValueError, match=message):
        RegressionConvergenceDisplay(**numbers | change)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax):
    display = from_estimator(KNeighborsRegressor(1), n_samples=[3], ax=ax)
    assert_new_figure(display)
