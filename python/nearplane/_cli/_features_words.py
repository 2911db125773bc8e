"""``nearplane features fit visual-words``."""

from pathlib import Path
from typing import Annotated

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
    height_width,
    image_size,
    size_option,
    word_option,
)
from nearplane.features import VisualWords
from nearplane.features._visual_words import ASSIGNMENTS, CODEBOOKS


def visual_words(
    *,
    dataset: DatasetOption = "natural",
    data_dir: DataDirOption = None,
    size: ImageSizeOption = None,
    n_train: NTrainOption = None,
    n_words: Annotated[
        int, typer.Option("--n-words", min=1, metavar="N", help="Words of the codebook.")
    ] = 800,
    patch_size: Annotated[str, size_option("--patch-size", "Pixels of a patch.")] = "6",
    stride: Annotated[
        int,
        typer.Option("--stride", min=1, metavar="N", help="Pixels from one patch to the next."),
    ] = 1,
    whiten: Annotated[
        bool, typer.Option("--whiten/--no-whiten", help="Take correlations out of patches.")
    ] = True,
    regularisation: Annotated[
        float,
        typer.Option(
            "--regularisation", min=0, metavar="E", help="Keeps the whitening from raising noise."
        ),
    ] = 0.3,
    codebook: Annotated[
        str,
        word_option("--codebook", CODEBOOKS, "Where words come from"),
    ] = "kmeans",
    n_patches: Annotated[
        int,
        typer.Option("--n-patches", min=1, metavar="N", help="Patches to find words for."),
    ] = 400_000,
    assignment: Annotated[
        str,
        word_option("--assignment", ASSIGNMENTS, "What a patch says of words"),
    ] = "triangle",
    grid: Annotated[
        str, size_option("--grid", "Rows and columns of regions, each summed up by itself.")
    ] = "2",
    out: OutOption = Path("visual-words.np"),
    seed: SeedOption = 0,
    n_jobs: NJobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Visual words: which of the patches that images are made of are where in an image."""
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
    model = VisualWords(
        n_words,
        patch_size=height_width(patch_size),
        stride=stride,
        whiten=whiten,
        regularisation=regularisation,
        codebook=codebook,
        n_patches=n_patches,
        assignment=assignment,
        grid=height_width(grid),
        random_state=seed,
    )
    fit_features(request, model)
