"""``nearplane features fit hog`` and ``color-histogram``."""

from pathlib import Path
from typing import Annotated

import typer

from nearplane._cli._features_fit import fit_features
from nearplane._cli._fit import FitRequest
from nearplane._cli._image_files import checked_white
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
    checked_counts,
    counts,
    height_width,
    image_size,
    size_option,
    word_option,
)
from nearplane.features import HOG, ColorHistogram
from nearplane.features._color_histogram import SPACES
from nearplane.features._hog import BLOCK_NORMS, CHANNELS

_NORMALIZE = ("l1", "sqrt", "none")


def hog(
    *,
    dataset: DatasetOption = "natural",
    data_dir: DataDirOption = None,
    size: ImageSizeOption = None,
    n_train: NTrainOption = None,
    cell: Annotated[str, size_option("--cell", "Pixels of a cell.")] = "8",
    block: Annotated[
        str, size_option("--block", "Cells of a block, which is normalised as a whole.")
    ] = "3",
    orientations: Annotated[
        int, typer.Option("--orientations", min=1, metavar="N", help="Directions of edges.")
    ] = 9,
    signed: Annotated[
        bool, typer.Option("--signed", help="Tell dark beside light from light beside dark.")
    ] = False,
    block_norm: Annotated[
        str,
        word_option("--block-norm", (*BLOCK_NORMS, "none"), "How blocks are normalised"),
    ] = "L2-Hys",
    channels: Annotated[
        str, word_option("--channels", CHANNELS, "Which gradient a pixel of several channels has")
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


def color_histogram(
    *,
    dataset: DatasetOption = "natural",
    data_dir: DataDirOption = None,
    size: ImageSizeOption = None,
    n_train: NTrainOption = None,
    bins: Annotated[
        list[str],
        typer.Option(
            "--bins",
            callback=checked_counts,
            metavar="LIST",
            help="Bins of each channel, or of one after the other, such as 16,4,4.",
        ),
    ] = ["8"],  # noqa: B006  # typer's way to a default for a list
    space: Annotated[str, word_option("--space", tuple(SPACES), "What is counted")] = "rgb",
    joint: Annotated[
        bool,
        typer.Option(
            "--joint/--separate", help="A bin for each combination of channels, or each its own."
        ),
    ] = True,
    soft: Annotated[
        bool, typer.Option("--soft/--hard", help="Share a pixel out between two bins, or not.")
    ] = True,
    grid: Annotated[
        str, size_option("--grid", "Rows and columns of regions, each counted by itself.")
    ] = "1",
    normalize: Annotated[
        str, word_option("--normalize", _NORMALIZE, "What histograms are divided by")
    ] = "l1",
    white: Annotated[
        float | None,
        typer.Option(
            "--white",
            callback=checked_white,
            metavar="VALUE",
            help="What white is in the images. Default: 255 of bytes, 1 of other numbers.",
        ),
    ] = None,
    out: OutOption = Path("color-histogram.np"),
    seed: SeedOption = 0,
    n_jobs: NJobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Histograms of colours: how much of each is in an image, or in each of its regions."""
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
    numbers = counts(bins) or [8]
    model = ColorHistogram(
        numbers[0] if len(numbers) == 1 else tuple(numbers),
        space=space,
        joint=joint,
        soft=soft,
        grid=height_width(grid),
        normalize=None if normalize == "none" else normalize,
        value_range=None if white is None else (0.0, white),
    )
    fit_features(request, model)
