"""``nearplane features fit hog``, ``color-histogram`` and ``visual-words``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nearplane._cli._features_fit import fit_features
from nearplane._cli._fit import FitRequest
from nearplane._cli._options import (
    DataDirOption,
    DatasetOption,
    ImageSizeOption,
    JsonOption,
    NJobsOption,
    NTrainOption,
    OutOption,
    QuietOption,
    SeedOption,
    checked_size,
    height_width,
    image_size,
    one_of,
)
from nearplane.features import HOG

_BLOCK_NORMS = ("L2-Hys", "L2", "L1", "L1-sqrt", "none")
_CHANNELS = ("steepest", "gray")


def _size_option(name: str, text: str) -> Any:
    return typer.Option(name, callback=checked_size, metavar="N|HxW", help=text)


def _word_option(name: str, known: tuple[str, ...], text: str) -> Any:
    return typer.Option(
        name, callback=one_of(*known), metavar="NAME", help=f"{text}: {', '.join(known)}."
    )


def hog(
    *,
    dataset: DatasetOption = "natural",
    data_dir: DataDirOption = None,
    size: ImageSizeOption = None,
    n_train: NTrainOption = None,
    cell: Annotated[str, _size_option("--cell", "Pixels of a cell.")] = "8",
    block: Annotated[
        str, _size_option("--block", "Cells of a block, which is normalised as a whole.")
    ] = "3",
    orientations: Annotated[
        int, typer.Option("--orientations", min=1, metavar="N", help="Directions of edges.")
    ] = 9,
    signed: Annotated[
        bool, typer.Option("--signed", help="Tell dark beside light from light beside dark.")
    ] = False,
    block_norm: Annotated[
        str,
        _word_option("--block-norm", _BLOCK_NORMS, "How blocks are normalised"),
    ] = "L2-Hys",
    channels: Annotated[
        str, _word_option("--channels", _CHANNELS, "Which gradient a pixel of several channels has")
    ] = "steepest",
    out: OutOption = Path("hog.np"),
    seed: SeedOption = 0,
    n_jobs: NJobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Histograms of oriented gradients: which way edges run, cell by cell."""
    request = FitRequest(
        dataset=dataset,
        data_dir=data_dir,
        image_size=image_size(size),
        n_train=n_train,
        seed=seed,
        out=out,
        n_jobs=n_jobs,
        as_json=as_json,
        quiet=quiet,
    )
    model = HOG(
        orientations,
        pixels_per_cell=height_width(cell),
        cells_per_block=height_width(block),
        block_norm=None if block_norm == "none" else block_norm,
        signed=signed,
        channels=channels,
    )
    fit_features(request, model)


COMMANDS = {"hog": hog}
