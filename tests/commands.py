"""Running the command in this process and in others."""

import functools
import re
import subprocess
import sys

from typer.testing import CliRunner

from nearplane.cli import build_app

_app = functools.cache(build_app)


def invoke(*arguments):
    """Run the command with these arguments; only what users can put right may stop it."""
    result = CliRunner().invoke(_app(), [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


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
