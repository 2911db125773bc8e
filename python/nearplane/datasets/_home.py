"""Where data sets lie on disk, and how a missing one gets there."""

import os
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


def download(url: str, sha256: str, folder: Path, n_retries: int) -> Path:
    """Download `url` into `folder` under its own name, and return the file's path.

    The file appears under that name only once it is complete and its SHA-256 is right.
    """
    base, _, name = url.rpartition("/")
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            f"downloading {name} needs pooch: pip install 'nearplane[data]' - or put the file "
            f"into {folder} yourself"
        ) from error
    fetcher = pooch.create(
        path=folder,
        base_url=base + "/",
        registry={name: f"sha256:{sha256}"},
        retry_if_failed=n_retries,
    )
    try:
        return Path(fetcher.fetch(name))
    # A wrong checksum is a ValueError of pooch; connections and disks raise kinds of OSError.
    except (OSError, ValueError) as error:
        raise OSError(f"could not download {url} to {folder}: {error}") from error
