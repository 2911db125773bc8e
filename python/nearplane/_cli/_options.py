"""The options that several commands have, and how their texts become values."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from nearplane.datasets import DATASET_NAMES


def known_dataset(name: str) -> str:
    """Return the name of a data set, if it is one."""
    if name not in DATASET_NAMES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(DATASET_NAMES)}")
    return name


def checked_counts(texts: list[str] | None) -> list[str] | None:
    """Return the texts, if each is a list of whole numbers from 1."""
    for text in texts or []:
        for part in text.split(","):
            if not part.strip().isdecimal() or int(part) < 1:
                raise typer.BadParameter(
                    f"{text!r} is not a list of whole numbers from 1, such as 1,3,5"
                )
    return texts


def parts(texts: Iterable[str] | None) -> list[str]:
    """Return the parts between the commas of an option given once or several times."""
    return [part.strip() for text in texts or [] for part in text.split(",")]


def counts(texts: list[str] | None) -> list[int] | None:
    """Return what `checked_counts` has passed as numbers, or None if there are none."""
    return [int(part) for part in parts(texts)] or None


def checked_size(text: str | None) -> str | None:
    """Return the text, if it is the size of an image."""
    if text is not None and not re.fullmatch(r"[1-9]\d{0,4}(x[1-9]\d{0,4})?", text):
        raise typer.BadParameter(f"{text!r} is not a size such as 32 or 32x48 (height x width)")
    return text


def image_size(text: str | None) -> tuple[int, int] | None:
    """Return what `checked_size` has passed as height and width."""
    if text is None:
        return None
    height, _, width = text.partition("x")
    return int(height), int(width or height)


DatasetOption = Annotated[
    str,
    typer.Option(
        "--dataset",
        callback=known_dataset,
        metavar="NAME",
        help=f"The images to run on: {', '.join(DATASET_NAMES)}.",
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        exists=True,
        metavar="DIR",
        help="Where the data set lies; nothing is downloaded then.",
    ),
]
ImageSizeOption = Annotated[
    str | None,
    typer.Option(
        "--image-size",
        callback=checked_size,
        metavar="HxW",
        help="Size to which the images of a folder are resized, such as 32 or 32x48.",
    ),
]
NTrainOption = Annotated[
    int | None,
    typer.Option("--n-train", min=2, metavar="N", help="Use only so many training images."),
]
NTestOption = Annotated[
    int | None,
    typer.Option("--n-test", min=1, metavar="N", help="Use only so many test images."),
]
SeedOption = Annotated[
    int,
    typer.Option(
        "--seed", min=0, max=2**32 - 1, metavar="N", help="Seed of all that is drawn at random."
    ),
]
NJobsOption = Annotated[
    int | None,
    typer.Option(
        "--n-jobs",
        metavar="N",
        help="Number of threads; -1 for every core. Default: OpenMP's.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress, and no table.")]
