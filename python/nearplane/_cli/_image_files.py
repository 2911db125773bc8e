"""Files of images as the commands read them: some at a time, in the form that a model knows."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf, prod
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from nearplane._progress import progress_bar
from nearplane.datasets import read_images
from nearplane.datasets._image_decoding import image_suffixes

# What is read at a time: no more than memory holds, nor than a bar can wait for.
_BLOCK_BYTES = 2**26
_BLOCK_FILES = 1000


def checked_white(white: float | None) -> float | None:
    """Return what white is to be, if it can be that."""
    if white is not None and not 0 < white < inf:
        raise typer.BadParameter(f"{white:g} is not a number above 0")
    return white


InvertOption = Annotated[
    bool,
    typer.Option("--invert", help="Swap light and dark first, as for ink on paper."),
]


class Scaling(NamedTuple):
    """How the bytes of image files become values such as a model was fitted to."""

    white: float
    invert: bool

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        """Return the images in those values."""
        pixels = 255 - images if self.invert else images
        return pixels if self.white == 255 else pixels * np.float32(self.white / 255)


@dataclass(frozen=True)
class ImageFiles:
    """Image files of any size, read as images of one shape.

    `skipped` gets the files that cannot be read, each with the reason.
    """

    files: Sequence[str]
    shape: tuple[int, ...]
    scale: Scaling
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def blocks(self, what: str, *, show: bool) -> Iterator[tuple[list[str], NDArray[Any]]]:
        """Yield the names and the images of some files at a time, in their order, with a bar."""
        step = max(1, min(_BLOCK_FILES, _BLOCK_BYTES // prod(self.shape)))
        mode: Any = "RGB" if len(self.shape) == 3 and self.shape[2] == 3 else "L"
        with progress_bar(what, enabled=show) as progress:
            for first in range(0, len(self.files), step):
                if progress is not None:
                    progress(first / len(self.files))
                block = self.files[first : first + step]
                size = (self.shape[0], self.shape[1])
                read = read_images(block, size=size, mode=mode, on_error="skip")
                self.skipped.extend(read.skipped)
                if len(read.images):
                    yield read.filenames, self.scale(read.images).reshape(-1, *self.shape)

    def complain(self) -> None:
        """Name the files that could not be read."""
        for file, problem in self.skipped:
            typer.echo(f"nearplane: {file}: {problem}", err=True)


def find_images(places: Sequence[Path]) -> list[str]:
    """Return the files among some paths, and the images in the folders among them, by their names.

    Raises
    ------
    ValueError
        If a folder holds no images.
    """
    found: list[str] = []
    for place in places:
        if not place.is_dir():
            found.append(str(place))
            continue
        below = sorted(_images_below(place))
        if not below:
            raise ValueError(f"{place} holds no images.")
        found += map(str, below)
    return found


def _images_below(folder: Path) -> Iterator[Path]:
    suffixes = image_suffixes()
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in suffixes:
                yield Path(top, name)


def can_be_read_as(shape: tuple[int, ...]) -> bool:
    """Return whether files can be read as images of a shape: in grey or in three colours."""
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3))
