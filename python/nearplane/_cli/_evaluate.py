"""``nearplane knn evaluate`` and ``nearplane linear evaluate``: how well a model does."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._cli._models import VOTES, Kind, Model
from nearplane._cli._options import (
    DataDirOption,
    DatasetOption,
    FeaturesOption,
    JsonOption,
    ModelArgument,
    NJobsOption,
    NTestOption,
    QuietOption,
    SeedOption,
)
from nearplane._cli._run import load_images, user_errors
from nearplane._cli._show import make_table, print_json, print_lines, print_stage, rows_text
from nearplane.datasets import ImageDataset

_TOP = 5


def make_evaluate(kind: Kind) -> Callable[..., None]:
    """Return the command for one kind of model."""

    def evaluate(
        model: ModelArgument,
        *,
        dataset: DatasetOption = "digits",
        data_dir: DataDirOption = None,
        features: FeaturesOption = None,
        n_test: NTestOption = None,
        seed: SeedOption = 0,
        n_jobs: NJobsOption = None,
        as_json: JsonOption = False,
        quiet: QuietOption = False,
    ) -> None:
        """Label the test images of a data set and count how many labels are right.

        Where a data set has no official split, the seed must be that of `fit`: another one tests
        on images that the model was fitted to.
        """
        with user_errors("nothing was evaluated"):
            fitted = Model.load(kind, model, features=features, n_jobs=n_jobs)
            show = sys.stderr.isatty() and not quiet
            print_stage(f"loading {dataset}", shown=show)
            images = _load(fitted, dataset, data_dir, n_test=n_test, seed=seed, verbose=show)
            fitted.estimator.set_params(verbose=show)
            record = _evaluate(fitted, images)
        if as_json:
            print_json(record)
        elif not quiet:
            _print_record(record)

    return evaluate


def _load(
    model: Model,
    dataset: str,
    data_dir: Path | None,
    *,
    n_test: int | None,
    seed: int,
    verbose: bool,
) -> ImageDataset:
    shape = model.image_shape
    return load_images(
        dataset,
        data_dir=data_dir,
        n_test=n_test,
        image_size=(shape[0], shape[1]) if dataset == "folder" and len(shape) > 1 else None,
        seed=seed,
        verbose=verbose,
    )


def _evaluate(model: Model, images: ImageDataset) -> dict[str, Any]:
    targets = model.targets(images)
    ranked, _ = model.ranking(images.X_test)
    names = model.class_names
    right = ranked[:, 0] == targets
    found: dict[str, Any] = {
        "schema_version": 1,
        "model": str(model.path),
        "dataset": images.name,
        "n_test": len(targets),
        "image_shape": list(images.image_shape),
        "n_right": int(right.sum()),
        "accuracy": right.mean(),
        "top_5_accuracy": _top_accuracy(model, ranked, targets),
        "ranked_by": model.confidence,
        "n_unknown": int((targets < 0).sum()),
        "classes": names,
    }
    known = targets >= 0
    # scikit-learn's confusion_matrix wants at least one image, and all may be unknown.
    table = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(table, (targets[known], ranked[known, 0]), 1)
    return found | {
        "per_class": [_class_record(names, table, row) for row in range(len(names))],
        "confusion_matrix": table,
    }


def _top_accuracy(
    model: Model, ranked: NDArray[np.intp], targets: NDArray[np.intp]
) -> float | None:
    """Return how often the true class is among the best five; None if there are no more.

    Equals are ranked as `nearplane.metrics.top_k_accuracy` ranks them, in the order of the classes.
    """
    if len(model.class_names) <= _TOP:
        return None
    return float((ranked[:, :_TOP] == targets[:, np.newaxis]).any(axis=1).mean())


def _class_record(names: list[str], table: NDArray[np.int64], row: int) -> dict[str, Any]:
    """Tell how the test images of one class were labelled."""
    n_images, n_right = int(table[row].sum()), int(table[row, row])
    wrong = table[row].copy()
    wrong[row] = 0
    mistaken = int(wrong.argmax())
    return {
        "class": names[row],
        "n_test": n_images,
        "n_right": n_right,
        "accuracy": n_right / n_images if n_images else None,
        "most_often_taken_for": names[mistaken] if wrong[mistaken] else None,
        "n_taken_for_it": int(wrong[mistaken]),
    }


def _print_record(record: dict[str, Any]) -> None:
    table = make_table("class", right=("tested", "accuracy"))
    table.add_column("most often taken for", overflow="fold")
    for entry in record["per_class"]:
        wrong = entry["most_often_taken_for"]
        table.add_row(
            entry["class"],
            f"{entry['n_test']:,}",
            "" if entry["accuracy"] is None else f"{100 * entry['accuracy']:.1f} %",
            "" if wrong is None else f"{wrong} ({entry['n_taken_for_it']:,})",
        )
    tested = rows_text(record["n_test"], record["image_shape"], "test")
    lines = [
        f"{record['model']} on {tested} of {record['dataset']}",
        f"accuracy  {100 * record['accuracy']:.2f} %",
    ]
    if record["top_5_accuracy"] is not None:
        # Few neighbours leave most classes without a vote, and then five are soon found.
        order = " (classes with equal votes in their order)" if record["ranked_by"] == VOTES else ""
        lines.append(f"top-5     {100 * record['top_5_accuracy']:.2f} %{order}")
    if record["n_unknown"]:
        lines.append(
            f"{record['n_unknown']:,} are of classes that the model does not know, and count "
            "as wrong"
        )
    print_lines(*lines, table)
