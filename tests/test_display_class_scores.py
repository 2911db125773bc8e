import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane.datasets import load_dataset, make_natural_images
from nearplane.display import ClassScoresDisplay

from .figures import assert_new_figure

from_estimator = ClassScoresDisplay.from_estimator
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.fixture
def ax():
    return Figure(figsize=(6, 3)).subplots()


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=200, n_test=20)


@pytest.fixture(scope="module")
def model(digits):
    return LinearClassifier(random_state=0, max_epochs=5).fit(digits.X_train, digits.y_train)


def names(display):
    return [label.get_text() for label in display.bars_ax_.get_yticklabels()]


def values(display):
    return [bar.get_width() for bar in display.bars_]


def numbers(display):
    return [text.get_text() for text in display.bars_ax_.texts]


def test_bars_are_the_scores_of_the_image_in_the_order_of_the_classes(ax, digits, model):
    display = from_estimator(model, digits.X_test[3], class_names=NAMES, ax=ax)
    scores = model.decision_function(digits.X_test[3:4])[0]
    np.testing.assert_allclose(values(display), scores, rtol=1e-6)
    assert names(display) == NAMES
    assert numbers(display)[0] == f"{scores[0]:.2f}".replace("-", "−")
    assert display.bars_ax_.get_xlabel() == "Score"
    shown = display.image_ax_.images[0].get_array()
    np.testing.assert_allclose(shown, digits.X_test[3] * 255.0 / digits.X_test[3].max(), atol=0.5)


def test_votes_and_probabilities_are_in_per_cent(ax, digits, model):
    image = digits.X_test[0]
    voters = KNeighborsClassifier(4).fit(digits.X_train, digits.y_train)
    display = from_estimator(voters, image, ax=ax)
    np.testing.assert_allclose(values(display), 100 * voters.predict_proba(image[None])[0])
    assert display.bars_ax_.get_xlabel() == "Share of the vote in %"
    assert set(numbers(display)) <= {"0 %", "25 %", "50 %", "75 %", "100 %"}
    display = from_estimator(model, image, response_method="predict_proba", ax=ax)
    np.testing.assert_allclose(values(display), 100 * model.predict_proba(image[None])[0])
    assert display.bars_ax_.get_xlabel() == "Probability in %"


def test_right_and_wrong_differ_in_sign_not_only_in_colour(ax, digits, model):
    image, label = digits.X_test[0], int(digits.y_test[0])
    assert model.predict(image[None])[0] == label
    right = from_estimator(model, image, label, class_names=NAMES, ax=ax)
    assert [name for name in names(right) if " " in name] == ["✓ " + NAMES[label]]
    assert right.image_ax_.get_title() == NAMES[label]
    other = (label + 1) % 10
    wrong = from_estimator(model, image, other, class_names=NAMES, ax=ax)
    marked = {name for name in names(wrong) if " " in name}
    assert marked == {"✗ " + NAMES[label], "✓ " + NAMES[other]}
    colours = [right.bars_[label].get_facecolor(), wrong.bars_[label].get_facecolor()]
    unknown = from_estimator(model, image, ax=ax)
    assert unknown.image_ax_.get_title() == ""
    assert names(unknown) == [str(digit) for digit in range(10)]
    colours += [unknown.bars_[label].get_facecolor(), unknown.bars_[other].get_facecolor()]
    assert len(set(colours)) == 4


def test_the_prediction_is_that_of_the_classifier_also_if_votes_are_tied(ax):
    images = np.array([[[0]], [[9]]], dtype=np.uint8)
    model = KNeighborsClassifier(2, ties="nearest").fit(images, ["cat", "dog"])
    display = from_estimator(model, [[8]], "dog", ax=ax)
    assert values(display) == [50, 50]
    assert display.y_pred == "dog"
    assert names(display) == ["cat", "✓ dog"]


def test_the_highest_scores_come_first_and_the_true_class_is_never_missing(ax):
    scores = [0.5, -1.0, 3.0, 3.0, 2.0]
    display = ClassScoresDisplay(
        image=np.eye(4), scores=scores, y_true=1, class_names=list("abcde")
    )
    assert names(display.plot(ax, top=3)) == ["✗ c", "d", "e", "✓ b"]
    assert values(display) == [3.0, 3.0, 2.0, -1.0]
    assert names(display.plot(ax, top=99)) == ["✗ c", "d", "e", "a", "✓ b"]
    assert names(display.plot(ax)) == ["a", "✓ b", "✗ c", "d", "e"]


def test_two_classes_have_a_score_each(ax, digits):
    X, y = digits.X_train[digits.y_train < 2], digits.y_train[digits.y_train < 2]
    image = digits.X_test[5]
    model = LinearClassifier("hinge", random_state=0, max_epochs=3).fit(X, y)
    display = from_estimator(model, image, ax=ax)
    expected = model.coef_ @ image.ravel() + model.intercept_
    np.testing.assert_allclose(values(display), expected, rtol=1e-9)
    flat = FunctionTransformer(lambda images: images.reshape(len(images), -1))
    peer = make_pipeline(flat, LogisticRegression(max_iter=300)).fit(X, y)
    display = from_estimator(peer, image, ax=ax)
    (score,) = peer.decision_function(image[None])
    np.testing.assert_allclose(values(display), [-score / 2, score / 2])


def test_scores_that_are_all_zero_are_drawn(ax):
    display = ClassScoresDisplay(image=np.eye(4), scores=[0.0, -0.0, -0.001]).plot(ax)
    assert numbers(display) == ["0.00", "0.00", "0.00"]
    display = ClassScoresDisplay(image=np.eye(4), scores=[0]).plot(ax)
    assert display.bars_ax_.get_xlim()[0] == 0


@pytest.mark.parametrize("n_classes", [2, 10, 40])
@pytest.mark.parametrize("shape", [(8, 8), (32, 32, 3), (10, 40), (40, 10, 3)])
@pytest.mark.parametrize("own", [True, False])
def test_nothing_is_cut_off_or_overlaps(n_classes, shape, own):
    rng = np.random.default_rng(0)
    image = make_natural_images(1, shape, random_state=0)[0][0]
    long_names = [f"quite a long name {i}" for i in range(n_classes)]
    display = ClassScoresDisplay(
        image=image, scores=9 * rng.normal(size=n_classes), class_names=long_names, y_true=1
    )
    ax = Figure(figsize=(4, 3)).subplots() if own else None
    display.plot(ax)
    try:
        display.figure_.draw_without_rendering()
        page, bars = display.figure_.bbox, display.bars_ax_
        for part in (display.image_ax_, bars):
            box = part.get_tightbbox()
            assert page.x0 <= box.x0 <= box.x1 <= page.x1
            assert page.y0 <= box.y0 <= box.y1 <= page.y1
        labels = [label.get_window_extent() for label in bars.get_yticklabels()]
        assert min(label.x0 for label in labels) > display.image_ax_.get_window_extent().x1
        for text in bars.texts:
            box = text.get_window_extent()
            assert box.x0 >= bars.get_window_extent().x0 - 1
            assert box.x1 <= bars.get_window_extent().x1 + 1
        seen = display.image_ax_.get_window_extent()
        assert seen.height / seen.width == pytest.approx(shape[0] / shape[1], rel=0.02)
    finally:
        plt.close(display.figure_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": np.zeros((3, 8, 8))}, r"image has shape \(3, 8, 8\)"),
        ({"image": np.zeros(64)}, r"image has shape \(64,\)"),
        ({"scores": []}, "scores must be a list of finite numbers"),
        ({"scores": [[1.0, 2.0]]}, "scores must be a list"),
        ({"scores": [1.0, np.nan]}, "scores must be a list of finite"),
        ({"labels": [0]}, r"labels must have shape \(2,\); got shape \(1,\)"),
        ({"y_pred": 7}, "y_pred must be one of labels; got 7"),
        ({"class_names": ["a"]}, "class_names has 1 names"),
    ],
)
def test_arguments_that_do_not_fit_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        ClassScoresDisplay(**{"image": np.eye(8), "scores": [1.0, 2.0]} | change)


def test_classifiers_without_scores_are_refused(ax, digits, model):
    class Labels(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

    mute = Labels().fit(digits.X_train, digits.y_train)
    with pytest.raises(ValueError, match="Labels has no decision_function or predict_proba"):
        from_estimator(mute, digits.X_test[0], ax=ax)
    hinge = LinearClassifier("hinge", random_state=0, max_epochs=1)
    hinge.fit(digits.X_train, digits.y_train)
    with pytest.raises(ValueError, match="LinearClassifier has no predict_proba"):
        from_estimator(hinge, digits.X_test[0], response_method="predict_proba", ax=ax)
    with pytest.raises(ValueError, match=r"response_method must be 'auto' or .*; got 'score'"):
        from_estimator(model, digits.X_test[0], response_method="score", ax=ax)
    with pytest.raises(ValueError, match="image has shape"):
        from_estimator(model, digits.X_test[:2], ax=ax)
    with pytest.raises(ValueError, match="top must be at least 1; got 0"):
        from_estimator(model, digits.X_test[0], top=0, ax=ax)
    with pytest.raises(NotFittedError):
        from_estimator(LinearClassifier(), digits.X_test[0], ax=ax)


def test_without_axes_a_pyplot_figure_appears_and_with_axes_none(ax):
    display = ClassScoresDisplay(image=np.eye(4), scores=[1, 2]).plot(ax)
    assert display.ax_ is ax
    assert_new_figure(display)
