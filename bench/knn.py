"""Ask how fast the k nearest neighbours are found, by whom, on which data, and how that grows.

Three questions: `peers` (nearplane by each of its algorithms, and other libraries), `datasets` (on
which data pruning pays, and whether algorithm="auto" knows) and `scaling` (time along rows,
features, k and threads; memory along rows). The module of each, in knn_questions/, says how it is
asked. Before anything is timed, every answer of nearplane's is compared with its brute force, and
that with an oracle in float64.
"""

import argparse
from typing import Any

import peers
from harness.data_sets import HELP, data_name
from harness.environment import environment, set_threads
from harness.options import add_cases, add_peers, add_repeats, make_parser, positive
from harness.output import finish, print_note
from knn_questions import datasets, scaling
from knn_questions.peers import ask as ask_peers
from knn_questions.series import AXES
from peers.nearplane_search import ALGORITHMS

_QUESTIONS = ("peers", "datasets", "scaling")


def main() -> None:
    options = _parse()
    # Other libraries are not even loaded where they are not asked.
    adapters, skipped = peers.load(options.peers if "peers" in options.only else [])
    set_threads(options.threads, adapters.values())
    results: dict[str, Any] = {}
    if "peers" in options.only:
        results["peers"] = ask_peers(adapters, options)
    if "datasets" in options.only:
        results["datasets"] = datasets.ask(options)
    if "scaling" in options.only:
        results["scaling"] = scaling.ask(options)
    for reason in skipped:
        print_note(reason)
    described = environment(options.threads, [a.distribution for a in adapters.values()])
    document = {"k": options.k, "skipped": skipped, "results": results}
    finish(described, document, options.json)


def _parse() -> argparse.Namespace:
    parser = make_parser(__doc__, n_query=1_000, n_train=50_000)
    parser.add_argument("--only", nargs="+", choices=_QUESTIONS, default=list(_QUESTIONS))
    parser.add_argument(
        "--data",
        nargs="+",
        type=data_name,
        metavar="NAME",
        help=f"{HELP} (default: CIFAR-10 or natural; datasets: all there are)",
    )
    parser.add_argument("--k", type=positive, default=10, help="neighbours (default: %(default)s)")
    parser.add_argument(
        "--algorithm",
        nargs="+",
        choices=ALGORITHMS,
        default=list(ALGORITHMS),
        help="nearplane's, in peers and scaling (default: all)",
    )
    parser.add_argument(
        "--axes", nargs="+", choices=AXES, default=list(AXES), help="of scaling (default: all)"
    )
    parser.add_argument(
        "--max-rows",
        type=positive,
        default=500_000,
        metavar="N",
        help="synthetic images along the rows, 3 kB each (default: %(default)s)",
    )
    add_cases(parser, "all: in datasets uint8 and float32; scaling leaves rows in their own type")
    add_repeats(parser)
    add_peers(parser, peers.NAMES)
    return parser.parse_args()


if __name__ == "__main__":
    main()
