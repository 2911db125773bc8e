"""The bar shown while the core works."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(
    description: str, *, enabled: bool = True
) -> Iterator[Callable[[float], None] | None]:
    """Show a bar on a terminal for as long as the context lasts.

    Parameters
    ----------
    description : str
        What is going on, in a word or two.
    enabled : bool, default=True
        Whether a bar is wanted at all.

    Yields
    ------
    callable or None
        Takes the fraction done, 0 to 1. None if no bar is wanted or if the standard error stream is
        not a terminal: there is nobody to show it to.

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
        yield lambda fraction: bar.update(task, completed=fraction, refresh=True)
