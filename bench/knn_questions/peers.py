"""Ask who finds the neighbours how fast: nearplane by each of its algorithms, and its peers.

Two tables for each case. In the first everybody has taken in the base rows beforehand, and has
answered the queries once. The second is of the whole job: fit, and answer all the queries. There
nearplane starts afresh in every round, because by algorithm="auto" the first search decides and
builds. A peer's searches are all alike: its job is its fit and the searches of the first table.
"""

import argparse
from dataclasses import asdict
from functools import partial
from statistics import median
from typing import Any

from harness.contest import OURS, Copies, Entry, Judge, Limits, Line, Verdict, table_rows
from harness.data_sets import dtypes_of, load_rows, main_name
from harness.jobs import Job, JobTiming, as_facts, race_jobs
from harness.methods import Adapter, Method, Task
from harness.options import DTYPES
from harness.output import print_note, print_table, watching
from harness.plans import algorithm_text, levels_text
from harness.question import Question
from harness.question import ask as ask_everybody
from harness.timing import Timing
from knn_questions.reference import checked_judge

_ORACLE_QUERIES = 8


def ask(adapters: dict[str, Adapter], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Hold the contests on every data set, by default on one."""
    question = Question(
        title=f"{options.k} nearest neighbours",
        unit="queries",
        methods=partial(_methods, options),
        make_judge=partial(_make_judge, options.k),
        follow_up=_whole_jobs,
    )
    results = []
    for name in options.data or [main_name(options.data_dir)]:
        rows = load_rows(name, options.data_dir, options.n_query, options.n_train)
        print_note(f"{name}: {rows.description}")
        dtypes = dtypes_of(rows, options.dtype, DTYPES)
        cases = ask_everybody(question, rows, dtypes, adapters, options)
        results.append(
            {
                "data": name,
                "description": rows.description,
                "n_rows": len(rows.base),
                "n_features": rows.base.shape[1],
                "k": options.k,
                "cases": cases,
            }
        )
    return results


def _methods(options: argparse.Namespace, adapter: Adapter, task: Task) -> list[Method]:
    methods = adapter.searches(task, options.k)
    if adapter.distribution != OURS:
        return methods
    wanted = {f"{OURS} {algorithm}" for algorithm in options.algorithm}
    return [method for method in methods if method.name in wanted]


def _make_judge(k: int, copies: Copies, task: Task, ours: Entry) -> Judge:
    neighbors = checked_judge(copies[task.dtype], task, k, _ORACLE_QUERIES)

    def judge(entry: Entry, n_rows: int) -> Verdict:
        answer = entry.compute(entry.queries[:n_rows])
        if entry.library == OURS:
            neighbors.check_bytes(entry.label, *answer)
        agreement = neighbors.compare(*answer)
        texts = {
            "same neighbours": agreement.text,
            "error of distances": f"{agreement.distance_error:.0e}",
        }
        return texts, {"agreement": asdict(agreement)}

    return judge


def _whole_jobs(
    title: str, entries: list[Entry], lines: list[Line], limits: Limits
) -> dict[str, Any]:
    title = f"The whole job: {title}"
    with watching(title) as report:
        jobs = [
            Job(entry.label, entry.build, entry.queries if entry.library == OURS else None)
            for entry in entries
        ]
        timings = race_jobs(jobs, limits.repeats, report)
    found = [
        _job_line(entry, line, timing)
        for entry, line, timing in zip(entries, lines, timings, strict=True)
    ]
    n_ours = sum(entry.library == OURS for entry in entries)
    print_table(title, *table_rows(found, "queries", n_ours))
    return {"jobs": [{"label": line.timing.label, **line.verdict[1]} for line in found]}


def _job_line(entry: Entry, line: Line, job: JobTiming) -> Line:
    """Give a peer the searches that were timed already, as long as all queries would take."""
    n_queries = len(entry.queries)
    if entry.library != OURS:
        scale = n_queries / line.timing.n_rows
        searches = tuple(scale * seconds for seconds in line.timing.seconds)
        job = JobTiming(job.label, job.fit_seconds, searches, job.plans)
    texts = {
        "fit s": f"{median(job.fit_seconds):.3g}",
        "search s": f"{median(job.search_seconds):.3g}",
        "how": _how(job, line.timing.n_rows if line.timing.n_rows < n_queries else None),
    }
    facts = {"n_queries": n_queries, "n_timed": line.timing.n_rows, **as_facts(job)}
    return Line(Timing(job.label, n_queries, job.seconds), (texts, facts))


def _how(job: JobTiming, n_timed: int | None) -> str:
    if n_timed is not None:
        return f"from {n_timed:,} queries"
    levels = levels_text(job.plans[-1])
    return f"{algorithm_text(job.plans)}: {levels}" if levels else algorithm_text(job.plans)
