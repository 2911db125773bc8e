"""``nearplane knn predict`` and ``nearplane linear predict``: labels for new image files."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, NamedTuple

import typer
from numpy.typing import NDArray

from nearplane._cli._image_files import (
    ImageFiles,
    InvertOption,
    Scaling,
    can_be_read_as,
    checked_white,
)
from nearplane._cli._models import Kind, Model
from nearplane._cli._options import FeaturesOption, JsonOption, ModelArgument, NJobsOption
from nearplane._cli._run import user_errors
from nearplane._cli._show import make_table, print_json, print_lines


class _Answer(NamedTuple):
    """The best classes of one file with their scores, best first."""

    file: str
    classes: list[str]
    scores: list[float]


def make_predict(kind: Kind) -> Callable[..., None]:
    """Return the command for one kind of model."""

    def predict(
        model: ModelArgument,
        files: Annotated[
            list[str], typer.Argument(metavar="FILES", help="Image files of any size.")
        ],
        *,
        features: FeaturesOption = None,
        top: Annotated[
            int, typer.Option("--top", min=1, metavar="N", help="How many classes to name.")
        ] = 1,
        white: Annotated[
            float | None,
            typer.Option(
                "--white",
                callback=checked_white,
                metavar="VALUE",
                help="What white is in the model's images. Default: 1, 16 or 255, found by "
                "looking at the model; with --features, 255 unless they know.",
            ),
        ] = None,
        invert: InvertOption = False,
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
            fitted = Model.load(kind, model, features=features, n_jobs=n_jobs)
            _check_shape(fitted)
            images = ImageFiles(files, fitted.image_shape, _scaling(fitted, white, invert))
            answers = _label(fitted, images, top, show)
        if as_json:
            print_json(_record(fitted, answers, images.skipped))
        else:
            _print_answers(fitted, answers)
            images.complain()
        if images.skipped:
            raise typer.Exit(1)

    return predict


def _scaling(model: Model, white: float | None, invert: bool) -> Scaling:
    found = model.white if white is None else white
    if white is None and found != 255:
        typer.echo(
            f"nearplane: the model's images have values up to {found:g}, so 255 in a file "
            f"becomes {found:g} (--white)",
            err=True,
        )
    return Scaling(found, invert)


def _label(model: Model, images: ImageFiles, top: int, show: bool) -> list[_Answer]:
    """Return the answers in the order of the files, but of those that cannot be read."""
    return [
        answer
        for names, X in images.blocks("labelling", show=show)
        for answer in _answers(model, names, X, top)
    ]


def _check_shape(model: Model) -> None:
    if not can_be_read_as(model.image_shape):
        raise ValueError(
            f"{model.path} was fitted to rows of shape {model.image_shape}, which are neither grey "
            f"nor RGB images.{model.hint}"
        )


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
