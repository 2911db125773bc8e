import dataclasses
import json

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier as PeerClassifier

from nearplane.datasets import ImageDataset, load_dataset
from nearplane.report import run_knn
from nearplane.report._selection import validation_rows
from nearplane.report._testing import right_images


def make_images(shape=(6, 5), n_train=40, n_test=15, class_names=("cat", "dog", "owl"), seed=0):
    """Noisy images around one random picture for each class."""
    rng = np.random.default_rng(seed)
    n_classes = len(class_names)
    labels = np.arange(n_train + n_test) % n_classes
    centres = rng.integers(60, 200, (n_classes, *shape))
    X = np.clip(centres[labels] + rng.integers(-90, 91, (len(labels), *shape)), 0, 255)
    X = X.astype(np.uint8)
    return ImageDataset(
        name="made",
        X_train=X[:n_train],
        y_train=labels[:n_train],
        X_test=X[n_train:],
        y_test=labels[n_train:],
        class_names=list(class_names),
        image_shape=shape,
        description="Made for a test.",
    )


def without_timings(results):
    return [
        dataclasses.replace(
            result,
            fit_seconds=0,
            validation_seconds=0,
            test_seconds=0,
            queries_per_second=0,
            peak_memory_bytes=0,
        )
        for result in results.metrics
    ]


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=400, n_test=120)


@pytest.fixture(scope="module")
def results(digits):
    return run_knn(digits, n_neighbors=[1, 2, 3, 4, 5, 8], random_state=3)


def peer_accuracy(X_fit, y_fit, X, y, **options):
    """Return what scikit-learn reaches with images as rows of floats."""
    peer = PeerClassifier(algorithm="brute", **options)
    peer.fit(X_fit.reshape(len(X_fit), -1).astype(float), y_fit)
    return peer.score(X.reshape(len(X), -1).astype(float), y)


@pytest.mark.parametrize("number", [0, 1])
def test_k_is_the_first_best_on_validation_images_and_the_test_uses_all(digits, results, number):
    result = results.metrics[number]
    rows = validation_rows(digits.y_train, 3)
    fit = np.setdiff1d(np.arange(400), rows)
    # scikit-learn orders equally distant neighbours as it likes: a vote may differ here and there.
    expected = [
        peer_accuracy(
            digits.X_train[fit],
            digits.y_train[fit],
            digits.X_train[rows],
            digits.y_train[rows],
            metric=result.metric,
            n_neighbors=k,
        )
        for k in results.n_neighbors
    ]
    np.testing.assert_allclose(result.validation_accuracy, expected, atol=2 / len(rows))
    best = int(np.argmax(result.validation_accuracy))
    assert result.best_n_neighbors == results.n_neighbors[best]
    assert result.best_validation_accuracy == result.validation_accuracy[best]

    tested = peer_accuracy(
        digits.X_train,
        digits.y_train,
        digits.X_test,
        digits.y_test,
        metric=result.metric,
        n_neighbors=result.best_n_neighbors,
    )
    assert result.test_accuracy == pytest.approx(tested, abs=2 / 120)


def test_the_parts_agree_with_each_other(digits, results):
    assert (results.validation.n_fit, results.validation.n_validation) == (320, 80)
    for result in results.metrics:
        confusion = np.array(result.confusion_matrix)
        assert confusion.sum(axis=1).tolist() == results.data.test_count_of_class
        assert confusion.trace() / 120 == result.test_accuracy
        assert result.queries_per_second == 120 / result.test_seconds
        assert right_images(result, 120).mean() == result.test_accuracy
        assert result.model_bytes == digits.X_train.nbytes
    first, second = results.metrics
    only_first, only_second = results.n_only_right.values()
    assert list(results.n_only_right) == [first.metric, second.metric]
    difference = (only_first - only_second) / 120
    assert difference == pytest.approx(first.test_accuracy - second.test_accuracy, abs=1e-12)
    assert results.best is max(results.metrics, key=lambda metric: metric.best_validation_accuracy)


def test_examples_are_neighbours_in_order_and_show_mistakes(digits, results):
    assert len(results.examples) == 8
    assert len({example.query for example in results.examples}) == 8
    wrong = 0
    for example in results.examples:
        assert example.label == digits.y_test[example.query]
        for metric, found in example.neighbors.items():
            differences = digits.X_train[found.indices].astype(float) - digits.X_test[example.query]
            norm = {"manhattan": 1, "euclidean": 2}[metric]
            truth = np.linalg.norm(differences.reshape(8, -1), ord=norm, axis=1)
            np.testing.assert_allclose(found.distances, truth, rtol=1e-12)
            assert found.distances == sorted(found.distances)
            assert found.labels == digits.y_train[found.indices].tolist()
        wrong += example.neighbors[results.best.metric].predicted != example.label
    n_mistakes = round(120 * (1 - results.best.test_accuracy))
    assert 0 < wrong == min(n_mistakes, 4)


def test_a_seed_decides_everything_but_the_time(digits, results):
    again = run_knn(digits, n_neighbors=[1, 2, 3, 4, 5, 8], random_state=3, n_jobs=1)
    assert without_timings(again) == without_timings(results)
    assert again.examples == results.examples
    assert again.n_only_right == results.n_only_right
    other = run_knn(digits, n_neighbors=[1, 2, 3, 4, 5, 8], random_state=4)
    assert other.examples != results.examples
    assert other.metrics[0].validation_accuracy != results.metrics[0].validation_accuracy


def test_results_turn_into_json_and_back(results):
    record = dataclasses.asdict(results)
    assert json.loads(json.dumps(record)) == record


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 1), (6, 5, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_grey_and_colour_images_of_any_type(shape, dtype):
    images = make_images(shape)
    images = dataclasses.replace(
        images, X_train=images.X_train.astype(dtype), X_test=images.X_test.astype(dtype)
    )
    results = run_knn(images)
    assert results.data.image_shape == list(shape)
    assert results.data.dtype == np.dtype(dtype).name
    assert min(result.test_accuracy for result in results.metrics) > 0.5  # chance: a third


def test_the_smallest_of_data_sets():
    results = run_knn(make_images(n_train=2, n_test=1))
    assert results.n_neighbors == [1]
    assert (results.validation.n_fit, results.validation.n_validation) == (1, 1)
    (example,) = results.examples
    assert [len(found.indices) for found in example.neighbors.values()] == [2, 2]


def test_a_test_set_without_mistakes_still_has_examples():
    images = make_images()
    images = dataclasses.replace(images, X_test=images.X_train, y_test=images.y_train)
    results = run_knn(images, n_neighbors=[1])
    assert results.best.test_accuracy == 1.0
    assert len(results.examples) == 8


def test_stages_are_announced_before_they_start():
    stages = []
    run_knn(make_images(), on_stage=stages.append)
    assert stages == [
        "L1: choosing k on 8 validation images",
        "L2: choosing k on 8 validation images",
        "L1: labelling 15 test images",
        "L2: labelling 15 test images",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class_names": ["cat", "dog"]}, "class_names has 2 names, but labels run from 0 to 2"),
        (
            {"X_test": np.zeros((0, 6, 5), np.uint8), "y_test": np.zeros(0, int)},
            "test set is empty",
        ),
        (
            {"X_train": np.zeros((1, 6, 5), np.uint8), "y_train": np.zeros(1, int)},
            "at least 2 training images, got 1",
        ),
    ],
)
def test_data_that_cannot_be_judged_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        run_knn(dataclasses.replace(make_images(), **change))
