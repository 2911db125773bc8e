import dataclasses
import json

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier as PeerClassifier

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane.datasets import ImageDataset, load_dataset
from nearplane.report import _timing, run_knn
from nearplane.report._folds import make_folds
from nearplane.report._testing import right_images, run_test


@pytest.fixture(scope="module", autouse=True)
def no_repetitions():
    """Nobody reads the times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_timing, "LEAST_SECONDS", 0.0)
        yield


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


def rows_of(images):
    return images.reshape(len(images), -1).astype(float)


def test_k_and_metric_are_those_of_scikit_learns_search_on_the_same_folds(digits, results):
    _, splits = make_folds(digits.y_train, 5, 3)
    grid = {"n_neighbors": results.n_neighbors, "metric": ["manhattan", "euclidean"]}
    peer = GridSearchCV(PeerClassifier(algorithm="brute"), grid, cv=splits, refit=False)
    expected = peer.fit(rows_of(digits.X_train), digits.y_train).cv_results_
    for result in results.metrics:
        for k, scores in zip(results.n_neighbors, result.fold_accuracy, strict=True):
            row = expected["params"].index({"n_neighbors": k, "metric": result.metric})
            # scikit-learn orders equally distant neighbours as it likes: a vote may differ.
            np.testing.assert_allclose(
                scores, [expected[f"split{i}_test_score"][row] for i in range(5)], atol=1 / 80
            )
        mean, std = np.mean(result.fold_accuracy, axis=1), np.std(result.fold_accuracy, axis=1)
        best = int(np.argmax(mean))
        assert result.validation_accuracy == pytest.approx(mean.tolist())
        assert result.best_n_neighbors == results.n_neighbors[best]
        assert result.best_validation_accuracy == result.validation_accuracy[best]
        assert result.best_validation_std == pytest.approx(std[best])


@pytest.mark.parametrize("number", [0, 1])
def test_the_test_uses_all_training_rows(digits, results, number):
    result = results.metrics[number]
    peer = PeerClassifier(result.best_n_neighbors, algorithm="brute", metric=result.metric)
    peer.fit(rows_of(digits.X_train), digits.y_train)
    tested = peer.score(rows_of(digits.X_test), digits.y_test)
    assert result.test_accuracy == pytest.approx(tested, abs=2 / 120)


def test_the_parts_agree_with_each_other(digits, results):
    assert results.folds.n_held_out == [80] * 5
    assert results.folds.n_fit == [320] * 5
    for result in results.metrics:
        confusion = np.array(result.confusion_matrix)
        assert confusion.sum(axis=1).tolist() == results.data.test_count_of_class
        assert confusion.trace() / 120 == result.test_accuracy
        assert result.queries_per_second == 120 / result.test_seconds
        assert right_images(result, 120).mean() == result.test_accuracy
        assert result.model_bytes == digits.X_train.nbytes
        assert result.test_accuracy <= result.top_5_accuracy <= 1
        assert sum(pair.count for pair in result.confusion_pairs) <= 120 - confusion.trace()
        for pair in result.confusion_pairs:
            assert confusion[pair.true, pair.predicted] == pair.count
            assert digits.y_test[pair.examples].tolist() == [pair.true] * len(pair.examples)
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
    assert (results.folds.n_fit, results.folds.n_held_out) == ([1, 1], [1, 1])
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
        "L1 and L2: choosing k on 5 folds of 40",
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
            "at least 2 training rows, got 1",
        ),
    ],
)
def test_data_that_cannot_be_judged_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        run_knn(dataclasses.replace(make_images(), **change))


@pytest.mark.parametrize("n_classes", [2, 3, 7])
@pytest.mark.parametrize(
    "model", [KNeighborsClassifier(4), LinearClassifier(max_epochs=2, random_state=0)]
)
def test_labels_are_those_that_predict_gives(model, n_classes):
    names = [f"class {number}" for number in range(n_classes)]
    images = make_images((4, 4), class_names=names)
    model.fit(images.X_train, images.y_train)
    predicted = model.predict(images.X_test)
    tested = run_test(model, images)
    assert tested.test_accuracy == np.mean(predicted == images.y_test)
    np.testing.assert_array_equal(right_images(tested, 15), predicted == images.y_test)


def test_top_5_is_told_for_more_than_five_classes_only():
    counts = (5, 6)
    five, six = (run_knn(make_images(class_names=[str(i) for i in range(n)])) for n in counts)
    assert five.best.top_5_accuracy is None
    assert six.best.top_5_accuracy > six.best.test_accuracy


def test_a_class_without_a_training_row_comes_last_among_the_five():
    images = make_images((4, 4), class_names=[str(number) for number in range(7)])
    kept = images.y_train != 0
    images = dataclasses.replace(images, X_train=images.X_train[kept], y_train=images.y_train[kept])
    tested = run_test(KNeighborsClassifier(1).fit(images.X_train, images.y_train), images)
    assert tested.top_5_accuracy <= np.mean(images.y_test != 0)


def test_vectors_are_samples_and_no_images():
    images = make_images((30,))
    results = run_knn(images, n_neighbors=[1, 3])
    assert not results.data.is_image
    assert (results.data.thing, results.data.things) == ("sample", "samples")
    assert min(result.test_accuracy for result in results.metrics) > 0.5  # chance: a third
