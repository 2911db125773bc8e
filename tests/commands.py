"""Running the command in this process and in others."""

import functools
import re
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from nearplane.cli import build_app, main

_app = functools.cache(build_app)


def invoke(*arguments):
    """Run the command with these arguments; only what users can put right may stop it."""
    result = CliRunner().invoke(_app(), [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def main_code(monkeypatch, *arguments):
    """Run the command as the program does, in this process, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["nearplane", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def interrupted(*_, **__):
    """Take the place of some work, in the midst of which the user presses Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


def plain(text):
    """Return what a box in colours says, in one line."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", re.sub(r"\x1b\[[0-9;]*m", "", text)).split())


def python(code, folder):
    """Run `code` in a process of its own, its standard error no terminal."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=False
    )


def rows(text):
    """Return the cells of a printed table, line by line, without its headings."""
    lines = [line for line in text.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
