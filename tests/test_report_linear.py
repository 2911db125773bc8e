import dataclasses
import json
from math import log

import numpy as np
import pytest

from nearplane.datasets import load_dataset
from nearplane.linear_model import LinearClassifier
from nearplane.report import run_linear
from nearplane.report._selection import validation_rows
from nearplane.report._testing import only_right, right_images

from .test_report_knn import make_images

TIMES = {"fit_seconds": 0, "test_seconds": 0, "queries_per_second": 0, "peak_memory_bytes": 0}


def without_timings(results):
    losses = [dataclasses.replace(result, **TIMES) for result in results.losses]
    return dataclasses.replace(results, losses=losses, rates_seconds=0)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=400, n_test=120)


@pytest.fixture(scope="module")
def run(digits):
    return run_linear(digits, n_epochs=6, random_state=3)


@pytest.fixture(scope="module")
def results(run):
    return run.results


@pytest.mark.parametrize("number", [0, 1])
def test_a_loss_is_watched_on_the_validation_images_and_tested_after_seeing_all(
    digits, results, number
):
    result = results.losses[number]
    rows = validation_rows(digits.y_train, 3)
    fit = np.setdiff1d(np.arange(400), rows)
    watched = LinearClassifier(result.loss, max_epochs=6, random_state=3).fit(
        digits.X_train[fit],
        digits.y_train[fit],
        X_val=digits.X_train[rows],
        y_val=digits.y_train[rows],
    )
    # The same up to rounding: there the validation images are left out by weights of zero.
    for name, curve in result.history.items():
        np.testing.assert_allclose(curve, watched.history_[name], rtol=1e-3, atol=0.02)
    assert result.best_validation_accuracy == result.history["validation_accuracy"][-1]
    assert result.train_accuracy == result.history["train_accuracy"][-1]

    final = LinearClassifier(result.loss, max_epochs=6, random_state=3)
    final.fit(digits.X_train, digits.y_train)
    assert result.test_accuracy == final.score(digits.X_test, digits.y_test)
    assert result.learning_rate == final.learning_rate_
    assert result.n_epochs == 6


def test_the_models_are_those_that_were_tested(digits, run):
    assert list(run.models) == ["softmax", "hinge"]
    for result in run.results.losses:
        model = run.models[result.loss]
        right = model.predict(digits.X_test) == digits.y_test
        np.testing.assert_array_equal(right_images(result, 120), right)
        assert result.model_bytes == 8 * 10 * (64 + 1)


def test_the_parts_agree_with_each_other(digits, results):
    softmax, hinge = results.losses
    for result in results.losses:
        confusion = np.array(result.confusion_matrix)
        assert confusion.sum(axis=1).tolist() == np.bincount(digits.y_test).tolist()
        assert confusion.trace() / 120 == result.test_accuracy
        assert result.queries_per_second == 120 / result.test_seconds
    assert softmax.zero_loss == pytest.approx(log(10))
    assert hinge.zero_loss == 9
    only_softmax, only_hinge = results.n_only_right.values()
    difference = (only_softmax - only_hinge) / 120
    assert difference == pytest.approx(softmax.test_accuracy - hinge.test_accuracy, abs=1e-12)
    assert results.parameters["max_epochs"] == 6


def test_four_learning_rates_from_too_low_to_too_high(results):
    automatic = results.losses[0].learning_rate
    rates = {rate.name: rate for rate in results.rates}
    assert list(rates) == ["very low", "low", "automatic", "too high"]
    for rate in results.rates:
        assert rate.learning_rate == pytest.approx(rate.factor * automatic)
    assert [rate.factor for rate in results.rates[:3]] == [0.001, 0.03, 1]
    last = {name: rate.history["data_loss"][-1] for name, rate in rates.items()}
    assert last["automatic"] < last["low"] < last["very low"] < log(10)
    assert log(10) - last["too high"] < (log(10) - last["automatic"]) / 2


def test_a_high_rate_that_does_no_harm_is_not_called_too_high():
    images = make_images(class_names=("only",))  # the loss is 0 whatever the weights
    assert run_linear(images, n_epochs=3).results.rates[-1].name == "high"


def test_a_rate_whose_loss_is_no_number_is_too_high(digits):
    huge = dataclasses.replace(digits, X_train=digits.X_train * np.float32(1e30))
    results = run_linear(huge, n_epochs=2).results
    assert results.rates[-1].name == "too high"


def test_a_seed_decides_everything_but_the_time(digits, results):
    again = run_linear(digits, n_epochs=6, random_state=3, n_jobs=1).results
    assert without_timings(again) == without_timings(results)
    other = run_linear(digits, n_epochs=6, random_state=4).results
    assert other.losses[0].history != results.losses[0].history


def test_results_turn_into_json_and_back(results):
    record = dataclasses.asdict(results)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 1), (6, 5, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_grey_and_colour_images_of_any_type(shape, dtype):
    images = make_images(shape)
    images = dataclasses.replace(
        images, X_train=images.X_train.astype(dtype), X_test=images.X_test.astype(dtype)
    )
    results = run_linear(images, n_epochs=20).results
    assert min(result.test_accuracy for result in results.losses) > 0.5  # chance: a third


def test_a_class_seen_for_the_first_time_in_the_validation_images():
    images = make_images(n_train=12, n_test=9)
    labels = images.y_train.copy()
    labels[validation_rows(labels, 0)] = 2
    labels[np.setdiff1d(np.arange(12), validation_rows(labels, 0))] %= 2
    images = dataclasses.replace(images, y_train=labels)
    results = run_linear(images, n_epochs=2).results
    assert len(results.losses[0].history["validation_accuracy"]) == 2


def test_stages_are_announced_before_they_start():
    stages = []
    run_linear(make_images(), n_epochs=1, on_stage=stages.append)
    assert stages == [
        "softmax: training on 32 images, watched on the others",
        "softmax: training on all 40 images",
        "hinge: training on 32 images, watched on the others",
        "hinge: training on all 40 images",
        "softmax: trying learning rates",
    ]


def test_only_images_that_one_method_gets_right_tell_two_apart(results):
    softmax, hinge = results.losses
    first = dataclasses.replace(softmax, test_right=np.packbits([1, 1, 1, 0, 0]).tobytes().hex())
    second = dataclasses.replace(hinge, test_right=np.packbits([1, 0, 0, 1, 0]).tobytes().hex())
    assert only_right({"a": first, "b": second}, 5) == {"a": 2, "b": 1}
