import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from nearplane.datasets import load_dataset
from nearplane.display import LossCurveDisplay
from nearplane.linear_model import LinearClassifier

NAN = float("nan")


def make_history(losses, **more):
    n = len(losses)
    nothing = np.full(n, NAN)
    columns = {
        "epoch": np.arange(1, n + 1),
        "loss": np.add(losses, 0.25),
        "data_loss": np.array(losses),
        "penalty": np.full(n, 0.25),
        "learning_rate": np.linspace(0.1, 0.01, n),
        "train_accuracy": np.linspace(0.3, 0.6, n),
        "validation_accuracy": nothing,
        "validation_loss": nothing,
        "update_ratio": np.full(n, 1e-3),
    }
    return columns | {name: np.array(values) for name, values in more.items()}


@pytest.fixture
def ax():
    return Figure().subplots()


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def top(ax):
    ax.figure.draw_without_rendering()
    return ax.get_ylim()[1]


def test_training_is_solid_and_validation_dashed_in_one_colour(ax):
    history = make_history([2.0, 1.5, 1.4], validation_loss=[1.9, 1.6, 1.7])
    display = LossCurveDisplay.from_history(history, ax=ax)
    training, validation = display.lines_
    assert training.get_xydata().tolist() == [[1, 2.0], [2, 1.5], [3, 1.4]]
    assert validation.get_ydata().tolist() == [1.9, 1.6, 1.7]
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
    assert training.get_color() == validation.get_color()
    assert legend(ax) == ["training", "validation"]
    assert (display.ax_, display.figure_) == (ax, ax.figure)


def test_without_validation_there_is_one_curve_and_no_legend(ax):
    display = LossCurveDisplay.from_history(make_history([2.0, 1.5]), ax=ax)
    assert len(display.lines_) == 1
    assert ax.get_legend() is None


@pytest.mark.parametrize(
    ("quantity", "values", "label"),
    [
        ("loss", [2.25, 1.75], "Loss with penalty"),
        ("penalty", [0.25, 0.25], "Penalty"),
        ("learning_rate", [0.1, 0.01], "Learning rate"),
        ("update_ratio", [1e-3, 1e-3], "Update-to-weight ratio"),
        ("train_accuracy", [0.3, 0.6], "Training accuracy"),
        ("validation_accuracy", [0.2, 0.5], "Validation accuracy"),
        ("validation_loss", [1.9, 1.6], "Validation loss"),
    ],
)
def test_any_recorded_quantity_is_a_curve(ax, quantity, values, label):
    history = make_history([2.0, 1.5], validation_accuracy=[0.2, 0.5], validation_loss=[1.9, 1.6])
    (line,) = LossCurveDisplay.from_history(history, quantity=quantity, ax=ax).lines_
    np.testing.assert_allclose(line.get_ydata(), values)
    assert ax.get_ylabel() == label


def test_axes_are_labelled_in_whole_epochs_and_per_cent(ax):
    history = make_history([2.0, 1.5, 1.4], validation_accuracy=[0.3, 0.4, 0.5])
    LossCurveDisplay.from_history(history, quantity="accuracy", ax=ax)
    ax.figure.draw_without_rendering()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Epoch", "Accuracy")
    assert all(tick == int(tick) for tick in ax.get_xticks())
    assert "40 %" in [label.get_text() for label in ax.get_yticklabels()]


def test_trainings_differ_in_colour_and_share_one_sign_for_validation(ax):
    histories = {
        "low": make_history([2.2, 2.1], validation_loss=[2.2, 2.1]),
        "good": make_history([2.0, 1.5], validation_loss=[1.9, 1.6]),
    }
    display = LossCurveDisplay.from_history(histories, ax=ax)
    assert legend(ax) == ["low", "good", "validation"]
    cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    colours = [line.get_color() for line in display.lines_]
    assert colours == [cycle[0], cycle[0], cycle[1], cycle[1]]


def test_what_explodes_leaves_the_others_their_room_and_a_sign_where_it_left(ax):
    calm = make_history([2.3, 1.8, 1.6])
    histories = {
        "good": calm,
        "bounces": make_history([300.0, 200.0, 90.0]),
        "diverges": make_history([2.3, 1e30, np.inf]),
        "is lost": make_history([2.2, NAN]),
    }
    display = LossCurveDisplay.from_history(histories, ax=ax)
    assert top(ax) < 2.5
    assert [mark.get_xdata().tolist() for mark in display.beyond_] == [[1], [2], [2]]
    assert {mark.get_marker() for mark in display.beyond_} == {"^"}
    # What is out of the picture is still in the line, which runs to the picture's edge.
    assert display.lines_[1].get_ydata().tolist() == [300.0, 200.0, 90.0]
    assert ax.get_xlim()[1] >= 3


def test_on_a_logarithmic_axis_more_has_room(ax):
    histories = {
        "good": make_history([2.3, 1.8]),
        "bounces": make_history([300.0, 200.0]),
        "diverges": make_history([1e9, 1e30]),
    }
    display = LossCurveDisplay.from_history(histories, log_scale=True, ax=ax)
    assert ax.get_yscale() == "log"
    assert 300 < top(ax) < 1e4
    assert [mark.get_color() for mark in display.beyond_] == [display.lines_[2].get_color()]


def test_no_sign_hides_another_where_several_leave_at_once(ax):
    calm, wild = make_history([2.3, 1.8, 1.6]), make_history([300.0, 200.0, 90.0])
    histories = {"good": calm, "wild": wild, "wilder": wild, "at once": make_history([1e9])}
    display = LossCurveDisplay.from_history(histories, ax=ax)
    ax.figure.draw_without_rendering()
    places = [mark.get_transform().transform(mark.get_xydata()[0]) for mark in display.beyond_]
    assert [mark.get_xdata().tolist() for mark in display.beyond_] == [[1], [1], [1]]
    widths = np.diff(np.array(places)[:, 0])
    assert widths.min() >= ax.figure.dpi * display.beyond_[0].get_markersize() / 72
    assert places[0][0] == pytest.approx(ax.transData.transform([1, 0])[0])
    # A training of one epoch is out of sight but for its triangle, in the legend too.
    assert display.lines_[3].get_marker() == "None"


@pytest.mark.parametrize("validation_loss", [[9.5, 20.0, 30.0], [1.0, 0.5, 0.1]])
def test_a_lone_training_is_shown_whole_however_its_two_curves_differ(ax, validation_loss):
    history = make_history([9.0, 3.0, 0.1], validation_loss=validation_loss)
    display = LossCurveDisplay.from_history(history, ax=ax)
    assert top(ax) > max(9.0, *validation_loss)
    assert display.beyond_ == []


def test_nothing_but_losses_is_cut(ax):
    histories = {
        "low": make_history([2.0, 2.0], learning_rate=[1e-6, 1e-6]),
        "high": make_history([2.0, 2.0], learning_rate=[1.0, 1.0]),
    }
    display = LossCurveDisplay.from_history(histories, quantity="learning_rate", ax=ax)
    assert top(ax) > 1
    assert display.beyond_ == []


def test_one_axes_takes_display_after_display(ax):
    first = LossCurveDisplay.from_history(make_history([2.0, 1.0]), ax=ax)
    second = LossCurveDisplay(histories={"more": make_history([3.0, 2.5, 2.0])})
    second.plot(ax, linewidth=3)
    assert top(ax) > 3
    assert ax.get_xlim()[1] >= 3
    assert first.lines_[0].get_color() != second.lines_[0].get_color()
    assert second.lines_[0].get_linewidth() == 3
    assert legend(ax) == ["more"]


def test_a_single_epoch_is_a_point_one_can_see(ax):
    (line,) = LossCurveDisplay.from_history(make_history([2.0]), ax=ax).lines_
    assert line.get_marker() == "o"


def test_from_estimator_draws_epochs_or_steps(ax):
    digits = load_dataset("digits", n_train=200, n_test=50)
    model = LinearClassifier(
        max_epochs=3, batch_size=50, early_stopping=True, record_steps=True, random_state=0
    )
    model.fit(digits.X_train, digits.y_train)
    training, validation = LossCurveDisplay.from_estimator(model, ax=ax).lines_
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert training.get_ydata().tolist() == model.history_["data_loss"].tolist()
    assert validation.get_ydata().tolist() == model.history_["validation_loss"].tolist()

    (line,) = LossCurveDisplay.from_estimator(model, x="step", name="softmax", ax=ax).lines_
    assert line.get_xdata().tolist() == list(range(1, 13))  # 180 images, 4 batches an epoch
    assert line.get_ydata().tolist() == model.step_history_["data_loss"].tolist()
    assert ax.get_xlabel() == "Step"
    assert legend(ax) == ["training", "validation", "softmax"]


def test_an_estimator_that_recorded_nothing_is_told_so():
    with pytest.raises(ValueError, match="LinearClassifier has no history_: fit it first"):
        LossCurveDisplay.from_estimator(LinearClassifier())
    model = LinearClassifier(max_epochs=1).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="fit it with record_steps=True"):
        LossCurveDisplay.from_estimator(model, x="step")
    with pytest.raises(ValueError, match=r"fit with X_val and y_val or early_stopping=True"):
        LossCurveDisplay.from_estimator(model, quantity="validation_loss")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"histories": {}}, "histories is empty"),
        ({"quantity": "gain"}, "quantity is 'gain'; it must be one of .*'data_loss'"),
        ({"x": "hour"}, r"x is 'hour'; it must be one of \['epoch', 'step'\]"),
        ({"x": "step"}, "history 'a' has no 'step'"),
        ({"histories": {"a": {"epoch": [1]}}}, r"has no 'data_loss'; it holds \['epoch'\]"),
        ({"quantity": "validation_accuracy"}, "has no validation: fit with X_val"),
        (
            {"histories": {"a": {"epoch": [1, 2], "data_loss": [1.0]}}},
            r"'data_loss' has shape \(1,\) and 'epoch' has shape \(2,\)",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        LossCurveDisplay(**{"histories": {"a": make_history([2.0])}} | arguments)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax):
    LossCurveDisplay.from_history(make_history([2.0, 1.0]), ax=ax)
    assert plt.get_fignums() == []
    display = LossCurveDisplay.from_history(make_history([2.0, 1.0]))
    try:
        assert plt.gcf() is display.figure_
    finally:
        plt.close(display.figure_)
