import dataclasses
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane._versions import version_info
from nearplane.datasets import load_dataset
from nearplane.features import VisualWords
from nearplane.report import (
    Report,
    _timing,
    render_report,
    run_features,
    run_knn,
    run_linear,
    take_pictures,
)
from nearplane.report._features_findings import (
    best_sentences,
    compared_sentence,
    edge_sentence,
    features_headline,
    metric_note,
    together_sentence,
)
from nearplane.report._features_plan import plan_features
from nearplane.report._folds import make_folds
from nearplane.report._testing import right_images
from nearplane.report._text import feature_names

from .test_report_html import Page
from .test_report_knn import make_images


@pytest.fixture(scope="module", autouse=True)
def no_repetitions():
    """Nobody reads the times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_timing, "LEAST_SECONDS", 0.0)
        yield


class Runs:
    """The runs of a report on images."""

    def __init__(self, images, **options):
        self.images = images
        self.knn = run_knn(images, n_neighbors=[1, 2, 5], n_folds=3)
        self.linear = run_linear(images, n_epochs=2, n_folds=3)
        self.features = run_features(images, self.knn, self.linear.results, n_epochs=3, **options)

    def page(self):
        report = Report(
            pictures=take_pictures(self.images, self.knn, self.linear, self.features),
            knn=self.knn,
            linear=self.linear.results,
            features=None if self.features is None else self.features.results,
            environment=version_info(),
            command="nearplane report --dataset made",
        )
        return Page(render_report(report))


@pytest.fixture(scope="module")
def colour():
    return Runs(make_images((12, 10, 3)))


@pytest.fixture(scope="module")
def results(colour):
    return colour.features.results


def kinds_of(results):
    return [result.kinds for result in results.sets]


def plain(text):
    return " ".join(text.replace("\u00a0", " ").split())


def test_each_kind_some_of_them_and_all_are_compared_with_pixels(results):
    colours, edges, words = ["color_histogram"], ["hog"], ["visual_words"]
    expected = [["pixels"], colours, edges, colours + edges, words, colours + edges + words]
    assert kinds_of(results) == expected
    numbers = {result.kind: result.n_features for result in results.kinds}
    for result in results.sets[1:]:
        assert result.n_features == sum(numbers[kind] for kind in result.kinds)
        assert result.seconds > 0


def test_pixels_have_what_the_other_sections_say(colour, results):
    pixels = results.sets[0]
    nearest, linear = colour.knn.best, colour.linear.results.best
    assert pixels.n_features == 12 * 10 * 3
    assert pixels.nearest.test_accuracy == nearest.test_accuracy
    assert pixels.nearest.setting == {"n_neighbors": nearest.best_n_neighbors}
    assert pixels.linear.test_accuracy == linear.test_accuracy
    assert (results.pixels_metric, results.loss) == (nearest.metric, linear.loss)


def test_classifiers_reach_on_features_what_they_reach_by_themselves():
    images = load_dataset("digits", n_train=300, n_test=100)
    runs = Runs(images, kinds=["hog"])
    model = plan_features(images, ["hog"])["hog"].fit(images.X_train)
    A, B = model.transform(images.X_train), model.transform(images.X_test)
    _, edges = runs.features.results.sets
    k = int(edges.nearest.setting["n_neighbors"])
    right = KNeighborsClassifier(k).fit(A, images.y_train).predict(B) == images.y_test
    np.testing.assert_array_equal(right_images(edges.nearest, 100), right)
    _, splits = make_folds(images.y_train, 3, 0)
    scores = {
        k: np.mean(
            [
                KNeighborsClassifier(k)
                .fit(A[fitted], images.y_train[fitted])
                .score(A[held_out], images.y_train[held_out])
                for fitted, held_out in splits
            ]
        )
        for k in (1, 2, 5)
    }
    assert edges.nearest.validation_accuracy == pytest.approx(max(scores.values()))
    assert scores[k] == max(scores.values())
    trained = LinearClassifier(
        runs.linear.results.best.loss, max_epochs=3, random_state=0, **edges.linear.setting
    )
    tested = trained.fit(A, images.y_train).score(B, images.y_test)
    assert edges.linear.test_accuracy == pytest.approx(tested, abs=0.03)
    assert edges.linear.setting["alpha"] in runs.features.results.alphas


def test_kinds_have_the_same_size_when_they_are_compared_together(colour):
    """Each kind then says as much about who is near as any other."""
    images = colour.images
    parts = []
    for model in plan_features(images).values():
        features = model.fit(images.X_train).transform(images.X_train).astype(float)
        parts.append(features / np.sqrt(features.var(axis=0).sum()))
    together = np.concatenate(parts, axis=1)
    every = colour.features.results.sets[-1]
    test = [
        model.transform(images.X_test) / np.sqrt(model.transform(images.X_train).var(axis=0).sum())
        for model in colour.features.transformers.values()
    ]
    model = KNeighborsClassifier(int(every.nearest.setting["n_neighbors"]))
    right = model.fit(together, images.y_train).predict(np.concatenate(test, axis=1))
    np.testing.assert_array_equal(right_images(every.nearest, 15), right == images.y_test)


@pytest.mark.parametrize(
    ("shape", "kinds"),
    [
        ((30,), []),
        ((8, 8), ["hog", "visual_words"]),
        ((28, 28, 1), ["hog", "visual_words"]),
        ((6, 9, 2), ["hog", "visual_words"]),
        ((96, 64, 3), ["color_histogram", "hog", "visual_words"]),
        ((3, 3, 3), ["color_histogram", "hog"]),
        ((2, 2), ["hog"]),
        ((1, 5, 3), ["color_histogram"]),
        ((1, 1), []),
    ],
)
def test_features_suit_the_shape_of_the_images(shape, kinds):
    images = make_images(shape, n_train=12)
    planned = plan_features(images)
    assert list(planned) == kinds
    for model in planned.values():
        features = model.fit(images.X_train).transform(images.X_test)
        assert features.shape[0] == 15
        assert features.shape[1] < 5_000


@pytest.mark.parametrize("scale", [1 / 255, 1000.0])
def test_floats_of_any_range_have_the_features_of_bytes(colour, scale):
    images = colour.images
    scaled = dataclasses.replace(
        images,
        X_train=scale * images.X_train.astype(np.float64) - 3.0,
        X_test=scale * images.X_test.astype(np.float64) - 3.0,
    )
    planned = plan_features(scaled), plan_features(images)
    spread = images.X_train.min() == 0 and images.X_train.max() == 255
    assert spread  # otherwise bins would differ
    for kind, model in planned[0].items():
        peer = planned[1][kind].fit(images.X_train).transform(images.X_test)
        found = model.fit(scaled.X_train).transform(scaled.X_test)
        np.testing.assert_allclose(found, peer, rtol=1e-3, atol=1e-3)


def test_images_that_are_all_the_same_have_features_too():
    images = make_images((8, 8, 3))
    same = [np.zeros_like(part) for part in (images.X_train, images.X_test)]
    runs = Runs(dataclasses.replace(images, X_train=same[0], X_test=same[1]))
    accuracies = {result.nearest.test_accuracy for result in runs.features.results.sets}
    assert len(accuracies) == 1
    assert "All three" in runs.page().text


def test_only_the_kinds_that_are_wanted_are_computed(colour):
    images, knn, linear = colour.images, colour.knn, colour.linear.results
    run = run_features(images, knn, linear, kinds=["visual_words"], n_epochs=1)
    assert kinds_of(run.results) == [["pixels"], ["visual_words"]]
    assert isinstance(run.transformers["visual_words"], VisualWords)
    assert run_features(images, knn, linear, kinds=[]) is None


def test_stages_are_told(colour):
    told = []
    run_features(
        colour.images,
        colour.knn,
        colour.linear.results,
        kinds=["hog"],
        n_epochs=1,
        on_stage=told.append,
    )
    assert told == [
        "HOG: fitting to the training images",
        "HOG: 480 features of 55 images",
        "HOG: choosing k and labelling 15 test images",
        "HOG: training linear classifiers",
    ]


def test_the_page_shows_what_features_see(colour):
    page = colour.page()
    assert "#features" in [a["href"] for a in page.all("a")]
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    alts = {a["alt"]: a["src"] for a in page.all("img") if a["alt"]}
    words = colour.features.transformers["visual_words"].n_words
    assert f"{min(words, 100)} visual words, each a small picture" in alts
    for row in (0, 1, 2):  # the first of each of three classes, which take turns
        name = colour.images.class_names[colour.images.y_test[row]]
        picture = decoded(alts[f"Test image {row}: {name}"])
        np.testing.assert_array_equal(picture, colour.images.X_test[row])
        glyphs = decoded(alts[f"Gradients of test image {row}"])
        assert glyphs.ndim == 2
        assert glyphs.max() == 255
    labels = [a["aria-label"] for a in page.all("svg")]
    assert sum(label.startswith("The most frequent colours of test image") for label in labels) == 3
    assert sum(label.startswith("Accuracy of nearest neighbours") for label in labels) == 1


def decoded(address):
    return np.asarray(Image.open(BytesIO(b64decode(address.partition(",")[2]))))


def test_the_page_has_all_the_accuracies(colour, results):
    text = plain(colour.page().text)
    for result in results.sets:
        name = feature_names(result.kinds)
        name = name[:1].upper() + name[1:]
        assert f"{name} {result.n_features:,} " in text
        for score in (result.nearest, result.linear):
            assert f"{100 * score.test_accuracy:.1f} %" in text
    for sentence in best_sentences(results, 15):
        assert plain(sentence) in text
    assert plain(features_headline(results)) in text
    assert "in 4 × 4 × 4 bins of red, green and blue" in text
    assert "For each cell of 2 × 2 pixels, how much brightness changes in each of 6 dir" in text


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 2)])
def test_pages_of_grey_images_and_of_what_cannot_be_pictured(shape):
    runs = Runs(make_images(shape))
    page = runs.page()
    assert kinds_of(runs.features.results)[-1] == ["hog", "visual_words"]
    assert "HOG + visual words" in page.text
    assert "olour histogram" not in page.text
    assert ("What they see" in page.text) == (shape == (6, 5))


def test_vectors_have_no_section_of_features():
    runs = Runs(make_images((30,)))
    assert runs.features is None
    assert "#features" not in [a["href"] for a in runs.page().all("a")]


def scored(results, *pairs, n_test=1_000):
    """Return the results with these numbers of right answers, for neighbours and linear."""

    def right(score, first, number):
        bits = np.zeros(n_test, bool)
        bits[first : first + number] = True
        return dataclasses.replace(
            score,
            test_accuracy=number / n_test,
            validation_accuracy=number / n_test,
            test_right=np.packbits(bits).tobytes().hex(),
        )

    sets = [
        dataclasses.replace(
            result,
            nearest=right(result.nearest, 0, near),
            linear=right(result.linear, 0, trained),
        )
        for result, (near, trained) in zip(results.sets, pairs, strict=True)
    ]
    return dataclasses.replace(
        results, sets=sets, loss="softmax", metric="euclidean", pixels_metric="manhattan"
    )


@pytest.fixture(scope="module")
def made(results):
    return scored(results, (300, 400), (310, 301), (420, 480), (450, 560), (451, 620), (550, 640))


def test_the_best_features_are_weighed_against_pixels(made):
    first, second = map(plain, best_sentences(made, 1_000))
    # 250 and 240 of 1,000, all one way: sqrt(250 - 62.5) / 1,000 = 1.37 %
    assert first == (
        "Nearest neighbours do best with all three: 55.0 % of the test images, 25.0 percentage "
        "points (standard error 1.4) ahead of the 30.0 % with pixels."
    )
    assert second == (
        "The linear classifier (softmax) does best with all three: 64.0 % of the test images, 24.0 "
        "percentage points (standard error 1.4) ahead of the 40.0 % with pixels."
    )


def test_the_headline_has_the_best_of_both(made):
    assert plain(features_headline(made)) == (
        "With features softmax reaches 64.0 %, nearest neighbours 55.0 %."
    )


def test_features_that_are_no_better_are_not_said_to_be(results):
    worse = scored(results, (700, 400), (1, 1), (2, 2), (3, 3), (4, 400), (699, 402))
    first, second = map(plain, best_sentences(worse, 1_000))
    assert (
        "0.1 percentage points (standard error 0.1, no more than chance explains) behind the"
        in first
    )
    assert (
        "0.2 percentage points (standard error 0.1, no more than chance explains) ahead of"
        in second
    )
    level = scored(results, (5, 5), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5))
    assert "level with the 0.5 % with pixels" in plain(best_sentences(level, 1_000)[0])


def test_several_kinds_are_weighed_against_the_best_of_them(made):
    assert plain(together_sentence(made, 1_000)) == (
        "With several kinds together the linear classifier reaches: colour histogram + HOG 56.0 %, "
        "8.0 percentage points (standard error 0.9) ahead of the 48.0 % of HOG alone; all three "
        "64.0 %, 2.0 percentage points (standard error 0.4) ahead of the 62.0 % of visual words "
        "alone."
    )
    single = dataclasses.replace(made, sets=made.sets[:2])
    assert together_sentence(single, 1_000) is None


def test_the_two_classifiers_are_compared_on_each(made):
    assert compared_sentence(made, 1_000) == (
        "With pixels, HOG, colour histogram + HOG, visual words and all three the linear "
        "classifier (softmax) is ahead of the nearest neighbours; with colour histogram the "
        "nearest neighbours are ahead of the linear classifier (softmax)."
    )


def test_settings_at_the_edge_of_what_was_tried_are_told(made):
    def chosen(ks, alphas):
        sets = [made.sets[0]]
        for result, k, alpha in zip(made.sets[1:3], ks, alphas, strict=True):
            near = dataclasses.replace(result.nearest, setting={"n_neighbors": k})
            trained = dataclasses.replace(result.linear, setting={"alpha": alpha})
            sets.append(dataclasses.replace(result, nearest=near, linear=trained))
        return dataclasses.replace(made, sets=sets, alphas=[0.001, 0.01, 0.1])

    assert edge_sentence(chosen((5, 5), (0.01, 0.01)), [1, 5, 20]) is None
    assert plain(edge_sentence(chosen((20, 20), (0.01, 0.1)), [1, 5, 20])) == (
        "Chosen at the edge of what was tried, so that values beyond may be better: k = 20 (with "
        "colour histogram and HOG); alpha = 0.1 (with HOG)."
    )


def test_metrics_are_named(made):
    assert metric_note(made) == (
        "Neighbours are the nearest by L2 (Euclidean); of pixels by L1 (Manhattan), the better one."
    )
    same = dataclasses.replace(made, pixels_metric="euclidean")
    assert "of features and of pixels" in metric_note(same)
