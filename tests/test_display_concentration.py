import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.spatial.distance import cdist

from nearplane.datasets import make_natural_images
from nearplane.display import DistanceConcentrationDisplay

from .figures import assert_new_figure

from_random = DistanceConcentrationDisplay.from_random
from_data = DistanceConcentrationDisplay.from_data


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def images():
    return make_natural_images(300, random_state=0)[0]


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
@pytest.mark.parametrize(("metric", "peer"), [("l2", "euclidean"), ("manhattan", "cityblock")])
def test_distances_are_those_of_random_rows(ax, distribution, metric, peer):
    display = from_random(
        [1, 3, 40],
        distribution=distribution,
        metric=metric,
        n_samples=30,
        n_queries=7,
        random_state=5,
        ax=ax,
    )
    rng = np.random.RandomState(5)
    draw = rng.random_sample if distribution == "uniform" else rng.standard_normal
    for i, size in enumerate([1, 3, 40]):
        queries, rows = draw((7, size)), draw((30, size))
        distances = cdist(queries, rows, peer)
        np.testing.assert_allclose(display.nearest[i], distances.min(axis=1), rtol=1e-9)
        np.testing.assert_allclose(display.mean[i], distances.mean(axis=1), rtol=1e-9)
        np.testing.assert_allclose(display.farthest[i], distances.max(axis=1), rtol=1e-9)
    expected = (display.nearest / display.farthest).mean(axis=1)
    np.testing.assert_allclose(display.ratio_, expected)
    assert display.metric == {"l2": "euclidean"}.get(metric, metric)


def test_distances_grow_alike_as_features_are_added(ax):
    display = from_random(random_state=0, n_samples=300, n_queries=20, ax=ax)
    assert display.n_features.tolist() == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    assert (np.diff(display.ratio_) > 0).all()
    assert display.ratio_[0] < 0.05
    assert display.ratio_[-1] > 0.85


def test_data_are_compared_by_some_of_the_features_that_vary(ax, images):
    X = images.reshape(300, -1).copy()
    X[:, 7] = 90  # never varies
    display = from_data(X, n_samples=200, n_queries=10, random_state=3, ax=ax)
    sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 3071]
    assert display.n_features.tolist() == sizes
    drawn = np.random.RandomState(3).permutation(300)
    distances = cdist(X[drawn[:10]].astype(float), X[drawn[10:210]].astype(float))
    np.testing.assert_allclose(display.nearest[-1], distances.min(axis=1))
    np.testing.assert_allclose(display.farthest[-1], distances.max(axis=1))
    assert (np.diff(display.mean.mean(axis=1)) > 0).all()  # features are only added
    np.testing.assert_array_equal(X[:, 7], 90)


def test_natural_images_resist(ax, images):
    display = from_data(images, [10, 3072], random_state=0, n_samples=200, ax=ax)
    random = from_random([3072], random_state=0, n_samples=200, ax=ax)
    assert display.ratio_[1] < 0.6
    assert random.ratio_[0] > 0.9


def test_a_seed_decides_and_few_rows_will_do(ax, images):
    first, again, other = (
        from_data(images[:12], [5], n_queries=10, random_state=seed, ax=ax).nearest.tolist()
        for seed in (0, 0, 1)
    )
    assert first == again != other


def test_the_ratio_is_drawn_with_a_band_of_four_queries_in_five(ax):
    display = from_random([2, 10, 100], random_state=0, n_samples=50, ax=ax)
    (line,) = display.lines_
    np.testing.assert_array_equal(line.get_xdata(), [2, 10, 100])
    np.testing.assert_allclose(line.get_ydata(), display.ratio_)
    low, high = np.percentile(display.nearest / display.farthest, [10, 90], axis=1)
    corners = display.band_.get_paths()[0].vertices
    for x, bottom, top in zip([2, 10, 100], low, high, strict=True):
        heights = corners[corners[:, 0] == x, 1]
        np.testing.assert_allclose([heights.min(), heights.max()], [bottom, top])
    assert ax.get_xlabel() == "Number of features"
    assert ax.get_ylabel() == "Nearest / farthest L2 distance"
    assert ax.get_ylim() == (0, 1)
    assert ax.get_xscale() == "log"
    ax.figure.draw_without_rendering()
    assert "100" in [label.get_text() for label in ax.get_xticklabels()]


def test_distances_themselves_are_three_lines_of_one_colour(ax):
    display = from_random(
        [2, 10], metric="l1", quantity="distance", random_state=0, n_samples=50, name="cube", ax=ax
    )
    expected = [display.farthest, display.mean, display.nearest]
    for line, distances in zip(display.lines_, expected, strict=True):
        np.testing.assert_allclose(line.get_ydata(), distances.mean(axis=1))
    assert len({line.get_color() for line in display.lines_}) == 1
    assert len({line.get_linestyle() for line in display.lines_}) == 3
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["cube, farthest", "cube, mean", "cube, nearest"]
    assert ax.get_ylabel() == "L1 distance"


def test_distances_of_equal_rows_are_left_out_of_a_logarithmic_axis(ax):
    X = np.random.default_rng(0).integers(0, 4, (200, 40))
    display = from_data(X, [1, 2, 20, 40], quantity="distance", random_state=0, ax=ax)
    assert (display.nearest.mean(axis=1) == 0).tolist() == [True, True, False, False]
    ax.figure.draw_without_rendering()
    drawn = ax.transData.transform(display.lines_[2].get_xydata())
    assert np.isfinite(drawn[:, 1]).tolist() == [False, False, True, True]
    (band,) = display.band_.get_paths()
    assert band.vertices[:, 0].min() == 20


def test_an_axis_of_several_metrics_is_named_after_none(ax):
    for metric, name in (("l2", "L2 distance"), ("l1", "distance"), ("l2", "distance")):
        from_random([2, 10], metric=metric, random_state=0, n_samples=50, ax=ax)
        assert ax.get_ylabel() == f"Nearest / farthest {name}"
    other = Figure().subplots()
    for metric, name in (("l1", "L1 distance"), ("l2", "Distance")):
        from_random([2], metric=metric, quantity="distance", n_samples=50, ax=other)
        assert other.get_ylabel() == name


def test_several_curves_share_axes_under_their_names(ax, images):
    from_random([2, 10], random_state=0, n_samples=50, ax=ax)
    display = from_data(images, [2, 10], random_state=0, name="images", ax=ax, linestyle="--")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["independent uniform features", "images"]
    assert display.lines_[0].get_linestyle() == "--"
    assert display.lines_[0].get_color() != ax.lines[0].get_color()


def test_a_curve_without_a_name_has_no_legend(ax, images):
    from_data(images, [2], random_state=0, ax=ax)
    assert ax.get_legend() is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_features": []}, "n_features must be a list of at least one number"),
        ({"n_features": 5}, "n_features must be a list"),
        ({"n_features": [0]}, "n_features must be at least 1; got 0"),
        ({"n_features": [3, 2]}, r"n_features must increase; got \[3, 2\]"),
        ({"n_samples": 0}, "n_samples must be at least 1; got 0"),
        ({"n_queries": 0}, "n_queries must be at least 1; got 0"),
        ({"distribution": "cauchy"}, "distribution must be 'uniform' or 'normal'; got 'cauchy'"),
        ({"metric": "chebyshev"}, "metric must be one of"),
        ({"metric": "sqeuclidean"}, "metric must be 'euclidean' or 'manhattan'"),
        ({"quantity": "mean"}, "quantity must be 'ratio' or 'distance'; got 'mean'"),
    ],
)
def test_arguments_that_do_not_fit_are_named(ax, options, message):
    with pytest.raises(ValueError, match=message):
        from_random(**{"n_features": [2], "n_samples": 5, "n_queries": 2, "ax": ax} | options)


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (np.indices((20, 9))[0], {"n_features": [30]}, "that vary, 9; got 30"),
        (np.ones((20, 3)), {}, "X must have features that vary"),
        (np.eye(6), {"n_queries": 5}, "two rows more than n_queries=5; got 6 rows"),
        (np.full((20, 3), np.nan), {}, "contains NaN"),
        (np.eye(20), {"n_samples": 1}, "n_samples must be at least 2; got 1"),
    ],
)
def test_data_that_do_not_fit_are_named(ax, X, options, message):
    with pytest.raises(ValueError, match=message):
        from_data(X, **{"n_queries": 2, "random_state": 0, "ax": ax} | options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nearest": [1.0]}, r"nearest must have shape \(1, n_queries\).*got shape \(1,\)"),
        ({"mean": [[1.0, 2.0]]}, r"mean must have shape .* got shape \(1, 2\)"),
        ({"farthest": [[0.0]]}, "farthest must hold finite distances above 0"),
        ({"metric": "chebyshev"}, "metric must be"),
    ],
)
def test_numbers_that_do_not_fit_are_named(change, message):
    numbers = {"n_features": [2], "nearest": [[1.0]], "mean": [[2.0]], "farthest": [[3.0]]}
    with pytest.raises(ValueError, match=message):
        DistanceConcentrationDisplay(**numbers | change)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax):
    display = from_random([2], n_samples=5, ax=ax)
    assert_new_figure(display)
