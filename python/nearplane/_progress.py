"""The bar shown while the core works."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """What moves a bar."""

    def __call__(self, fraction: float, note: str = "") -> None:
        """Show that the fraction, 0 to 1, is done, and a note behind the description."""


@contextmanager
def progress_bar(description: str, *, enabled: bool = True) -> Iterator[Progress | None]:
    """Show a bar on a terminal for as long as the context lasts.

    Parameters
    ----------
    description : str
        What is going on, in a word or two.
    enabled : bool, default=True
        Whether a bar is wanted at all.

    Yields
    ------
    Progress or None
        Takes the fraction done, and perhaps a note. None if no bar is wanted or if the standard
        error stream is not a terminal: there is nobody to show it to.

    Raises
    ------
    ImportError
        If a bar is to be shown and `rich` is not installed.
    """
    if not enabled or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    try:
        from rich import progress as rich_progress  # an extra
        from rich.console import Console
    except ImportError as error:
        raise ImportError(
            "A progress bar needs rich: pip install 'nearplane[cli]', or set verbose=False."
        ) from error
    # The core reports ten times a second, so the bar needs no thread of its own to stay alive.
    bar = rich_progress.Progress(
        "{task.description}",
        rich_progress.BarColumn(),
        rich_progress.TaskProgressColumn(),
        rich_progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
    )
    with bar:
        task = bar.add_task(description, total=1.0)

        def show(fraction: float, note: str = "") -> None:
            text = f"{description} {note}".rstrip()
            bar.update(task, completed=fraction, description=text, refresh=True)

        yield show
