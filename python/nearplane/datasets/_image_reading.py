"""Reading many image files at once, with threads: Pillow lets go of the interpreter to decode."""

import concurrent.futures
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from time import monotonic
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from nearplane._progress import Progress, progress_bar
from nearplane._validation import check_choice, check_flag, resolve_n_jobs

from ._files import DataFileError
from ._image_decoding import (
    ImageForm,
    ImageMode,
    UnreadableImageError,
    check_form,
    decode_image,
    image_suffixes,
)

FilePath = str | os.PathLike[str]
OnError = Literal["skip", "raise"]
# The pixels of a file, or why there are none.
Decoded = NDArray[np.uint8] | str
# Takes an image that was read.
Put = Callable[[NDArray[np.uint8]], object]
# The positions of the files that could not be read, and why.
Skipped = list[tuple[int, str]]

# A task decodes a few files, to no more bytes than this unless it is one; each thread has two
# tasks waiting.
_FILES_PER_TASK = 16
_BYTES_PER_TASK = 2**22
# How long Ctrl-C may go unnoticed where waiting for a thread cannot be interrupted, in seconds.
_PATIENCE = 0.05
_SHOWN_EVERY = 0.1


def read_images(
    files: Iterable[FilePath],
    *,
    size: tuple[int, int] = (32, 32),
    mode: ImageMode = "RGB",
    on_error: OnError = "raise",
    n_jobs: int | None = None,
    verbose: bool = False,
) -> Bunch:
    """Read image files of any sizes and modes as one array, as `fetch_image_folder` does.

    Parameters
    ----------
    files : iterable of str or path-like
        The files, whatever their names end in.
    size : tuple of int, default=(32, 32)
        Height and width of every image in the result.
    mode : {"RGB", "L"}, default="RGB"
        Colour, or shades of grey (0.299 red + 0.587 green + 0.114 blue, ITU-R BT.601).
    on_error : {"raise", "skip"}, default="raise"
        What to do about a file that cannot be read: raise an error, or leave it out and list it.
    n_jobs : int, default=None
        The number of threads. None: what OpenMP would use; -1: one for each usable processor; -2:
        one less.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        images : ndarray of shape (n, height, width, 3) or (n, height, width), dtype uint8
            The pixels of the files that could be read, in the order of `files`.
        filenames : list of str
            The files they are from.
        skipped : list of tuple of str
            The files that were left out, each with the reason.

    Raises
    ------
    DataFileError
        If a file cannot be read and `on_error` is ``"raise"``: of the first such file.
    TypeError, ValueError
        If an argument is not of the type or in the range given above.
    MemoryError
        If the images do not fit into memory.
    ImportError
        If Pillow is not installed.

    Notes
    -----
    See `fetch_image_folder` for how sizes and modes are changed.

    Examples
    --------
    >>> from nearplane.datasets import read_images
    >>> read_images(["no/such/photo.jpg"], on_error="skip").skipped
    [('no/such/photo.jpg', 'cannot be read: No such file or directory')]
    """
    form = check_form(size, mode)
    check_choice("on_error", on_error, ("skip", "raise"))
    names = _check_files(files)
    reader = Reader(form, on_error, resolve_n_jobs(n_jobs), check_flag("verbose", verbose))
    images = allocate(len(names), form, "read fewer at a time, or give a smaller size")
    skipped = reader.read(names, into(images))
    bad = {position for position, _ in skipped}
    return Bunch(
        images=images[: len(names) - len(bad)],
        filenames=[name for position, name in enumerate(names) if position not in bad],
        skipped=[(names[position], reason) for position, reason in skipped],
    )


def _check_files(files: Iterable[FilePath]) -> list[str]:
    if isinstance(files, str | bytes | os.PathLike):
        raise TypeError(f"files must be a list of paths; got the single path {files!r}.")
    if not isinstance(files, Iterable):
        raise TypeError(f"files must be a list of paths; got {files!r}.")
    return [_check_file(file) for file in files]


def _check_file(file: object) -> str:
    name = os.fspath(file) if isinstance(file, str | os.PathLike) else None
    if not isinstance(name, str):
        raise TypeError(f"files must be paths of text; got {file!r}.")
    return str(name)  # which NumPy's texts are not quite


def allocate(n_images: int, form: ImageForm, advice: str) -> NDArray[np.uint8]:
    """Return room for images, or say what to do if there is none."""
    try:
        return np.empty((n_images, *form.shape), np.uint8)
    # NumPy's error for what no memory could hold is the other one.
    except (MemoryError, ValueError) as error:
        raise MemoryError(
            f"{n_images:,} images of {form.n_bytes:,} bytes do not fit into memory; {advice}"
        ) from error


def into(images: NDArray[np.uint8]) -> Put:
    """Return a function that puts what it is given into the next place of `images`."""
    places = iter(images)

    def put(pixels: NDArray[np.uint8]) -> None:
        next(places)[...] = pixels

    return put


class Reader:
    """Reads files in one form.

    Parameters
    ----------
    form : ImageForm
        What every image becomes.
    on_error : {"skip", "raise"}
        What to do about a file that cannot be read.
    n_threads : int
        Threads that decode. The calling thread only waits, so that Ctrl-C acts at once.
    verbose : bool
        Whether to show a progress bar.
    """

    def __init__(self, form: ImageForm, on_error: OnError, n_threads: int, verbose: bool) -> None:
        self.form = form
        self._on_error = on_error
        self._n_threads = n_threads
        self._verbose = verbose

    def read(self, files: Sequence[str], put: Put) -> Skipped:
        """Give the images one after the other to `put`.

        Parameters
        ----------
        files : sequence of str
            The files.
        put : callable
            Called by the calling thread with each image that could be read, in order.

        Returns
        -------
        list of tuple of (int, str)
            The positions of the files that were skipped, and why.

        Raises
        ------
        DataFileError
            If a file cannot be read and is not to be skipped.
        """
        image_suffixes()  # Pillow must be there, and ready before threads use it
        with (
            progress_bar("Reading images", enabled=self._verbose) as show,
            # Closed even while an exception still refers to it.
            closing(self._decoded(files)) as decoded,
        ):
            return self._distribute(files, decoded, put, show)

    def _distribute(
        self,
        files: Sequence[str],
        decoded: Iterable[Decoded],
        put: Put,
        show: Progress | None,
    ) -> Skipped:
        skipped: Skipped = []
        due = monotonic()
        for position, pixels in enumerate(decoded):
            if not isinstance(pixels, str):
                put(pixels)
            elif self._on_error == "skip":
                skipped.append((position, pixels))
            else:
                raise DataFileError(files[position], pixels)
            if show is not None and monotonic() >= due:
                show(position / len(files))
                due = monotonic() + _SHOWN_EVERY
        return skipped

    def _decoded(self, files: Sequence[str]) -> Generator[Decoded, None, None]:
        """Yield what becomes of each file, in order, while threads decode those that follow."""
        step = max(1, min(_FILES_PER_TASK, _BYTES_PER_TASK // self.form.n_bytes))
        tasks = [files[first : first + step] for first in range(0, len(files), step)]
        n_threads = max(1, min(self._n_threads, len(tasks)))
        stop = threading.Event()
        pool = concurrent.futures.ThreadPoolExecutor(n_threads, "nearplane-images")
        waiting: deque[concurrent.futures.Future[list[Decoded]]] = deque()
        try:
            for task in tasks:
                waiting.append(pool.submit(self._decode_files, task, stop))
                if len(waiting) > 2 * n_threads:
                    yield from _patiently(waiting.popleft())
            while waiting:
                yield from _patiently(waiting.popleft())
        finally:
            # Threads end with the image they are at; nobody waits for that.
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _decode_files(self, files: Sequence[str], stop: threading.Event) -> list[Decoded]:
        return [self._decode_file(file) for file in files if not stop.is_set()]

    def _decode_file(self, file: str) -> Decoded:
        try:
            return decode_image(file, self.form)
        except UnreadableImageError as error:
            return str(error)


def _patiently(future: "concurrent.futures.Future[list[Decoded]]") -> list[Decoded]:
    while not future.done():
        concurrent.futures.wait([future], timeout=_PATIENCE)
    return future.result()
