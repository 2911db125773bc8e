"""Loading files that were damaged or forged, in a child process that may crash."""

import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from damaged_files.damages import Damage, flips, payload_flips, shuffles
from damaged_files.forgeries import forgeries
from damaged_files.models import Saved, save_every_kind
from damaged_files.watch import Watch, memory_limit

# A loaded model may take its file once, once more mapped, and what Python takes for any.
_TIMES, _MORE_BYTES = 2, 4 * 2**20
# What a model may take that answers, however large it claims to be.
_ANSWER_BYTES = 2**30
# How a model may refuse to answer whose file was forged, or not looked at.
_REFUSALS = (TypeError, ValueError, RuntimeError, MemoryError)
_SHOWN_CHARACTERS = 300


@dataclass
class Trials:
    """What became of some files."""

    n_tried: int = 0
    n_loads: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def as_facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "n_tried": self.n_tried,
            "n_loads": self.n_loads,
            "fates": dict(self.fates),
            "problems": self.problems,
        }


def try_files(argument: dict[str, Any]) -> dict[str, Any]:
    """Load some of the damaged files of one sort, each plainly and mapped.

    ``sort`` is "flips", "shuffles", "unverified" or "forged"; ``first``, ``count`` and ``total``
    say which of how many.
    """
    warnings.simplefilter("ignore")  # of forged parameters: they may be whatever they like
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        saved = save_every_kind(folder)
        trials = Trials()
        run = _Run(saved, folder / "damaged", Watch(), trials)
        run.warm_up()
        for damage in _damages(argument, {key: one.content for key, one in saved.items()}):
            run.one(damage, argument["sort"])
        return trials.as_facts()


def _damages(argument: dict[str, Any], contents: dict[str, bytes]) -> list[Damage]:
    first, count, total = (argument[name] for name in ("first", "count", "total"))
    makers: dict[str, Callable[[], list[Damage]]] = {
        "flips": lambda: flips(contents, first, count, total),
        "shuffles": lambda: shuffles(contents, first, count, total),
        "unverified": lambda: payload_flips(contents, first, count),
        "forged": lambda: forgeries(contents, first, count),
    }
    return makers[argument["sort"]]()


@dataclass
class _Run:
    saved: dict[str, Saved]
    path: Path
    watch: Watch
    trials: Trials

    def warm_up(self) -> None:
        """Load every sound file, so that what is imported late has been; all must be the same."""
        for one in self.saved.values():
            self.path.write_bytes(one.content)
            for mmap in (False, True):
                one.answer(one.estimator.load(self.path, mmap=mmap))
                fate = self._fate(one, mmap=mmap, verify=True, trusted=True)
                if fate != "same":
                    raise RuntimeError(f"a sound file of {one.name}: {fate}")
        self.trials.fates.clear()
        self.trials.n_loads = 0

    def one(self, damage: Damage, sort: str) -> None:
        one = self.saved[damage.name]
        # A new file: cutting the old one would make the disk write it, and pull it away under maps.
        self.path.unlink(missing_ok=True)
        self.path.write_bytes(damage.change(one.content))
        self.trials.n_tried += 1
        for mmap in (False, True):
            try:
                fate = self._fate(
                    one,
                    mmap=mmap,
                    verify=sort != "unverified",
                    trusted=sort in ("flips", "shuffles"),
                )
            except Exception as error:
                fate = f"{type(error).__name__}: {error}"
            self.trials.fates[fate if fate in _GOOD else "wrong"] += 1
            if fate not in _GOOD:
                how = "mapped" if mmap else "read"
                problem = f"{damage.name}, {damage.description}, {how}: {fate}"
                self.trials.problems.append(problem[:_SHOWN_CHARACTERS])
                return

    def _fate(self, one: Saved, *, mmap: bool, verify: bool, trusted: bool) -> str:
        """Return what becomes of the file; with `trusted` it must be refused or change nothing."""
        most = _TIMES * self.path.stat().st_size + _MORE_BYTES
        self.trials.n_loads += 1
        with memory_limit(most), self.watch.over(self.path) as events:
            try:
                model = one.estimator.load(self.path, mmap=mmap, verify=verify)
            except ValueError as error:
                named = str(error).startswith(f"{self.path}: ")
                model, fate = None, "refused" if named else f"without its name: {error}"
        if events:
            return f"reading it led to {events[0]}"
        if model is None:
            return fate
        with memory_limit(_ANSWER_BYTES):
            return self._checked(one, model) if trusted else self._asked(one, model)

    def _checked(self, one: Saved, model: Any) -> str:
        """Return "same" if a model is that of the sound file, down to the bytes it saves."""
        again = self.path.with_name("again")
        model.save(again)
        same = again.read_bytes() == one.content and one.answer(model) == one.answered
        return "same" if same else "loads as another model"

    def _asked(self, one: Saved, model: Any) -> str:
        try:
            one.answer(model)
        except _REFUSALS:
            return "refused to answer"
        return "answered"


_GOOD = ("refused", "same", "answered", "refused to answer")
