"""Time contenders alternately: A B C A B C ..., so that a slow minute hits them all."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

# The threads of one library's OpenMP may spin for up to 0.2 s after their work, before they sleep
# (KMP_BLOCKTIME); the next library must not have to compete with them.
REST_SECONDS = 0.2


@dataclass(frozen=True)
class Contender:
    """Something that can be run again and again; one run answers or learns from `n_rows` rows."""

    label: str
    run: Callable[[], object]
    n_rows: int


@dataclass(frozen=True)
class Timing:
    """The seconds of each run of a contender, in the order of the rounds."""

    label: str
    n_rows: int
    seconds: tuple[float, ...]

    @property
    def median_seconds(self) -> float:
        """Return the median over the rounds."""
        return median(self.seconds)

    @property
    def rows_per_second(self) -> float:
        """Return how many rows are done in a second, by the median."""
        return self.n_rows / self.median_seconds


@dataclass(frozen=True)
class Ratio:
    """How many times as fast one contender is as another: by medians, and within single rounds."""

    of_medians: float
    lowest: float
    highest: float


def seconds_of(run: Callable[[], object]) -> float:
    """Time one run; its result is freed outside the timed part."""
    start = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - start
    del result
    return seconds


def alternate(
    contenders: Sequence[Contender], repeats: int, report: Callable[[str], None]
) -> list[Timing]:
    """Run every contender once a round; they have been warmed up by whoever made them."""
    seconds: list[list[float]] = [[] for _ in contenders]
    for number in range(1, repeats + 1):
        for contender, times in zip(contenders, seconds, strict=True):
            report(f"round {number} of {repeats}: {contender.label}")
            time.sleep(REST_SECONDS)
            times.append(seconds_of(contender.run))
    return [
        Timing(contender.label, contender.n_rows, tuple(times))
        for contender, times in zip(contenders, seconds, strict=True)
    ]


def ratio(ours: Timing, theirs: Timing) -> Ratio:
    """Compare the times per row."""
    scale = ours.n_rows / theirs.n_rows
    rounds = [scale * their / our for our, their in zip(ours.seconds, theirs.seconds, strict=True)]
    of_medians = scale * theirs.median_seconds / ours.median_seconds
    return Ratio(of_medians, min(rounds), max(rounds))
