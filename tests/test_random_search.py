"""Random search over the weights: what it tries, what it keeps, and what it refuses."""

import io
import tracemalloc

import numpy as np
import pytest
from sklearn.datasets import load_digits

from nearplane import losses
from nearplane.linear_model import _random_search
from nearplane.linear_model._random_search import random_search

DIGITS, DIGIT_LABELS = load_digits(return_X_y=True)
RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (120, 4, 5, 3), dtype=np.uint8)
Y = RNG.integers(0, 3, 120)


@pytest.mark.parametrize("preprocess", ["none", "center", "standardize"])
@pytest.mark.parametrize("method", ["random", "local"])
@pytest.mark.parametrize("loss", ["softmax", "hinge", "squared_error"])
def test_the_weights_found_have_the_loss_and_accuracy_reported(loss, method, preprocess):
    found = random_search(
        X, Y, loss=loss, method=method, preprocess=preprocess, n_trials=70,
        class_reduction="mean", random_state=0,
    )  # fmt: skip
    assert (found.W.shape, found.b.shape) == ((60, 3), (3,))
    assert found.W.dtype == found.b.dtype == np.float64
    loss_again, _, _ = getattr(losses, loss)(found.W, X, Y, b=found.b, class_reduction="mean")
    assert found.loss == pytest.approx(loss_again, rel=1e-4)
    assert found.accuracy == np.mean(found.predict(X) == Y)
    assert found.losses.shape == found.best_losses.shape == (70,)
    assert found.loss == found.losses.min() == found.best_losses[-1]
    np.testing.assert_array_equal(found.best_losses, np.minimum.accumulate(found.losses))


@pytest.mark.parametrize("method", ["random", "local"])
def test_a_longer_search_begins_with_the_shorter(method):
    few = random_search(X, Y, method=method, n_trials=20, random_state=3)
    many = random_search(X, Y, method=method, n_trials=150, random_state=3)
    np.testing.assert_array_equal(many.losses[:20], few.losses)
    assert many.loss < few.loss


def test_trials_judged_together_or_one_by_one_are_the_same(monkeypatch):
    together = random_search(X, Y, n_trials=30, random_state=1)
    monkeypatch.setattr(_random_search, "_MAX_TRIALS", 1)
    alone = random_search(X, Y, n_trials=30, random_state=1)
    for name in ("W", "b", "losses"):
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))


@pytest.mark.parametrize("method", ["random", "local"])
def test_the_seed_decides_everything_and_threads_nothing(method):
    answers = {
        random_search(X, Y, method=method, n_trials=40, random_state=2, n_jobs=n).W.tobytes()
        for n in (1, 2, 3, None)
    }
    assert len(answers) == 1
    other = random_search(X, Y, method=method, n_trials=40, random_state=4)
    assert other.W.tobytes() not in answers


def test_random_weights_have_the_scale_asked_for():
    found = random_search(X, Y, n_trials=1, preprocess="none", scale=0.25, random_state=0)
    assert found.W.std() == pytest.approx(0.25, rel=0.2)
    assert found.b.any()
    plain = random_search(
        X, Y, n_trials=1, preprocess="none", scale=0.25, random_state=0, fit_intercept=False
    )
    np.testing.assert_array_equal(plain.W, found.W)
    assert not plain.b.any()


def test_local_steps_have_the_size_asked_for_and_are_taken_only_downhill():
    options = {"method": "local", "preprocess": "none", "random_state": 0}
    start = random_search(X, Y, n_trials=1, **options)
    second = random_search(X, Y, n_trials=2, step_size=1e-3, **options)
    assert second.losses[0] == start.loss
    taken = second.losses[1] < second.losses[0]
    step = (second.W - start.W).std()
    assert step == (pytest.approx(1e-3, rel=0.2) if taken else 0)
    uphill = random_search(X, Y, n_trials=30, step_size=1e3, **options)
    np.testing.assert_array_equal(uphill.W, start.W)
    assert uphill.losses[1:].min() > uphill.loss


def test_searching_nearby_beats_searching_anew_on_real_images():
    anew = random_search(DIGITS, DIGIT_LABELS, n_trials=500, random_state=0)
    nearby = random_search(DIGITS, DIGIT_LABELS, n_trials=500, method="local", random_state=0)
    assert 0.15 < anew.accuracy < 0.4
    assert nearby.accuracy > 0.5


def test_labels_of_any_type():
    names = np.array(["cat", "auto", "bird"])[Y]
    found = random_search(X, names, n_trials=5, random_state=0)
    assert found.classes.tolist() == ["auto", "bird", "cat"]
    assert set(found.predict(X)) <= {"auto", "bird", "cat"}
    assert found.accuracy == np.mean(found.predict(X) == names)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.int64])
def test_rows_of_any_type(dtype):
    found = random_search(X.reshape(120, 60).astype(dtype), Y, n_trials=10, random_state=0)
    expected = random_search(X, Y, n_trials=10, random_state=0)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-4)
    np.testing.assert_allclose(found.W, expected.W, rtol=1e-5)


def test_memory_is_bounded_whatever_the_number_of_trials():
    wide = RNG.integers(0, 256, (20, 3000), dtype=np.uint8)
    labels = np.arange(20) % 10
    tracemalloc.start()
    try:
        random_search(wide, labels, n_trials=600, preprocess="none", random_state=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60e6  # of 600 x 10 x 3,001 weights: 144 MB in float64


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("method", ["random", "local"])
def test_a_bar_is_shown_on_a_terminal_if_one_is_wanted(monkeypatch, method):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    random_search(X, Y, n_trials=3, method=method, verbose=False)
    assert terminal.getvalue() == ""
    random_search(X, Y, n_trials=3, method=method, verbose=True)
    assert "random search" in terminal.getvalue()


@pytest.mark.parametrize("method", ["random", "local"])
def test_the_bar_reaches_the_end(monkeypatch, method):
    seen = []

    class Recording:
        def __enter__(self):
            return seen.append

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(_random_search, "progress_bar", lambda *_, **__: Recording())
    random_search(X, Y, n_trials=200, method=method)
    assert seen == sorted(seen)
    assert seen[-1] == 1


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"loss": "log"}, ValueError, "loss must be 'softmax' or .*got 'log'"),
        ({"method": "global"}, ValueError, "method must be 'random' or 'local'; got 'global'"),
        ({"preprocess": "whiten"}, ValueError, "preprocess must be .*got 'whiten'"),
        ({"class_reduction": "max"}, ValueError, "class_reduction must be .*got 'max'"),
        ({"n_trials": 0}, ValueError, "n_trials must be at least 1; got 0"),
        ({"n_trials": 1.5}, TypeError, "n_trials must be an integer; got 1.5"),
        ({"scale": 0}, ValueError, "scale must be .*above 0.*got 0"),
        ({"step_size": -1}, ValueError, "step_size must be .*above 0.*got -1"),
        ({"margin": -1}, ValueError, "margin must be .*at least 0; got -1"),
        ({"fit_intercept": "yes"}, TypeError, "fit_intercept must be True or False; got 'yes'"),
        ({"verbose": 1}, TypeError, "verbose must be True or False; got 1"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be None or an integer other than 0"),
        ({"y": Y[:-1]}, ValueError, "X has 120, y has 119"),
        ({"y": Y + 0.5}, ValueError, "[Uu]nknown label type"),
        ({"X": X[:0], "y": Y[:0]}, ValueError, "y must hold one target"),
        ({"X": np.full((120, 2), np.nan)}, ValueError, "Input X contains NaN"),
        ({"scale": 1e300}, ValueError, "no trial has a finite loss with scale=1e[+]300"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        random_search(**{"X": X, "y": Y, "n_trials": 2, **changes})


def test_rows_of_another_width_are_refused():
    found = random_search(X, Y, n_trials=2, random_state=0)
    with pytest.raises(ValueError, match=r"X must have the 60 features .*; it has 59"):
        found.predict(np.zeros((3, 59)))
