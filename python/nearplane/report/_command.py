"""``nearplane report``: options in, results and a page out."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from nearplane._cli._options import (
    DataDirOption,
    DatasetOption,
    ImageSizeOption,
    JsonOption,
    NJobsOption,
    NTestOption,
    NTrainOption,
    QuietOption,
    SeedOption,
    checked_counts,
    counts,
)
from nearplane._cli._options import image_size as parsed_size
from nearplane._cli._run import load_images, user_errors
from nearplane._versions import version_info
from nearplane.report import _findings, _text
from nearplane.report._features import run_features
from nearplane.report._features_findings import best_sentences
from nearplane.report._features_results import KINDS
from nearplane.report._html import render_report
from nearplane.report._knn import run_knn
from nearplane.report._linear import run_linear
from nearplane.report._page import Report
from nearplane.report._pictures import take_pictures
from nearplane.report._write import check_writable, write_atomically

_SCHEMA_VERSION = 4
_DEFAULT_OUT = Path("nearplane-report.html")


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What decides the results."""

    dataset: str
    data_dir: Path | None
    n_train: int | None
    n_test: int | None
    image_size: str | None
    ks: list[int] | None
    n_folds: int
    epochs: int | None
    features: tuple[str, ...]
    seed: int
    n_jobs: int | None

    def command(self) -> str:
        """Return the command line that gives the same results."""
        options: dict[str, Any] = {
            "--data-dir": self.data_dir,
            "--n-train": self.n_train,
            "--n-test": self.n_test,
            "--image-size": self.image_size,
            "--k": ",".join(map(str, self.ks)) if self.ks else None,
            "--cv": self.n_folds,
            "--epochs": self.epochs,
            "--features": None if self.features == KINDS else _written(self.features),
            "--seed": self.seed,
            "--n-jobs": self.n_jobs,
        }
        words = ["nearplane", "report", "--dataset", self.dataset]
        for name, value in options.items():
            words += [] if value is None else [name, str(value)]
        return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _parse_features(text: str) -> tuple[str, ...]:
    """Return the kinds of features named, in the order of the page."""
    if text in ("all", "none"):
        return KINDS if text == "all" else ()
    named = [name.strip().replace("-", "_") for name in text.split(",")]
    for name in named:
        if name not in KINDS:
            raise typer.BadParameter(
                f"{name.replace('_', '-')!r} is not one of {_written(KINDS)}; or all, or none"
            )
    return tuple(kind for kind in KINDS if kind in named)


def _checked_features(text: str) -> str:
    _parse_features(text)
    return text


def _written(kinds: tuple[str, ...]) -> str:
    return ",".join(kinds).replace("_", "-") or "none"


def report(
    *,
    dataset: DatasetOption = "digits",
    data_dir: DataDirOption = None,
    n_train: NTrainOption = None,
    n_test: NTestOption = None,
    image_size: ImageSizeOption = None,
    k: Annotated[
        list[str] | None,
        typer.Option(
            "--k",
            callback=checked_counts,
            metavar="LIST",
            help="Numbers of neighbours to try, such as 1,3,5. Default: 1 to 20.",
        ),
    ] = None,
    k_max: Annotated[
        int | None, typer.Option(min=1, help="Try every number of neighbours from 1 to this.")
    ] = None,
    cv: Annotated[
        int,
        typer.Option(
            "--cv", min=2, metavar="N", help="Folds of the training images for cross-validation."
        ),
    ] = 5,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How often linear classifiers see each training image. "
            "Default: LinearClassifier's.",
        ),
    ] = None,
    features: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            callback=_checked_features,
            help="Features of images to try, such as hog,visual-words; all, or none.",
        ),
    ] = "all",
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = _DEFAULT_OUT,
    seed: SeedOption = 0,
    n_jobs: NJobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run nearest neighbours and linear classifiers on images and write an HTML report.

    For L1 and for L2, the number of neighbours k is chosen by cross-validation on the training
    images. Linear classifiers with softmax and with hinge loss get their learning rate and penalty
    from a sweep. Each then labels the test images once. The same is tried with features in place of
    pixels. The report shows the data, every choice, queries beside their neighbours, loss curves,
    weights as images, what features see, accuracies, the most frequent mistakes, costs, and how it
    was all computed.
    """
    if k and k_max is not None:
        raise typer.BadParameter("give either --k or --k-max, not both", param_hint="--k-max")
    ks = counts(k)
    options = _Options(
        dataset=dataset,
        data_dir=data_dir,
        n_train=n_train,
        n_test=n_test,
        image_size=image_size,
        ks=list(range(1, k_max + 1)) if k_max is not None else ks,
        n_folds=cv,
        epochs=epochs,
        features=_parse_features(features),
        seed=seed,
        n_jobs=n_jobs,
    )
    with user_errors("no report was written"):
        content = _run(options, out, quiet=quiet)
    if as_json:
        typer.echo(json.dumps(_as_json(content, out), indent=2))
    elif not quiet:
        _print_results(content, out)


def _run(options: _Options, out: Path, *, quiet: bool) -> Report:
    """Load, run, render and write; what can be refused at once is refused before the long run."""
    _check_installed("matplotlib", "jinja2")
    check_writable(out)
    messages = Console(stderr=True, highlight=False)
    show = sys.stderr.isatty() and not quiet

    def on_stage(text: str) -> None:
        if show:
            messages.print(text, style="dim", markup=False)

    content = _compute(options, show=show, on_stage=on_stage)
    on_stage(f"writing {out}")
    write_atomically(out, render_report(content))
    return content


def _compute(options: _Options, *, show: bool, on_stage: Callable[[str], None]) -> Report:
    # The images live in this function alone: gone before the plots need memory of their own.
    on_stage(f"loading {options.dataset}")
    images = load_images(
        options.dataset,
        data_dir=options.data_dir,
        n_train=options.n_train,
        n_test=options.n_test,
        image_size=parsed_size(options.image_size),
        seed=options.seed,
        verbose=show,
    )
    knn = run_knn(
        images,
        n_neighbors=options.ks,
        n_folds=options.n_folds,
        random_state=options.seed,
        n_jobs=options.n_jobs,
        verbose=show,
        on_stage=on_stage,
    )
    linear = run_linear(
        images,
        n_epochs=options.epochs,
        n_folds=options.n_folds,
        random_state=options.seed,
        n_jobs=options.n_jobs,
        verbose=show,
        on_stage=on_stage,
    )
    features = run_features(
        images,
        knn,
        linear.results,
        kinds=options.features,
        n_epochs=options.epochs,
        n_jobs=options.n_jobs,
        verbose=show,
        on_stage=on_stage,
    )
    return Report(
        pictures=take_pictures(images, knn, linear, features),
        knn=knn,
        linear=linear.results,
        features=None if features is None else features.results,
        environment=version_info(),
        command=options.command(),
    )


def _check_installed(*modules: str) -> None:
    # Asked before the long run, and without importing: that would count as the run's memory.
    for module in modules:
        if find_spec(module) is None:
            raise ImportError(
                f"the report needs {module}: pip install 'nearplane[report]'", name=module
            )


def _as_json(content: Report, out: Path) -> dict[str, Any]:
    knn = asdict(content.knn)
    return {
        "schema_version": _SCHEMA_VERSION,
        "report": str(out),
        "command": content.command,
        "environment": content.environment,
        "data": knn.pop("data"),
        "folds": knn.pop("folds"),
        "knn": knn,
        "linear": asdict(content.linear),
        "features": None if content.features is None else asdict(content.features),
    }


def _print_results(content: Report, out: Path) -> None:
    data = content.knn.data
    table = Table(
        title=f"{data.name}: {_text.count(data.n_train)} training {data.things}, "
        f"{_text.count(data.n_test)} test {data.things}",
        title_justify="left",
    )
    # Seven columns are what a terminal of 80 letters holds.
    table.add_column("method", no_wrap=True)
    for heading in ("k", "validation", "test", "fit time", "test time", "model"):
        table.add_column(heading, justify="right")
    nearest = {result.metric: str(result.best_n_neighbors) for result in content.knn.metrics}
    for method, result in content.methods.items():
        cells = (
            nearest.get(method, ""),
            _text.percent(result.best_validation_accuracy),
            _text.percent(result.test_accuracy),
            _text.seconds(result.fit_seconds),
            _text.seconds(result.test_seconds),
            _text.size(result.model_bytes),
        )
        table.add_row(_text.long_name(method), *map(_plain, cells))
    console = Console(highlight=False)
    console.print(table)
    console.print(_plain(_findings.headline(content.knn, content.linear)))
    if content.features is not None:
        for sentence in best_sentences(content.features, data.n_test):
            console.print(_plain(sentence))
    console.print(f"Report: {out}", soft_wrap=True, markup=False)


def _plain(text: str) -> str:
    """Replace no-break spaces, which not every terminal's encoding has."""
    return text.replace("\u00a0", " ")
