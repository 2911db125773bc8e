"""Ask what choosing costs: k by cross-validation, and the reading of images before it.

Three questions: `protocol` (the courses' way: 5,000 rows, five folds, ten values of k, against
scikit-learn's GridSearchCV), `all` (all rows and both metrics, with the peak of memory) and
`folder` (10,000 JPEG files of mixed sizes, some of them corrupt). The module of each, in
choosing_questions/, says how it is asked.
"""

import argparse
from typing import Any

from choosing_questions import all_rows, folder, protocol
from harness.environment import environment, set_threads
from harness.options import METRICS, add_choice, add_repeats, load_split, make_parser, positive
from harness.output import finish, print_note

_QUESTIONS = ("protocol", "all", "folder")


def main() -> None:
    options = _parse()
    peers, skipped = protocol.load_peers(options.peers if "protocol" in options.only else [])
    set_threads(options.threads)
    results: dict[str, Any] = {}
    if "protocol" in options.only or "all" in options.only:
        # More rows than one question needs would not do: subsets are drawn, the smaller first.
        dataset = load_split(options.data_dir, n_train=options.n_train, n_test=1)
        print_note(dataset.description)
        if "protocol" in options.only:
            results["protocol"] = protocol.ask(dataset, peers, options)
        if "all" in options.only:
            results["all"] = all_rows.ask(dataset, options)
    if "folder" in options.only:
        results["folder"] = folder.ask(options)
    for reason in skipped:
        print_note(reason)
    described = environment(options.threads, [peer.distribution for peer in peers])
    finish(described, {"skipped": skipped, "results": results}, options.json)


def _parse() -> argparse.Namespace:
    parser = make_parser(__doc__, n_train=50_000, n_rows=5_000, n_files=10_000)
    parser.add_argument("--only", nargs="+", choices=_QUESTIONS, default=list(_QUESTIONS))
    parser.add_argument("--folds", type=positive, default=5, metavar="N")
    parser.add_argument(
        "--k",
        nargs="+",
        type=positive,
        metavar="K",
        help="to try (default: the courses' ten; all: 1 to 20)",
    )
    parser.add_argument("--metric", choices=[*METRICS, "both"], default="both", help="of all")
    add_repeats(parser, 3)
    add_choice(parser, "--peers", protocol.PEERS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
