import dataclasses

import pytest

from nearplane.report import run_knn, run_linear
from nearplane.report._findings import (
    chance_sentence,
    choice_sentence,
    cost_sentence,
    difference_sentence,
    headline,
    setting,
    sweep_sentence,
    top_sentence,
    training_sentence,
    voters_sentence,
)
from nearplane.report._text import size

from .test_report_knn import make_images


@pytest.fixture(scope="module")
def images():
    return make_images(n_test=1_000)


@pytest.fixture(scope="module")
def knn(images):
    return run_knn(images, n_neighbors=[1, 3])


@pytest.fixture(scope="module")
def linear(images):
    return run_linear(images, n_epochs=2).results


def plain(text):
    return text.replace("\u00a0", " ")


def with_best(knn, linear, metric, loss):
    """Return both, the best of each with these figures."""
    metrics = [
        dataclasses.replace(knn.metrics[0], best_validation_accuracy=0.2),
        dataclasses.replace(knn.metrics[1], best_validation_accuracy=0.4, **metric),
    ]
    losses = [
        dataclasses.replace(linear.losses[0], best_validation_accuracy=0.5, **loss),
        dataclasses.replace(linear.losses[1], best_validation_accuracy=0.3),
    ]
    return dataclasses.replace(knn, metrics=metrics), dataclasses.replace(linear, losses=losses)


@pytest.mark.parametrize(
    ("metric", "loss", "expected"),
    [
        (0.387, 0.412, "softmax labels 41.2 % correctly, L2 (k = 7) 38.7 %."),
        (0.978, 0.92, "L2 (k = 7) labels 97.8 % correctly, softmax 92.0 %."),
    ],
)
def test_headline_names_the_best_of_both_kinds_the_better_one_first(
    knn, linear, metric, loss, expected
):
    figures = {"test_accuracy": metric, "best_n_neighbors": 7}, {"test_accuracy": loss}
    assert plain(headline(*with_best(knn, linear, *figures))) == f"Of 1,000 test images {expected}"


def test_settings_are_k_or_the_learning_rate(knn, linear):
    metric = dataclasses.replace(knn.metrics[0], best_n_neighbors=9)
    loss = dataclasses.replace(linear.losses[0], learning_rate=0.00123, alpha=0.01)
    assert setting(metric) == "k = 9"
    assert setting(loss) == "rate 0.0012, alpha 0.01"


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (7, 7, "On the test set L1 and L2 are level."),
        # 30 of 1,000; sqrt(170 - 0.9 x 1) / 1,000 = 1.27 %
        (100, 70, "L1 is 3.0 percentage points ahead of L2 (standard error 1.3), more than"),
        (60, 100, "L2 is 4.0 percentage points ahead of L1 (standard error 1.3), more than"),
        (80, 70, "L1 is 1.0 percentage points ahead of L2 (standard error 1.2), no more than"),
    ],
)
def test_a_difference_is_weighed_against_its_standard_error(first, second, sentence):
    counts = {"manhattan": first, "euclidean": second}
    assert sentence in difference_sentence(counts, n_test=1_000)


def test_several_differences_are_one_sentence():
    pairs = {"softmax": 90, "manhattan": 40}, {"softmax": 20, "hinge": 20}
    assert difference_sentence(*pairs, n_test=1_000) == (
        "On the test set softmax is 5.0 percentage points ahead of L1 (standard error 1.1), "
        "more than chance explains; softmax and hinge are level."
    )


def test_chance_is_the_most_frequent_training_class(knn, linear):
    data = dataclasses.replace(
        knn.data, train_count_of_class=[5, 30, 5], test_count_of_class=[600, 150, 250]
    )
    text = plain(chance_sentence(dataclasses.replace(knn, data=data), linear))
    assert "right for 15.0 % of the test images" in text
    for result in (*knn.metrics, *linear.losses):
        assert f"{100 * result.test_accuracy:.1f} %" in text


def test_costs_are_those_of_the_best_of_both_kinds(knn, linear):
    metric = {"model_bytes": 153_600_000, "test_seconds": 2.5}
    loss = {"model_bytes": 245_840, "test_seconds": 0.0123, "fit_seconds": 11.1}
    text = plain(cost_sentence(*with_best(knn, linear, metric, loss)))
    assert text.startswith("L2 learns nothing: it keeps all 154 MB of training images")
    assert "2.500 s for all test images" in text
    assert (
        "The softmax classifier is trained for 11.1 s once, keeps 246 kB of weights and then "
        "labels the test images in 0.012 s."
    ) in text


def test_training_is_judged_on_the_images_learnt_from_and_on_others(linear):
    losses = [
        dataclasses.replace(linear.losses[0], train_accuracy=0.45, best_validation_accuracy=0.41),
        dataclasses.replace(linear.losses[1], train_accuracy=0.44, best_validation_accuracy=0.39),
    ]
    assert plain(training_sentence(dataclasses.replace(linear, losses=losses), "images")) == (
        "In the last epoch softmax labels 45.0 % of the images it learns from and 41.0 % of the "
        "others; hinge labels 44.0 % of the images it learns from and 39.0 % of the others."
    )


def test_voters_are_counted_for_each_metric(knn):
    def with_k(first, second):
        ks = (first, second)
        metrics = [
            dataclasses.replace(result, best_n_neighbors=k)
            for result, k in zip(knn.metrics, ks, strict=True)
        ]
        return voters_sentence(dataclasses.replace(knn, metrics=metrics))

    assert with_k(1, 7) == (
        "Under L1 the nearest neighbour decides alone; under L2 the 7 nearest neighbours vote."
    )
    assert with_k(5, 5) == "Under L1 and L2 alike, the 5 nearest neighbours vote."


def test_the_choice_names_the_best_of_each_metric_and_of_both(knn, linear):
    figures = {"best_n_neighbors": 7, "best_validation_std": 0.0123}
    chosen, _ = with_best(knn, linear, figures, {})
    first = dataclasses.replace(chosen.metrics[0], best_n_neighbors=3, best_validation_std=0.02)
    chosen = dataclasses.replace(chosen, metrics=[first, chosen.metrics[1]])
    assert plain(choice_sentence(chosen)) == (
        "L1 with k = 3 (20.0 ± 2.0 %) and L2 with k = 7 (40.0 ± 1.2 %) are the best of each "
        "metric; of the two L2 is chosen."
    )


@pytest.mark.parametrize(
    ("rate", "alpha", "edge"),
    [
        (0.1, 0.01, "."),
        (0.01, 0.01, "; its learning rate is at the edge of what was tried, so that better"),
        (1.0, 0.1, "; its learning rate and alpha are at the edge of what was tried, so that"),
    ],
)
def test_a_sweep_tells_its_best_pair_and_whether_the_grid_ends_there(linear, rate, alpha, edge):
    sweep = dataclasses.replace(
        linear.sweeps[0],
        learning_rates=[0.01, 0.1, 1.0],
        alphas=[0.001, 0.01, 0.1],
        accuracy=[[0.1, 0.2, None], [0.1, 0.437, 0.1], [0.1, 0.1, None]],
        best_learning_rate=rate,
        best_alpha=alpha,
        n_epochs=10,
    )
    expected = f"best with learning rate {rate:g} and alpha {alpha}: 43.7 % after 10 epochs{edge}"
    assert plain(sweep_sentence(sweep)).startswith(f"Softmax is {expected}")


def test_the_top_five_of_the_best_of_both_kinds(knn, linear):
    both = with_best(knn, linear, {"top_5_accuracy": 0.6}, {"top_5_accuracy": 0.864})
    assert plain(top_sentence(*both)).startswith(
        "The true class is among the 5 with the highest scores for 86.4 % of the test images with "
        "softmax and for 60.0 % with L2"
    )


def test_unknown_memory_is_called_so():
    assert size(None) == "not known"
