"""The options all benchmarks share, and the images they speak of."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.environment import usable_processors
from harness.methods import Array
from nearplane.datasets import ImageDataset, load_dataset

METRICS = ("euclidean", "manhattan")
DTYPES = ("uint8", "float32", "float64")
# faiss is fast enough for a sample that is less of an estimate.
_SLOW_QUERIES = {"": 50, "faiss": 500}
_SIZE_HELP = "images (default: %(default)s)"


@dataclass(frozen=True)
class Images:
    """Query rows and base rows, one image a row: uint8, or vectors of float32."""

    queries: Array
    base: Array
    description: str


def make_parser(description: str | None, **sizes: int) -> argparse.ArgumentParser:
    """Return a parser with the options for data, threads and output.

    `sizes` names the numbers of images that can be chosen, such as ``n_train``, and their defaults.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data-dir", metavar="DIR", help="where CIFAR-10 lies; none is downloaded")
    source.add_argument(
        "--synthetic",
        action="store_true",
        help="seeded images with a natural spectrum (default without --data-dir)",
    )
    for name, default in sizes.items():
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=positive, default=default, metavar="N", help=_SIZE_HELP)
    parser.add_argument(
        "--threads",
        type=positive,
        default=usable_processors(),
        metavar="N",
        help="for every library (default: all usable processors)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    return parser


def add_repeats(parser: argparse.ArgumentParser, default: int = 5) -> None:
    parser.add_argument("--repeats", type=positive, default=default, metavar="N", help="rounds")


def add_cases(parser: argparse.ArgumentParser, dtype_help: str | None = None) -> None:
    parser.add_argument("--metric", choices=[*METRICS, "both"], default="both")
    parser.add_argument("--dtype", choices=[*DTYPES, "all"], default="all", help=dtype_help)


def add_peers(parser: argparse.ArgumentParser, names: list[str]) -> None:
    """Add the choice of peers, and how long a slow one may take."""

    def slow_queries(text: str) -> tuple[str, int]:
        name, _, value = text.rpartition("=")
        if name not in ("", *names):
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(names)}")
        return name, positive(value)

    add_choice(parser, "--peers", names)
    parser.add_argument(
        "--slow-queries",
        nargs="+",
        type=slow_queries,
        default=[],
        metavar="[PEER=]N",
        help="a slow peer is timed on so many queries only (default: 50 faiss=500)",
    )
    parser.add_argument(
        "--slow-seconds",
        type=float,
        default=12.0,
        metavar="S",
        help="a peer is slow if all the queries would take it longer (default: %(default)s)",
    )


def queries_if_slow(options: argparse.Namespace) -> dict[str, int]:
    """Return how many queries slow peers are timed on, by name; "" stands for all others."""
    return _SLOW_QUERIES | dict(options.slow_queries)


def add_choice(parser: argparse.ArgumentParser, option: str, names: Iterable[str]) -> None:
    """Add an option that takes some of the names, or all."""
    parser.add_argument(option, nargs="+", choices=["all", *names], default=["all"])


def add_limits(parser: argparse.ArgumentParser, types: Sequence[str]) -> None:
    """Add what is known of the machine, in 1e9 multiply-adds a second for all the threads."""

    def limit(text: str) -> tuple[str, float]:
        name, _, value = text.partition("=")
        if name not in types:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(types)}")
        return name, float(value) * 1e9

    parser.add_argument(
        "--limit", nargs="+", type=limit, default=[], metavar="TYPE=G", help="what is known"
    )


def chosen(choice: str, every: tuple[str, ...]) -> tuple[str, ...]:
    """Resolve "both" and "all"."""
    return (choice,) if choice in every else every


def load_images(data_dir: str | None, n_query: int, n_train: int) -> Images:
    """Load CIFAR-10 from `data_dir`, or make images; a random, stratified, repeatable subset."""
    dataset = load_split(data_dir, n_train=n_train, n_test=n_query)
    return Images(as_rows(dataset.X_test), as_rows(dataset.X_train), dataset.description)


def load_split(data_dir: str | None, *, n_train: int, n_test: int) -> ImageDataset:
    """Do the same, with the labels."""
    if data_dir is None:
        return load_dataset("natural", n_train=n_train, n_test=n_test)
    return load_dataset(
        "cifar10", data_home=data_dir, n_train=n_train, n_test=n_test, download_if_missing=False
    )


def as_rows(images: Array) -> Array:
    """Flatten images, one a row, contiguous."""
    return np.ascontiguousarray(images.reshape(len(images), -1))


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return value
