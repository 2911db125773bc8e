"""The training driver: batches, rates, histories, and settings that come to their end."""

import numpy as np
import pytest

from nearplane.linear_model import ConstantRate, CosineDecay
from nearplane.linear_model._problem import (
    LinearModel,
    Samples,
    Stopping,
    TrainingSetting,
    batch_sizes,
)
from nearplane.linear_model._training import Training

from . import linear_reference as reference

MODEL = LinearModel(n_classes=3, loss="softmax", dtype="float64")
HISTORY = [
    "epoch",
    "loss",
    "data_loss",
    "penalty",
    "learning_rate",
    "train_accuracy",
    "validation_accuracy",
    "validation_loss",
    "update_ratio",
]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 5)), rng.integers(0, 3, 60)
    X[np.arange(60), y] += 1  # something to be learned
    return X, y


def samples(data, rows=None):
    return Samples(*data, np.arange(len(data[0])) if rows is None else rows)


def setting(rate=0.1, schedule=ConstantRate(), **options):  # noqa: B008  # it is immutable
    return TrainingSetting(learning_rate=rate, schedule=schedule, **options)


def training(data, settings, validation=None, **options):
    defaults = {
        "batch_size": 20,
        "max_epochs": 4,
        "shuffle": True,
        "random_state": np.random.RandomState(7),
        "stopping": Stopping(),
        "n_threads": 1,
    }
    rows = options.pop("rows", None)
    return Training(MODEL, settings, samples(data, rows), validation, **{**defaults, **options})


def finish(run):
    while not run.finished:
        run.run_epoch()
    return run.outcomes()


def oracle(data, *, rate, schedule, max_epochs, l2=0.0):
    """All epochs as a single one, since 20 rows of 60 are a batch."""
    rng = np.random.RandomState(7)
    rows = np.concatenate([rng.permutation(np.arange(60)) for _ in range(max_epochs)])
    rates = rate * schedule(np.arange(3 * max_epochs) / 3, max_epochs)
    return reference.train(
        (*data, rows, None), np.zeros((3, 6)), {"l2": l2}, rates, batch_size=20, loss="softmax"
    )


@pytest.mark.parametrize("schedule", [ConstantRate(), CosineDecay()])
def test_epochs_are_shuffled_and_their_steps_scheduled(data, schedule):
    settings = [setting(0.1, schedule), setting(0.4, schedule, l2=0.01)]
    outcomes = finish(training(data, settings, record_steps=True))
    for outcome, rate, l2 in zip(outcomes, [0.1, 0.4], [0, 0.01], strict=True):
        weights, moments, trace = oracle(data, rate=rate, schedule=schedule, max_epochs=4, l2=l2)
        np.testing.assert_allclose(outcome.state.weights, weights, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(outcome.state.moments, moments, rtol=1e-9, atol=1e-12)
        assert outcome.state.n_steps == 12
        steps = outcome.step_history
        np.testing.assert_array_equal(steps["step"], np.arange(1, 13))
        np.testing.assert_allclose(steps["data_loss"], trace[:, 0], rtol=1e-10)
        np.testing.assert_allclose(steps["update_ratio"], trace[:, 1] / trace[:, 2], rtol=1e-9)
        np.testing.assert_allclose(steps["learning_rate"], rate * schedule(np.arange(12) / 3, 4))


def test_the_history_is_what_its_names_say(data):
    rows, held_out = np.arange(50), np.arange(50, 60)
    options = {"rows": rows, "shuffle": False, "max_epochs": 3, "record_steps": True}
    run = training(data, [setting(l1=0.001, l2=0.01)], samples(data, held_out), **options)
    weights = []
    while not run.finished:
        run.run_epoch()
        weights.append(run.outcomes()[0].state.weights)
    (outcome,) = run.outcomes()
    history, steps = outcome.history, outcome.step_history
    assert list(history) == HISTORY
    assert {len(column) for column in history.values()} == {3}
    np.testing.assert_array_equal(history["epoch"], [1, 2, 3])
    np.testing.assert_allclose(history["loss"], history["data_loss"] + history["penalty"])
    sizes = np.array([17, 17, 16])  # three batches are enough for 50 rows, 20 at a time
    of_epochs = steps["data_loss"].reshape(3, 3) @ sizes / 50
    np.testing.assert_allclose(history["data_loss"], of_epochs)
    np.testing.assert_allclose(history["update_ratio"], steps["update_ratio"].reshape(3, 3).mean(1))
    np.testing.assert_allclose(history["learning_rate"], 0.1)
    for epoch, W in enumerate(weights):
        penalty = reference.penalty(W[:, :-1], 0.001, 0.01)
        total, right = reference.evaluate((*data, held_out, None), W, "softmax")
        assert history["penalty"][epoch] == pytest.approx(penalty)
        assert history["validation_loss"][epoch] == pytest.approx(total / 10)
        assert history["validation_accuracy"][epoch] == right / 10
    seen = [reference.linear_scores(data[0][:17], np.zeros((3, 6))).argmax(1) == data[1][:17]]
    assert history["train_accuracy"][0] >= seen[0].sum() / 50  # the first batch meets zeros
    assert outcome.reason == "max_epochs"
    assert outcome.best_epoch == 3


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "expected"),
    [
        (50000, 256, [256] * 20 + [255] * 176),
        (257, 256, [129, 128]),
        (256, 256, [256]),
        (101, 10, [10, 10] + [9] * 9),
        (5, 256, [5]),
        (3, 1, [1, 1, 1]),
        (9, None, [9]),
    ],
)
def test_batches_share_the_rows_evenly(n_rows, batch_size, expected):
    sizes = batch_sizes(n_rows, batch_size)
    assert sizes.tolist() == expected
    assert sizes.tolist() == [len(part) for part in np.array_split(range(n_rows), len(sizes))]


def test_without_a_validation_set_its_figures_are_missing(data):
    (outcome,) = finish(training(data, [setting()]))
    assert np.isnan(outcome.history["validation_accuracy"]).all()
    assert np.isnan(outcome.history["validation_loss"]).all()
    assert not outcome.step_history["step"].size


def test_train_accuracy_is_that_of_the_batches_when_seen(data):
    (outcome,) = finish(training(data, [setting(0.0)], batch_size=None, max_epochs=1))
    np.testing.assert_allclose(outcome.history["train_accuracy"], (data[1] == 0).mean())


def test_settings_do_not_notice_one_another(data):
    settings = [setting(0.1), setting(1e30), setting(0.3, CosineDecay(), optimizer="adam")]
    validation = samples(data, np.arange(10))
    options = {"max_epochs": 30, "stopping": Stopping(early=True, patience=3)}
    together = finish(training(data, settings, validation, **options))
    for outcome, one in zip(together, settings, strict=True):
        (alone,) = finish(training(data, [one], validation, **options))
        np.testing.assert_allclose(outcome.state.weights, alone.state.weights, rtol=1e-9)
        assert outcome.reason == alone.reason
        assert outcome.best_epoch == alone.best_epoch
        for name, column in alone.history.items():
            np.testing.assert_allclose(outcome.history[name], column, rtol=1e-9, err_msg=name)
    assert together[1].reason == "diverged"


def test_a_setting_that_diverges_keeps_its_last_finite_weights(data):
    # The step doubles the distance from the optimum of the penalty: slow but sure.
    slowly = setting(1.0, l2=20.0, momentum=0.0)
    (outcome,) = finish(training(data, [slowly], max_epochs=50, batch_size=None, shuffle=False))
    assert outcome.reason == "diverged"
    n_epochs = len(outcome.history["epoch"])
    assert 1 < n_epochs < 50
    assert outcome.best_epoch == n_epochs - 1
    assert not outcome.history["loss"][-1] < 1e6 * np.log(3)
    assert (outcome.history["loss"][:-1] < 1e6 * np.log(3)).all()
    sound = training(data, [slowly], max_epochs=n_epochs - 1, batch_size=None, shuffle=False)
    np.testing.assert_array_equal(finish(sound)[0].state.weights, outcome.state.weights)
    assert (outcome.state.moments == 0).all()


def test_divergence_within_the_first_epoch_leaves_the_weights_it_began_with(data):
    (outcome,) = finish(training(data, [setting(1e300)]))
    assert outcome.reason == "diverged"
    assert outcome.best_epoch == 0
    assert (outcome.state.weights == 0).all()
    assert len(outcome.history["epoch"]) == 1


def test_early_stopping_keeps_the_best_epoch(data):
    # From a rate that is much too high the validation figures go up and down.
    validation = samples(data, np.arange(40, 60))
    noisy = setting(3.0)
    options = {"rows": np.arange(40), "max_epochs": 60, "batch_size": 4}
    (full,) = finish(training(data, [noisy], validation, **options))
    early = Stopping(early=True, patience=4)
    (outcome,) = finish(training(data, [noisy], validation, stopping=early, **options))
    accuracy, loss = (full.history[f"validation_{name}"] for name in ("accuracy", "loss"))
    best, best_epoch, waited = (-1.0, 0.0), 0, 0
    for epoch in range(60):
        waited += 1
        if (accuracy[epoch], -loss[epoch]) > best:
            best, best_epoch, waited = (accuracy[epoch], -loss[epoch]), epoch + 1, 0
        if waited == 4:
            break
    assert outcome.reason == "early_stopping"
    assert outcome.best_epoch == best_epoch
    assert len(outcome.history["epoch"]) == best_epoch + 4 < 60
    (best_state,) = [
        o.state for o in finish_after(training(data, [noisy], validation, **options), best_epoch)
    ]
    np.testing.assert_array_equal(outcome.state.weights, best_state.weights)
    np.testing.assert_array_equal(outcome.state.moments, best_state.moments)


def finish_after(run, n_epochs):
    for _ in range(n_epochs):
        run.run_epoch()
    return run.outcomes()


def test_tol_ends_what_makes_no_progress(data):
    stopping = Stopping(tol=1e-3, patience=3)
    (outcome,) = finish(
        training(data, [setting()], max_epochs=200, batch_size=None, stopping=stopping)
    )
    assert outcome.reason == "tol"
    loss = outcome.history["loss"]
    lowest = np.minimum.accumulate(loss)
    progress = loss[1:] < lowest[:-1] - 1e-3
    assert not progress[-3:].any()
    assert all(progress[i : i + 3].any() for i in range(len(progress) - 3))


def test_training_can_go_on_where_it_ended(data):
    (whole,) = finish(training(data, [setting()], max_epochs=4, shuffle=False))
    (half,) = finish(training(data, [setting()], max_epochs=2, shuffle=False))
    second = training(data, [setting(), setting()], max_epochs=2, shuffle=False, start=half.state)
    for outcome in finish(second):
        np.testing.assert_allclose(outcome.state.weights, whole.state.weights, rtol=1e-12)
        assert outcome.state.n_steps == whole.state.n_steps


def interrupt(fraction):
    raise KeyboardInterrupt


def test_what_is_interrupted_keeps_the_steps_done(data):
    run = training(data, [setting(), setting(1e300)], shuffle=False, max_epochs=3)
    run.run_epoch()
    with pytest.raises(KeyboardInterrupt):
        run.run_epoch(interrupt)
    first, second = run.outcomes()
    assert first.reason == "interrupted"
    assert second.reason == "diverged"
    assert len(first.history["epoch"]) == 1
    n_steps = first.state.n_steps
    assert 3 <= n_steps <= 6
    weights, *_ = reference.train(
        (*data, np.tile(np.arange(60), 2), None),
        np.zeros((3, 6)),
        {},
        [0.1] * n_steps,
        batch_size=20,
        loss="softmax",
    )
    np.testing.assert_allclose(first.state.weights, weights, rtol=1e-10, atol=1e-12)


def test_an_interruption_while_diverging_leaves_the_epoch_before(data):
    run = training(data, [setting(1e300, l2=1e10)], shuffle=False)  # infinite at the second step
    with pytest.raises(KeyboardInterrupt):
        run.run_epoch(interrupt)
    (outcome,) = run.outcomes()
    assert (outcome.state.weights == 0).all()


def test_progress_counts_all_epochs(data):
    shown = []
    run = training(data, [setting()], max_epochs=2)
    while not run.finished:
        run.run_epoch(shown.append)
    assert shown == sorted(shown)
    assert shown[-1] == 1
    assert 0.5 in shown


def test_the_lowest_loss_is_that_of_a_setting_that_goes_on(data):
    run = training(data, [setting(), setting(0.2), setting(1e300)])
    assert np.isnan(run.lowest_loss())
    run.run_epoch()
    losses = [outcome.history["loss"][0] for outcome in run.outcomes()]
    assert run.lowest_loss() == min(losses[:2])


@pytest.mark.parametrize("n_epochs", [1, 4, 9])
def test_settings_that_end_at_different_times_are_restored(data, n_epochs):
    rates = [1e-9, 0.3, 1e300, 0.02, 1.0]
    options = {
        "validation": samples(data, np.arange(40, 60)),
        "rows": np.arange(40),
        "max_epochs": 12,
        "stopping": Stopping(early=True, tol=1e-4, patience=3),
        "record_steps": True,
    }

    def begin():
        settings = [setting(rate, optimizer="adam" if rate < 1 else "sgd") for rate in rates]
        return training(data, settings, random_state=np.random.RandomState(7), **options)

    expected = finish(begin())
    assert len({len(outcome.history["epoch"]) for outcome in expected}) > 2
    broken_off = begin()
    for _ in range(n_epochs):
        broken_off.run_epoch()
    facts, arrays = broken_off.to_store()
    resumed = begin()
    resumed.restore(facts, {name: array.copy() for name, array in arrays.items()})
    assert resumed.epoch == n_epochs
    for found, wanted in zip(finish(resumed), expected, strict=True):
        assert (found.reason, found.best_epoch) == (wanted.reason, wanted.best_epoch)
        assert found.state.weights.tobytes() == wanted.state.weights.tobytes()
        assert found.state.moments.tobytes() == wanted.state.moments.tobytes()
        assert found.state.n_steps == wanted.state.n_steps
        for history in ("history", "step_history"):
            columns = getattr(found, history)
            for name, column in getattr(wanted, history).items():
                np.testing.assert_array_equal(columns[name], column)
