"""How results are printed: in 80 columns, for any terminal, or as JSON."""

import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table


def shape_text(image_shape: Sequence[int]) -> str:
    """Write the shape of an image, or the length of a row that is none.

    Examples
    --------
    >>> from nearplane._cli._show import shape_text
    >>> shape_text((32, 32, 3)), shape_text((384,))
    ('32 x 32 x 3', '384 numbers')
    """
    lengths = [str(length) for length in image_shape]
    return " x ".join(lengths) if len(lengths) > 1 else f"{lengths[0]} numbers"


def rows_text(count: int, image_shape: Sequence[int], kind: str) -> str:
    """Write how many images, or rows that are none, of which kind.

    Examples
    --------
    >>> from nearplane._cli._show import rows_text
    >>> rows_text(50_000, (32, 32, 3), "training"), rows_text(80, (384,), "test")
    ('50,000 training images', '80 test rows')
    """
    return f"{count:,} {kind} {'images' if len(image_shape) > 1 else 'rows'}"


def plain(text: str) -> str:
    """Replace no-break spaces, which not every terminal's encoding has."""
    return text.replace("\u00a0", " ")


def make_table(*left: str, right: Iterable[str] = ()) -> Table:
    """Return an empty table: columns of words, then columns of numbers."""
    table = Table()
    for heading in left:
        # Long names of files and classes go on in the next line: a cut one is of no use.
        table.add_column(heading, overflow="fold")
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def print_lines(*lines: str | Table) -> None:
    """Print texts and tables to standard output, letter by letter as they are."""
    # Names of files and classes may look like rich's markup, or its words for emojis.
    console = Console(highlight=False, markup=False, emoji=False)
    for line in lines:
        console.print(line, soft_wrap=isinstance(line, str))


def print_json(record: object) -> None:
    """Print plain values and NumPy's as JSON; what is no number becomes null."""
    typer.echo(json.dumps(_as_plain(record), indent=2, allow_nan=False))


def print_stage(text: str, *, shown: bool) -> None:
    """Say on the error stream what is going on, above the bars of those who do it."""
    if shown:
        Console(stderr=True, highlight=False).print(text, style="dim", markup=False, emoji=False)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Show warnings as users want to read them: without the line of code that gave them."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        typer.echo(f"nearplane: {message}", err=True)

    with warnings.catch_warnings():
        warnings.showwarning = show
        warnings.simplefilter("default", UserWarning)  # messages here, not errors
        yield


def _as_plain(value: object) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return {str(key): _as_plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_as_plain(entry) for entry in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
