import sys
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nearplane import LinearClassifier
from nearplane.datasets import load_dataset
from nearplane.display import ConfusionPairsDisplay, PerClassAccuracyDisplay
from nearplane.metrics import ConfusionPair, confusion_pairs, per_class_accuracy

TRUE = np.array([0] * 6 + [1] * 4 + [2] * 2)
GUESS = np.array([0, 1, 1, 1, 2, 0, 1, 0, 0, 1, 2, 2])
NAMES = ["airplane", "bird", "cat"]
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 4, 5, 3), np.uint8)


@pytest.fixture
def ax():
    return Figure().subplots()


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_every_pair_is_a_line_of_text_and_its_examples(ax):
    display = ConfusionPairsDisplay.from_predictions(
        TRUE, GUESS, IMAGES, n_examples=2, class_names=NAMES, ax=ax
    )
    assert texts(ax) == [
        "airplane → bird\n3 rows\n50.0% of airplane",
        "bird → airplane\n2 rows\n50.0% of bird",
        "airplane → cat\n1 row\n16.7% of airplane",
    ]
    shown = [np.asarray(image.get_array()) for image in ax.images]
    for pixels, row in zip(shown, [1, 2, 7, 8, 4], strict=True):
        np.testing.assert_array_equal(pixels, IMAGES[row])
    assert display.ax_ is ax
    assert display.bars_ is None


@pytest.mark.parametrize("names", [["a", "b", "c"], ["M" * 14, "W" * 14, "H" * 14]])
def test_pictures_lie_right_of_the_text_and_do_not_overlap(names):
    figure = Figure(figsize=(9, 4))
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    ConfusionPairsDisplay.from_predictions(TRUE, GUESS, IMAGES, class_names=names, ax=ax)
    figure.canvas.draw()
    boxes = [image.get_window_extent() for image in ax.images]
    boxes += [text.get_window_extent() for text in ax.texts]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_without_images_the_counts_are_bars(ax):
    display = ConfusionPairsDisplay.from_predictions(TRUE, GUESS, class_names=NAMES, ax=ax)
    assert [bar.get_width() for bar in display.bars_] == [3, 2, 1]
    assert texts(ax) == ["50.0%", "50.0%", "16.7%"]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["airplane → bird", "bird → airplane", "airplane → cat"]
    low, high = ax.get_ylim()
    assert low > high  # the most frequent on top
    assert not ax.images


def test_grey_images_share_one_range_of_brightness(ax):
    grey = np.zeros((12, 3, 3))
    grey[1], grey[7] = 16, 8
    ConfusionPairsDisplay.from_predictions(TRUE, GUESS, grey, n_examples=1, ax=ax)
    assert [int(np.max(image.get_array())) for image in ax.images] == [255, 128, 0]


@pytest.mark.parametrize("images", [None, IMAGES])
def test_dollars_in_names_are_no_formulas(images):
    figure = Figure()
    FigureCanvasAgg(figure)
    for name in ("$5 bill", "$x^$"):
        names = [name, "$10 bill", "cat"]
        ax = figure.subplots()
        ConfusionPairsDisplay.from_predictions(TRUE, GUESS, images, class_names=names, ax=ax)
        PerClassAccuracyDisplay.from_predictions(TRUE, GUESS, class_names=names, ax=ax)
        figure.canvas.draw()
        for text in [*ax.texts, *ax.get_yticklabels()]:
            assert "$" not in text.get_text().replace(r"\$", "")  # which matplotlib draws as $


def test_where_nothing_is_confused_that_is_said(ax):
    ConfusionPairsDisplay.from_predictions(TRUE, TRUE, IMAGES, ax=ax)
    assert texts(ax) == ["No class is taken for another."]


def test_an_estimator_is_asked():
    digits = load_dataset("digits", n_train=200, n_test=300)
    model = LinearClassifier(max_epochs=2, random_state=0).fit(digits.X_train, digits.y_train)
    pairs = confusion_pairs(digits.y_test, model.predict(digits.X_test), n_pairs=3, n_examples=2)
    display = ConfusionPairsDisplay.from_estimator(
        model, digits.X_test, digits.y_test, n_pairs=3, n_examples=2, ax=Figure().subplots()
    )
    assert display.pairs == pairs
    assert len(display.ax_.images) == sum(len(pair.examples) for pair in pairs)
    flat = digits.X_test.reshape(300, -1)
    bars = ConfusionPairsDisplay.from_estimator(
        model, flat, digits.y_test, n_pairs=3, ax=Figure().subplots()
    )
    assert [bar.get_width() for bar in bars.bars_] == [pair.count for pair in pairs]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": IMAGES[:5]}, "images must hold one image for each label.*12; got shape .5,"),
        ({"images": IMAGES.reshape(12, -1)}, "images has shape .12, 60."),
        ({"images": 5}, "images must hold one image for each label"),
        ({"class_names": ["a"]}, "class_names has 1 names"),
        ({"n_pairs": 0}, "n_pairs must be at least 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        ConfusionPairsDisplay.from_predictions(TRUE, GUESS, **({"images": IMAGES} | change))


def test_an_example_without_image_is_refused():
    pair = ConfusionPair(true=0, predicted=1, count=1, share=0.5, examples=[12])
    with pytest.raises(ValueError, match="example 12, but images holds 12 images"):
        ConfusionPairsDisplay(pairs=[pair], images=IMAGES)


def test_each_class_has_a_bar_and_all_rows_a_line(ax):
    display = PerClassAccuracyDisplay.from_predictions(TRUE, GUESS, class_names=NAMES, ax=ax)
    widths = [bar.get_width() for bar in display.bars_]
    np.testing.assert_allclose(widths, 100 * per_class_accuracy(TRUE, GUESS))
    assert texts(ax) == ["33.3", "50.0", "100.0"]
    assert [label.get_text() for label in ax.get_yticklabels()] == NAMES
    np.testing.assert_allclose(display.line_.get_xdata(), 100 * 6 / 12)
    assert ax.get_legend().get_texts()[0].get_text() == "all rows: 50.0%"


def test_classes_can_come_in_the_order_of_their_accuracy(ax):
    display = PerClassAccuracyDisplay(accuracy=[0.5, np.nan, 0.9, 0.5], labels=[4, 5, 6, 7])
    display.plot(ax, sort="accuracy", color="blue")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["6", "4", "7", "5"]
    assert texts(ax) == ["90.0", "50.0", "50.0", "no rows"]
    assert display.line_ is None
    assert ax.get_legend() is None
    assert display.bars_[0].get_facecolor() == (0, 0, 1, 1)


def test_some_classes_can_be_drawn(ax):
    display = PerClassAccuracyDisplay.from_predictions(TRUE, GUESS, labels=[2, 0], ax=ax)
    np.testing.assert_allclose(display.accuracy, [1, 1 / 3])
    assert display.overall == 0.5


def test_a_hundred_names_do_not_overlap():
    truth = np.arange(100)
    names = [f"class number {i}" for i in range(100)]
    display = PerClassAccuracyDisplay.from_predictions(truth, truth, class_names=names)
    display.figure_.canvas.draw()
    boxes = [label.get_window_extent() for label in display.ax_.get_yticklabels()]
    assert all(lower.y1 <= upper.y0 for upper, lower in pairwise(boxes))
    plt.close(display.figure_)


def test_an_estimator_is_asked_for_its_labels(ax):
    digits = load_dataset("digits", n_train=200, n_test=300)
    model = LinearClassifier(max_epochs=2, random_state=0).fit(digits.X_train, digits.y_train)
    display = PerClassAccuracyDisplay.from_estimator(model, digits.X_test, digits.y_test, ax=ax)
    assert display.overall == model.score(digits.X_test, digits.y_test)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accuracy": []}, "accuracy must hold one number for each class"),
        ({"accuracy": [[0.5]]}, "accuracy must hold one number for each class"),
        ({"accuracy": [50, 80]}, "accuracy must be fractions from 0 to 1, or NaN; got 50"),
        ({"accuracy": [np.nan, np.inf]}, "accuracy must be fractions from 0 to 1, or NaN; got inf"),
        ({"overall": 70}, "overall must be .* at most 1; got 70"),
        ({"labels": [0, 1, 2]}, r"labels must have shape \(2,\)"),
        ({"class_names": ["a"]}, "class_names has 1 names"),
    ],
)
def test_bad_bars_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        PerClassAccuracyDisplay(**({"accuracy": [0.5, 1.0]} | change))


def test_the_order_is_a_choice(ax):
    with pytest.raises(ValueError, match="sort must be 'label' or 'accuracy'; got 'name'"):
        PerClassAccuracyDisplay(accuracy=[1.0]).plot(ax, sort="name")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: ConfusionPairsDisplay.from_predictions(TRUE, GUESS, IMAGES),
        lambda: ConfusionPairsDisplay.from_predictions(TRUE, GUESS),
        lambda: PerClassAccuracyDisplay.from_predictions(TRUE, GUESS),
    ],
)
def test_without_matplotlib_the_error_names_the_extra(draw, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"nearplane\[report\]"):
        draw()
