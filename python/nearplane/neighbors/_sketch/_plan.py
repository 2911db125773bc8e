"""How a search is answered, and why: what users see of the decision."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import floor, inf, log10
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nearplane.neighbors._sketch._level import Level
from nearplane.neighbors._sketch._sketch import Sketch

Algorithm = Literal["brute", "pruned"]


@dataclass(frozen=True)
class LevelPlan:
    """One level of a sketch, and the share of all pairs of a query and a row that it leaves."""

    kind: str
    """"projection", "groups" or "features"."""
    width: int
    """How many coordinates of a row are coded."""
    predicted_survivors: float | None = None
    """0 to 1; None if nobody has predicted it."""
    measured_survivors: float | None = None
    """0 to 1; None before the search."""
    bits: int = 8
    """Of the code of one coordinate: 8 or 16."""

    @property
    def row_bytes(self) -> int:
        """What the codes of a row take."""
        return self.width * self.bits // 8


@dataclass(frozen=True)
class SearchPlan:
    """How the neighbours of some queries are found. ``print`` shows it line by line."""

    algorithm: Algorithm
    """"brute": every distance is computed; "pruned": those that a sketch cannot exclude are."""
    reason: str
    """Why, in a sentence."""
    n_queries: int = 0
    """Queries of the search; 0 if there was none yet."""
    n_neighbors: int | None = None
    """The k that was planned for; None if nothing had to be planned."""
    levels: tuple[LevelPlan, ...] = ()
    """Of the sketch; none for "brute"."""
    bytes_per_row: int = 0
    """What the sketch adds to each row."""
    build_seconds: float | None = None
    """To build the sketch: as predicted until it is built. None for "brute"."""
    predicted_seconds: float | None = None
    """For the search itself; None if nobody has predicted it."""
    measured_seconds: float | None = None
    """For the search itself; None before it."""
    brute_seconds: float | None = None
    """What brute force is predicted to take for the same queries."""
    reconsider_at: float = inf
    """From so many queries on, in all, a verdict of "brute" may change."""

    @classmethod
    def asked_for(
        cls,
        algorithm: Algorithm,
        sketch: Sketch | None = None,
        build_seconds: float | None = None,
    ) -> "SearchPlan":
        """Return the plan of an algorithm that the user has chosen.

        Parameters
        ----------
        algorithm : {"brute", "pruned"}
            The choice.
        sketch : Sketch, default=None
            What "pruned" searches with.
        build_seconds : float, default=None
            How long that took to build.
        """
        return cls(
            algorithm,
            f'algorithm="{algorithm}" was asked for.',
            levels=() if sketch is None else level_plans(sketch.levels),
            bytes_per_row=0 if sketch is None else sketch.bytes_per_row,
            build_seconds=build_seconds,
        )

    def measured(
        self,
        seconds: float,
        n_queries: int,
        counts: NDArray[np.int64] | None = None,
        build_seconds: float | None = None,
    ) -> "SearchPlan":
        """Return this plan with what the search has taken.

        Parameters
        ----------
        seconds : float
            The search alone.
        n_queries : int
            How many queries it had.
        counts : ndarray of shape (n_levels + 1,), default=None
            As `Sketch.search` returns them; None for brute force.
        build_seconds : float, default=None
            How long the sketch took to build, if it was built for this search.
        """
        levels = self.levels
        if counts is not None and counts[0] > 0:
            # Pairs may be measured that no level has let pass, for a first threshold.
            left = np.minimum(counts[1:] / counts[0], 1.0).tolist()
            levels = tuple(
                replace(level, measured_survivors=share)
                for level, share in zip(levels, left, strict=True)
            )
        return replace(
            self,
            n_queries=n_queries,
            levels=levels,
            measured_seconds=seconds,
            build_seconds=self.build_seconds if build_seconds is None else build_seconds,
        )

    def __str__(self) -> str:
        lines = [("algorithm", self.algorithm), ("reason", self.reason)]
        if self.n_queries:
            lines.append(("queries", f"{self.n_queries:,}"))
        if self.levels:
            lines.append(("sketch", f"{self.bytes_per_row:,} bytes a row{self._built()}"))
        lines += [(_name(level), _pairs_left(level)) for level in self.levels]
        if self.predicted_seconds is not None or self.measured_seconds is not None:
            lines.append(("search", _both(self.measured_seconds, self.predicted_seconds, duration)))
        if self.brute_seconds is not None and self.algorithm == "pruned":
            lines.append(("brute force", f"{duration(self.brute_seconds)} predicted"))
        width = max(len(name) for name, _ in lines)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in lines)

    def _built(self) -> str:
        return "" if self.build_seconds is None else f", built in {duration(self.build_seconds)}"


def level_plans(
    levels: tuple[Level, ...], survivors: list[float] | None = None
) -> tuple[LevelPlan, ...]:
    """Return the plans of these levels, and what each is predicted to leave of all pairs."""
    shares = [None] * len(levels) if survivors is None else survivors
    return tuple(
        LevelPlan(level.kind, level.width, share, bits=level.bits)
        for level, share in zip(levels, shares, strict=True)
    )


def _name(level: LevelPlan) -> str:
    return f"{level.kind} {level.width:,}" + (" x 16 bits" if level.bits == 16 else "")


def _pairs_left(level: LevelPlan) -> str:
    left = _both(level.measured_survivors, level.predicted_survivors, percent)
    return f"leaves {left} of the pairs" if left else "not used yet"


def _both(measured: float | None, predicted: float | None, show: Callable[[float], str]) -> str:
    """Return what was measured and what was predicted, as far as they are known."""
    texts = [] if measured is None else [show(measured)]
    if predicted is not None:
        texts.append(f"{show(predicted)} predicted")
    return " (".join(texts) + ")" * (len(texts) - 1)


def percent(share: float) -> str:
    """Return a share in words, so exact that what is missing of 100 % shows too."""
    return f"{100 * share:.{max(0, 1 - _decade(100 * min(share, 1 - share)))}f} %"


def duration(seconds: float) -> str:
    """Return a time in words, to two digits."""
    return f"{rounded(seconds):,} s" if seconds >= 1 else f"{rounded(1000 * seconds):,} ms"


def rounded(number: float) -> float | int:
    """Return a number of two significant digits, an integer if that is one."""
    digits = 1 - _decade(number)
    return round(number, digits) if digits > 0 else int(round(number, digits))


def _decade(number: float) -> int:
    """Return the exponent of the first digit, within reason."""
    return floor(log10(number)) if 1e-4 <= number < inf else 0
