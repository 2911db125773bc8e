"""Output files that are whole or absent."""

import tempfile
from pathlib import Path

from nearplane._files import replacement


def check_writable(path: Path) -> None:
    """Make sure that `path` can be written, creating its folder; raise now rather than later.

    Parameters
    ----------
    path : Path
        The file to be written at the end of a long run.

    Raises
    ------
    OSError
        If `path` is a folder, or its folder cannot be created or written.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        pass


def write_atomically(path: Path, text: str) -> None:
    """Write `text` as UTF-8: readers see the old file or the whole new one, never a part.

    Parameters
    ----------
    path : Path
    text : str

    Raises
    ------
    OSError
        If the file cannot be written; what was there before stays.
    """
    with replacement(path) as file:
        file.write(text.encode("utf-8"))
