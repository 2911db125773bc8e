"""What every command does around its work: load, complain in one line, end with a code."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from nearplane._cli._show import plain_warnings
from nearplane.datasets import ImageDataset, get_data_home, load_dataset

# Data sets that nobody but the user has.
YOURS = ("folder", "arrays")

_INTERRUPTED = 130


@contextmanager
def user_errors(unfinished: str) -> Iterator[None]:
    """Turn what a user can put right into one message and an exit code.

    `unfinished` tells what an interrupt leaves undone.
    """
    try:
        with plain_warnings():
            yield
    except KeyboardInterrupt:
        typer.echo(f"nearplane: interrupted, {unfinished}", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    except (ValueError, OSError, ImportError, MemoryError) as error:
        typer.echo(f"nearplane: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from None


def load_images(
    name: str,
    *,
    data_dir: Path | None,
    n_train: int | None = None,
    n_test: int | None = None,
    image_size: tuple[int, int] | None = None,
    seed: int = 0,
    download: bool | None = None,
    verbose: bool = False,
) -> ImageDataset:
    """Load a data set as the options say, which download only without ``--data-dir``."""
    download = data_dir is None if download is None else download
    if data_dir is None and name in YOURS:
        raise ValueError(f"the data set {name} is your own: --data-dir must say where it lies.")
    try:
        return load_dataset(
            name,
            data_home=data_dir,
            n_train=n_train,
            n_test=n_test,
            random_state=seed,
            download_if_missing=download,
            image_size=image_size,
            verbose=verbose,
        )
    except FileNotFoundError as error:
        if data_dir is None or name in YOURS:
            raise
        # The first line says what is missing; the others tell a program, not a user, what to do.
        missing, _, _ = str(error).partition("\n")
        raise FileNotFoundError(
            f"{missing}\nWithout --data-dir it is downloaded to {get_data_home()}, "
            "if it is not there yet."
        ) from error
