"""The run: choose k for each metric by cross-validation, then label the test rows."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearplane.datasets import ImageDataset
from nearplane.display._labels import check_class_names
from nearplane.neighbors import KNeighborsClassifier, KNeighborsClassifierCV
from nearplane.report._folds import Splits, check_ks, make_folds
from nearplane.report._results import (
    METRICS,
    DataSummary,
    Example,
    ExampleNeighbors,
    KNNResults,
    MetricResult,
)
from nearplane.report._testing import only_right, right_images, run_test
from nearplane.report._text import count, short_name

_N_EXAMPLES = 8
_N_SHOWN = 8


class _Choice(NamedTuple):
    """What cross-validation said of one metric."""

    accuracy: NDArray[np.float64]
    """Of each k on each fold."""
    best: int
    """Position of the k with the highest mean: the smallest among equals."""


def run_knn(
    images: ImageDataset,
    *,
    n_neighbors: Sequence[int] | None = None,
    n_folds: int = 5,
    random_state: int = 0,
    n_jobs: int | None = None,
    verbose: bool = False,
    on_stage: Callable[[str], object] = lambda _: None,
) -> KNNResults:
    """Choose k for L1 and L2 by cross-validation and test each once.

    Parameters
    ----------
    images : ImageDataset
        As `nearplane.datasets.load_dataset` returns it.
    n_neighbors : sequence of int, default=None
        The values of k to try; None means 1 to 20, or fewer if there are fewer rows.
    n_folds : int, default=5
        Parts of the training rows, each of which is judged by the others.
    random_state : int, default=0
        Seed of the folds and of the choice of examples.
    n_jobs : int, default=None
        Number of threads, as in `nearplane.argkmin`.
    verbose : bool, default=False
        Whether searches show a bar.
    on_stage : callable, default does nothing
        Called with one line of text at the start of each stage.

    Returns
    -------
    KNNResults

    Raises
    ------
    ValueError
        If there are too few rows, a label without a name, or a k out of range.
    """
    summary = _summarise(images)
    folds, splits = make_folds(images.y_train, n_folds, random_state)
    ks = check_ks(n_neighbors, min(folds.n_fit))
    options: dict[str, Any] = {"n_jobs": n_jobs, "verbose": verbose}

    names = " and ".join(short_name(metric) for metric in METRICS)
    on_stage(f"{names}: choosing k on {folds.n_folds} folds of {count(summary.n_train)}")
    start = perf_counter()
    choices = _cross_validate(images, ks, splits, options)
    seconds = perf_counter() - start

    models, results = {}, {}
    for metric, choice in choices.items():
        on_stage(f"{short_name(metric)}: labelling {count(summary.n_test)} test {summary.things}")
        models[metric] = KNeighborsClassifier(ks[choice.best], metric=metric, **options)
        results[metric] = _test(models[metric], choice, images)

    outcome = KNNResults(
        data=summary,
        folds=folds,
        n_neighbors=ks,
        validation_seconds=seconds,
        metrics=list(results.values()),
        n_only_right=only_right(results, summary.n_test),
        examples=[],
    )
    queries = _choose_examples(right_images(outcome.best, summary.n_test), random_state)
    outcome.examples.extend(_find_examples(models, images, queries))
    return outcome


def _summarise(images: ImageDataset) -> DataSummary:
    n_classes = len(images.class_names)
    for labels in (images.y_train, images.y_test):
        check_class_names(labels, images.class_names)
    if not len(images.X_test):
        raise ValueError("the test set is empty: at least one row is needed")
    return DataSummary(
        name=images.name,
        description=images.description,
        class_names=[str(name) for name in images.class_names],
        image_shape=list(images.X_train.shape[1:]),
        is_image=images.X_train.ndim > 2,
        dtype=str(images.X_train.dtype),
        n_train=len(images.X_train),
        n_test=len(images.X_test),
        train_count_of_class=np.bincount(images.y_train, minlength=n_classes).tolist(),
        test_count_of_class=np.bincount(images.y_test, minlength=n_classes).tolist(),
        n_bytes=images.X_train.nbytes + images.X_test.nbytes,
    )


def _cross_validate(
    images: ImageDataset, ks: list[int], splits: Splits, options: dict[str, Any]
) -> dict[str, _Choice]:
    search = KNeighborsClassifierCV(ks, metric=list(METRICS), cv=splits, refit=False, **options)
    search.fit(images.X_train, images.y_train)
    results = search.cv_results_
    scores = np.column_stack([results[f"split{i}_test_score"] for i in range(len(splits))])
    place = {
        (params["metric"], params["n_neighbors"]): row
        for row, params in enumerate(results["params"])
    }
    choices = {}
    for metric in METRICS:
        accuracy = scores[[place[metric, k] for k in ks]]
        choices[metric] = _Choice(accuracy, int(accuracy.mean(axis=1).argmax()))
    return choices


def _test(model: KNeighborsClassifier, choice: _Choice, images: ImageDataset) -> MetricResult:
    """Fit to all training rows and label the test rows."""
    start = perf_counter()
    model.fit(images.X_train, images.y_train)
    seconds = perf_counter() - start
    mean = choice.accuracy.mean(axis=1)
    return MetricResult(
        metric=model.metric,
        fold_accuracy=choice.accuracy.tolist(),
        validation_accuracy=mean.tolist(),
        best_n_neighbors=model.n_neighbors,
        best_validation_accuracy=float(mean[choice.best]),
        best_validation_std=float(choice.accuracy[choice.best].std()),
        fit_seconds=seconds,
        model_bytes=images.X_train.nbytes,
        **run_test(model, images)._asdict(),
    )


def _choose_examples(right: NDArray[np.bool_], random_state: int) -> NDArray[np.int64]:
    """Draw test rows at random, half of them wrong as far as there are as many of both."""
    order = np.random.default_rng(random_state).permutation(len(right))
    wrong, correct = order[~right[order]], order[right[order]]
    n_wrong = min(len(wrong), max(_N_EXAMPLES // 2, _N_EXAMPLES - len(correct)))
    return np.sort(np.concatenate([wrong[:n_wrong], correct[: _N_EXAMPLES - n_wrong]]))


def _find_examples(
    models: dict[str, KNeighborsClassifier], images: ImageDataset, queries: NDArray[np.int64]
) -> list[Example]:
    n_shown = min(_N_SHOWN, len(images.X_train))
    X = images.X_test[queries]
    found = {}
    for metric, model in models.items():
        distances, indices = model.kneighbors(X, n_shown)
        predicted = model.predict(X)
        found[metric] = [
            ExampleNeighbors(
                predicted=int(label),
                indices=i.tolist(),
                labels=images.y_train[i].tolist(),
                distances=d.tolist(),
            )
            for label, i, d in zip(predicted, indices, distances, strict=True)
        ]
    return [
        Example(
            query=int(query),
            label=int(images.y_test[query]),
            neighbors={metric: hits[i] for metric, hits in found.items()},
        )
        for i, query in enumerate(queries)
    ]
