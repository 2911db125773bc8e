"""What the commands of ``nearplane features fit`` have in common."""

import shlex
from time import perf_counter
from typing import Any

from nearplane._cli._features_loaded import count_features, kind_of
from nearplane._cli._fit import FitRequest, load_for_fit
from nearplane._cli._run import user_errors
from nearplane._cli._show import plain, print_json, print_lines, rows_text, shape_text
from nearplane.datasets import ImageDataset
from nearplane.report import _text
from nearplane.report._write import check_writable


def fit_features(request: FitRequest, model: Any) -> None:
    """Fit a transformer to training images, save it, and print what came out."""
    with user_errors("no model was written"):
        check_writable(request.out)  # now rather than after a long run
        dataset = load_for_fit(request)
        start = perf_counter()
        model.set_params(n_jobs=request.n_jobs, verbose=request.shows_progress)
        model.fit(dataset.X_train)
        duration = perf_counter() - start
        # How it was made is nothing that those who load it should have to undo.
        model.set_params(n_jobs=None, verbose=False).save(request.out)
        record = _record(request, dataset, model, duration)
    _print_fit(request, record)


def _record(
    request: FitRequest, dataset: ImageDataset, model: Any, duration: float
) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "model": str(request.out),
        "model_bytes": request.out.stat().st_size,
        "kind": kind_of(model),
        "dataset": dataset.name,
        "n_train": len(dataset.X_train),
        "image_shape": list(dataset.image_shape),
        "n_features": count_features(model),
        "seed": request.seed,
        "fit_seconds": duration,
        "parameters": model.get_params(),
    }


def _print_fit(request: FitRequest, record: dict[str, Any]) -> None:
    if request.as_json:
        print_json(record)
    if request.as_json or request.quiet:
        return
    shape = record["image_shape"]
    size, duration = _text.size(record["model_bytes"]), _text.seconds(record["fit_seconds"])
    words = ["nearplane", "linear", "fit", "--features", str(request.out), *request.data_words()]
    print_lines(
        f"{record['dataset']}: {rows_text(record['n_train'], shape, 'training')} of "
        f"{shape_text(shape)}",
        plain(
            f"{record['model']}: {record['kind']}, {record['n_features']:,} features an image, "
            f"fitted in {duration}, {size}"
        ),
        f"next: {shlex.join(words)}",
    )
