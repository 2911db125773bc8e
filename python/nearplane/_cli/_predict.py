"""``nearplane knn predict`` and ``nearplane linear predict``: labels for new image files."""

import sys
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from nearplane._cli._models import Kind, Model
from nearplane._cli._options import JsonOption, ModelArgument, NJobsOption
from nearplane._cli._run import user_errors
from nearplane._cli._show import make_table, print_json, print_lines
from nearplane._progress import Progress, progress_bar
from nearplane.datasets import read_images

# What is read before it is labelled: no more than memory holds, nor than a bar can wait for.
_BLOCK_BYTES = 2**26
_BLOCK_FILES = 1000


class _Answer(NamedTuple):
    """The best classes of one file with their scores, best first."""

    file: str
    classes: list[str]
    scores: list[float]


def _checked_white(white: float | None) -> float | None:
    if white is not None and not 0 < white < inf:
        raise typer.BadParameter(f"{white:g} is not a number above 0")
    return white


def make_predict(kind: Kind) -> Callable[..., None]:
    """Return the command for one kind of model."""

    def predict(
        model: ModelArgument,
        files: Annotated[
            list[str], typer.Argument(metavar="FILES", help="Image files of any size.")
        ],
        *,
        top: Annotated[
            int, typer.Option("--top", min=1, metavar="N", help="How many classes to name.")
        ] = 1,
        white: Annotated[
            float | None,
            typer.Option(
                "--white",
                callback=_checked_white,
                metavar="VALUE",
                help="What white is in the model's images. Default: 1, 16 or 255, found by "
                "looking at the model.",
            ),
        ] = None,
        invert: Annotated[
            bool,
            typer.Option("--invert", help="Swap light and dark first, as for ink on paper."),
        ] = False,
        n_jobs: NJobsOption = None,
        as_json: JsonOption = False,
        quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    ) -> None:
        """Label image files.

        Each image is resized to the shape of the model's images. Files that cannot be read are
        named, and make the exit code 1 once the others are labelled.
        """
        with user_errors("nothing was labelled"):
            show = sys.stderr.isatty() and not quiet
            fitted = Model.load(kind, model, n_jobs=n_jobs)
            answers, skipped = _label(fitted, files, top, _Scaling.of(fitted, white, invert), show)
        if as_json:
            print_json(_record(fitted, answers, skipped))
        else:
            _print_answers(fitted, answers)
            for file, problem in skipped:
                typer.echo(f"nearplane: {file}: {problem}", err=True)
        if skipped:
            raise typer.Exit(1)

    return predict


class _Scaling(NamedTuple):
    """How the bytes of image files become values such as the model was fitted to."""

    white: float
    invert: bool

    @classmethod
    def of(cls, model: Model, white: float | None, invert: bool) -> "_Scaling":
        found = model.white if white is None else white
        if white is None and found != 255:
            typer.echo(
                f"nearplane: the model's images have values up to {found:g}, so 255 in a file "
                f"becomes {found:g} (--white)",
                err=True,
            )
        return cls(found, invert)

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        pixels = 255 - images if self.invert else images
        return pixels if self.white == 255 else pixels * np.float32(self.white / 255)


def _label(
    model: Model, files: Sequence[str], top: int, scale: _Scaling, show: bool
) -> tuple[list[_Answer], list[tuple[str, str]]]:
    """Return the answers in the order of the files, and the files that cannot be read."""
    size, mode = _form(model)
    answers: list[_Answer] = []
    skipped: list[tuple[str, str]] = []
    with progress_bar("labelling", enabled=show) as progress:
        for block in _blocks(files, int(np.prod(model.image_shape)), progress):
            read = read_images(block, size=size, mode=mode, on_error="skip")
            skipped += read.skipped
            if len(read.images):
                X = scale(read.images).reshape(-1, *model.image_shape)
                answers += _answers(model, read.filenames, X, top)
    return answers, skipped


def _form(model: Model) -> tuple[tuple[int, int], Any]:
    """Return the size and the mode that files are to be read in."""
    shape = model.image_shape
    channels = shape[2] if len(shape) == 3 else 1
    if len(shape) not in (2, 3) or channels not in (1, 3):
        raise ValueError(
            f"{model.path} was fitted to rows of shape {shape}, which are neither grey nor RGB "
            "images."
        )
    return (shape[0], shape[1]), "RGB" if channels == 3 else "L"


def _blocks(
    files: Sequence[str], image_bytes: int, progress: Progress | None
) -> Iterator[Sequence[str]]:
    step = max(1, min(_BLOCK_FILES, _BLOCK_BYTES // image_bytes))
    for first in range(0, len(files), step):
        if progress is not None:
            progress(first / len(files))
        yield files[first : first + step]


def _answers(model: Model, files: Sequence[str], X: NDArray[Any], top: int) -> Iterator[_Answer]:
    names = model.class_names
    ranked, scores = model.ranking(X)
    for file, positions, row in zip(files, ranked[:, :top], scores[:, :top].tolist(), strict=True):
        # A class that nobody votes for is no second choice.
        n_named = sum(score > 0 for score in row) if model.votes else len(row)
        yield _Answer(file, [names[p] for p in positions[:n_named]], row[:n_named])


def _record(
    model: Model, answers: Sequence[_Answer], skipped: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "model": str(model.path),
        "confidence": model.confidence,
        "predictions": [
            {
                "file": answer.file,
                "label": answer.classes[0],
                "confidence": answer.scores[0],
                "top": [
                    {"label": label, "confidence": score}
                    for label, score in zip(answer.classes, answer.scores, strict=True)
                ],
            }
            for answer in answers
        ],
        "unreadable": [{"file": file, "problem": problem} for file, problem in skipped],
    }


def _print_answers(model: Model, answers: Sequence[_Answer]) -> None:
    table = make_table("file", "label", right=(model.confidence,))
    for answer in answers:
        for place, (label, score) in enumerate(zip(answer.classes, answer.scores, strict=True)):
            text = f"{score:.3f}" if model.confidence == "score" else f"{100 * score:.1f} %"
            table.add_row("" if place else answer.file, label, text)
    if answers:
        print_lines(table)
