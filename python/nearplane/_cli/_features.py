"""``nearplane features transform`` and ``show``: files of features, and facts of a model."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from nearplane._cli._features_loaded import Features, count_features, kind_of, load_features
from nearplane._cli._features_written import check_output, new_output, write_dataset, write_rows
from nearplane._cli._image_files import (
    ImageFiles,
    InvertOption,
    Scaling,
    can_be_read_as,
    checked_white,
    find_images,
)
from nearplane._cli._options import (
    DataDirOption,
    JsonOption,
    ModelArgument,
    NJobsOption,
    NTestOption,
    NTrainOption,
    QuietOption,
    SeedOption,
    known_dataset,
)
from nearplane._cli._run import load_images, user_errors
from nearplane._cli._show import make_table, plain, print_json, print_lines, print_stage, shape_text
from nearplane.datasets import DATASET_NAMES, ImageDataset
from nearplane.report import _text


def transform(
    model: ModelArgument,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            exists=True, metavar="FILES", help="Image files, and folders that hold some."
        ),
    ] = None,
    *,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            callback=lambda name: None if name is None else known_dataset(name),
            metavar="NAME",
            help=f"In place of files, a data set: {', '.join(DATASET_NAMES)}.",
        ),
    ] = None,
    data_dir: DataDirOption = None,
    n_train: NTrainOption = None,
    n_test: NTestOption = None,
    seed: SeedOption = 0,
    others: Annotated[
        list[Path] | None,
        typer.Option(
            "--with",
            exists=True,
            dir_okay=False,
            metavar="MODEL",
            help="Put the features of another model beside these; may be given several times.",
        ),
    ] = None,
    white: Annotated[
        float | None,
        typer.Option(
            "--white",
            callback=checked_white,
            metavar="VALUE",
            help="What white is in the images that were fitted. Default: as histograms of "
            "colours know it, or else 255, as in files.",
        ),
    ] = None,
    invert: InvertOption = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE|FOLDER",
            help="Of files, the .npy file to write, of a data set, the folder. Default: "
            "features.npy, or features.",
        ),
    ] = None,
    n_jobs: NJobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compute features of images and write them as NumPy's float32 arrays.

    Files are resized to the shape of the model's images, and rows are in the order of the files,
    those of a folder in the order of their names; `--json` lists them. Files that cannot be read
    are named, have no row, and make the exit code 1 once the others are done.

    Of a data set, training and test images and their labels are written to a folder, which other
    commands read by `--dataset arrays --data-dir FOLDER`.
    """
    if bool(files) == bool(dataset):
        raise typer.BadParameter("give either image files or --dataset")
    target = out or Path("features" if dataset else "features.npy")
    if dataset and (invert or white is not None):
        raise typer.BadParameter("--white and --invert are for image files")
    if (target.suffix == ".npy") == bool(dataset):
        wanted = "a folder" if dataset else "the name of a .npy file"
        raise typer.BadParameter(f"--out must be {wanted}; got {str(target)!r}")
    show = sys.stderr.isatty() and not quiet
    with user_errors("nothing was written"):
        features = Features.load([model, *(others or [])], n_jobs=n_jobs)
        check_output(target, is_folder=bool(dataset))
        record: dict[str, Any] = {
            "schema_version": 1,
            "models": [str(path) for path in features.paths],
            "out": str(target),
            "n_features": features.n_features,
        }
        if dataset:
            print_stage(f"loading {dataset}", shown=show)
            labelled = load_images(
                dataset,
                data_dir=data_dir,
                n_train=n_train,
                n_test=n_test,
                image_size=features.image_size if dataset == "folder" else None,
                seed=seed,
                verbose=show,
            )
            start = perf_counter()
            record |= _transform_dataset(features, labelled, target, show=show)
        else:
            scale = Scaling(features.white if white is None else white, invert)
            images = ImageFiles(find_images(files or []), features.image_shape, scale)
            start = perf_counter()
            record |= _transform_files(features, images, target, show=show)
        record["seconds"] = perf_counter() - start
    if as_json:
        print_json(record)
    elif not quiet:
        _print_written(record)
    if not dataset:
        _end(images, as_json)


def show_model(
    model: ModelArgument,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say what is in a file of features: their kind, their number, and what they were fitted to."""
    with user_errors("nothing was shown"):
        fitted = load_features(model)
        record = {
            "schema_version": 1,
            "model": str(model),
            "model_bytes": model.stat().st_size,
            "kind": kind_of(fitted),
            "image_shape": list(fitted.image_shape_),
            "n_features": count_features(fitted),
            "parameters": fitted.get_params(),
        }
    if as_json:
        print_json(record)
    else:
        _print_model(record)


def _transform_dataset(
    features: Features, dataset: ImageDataset, folder: Path, *, show: bool
) -> dict[str, Any]:
    features.check_images(dataset)
    with new_output(folder, is_folder=True) as made:
        write_dataset(made, features, dataset, show=show)
    return {
        "dataset": dataset.name,
        "n_train": len(dataset.X_train),
        "n_test": len(dataset.X_test),
    }


def _transform_files(
    features: Features, images: ImageFiles, path: Path, *, show: bool
) -> dict[str, Any]:
    if not can_be_read_as(features.image_shape):
        raise ValueError(
            f"{features.paths[0]} was fitted to images of shape {features.image_shape}, which are "
            "neither grey nor RGB."
        )
    read: list[str] = []

    def blocks() -> Iterator[NDArray[np.float32]]:
        for names, X in images.blocks("features", show=show):
            read.extend(names)
            yield from features.blocks(X, "", show=False)

    with new_output(path, is_folder=False) as made:
        write_rows(made, blocks(), features.n_features)
        if not read:
            file, problem = images.skipped[0]
            raise ValueError(f"no image could be read: {file}: {problem}")
    return {"n_rows": len(read), "files": read, "unreadable": _problems(images)}


def _problems(images: ImageFiles) -> list[dict[str, str]]:
    return [{"file": file, "problem": problem} for file, problem in images.skipped]


def _end(images: ImageFiles, as_json: bool) -> None:
    """Name the files that could not be read, and end with 1 if there are some."""
    if not as_json:
        images.complain()
    if images.skipped:
        raise typer.Exit(1)


def _print_written(record: dict[str, Any]) -> None:
    n_rows = record["n_rows"] if "n_rows" in record else record["n_train"] + record["n_test"]
    lines = [
        plain(
            f"{record['out']}: {record['n_features']:,} features of {n_rows:,} images, computed in "
            f"{_text.seconds(record['seconds'])}, {_text.size(4 * n_rows * record['n_features'])}"
        )
    ]
    if "dataset" in record:
        words = ["linear", "fit", "--dataset", "arrays", "--data-dir", record["out"]]
        lines.append(f"next: nearplane {shlex.join(words)}")
    print_lines(*lines)


def _print_model(record: dict[str, Any]) -> None:
    table = make_table("parameter", "value")
    for name, value in record["parameters"].items():
        if name in ("n_jobs", "verbose"):  # how it is run, not what it computes
            continue
        table.add_row(name, str(value))
    print_lines(
        plain(
            f"{record['model']}: {record['kind']}, {record['n_features']:,} features of images of "
            f"{shape_text(record['image_shape'])}, {_text.size(record['model_bytes'])}"
        ),
        table,
    )
