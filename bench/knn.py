"""Ask how fast the k nearest neighbours are found, and by whom.

For every metric and type of data nearplane and its peers search the same rows. First the answers
are compared (same neighbours up to ties), then they are timed alternately in this one process.
"""

import argparse
from dataclasses import asdict

import peers
from harness.agreement import NeighborJudge
from harness.contest import Copies, Entry, Judge, Verdict
from harness.methods import Task
from harness.options import add_cases, add_peers, add_repeats, make_parser
from harness.question import Question, ask

# The oracle takes a third of a second for each query of CIFAR-10.
_ORACLE_QUERIES = 8


def main() -> None:
    options = _parse()
    question = Question(
        title=f"{options.k} nearest neighbours",
        unit="queries",
        methods=lambda adapter, task: adapter.searches(task, options.k),
        make_judge=_make_judge,
    )
    ask(question, options)


def _parse() -> argparse.Namespace:
    parser = make_parser(__doc__, n_query=1_000, n_train=50_000)
    parser.add_argument("--k", type=int, default=10, help="neighbours (default: %(default)s)")
    add_cases(parser)
    add_repeats(parser)
    add_peers(parser, peers.NAMES)
    return parser.parse_args()


def _make_judge(copies: Copies, task: Task, ours: Entry) -> Judge:
    rows = copies[task.dtype]
    neighbors = NeighborJudge(rows.queries, rows.base, task.metric, ours.compute(ours.queries))
    neighbors.check_with_oracle(_ORACLE_QUERIES)

    def judge(entry: Entry, n_rows: int) -> Verdict:
        agreement = neighbors.compare(*entry.compute(entry.queries[:n_rows]))
        texts = {
            "same neighbours": agreement.text,
            "error of distances": f"{agreement.distance_error:.0e}",
        }
        return texts, {"agreement": asdict(agreement)}

    return judge


if __name__ == "__main__":
    main()
