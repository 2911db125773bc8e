"""The CIFAR data sets in their two official layouts, from a folder, an archive or their site.

What is particular to a data set is a `Collection`: how its classes are named, how many records its
files have, what the files are called in each `Layout`. Finding, opening and placing the batches is
the same for all of them.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ._cifar_batches import (
    IMAGE_SHAPE,
    N_PIXELS,
    Labelling,
    Records,
    read_binary_batch,
    read_python_batch,
    read_python_names,
    read_text_names,
)
from ._files import Member, visit_archive, visit_folder
from ._home import ENVIRONMENT_VARIABLE, check_fetching, download, get_data_home
from ._splits import Subset, check_subset


@dataclass(frozen=True)
class Layout:
    """One official form of a data set: what its files are called and how they are decoded."""

    folder: str
    archive: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    names: tuple[str, ...]
    read_batch: Callable[[Member, Records, Sequence[Labelling]], None]
    read_names: Callable[[str, Member, Sequence[Labelling]], dict[Labelling, list[str]]]

    def batches(self, subset: Subset) -> tuple[str, ...]:
        """Return the batch files of a subset, in the order of their images in the result."""
        return (self.train if subset != "test" else ()) + (self.test if subset != "train" else ())


@dataclass(frozen=True)
class Collection:
    """A data set: its classes, its files and where they come from.

    Attributes
    ----------
    title : str
        What error messages call it.
    labellings : tuple of Labelling
        In the order of their bytes in a binary record.
    train_records, test_records : int
        How many records a file of training and of test images has.
    layouts : tuple of Layout
        In the order in which they are looked for.
    url, sha256 : str
        Of the archive of the first layout.
    """

    title: str
    labellings: tuple[Labelling, ...]
    train_records: int
    test_records: int
    layouts: tuple[Layout, ...]
    url: str
    sha256: str

    def n_records(self, layout: Layout, batch: str) -> int:
        """Return how many records a batch file has."""
        return self.train_records if batch in layout.train else self.test_records


@dataclass(frozen=True)
class Found:
    """The images of a subset, and for each labelling their classes and the classes' names."""

    images: NDArray[np.uint8]
    targets: tuple[NDArray[np.int64], ...]
    names: tuple[list[str], ...]

    @property
    def data(self) -> NDArray[np.uint8]:
        """The images as rows, in the same memory."""
        return self.images.reshape(len(self.images), N_PIXELS)


def binary_layout(
    folder: str, archive: str, train: tuple[str, ...], test: str, labellings: Sequence[Labelling]
) -> Layout:
    """Return the layout of binary records with text files of class names."""
    names = tuple(labelling.names_file for labelling in labellings)
    return Layout(folder, archive, train, (test,), names, read_binary_batch, read_text_names)


def python_layout(
    folder: str, archive: str, train: tuple[str, ...], test: str, names: str
) -> Layout:
    """Return the layout of pickled batches with a pickled file of class names."""
    return Layout(folder, archive, train, (test,), (names,), read_python_batch, read_python_names)


def fetch(
    collection: Collection,
    data_home: str | os.PathLike[str] | None,
    subset: Subset,
    *,
    download_if_missing: bool,
    n_retries: int,
    verbose: bool,
) -> Found:
    """Find a subset, or download the whole, and read it; see `fetch_cifar10` for the arguments."""
    check_subset(subset)
    check_fetching(download_if_missing=download_if_missing, n_retries=n_retries, verbose=verbose)
    home = get_data_home(data_home)
    try:
        layout, place = _find(collection, home, subset)
    except FileNotFoundError:
        if not download_if_missing:
            raise
        layout = collection.layouts[0]
        place = download(
            [collection.url], collection.sha256, home, n_retries=n_retries, verbose=verbose
        )
    return _read(collection, layout, place, subset)


def _find(collection: Collection, home: Path, subset: Subset) -> tuple[Layout, Path]:
    """Return the first place that holds the subset: a folder of batches or an archive."""
    looked_at = []
    for layout in collection.layouts:
        for folder in (home / layout.folder, home):
            missing = [name for name in layout.batches(subset) if not (folder / name).is_file()]
            if not missing:
                return layout, folder
            looked_at.append(f"  {folder}: no {missing[0]}")
        archive = home / layout.archive
        if archive.is_file():
            return layout, archive
        looked_at.append(f"  {archive}: no such file")
    folders = " or ".join(layout.folder for layout in collection.layouts)
    archives = " or ".join(layout.archive for layout in collection.layouts)
    raise FileNotFoundError(
        f"{collection.title} is not in {home}: it should hold the folder {folders}, "
        f"complete, or the archive {archives}.\n"
        "Looked at\n" + "\n".join(looked_at) + "\n"
        "Put one of these there, name another folder by data_home or the environment variable "
        f"{ENVIRONMENT_VARIABLE}, or allow the download of {collection.url} by "
        "download_if_missing=True."
    )


def _read(collection: Collection, layout: Layout, place: Path, subset: Subset) -> Found:
    batches = layout.batches(subset)
    ends = np.cumsum([collection.n_records(layout, name) for name in batches]).tolist()
    starts = dict(zip(batches, [0, *ends], strict=False))
    images = np.empty((ends[-1], *IMAGE_SHAPE), np.uint8)
    targets = tuple(np.empty(len(images), np.int64) for _ in collection.labellings)
    class_names = {labelling: list(labelling.names) for labelling in collection.labellings}

    def visit(name: str, member: Member) -> None:
        if name in layout.names:
            class_names.update(layout.read_names(name, member, collection.labellings))
            return
        rows = slice(starts[name], starts[name] + collection.n_records(layout, name))
        records = Records(images[rows], tuple(target[rows] for target in targets))
        layout.read_batch(member, records, collection.labellings)

    if place.is_dir():
        names = [name for name in layout.names if (place / name).is_file()]
        visit_folder(place, [*batches, *names], visit)
    else:
        visit_archive(place, layout.folder, batches, layout.names, visit)
    return Found(images, targets, tuple(class_names.values()))
