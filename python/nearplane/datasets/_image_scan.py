"""Finding the image files of a folder that has one folder for each class."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ._image_decoding import image_suffixes

# What tells a folder from any other, by whatever path it was reached.
_Identity = tuple[int, int]


class ImageScan:
    """The image files in the folders of a folder, in the order of their names.

    Parameters
    ----------
    root : Path
        The folder that holds one folder for each class.
    ignored : iterable of Path
        Folders that need not hold images, wherever they are met.

    Attributes
    ----------
    root : Path
        As given.
    files : list of str
        The image files, class by class.
    classes : list of str
        The names of the folders with at least one of them.
    counts : list of int
        How many files each class has.
    skipped : list of tuple of str
        Files and folders of which there is nothing to read, each with the reason.
    fingerprint : str
        Differs if the names, the lengths or the times of change of the files do.
    """

    def __init__(self, root: Path, ignored: Iterable[Path] = ()) -> None:
        self.root = root
        self.files: list[str] = []
        self.classes: list[str] = []
        self.counts: list[int] = []
        self.skipped: list[tuple[str, str]] = []
        self._suffixes = image_suffixes()
        self._hash = hashlib.blake2b(digest_size=16)
        self._ignored = {_identity(folder) for folder in ignored if folder.exists()}
        for entry in _visible(root):
            if _is_folder(entry):
                self._add_class(entry)
            elif self._is_image(entry):
                self.skipped.append((entry.path, "is in no folder of a class"))
        self.fingerprint = self._hash.hexdigest()

    def _add_class(self, folder: "os.DirEntry[str]") -> None:
        before, n_skipped = len(self.files), len(self.skipped)
        for file in self._images_below(folder.path):
            self._add_file(file)
        count = len(self.files) - before
        if count:
            self.classes.append(folder.name)
            self.counts.append(count)
        elif _identity(folder) not in self._ignored:
            # What was skipped in it may have been images, or folders with some.
            some = "no images" if len(self.skipped) == n_skipped else "no image that can be read"
            self.skipped.append((folder.path, f"holds {some}"))

    def _add_file(self, file: "os.DirEntry[str]") -> None:
        try:
            status = file.stat()
        except OSError as error:
            self.skipped.append((file.path, f"cannot be read: {error.strerror}"))
            return
        self.files.append(file.path)
        name = os.fsencode(os.path.relpath(file.path, self.root))
        self._hash.update(b"%b\0%d %d\0" % (name, status.st_size, status.st_mtime_ns))

    def _images_below(self, top: str) -> Iterator["os.DirEntry[str]"]:
        """Yield what is named as an image, of each folder before its folders."""
        # Links may lead anywhere, so no folder is entered twice and none above the class.
        entered = {_identity(self.root)}
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                identity = _identity(folder)
                entries = _visible(folder)
            except OSError as error:
                self.skipped.append((folder, f"cannot be read: {error.strerror}"))
                continue
            if identity in entered:
                self.skipped.append((folder, "is a link to a folder that is read already"))
                continue
            entered.add(identity)
            below = []
            for entry in entries:
                if _is_folder(entry):
                    below.append(entry.path)
                elif self._is_image(entry):
                    yield entry
            waiting += reversed(below)

    def _is_image(self, entry: "os.DirEntry[str]") -> bool:
        return os.path.splitext(entry.name)[1].lower() in self._suffixes


def _visible(folder: str | Path) -> list["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        visible = [entry for entry in entries if not entry.name.startswith(".")]
    return sorted(visible, key=lambda entry: entry.name)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _identity(folder: "str | Path | os.DirEntry[str]") -> _Identity:
    status = os.stat(folder)
    return status.st_dev, status.st_ino
