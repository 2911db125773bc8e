"""Ask how fast the whole matrix of distances is computed, and how accurate it is.

The accuracy is that of a sample, against direct differences in float64: the largest relative
error, and the largest distance of a row to itself, which should be 0.
"""

import argparse

import numpy as np

import peers
from harness.agreement import WrongAnswerError, distance_matrix
from harness.contest import Copies, Entry, Judge, Verdict
from harness.environment import environment, set_threads
from harness.methods import Task
from harness.options import (
    DTYPES,
    add_cases,
    add_peers,
    add_repeats,
    chosen,
    load_images,
    make_parser,
)
from harness.output import finish, print_note
from harness.question import Question, ask

_SAMPLE_ROWS, _SAMPLE_COLUMNS = 16, 2_000
# Of nearplane: float32 results are rounded once, to 2^-24 = 6e-8.
_ALLOWED_ERROR = {"uint8": 1e-15, "float32": 1e-7, "float64": 1e-9}


def main() -> None:
    question = Question(
        title="all distances",
        unit="rows",
        methods=lambda adapter, task: adapter.matrices(task),
        make_judge=_make_judge,
    )
    options = _parse()
    adapters, skipped = peers.load(options.peers)
    set_threads(options.threads, adapters.values())
    images = load_images(options.data_dir, options.n_query, options.n_train)
    print_note(images.description)
    results = ask(question, images, chosen(options.dtype, DTYPES), adapters, options)
    for reason in skipped:
        print_note(reason)
    described = environment(options.threads, [a.distribution for a in adapters.values()])
    document = {"data": images.description, "skipped": skipped, "results": results}
    finish(described, document, options.json)


def _parse() -> argparse.Namespace:
    parser = make_parser(__doc__, n_query=2_000, n_train=20_000)
    add_cases(parser)
    add_repeats(parser)
    add_peers(parser, peers.NAMES)
    return parser.parse_args()


def _make_judge(copies: Copies, task: Task, ours: Entry) -> Judge:
    rows = copies[task.dtype]
    oracle = distance_matrix(rows.queries[:_SAMPLE_ROWS], rows.base[:_SAMPLE_COLUMNS], task.metric)

    def accuracy(entry: Entry, n_rows: int) -> tuple[float, float]:
        distances = entry.compute(entry.queries[:n_rows])
        sample = distances[: len(oracle), : oracle.shape[1]]
        error = np.abs(sample - oracle[: len(sample)]) / np.maximum(oracle[: len(sample)], 1)
        to_itself = np.diagonal(entry.compute(entry.base[:_SAMPLE_ROWS]))
        return float(error.max()), float(to_itself.max())

    def judge(entry: Entry, n_rows: int) -> Verdict:
        error, to_itself = accuracy(entry, n_rows)
        texts = {"relative error": f"{error:.0e}", "distance to itself": f"{to_itself:.2g}"}
        return texts, {"relative_error": error, "distance_to_itself": to_itself}

    error, to_itself = accuracy(ours, len(oracle))
    if error > _ALLOWED_ERROR[task.dtype] or to_itself != 0:
        raise WrongAnswerError(
            f"{task.metric}, {task.dtype}: relative error {error}, distance to itself {to_itself}"
        )
    return judge


if __name__ == "__main__":
    main()
