"""Ask on which data pruning pays, and whether algorithm="auto" knows.

Whole jobs, fit and all queries, by brute force, by pruning and by what "auto" chooses; where
pruning gains nothing, the table says so.
"""

import argparse
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from harness.contest import Copies
from harness.data_sets import dtypes_of, load_rows, usual_names
from harness.jobs import JobTiming, as_facts
from harness.methods import Task
from harness.options import METRICS, Images, chosen
from harness.output import print_note, print_table, watching
from harness.plans import algorithm_text, levels_text, survivors_text
from knn_questions.our_jobs import time_jobs
from peers.nearplane_search import ALGORITHMS

_ORACLE_QUERIES = 4
# float64 tells nothing new; it is asked about if it is chosen.
_USUAL_DTYPES = ("uint8", "float32")
_COLUMNS = [
    "type",
    "metric",
    "brute s",
    "pruned s",
    "of it fit",
    "brute/pruned",
    "auto s",
    "auto chose",
    "auto/better",
    "levels",
    "survivors",
    "bytes a row",
]


@dataclass(frozen=True)
class _Case:
    """One type of data and metric, and the three timings."""

    task: Task
    row_bytes: int
    timings: dict[str, JobTiming]

    @property
    def excess(self) -> float:
        """Return how many times as long "auto" takes as the better of the two it chooses from."""
        better = min(self.timings[name].median_seconds for name in ("brute", "pruned"))
        return self.timings["auto"].median_seconds / better


def ask(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Time the three on every data set, and print a table for each."""
    results = []
    for name in options.data or usual_names(options.data_dir):
        rows = load_rows(name, options.data_dir, options.n_query, options.n_train)
        print_note(f"{name}: {rows.description}")
        n_rows, n_features = rows.base.shape
        title = (
            f"{name}, {options.k} nearest neighbours, whole jobs: "
            f"{len(rows.queries):,} x {n_rows:,} rows of {n_features:,}"
        )
        cases = _cases(title, rows, options)
        print_table(title, _COLUMNS, [_row(case) for case in cases], n_texts=2)
        results.append(
            {
                "data": name,
                "description": rows.description,
                "n_queries": len(rows.queries),
                "n_rows": n_rows,
                "n_features": n_features,
                "k": options.k,
                "cases": [_facts(case) for case in cases],
            }
        )
    return results


def _cases(title: str, rows: Images, options: argparse.Namespace) -> list[_Case]:
    cases = []
    for dtype in dtypes_of(rows, options.dtype, _USUAL_DTYPES):
        typed = Copies(rows, dtype)[dtype]
        for metric in chosen(options.metric, METRICS):
            task = Task(metric, dtype, options.threads)
            with watching(f"{title}, {dtype}, {metric}") as report:
                timings = time_jobs(
                    typed,
                    task,
                    options.k,
                    ALGORITHMS,
                    n_oracle=_ORACLE_QUERIES,
                    repeats=options.repeats,
                    report=report,
                )
            cases.append(_Case(task, typed.base[0].nbytes, timings))
    return cases


def _row(case: _Case) -> list[str]:
    brute, pruned, auto = (case.timings[name] for name in ("brute", "pruned", "auto"))
    plan = pruned.plans[-1]
    return [
        case.task.dtype,
        case.task.metric,
        f"{brute.median_seconds:.3g}",
        f"{pruned.median_seconds:.3g}",
        f"{median(pruned.fit_seconds):.3g}",
        f"{brute.median_seconds / pruned.median_seconds:.3g}",
        f"{auto.median_seconds:.3g}",
        algorithm_text(auto.plans),
        f"{case.excess:.2f}",
        levels_text(plan),
        survivors_text(plan),
        f"{plan['bytes_per_row']:,.0f} + {case.row_bytes:,}" if plan else "",
    ]


def _facts(case: _Case) -> dict[str, Any]:
    return {
        **asdict(case.task),
        "row_bytes": case.row_bytes,
        "auto_over_better": case.excess,
        "algorithms": {name: as_facts(timing) for name, timing in case.timings.items()},
    }
