"""Output files that are whole or absent."""

import os
import tempfile
from pathlib import Path


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
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # mkstemp keeps its file private; a report gets the permissions of any new file.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
