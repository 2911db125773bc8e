"""Running a target: so many inputs, each read within its limits of time and memory."""

import hashlib
import json
import os
import random
import signal
import tempfile
import traceback
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from damaged_files.watch import memory_limit
from fuzzers.changes import change_bytes
from fuzzers.targets import Target, UnsoundError

# Inputs measure some kB; what they unpack to is at most 32 MiB where they tell the truth, and the
# core's threads have stacks of 8 MiB each.
_MORE_BYTES = 2**28
# Of the processor, so that a machine that is busy otherwise ends no process.
_MOST_SECONDS = 5
_SHOWN = 20
_SAVE_EVERY = 500


@dataclass
class Tally:
    """How many inputs were read, and what came of them."""

    executions: int = 0
    refused: int = 0
    n_wrong: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    save: Callable[[], None] = lambda: None

    def facts(self) -> dict[str, object]:
        """Return what JSON can hold."""
        return {key: value for key, value in asdict(self).items() if key != "save"}

    def print(self, name: str) -> None:
        """Say what was found, with the command that reads it again."""
        for problem, kept in self.problems.items():
            print(f"{problem}: python -m fuzzers {name} --file {kept}")
        print(f"{name}: {self.executions:,} read, {self.refused:,} refused, {self.n_wrong} wrong")


class Tallies:
    """Tallies by targets, kept in a file as they grow: processes may end at any moment."""

    def __init__(self, path: Path | None) -> None:
        self._path = None if path is None else path.absolute()
        self._tallies: dict[str, Tally] = {}

    def begin(self, name: str) -> Tally:
        """Return the tally of a target."""
        tally = self._tallies[name] = Tally(save=self._save)
        self._save()
        return tally

    def _save(self) -> None:
        if self._path is None:
            return
        temporary = self._path.with_suffix(".tmp")
        facts = {name: tally.facts() for name, tally in self._tallies.items()}
        temporary.write_text(json.dumps(facts))
        temporary.replace(self._path)


class Run:
    """A target in a folder of its own, which counts, and keeps the first input of each problem.

    Parameters
    ----------
    target : Target
        What reads.
    folder : Path
        Where the file that changes is written, among those that stay.
    found : Path
        Where inputs are kept that should have been refused. One that ends the process is left
        behind as "pending".
    tally : Tally
        What counts.
    """

    def __init__(self, target: Target, folder: Path, found: Path, tally: Tally) -> None:
        self.target, self.tally, self.found = target, tally, found
        self._path = target.prepare(folder)
        found.mkdir(parents=True, exist_ok=True)

    def check_seeds(self) -> None:
        """Read the sound files, which also imports what is imported late."""
        for seed in self.target.seeds:
            self._path.write_bytes(seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.target.read(self._path)

    def try_input(self, data: bytes) -> None:
        """Read one input."""
        pending = self.found / "pending"
        pending.write_bytes(data)
        self._path.write_bytes(data)
        signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)  # whose signal ends the process
        problem = self._problem()
        signal.setitimer(signal.ITIMER_PROF, 0)
        tally = self.tally
        tally.executions += 1
        if problem is not None:
            tally.n_wrong += 1
            if problem not in tally.problems and len(tally.problems) < _SHOWN:
                kept = self.found / hashlib.sha256(data).hexdigest()[:16]
                kept.write_bytes(data)
                tally.problems[problem] = str(kept)
        pending.unlink()
        if tally.executions % _SAVE_EVERY == 0:
            tally.save()

    def _problem(self) -> str | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.target.read(self._path)
        except self.target.refusals:
            self.tally.refused += 1
        except UnsoundError as error:
            return f"unsound: {error}"
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            return f"{type(error).__name__} in {Path(place.filename).name}:{place.name}"
        return None


def read_again(target: Target, file: Path) -> None:
    """Read one input, and let its exception out."""
    with tempfile.TemporaryDirectory() as folder:
        path = target.prepare(Path(folder))
        path.write_bytes(file.read_bytes())
        target.read(path)


def numbered_input(target: Target, number: int) -> bytes:
    """Return the input of a number: a sound file, changed once or several times."""
    rng = random.Random(number)
    data = rng.choice(target.seeds)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        data = target.changed(data, rng, lambda some: change_bytes(some, rng))
    return data


def run_numbered(run: Run, first: int, count: int) -> None:
    """Read the inputs of so many numbers."""
    with memory_limit(_MORE_BYTES):
        for number in range(first, first + count):
            run.try_input(numbered_input(run.target, number))
    run.tally.save()


def run_guided(run: Run, seed: int, count: int) -> None:
    """Read inputs that `atheris` finds worth reading, and end the process after so many."""
    import atheris

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        def change(some: bytes) -> bytes:
            changed: bytes = atheris.Mutate(some, len(some) + 64)
            return changed

        return run.target.changed(data, random.Random(seed), change)[:most]

    def read(data: bytes) -> None:
        run.try_input(data)
        if run.tally.executions >= count:
            run.tally.save()
            os._exit(0)  # there is no other way to stop after so many

    with tempfile.TemporaryDirectory() as corpus:
        for number, content in enumerate(run.target.seeds):
            (Path(corpus) / str(number)).write_bytes(content)
        options = {
            "seed": seed + 1,  # 0 stands for any
            "max_len": run.target.most_bytes,
            "timeout": 60 * _MOST_SECONDS,
            "rss_limit_mb": 0,
            "verbosity": 0,
            "artifact_prefix": f"{run.found}{os.sep}",
        }
        arguments = [f"-{name}={value}" for name, value in options.items()]
        atheris.Setup(["fuzzers", *arguments, corpus], read, custom_mutator=mutate)
        with memory_limit(_MORE_BYTES):
            atheris.Fuzz()
