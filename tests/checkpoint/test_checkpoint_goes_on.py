"""A training that is broken off goes on to the last bit as if it had not been."""

import os
import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from nearplane import LinearClassifier, LinearClassifierCV, LinearClassifierSweep
from nearplane.linear_model import StepDecay, _checkpoint
from nearplane.linear_model._training import Training

from .checks import X_VAL, X, assert_same, fit_in_pieces, fit_somehow, linear, y, y_val

CONFIGURATIONS = [
    *({"optimizer": name} for name in ("sgd", "nesterov", "adagrad", "rmsprop", "adam")),
    {"loss": "hinge", "penalty": "l1", "record_steps": True},
    {"loss": "squared_hinge", "penalty": "elasticnet", "preprocess": "center"},
    {"loss": "crammer_singer", "penalty": None, "preprocess": "none", "learning_rate": 1e-4},
    {"loss": "ovr_hinge", "shuffle": False},
    {"loss": "ovr_logistic", "batch_size": None, "fit_intercept": False},
    {"loss": "squared_error", "class_weight": {3: 2.0, 5: 0.5}, "warmup_epochs": 2},
    {"schedule": StepDecay(every=np.int64(2)), "momentum": 0.0, "tol": 1e9, "n_iter_no_change": 3},
    {"schedule": lambda times, n: 1 / (1 + times / n), "class_weight": "balanced"},
]


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("params", CONFIGURATIONS, ids=str)
def test_a_training_in_pieces_is_the_training_in_one(params, dtype, path, kill):
    rows = X.astype(dtype)
    expected = linear(**params).fit(rows, y)
    for n_epochs in (1, 2):
        kill(n_epochs)
        found, n_killed = fit_in_pieces(lambda: linear(checkpoint=path, **params), X=rows)
        assert n_killed == (expected.n_iter_ - 1) // n_epochs
        assert_same(found, expected)
        assert not path.exists()


@pytest.mark.parametrize("n_epochs", range(1, 12))
def test_the_best_epoch_is_remembered(n_epochs, path, kill):
    params = {"max_epochs": 40, "n_iter_no_change": 4, "learning_rate": 0.5, "early_stopping": True}
    expected = linear(**params).fit(X, y)
    assert expected.stop_reason_ == "early_stopping"
    assert 1 < expected.best_epoch_ < expected.n_iter_ - 3  # else there is little to remember
    kill(n_epochs)
    found, n_killed = fit_in_pieces(lambda: linear(checkpoint=path, **params))
    assert n_killed == (expected.n_iter_ - 1) // n_epochs
    assert_same(found, expected)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_validation_set_and_weights_of_rows_are_kept_apart(early_stopping, path, kill):
    data = {"X_val": X_VAL, "y_val": y_val, "sample_weight": np.arange(len(y)) % 3}
    expected = linear(early_stopping=early_stopping).fit(X, y, **data)
    kill(2)
    found, n_killed = fit_in_pieces(
        lambda: linear(early_stopping=early_stopping, checkpoint=path), **data
    )
    assert n_killed == 2
    assert_same(found, expected)


def test_a_training_that_diverges_does_so_in_pieces(path, kill):
    params = {"loss": "squared_error", "learning_rate": 0.1, "max_epochs": 30}
    with pytest.warns(ConvergenceWarning, match="diverged in epoch"):
        expected = linear(**params).fit(X, y)
    assert expected.n_iter_ > 2
    kill(1)
    with pytest.warns(ConvergenceWarning, match="diverged in epoch"):
        found, _ = fit_in_pieces(lambda: linear(checkpoint=path, **params))
    assert_same(found, expected)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_warm_start_is_begun_once(optimizer, path, kill, tmp_path):
    before = linear(optimizer=optimizer, warm_start=True).fit(X, y)
    before.save(tmp_path / "before")
    expected = pickle.loads(pickle.dumps(before)).fit(X, y)
    kill(2)
    n_killed, done = 0, False
    while not done:
        found = LinearClassifier.load(tmp_path / "before").set_params(checkpoint=path)
        done = fit_somehow(found)
        n_killed += not done
    assert n_killed == 2
    assert_same(found, expected)


def test_without_a_seed_the_broken_off_training_is_the_one_that_goes_on(path, kill):
    of_numpy = check_random_state(None)
    state = of_numpy.get_state()
    expected = linear(random_state=None, early_stopping=True).fit(X, y)
    of_numpy.set_state(state)
    kill(2)
    found, n_killed = fit_in_pieces(
        lambda: linear(random_state=None, early_stopping=True, checkpoint=path)
    )
    assert n_killed == 2
    assert_same(found, expected)
    kill(5)
    other = linear(random_state=None, early_stopping=True, checkpoint=path).fit(X, y)
    assert not np.array_equal(other.coef_, found.coef_)


def test_a_generator_is_left_as_one_training_would_leave_it(path, kill):
    own = np.random.RandomState(7)
    expected = linear(random_state=own, early_stopping=True).fit(X, y)
    left = own.randint(1000)
    kill(2)
    own = np.random.RandomState(7)
    model, n_killed = linear(random_state=own, early_stopping=True, checkpoint=path), 0
    while not fit_somehow(model):  # with the same generator, which an exception sets back
        n_killed += 1
    assert n_killed == 2
    assert_same(model, expected)
    assert own.randint(1000) == left


def test_a_generator_that_has_been_used_is_another(path, kill):
    kill(2)
    assert not fit_somehow(linear(random_state=np.random.RandomState(7), checkpoint=path))
    own = np.random.RandomState(7)
    own.randint(5)
    with pytest.raises(ValueError, match="another training: random_state differs"):
        linear(random_state=own, checkpoint=path).fit(X, y)
    with pytest.raises(ValueError, match="another training: random_state differs"):
        linear(random_state=7, checkpoint=path).fit(X, y)


def test_a_refusal_leaves_the_generator_as_it_was(path, kill):
    """Else what was right again would be refused, too."""
    params = {"early_stopping": True, "checkpoint": path}
    expected = linear(random_state=np.random.RandomState(7), early_stopping=True).fit(X, y)
    kill(2)
    assert not fit_somehow(linear(random_state=np.random.RandomState(7), **params))
    kill(5)
    own = np.random.RandomState(7)
    with pytest.raises(ValueError, match=r"another training: alpha"):
        linear(random_state=own, alpha=0.5, **params).fit(X, y)
    assert_same(linear(random_state=own, **params).fit(X, y), expected)


def test_generators_of_other_kinds_are_refused(path):
    own = np.random.RandomState(np.random.PCG64(0))
    linear(random_state=own).fit(X, y)
    with pytest.raises(ValueError, match=r"random_state must draw by MT19937 .* by PCG64"):
        linear(random_state=own, checkpoint=path).fit(X, y)


@pytest.mark.parametrize("warm_start", [False, True])
def test_after_ctrl_c_training_goes_on(warm_start, path, kill):
    expected = linear(max_epochs=4, early_stopping=True).fit(X, y)
    model = linear(max_epochs=4, early_stopping=True, warm_start=warm_start, checkpoint=path)
    kill(1, KeyboardInterrupt)
    for n_iter in (1, 2, 3):
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, y)
        assert (model.n_iter_, model.stop_reason_) == (n_iter, "interrupted")
        assert model.score(X_VAL, y_val) > 0.3
    model.fit(X, y)
    assert_same(model, expected)
    kill(4)
    assert model.fit(X, y).n_iter_ == 4
    assert np.array_equal(model.coef_, expected.coef_) != warm_start


def test_what_was_interrupted_and_then_taught_otherwise_is_another_start(path, kill):
    model = linear(warm_start=True, checkpoint=path)
    kill(1, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    kill(1)
    model.set_params(checkpoint=None).partial_fit(X, y)
    with pytest.raises(ValueError, match="the weights that warm_start=True begins with differ"):
        model.set_params(checkpoint=path).fit(X, y)


@pytest.mark.parametrize("name", ["training", b"training", Path("training")], ids=type)
def test_a_path_is_text_or_a_path(name, tmp_path, monkeypatch, kill):
    monkeypatch.chdir(tmp_path)
    kill(1)
    if isinstance(name, bytes):
        with pytest.raises(TypeError, match="checkpoint must be None or the path of a file; got b"):
            linear(checkpoint=name).fit(X, y)
        return
    assert not fit_somehow(linear(checkpoint=name))
    assert os.listdir() == ["training"]


def test_a_link_stays_one(path, tmp_path, kill):
    path.symlink_to(tmp_path / "target")
    kill(3)
    assert not fit_somehow(linear(checkpoint=path))
    assert path.is_symlink()
    assert (tmp_path / "target").is_file()
    assert linear(checkpoint=path).fit(X, y).n_iter_ == 5
    assert os.listdir(tmp_path) == ["training"]


def test_where_no_file_can_be_is_told_before_training(tmp_path, kill):
    kill(0)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        linear(checkpoint=tmp_path / "nowhere" / "training").fit(X, y)
    with pytest.raises(IsADirectoryError):
        linear(checkpoint=tmp_path).fit(X, y)


def test_a_disk_that_is_full_costs_no_more_than_what_came_since(broken_off, monkeypatch):
    path, content = broken_off

    def full(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(_checkpoint, "write_arrays", full)
        with pytest.raises(OSError, match="No space left"):
            linear(checkpoint=path).fit(X, y)
    assert path.read_bytes() == content
    assert_same(linear(checkpoint=path).fit(X, y), linear().fit(X, y))


def test_files_take_a_twentieth_of_the_time(path, monkeypatch):
    """An epoch takes one second and a file three, by a clock of our own."""
    monkeypatch.undo()
    clock, written = [0.0], []
    run_epoch, write = Training.run_epoch, _checkpoint.write_arrays

    def run_a_second(training, progress=None):
        run_epoch(training, progress)
        clock[0] += 1

    def write_for_three(*arguments):
        write(*arguments)
        written.append(clock[0])
        clock[0] += 3

    monkeypatch.setattr(_checkpoint.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(Training, "run_epoch", run_a_second)
    monkeypatch.setattr(_checkpoint, "write_arrays", write_for_three)
    linear(checkpoint=path, max_epochs=200).fit(X, y)
    assert written[0] == 1
    assert [later - earlier for earlier, later in pairwise(written)] == [60, 60, 60]


def test_a_short_training_leaves_nothing_behind(path, tmp_path):
    assert_same(linear(checkpoint=path).fit(X, y), linear().fit(X, y))
    assert os.listdir(tmp_path) == []


def test_the_path_is_a_parameter_like_others_but_no_model_holds_it(path, tmp_path):
    model = linear(checkpoint=path)
    for copy in (clone(model), pickle.loads(pickle.dumps(model))):
        assert copy.get_params() == model.get_params()
    model.fit(X, y).save(tmp_path / "model")
    found = LinearClassifier.load(tmp_path / "model")
    assert found.get_params() == model.set_params(checkpoint=None).get_params()


def test_passes_and_comparisons_have_no_checkpoint(path):
    with pytest.raises(ValueError, match="checkpoint must be None for partial_fit"):
        linear(checkpoint=path).partial_fit(X, y)
    message = "checkpoint must be None in a comparison of settings"
    for search in (
        LinearClassifierSweep(linear(checkpoint=path)),
        LinearClassifierSweep(linear(), {"checkpoint": [None, str(path)]}),
        LinearClassifierCV(estimator=linear(checkpoint=path)),
    ):
        with pytest.raises(ValueError, match=message):
            search.fit(X, y)
