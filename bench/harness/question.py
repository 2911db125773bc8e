"""Ask one question of everybody, for every metric and type of data."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.contest import (
    OURS,
    Copies,
    Entry,
    Judge,
    Limits,
    Line,
    as_results,
    contest,
    enter,
    table_rows,
)
from harness.methods import Adapter, Method, Task
from harness.options import METRICS, Images, chosen, queries_if_slow
from harness.output import print_note, print_table, watching
from peers.nearplane_search import ADAPTER as NEARPLANE

# What else is asked of the entries of a contest, once its table is printed; returns further facts
# for the JSON file.
FollowUp = Callable[[str, list[Entry], list[Line], Limits], dict[str, Any]]


def _nothing_more(
    title: str, entries: list[Entry], lines: list[Line], limits: Limits
) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Question:
    """What is asked, which methods answer it, and who judges the answers.

    `make_judge` is given the rows, the task, and nearplane's first entry, which it may take as the
    reference once it has checked it.
    """

    title: str
    unit: str
    methods: Callable[[Adapter, Task], list[Method]]
    make_judge: Callable[[Copies, Task, Entry], Judge]
    follow_up: FollowUp = _nothing_more


def ask(
    question: Question,
    images: Images,
    dtypes: Sequence[str],
    adapters: dict[str, Adapter],
    options: argparse.Namespace,
) -> list[dict[str, Any]]:
    """Hold a contest for every case and print its table."""
    results = []
    for dtype in dtypes:
        copies = Copies(images, dtype)
        for metric in chosen(options.metric, METRICS):
            task = Task(metric, dtype, options.threads)
            case = _one_case(question, task, copies, adapters, options)
            results.append({"metric": metric, "dtype": dtype, **case})
    return results


def _one_case(
    question: Question,
    task: Task,
    copies: Copies,
    adapters: dict[str, Adapter],
    options: argparse.Namespace,
) -> dict[str, Any]:
    rows = copies[task.dtype]
    title = (
        f"{question.title}, {task.metric}, {task.dtype}: "
        f"{len(rows.queries):,} x {len(rows.base):,} rows of {rows.base.shape[1]:,}"
    )
    limits = Limits(options.repeats, queries_if_slow(options), options.slow_seconds)
    with watching(title) as report:
        methods = {OURS: question.methods(NEARPLANE, task)} | {
            name: question.methods(adapter, task) for name, adapter in adapters.items()
        }
        entries = [enter(name, method, copies) for name, some in methods.items() for method in some]
        judge = question.make_judge(copies, task, entries[0])
        lines = contest(entries, judge, limits, report)
    n_ours = len(methods[OURS])
    print_table(title, *table_rows(lines, question.unit, n_ours))
    facts = question.follow_up(title, entries, lines, limits)
    absent = [name for name, some in methods.items() if not some]
    if absent:
        print_note(f"Without a method for this: {', '.join(absent)}\n")
    return {"lines": as_results(lines, n_ours), **facts}
