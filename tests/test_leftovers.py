"""Temporary files of writers that were killed are removed, and no others."""

import os
import signal
import subprocess
import sys

import pytest

from nearplane import _leftovers
from nearplane._files import replacement, replacing

NAME = ".nearplane-0123456789abcdef.tmp"

# Writes half of a file, says so, and waits to be killed.
WRITER = """
import signal, sys
from nearplane._files import replacement
with replacement(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    print("written", flush=True)
    signal.pause()
"""


def let_hours_pass(folder, hours=1.0):
    for path in folder.iterdir():
        times = path.lstat()
        old = (times.st_atime - 3600 * hours, times.st_mtime - 3600 * hours)
        os.utime(path, old, follow_symlinks=False)


def replace(path):
    with replacement(path) as file:
        file.write(b"new")


def test_what_a_killed_writer_leaves_is_removed(tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"old")
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout.readline() == "written\n"
        (left,) = tmp_path.glob(".nearplane-*.tmp")
        let_hours_pass(tmp_path)
        replace(tmp_path / "other")
        assert left.read_bytes() == b"half"  # its writer lives
        writer.kill()
    assert writer.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"old"
    assert left.exists()
    replace(tmp_path / "other")
    assert sorted(os.listdir(tmp_path)) == ["other", "target"]
    assert target.read_bytes() == b"old"


def test_files_that_are_being_written_stay(tmp_path):
    with replacing(tmp_path / "target") as temporary:
        temporary.write_bytes(b"content")
        let_hours_pass(tmp_path)
        replace(tmp_path / "other")
    assert (tmp_path / "target").read_bytes() == b"content"


def test_young_files_stay(tmp_path):
    (tmp_path / NAME).touch()
    let_hours_pass(tmp_path, hours=0.9)
    replace(tmp_path / "target")
    assert sorted(os.listdir(tmp_path)) == [NAME, "target"]


def test_other_files_stay(tmp_path):
    others = tmp_path / "folder"
    others.mkdir()
    names = ["nearplane-0123456789abcdef.tmp", f"{NAME}x", ".nearplane-0123.tmp", ".other.tmp"]
    for name in names:
        (others / name).touch()
    (others / NAME.replace("f", "a")).mkdir()
    (tmp_path / "file").touch()
    (others / NAME.replace("f", "b")).symlink_to(tmp_path / "file")
    let_hours_pass(others)
    before = sorted(os.listdir(others))
    replace(others / "target")
    assert sorted(os.listdir(others)) == sorted([*before, "target"])
    assert (tmp_path / "file").exists()


@pytest.mark.parametrize("system", ["without locks", "that refuses them"])
def test_where_nothing_can_be_locked_leftovers_stay(system, tmp_path, monkeypatch):
    (tmp_path / NAME).touch()
    let_hours_pass(tmp_path)
    if system == "without locks":
        monkeypatch.setattr(_leftovers, "fcntl", None)
    else:

        def refuse(*_):
            raise OSError("no locks")

        monkeypatch.setattr(_leftovers.fcntl, "flock", refuse)
    replace(tmp_path / "target")
    assert sorted(os.listdir(tmp_path)) == [NAME, "target"]
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_folder_that_cannot_be_read_is_none_to_fail_for(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError("no")

    monkeypatch.setattr(os, "scandir", refuse)
    replace(tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"new"
