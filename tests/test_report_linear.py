import dataclasses
import json
from math import log

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from nearplane.datasets import load_dataset
from nearplane.linear_model import LinearClassifier
from nearplane.report import _linear_sweep, _timing, run_linear
from nearplane.report._folds import make_folds
from nearplane.report._linear_sweep import plan_sweep, run_sweep
from nearplane.report._testing import only_right, right_images

from .test_report_knn import make_images

TIMES = {"fit_seconds": 0, "test_seconds": 0, "queries_per_second": 0, "peak_memory_bytes": 0}


def without_timings(results):
    losses = [dataclasses.replace(result, **TIMES) for result in results.losses]
    sweeps = [dataclasses.replace(sweep, seconds=0) for sweep in results.sweeps]
    return dataclasses.replace(results, losses=losses, sweeps=sweeps)


@pytest.fixture(scope="module", autouse=True)
def no_repetitions():
    """Nobody reads the times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_timing, "LEAST_SECONDS", 0.0)
        yield


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=400, n_test=120)


@pytest.fixture(scope="module")
def run(digits):
    return run_linear(digits, n_epochs=6, random_state=3, n_jobs=1)


@pytest.fixture(scope="module")
def results(run):
    return run.results


@pytest.mark.parametrize("number", [0, 1])
def test_a_loss_is_watched_on_held_out_rows_and_tested_after_seeing_all(digits, results, number):
    result, sweep = results.losses[number], results.sweeps[number]
    model = LinearClassifier(
        result.loss,
        learning_rate=sweep.best_learning_rate,
        alpha=sweep.best_alpha,
        max_epochs=6,
        random_state=3,
    )
    watched, scores = [], []
    for fit, held_out in make_folds(digits.y_train, 5, 3)[1]:
        alone = clone(model).fit(
            digits.X_train[fit],
            digits.y_train[fit],
            X_val=digits.X_train[held_out],
            y_val=digits.y_train[held_out],
        )
        watched.append(alone.history_)
        scores.append(alone.score(digits.X_train[held_out], digits.y_train[held_out]))
    # The same up to rounding: there held-out rows are left out by weights of zero.
    for name, curve in result.history.items():
        expected = np.mean([history[name] for history in watched], axis=0)
        np.testing.assert_allclose(curve, expected, rtol=1e-3, atol=0.02)
    assert result.best_validation_accuracy == pytest.approx(np.mean(scores), abs=0.01)
    assert result.best_validation_std == pytest.approx(np.std(scores), abs=0.01)
    assert result.train_accuracy == result.history["train_accuracy"][-1]

    model.fit(digits.X_train, digits.y_train)
    assert result.test_accuracy == model.score(digits.X_test, digits.y_test)
    assert (result.learning_rate, result.alpha) == (model.learning_rate, model.alpha)
    assert result.n_epochs == 6


@pytest.mark.parametrize("number", [0, 1])
def test_the_sweep_keeps_the_pair_of_the_highest_accuracy(results, number):
    sweep = results.sweeps[number]
    accuracy = np.array(sweep.accuracy, dtype=float)
    assert accuracy.shape == (len(sweep.alphas), len(sweep.learning_rates))
    chosen = (
        sweep.alphas.index(sweep.best_alpha),
        sweep.learning_rates.index(sweep.best_learning_rate),
    )
    assert accuracy[chosen] == np.nanmax(accuracy)
    for rate, reached in zip(sweep.rates, accuracy[chosen[0]], strict=True):
        assert rate.history["validation_accuracy"][-1] == pytest.approx(reached)
    assert [rate.learning_rate for rate in sweep.rates] == sorted(sweep.learning_rates)
    # From the one that follows from the data to a hundred times less and more, one digit of each.
    assert np.log10(np.array(sweep.learning_rates) / sweep.automatic_rate) == pytest.approx(
        [-2, -1, 0, 1, 2], abs=0.2
    )


def test_too_low_a_rate_learns_less_and_too_high_a_one_harms(results):
    verdicts = [rate.verdict for rate in results.sweeps[0].rates]
    assert verdicts[0] == "too low"
    assert verdicts.count("best") == 1
    last = [rate.history["data_loss"][-1] for rate in results.sweeps[0].rates]
    best = int(np.argmin(last))
    assert last[0] == pytest.approx(log(10), rel=0.2)
    assert 0 < best < len(last) - 1
    assert last[:best] == sorted(last[:best], reverse=True)


@pytest.mark.parametrize(
    ("n", "n_epochs", "plan"),
    [
        (1_000, 50, (10, 5)),  # quick: all folds
        (1_000, 3, (3, 5)),  # never longer than the final training
        (50_000, 50, (10, 1)),  # CIFAR-10
        (500_000, 50, (2, 1)),
    ],
)
def test_the_sweep_is_as_thorough_as_there_is_time(n, n_epochs, plan):
    images = make_images((32, 32, 3), n_train=10, class_names=[str(i) for i in range(10)])
    many = np.broadcast_to(images.X_train[:1], (n, 32, 32, 3))
    images = dataclasses.replace(images, X_train=many)
    assert plan_sweep(images, n_epochs=n_epochs, n_folds=5) == plan


def test_judged_by_one_fold_there_is_no_deviation(monkeypatch, digits):
    monkeypatch.setattr(_linear_sweep, "_MOST_WORK", 0.0)
    results = run_linear(digits, n_epochs=3).results
    assert results.n_folds == 1
    assert results.sweeps[0].n_epochs == 2
    assert results.best.best_validation_std is None


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


def test_a_rate_that_diverges_has_no_accuracy(digits):
    model = LinearClassifier("squared_error", random_state=0)  # its steps know no bound
    _, splits = make_folds(digits.y_train, 2, 0)
    with pytest.warns(ConvergenceWarning, match="settings diverged"):
        sweep = run_sweep(digits, splits, model, 5)
    assert None in sweep.accuracy[0]
    diverged = [rate.status.startswith("diverged") for rate in sweep.rates]
    assert any(diverged)
    # Whatever the losses of the epochs before say.
    assert [rate.verdict == "diverged" for rate in sweep.rates] == diverged


def test_a_seed_decides_everything_but_the_time():
    images = make_images()

    def run(seed, n_jobs):
        results = run_linear(images, n_epochs=6, random_state=seed, n_jobs=n_jobs).results
        return without_timings(results)

    assert run(3, n_jobs=1) == run(3, n_jobs=2)
    assert run(3, n_jobs=1).losses[0].history != run(4, n_jobs=1).losses[0].history


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


def test_a_class_seen_for_the_first_time_in_a_held_out_fold():
    images = make_images(n_train=12, n_test=9)
    labels = images.y_train.copy()
    labels[:] = np.arange(12) % 2
    labels[0] = 2
    images = dataclasses.replace(images, y_train=labels)
    results = run_linear(images, n_epochs=2).results
    assert len(results.losses[0].history["validation_accuracy"]) == 2


def test_stages_are_announced_before_they_start():
    stages = []
    run_linear(make_images(), n_epochs=1, on_stage=stages.append)
    assert stages == [
        "softmax: trying learning rates and penalties",
        "softmax: training, watched on what is held out",
        "softmax: training on all 40",
        "hinge: trying learning rates and penalties",
        "hinge: training, watched on what is held out",
        "hinge: training on all 40",
    ]


def test_only_images_that_one_method_gets_right_tell_two_apart(results):
    softmax, hinge = results.losses
    first = dataclasses.replace(softmax, test_right=np.packbits([1, 1, 1, 0, 0]).tobytes().hex())
    second = dataclasses.replace(hinge, test_right=np.packbits([1, 0, 0, 1, 0]).tobytes().hex())
    assert only_right({"a": first, "b": second}, 5) == {"a": 2, "b": 1}
