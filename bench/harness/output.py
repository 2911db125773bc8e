"""Tables for people, JSON for machines."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.environment import as_text

# Where there is no terminal, rich would cut the tables to 80 columns.
_FILE_WIDTH = 150

_probe = Console()
console = _probe if _probe.is_terminal else Console(width=_FILE_WIDTH)


@contextmanager
def watching(title: str) -> Iterator[Callable[[str], None]]:
    """Give a function that tells what is going on; a terminal shows it while the block runs."""
    with Console(stderr=True).status(escape(title)) as status:
        yield lambda text: status.update(escape(f"{title}: {text}"))


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, n_texts: int = 1
) -> None:
    """Print a table whose first columns are texts and whose others are figures."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number < n_texts else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def print_note(text: str) -> None:
    """Print a line as it is: what a library is called must not be read as markup."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def finish(described: dict[str, Any], results: dict[str, Any], path: Path | None) -> None:
    """Print the environment as the last lines, and write everything to `path`."""
    print_note(as_text(described))
    if path is not None:
        document = plain({"environment": described, **results})
        text = json.dumps(document, indent=2, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")


def plain(value: Any) -> Any:
    """Write NumPy's scalars as Python's, and infinities as null, for which JSON has no name."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
