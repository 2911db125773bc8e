"""Ask what it takes to read a folder of JPEG files: mixed sizes and modes, some of them corrupt.

The files are made beforehand, from a seed. Each round reads them in a child process of its own:
into memory, into a cache, and from that cache. The files that cannot be read must be those that
were made so.
"""

import argparse
import io
import time
import warnings
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from harness.child import call_in_child
from harness.output import print_table, watching
from nearplane.datasets import fetch_image_folder, make_natural_images
from nearplane.report._memory import peak_memory_bytes

_N_CLASSES = 10
_N_CORRUPT = 20
_SIZE = (32, 32)
_TIMEOUT_SECONDS = 3_600.0
_WAYS = ("into memory", "into a cache", "from the cache")


def ask(options: argparse.Namespace) -> dict[str, Any]:
    """Make the files, read them, and tell what the median round took."""
    title = f"Reading {options.n_files:,} JPEG files of 32 to 640 pixels a side"
    with watching(title) as report, TemporaryDirectory() as name:
        report("making them")
        corrupt = _make_files(Path(name) / "images", options.n_files)
        runs: dict[str, list[dict[str, Any]]] = {way: [] for way in _WAYS}
        for number in range(options.repeats):
            for way in _WAYS:
                report(f"round {number + 1} of {options.repeats}: {way}")
                cache = None if way == "into memory" else str(Path(name) / f"cache {number}")
                argument = {"folder": name, "cache": cache, "n_threads": options.threads}
                runs[way].append(_read(argument, corrupt))
    rows = [
        [
            way,
            f"{median(run['seconds'] for run in found):.3g}",
            f"{median(run['peak_bytes'] - run['before'] for run in found) / 1e6:,.0f}",
            f"{found[0]['n_images']:,}",
            str(len(found[0]["skipped"])),
        ]
        for way, found in runs.items()
    ]
    print_table(title, ["", "seconds", "MB beside Python", "images", "skipped"], rows)
    return {"n_files": options.n_files, "runs": runs}


def read(argument: dict[str, Any]) -> dict[str, Any]:
    """Read the folder once."""
    before = peak_memory_bytes()
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the files that are skipped
        found = fetch_image_folder(
            Path(argument["folder"]) / "images",
            size=_SIZE,
            cache=argument["cache"],
            n_jobs=argument["n_threads"],
        )
    return {
        "seconds": time.perf_counter() - start,
        "before": before or 0,
        "peak_bytes": peak_memory_bytes() or 0,
        "n_images": len(found.images),
        "skipped": sorted(Path(path).name for path, _ in found.skipped),
    }


def _read(argument: dict[str, Any], corrupt: list[str]) -> dict[str, Any]:
    outcome = call_in_child("choosing_questions.folder:read", argument, timeout=_TIMEOUT_SECONDS)
    if outcome.failure:
        raise SystemExit(f"reading the folder: {outcome.failure}")
    found: dict[str, Any] = outcome.result
    if found["skipped"] != corrupt:
        raise SystemExit(f"skipped {found['skipped']}, expected {corrupt}")
    return found


def _make_files(folder: Path, n_files: int) -> list[str]:
    """Write the files, and return the names of the corrupt ones."""
    rng = np.random.default_rng(0)
    patterns, _ = make_natural_images(100, (64, 64, 3), random_state=0)
    corrupt = set(rng.choice(n_files, min(_N_CORRUPT, n_files), replace=False).tolist())
    for number in range(n_files):
        path = folder / f"class {number % _N_CLASSES}" / f"{number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        size = tuple(rng.integers(32, 641, 2).tolist())
        image = Image.fromarray(patterns[number % len(patterns)]).resize(size)
        buffer = io.BytesIO()
        image.convert(("RGB", "L", "CMYK")[number % 10 // 8]).save(buffer, "jpeg", quality=85)
        content = buffer.getvalue()
        path.write_bytes(_damaged(content, number) if number in corrupt else content)
    return sorted(f"{number:05}.jpg" for number in corrupt)


def _damaged(content: bytes, number: int) -> bytes:
    """Return no bytes, no image, half of the file, or another beginning."""
    return (b"", b"not an image", content[: len(content) // 2], b"\0" * 20 + content[20:])[
        number % 4
    ]
