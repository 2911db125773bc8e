"""nearplane against itself: the same job by each of its algorithms, once the answers are equal."""

from collections.abc import Callable, Sequence
from functools import partial

from harness.jobs import Job, JobTiming, race_jobs
from harness.methods import Task
from harness.options import Images
from knn_questions.reference import checked_judge
from peers.nearplane_search import search_method


def time_jobs(
    rows: Images,
    task: Task,
    k: int,
    algorithms: Sequence[str],
    *,
    n_oracle: int,
    repeats: int,
    report: Callable[[str], None],
) -> dict[str, JobTiming]:
    """Compare every answer with that of brute force, then time whole jobs alternately."""
    report("checking brute force")
    judge = checked_judge(rows, task, k, n_oracle)
    jobs = []
    for algorithm in algorithms:
        method = search_method(task, k, algorithm)
        build = partial(method.build, rows.base)
        if algorithm != "brute":
            report(f"checking {method.name}")
            judge.check_bytes(method.name, *build()(rows.queries))
        jobs.append(Job(method.name, build, rows.queries))
    timings = race_jobs(jobs, repeats, report)
    return dict(zip(algorithms, timings, strict=True))
