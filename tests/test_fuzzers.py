"""Fuzzers find what is wrong with a reader, and change files in ways that checksums do not show."""

import json
import os
import random
import signal
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def fuzzers(monkeypatch):
    """Return the fuzzers' modules; models, data sets and pickles are small for good."""
    monkeypatch.syspath_prepend(ROOT / "bench")
    from fuzzers import runs, targets

    return runs, targets


@pytest.fixture
def run(fuzzers, tmp_path):
    """Return what runs a target of a few bytes with a reader of one's own."""
    runs, targets = fuzzers

    def make(read, *refusals):
        target = targets.Target([b"sound"], "file", read, refusals)
        return runs.Run(target, tmp_path, tmp_path / "found", runs.Tally())

    return make


def read_bytes_from(readers):
    return lambda path: readers.get(path.read_bytes(), bytes)()


def failing(error):
    def read():
        raise error

    return read


def test_what_is_documented_is_refused_and_all_else_is_wrong(run, fuzzers, tmp_path):
    unsound = fuzzers[1].UnsoundError("NaN")
    readers = {b"a": ValueError("no"), b"b": KeyError("b"), b"c": MemoryError(), b"d": unsound}
    reads = {data: failing(error) for data, error in readers.items()}
    trial = run(read_bytes_from(reads), ValueError)
    for data in (b"a", b"b", b"c", b"d", b"b", b"sound"):
        trial.try_input(data)
    assert (trial.tally.executions, trial.tally.refused, trial.tally.n_wrong) == (6, 1, 4)
    kept = {problem: Path(path).read_bytes() for problem, path in trial.tally.problems.items()}
    assert kept == {
        "KeyError in test_fuzzers.py:read": b"b",
        "MemoryError in test_fuzzers.py:read": b"c",
        "unsound: NaN": b"d",
    }
    assert not (tmp_path / "found" / "pending").exists()


ENDLESS = """
import sys
from pathlib import Path
from fuzzers import runs, targets

def read(path):
    while path.read_bytes() == b"endless":
        pass

folder = Path(sys.argv[1])
runs._MOST_SECONDS = 0.2
trial = runs.Run(targets.Target([b""], "file", read, ()), folder, folder / "found", runs.Tally())
trial.try_input(b"short")
trial.try_input(b"endless")
"""


def test_an_input_that_is_read_for_ever_is_ended_and_left_behind(tmp_path):
    paths = [str(ROOT / "bench"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-c", ENDLESS, str(tmp_path)]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGPROF
    assert (tmp_path / "found" / "pending").read_bytes() == b"endless"


@pytest.mark.parametrize("name", ["neighbors", "npz", "idx-images-gz", "cifar100-tar", "pictures"])
def test_a_number_stands_for_one_input_that_is_not_the_sound_one(fuzzers, name):
    runs, targets = fuzzers
    target = targets.load(name)
    inputs = [runs.numbered_input(target, number) for number in range(40)]
    assert inputs == [runs.numbered_input(target, number) for number in range(40)]
    assert len(set(inputs) - set(target.seeds)) > 20


def test_most_changed_models_get_past_their_checksums(fuzzers, tmp_path):
    """Otherwise nothing would be tried but the checksums."""
    runs, targets = fuzzers
    target, path = targets.load("linear"), tmp_path / "model"
    reasons = Counter()
    for number in range(200):
        path.write_bytes(runs.numbered_input(target, number))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of names of columns
                target.read(path)
            reasons["sound"] += 1
        except target.refusals as error:
            damaged = "damaged" in str(error) or "ends within" in str(error)
            reasons["damaged" if damaged else "senseless"] += 1
    assert reasons["damaged"] < 120
    assert reasons["senseless"] > 50
    assert reasons["sound"] > 10


def test_facts_change_everywhere(fuzzers):
    from fuzzers.changes import change_fact

    facts = {"a": 1, "b": ["x", {"c": 2.5}], "d": None}
    rng = random.Random(0)
    found = [json.dumps(change_fact(facts, rng)) for _ in range(300)]
    assert len(set(found)) > 60
    assert any('{"a": 1, "b": ["x", {"c": ' in text and text != json.dumps(facts) for text in found)
    assert facts == {"a": 1, "b": ["x", {"c": 2.5}], "d": None}
    assert sys.getsizeof(max(found, key=len)) < 10_000
