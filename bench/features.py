"""Ask how fast features of images are, and what they are worth.

Images a second: `hog` (histograms of oriented gradients, against scikit-image), `histogram` (of
colours and of hues, against NumPy) and `words` (visual words, against NumPy and torch). Iterations
a second: `kmeans` (on patches, against scikit-learn, faiss and scikit-learn-intelex). And what
classifiers make of features: `accuracy`. The module of each, in feature_questions/, says how it is
asked.
"""

import argparse
from typing import Any

from feature_questions import accuracy, histogram, hog, kmeans, words
from feature_questions.accuracy_child import KINDS
from harness.environment import environment, set_threads
from harness.options import add_choice, add_repeats, load_split, make_parser, positive
from harness.output import finish, print_note

# What each asks of a data set and the options, and returns for the JSON file.
_QUESTIONS = {
    "hog": hog,
    "histogram": histogram,
    "words": words,
    "kmeans": kmeans,
    "accuracy": accuracy,
}


def main() -> None:
    options = _parse()
    wanted = [name for name in _QUESTIONS if name in options.only or "all" in options.only]
    set_threads(options.threads)
    dataset = load_split(options.data_dir, n_train=options.n_train, n_test=options.n_test)
    print_note(dataset.description)
    results: dict[str, Any] = {}
    distributions: list[str] = []
    for name in wanted:
        results[name] = _QUESTIONS[name].ask(dataset, options)
        distributions += _QUESTIONS[name].PEERS
    described = environment(options.threads, sorted(set(distributions)))
    finish(described, {"results": results}, options.json)


def _parse() -> argparse.Namespace:
    parser = make_parser(__doc__, n_train=50_000, n_test=10_000)
    add_choice(parser, "--only", _QUESTIONS)
    add_repeats(parser)
    parser.add_argument(
        "--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="of features (accuracy)"
    )
    for option, default, what in (
        ("--patches", 400_000, "patches"),
        ("--clusters", 1_600, "centres"),
        ("--iterations", 10, "iterations of a run"),
    ):
        text = f"of kmeans: {what} (default: %(default)s)"
        parser.add_argument(option, type=positive, default=default, metavar="N", help=text)
    return parser.parse_args()


if __name__ == "__main__":
    main()
