"""Ask how the time grows with the rows, the features, k and the threads, and memory with the rows.

A series varies one of the four. For the rows these are series of the data and of synthetic images,
of which there can be more than any data set holds. A line of least squares through the logarithms
tells the exponent: brute force takes time ~ n^1. The peak of memory is that of a child process.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from harness.environment import set_threads
from harness.jobs import JobTiming, as_facts
from harness.output import print_note, print_table, watching
from harness.plans import algorithm_text, survivors_text
from knn_questions.memory import Peaks, beyond_rows, peak_memory, saved
from knn_questions.our_jobs import time_jobs
from knn_questions.series import SERIES, Point, Series

# A query against 500,000 images takes the oracle 3 s.
_ORACLE_QUERIES = 2


@dataclass(frozen=True)
class _Finding:
    """What was measured at a point, by algorithm; peaks of memory only along the rows."""

    point: Point
    timings: dict[str, JobTiming]
    peaks: dict[str, Peaks]


def ask(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure all series, and print a table for each."""
    return [
        _one_series(series, options) for axis in options.axes for series in SERIES[axis](options)
    ]


def _one_series(series: Series, options: argparse.Namespace) -> dict[str, Any]:
    title = _title(series)
    with watching(title) as report:
        findings = _measure(series, options, report)
    columns, lines = _table(series, findings)
    print_table(title, columns, lines, n_texts=0)
    exponents = {}
    if len(findings) > 1:
        exponents = {name: _exponents(findings, name) for name in options.algorithm}
    for name, found in exponents.items():
        print_note(
            f"{name}: whole job ~ {series.axis}^{found['job']:.2f}, "
            f"search alone ~ {series.axis}^{found['search']:.2f}"
        )
    return _facts(series, findings) | {"exponents": exponents}


def _measure(
    series: Series, options: argparse.Namespace, report: Callable[[str], None]
) -> list[_Finding]:
    timings = [_time(point, options, report) for point in series.points]
    set_threads(options.threads)
    peaks: list[dict[str, Peaks]] = [{} for _ in series.points]
    if series.axis == "rows":
        peaks = _memory(series.points, options.algorithm, report)
    return [_Finding(*each) for each in zip(series.points, timings, peaks, strict=True)]


def _time(
    point: Point, options: argparse.Namespace, report: Callable[[str], None]
) -> dict[str, JobTiming]:
    set_threads(point.task.n_threads)
    return time_jobs(
        point.rows,
        point.task,
        point.k,
        options.algorithm,
        n_oracle=_ORACLE_QUERIES,
        repeats=options.repeats,
        report=lambda text: report(f"{point.value:,}: {text}"),
    )


def _memory(
    points: Sequence[Point], algorithms: Sequence[str], report: Callable[[str], None]
) -> list[dict[str, Peaks]]:
    with saved(max((point.rows for point in points), key=lambda rows: len(rows.base))) as folder:
        found = []
        for point in points:
            report(f"{point.value:,}: peaks of memory")
            found.append({name: peak_memory(folder, point, name) for name in algorithms})
    return found


def _exponents(findings: Sequence[_Finding], algorithm: str) -> dict[str, float]:
    """Fit straight lines to the logarithms of the medians; return slopes and, at 1, seconds."""
    values = np.log([finding.point.value for finding in findings])
    timings = [finding.timings[algorithm] for finding in findings]
    jobs, job_at_1 = np.polyfit(values, np.log([t.median_seconds for t in timings]), 1)
    medians = np.log([median(t.search_seconds) for t in timings])
    searches, search_at_1 = np.polyfit(values, medians, 1)
    return {
        "job": float(jobs),
        "job_seconds_at_1": float(np.exp(job_at_1)),
        "search": float(searches),
        "search_seconds_at_1": float(np.exp(search_at_1)),
    }


def _title(series: Series) -> str:
    """Name what does not vary."""
    point = series.points[0]
    task, rows = point.task, point.rows
    fixed = {
        "rows": f"{len(rows.base):,} rows",
        "features": f"of {rows.base.shape[1]:,}",
        "k": f"{point.k} neighbours",
        "threads": f"{task.n_threads} threads",
    }
    others = ", ".join(text for axis, text in fixed.items() if axis != series.axis)
    return (
        f"Along {series.axis}: {series.data}, {task.metric}, {task.dtype}, "
        f"{len(rows.queries):,} queries, {others}; whole jobs (search alone)"
    )


def _table(series: Series, findings: Sequence[_Finding]) -> tuple[list[str], list[list[str]]]:
    columns = [series.axis, *(f"{name} s" for name in findings[0].timings)]
    columns += ["auto chose", "survivors", "sketch bytes a row"]
    columns += [f"{name} MB" for name in findings[0].peaks]
    return columns, [_row(finding) for finding in findings]


def _row(finding: _Finding) -> list[str]:
    timings = finding.timings
    auto = timings.get("auto")
    # Levels are told of the search that had to prune, if there was one.
    pruned = timings.get("pruned", auto)
    plan = pruned.plans[-1] if pruned else None
    return [
        f"{finding.point.value:,}",
        *(f"{t.median_seconds:.3g} ({median(t.search_seconds):.3g})" for t in timings.values()),
        algorithm_text(auto.plans) if auto else "",
        survivors_text(plan),
        f"{plan['bytes_per_row']:,.0f}" if plan else "",
        *(beyond_rows(peaks) for peaks in finding.peaks.values()),
    ]


def _facts(series: Series, findings: Sequence[_Finding]) -> dict[str, Any]:
    first = findings[0].point
    return {
        "axis": series.axis,
        "data": series.data,
        "description": first.rows.description,
        "metric": first.task.metric,
        "dtype": first.task.dtype,
        "points": [
            {
                "value": finding.point.value,
                "n_queries": len(finding.point.rows.queries),
                "n_rows": len(finding.point.rows.base),
                "n_features": finding.point.rows.base.shape[1],
                "k": finding.point.k,
                "n_threads": finding.point.task.n_threads,
                "algorithms": {name: as_facts(t) for name, t in finding.timings.items()},
                "peak_bytes": finding.peaks,
            }
            for finding in findings
        ],
    }
