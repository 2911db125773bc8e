"""``nearplane linear fit``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nearplane import LinearClassifier, LinearClassifierCV
from nearplane._cli._fit import FitRequest, fit_and_save, print_fit
from nearplane._cli._models import LINEAR
from nearplane._cli._options import (
    DataDirOption,
    DatasetOption,
    FeaturesOption,
    FoldsOption,
    ImageSizeOption,
    JsonOption,
    NJobsOption,
    NTrainOption,
    OutOption,
    QuietOption,
    SeedOption,
    choices,
    image_size,
    numbers,
    parts,
)
from nearplane._cli._run import user_errors
from nearplane.linear_model._parameters import OPTIMIZERS
from nearplane.linear_model._preprocessing import PREPROCESS

_LOSSES = (
    "softmax", "hinge", "squared_hinge", "crammer_singer", "ovr_hinge", "ovr_logistic",
    "squared_error",
)  # fmt: skip


def fit(
    *,
    dataset: DatasetOption = "digits",
    data_dir: DataDirOption = None,
    size: ImageSizeOption = None,
    n_train: NTrainOption = None,
    features: FeaturesOption = None,
    loss: Annotated[
        str,
        typer.Option(
            callback=choices(*_LOSSES), metavar="LIST", help=f"Some of {', '.join(_LOSSES)}."
        ),
    ] = "softmax",
    alpha: Annotated[
        str,
        typer.Option(callback=numbers(), metavar="LIST", help="Strength of the penalty."),
    ] = "0.003",
    learning_rate: Annotated[
        str,
        typer.Option(
            callback=numbers("auto", positive=True),
            metavar="LIST",
            help="Length of the steps; auto is derived from the images.",
        ),
    ] = "auto",
    penalty: Annotated[
        str,
        typer.Option(
            callback=choices("l2", "l1", "elasticnet", "none"),
            metavar="LIST",
            help="Some of l2, l1, elasticnet, none.",
        ),
    ] = "l2",
    optimizer: Annotated[
        str,
        typer.Option(
            callback=choices(*OPTIMIZERS), metavar="LIST", help=f"Some of {', '.join(OPTIMIZERS)}."
        ),
    ] = "sgd",
    preprocess: Annotated[
        str,
        typer.Option(
            callback=choices(*PREPROCESS), metavar="LIST", help=f"Some of {', '.join(PREPROCESS)}."
        ),
    ] = "standardize",
    epochs: Annotated[
        int, typer.Option(min=1, metavar="N", help="How often each training image is seen.")
    ] = 50,
    batch_size: Annotated[int, typer.Option(min=1, metavar="N", help="Images for one step.")] = 256,
    cv: FoldsOption = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep the state of training here; the same command goes on from it if it was "
            "killed. Not for several values.",
        ),
    ] = None,
    out: OutOption = Path("nearplane-linear.np"),
    seed: SeedOption = 0,
    n_jobs: NJobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a linear classifier on the training images of a data set and save the model.

    Of several values, such as `--alpha 0.001,0.01 --learning-rate 0.001,0.01`, all combinations
    are compared by cross-validation, and the best one is trained and saved.
    """
    request = FitRequest(
        dataset=dataset,
        data_dir=data_dir,
        image_size=image_size(size),
        n_train=n_train,
        seed=seed,
        out=out,
        features=features,
        n_jobs=n_jobs,
        as_json=as_json,
        quiet=quiet,
    )
    grid: dict[str, Any] = {
        "loss": parts([loss]),
        "alpha": [float(part) for part in parts([alpha])],
        "learning_rate": [
            part if part == "auto" else float(part) for part in parts([learning_rate])
        ],
        "penalty": [None if part == "none" else part for part in parts([penalty])],
        "optimizer": parts([optimizer]),
        "preprocess": parts([preprocess]),
    }
    base = LinearClassifier(
        max_epochs=epochs,
        batch_size=batch_size,
        checkpoint=checkpoint,
        random_state=seed,
        n_jobs=n_jobs,
        verbose=request.shows_progress,
    )

    def make() -> Any:
        if cv is None and all(len(values) == 1 for values in grid.values()):
            return base.set_params(**{name: one for name, (one,) in grid.items()})
        return LinearClassifierCV(
            **grid, estimator=base, cv=cv or 5, random_state=seed, verbose=request.shows_progress
        )

    with user_errors("no model was written"):
        record = fit_and_save(LINEAR, request, make)
    print_fit(LINEAR, request, record)
