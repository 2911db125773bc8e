"""The options all benchmarks share, and the images they speak of."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.environment import usable_processors
from harness.methods import Array
from nearplane.datasets import load_dataset

METRICS = ("euclidean", "manhattan")
DTYPES = ("uint8", "float32", "float64")


@dataclass(frozen=True)
class Images:
    """Query rows and base rows, uint8, one image a row."""

    queries: Array
    base: Array
    description: str


def make_parser(description: str | None, *, n_query: int, n_train: int) -> argparse.ArgumentParser:
    """Return a parser with the options for data, threads and output."""
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
    parser.add_argument("--n-query", type=_positive, default=n_query, metavar="N")
    parser.add_argument("--n-train", type=_positive, default=n_train, metavar="N")
    parser.add_argument(
        "--threads",
        type=_positive,
        default=usable_processors(),
        metavar="N",
        help="for every library (default: all usable processors)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    return parser


def add_repeats(parser: argparse.ArgumentParser, default: int = 5) -> None:
    parser.add_argument("--repeats", type=_positive, default=default, metavar="N", help="rounds")


def add_cases(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--metric", choices=[*METRICS, "both"], default="both")
    parser.add_argument("--dtype", choices=[*DTYPES, "all"], default="all")


def add_peers(parser: argparse.ArgumentParser, names: list[str]) -> None:
    """Add the choice of peers, and how long a slow one may take."""
    parser.add_argument("--peers", nargs="+", choices=["all", *names], default=["all"])
    parser.add_argument(
        "--slow-queries",
        type=_positive,
        default=50,
        metavar="N",
        help="a slow peer is timed on so many queries only (default: %(default)s)",
    )
    parser.add_argument(
        "--slow-seconds",
        type=float,
        default=12.0,
        metavar="S",
        help="a peer is slow if all the queries would take it longer (default: %(default)s)",
    )


def chosen(choice: str, every: tuple[str, ...]) -> tuple[str, ...]:
    """Resolve "both" and "all"."""
    return (choice,) if choice in every else every


def load_images(data_dir: str | None, n_query: int, n_train: int) -> Images:
    """Load CIFAR-10 from `data_dir`, or make images; a random, stratified, repeatable subset."""
    if data_dir is None:
        dataset = load_dataset("natural", n_train=n_train, n_test=n_query)
    else:
        dataset = load_dataset(
            "cifar10",
            data_home=data_dir,
            n_train=n_train,
            n_test=n_query,
            download_if_missing=False,
        )
    return Images(_as_rows(dataset.X_test), _as_rows(dataset.X_train), dataset.description)


def _as_rows(images: Array) -> Array:
    return np.ascontiguousarray(images.reshape(len(images), -1))


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return value
