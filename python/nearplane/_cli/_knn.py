"""``nearplane knn fit``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nearplane import KNeighborsClassifier, KNeighborsClassifierCV
from nearplane._cli._fit import FitRequest, fit_and_save, print_fit
from nearplane._cli._models import KNN
from nearplane._cli._options import (
    CvOption,
    DataDirOption,
    DatasetOption,
    FeaturesOption,
    ImageSizeOption,
    JsonOption,
    NJobsOption,
    NTrainOption,
    OutOption,
    QuietOption,
    SeedOption,
    checked_counts,
    choices,
    counts,
    folds,
    image_size,
    parts,
)
from nearplane._cli._run import user_errors

_METRICS = ("l1", "l2", "manhattan", "euclidean", "cosine")
_WEIGHTS = ("uniform", "distance")


def fit(
    *,
    dataset: DatasetOption = "digits",
    data_dir: DataDirOption = None,
    size: ImageSizeOption = None,
    n_train: NTrainOption = None,
    features: FeaturesOption = None,
    k: Annotated[
        list[str],
        typer.Option(
            "--k", callback=checked_counts, metavar="LIST", help="How many neighbours vote."
        ),
    ] = ["5"],  # noqa: B006  # typer's way to a default for a list
    metric: Annotated[
        str,
        typer.Option(
            callback=choices(*_METRICS), metavar="LIST", help="l1, l2, cosine or several."
        ),
    ] = "l2",
    weights: Annotated[
        str,
        typer.Option(
            callback=choices(*_WEIGHTS),
            metavar="LIST",
            help="What a vote weighs: uniform, distance or both.",
        ),
    ] = "uniform",
    cv: CvOption = None,
    out: OutOption = Path("nearplane-knn.np"),
    seed: SeedOption = 0,
    n_jobs: NJobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fit nearest neighbours to the training images of a data set and save the model.

    Of several values, such as `--k 1,3,5 --metric l1,l2`, all combinations are compared by
    cross-validation, and the best one is fitted and saved.
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
        "n_neighbors": counts(k) or [5],
        "metric": parts([metric]),
        "weights": parts([weights]),
    }
    settings: dict[str, Any] = {"n_jobs": n_jobs, "verbose": request.shows_progress}

    def make() -> Any:
        if cv is not None or any(len(values) > 1 for values in grid.values()):
            return KNeighborsClassifierCV(**grid, cv=folds(cv), **settings)
        return KNeighborsClassifier(**{name: one for name, (one,) in grid.items()}, **settings)

    with user_errors("no model was written"):
        record = fit_and_save(KNN, request, make)
    print_fit(KNN, request, record)
