"""Where data sets lie on disk, and how a missing one gets there."""

import os
from collections.abc import Sequence
from pathlib import Path

ENVIRONMENT_VARIABLE = "NEARPLANE_DATA"


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
    if not isinstance(data_home, str | os.PathLike):
        raise TypeError(
            f"data_home must be a path or None, got {data_home!r} of type "
            f"{type(data_home).__name__}"
        )
    return Path(data_home).expanduser()


def download(urls: Sequence[str], sha256: str, folder: Path, n_retries: int) -> Path:
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

    Raises
    ------
    ImportError
        If pooch is not installed.
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
            return Path(fetcher.fetch(name))
        # A wrong checksum is a ValueError of pooch; connections and disks raise kinds of OSError.
        except (OSError, ValueError) as error:
            # Its text only: the exception would keep this frame, and with it sockets, alive.
            problems.append(str(error))
    raise OSError(f"could not download {' or '.join(urls)} to {folder}: {'; '.join(problems)}")
