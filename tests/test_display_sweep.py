"""Pictures of sweeps: heat maps over two parameters, and learning rates compared."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from nearplane.display import LearningRateDisplay, SweepHeatmapDisplay
from nearplane.linear_model import LinearClassifier, LinearClassifierCV, LinearClassifierSweep

NAN = float("nan")
X, y = (array[:300] for array in load_digits(return_X_y=True))


def quick(**params):
    return LinearClassifier(**({"max_epochs": 3, "random_state": 0} | params))


@pytest.fixture(scope="module")
def sweep():
    """Return a sweep over three parameters, some of whose settings diverge."""
    grid = {"learning_rate": [1e20, "auto", 1e-3], "alpha": [0.1, 0], "optimizer": ["sgd", "adam"]}
    found = LinearClassifierSweep(quick(), grid, random_state=0)
    with pytest.warns(match="diverged"):
        return found.fit(X, y)


@pytest.fixture
def ax():
    return Figure().subplots()


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def heatmap(**options):
    defaults = {"scores": [[0.25, 0.5], [0.75, NAN]], "x_values": [1, 2], "y_values": [3, 4]}
    return SweepHeatmapDisplay(**(defaults | options))


def test_the_map_shows_the_scores_and_frames_the_best(ax):
    display = heatmap(diverged=[[False, False], [False, True]]).plot(ax)
    assert (display.ax_, display.figure_) == (ax, ax.figure)
    assert display.image_.get_array().tolist() == [[25, 50], [75, None]]
    written = {text.get_position(): text.get_text() for text in display.texts_}
    assert written == {(0, 0): "25.0", (1, 0): "50.0", (0, 1): "75.0"}
    assert display.best_ == (1, 0)
    assert display.frame_.get_xy() == (-0.5, 0.5)
    assert [cell.get_xy() for cell in display.hatches_] == [(0.5, 0.5)]
    assert legend(ax) == ["best: 75.0 %", "diverged"]
    assert ax.get_title(loc="left") == ""
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Learning rate", "Penalty strength alpha")
    assert ax.figure.axes[1].get_ylabel() == "Validation accuracy (%)"


def test_larger_values_are_above_and_to_the_right(ax):
    display = heatmap().plot(ax)
    ax.figure.draw_without_rendering()
    lower, upper = display.texts_[0].get_window_extent(), display.texts_[2].get_window_extent()
    assert lower.y1 < upper.y0
    assert ticks(ax.yaxis) == ["3", "4"]


def test_other_scores_are_written_as_they_are(ax):
    display = heatmap(scores=[[-1.23456, 0.5], [12.3456, 0]], score_name="Mean score").plot(ax)
    assert [text.get_text() for text in display.texts_] == ["-1.235", "0.500", "12.35", "0.000"]
    assert display.image_.get_array()[0, 0] == -1.23456
    assert ax.figure.axes[1].get_ylabel() == "Mean score"
    assert legend(ax) == ["best: 12.35"]


def test_text_is_read_on_every_colour(ax):
    scores = np.linspace(0, 1, 10)[np.newaxis]
    display = heatmap(scores=scores, x_values=range(10), y_values=[0]).plot(ax)
    inks = [text.get_color() for text in display.texts_]
    assert inks == sorted(inks, reverse=True)  # white on dark colours, black on light ones
    for score, ink in zip(scores[0], inks, strict=True):
        shade = np.array(display.image_.cmap(score)[:3])
        linear = np.where(shade <= 0.04045, shade / 12.92, ((shade + 0.055) / 1.055) ** 2.4)
        luminance = linear @ [0.2126, 0.7152, 0.0722]
        contrast = 1.05 / (luminance + 0.05) if ink == "white" else (luminance + 0.05) / 0.05
        assert contrast >= 4.5


def test_no_grid_of_a_style_lies_on_the_cells():
    with plt.rc_context({"axes.grid": True}):
        display = heatmap().plot(Figure().subplots())
    lines = [*display.ax_.get_xgridlines(), *display.ax_.get_ygridlines()]
    assert not any(line.get_visible() for line in lines)


def test_small_cells_are_left_without_text():
    n = 60
    ax = Figure(figsize=(4, 3)).subplots()
    display = heatmap(
        scores=np.random.default_rng(0).random((n, n)), x_values=range(n), y_values=range(n)
    ).plot(ax)
    assert display.texts_ == []
    assert display.frame_ in ax.patches


def test_text_stays_within_its_cell():
    for size in [(3, 2), (6, 4), (12, 3)]:
        figure = Figure(figsize=size, layout="constrained")
        ax = figure.subplots()
        scores = np.full((3, 5), 0.999)
        display = heatmap(scores=scores, x_values=range(5), y_values=range(3)).plot(ax)
        figure.draw_without_rendering()
        cell = ax.get_window_extent()
        for text in display.texts_:
            box = text.get_window_extent()
            assert box.width < cell.width / 5
            assert box.height < cell.height / 3


def test_axes_are_logarithmic_by_their_labels(ax):
    display = heatmap(
        scores=np.arange(7)[np.newaxis],
        x_values=[0, 1e-5, 3e-4, 1e-3, 0.25, 12, 2.5e4],
        y_values=[None],
        y="penalty",
    ).plot(ax)
    expected = ["0", "$10^{-5}$", r"$3\times10^{-4}$", "0.001", "0.25", "12", r"$2.5\times10^{4}$"]
    assert ticks(ax.xaxis) == expected
    assert ticks(ax.yaxis) == ["None"]
    assert ax.get_ylabel() == "Penalty"
    assert np.diff(ax.get_xticks()).tolist() == [1] * 6
    assert display.best_ == (0, 6)


def test_long_labels_are_written_aslant():
    short, long = Figure().subplots(), Figure().subplots()
    names = ["crammer_singer", "squared_hinge", "squared_error", "ovr_logistic"] * 2
    heatmap(scores=[range(8)], x_values=range(8), y_values=[0]).plot(short)
    heatmap(scores=[range(8)], x_values=names, y_values=[0], x="loss").plot(long)
    assert {label.get_rotation() for label in short.get_xticklabels()} == {0}
    assert {label.get_rotation() for label in long.get_xticklabels()} == {30}


def test_a_sweep_is_drawn_with_the_best_of_other_parameters(sweep, ax):
    display = SweepHeatmapDisplay.from_estimator(sweep, ax=ax)
    assert display.x_values == [1e-3, 1e20, "auto"]
    assert display.y_values == [0, 0.1]
    for row, alpha in enumerate(display.y_values):
        for column, rate in enumerate(display.x_values):
            accuracies = [
                accuracy
                for params, accuracy in zip(
                    sweep.results_["params"], sweep.results_["validation_accuracy"], strict=True
                )
                if (params["alpha"], params["learning_rate"]) == (alpha, rate)
            ]
            assert len(accuracies) == 2
            diverged = np.isnan(accuracies).all()
            assert display.diverged[row, column] == diverged
            if not diverged:
                assert display.scores[row, column] == np.nanmax(accuracies)
    assert display.diverged.any()
    assert len(display.hatches_) == display.diverged.sum()
    best = sweep.best_params_
    row, column = display.best_
    assert display.y_values[row] == best["alpha"]
    assert display.x_values[column] == best["learning_rate"]
    assert display.scores[display.best_] == sweep.best_score_
    assert ax.get_title(loc="left") == "Best over optimizer"
    swapped = SweepHeatmapDisplay.from_results(
        sweep.results_, x="alpha", y="learning_rate", ax=Figure().subplots(), cmap="magma"
    )
    np.testing.assert_array_equal(swapped.scores, display.scores.T)
    assert swapped.image_.cmap.name == "magma"


def test_cross_validations_are_drawn(ax):
    grid = {"loss": ["softmax", "hinge"], "alpha": [0.001, 0.1]}
    ours = LinearClassifierCV(**grid, estimator=quick(), cv=2).fit(X, y)
    theirs = GridSearchCV(quick(), grid, cv=2).fit(X, y)
    for search in (ours, theirs):
        display = SweepHeatmapDisplay.from_estimator(search, x="alpha", y="loss", ax=ax)
        by_hand = ours.cv_results_["mean_test_score"].reshape(2, 2).T
        np.testing.assert_array_equal(display.scores, by_hand)
        assert display.y_values == ["softmax", "hinge"]
        assert display.score_name == "Mean accuracy of 2 splits"
        assert display.best_over == ()
    ours.set_params(scoring="f1_macro").fit(X, y)
    display = SweepHeatmapDisplay.from_estimator(ours, x="alpha", y="loss", ax=ax)
    assert display.score_name == "Mean f1_macro of 2 splits"
    with pytest.raises(TypeError, match="which keep histories; got GridSearchCV"):
        LearningRateDisplay.from_estimator(theirs)


def test_a_list_of_settings_leaves_cells_empty(ax):
    grid = [{"alpha": 0.1, "learning_rate": 0.01}, {"alpha": 0.2, "learning_rate": 0.02}]
    sweep = LinearClassifierSweep(quick(), grid, random_state=0).fit(X, y)
    display = SweepHeatmapDisplay.from_estimator(sweep, ax=ax)
    assert np.isnan(display.scores).tolist() == [[False, True], [True, False]]
    assert not display.diverged.any()
    assert len(display.texts_) == 2


def test_without_axes_there_is_a_new_figure(sweep):
    for display in (
        SweepHeatmapDisplay.from_estimator(sweep),
        LearningRateDisplay.from_estimator(sweep),
    ):
        assert display.figure_ in map(plt.figure, plt.get_fignums())
        display.figure_.draw_without_rendering()
        bounds = display.figure_.bbox
        drawn = display.figure_.get_tightbbox().transformed(display.figure_.dpi_scale_trans)
        assert drawn.x0 >= bounds.x0 - 1
        assert drawn.x1 <= bounds.x1 + 1
        assert drawn.y1 <= bounds.y1 + 1
        plt.close(display.figure_)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scores": [[1, 2, 3]]}, r"scores must have shape \(2, 2\), .*\(1, 3\)"),
        ({"scores": [[NAN, NAN], [NAN, NAN]]}, "scores must hold at least one that is not NaN"),
        ({"diverged": [True]}, r"must have shape \(2, 2\)"),
        ({"best": (2, 0)}, r"best must be a row and a column of \(2, 2\); got \(2, 0\)"),
    ],
)
def test_bad_maps_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        heatmap(**options)


def test_searches_without_these_parameters_are_refused(sweep):
    message = r"x must be a parameter .* \['alpha', 'learning_rate', 'optimizer'\]; got 'momentum'"
    with pytest.raises(ValueError, match=message):
        SweepHeatmapDisplay.from_estimator(sweep, x="momentum")
    with pytest.raises(ValueError, match="x and y must be two parameters; got 'alpha' for both"):
        SweepHeatmapDisplay.from_estimator(sweep, x="alpha")
    with pytest.raises(ValueError, match=r"results must have 'params' and .*got \['loss'\]"):
        SweepHeatmapDisplay.from_results({"loss": [1]})
    alone = LinearClassifierSweep(quick(), {"alpha": [0.1]}).fit(X, y)
    with pytest.raises(ValueError, match=r"one of \['alpha'\]; got 'learning_rate'"):
        LearningRateDisplay.from_estimator(alone)
    for display in (SweepHeatmapDisplay, LearningRateDisplay):
        with pytest.raises(NotFittedError):
            display.from_estimator(LinearClassifierSweep())
        with pytest.raises(TypeError, match=r"estimator must be a LinearClassifierSweep.*Sca"):
            display.from_estimator(StandardScaler())


def histories(**losses):
    """Return a history for each rate, given as text such as r0_1."""
    return {
        float(name[1:].replace("_", ".")): {"epoch": np.arange(1, len(loss) + 1), "loss": loss}
        for name, loss in losses.items()
    }


def test_rates_are_judged_by_their_last_losses(ax):
    given = histories(
        r3=[9.0, 5.0, 3.0],
        r0_1=[2.0, 1.2, 1.0],
        r0_2=[2.0, 1.1, 1.01],
        r0_001=[2.3, 2.2, 2.1],
        r100=[3.0, np.inf],
        r50=[3.0, 1e9, 1e9],
        r0_01=[2.2, 1.5, 1.03],
    )
    display = LearningRateDisplay(histories=given)
    assert display.verdicts_ == {
        0.001: "too low",
        0.01: "too low",
        0.1: "best",
        0.2: "good",
        3.0: "too high",
        50.0: "diverged",
        100.0: "diverged",
    }
    assert list(display.verdicts_) == sorted(given)
    display.plot(ax)
    assert legend(ax)[:4] == ["0.001, too low", "0.01, too low", "0.1, best", "0.2, good"]
    assert [line.get_ydata()[0] for line in display.lines_] == [2.3, 2.2, 2.0, 2.0, 9.0, 3.0, 3.0]
    widths = [line.get_linewidth() for line in display.lines_]
    assert widths.index(max(widths)) == 2
    assert len(set(widths)) == 2
    assert len({to_hex(line.get_color()) for line in display.lines_}) == 7
    lightness = [np.sum(line.get_color()[:3]) for line in display.lines_]
    assert lightness == sorted(lightness)
    assert len(display.beyond_) == 3  # the highest rate that did not diverge begins too high
    other = LearningRateDisplay(histories=given, best=0.2)
    assert (other.verdicts_[0.2], other.verdicts_[0.1]) == ("best", "good")


def test_a_rate_that_diverged_is_told_whatever_its_last_loss(ax):
    losses = {0.1: [2.0, 1.5, 1.2], 1.0: [1.1]}  # lost on one fold, in the second epoch
    histories = {
        rate: {"epoch": np.arange(1, len(loss) + 1), "loss": loss} for rate, loss in losses.items()
    }
    display = LearningRateDisplay(histories=histories, diverged=[1.0]).plot(ax)
    assert display.verdicts_ == {0.1: "best", 1.0: "diverged"}


def test_the_rates_of_a_sweep_are_drawn(sweep, ax):
    display = LearningRateDisplay.from_estimator(sweep, ax=ax, quantity="data_loss", alpha=0.5)
    best = sweep.best_params_
    rows = [
        row
        for row, params in enumerate(sweep.results_["params"])
        if (params["alpha"], params["optimizer"]) == (best["alpha"], best["optimizer"])
    ]
    automatic = next(
        sweep.results_["learning_rate"][row]
        for row in rows
        if sweep.results_["params"][row]["learning_rate"] == "auto"
    )
    assert list(display.verdicts_) == [1e-3, automatic, 1e20]
    assert display.verdicts_[1e20] == "diverged"
    assert best["learning_rate"] == "auto"
    assert legend(ax)[1] == f"{automatic:.3g} (auto), best"
    assert ax.get_legend().get_title().get_text() == "Learning rate"
    drawn = next(line for line in display.lines_ if line.get_linewidth() > 2)
    history = sweep.histories_[sweep.best_index_]
    np.testing.assert_array_equal(drawn.get_ydata(), history["data_loss"])
    assert drawn.get_alpha() == 0.5
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Epoch", "Data loss")


def test_the_rates_of_a_cross_validation_are_drawn_as_means(ax):
    rates = [0.001, 0.01]
    search = LinearClassifierCV(alpha=0.1, learning_rate=rates, estimator=quick(), cv=2).fit(X, y)
    display = LearningRateDisplay.from_estimator(search, ax=ax, log_scale=True)
    assert ax.get_yscale() == "log"
    for line, history in zip(display.lines_, search.histories_, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), history["loss"])
    assert display.best == search.learning_rate_


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"histories": {}}, "histories must hold at least one training that did not diverge"),
        ({"histories": {1.0: {"epoch": [1], "loss": [NAN]}}}, "that did not diverge"),
        ({"histories": {1.0: {"epoch": [1]}}}, r"histories\[1.0\] must hold 'loss'"),
        ({"histories": {1.0: {"epoch": [], "loss": []}}}, r"histories\[1.0\] must hold 'loss'"),
        ({"best": 3.0}, r"best must be one of the rates \[1.0, 2.0\]; got 3.0"),
        ({"auto": 3.0}, r"auto must be one of the rates \[1.0, 2.0\]; got 3.0"),
        ({"quantity": "speed"}, "quantity is 'speed'; it must be one of"),
    ],
)
def test_bad_rates_are_refused(options, message):
    defaults = {"histories": histories(r1=[1.0], r2=[2.0])}
    with pytest.raises(ValueError, match=message):
        LearningRateDisplay(**(defaults | options))
