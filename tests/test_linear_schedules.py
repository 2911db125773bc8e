"""Learning rates over time, against the formulas written out step by step."""

import pickle
from math import cos, floor, pi

import numpy as np
import pytest
from sklearn.base import clone

from nearplane.linear_model import (
    ConstantRate,
    CosineDecay,
    ExponentialDecay,
    InverseTimeDecay,
    LinearClassifier,
    StepDecay,
)
from nearplane.linear_model._schedules import rate_factors, resolve_schedule

FORMULAS = {
    "constant": lambda t, n: 1.0,
    "step": lambda t, n: 0.5 ** floor(t / 10),
    "exponential": lambda t, n: 0.95**t,
    "inverse_time": lambda t, n: 1 / (1 + 0.1 * t),
    "cosine": lambda t, n: (1 + cos(pi * t / n)) / 2,
}


def factors(schedule, *, n_epochs, n_batches, warmup_epochs=0):
    """What the schedule gives for all steps of a training run."""
    return np.concatenate(
        [
            rate_factors(
                resolve_schedule(schedule),
                epoch=epoch,
                n_batches=n_batches,
                n_epochs=n_epochs,
                warmup_epochs=warmup_epochs,
            )
            for epoch in range(n_epochs)
        ]
    )


@pytest.mark.parametrize("n_batches", [1, 7])
@pytest.mark.parametrize("warmup", [0, 2, 2.5])
@pytest.mark.parametrize("name", FORMULAS)
def test_every_step_has_the_rate_of_the_formula(name, warmup, n_batches):
    expected = []
    for step in range(25 * n_batches):
        t = step / n_batches
        if t < warmup:
            factor = FORMULAS[name](0, 25 - warmup)
            expected.append(factor * min(1, (step + 1) / n_batches / warmup))
        else:
            expected.append(FORMULAS[name](t - warmup, 25 - warmup))
    found = factors(name, n_epochs=25, n_batches=n_batches, warmup_epochs=warmup)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_no_step_is_wasted_at_either_end(name):
    found = factors(name, n_epochs=4, n_batches=3, warmup_epochs=1)
    assert (found > 0).all()
    np.testing.assert_allclose(found[:3], [1 / 3, 2 / 3, 1])


def test_parameters_of_a_schedule_count():
    times = np.array([0.0, 3.0, 6.0])
    np.testing.assert_allclose(StepDecay(every=3, factor=0.1)(times, 9), [1, 0.1, 0.01])
    np.testing.assert_allclose(ExponentialDecay(0.5)(times, 9), [1, 1 / 8, 1 / 64])
    np.testing.assert_allclose(InverseTimeDecay(1)(times, 9), [1, 1 / 4, 1 / 7])
    np.testing.assert_allclose(CosineDecay(final=0.5)(times, 6), [1, 0.75, 0.5])


def test_a_callable_is_a_schedule():
    found = factors(lambda times, n_epochs: 1 - times / n_epochs, n_epochs=2, n_batches=2)
    np.testing.assert_allclose(found, [1, 0.75, 0.5, 0.25])


@pytest.mark.parametrize(
    "schedule",
    [ConstantRate(), StepDecay(3, 0.1), ExponentialDecay(), InverseTimeDecay(), CosineDecay(0.1)],
)
def test_a_schedule_is_a_parameter_like_any_other(schedule):
    model = LinearClassifier(schedule=schedule)
    assert model.get_params()["schedule"] == schedule
    assert clone(model).schedule == schedule
    assert pickle.loads(pickle.dumps(model)).schedule == schedule
    assert repr(schedule) in repr(model)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StepDecay(every=0), "every must be finite and above 0; got 0"),
        (lambda: StepDecay(factor=2), "factor must be finite and at least 0 and at most 1; got 2"),
        (lambda: ExponentialDecay(0), "factor must be finite and above 0 and at most 1; got 0"),
        (lambda: InverseTimeDecay(-1), "rate must be finite and at least 0; got -1"),
        (lambda: CosineDecay(float("nan")), "final must be finite .*; got nan"),
    ],
)
def test_a_schedule_refuses_what_makes_no_sense(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("schedule", ["linear", 3, None, CosineDecay])
def test_what_is_no_schedule_is_named(schedule):
    with pytest.raises(ValueError, match=r"schedule must be one of 'constant', 'step', .*; got "):
        resolve_schedule(schedule)


@pytest.mark.parametrize("returned", [1.0, [1.0, -1.0], [np.nan, 1.0]])
def test_a_callable_must_return_a_factor_for_each_time(returned):
    with pytest.raises(ValueError, match="schedule must return finite factors"):
        factors(lambda times, n_epochs: returned, n_epochs=1, n_batches=2)
