"""Ask one question of everybody, for every metric and type of data: the frame of a benchmark."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import peers
from harness.contest import (
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
from harness.environment import environment, set_threads
from harness.methods import Adapter, Method, Task
from harness.options import DTYPES, METRICS, chosen, load_images
from harness.output import finish, print_note, print_table, watching
from peers.nearplane_brute import ADAPTER as OURS


@dataclass(frozen=True)
class Question:
    """What is asked, which methods answer it, and who judges the answers.

    `make_judge` is given the rows, the task, and nearplane's entry, which it may take as the
    reference once it has checked it.
    """

    title: str
    unit: str
    methods: Callable[[Adapter, Task], list[Method]]
    make_judge: Callable[[Copies, Task, Entry], Judge]


def ask(question: Question, options: argparse.Namespace) -> None:
    """Hold a contest for every case, print its table, and finish with the environment."""
    adapters, skipped = peers.load(options.peers)
    set_threads(options.threads, adapters.values())
    images = load_images(options.data_dir, options.n_query, options.n_train)
    print_note(images.description)
    results = []
    for dtype in chosen(options.dtype, DTYPES):
        copies = Copies(images, dtype)
        for metric in chosen(options.metric, METRICS):
            task = Task(metric, dtype, options.threads)
            lines = _one_case(question, task, copies, adapters, options)
            results.append({"metric": metric, "dtype": dtype, "lines": as_results(lines)})
    for reason in skipped:
        print_note(reason)
    described = environment(options.threads, [a.distribution for a in adapters.values()])
    document = {"data": images.description, "skipped": skipped, "results": results}
    finish(described, document, options.json)


def _one_case(
    question: Question,
    task: Task,
    copies: Copies,
    adapters: dict[str, Adapter],
    options: argparse.Namespace,
) -> list[Line]:
    rows = copies[task.dtype]
    title = (
        f"{question.title}, {task.metric}, {task.dtype}: "
        f"{len(rows.queries):,} x {len(rows.base):,} rows of {rows.base.shape[1]:,}"
    )
    with watching(title) as report:
        methods = {"nearplane": question.methods(OURS, task)} | {
            name: question.methods(adapter, task) for name, adapter in adapters.items()
        }
        entries = [enter(method, copies) for some in methods.values() for method in some]
        judge = question.make_judge(copies, task, entries[0])
        limits = Limits(options.repeats, options.slow_queries, options.slow_seconds)
        lines = contest(entries, judge, limits, report)
    print_table(title, *table_rows(lines, question.unit))
    absent = [name for name, some in methods.items() if not some]
    if absent:
        print_note(f"Without a method for this: {', '.join(absent)}\n")
    return lines
