"""What ``nearplane knn fit`` and ``nearplane linear fit`` have in common."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from nearplane._cli._features_loaded import Features
from nearplane._cli._models import Kind, named_labels
from nearplane._cli._run import load_images
from nearplane._cli._scores import best_text, judged_text, score_records, score_table
from nearplane._cli._show import plain, print_json, print_lines, print_stage, rows_text, shape_text
from nearplane.datasets import ImageDataset
from nearplane.report import _text
from nearplane.report._write import check_writable


@dataclass(frozen=True, kw_only=True)
class FitRequest:
    """Where the images come from, where the model goes, and what is printed."""

    dataset: str
    data_dir: Path | None
    image_size: tuple[int, int] | None
    n_train: int | None
    seed: int
    out: Path
    features: list[Path] | None = None
    n_jobs: int | None
    as_json: bool
    quiet: bool

    @property
    def shows_progress(self) -> bool:
        """Whether there is somebody to show a bar to."""
        return sys.stderr.isatty() and not self.quiet

    def data_words(self) -> list[str]:
        """Return the options by which `evaluate` finds the same data."""
        words = ["--dataset", self.dataset]
        words += ["--data-dir", str(self.data_dir)] if self.data_dir else []
        words += [word for path in self.features or [] for word in ("--features", str(path))]
        return words + (["--seed", str(self.seed)] if self.seed else [])


def fit_and_save(kind: Kind, request: FitRequest, make: Callable[[], Any]) -> dict[str, Any]:
    """Load images, fit what `make` returns, save it, and tell what came out.

    An estimator with cross-validation is saved as its best estimator.
    """
    check_writable(request.out)  # now rather than after a long run
    features = Features.load(request.features, n_jobs=request.n_jobs) if request.features else None
    dataset = load_for_fit(request, features)
    estimator = make()
    start = perf_counter()
    X = dataset.X_train
    if features is not None:
        X = features.rows(X, "features", show=request.shows_progress)
    estimator.fit(X, named_labels(dataset))
    duration = perf_counter() - start
    model = getattr(estimator, "best_estimator_", estimator)
    if getattr(model, "n_neighbors", 0) > len(dataset.X_train):
        rows = rows_text(len(dataset.X_train), dataset.image_shape, "training")
        raise ValueError(f"k = {model.n_neighbors} is more than the {rows}")
    if getattr(model, "stop_reason_", None) == "diverged":
        raise ValueError("training diverged; give a smaller --learning-rate, or auto")
    # How it was made is nothing that those who load it should have to undo.
    made_by = {"n_jobs": None, "verbose": False, "checkpoint": None}
    parameters = model.get_params()
    model.set_params(**{name: made_by[name] for name in made_by if name in parameters})
    model.save(request.out)
    return _record(kind, request, dataset, estimator, duration) | _features_record(features)


def load_for_fit(request: FitRequest, features: Features | None = None) -> ImageDataset:
    """Load the images that are asked for, of the size that the features are of."""
    size = request.image_size
    if features is not None and request.dataset == "folder" and size is None:
        size = features.image_size
    print_stage(f"loading {request.dataset}", shown=request.shows_progress)
    dataset = load_images(
        request.dataset,
        data_dir=request.data_dir,
        n_train=request.n_train,
        image_size=size,
        seed=request.seed,
        verbose=request.shows_progress,
    )
    if features is not None:
        features.check_images(dataset)
    return dataset


def _record(
    kind: Kind, request: FitRequest, dataset: ImageDataset, estimator: Any, duration: float
) -> dict[str, Any]:
    # Of few images drawn from many, some classes may have none.
    fitted = getattr(estimator, "best_estimator_", estimator)
    record: dict[str, Any] = {
        "schema_version": 1,
        "model": str(request.out),
        "model_bytes": request.out.stat().st_size,
        "method": kind.command,
        "dataset": dataset.name,
        "n_train": len(dataset.X_train),
        "image_shape": list(dataset.image_shape),
        "classes": [str(label) for label in fitted.classes_],
        "seed": request.seed,
        "fit_seconds": duration,
    }
    if hasattr(estimator, "cv_results_"):
        record |= {
            "n_splits": estimator.n_splits_,
            "best_params": estimator.best_params_,
            "best_score": estimator.best_score_,
            "settings": score_records(estimator.cv_results_),
        }
    return record | {"parameters": fitted.get_params()}


def _features_record(features: Features | None) -> dict[str, Any]:
    if features is None:
        return {}
    return {"features": [str(path) for path in features.paths], "n_features": features.n_features}


def print_fit(kind: Kind, request: FitRequest, record: dict[str, Any]) -> None:
    """Print what `fit_and_save` has returned, as asked for."""
    if request.as_json:
        print_json(record)
    if request.as_json or request.quiet:
        return
    shape, settings = record["image_shape"], record.get("settings")
    lines: list[Any] = [
        f"{record['dataset']}: {rows_text(record['n_train'], shape, 'training')} of "
        f"{shape_text(shape)}, {len(record['classes'])} classes"
    ]
    if "features" in record:
        lines.append(f"{record['n_features']:,} features of each: {', '.join(record['features'])}")
    if settings:
        lines += [judged_text(settings), score_table(settings)]
        lines.append(f"best: {best_text(settings)}")
    size, duration = _text.size(record["model_bytes"]), _text.seconds(record["fit_seconds"])
    done = "compared and fitted" if settings else "fitted"
    lines.append(plain(f"{record['model']}: {kind.name}, {done} in {duration}, {size}"))
    words = ["nearplane", kind.command, "evaluate", str(request.out), *request.data_words()]
    lines.append(f"next: {shlex.join(words)}")
    print_lines(*lines)
