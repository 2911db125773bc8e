"""What two calls share: objects are used in turns, and indices that were checked stay as they were.

The second call comes from the progress callback of the first, so that they meet for certain.
"""

import numpy as np
import pytest

from nearplane import _core

RNG = np.random.default_rng(0)
N_FEATURES, N_CLASSES, N_ROWS = 2000, 20, 1000
X = RNG.integers(0, 256, (N_ROWS, N_FEATURES), dtype=np.uint8)
Y = RNG.integers(0, N_CLASSES, N_ROWS)
# Some 10^11 operations: long enough for the callback to be heard, which it is every 0.1 s.
ORDER = np.tile(RNG.permutation(N_ROWS), 100)


def make_trainer():
    return _core.LinearTrainer(
        [_core.Setting()], n_features=N_FEATURES, n_classes=N_CLASSES, dtype="float32",
        loss="softmax", margin=1.0, class_mean=False, fit_intercept=True, center=None,
        scale=np.full(N_FEATURES, 1 / 256),
    )  # fmt: skip


def train(trainer, y, rows, progress=None):
    rates = np.full((len(rows) // 250, 1), 1e-4)
    trainer.run_epoch(X, y, rows, None, learning_rates=rates, n_threads=2, progress=progress)


def evaluate(trainer, y, rows, progress=None):
    trainer.evaluate(X, y, rows, None, n_threads=2, progress=progress)


def state(trainer):
    return trainer.weights().tobytes() + trainer.moments().tobytes()


USES = {
    "weights": lambda trainer: trainer.weights(),
    "set_weights": lambda trainer: trainer.set_weights(
        np.zeros((1, N_CLASSES, N_FEATURES + 1), np.float32)
    ),
    "moments": lambda trainer: trainer.moments(),
    "set_moments": lambda trainer: trainer.set_moments(
        np.zeros((2, 1, N_CLASSES, N_FEATURES + 1), np.float32), 0
    ),
    "keep": lambda trainer: trainer.keep([]),
    "run_epoch": lambda trainer: train(trainer, Y, ORDER[:250]),
    "evaluate": lambda trainer: evaluate(trainer, Y, ORDER[:250]),
    "n_steps": lambda trainer: trainer.n_steps,
    "n_settings": lambda trainer: trainer.n_settings,
}


@pytest.mark.parametrize("work", [train, evaluate])
@pytest.mark.parametrize("use", USES)
def test_a_trainer_at_work_refuses_other_calls_and_goes_on_afterwards(use, work):
    trainer, other = make_trainer(), make_trainer()
    with pytest.raises(RuntimeError, match="LinearTrainer is in use"):
        work(trainer, Y, ORDER, lambda _: USES[use](trainer))
    n_seen = trainer.n_steps * 250
    train(other, Y, ORDER[:n_seen])
    for each in (trainer, other):
        train(each, Y, ORDER[:500])
    assert state(trainer) == state(other)


def test_bounds_at_work_refuse_other_calls_and_are_made_anew_afterwards():
    centers = RNG.random((300, 50))
    rows, few = np.broadcast_to(RNG.random((1, 50)), (50_000_000, 50)), RNG.random((1000, 50))
    bounds = _core.CenterBounds()

    def assign(X, progress=None):
        return _core.nearest_centers(
            X, centers, guess=None, bounds=bounds, n_threads=2, progress=progress
        )

    with pytest.raises(RuntimeError, match="CenterBounds is in use"):
        assign(rows[:5_000_000], lambda _: assign(few))
    distances = np.square(few[:, None] - centers).sum(axis=2)
    for _ in range(2):
        np.testing.assert_array_equal(assign(few)[0], distances.argmin(axis=1))


@pytest.mark.parametrize("spoilt", ["labels", "rows"])
def test_indices_that_change_during_an_epoch_change_nothing(spoilt):
    trainer, expected = make_trainer(), make_trainer()
    train(expected, Y, ORDER)
    y, rows = Y.copy(), ORDER.copy()
    calls = []

    def spoil(_):
        calls.append(None)
        (y if spoilt == "labels" else rows)[:] = 0

    train(trainer, y, rows, spoil)
    assert calls
    assert state(trainer) == state(expected)
