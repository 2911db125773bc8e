"""Decoded images kept in a file that is mapped into memory, so that they may exceed it.

Of each folder and form of images there is a manifest, a JSON file that says what was read and names
the ``.npy`` file that holds the pixels. The manifest is what counts: it is put in place, in one
step, once the other file is complete, so that whatever interrupts leaves the cache as it was.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from nearplane._files import bring_to_disk, replacement

from ._image_decoding import ImageForm
from ._image_reading import Put, Skipped

_FORMAT, _VERSION = "nearplane image cache", 1
_NAME_LENGTH = 40
_BYTES_PER_SYNC = 2**25


@dataclass(frozen=True)
class ImageCache:
    """The place in a cache folder for the images of one folder in one form.

    Parameters
    ----------
    folder : Path
        The cache folder; it is made when there is something to keep.
    source : Path
        The folder that the images are from.
    form : ImageForm
        What every image becomes.
    fingerprint : str
        Of the files to read: it differs if any of them has changed.
    n_files : int
        How many there are.
    """

    folder: Path
    source: Path
    form: ImageForm
    fingerprint: str
    n_files: int

    def load(self) -> tuple[NDArray[np.uint8], Skipped] | None:
        """Return the images kept, mapped into memory, or None if there are none of these files."""
        manifest = self._read_manifest()
        if manifest is None or any(manifest.get(key) != value for key, value in self._facts()):
            return None
        skipped = _check_skipped(manifest.get("skipped"), self.n_files)
        if skipped is None:
            return None
        try:
            images = _map(self.folder / _plain_name(manifest.get("images")))
        except Exception:  # whatever is wrong with the file, another is made
            return None
        shape = (self.n_files - len(skipped), *self.form.shape)
        fits = images.shape == shape and images.dtype == np.uint8 and images.flags.c_contiguous
        return (images, skipped) if fits else None

    def store(self, read: Callable[[Put], Skipped]) -> tuple[NDArray[np.uint8], Skipped]:
        """Keep the images that `read` hands over one by one, and return them, mapped into memory.

        Parameters
        ----------
        read : callable
            Calls its argument with each image, and returns which files were skipped.

        Returns
        -------
        images : ndarray of shape (n, *form.shape), uint8
            Read-only.
        skipped : list of tuple of (int, str)
            What `read` has returned.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        images = self.folder / f"{self._stem}-{secrets.token_hex(4)}.npy"
        try:
            with replacement(images) as file:
                # Room for all of them: NumPy makes the header as long for a smaller number.
                self._write_header(file, self.n_files)
                skipped = read(_writer(file))
                self._write_header(file, self.n_files - len(skipped))
            # Mapped first, so that nobody who now replaces the file can take it away.
            mapped = _map(images)
            self._publish(images.name, skipped)
        except BaseException:
            # What the manifest names already is complete, whatever has failed since.
            if (self._read_manifest() or {}).get("images") != images.name:
                _remove(images)
            raise
        return mapped, skipped

    def _facts(self) -> list[tuple[str, object]]:
        import PIL

        form = self.form
        return [
            ("format", _FORMAT),
            ("version", _VERSION),
            # Another version may decode what this one could not, and round otherwise.
            ("pillow", PIL.__version__),
            ("folder", str(self.source)),
            ("size", [form.height, form.width]),
            ("mode", form.mode),
            ("n_files", self.n_files),
            ("fingerprint", self.fingerprint),
        ]

    @property
    def _stem(self) -> str:
        """Return how the names of the files begin."""
        form = f"{self.form.height}x{self.form.width}-{self.form.mode}"
        key = hashlib.blake2b(os.fsencode(self.source), digest_size=6).hexdigest()
        return f"{self.source.name[:_NAME_LENGTH]}-{form}-{key}"

    @property
    def _manifest(self) -> Path:
        return self.folder / f"{self._stem}.json"

    def _read_manifest(self) -> dict[str, Any] | None:
        try:
            manifest = json.loads(self._manifest.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        return manifest if isinstance(manifest, dict) else None

    def _write_header(self, file: BinaryIO, n_images: int) -> None:
        header = {"descr": "|u1", "fortran_order": False, "shape": (n_images, *self.form.shape)}
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, header)

    def _publish(self, images: str, skipped: Skipped) -> None:
        """Make the manifest name the new file of images, and remove the one it named before."""
        replaced = self._read_manifest() or {}
        manifest = dict(self._facts()) | {"images": images, "skipped": skipped}
        with replacement(self._manifest) as file:
            file.write(json.dumps(manifest, indent=1).encode("ascii"))
        with suppress(ValueError):
            old = _plain_name(replaced.get("images"))
            # Nothing but a file of this place, whatever a manifest says.
            if old.startswith(self._stem) and old.endswith(".npy"):
                _remove(self.folder / old)


def _map(path: Path) -> NDArray[np.uint8]:
    """Return the array in a file, which is read as it is used; a plain array lies in the map."""
    # Unlike np.load it reads nothing but a single array, and no objects.
    return np.asarray(np.lib.format.open_memmap(path, mode="r"))


def _plain_name(name: object) -> str:
    """Return the name of a file that a manifest gives, which must not lead elsewhere."""
    if not isinstance(name, str) or not name or Path(name).name != name or "\0" in name:
        raise ValueError(f"{name!r} is not the name of a file")
    return name


def _check_skipped(skipped: object, n_files: int) -> Skipped | None:
    """Return what a manifest holds as skipped files: increasing positions, each with a reason."""
    if not isinstance(skipped, list):
        return None
    checked: Skipped = []
    previous = -1
    for entry in skipped:
        match entry:
            case [int(position), str(reason)] if previous < position < n_files:
                checked.append((position, reason))
                previous = position
            case _:
                return None
    return checked


def _writer(file: BinaryIO) -> Put:
    unwritten = 0

    def put(pixels: NDArray[np.uint8]) -> None:
        nonlocal unwritten
        file.write(pixels.data)
        unwritten += pixels.nbytes
        # Little by little, because nothing interrupts the writing of gigabytes at the end.
        if unwritten >= _BYTES_PER_SYNC:
            bring_to_disk(file)
            unwritten = 0

    return put


def _remove(path: Path) -> None:
    # Where a mapped file cannot be removed it stays behind, unused.
    with suppress(OSError):
        path.unlink()
