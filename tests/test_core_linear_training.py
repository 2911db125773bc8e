"""The training loop of every ISA level, against the oracle's steps and against itself."""

from itertools import pairwise

import numpy as np
import pytest

from nearplane import _core

from . import linear_reference as reference
from .core_levels import LEVELS
from .layouts import misaligned
from .linear_levels import TYPES, make_trainer, random_rows, random_weights, run_epoch

OPTIMIZERS = tuple(reference.OPTIMIZERS)
LOSSES = tuple(reference.LOSSES)
# After a few dozen steps, of the largest weight; the steps magnify roundings of the first.
ROUNDING = {np.float32: 2e-4, np.float64: 1e-11}
CENTRED = {"center": np.full(60, 127.5), "scale": np.full(60, 1 / 128)}


def make_data(rng, n_rows, n_features=60, n_classes=4, *, dtype=np.uint8, weighted=False):
    """Rows in random order, a tenth of which come twice, with or without weights."""
    X = random_rows(rng, n_rows, n_features, dtype)
    y = rng.integers(0, n_classes, n_rows)
    rows = rng.permutation(np.concatenate([np.arange(n_rows), np.arange(n_rows // 10)]))
    return X, y, rows, rng.uniform(0.5, 1.5, n_rows) if weighted else None


def assert_close(found, truth, dtype):
    assert found.dtype == dtype
    np.testing.assert_allclose(found, truth, rtol=0, atol=ROUNDING[dtype] * abs(truth).max())


def assert_same_bits(found, expected):
    for name in ("weights", "moments"):
        np.testing.assert_array_equal(getattr(found, name)(), getattr(expected, name)())
    assert found.n_steps == expected.n_steps


def assert_training(data, weights, setting, rates, dtype, **options):
    """Assert that every level trains one setting as the oracle does."""
    loss, batch_size = options.pop("loss"), options.pop("batch_size")
    expected, moments, trace = reference.train(
        data, weights, setting, rates, loss=loss, batch_size=batch_size, **options
    )
    for level in LEVELS:
        trainer = make_trainer(level, [setting], weights[np.newaxis], loss, **options)
        found = run_epoch(trainer, data, batch_size, np.array(rates)[:, np.newaxis])
        assert_close(trainer.weights()[0], expected, dtype)
        np.testing.assert_array_equal(trainer.weights() == 0, expected[np.newaxis] == 0)
        if setting["optimizer"] not in ("sgd", "nesterov"):
            assert_close(trainer.moments()[1, 0], moments[1], dtype)
        if setting["optimizer"] in ("sgd", "nesterov", "adam"):
            assert_close(trainer.moments()[0, 0], moments[0], dtype)
        assert trainer.n_steps == len(rates)
        figures = np.column_stack([found.losses, found.update_norms, found.weight_norms])
        np.testing.assert_allclose(figures, trace, rtol=10 * ROUNDING[dtype])


@pytest.mark.parametrize("penalty", [{}, {"l2": 0.01}, {"l1": 0.02}, {"l1": 0.01, "l2": 0.02}])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", TYPES)
def test_steps_of_every_optimizer_with_every_penalty(dtype, optimizer, penalty):
    rng = np.random.default_rng(0)
    data = make_data(rng, 200, weighted=True)
    weights = random_weights(rng, (4, 61), dtype) * 20
    rates = rng.uniform(0.01, 0.05, 7)
    hyperparameters = {"momentum": 0.8, "decay": 0.95, "epsilon": 1e-3}
    setting = {"optimizer": optimizer, **hyperparameters, **penalty}
    assert_training(data, weights, setting, rates, dtype, loss="softmax", batch_size=32, **CENTRED)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", LOSSES)
def test_training_with_every_loss(loss, dtype):
    rng = np.random.default_rng(1)
    data = make_data(rng, 150, n_classes=5, weighted=True)
    weights = random_weights(rng, (5, 61), dtype)
    setting = {"optimizer": "sgd", "l2": 0.001}
    assert_training(
        data, weights, setting, [0.01] * 8, dtype,
        loss=loss, batch_size=21, margin=0.7, class_mean=True, **CENTRED,
    )  # fmt: skip


@pytest.mark.parametrize("batch_size", [1, 2, 31, 33, 127, 255, 256, 257, 300, 511, 513, 659, 660])
@pytest.mark.parametrize("dtype", TYPES)
def test_batches_of_any_size(dtype, batch_size):
    rng = np.random.default_rng(2)
    data = make_data(rng, 600 if batch_size > 2 else 60, weighted=batch_size % 2 == 1)
    n_steps = -(-len(data[2]) // batch_size)
    rates = rng.uniform(0.01, 0.1, n_steps)
    setting = {"optimizer": "nesterov"}
    weights = np.zeros((4, 61), dtype)
    assert_training(
        data, weights, setting, rates, dtype, loss="softmax", batch_size=batch_size, **CENTRED
    )


@pytest.mark.parametrize("dtype", TYPES)
def test_rows_of_any_width_and_type(dtype):
    rng = np.random.default_rng(3)
    for i, width in enumerate([*range(1, 36), 63, 64, 65, 127, 128, 129, 1000]):
        n_classes = 1 + i % 12
        x_dtype = (np.uint8, np.float32, np.float64)[i % 3]
        data = make_data(rng, 40, width, n_classes, dtype=x_dtype)
        weights = random_weights(rng, (n_classes, width + 1), dtype)
        scale = np.full(width, 0.01)
        setting = {"optimizer": OPTIMIZERS[i % 5], "epsilon": 1e-3}
        assert_training(
            data, weights, setting, [0.01] * 5, dtype, loss="softmax", batch_size=10, scale=scale
        )


@pytest.mark.parametrize("dtype", TYPES)
def test_without_an_intercept_the_bias_stays_zero_and_is_no_feature(dtype):
    rng = np.random.default_rng(4)
    data = make_data(rng, 100)
    weights = random_weights(rng, (4, 61), dtype)
    weights[:, -1] = 0
    for optimizer in OPTIMIZERS:
        setting = {"optimizer": optimizer, "epsilon": 1e-3}
        assert_training(
            data, weights, setting, [0.01] * 11, dtype,
            loss="hinge", batch_size=10, fit_intercept=False, **CENTRED,
        )  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", TYPES)
def test_a_strong_l1_penalty_makes_all_weights_exactly_zero_but_not_the_bias(dtype, optimizer):
    rng = np.random.default_rng(5)
    X, y, rows, _ = make_data(rng, 300)
    data = (X, np.where(y > 0, 1, y), rows, None)  # classes of unequal size, for the bias to learn
    weights = random_weights(rng, (4, 61), dtype)
    setting = {"optimizer": optimizer, "l1": 20.0, "momentum": 0.5, "epsilon": 1e-3}
    for level in LEVELS:
        trainer = make_trainer(level, [setting], weights[np.newaxis], "softmax", **CENTRED)
        for _ in range(3):
            run_epoch(trainer, data, 32, 0.01)
        assert not trainer.weights()[0, :, :-1].any()
        assert trainer.weights()[0, :, -1].all()


MANY = [
    {"optimizer": optimizer, "l1": l1, "l2": l2, "momentum": momentum}
    for optimizer in OPTIMIZERS
    for l1, l2, momentum in [(0, 0, 0.9), (0.01, 0.001, 0.5), (0, 0.1, 0.0)]
]


@pytest.mark.parametrize("batch_size", [50, 300])
@pytest.mark.parametrize("loss", ["softmax", "hinge", "ovr_logistic"])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_settings_trained_together_get_the_bits_each_gets_alone(level, dtype, loss, batch_size):
    rng = np.random.default_rng(6)
    data = make_data(rng, 310, n_classes=3, weighted=True)
    weights = random_weights(rng, (len(MANY), 3, 61), dtype)
    n_batches = -(-len(data[2]) // batch_size)
    rates = rng.uniform(0.001, 0.1, (n_batches, len(MANY)))
    together = make_trainer(level, MANY, weights, loss, **CENTRED)
    trace = run_epoch(together, data, batch_size, rates)
    sums, n_correct = evaluate(together, data)
    for s, setting in enumerate(MANY):
        alone = make_trainer(level, [setting], weights[s : s + 1], loss, **CENTRED)
        of_one = run_epoch(alone, data, batch_size, rates[:, s : s + 1])
        np.testing.assert_array_equal(alone.weights()[0], together.weights()[s])
        np.testing.assert_array_equal(alone.moments()[:, 0], together.moments()[:, s])
        for figure in ("losses", "update_norms", "weight_norms"):
            np.testing.assert_array_equal(
                getattr(of_one, figure)[:, 0], getattr(trace, figure)[:, s]
            )
        assert of_one.n_correct[0] == trace.n_correct[s]
        assert [a[0] for a in evaluate(alone, data)] == [sums[s], n_correct[s]]


def evaluate(trainer, data, n_threads=2):
    return trainer.evaluate(*data, n_threads=n_threads, progress=None)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_settings_that_are_kept_go_on_as_if_nothing_had_happened(level, dtype):
    rng = np.random.default_rng(7)
    data = make_data(rng, 100, n_classes=3)
    weights = random_weights(rng, (len(MANY), 3, 61), dtype)
    full = make_trainer(level, MANY, weights, "softmax", **CENTRED)
    thinned = make_trainer(level, MANY, weights, "softmax", **CENTRED)
    kept = list(range(len(MANY)))
    for drop in ([], [0, 4], [1], [3, 5, 6, 7]):
        thinned.keep([i for i in range(len(kept)) if i not in drop])
        kept = [setting for i, setting in enumerate(kept) if i not in drop]
        assert thinned.n_settings == len(kept)
        run_epoch(full, data, 16, 0.01)
        run_epoch(thinned, data, 16, 0.01)
        np.testing.assert_array_equal(thinned.weights(), full.weights()[kept])
        np.testing.assert_array_equal(thinned.moments(), full.moments()[:, kept])
        assert thinned.n_steps == full.n_steps


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_training_goes_on_from_weights_and_moments_that_were_set(level, dtype, optimizer):
    rng = np.random.default_rng(8)
    X, y, rows, _ = make_data(rng, 100)
    weights = random_weights(rng, (1, 4, 61), dtype)
    setting = {"optimizer": optimizer, "l1": 0.001, "l2": 0.001}
    whole = make_trainer(level, [setting], weights, "softmax", **CENTRED)
    run_epoch(whole, (X, y, rows, None), 10, 0.01)
    first = make_trainer(level, [setting], weights, "softmax", **CENTRED)
    run_epoch(first, (X, y, rows[:60], None), 10, 0.01)
    second = make_trainer(level, [setting], first.weights(), "softmax", **CENTRED)
    second.set_moments(first.moments(), first.n_steps)
    run_epoch(second, (X, y, rows[60:], None), 10, 0.01)
    assert_same_bits(second, whole)


@pytest.mark.parametrize("batch_size", [200, 1100])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_the_number_of_threads_changes_no_bit(level, dtype, batch_size):
    rng = np.random.default_rng(9)
    data = make_data(rng, 1000, 900, 10, weighted=True)
    seen = {"center": np.full(900, 128.0), "scale": np.full(900, 0.01)}
    settings = MANY[::4]
    weights = random_weights(rng, (len(settings), 10, 901), dtype)
    answers = set()
    for n_threads in (1, 2, 3, 4):
        trainer = make_trainer(level, settings, weights, "softmax", **seen)
        trace = run_epoch(trainer, data, batch_size, 0.01, n_threads=n_threads)
        arrays = [trainer.weights(), trainer.moments(), trace.losses, trace.n_correct]
        arrays += [trace.update_norms, trace.weight_norms, *evaluate(trainer, data, n_threads)]
        answers.add(b"".join(array.tobytes() for array in arrays))
    assert len(answers) == 1


@pytest.mark.parametrize("x_dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("level", LEVELS)
def test_the_layout_of_the_rows_changes_no_bit(tmp_path, level, x_dtype):
    rng = np.random.default_rng(10)
    X, y, rows, _ = make_data(rng, 100, dtype=x_dtype)
    spread = np.zeros((200, 180), x_dtype)
    spread[::2, ::3] = X
    np.save(tmp_path / "X.npy", X)
    layouts = {
        "strided": spread[::2, ::3],
        "columns first": np.asfortranarray(X),
        "backwards": np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
        "misaligned": misaligned(X),
        "read-only and memory-mapped": np.load(tmp_path / "X.npy", mmap_mode="r"),
    }
    weights = random_weights(rng, (1, 4, 61), np.float32)
    expected = make_trainer(level, [{}], weights, "softmax", **CENTRED)
    run_epoch(expected, (X, y, rows, None), 25, 0.01)
    for given in layouts.values():
        trainer = make_trainer(level, [{}], weights, "softmax", **CENTRED)
        run_epoch(trainer, (given, y, rows, None), 25, 0.01)
        assert_same_bits(trainer, expected)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", LOSSES)
def test_evaluation_of_some_rows(loss, dtype):
    rng = np.random.default_rng(11)
    for n_rows in (1, 2, 255, 257, 600):
        X, y, rows, sample_weight = make_data(rng, n_rows, n_classes=3, weighted=True)
        weights = random_weights(rng, (5, 3, 61), dtype) * 10
        options = {"margin": 0.5, "class_mean": True, **CENTRED}
        for given in (sample_weight, None):
            data = (X, y, rows[: len(rows) * 3 // 4 + 1], given)
            truth = [reference.evaluate(data, w, loss, **options) for w in weights]
            for level in LEVELS:
                trainer = make_trainer(level, [{}] * 5, weights, loss, **options)
                sums, n_correct = evaluate(trainer, data)
                np.testing.assert_allclose(sums, [s for s, _ in truth], rtol=ROUNDING[dtype])
                np.testing.assert_array_equal(n_correct, [n for _, n in truth])


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_of_equal_scores_the_first_class_is_predicted(level, dtype):
    X, rows = np.ones((30, 2), np.uint8), np.arange(30)
    trainer = make_trainer(level, [{}], np.zeros((1, 3, 3), dtype), "hinge")
    for label, n_correct in [(0, 30), (1, 0), (2, 0)]:
        data = (X, np.full(30, label), rows, None)
        assert evaluate(trainer, data)[1] == [n_correct]
    weights = np.array([[[0, 0, 1], [0, 0, 2], [0, 0, 2]]], dtype)
    trainer = make_trainer(level, [{}], weights, "hinge")
    assert run_epoch(trainer, (X, np.ones(30, int), rows, None), 30, 0.0).n_correct == [30]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_a_setting_that_diverges_disturbs_no_other(level, dtype, optimizer):
    rng = np.random.default_rng(12)
    data = make_data(rng, 300, n_classes=3)
    weights = random_weights(rng, (2, 3, 61), dtype)
    weights[1] = np.finfo(dtype).max  # its scores overflow
    settings = [{"optimizer": optimizer}] * 2
    both = make_trainer(level, settings, weights, "squared_error", **CENTRED)
    trace = run_epoch(both, data, 10, 0.001)
    assert len(trace.losses) == 33
    assert not np.isfinite(trace.losses[:, 1]).any()
    alone = make_trainer(level, settings[:1], weights[:1], "squared_error", **CENTRED)
    of_one = run_epoch(alone, data, 10, 0.001)
    np.testing.assert_array_equal(both.weights()[0], alone.weights()[0])
    np.testing.assert_array_equal(trace.losses[:, 0], of_one.losses[:, 0])


@pytest.mark.parametrize("batch_size", [10, 300])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_an_epoch_ends_before_a_step_at_which_no_loss_is_finite(level, dtype, batch_size):
    rng = np.random.default_rng(13)
    X, y, rows, _ = make_data(rng, 1500, n_classes=3)
    weights = random_weights(rng, (2, 3, 61), dtype)
    batches = np.array_split(rows, -(-len(rows) // batch_size))
    rates = np.zeros((len(batches), 2))
    rates[2] = np.finfo(dtype).max  # after the third step both are lost
    trainer = make_trainer(level, [{}, {}], weights, "squared_error", **CENTRED)
    trace = run_epoch(trainer, (X, y, rows, None), batch_size, rates)
    assert len(trace.losses) == trainer.n_steps == 3
    assert np.isfinite(trace.losses).all()
    lost = make_trainer(level, [{}, {}], weights, "squared_error", **CENTRED)
    run_epoch(lost, (X, y, np.concatenate(batches[:3]), None), len(batches[0]), rates[:3])
    assert_same_bits(trainer, lost)


class StopNowError(Exception):
    """Raised from a progress callback."""


@pytest.mark.parametrize("level", LEVELS)
def test_an_interruption_leaves_the_weights_of_the_last_whole_step(level):
    rng = np.random.default_rng(14)
    X, y = random_rows(rng, 50, 60, np.uint8), rng.integers(0, 4, 50)
    rows = np.tile(rng.permutation(50), 40_000)  # two million steps: seconds
    weights = np.zeros((1, 4, 61), np.float32)

    def stop(fraction):
        raise StopNowError

    trainer = make_trainer(level, [{}], weights, "softmax", **CENTRED)
    with pytest.raises(StopNowError):
        run_epoch(trainer, (X, y, rows, None), 1, 1e-3, progress=stop)
    assert 0 < trainer.n_steps < len(rows)
    replay = make_trainer(level, [{}], weights, "softmax", **CENTRED)
    run_epoch(replay, (X, y, rows[: trainer.n_steps], None), 1, 1e-3)
    assert_same_bits(trainer, replay)


def test_progress_rises():
    rng = np.random.default_rng(15)
    X, y = random_rows(rng, 50, 60, np.uint8), rng.integers(0, 4, 50)
    rows = np.tile(np.arange(50), 10_000)
    seen = []
    weights = np.zeros((1, 4, 61), np.float32)
    trainer = make_trainer(_core.isa_level(), [{}], weights, "softmax", **CENTRED)
    run_epoch(trainer, (X, y, rows, None), 2, 1e-3, progress=seen.append)
    assert seen
    assert all(a <= b for a, b in pairwise(seen))
    assert 0 <= seen[0] <= seen[-1] <= 1


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_one_class_one_sample_and_classes_that_no_batch_has(level, dtype):
    rng = np.random.default_rng(16)
    X = random_rows(rng, 20, 60, np.uint8)
    rows = np.arange(20)
    weights = random_weights(rng, (1, 1, 61), dtype)
    trainer = make_trainer(level, [{}], weights, "softmax", **CENTRED)
    trace = run_epoch(trainer, (X, np.zeros(20, int), rows, None), 4, 1.0)
    np.testing.assert_array_equal(trainer.weights(), weights)  # one class is always right
    assert not trace.losses.any()
    assert trace.n_correct == [20]
    trainer = make_trainer(level, [{}], np.zeros((1, 3, 61), dtype), "softmax", **CENTRED)
    for _ in range(50):
        run_epoch(trainer, (X, np.full(20, 1), rows[:1], None), 4, 0.1)
    assert evaluate(trainer, (X, np.full(20, 1), rows[:1], None))[0] < 0.01
    assert np.isfinite(trainer.weights()).all()
