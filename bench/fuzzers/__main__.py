"""Fuzz some targets one after the other, or let one read a file again."""

import argparse
import importlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path


def main() -> None:
    options = _parse()
    guided = options.file is None and not options.numbered
    if guided:
        _instrument()
    from fuzzers import runs, targets

    if options.file is not None:
        for name in options.targets:
            runs.read_again(targets.load(name), options.file)
        return
    found, tallies = options.found.absolute(), runs.Tallies(options.result)
    for name in options.targets:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            run = runs.Run(targets.load(name), Path(folder), found / name, tallies.begin(name))
            run.check_seeds()
            start = runs.run_guided if guided else runs.run_numbered
            start(run, options.first, options.count)
            os.chdir(found)
        run.tally.print(name)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzzers", description=__doc__)
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    parser.add_argument("--file", type=Path, help="read this file and do no more")
    parser.add_argument("--count", type=int, default=100_000, help="inputs (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first, or seed")
    parser.add_argument("--numbered", action="store_true", help="inputs of numbers, unguided")
    parser.add_argument("--found", type=Path, default=Path("build/fuzzers"), help="for problems")
    parser.add_argument("--result", type=Path, help="JSON file for what came of it")
    options = parser.parse_args()
    if not options.numbered and options.file is None and len(options.targets) > 1:
        parser.error("atheris guides one target a process")
    return options


def _instrument() -> None:
    """Let atheris see which lines of the readers run; before any of them is imported."""
    if importlib.util.find_spec("atheris") is None:
        sys.exit("atheris is not installed; --numbered needs none")
    import atheris

    with atheris.instrument_imports(include=["nearplane"]):
        importlib.import_module("nearplane.datasets")
        importlib.import_module("nearplane.features")


if __name__ == "__main__":
    main()
