"""Checkpoints: a training that is broken off goes on to the last bit as if it had not been."""

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
from nearplane._storage import read_arrays, write_arrays
from nearplane.linear_model import StepDecay, _checkpoint
from nearplane.linear_model._checkpoint import Checkpoint
from nearplane.linear_model._training import Training

from .linear_sweep_data import assert_same_history, two_sets_of_digits

(X, y), (X_VAL, y_val) = two_sets_of_digits()
KIND = "LinearClassifier checkpoint"


class KilledError(Exception):
    """What ends a training here, where nothing can be done about it any more."""


@pytest.fixture(autouse=True)
def file_after_each_epoch(monkeypatch):
    monkeypatch.setattr(_checkpoint, "_PATIENCE", 0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "training"


@pytest.fixture
def kill(monkeypatch):
    """Return what sets after how many epochs each fit is to end with an exception."""
    run_epoch = Training.run_epoch

    def after(n_epochs, exception=KilledError):
        n_run = {}

        def run(training, progress=None):
            n_run[training] = n_run.get(training, 0) + 1
            if n_run[training] > n_epochs:
                raise exception
            run_epoch(training, progress)

        monkeypatch.setattr(Training, "run_epoch", run)

    return after


def linear(loss="softmax", **params):
    return LinearClassifier(loss, **{"max_epochs": 5, "batch_size": 64, "random_state": 0} | params)


def fit_somehow(model, **data):
    """Fit, and return whether that came to its end."""
    try:
        model.fit(**{"X": X, "y": y} | data)
    except KilledError:
        return False
    return True


def fit_in_pieces(make, **data):
    """Fit as many new estimators as it takes until one comes to the end; return that."""
    n_killed = 0
    while True:
        model = make()
        if fit_somehow(model, **data):
            return model, n_killed
        assert not hasattr(model, "coef_")
        n_killed += 1


def assert_same(found, expected):
    """Fail unless two classifiers are equal in all that is fitted, to the last bit."""
    names = set(vars(expected)) - set(expected.get_params())
    assert set(vars(found)) - set(found.get_params()) == names
    for name in names:
        one, other = getattr(found, name), getattr(expected, name)
        assert type(one) is type(other), name
        if isinstance(other, dict):
            assert_same_history(one, other)
            assert [values.dtype for values in one.values()] == [v.dtype for v in other.values()]
        elif isinstance(other, np.ndarray):
            assert one.dtype == other.dtype
            assert one.tobytes() == other.tobytes(), name
        else:
            np.testing.assert_equal(one, other, err_msg=name)
    assert found.predict(X_VAL).tobytes() == expected.predict(X_VAL).tobytes()


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


def test_only_what_changes_no_bit_may_differ(path, kill):
    expected = linear().fit(X, y)
    kill(3)
    assert not fit_somehow(linear(checkpoint=path, n_jobs=1))
    same = {"n_jobs": 2, "verbose": True, "warm_start": True}
    spellings = {"alpha": np.float64(0.003), "schedule": linear().schedule}
    found = linear(checkpoint=str(path), **same, **spellings)
    assert_same(found.fit(X.copy(order="F"), y.tolist()), expected)


OTHERS = {
    "loss": "hinge",
    "penalty": None,
    "alpha": 0.5,
    "l1_ratio": 0.5,
    "optimizer": "adam",
    "learning_rate": 0.125,
    "schedule": "step",
    "warmup_epochs": 1,
    "momentum": 0.5,
    "decay": 0.5,
    "epsilon": 0.5,
    "batch_size": 65,
    "max_epochs": 6,
    "tol": 0.5,
    "preprocess": "center",
    "margin": 2.0,
    "class_reduction": "mean",
    "early_stopping": True,
    "validation_fraction": 0.5,
    "n_iter_no_change": 6,
    "class_weight": "balanced",
    "fit_intercept": False,
    "shuffle": False,
    "record_steps": True,
    "random_state": 1,
}
NAMED = {"class_weight": "sample_weight or class_weight differs", "schedule": "schedule={'schedul"}
OTHER_DATA = {
    "X": (X + (np.arange(X.size).reshape(X.shape) == 9), "X differs"),
    "X float": (X.astype(float), "X differs"),
    "y": (np.where(np.arange(len(y)) == 9, 0, y), "y differs"),
    "y text": (y.astype(str), "y differs"),
    "sample_weight": (1 + np.arange(len(y)) % 2, "sample_weight or class_weight differs"),
}


@pytest.fixture
def broken_off(path, kill):
    """Return a checkpoint of a training that has been broken off, and what the file holds."""
    kill(2)
    assert not fit_somehow(linear(checkpoint=path))
    kill(5)
    return path, path.read_bytes()


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_other_parameters_is_refused_and_left(name, broken_off):
    path, content = broken_off
    expected = NAMED.get(name, f"{name}={getattr(linear(), name)!r}, not {OTHERS[name]!r}")
    with pytest.raises(ValueError, match=f"^{path}: is the checkpoint of another training") as told:
        linear(checkpoint=path, **{name: OTHERS[name]}).fit(X, y)
    assert expected in str(told.value)
    assert path.read_bytes() == content


def test_every_parameter_has_been_tried():
    no_part = {"checkpoint", "n_jobs", "verbose", "warm_start", "solver"}
    assert set(linear().get_params()) == no_part | set(OTHERS)


@pytest.mark.parametrize("name", OTHER_DATA)
def test_a_file_of_other_data_is_refused_and_left(name, broken_off):
    path, content = broken_off
    value, message = OTHER_DATA[name]
    with pytest.raises(ValueError, match=f"another training: {message}. Remove the file, or give"):
        linear(checkpoint=path).fit(**{"X": X, "y": y} | {name.split()[0]: value})
    assert path.read_bytes() == content


def test_a_file_of_another_validation_set_is_refused(path, kill):
    kill(2)
    data = {"X_val": X_VAL, "y_val": y_val}
    assert not fit_somehow(linear(checkpoint=path), **data)
    others = ({}, data | {"y_val": y_val[::-1]}, data | {"X_val": X_VAL + (X_VAL == 9)})
    for other in (*others, {"X_val": X, "y_val": y}):
        with pytest.raises(ValueError, match="another training: the validation set differs"):
            linear(checkpoint=path).fit(X, y, **other)


def test_functions_are_told_apart_by_what_they_return(path, kill):
    kill(2)
    assert not fit_somehow(linear(checkpoint=path, schedule=lambda times, n: 0.5**times))
    for schedule in (lambda times, n: 0.25**times, "exponential"):
        with pytest.raises(ValueError, match="another training: schedule differs"):
            linear(checkpoint=path, schedule=schedule).fit(X, y)


def test_weights_that_another_training_has_left_are_another_start(path, kill):
    model = linear(warm_start=True).fit(X, y)
    kill(2)
    assert not fit_somehow(model.set_params(checkpoint=path))
    with pytest.raises(ValueError, match="the weights that warm_start=True begins with differ"):
        linear(checkpoint=path, warm_start=True).fit(X, y)


@pytest.mark.parametrize("random_state", [1, None])
def test_no_training_replaces_the_file_of_another(random_state, path, kill, monkeypatch):
    """Both begin before either has written a file."""
    after_epoch, content = Checkpoint.after_epoch, []

    def intrude(checkpoint):
        if not content:
            content.append(None)
            kill(1)
            assert not fit_somehow(linear(checkpoint=path, random_state=random_state))
            content[0] = path.read_bytes()
            kill(5)
        after_epoch(checkpoint)

    monkeypatch.setattr(Checkpoint, "after_epoch", intrude)
    with pytest.raises(ValueError, match="is the checkpoint of another training"):
        linear(checkpoint=path, random_state=None).fit(X, y)
    assert [path.read_bytes()] == content


def test_no_training_removes_the_file_of_another(path, kill, monkeypatch):
    after_epoch = Checkpoint.after_epoch

    def intrude(checkpoint):
        monkeypatch.setattr(Checkpoint, "after_epoch", after_epoch)
        kill(1)
        assert not fit_somehow(linear(checkpoint=path, random_state=1))
        kill(5)

    monkeypatch.setattr(Checkpoint, "after_epoch", intrude)
    model = linear(checkpoint=path, max_epochs=1).fit(X, y)
    assert_same(model, linear(max_epochs=1).fit(X, y))
    assert read_arrays(path, KIND)[0]["identity"]["random_state"] == 1


def test_two_processes_may_do_the_same_training(path, kill, monkeypatch):
    expected = linear().fit(X, y)
    after_epoch, others = Checkpoint.after_epoch, []

    def begin_another(checkpoint):
        if not others:
            others.append(linear(checkpoint=path))
            others[0].fit(X, y)
        after_epoch(checkpoint)

    monkeypatch.setattr(Checkpoint, "after_epoch", begin_another)
    model = linear(checkpoint=path).fit(X, y)
    assert_same(model, expected)
    assert_same(others[0], expected)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"text", b"\x89NPLN\r\n\x1a"])
def test_other_files_are_refused_and_left(content, path):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^{path}: "):
        linear(checkpoint=path).fit(X, y)
    assert path.read_bytes() == content


def test_models_are_no_checkpoints_nor_the_other_way_round(path, kill):
    linear().fit(X, y).save(path)
    with pytest.raises(ValueError, match=f"holds 'LinearClassifier', expected '{KIND}'"):
        linear(checkpoint=path).fit(X, y)
    path.unlink()
    kill(1)
    assert not fit_somehow(linear(checkpoint=path))
    with pytest.raises(ValueError, match=f"holds '{KIND}', expected 'LinearClassifier'"):
        LinearClassifier.load(path)


def test_each_damaged_byte_is_found(broken_off):
    path, content = broken_off
    for place in range(0, len(content), 97):
        path.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
        with pytest.raises(ValueError, match=f"^{path}: "):
            linear(checkpoint=path).fit(X, y)
    path.write_bytes(content[:-1])
    with pytest.raises(ValueError, match="is damaged"):
        linear(checkpoint=path).fit(X, y)


def set_fact(*keys, to):
    def change(facts, arrays):
        for key in keys[:-1]:
            facts = facts[key]
        facts[keys[-1]] = to

    return change


def set_array(name, value):
    return lambda facts, arrays: arrays.__setitem__(f"training {name}", np.array(value))


def drop(name):
    return lambda facts, arrays: (facts.pop(name, None), arrays.pop(f"training {name}", None))


COURSE = ("training", "courses", 0)
WEIGHTS = np.zeros((10, 65), dtype=np.float32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("identity"), "'identity' is missing"),
        (set_fact("identity", to=5), "'int' object is not iterable"),
        (drop("training"), "'training' is missing"),
        (set_fact("training", to=[]), "list indices"),
        (set_fact("training", "epoch", to=6), "its epoch 6 is beyond the last, 5"),
        (set_fact("training", "epoch", to=-1), "epoch must be at least 0"),
        (set_fact("training", "epoch", to=3), "epoch 3 has a history of 2"),
        (set_fact("training", "courses", to=[]), "shorter"),
        (set_fact("training", "n_steps", to=2**63 - 1), "n_steps must be at most"),
        (set_fact("training", "n_steps", to=-1), "n_steps must be at least 0"),
        (set_fact("training", "generator", "position", to=625), "in no state that there is"),
        (set_fact("training", "generator", "position", to=-1), "position must be at least 0"),
        (set_fact("training", "generator", "has_gauss", to=2), "in no state that there is"),
        (set_fact("training", "generator", "gauss", to="a"), "gauss must be a number"),
        (set_fact("training", "generator", to={}), "'position' is missing"),
        (set_array("generator", np.zeros(623, np.uint32)), "key has shape"),
        (set_array("generator", np.zeros(624, np.uint64)), "in no state that there is"),
        (set_fact(*COURSE, "epoch", to=3), "epoch 0 is best of 3"),
        (set_fact(*COURSE, "reason", to="bored"), "reason must be"),
        (set_fact(*COURSE, "stale", to={"tol": 0}), "'early_stopping' is missing"),
        (set_fact(*COURSE, "stale", "tol", to=-1), "tol must be at least 0"),
        (set_fact(*COURSE, "n_steps", to="a"), "n_steps must be an integer"),
        (set_fact(*COURSE, "best_epoch", to=1), "'best_n_steps' is missing"),
        (set_array("0 marks", [0.0]), "marks has shape"),
        (drop("0 marks"), "'marks' is missing"),
        (drop("0 last weights"), "'last weights' is missing"),
        (set_array("0 last weights", WEIGHTS[:9]), "last state has shape"),
        (set_array("0 last weights", WEIGHTS.astype(float)), "its weights are float64, expected"),
        (set_array("0 last weights", WEIGHTS + np.nan), "its weights are not finite"),
        (set_array("0 last moments", WEIGHTS), "last state has shape"),
        (drop("0 history loss"), "'history loss' is missing"),
        (set_array("0 history loss", [1.0]), "history loss has shape"),
        (set_array("0 history epoch", 1), "len"),
        (set_array("0 history loss", ["a", "b"]), "history loss has dtype"),
        (set_array("0 steps step", [1]), "'steps data_loss' is missing"),
    ],
)
def test_files_that_make_no_sense_are_refused(change, message, broken_off):
    """Every checksum is right, for `write_arrays` has written them."""
    path, _ = broken_off
    facts, arrays = read_arrays(path, KIND)
    change(facts, arrays)
    write_arrays(path, KIND, facts, arrays)
    with pytest.raises(ValueError, match=f"^{path}: holds no state of a training: .*{message}"):
        linear(checkpoint=path).fit(X, y)


def test_the_beginning_of_the_generator_makes_sense(path, kill):
    kill(1)
    assert not fit_somehow(linear(checkpoint=path, random_state=None))
    facts, arrays = read_arrays(path, KIND)
    facts["beginning"]["position"] = -1
    write_arrays(path, KIND, facts, arrays)
    with pytest.raises(ValueError, match=r"holds no state of a training: .*position must be"):
        linear(checkpoint=path, random_state=None).fit(X, y)


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


def test_what_a_file_holds_is_what_training_has_got_to(broken_off):
    facts, arrays = read_arrays(broken_off[0], KIND)
    two = linear().fit(X, y).history_
    assert facts["training"]["epoch"] == 2
    for name in ("loss", "train_accuracy", "learning_rate"):
        assert arrays[f"training 0 history {name}"].tolist() == two[name][:2].tolist()
