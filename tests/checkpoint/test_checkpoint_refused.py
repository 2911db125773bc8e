"""Files of other trainings, and files that are damaged, are refused and left as they are."""

import numpy as np
import pytest

from nearplane import LinearClassifier
from nearplane._storage import read_arrays, write_arrays
from nearplane.linear_model._checkpoint import Checkpoint

from .checks import KIND, X_VAL, X, assert_same, fit_somehow, linear, y, y_val


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


def test_what_a_file_holds_is_what_training_has_got_to(broken_off):
    facts, arrays = read_arrays(broken_off[0], KIND)
    two = linear().fit(X, y).history_
    assert facts["training"]["epoch"] == 2
    for name in ("loss", "train_accuracy", "learning_rate"):
        assert arrays[f"training 0 history {name}"].tolist() == two[name][:2].tolist()
