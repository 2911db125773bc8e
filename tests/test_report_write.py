import os
import sys

import pytest

from nearplane.report import _memory, check_writable, write_atomically


def test_the_file_is_whole_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "report.html"
    write_atomically(path, "naïve ✓\n")
    assert path.read_bytes() == "naïve ✓\n".encode()
    write_atomically(path, "new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["report.html"]


@pytest.mark.parametrize("problem", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_no_part(tmp_path, monkeypatch, problem):
    path = tmp_path / "report.html"
    path.write_text("old")

    def replace(*_):
        raise problem

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(type(problem)):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.html"]


def test_text_that_cannot_be_encoded_leaves_no_part(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "report.html", "\ud800")
    assert os.listdir(tmp_path) == []


def test_a_new_file_has_the_permissions_of_any_other(tmp_path):
    ordinary, written = tmp_path / "ordinary", tmp_path / "written"
    ordinary.write_text("")
    write_atomically(written, "")
    assert written.stat().st_mode == ordinary.stat().st_mode


def test_missing_folders_are_made_and_the_file_is_not(tmp_path):
    path = tmp_path / "a" / "b" / "report.html"
    check_writable(path)
    assert os.listdir(path.parent) == []


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder: name a file"):
        check_writable(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OSError, match="taken"):
        check_writable(tmp_path / "taken" / "report.html")


@pytest.mark.parametrize("source", ["system's best", "getrusage"])
def test_peak_memory_covers_what_was_held_and_is_never_forgotten(monkeypatch, tmp_path, source):
    if source == "getrusage":
        monkeypatch.setattr(_memory, "_STATUS", tmp_path / "missing")
    before = _memory.peak_memory_bytes()
    if sys.platform == "win32":
        assert before is None
        return
    block = bytearray(os.urandom(1)) * (before + 10_000_000)
    held = _memory.peak_memory_bytes()
    slack = 2_000_000  # the kernel adds up its threads' counts now and then
    assert held >= len(block) - slack
    del block
    assert _memory.peak_memory_bytes() >= held - slack


def test_systems_without_either_do_not_say(monkeypatch, tmp_path):
    monkeypatch.setattr(_memory, "_STATUS", tmp_path / "missing")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert _memory.peak_memory_bytes() is None
