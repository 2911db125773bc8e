"""``nearplane datasets``: which there are, what is in one, and getting it."""

import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from nearplane._cli._options import (
    ImageSizeOption,
    JsonOption,
    SeedOption,
    image_size,
    known_dataset,
)
from nearplane._cli._run import YOURS, load_images, user_errors
from nearplane._cli._show import (
    make_table,
    plain,
    print_json,
    print_lines,
    print_stage,
    rows_text,
    shape_text,
)
from nearplane.datasets import DATASET_NAMES, ImageDataset, get_data_home
from nearplane.datasets._home import ENVIRONMENT_VARIABLE
from nearplane.report import _text

_SOURCES = {
    "digits": "bundled",
    "natural": "made when asked for",
    "cifar10": "downloaded, 170 MB",
    "cifar100": "downloaded, 169 MB",
    "cifar100-coarse": "as cifar100",
    "mnist": "downloaded, 12 MB",
    "fashion-mnist": "downloaded, 31 MB",
    "folder": "yours, by --data-dir",
    "arrays": "yours, by --data-dir",
}
_CONTENTS = {
    "digits": "1,797 written digits, 8 x 8",
    "natural": "synthetic images, 32 x 32, colour",
    "cifar10": "60,000 photos, 32 x 32, colour",
    "cifar100": "60,000 photos of 100 classes",
    "cifar100-coarse": "the same in 20 coarse classes",
    "mnist": "70,000 written digits, 28 x 28",
    "fashion-mnist": "70,000 pieces of clothing, 28 x 28",
    "folder": "image files, one folder a class",
    "arrays": "images or vectors, .npz or .npy",
}
_WITHOUT_FILES = ("digits", "natural")

NameArgument = Annotated[
    str,
    typer.Argument(
        callback=known_dataset, metavar="NAME", help="One of `nearplane datasets list`."
    ),
]
PlaceOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help=f"Where the data set lies. Default: {ENVIRONMENT_VARIABLE}, or ~/nearplane_data.",
    ),
]


def list_datasets(
    *,
    as_json: JsonOption = False,
) -> None:
    """List the data sets by the names that other commands know them by."""
    if as_json:
        print_json(
            {
                "data_home": str(get_data_home()),
                "datasets": [
                    {"name": name, "contents": _CONTENTS[name], "source": _SOURCES[name]}
                    for name in DATASET_NAMES
                ],
            }
        )
        return
    table = make_table("name", "contents", "source")
    for name in DATASET_NAMES:
        table.add_row(name, _CONTENTS[name], _SOURCES[name])
    print_lines(table, f"Downloads go to {get_data_home()}.")


def show(
    name: NameArgument,
    *,
    data_dir: PlaceOption = None,
    image_size_text: ImageSizeOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Load a data set and say what is in it. Nothing is downloaded."""
    with user_errors("nothing was shown"):
        # A folder of the user's own has no default place.
        place = get_data_home() if data_dir is None and name not in YOURS else data_dir
        try:
            show_progress = sys.stderr.isatty()
            print_stage(f"loading {name}", shown=show_progress)
            dataset = load_images(
                name,
                data_dir=place,
                image_size=image_size(image_size_text),
                seed=seed,
                verbose=show_progress,
            )
        except FileNotFoundError as error:
            if name in YOURS:
                raise
            missing, _, _ = str(error).partition("\n")
            raise FileNotFoundError(
                f"{missing}\n`nearplane datasets fetch {name}` downloads it."
            ) from error
        record = _describe(dataset)
    if as_json:
        print_json(record)
    else:
        _print_description(record)


def fetch(
    names: Annotated[
        list[str], typer.Argument(metavar="NAMES", help="Some of `nearplane datasets list`.")
    ],
    *,
    data_dir: PlaceOption = None,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing.")] = False,
) -> None:
    """Download data sets unless they are there, and check that they can be read."""
    for name in names:
        known_dataset(name)
        if name in YOURS:
            raise typer.BadParameter(f"{name!r} stands for data of your own: nothing to fetch")
    record: dict[str, Any] = {"data_home": str(get_data_home(data_dir)), "datasets": []}
    show_progress = sys.stderr.isatty() and not quiet
    with user_errors("the rest was not fetched"):
        for name in names:
            print_stage(f"fetching {name}", shown=show_progress)
            found = _fetch(name, data_dir, show_progress)
            record["datasets"].append(found)
            if not (as_json or quiet):
                print_lines(_fetched_text(found, record["data_home"]))
    if as_json:
        print_json(record)


def _fetch(name: str, data_dir: Path | None, verbose: bool) -> dict[str, Any]:
    """Load a data set that is, or will be, on disk; there is nothing to load of others."""
    if name in _WITHOUT_FILES:
        return {"name": name, "source": _SOURCES[name]}
    described = _describe(load_images(name, data_dir=data_dir, download=True, verbose=verbose))
    return {key: described[key] for key in ("name", "n_train", "n_test", "image_shape")}


def _fetched_text(found: dict[str, Any], home: str) -> str:
    if "source" in found:
        return f"{found['name']}: {found['source']}, nothing to fetch"
    return f"{found['name']}: {_counts_text(found)} in {home}"


def _describe(dataset: ImageDataset) -> dict[str, Any]:
    n_classes = len(dataset.class_names)
    counts = {
        split: np.bincount(labels, minlength=n_classes).tolist()
        for split, labels in (("train", dataset.y_train), ("test", dataset.y_test))
    }
    return {
        "name": dataset.name,
        "description": dataset.description,
        "n_train": len(dataset.X_train),
        "n_test": len(dataset.X_test),
        "image_shape": list(dataset.image_shape),
        "dtype": str(dataset.X_train.dtype),
        "smallest": min(dataset.X_train.min(), dataset.X_test.min()),
        "largest": max(dataset.X_train.max(), dataset.X_test.max()),
        "bytes": dataset.X_train.nbytes + dataset.X_test.nbytes,
        "classes": [
            {"name": name, "n_train": n_train, "n_test": n_test}
            for name, n_train, n_test in zip(
                dataset.class_names, counts["train"], counts["test"], strict=True
            )
        ],
    }


def _counts_text(record: dict[str, Any]) -> str:
    test = rows_text(record["n_test"], record["image_shape"], "test")
    return f"{record['n_train']:,} training and {test}"


def _print_description(record: dict[str, Any]) -> None:
    table = make_table("class", right=("training", "test"))
    for entry in record["classes"]:
        table.add_row(entry["name"], f"{entry['n_train']:,}", f"{entry['n_test']:,}")
    print_lines(
        f"{record['name']}: {record['description']}",
        "",
        f"{_counts_text(record)}, {len(record['classes'])} classes",
        f"shape {shape_text(record['image_shape'])}, {record['dtype']}, values "
        f"{record['smallest']:g} to {record['largest']:g}, {plain(_text.size(record['bytes']))}",
        table,
    )
