"""The promises of reliability, each with a part of the cases of a full run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "bench" / "reliability.py"


def run(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def names():
    listed = run("--list")
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


def test_the_page_is_what_the_records_say(tmp_path):
    path = tmp_path / "page.md"
    done = run("--only", "--page", path)
    assert done.returncode == 0, done.stderr
    assert path.read_text(encoding="utf-8") == (ROOT / "docs" / "reliability.md").read_text(
        encoding="utf-8"
    )
