import pytest

from nearplane.report import _timing
from nearplane.report._timing import timed


@pytest.mark.parametrize(
    ("durations", "expected"),
    [
        ([5.0], 5.0),  # long enough at once
        ([0.2], 0.2),
        ([0.15, 0.07], 0.11),
        ([0.1, 0.01, 0.02, 0.01, 0.07], 0.02),  # the first run pays for all
        ([0.06, 0.05, 0.05, 0.05], 0.05),
    ],
)
def test_short_work_is_repeated_and_its_median_told(monkeypatch, durations, expected):
    now, runs = [0.0], []

    def work():
        now[0] += durations[len(runs)]
        runs.append(now[0])
        return len(runs)

    monkeypatch.setattr(_timing, "perf_counter", lambda: now[0])
    result, seconds = timed(work)
    assert len(runs) == result == len(durations)
    assert seconds == pytest.approx(expected)
