"""Image folders in the manner of ImageNet: one folder for each class."""

import warnings
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from nearplane._validation import check_choice, check_flag, resolve_n_jobs

from ._files import DataFileError, as_path
from ._image_cache import ImageCache
from ._image_decoding import ImageMode, check_form
from ._image_reading import FilePath, OnError, Put, Reader, Skipped, allocate, into
from ._image_scan import ImageScan


def fetch_image_folder(
    path: FilePath,
    *,
    size: tuple[int, int] = (32, 32),
    mode: ImageMode = "RGB",
    on_error: OnError = "skip",
    cache: FilePath | None = None,
    n_jobs: int | None = None,
    return_X_y: bool = False,
    verbose: bool = False,
) -> Any:
    """Load images from a folder that has one folder for each class, resized to one size.

    Images may have any size and mode, and lie at any depth in the folder of their class. Links are
    followed; hidden files, and files whose names do not end as those of images do, are left alone.
    Images are JPEG, PNG, GIF, BMP, WebP, TIFF, JPEG 2000, PPM, ICO, PCX, QOI, SGI, Sun raster and
    TGA files, and AVIF if Pillow reads it.

    Parameters
    ----------
    path : str or path-like
        The folder. The names of the folders in it are those of the classes.
    size : tuple of int, default=(32, 32)
        Height and width of every image in the result.
    mode : {"RGB", "L"}, default="RGB"
        Colour, or shades of grey (0.299 red + 0.587 green + 0.114 blue, ITU-R BT.601).
    on_error : {"skip", "raise"}, default="skip"
        What to do about a file that cannot be read, or a class without images: leave it out, list
        it and give one warning for all of them, or raise an error.
    cache : str or path-like, default=None
        A folder to keep the pixels in, made if it is missing. They are then not in memory but
        mapped from a file, and so may be more than fits into it; and the next call with the same
        `path`, `size` and `mode` need not decode anything, unless a file was added, removed or
        changed, which its length and its time of change tell.
    n_jobs : int, default=None
        The number of threads. None: what OpenMP would use; -1: one for each usable processor; -2:
        one less.
    return_X_y : bool, default=False
        If `True`, return ``(data, target)`` instead of a `Bunch`.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        images : ndarray of shape (n, height, width, 3) or (n, height, width), dtype uint8
            The pixels, class by class, within a class in the order of their names; read-only if
            there is a `cache`.
        data : ndarray of shape (n, height * width * 3) or (n, height * width), dtype uint8
            The same memory, one image a row.
        target : ndarray of shape (n,), dtype int64
            The class of each image: a position in `target_names`.
        target_names : list of str
            The classes of which there is an image, in the order of their names.
        filenames : list of str
            The file each image is from.
        image_shape : tuple of int
            ``(height, width, 3)`` or ``(height, width)``.
        skipped : list of tuple of str
            The files and folders that were left out, each with the reason.
        DESCR : str
            A description of the data set.
    (data, target) : tuple
        If `return_X_y` is `True`.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If `path` is not there, or is no folder.
    DataFileError
        If there is no image that can be read; or if one cannot be, or a class has none, and
        `on_error` is ``"raise"``.
    TypeError, ValueError
        If an argument is not of the type or in the range given above.
    OSError
        If the cache cannot be written.
    MemoryError
        If the images do not fit into memory and there is no `cache`.
    ImportError
        If Pillow is not installed.

    Warns
    -----
    UserWarning
        If something was skipped.

    Notes
    -----
    Images are resized to exactly `size`, whatever their proportions, by linear interpolation that
    takes in all pixels when it shrinks (Pillow's ``BILINEAR``). They are turned upright as their
    Exif orientation says; transparent ones are laid on white; 16-bit ones are scaled to 8 bits; of
    several pictures in one file the first is taken. A JPEG much larger than `size` is decoded at a
    half, quarter or eighth of its size. A damaged JPEG of which the end is there may decode, to
    the wrong pixels, without an error.

    Each thread holds one decoded image at a time, and refuses those of more pixels than
    ``PIL.Image.MAX_IMAGE_PIXELS``. Ctrl-C leaves an existing cache as it was. A process that is
    killed may leave a file that ends in ``.tmp`` in it, which can be deleted.

    What Pillow itself warns of, damaged Exif data say, is passed on; if warnings are made errors,
    such a file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from nearplane.datasets import fetch_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("apple", "plum"):
    ...         Path(folder, name).mkdir()
    ...         Image.new("RGB", (300, 200), "red").save(Path(folder, name, "1.png"))
    ...     fruit = fetch_image_folder(folder, size=(20, 30))
    >>> fruit.images.shape
    (2, 20, 30, 3)
    >>> fruit.target_names, fruit.target
    (['apple', 'plum'], array([0, 1]))
    """
    form = check_form(size, mode)
    check_choice("on_error", on_error, ("skip", "raise"))
    reader = Reader(form, on_error, resolve_n_jobs(n_jobs), check_flag("verbose", verbose))
    wants_pair = check_flag("return_X_y", return_X_y)
    root = _check_folder(path)
    kept_in = None if cache is None else as_path("cache", cache)
    scan = ImageScan(root, ignored=[] if kept_in is None else [kept_in])
    if on_error == "raise":
        _refuse(scan.skipped)
    images, skipped = _read(scan, reader, kept_in)
    dataset = _assemble(scan, images, skipped)
    if on_error == "raise":
        _refuse(dataset.skipped)  # what another call has skipped and the cache tells of
    elif dataset.skipped:
        _warn_of(dataset.skipped, root)
    return (dataset.data, dataset.target) if wants_pair else dataset


def _check_folder(path: FilePath) -> Path:
    root = as_path("path", path)
    if not root.exists():
        raise FileNotFoundError(f"path must be a folder of images; there is no {root}")
    if not root.is_dir():
        raise NotADirectoryError(f"path must be a folder of images; {root} is none")
    return root


def _read(scan: ImageScan, reader: Reader, cache: Path | None) -> tuple[NDArray[np.uint8], Skipped]:
    """Return the images that can be read, and which files cannot."""
    files = scan.files
    if not files:
        raise DataFileError(
            scan.root, "holds no images; it should hold a folder for each class, with images in it"
        )

    def read(put: Put) -> Skipped:
        skipped = reader.read(files, put)
        if len(skipped) == len(files):
            problem = f"of its {len(files):,} images none can be read; {files[0]} {skipped[0][1]}"
            raise DataFileError(scan.root, problem)
        return skipped

    if cache is None:
        images = allocate(
            len(files), reader.form, "give a cache, which keeps them on disk, or a smaller size"
        )
        skipped = read(into(images))
        return images[: len(files) - len(skipped)], skipped
    place = ImageCache(cache, scan.root.resolve(), reader.form, scan.fingerprint, len(files))
    return place.load() or place.store(read)


def _assemble(scan: ImageScan, images: NDArray[np.uint8], skipped: Skipped) -> Bunch:
    read = np.ones(len(scan.files), bool)
    read[[position for position, _ in skipped]] = False
    of_class = np.repeat(np.arange(len(scan.counts)), scan.counts)
    # A class none of whose files could be read is no class.
    present, target = np.unique(of_class[read], return_inverse=True)
    names = [scan.classes[number] for number in present]
    without = sorted(set(scan.classes) - set(names))
    left_out = [
        *scan.skipped,
        *((scan.files[position], reason) for position, reason in skipped),
        *((str(scan.root / name), "holds no image that can be read") for name in without),
    ]
    return Bunch(
        data=images.reshape(len(images), -1),
        images=images,
        target=target.astype(np.int64),
        target_names=names,
        filenames=list(compress(scan.files, read)),
        image_shape=images.shape[1:],
        skipped=sorted(left_out),
        DESCR=_describe(scan.root, images, names, len(left_out)),
    )


def _describe(root: Path, images: NDArray[np.uint8], names: list[str], n_skipped: int) -> str:
    height, width, *channels = images.shape[1:]
    kind = "colour" if channels else "grey"
    return (
        f"Image folder {root}: {len(images):,} {kind} images in {len(names):,} classes, resized to "
        f"{height} x {width} pixels; {n_skipped:,} files or folders skipped.\n"
    )


def _refuse(skipped: list[tuple[str, str]]) -> None:
    if skipped:
        path, reason = skipped[0]
        raise DataFileError(path, reason)


def _warn_of(skipped: list[tuple[str, str]], root: Path) -> None:
    path, reason = skipped[0]
    some = len(skipped) > 1
    count = f"{len(skipped):,} files or folders were" if some else "1 file or folder was"
    first = "; the first:" if some else ":"
    warnings.warn(f"{root}: {count} skipped{first} {path} {reason}", stacklevel=3)
