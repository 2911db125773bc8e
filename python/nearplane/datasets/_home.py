"""Where data sets lie on disk, and how a missing one gets there."""

import os
from collections.abc import Sequence
from pathlib import Path

from nearplane._progress import Progress, progress_bar
from nearplane._validation import check_flag, check_integer

from ._files import as_path

ENVIRONMENT_VARIABLE = "NEARPLANE_DATA"

_LEAST_STEP = 1 / 200


def get_data_home(data_home: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder in which data sets are looked for and to which they are downloaded.

    Unlike scikit-learn's function of this name it only answers: the folder is created by the
    first download, not by asking.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder; ``~`` stands for the user's home. `None` means the environment variable
        ``NEARPLANE_DATA`` or, where that is unset or empty, ``~/nearplane_data``.

    Returns
    -------
    data_home : pathlib.Path
        The folder, which need not exist.

    Raises
    ------
    TypeError
        If `data_home` is neither a path nor `None`.

    Examples
    --------
    >>> from nearplane.datasets import get_data_home
    >>> get_data_home("images").name
    'images'
    """
    if data_home is None:
        data_home = os.environ.get(ENVIRONMENT_VARIABLE) or "~/nearplane_data"
    return as_path("data_home", data_home)


def check_fetching(*, download_if_missing: object, n_retries: object, verbose: object) -> None:
    """Raise unless the arguments of a function that may download are as they must be."""
    check_flag("download_if_missing", download_if_missing)
    check_integer("n_retries", n_retries, at_least=0)
    check_flag("verbose", verbose)


class _Bar:
    """A progress bar as pooch moves one: a total, then how many bytes came in each chunk."""

    def __init__(self, show: Progress) -> None:
        self._show = show
        self.total = 0

    @property
    def total(self) -> int:
        return self._total

    @total.setter
    def total(self, n_bytes: int) -> None:
        # Told at the start of every attempt.
        self._total = n_bytes
        self.reset()

    def reset(self) -> None:
        self._done = 0
        self._shown = 0.0

    def update(self, n_bytes: int) -> None:
        self._done += n_bytes
        fraction = min(1.0, self._done / self.total) if self.total else 0.0
        # Chunks are of a kilobyte; not each is worth drawing.
        if fraction - self._shown >= _LEAST_STEP:
            self._shown = fraction
            self._show(fraction, f"of {self.total / 1e6:,.0f} MB")

    def close(self) -> None:
        """Nothing is left to do: the bar belongs to its context."""


def download(
    urls: Sequence[str], sha256: str, folder: Path, *, n_retries: int, verbose: bool
) -> Path:
    """Download a file into `folder` under its own name, and return its path.

    The file appears under that name only once it is complete and its SHA-256 is right.

    Parameters
    ----------
    urls : sequence of str
        Where the file is to be had; the next is tried when all retries of one have failed.
    sha256 : str
        The checksum, in hexadecimal digits.
    folder : pathlib.Path
        Made if it is missing.
    n_retries : int
        How often each address is tried again.
    verbose : bool
        Whether to show a progress bar.

    Raises
    ------
    ImportError
        If pooch is not installed, or rich is not and a bar is to be shown.
    OSError
        If every address failed; the message holds what each of them failed with.
    """
    name = urls[0].rpartition("/")[2]
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            f"downloading {name} needs pooch: pip install 'nearplane[data]' - or put the file "
            f"into {folder} yourself"
        ) from error
    problems = []
    for url in urls:
        fetcher = pooch.create(
            path=folder,
            base_url=url.rpartition("/")[0] + "/",
            registry={name: f"sha256:{sha256}"},
            retry_if_failed=n_retries,
        )
        try:
            with progress_bar(f"Downloading {name}", enabled=verbose) as show:
                bar = None if show is None else pooch.HTTPDownloader(progressbar=_Bar(show))
                return Path(fetcher.fetch(name, downloader=bar))
        # A wrong checksum is a ValueError of pooch; connections and disks raise kinds of OSError.
        except (OSError, ValueError) as error:
            # Its text only: the exception would keep this frame, and with it sockets, alive.
            problems.append(str(error))
    raise OSError(f"could not download {' or '.join(urls)} to {folder}: {'; '.join(problems)}")
