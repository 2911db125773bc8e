"""The options that several commands have, and how their texts become values."""

import re
from collections.abc import Callable, Iterable
from math import inf, nan
from pathlib import Path
from typing import Annotated, Any

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
    return None if text is None else height_width(text)


def height_width(text: str) -> tuple[int, int]:
    """Return what `checked_size` has passed, if it was given, as height and width."""
    height, _, width = text.partition("x")
    return int(height), int(width or height)


def checked_folds(text: str | None) -> str | None:
    """Return the text, if it is a number of folds or ``loo``."""
    if text in (None, "loo") or (text.isdecimal() and int(text) > 1):
        return text
    raise typer.BadParameter(f"{text!r} is neither a whole number from 2 nor loo")


def folds(text: str | None) -> int | str:
    """Return what `checked_folds` has passed, or 5."""
    return text if text == "loo" else int(text or 5)


def choices(*known: str) -> Callable[[str], str]:
    """Return a check that a text is a list of some of the known words."""

    def check(text: str) -> str:
        for part in parts([text]):
            if part not in known:
                raise typer.BadParameter(f"{part!r} is not one of {', '.join(known)}")
        return text

    return check


def one_of(*known: str) -> Callable[[str], str]:
    """Return a check that a text is one of the known words."""

    def check(text: str) -> str:
        if text not in known:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(known)}")
        return text

    return check


def numbers(*words: str, positive: bool = False) -> Callable[[str], str]:
    """Return a check that a text is a list of numbers from 0, or above it, or of the words."""

    def check(text: str) -> str:
        for part in parts([text]):
            number = _number(part)
            if part not in words and not (0 < number < inf or (number == 0 and not positive)):
                bound = "above 0" if positive else "from 0"
                known = "".join(f" or {word}" for word in words)
                raise typer.BadParameter(f"{part!r} is not a number {bound}{known}")
        return text

    return check


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan


def size_option(name: str, text: str) -> Any:
    """Return an option that takes a size, which `height_width` reads."""
    return typer.Option(name, callback=checked_size, metavar="N|HxW", help=text)


def word_option(name: str, known: tuple[str, ...], text: str) -> Any:
    """Return an option that takes one of the known words."""
    return typer.Option(
        name, callback=one_of(*known), metavar="NAME", help=f"{text}: {', '.join(known)}."
    )


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
OutOption = Annotated[Path, typer.Option("--out", metavar="FILE", help="The model file to write.")]
CvOption = Annotated[
    str | None,
    typer.Option(
        "--cv",
        callback=checked_folds,
        metavar="N|loo",
        help="Number of folds to compare settings by, or loo (leave one out). Default: 5.",
    ),
]
FoldsOption = Annotated[
    int | None,
    typer.Option(
        "--cv", min=2, metavar="N", help="Number of folds to compare settings by. Default: 5."
    ),
]
FeaturesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--features",
        exists=True,
        dir_okay=False,
        metavar="FILE",
        help="Compute these features of the images first: a file of `nearplane features fit`. "
        "Given several times, they stand side by side, in that order.",
    ),
]
ModelArgument = Annotated[
    Path,
    typer.Argument(
        exists=True, dir_okay=False, metavar="MODEL", help="A model file that `fit` has written."
    ),
]
