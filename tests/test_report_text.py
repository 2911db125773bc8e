import dataclasses

import pytest

from nearplane.report import run_knn
from nearplane.report._text import (
    chance_sentence,
    difference_sentence,
    headline,
    megabytes,
    percent,
    voters_sentence,
)

from .test_report_knn import make_images


@pytest.fixture(scope="module")
def results():
    return run_knn(make_images(n_test=1_000), n_neighbors=[1, 3])


def with_counts(results, first, second):
    return dataclasses.replace(results, n_only_right={"manhattan": first, "euclidean": second})


def plain(text):
    return text.replace("\u00a0", " ")


def test_headline_names_the_better_metric_its_k_and_its_accuracy(results):
    best = results.best
    name = {"manhattan": "L1", "euclidean": "L2"}[best.metric]
    expected = f"{name} with k = {best.best_n_neighbors} labels {percent(best.test_accuracy)}"
    assert headline(results) == f"{expected} of 1,000 test images correctly."


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (7, 7, "The two metrics are level on the test images."),
        # 30 of 1,000; sqrt(170 - 0.9 x 1) / 1,000 = 1.27 %
        (100, 70, "L1 is 3.0 percentage points ahead of L2 (standard error 1.3), more than"),
        (60, 100, "L2 is 4.0 percentage points ahead of L1 (standard error 1.3), more than"),
        (80, 70, "L1 is 1.0 percentage points ahead of L2 (standard error 1.2), no more than"),
    ],
)
def test_a_difference_is_weighed_against_its_standard_error(results, first, second, sentence):
    assert sentence in difference_sentence(with_counts(results, first, second))


def test_chance_is_the_most_frequent_training_class(results):
    data = dataclasses.replace(
        results.data, train_count_of_class=[5, 30, 5], test_count_of_class=[600, 150, 250]
    )
    text = plain(chance_sentence(dataclasses.replace(results, data=data)))
    assert "right for 15.0 % of the test images" in text


def test_voters_are_counted_for_each_metric(results):
    def with_k(first, second):
        ks = (first, second)
        metrics = [
            dataclasses.replace(result, best_n_neighbors=k)
            for result, k in zip(results.metrics, ks, strict=True)
        ]
        return voters_sentence(dataclasses.replace(results, metrics=metrics))

    assert with_k(1, 7) == (
        "Under L1 the nearest neighbour decides alone; under L2 the 7 nearest neighbours vote."
    )
    assert with_k(5, 5) == "Under L1 and L2 alike, the 5 nearest neighbours vote."


def test_unknown_memory_is_called_so():
    assert megabytes(None) == "not known"
