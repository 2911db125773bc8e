"""Draw what `knn.py` wrote: on which data pruning pays, what survives, and how time grows.

    python bench/knn_plots.py knn.json docs/images

takes the questions `datasets` and `scaling` from one file or several, whichever they hold.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from knn_questions.figures_datasets import draw_speed, draw_survivors
from knn_questions.figures_scaling import draw_others, draw_rows

# The same bytes for the same figures: no date, and no random names within the file.
_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "nearplane",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
_METADATA: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "png": {"Software": None}}
_DPI = 150

# What each picture is drawn from; what there are no figures for is left out.
_PICTURES: dict[str, tuple[str, Callable[[list[dict[str, Any]]], Figure | None]]] = {
    "knn_speed": ("datasets", draw_speed),
    "knn_survivors": ("datasets", draw_survivors),
    "knn_rows": ("scaling", draw_rows),
    "knn_scaling": ("scaling", draw_others),
}


def main() -> None:
    options = _parse()
    documents = [json.loads(path.read_text("utf-8")) for path in options.results]
    options.folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_SETTINGS):
        for name, (question, draw) in _PICTURES.items():
            found = [
                part for document in documents for part in document["results"].get(question, [])
            ]
            figure = draw(found)
            if figure is not None:
                _save(figure, options.folder / name, options.format)


def _save(figure: Figure, path: Path, formats: list[str]) -> None:
    for suffix in formats:
        target = path.with_suffix(f".{suffix}")
        figure.savefig(target, dpi=_DPI, facecolor="white", metadata=_METADATA[suffix])
        print(target)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", nargs="+", type=Path, metavar="FILE", help="JSON of knn.py")
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the pictures go")
    parser.add_argument("--format", nargs="+", choices=list(_METADATA), default=["svg"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
