"""The promises of reliability, each with a part of the cases of a full run."""

import importlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "bench" / "reliability.py"


def run(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def names():
    listed = run("--list", "--part")
    assert listed.returncode == 0, listed.stderr
    return listed.stdout.split()


@pytest.mark.parametrize("name", names())
def test_a_part_of_each_promise_is_kept(name, tmp_path):
    path = tmp_path / "found.json"
    done = run("--only", name, "--part", "--n-query", 200, "--n-train", 5_000, "--json", path)
    assert done.returncode == 0, done.stdout + done.stderr
    findings = json.loads(path.read_text())["promises"][name]
    assert any(finding["tried"] for finding in findings)
    assert all(finding["verdict"] != "BROKEN" for finding in findings)


@pytest.fixture
def harness(monkeypatch):
    """Return the modules of findings and of records."""
    monkeypatch.syspath_prepend(ROOT / "bench")
    return importlib.import_module("harness.promise"), importlib.import_module("harness.records")


@pytest.mark.parametrize(
    ("tried", "survived", "row"),
    [(1_200, 1_200, "1,200 | 1,200"), (9, 8, "9 | **8: BROKEN**"), (0, 0, "0 | **0: not tried**")],
)
def test_the_page_shows_what_was_not_kept(harness, tried, survived, row):
    finding = harness[0].Finding("it works", tried, survived, "cases")
    assert f"| [it works](#it) | {row} | `python it` |" in page_of(harness, finding, part=2)


@pytest.mark.parametrize(("part", "repeated"), [(2, "2 of 5 cases"), (0, "nothing")])
def test_the_page_shows_what_the_tests_repeat(harness, part, repeated):
    finding = harness[0].Finding("it works", 5, 5, "cases")
    assert f"| 5 | 5 | `python it` | {repeated} |" in page_of(harness, finding, part=part)


def page_of(harness, finding, *, part):
    promise, records = harness
    machine = {"cpu": "a", "isa_level": "v2", "python": "3"}
    record = records.Record("it", "python it", 5, "abc", "today", 1.0, machine, [finding])
    return records.page([record], {"it": promise.Promise(records.page, 5, part, "cases")})


def test_a_record_is_read_as_it_was_written(harness, tmp_path, monkeypatch):
    promise, records = harness
    monkeypatch.setattr(records, "RECORDS", tmp_path)
    finding = promise.Finding("it works", 2, 2, "cases", {"counts": Counter(a=1, b=1)})
    record = records.Record("it", "python it", 5, "abc", "today", 1.0, {"cpu": "a"}, [finding])
    records.write_record(record)
    assert records.read_records(["it", "other"]) == [record]


def test_a_training_that_fails_before_it_is_killed_breaks_the_promise(harness):
    killed = importlib.import_module("promises.killed")
    sound = {"number": 0, "n_rows": 9, "dtype": "uint8", "params": {}, "n_kills": 7}
    sound |= {"n_in_write": 1, "n_resumed": 6, "problem": ""}
    assert killed._finding([sound]).verdict == "kept"
    failed = sound | {"n_kills": 0, "problem": "exit status 1"}
    for trainings in ([failed], [sound, failed]):
        assert killed._finding(trainings).verdict == "BROKEN"


def test_a_model_that_answers_otherwise_once_loaded_breaks_the_promise(harness, tmp_path):
    long_run = importlib.import_module("promises.long_run")
    answers = iter(range(100))

    class Model:
        def save(self, path):
            pass

    case = long_run.Case("a", Model, {"ask": lambda _: next(answers)}, lambda *_, **__: Model())
    work = long_run._Same(lambda: long_run._use(case, tmp_path))
    assert not work()
    assert not work()


def test_the_page_is_what_the_records_say(tmp_path):
    path = tmp_path / "page.md"
    done = run("--only", "--page", path)
    assert done.returncode == 0, done.stderr
    assert path.read_text(encoding="utf-8") == (ROOT / "docs" / "reliability.md").read_text(
        encoding="utf-8"
    )
