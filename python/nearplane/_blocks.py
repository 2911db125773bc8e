"""A few rows at a time, so that the memory beside the result stays small."""

from collections.abc import Iterator

# Numbers worked on at a time: 8 MB in float64, which takes some ten milliseconds.
BLOCK_SIZE = 2**20


def blocks(n_rows: int, n_features: int, *, size: int = BLOCK_SIZE) -> Iterator[slice]:
    """Split the rows so that a block of them has no more than `size` numbers, or is one row."""
    step = max(1, size // max(1, n_features))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))
