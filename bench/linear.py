"""Ask how fast linear classifiers are trained, how well, and by whom.

Five questions: `epoch` (seconds for one pass over the data), `gradient` (loss and gradient of all
rows, against the limits of the machine), `sweep` (32 settings at once), `target` (seconds to the
validation loss of a peer) and `accuracy` (on test images, with seconds and memory). The module of
each, in linear_questions/, says how it is asked.

What is known of the machine can be given by --limit, such as --limit float32=105, in 1e9
multiply-adds a second for all the threads.
"""

import argparse
from typing import Any

import linear_peers
from harness.environment import environment, set_threads
from harness.options import (
    add_choice,
    add_limits,
    add_repeats,
    as_rows,
    load_split,
    make_parser,
    positive,
)
from harness.output import finish, print_note
from harness.training import LINEAR_DTYPES, LOSSES, Rows, make_features
from linear_questions import accuracy, epoch, gradient, sweep, target

# These three share one copy of the features in float32.
_ON_FEATURES = {"epoch": epoch.ask, "gradient": gradient.ask, "sweep": sweep.ask}
_QUESTIONS = (*_ON_FEATURES, "target", "accuracy")


def main() -> None:
    options = _parse()
    adapters, skipped = linear_peers.load(options.peers)
    set_threads(options.threads, adapters.values())
    dataset = load_split(options.data_dir, n_train=options.n_train, n_test=options.n_test)
    print_note(dataset.description)
    rows = Rows(as_rows(dataset.X_train), dataset.y_train)
    results: dict[str, Any] = {}
    asked = [name for name in _ON_FEATURES if name in options.only]
    if asked:
        features = make_features(rows.X, rows.y)
        for name in asked:
            results[name] = _ON_FEATURES[name](features, adapters, options)
        del features
    if "target" in options.only:
        results["target"] = target.ask(rows, adapters, options)
    if "accuracy" in options.only:
        results["accuracy"] = accuracy.ask(dataset, adapters, options)
    for reason in skipped:
        print_note(reason)
    described = environment(options.threads, [a.distribution for a in adapters.values()])
    document = {"data": dataset.description, "skipped": skipped, "results": results}
    finish(described, document, options.json)


def _parse() -> argparse.Namespace:
    parser = make_parser(__doc__, n_train=50_000, n_test=10_000)
    for option, names in (
        ("--only", _QUESTIONS),
        ("--losses", LOSSES),
        ("--dtypes", LINEAR_DTYPES),
    ):
        parser.add_argument(option, nargs="+", choices=names, default=list(names))
    parser.add_argument("--batch-size", type=positive, default=256, metavar="N")
    parser.add_argument(
        "--learning-rate",
        type=float,
        metavar="RATE",
        help=f"of the epochs (default: {epoch.LEARNING_RATES})",
    )
    add_repeats(parser)
    add_limits(parser, ["float32"])
    add_choice(parser, "--peers", linear_peers.NAMES)
    parser.add_argument(
        "--slow-seconds",
        type=float,
        default=300.0,
        metavar="S",
        help="accuracy: a peer that takes longer gets fewer rows (default: %(default)s)",
    )
    parser.add_argument(
        "--slow-rows",
        type=positive,
        default=5_000,
        metavar="N",
        help="accuracy: so many (default: %(default)s)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
