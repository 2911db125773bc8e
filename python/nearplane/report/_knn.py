"""The run: choose k for each metric by validation, then label the test images."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearplane.datasets import ImageDataset
from nearplane.display._labels import check_class_names
from nearplane.neighbors import KNeighborsClassifier
from nearplane.neighbors._each_k import vote_each_k
from nearplane.report._results import (
    METRICS,
    DataSummary,
    Example,
    ExampleNeighbors,
    KNNResults,
    MetricResult,
    Validation,
)
from nearplane.report._selection import check_ks, search_other_rows, validation_rows
from nearplane.report._testing import only_right, right_images, run_test
from nearplane.report._text import count, short_name

_N_EXAMPLES = 8
_N_SHOWN = 8


class _Choice(NamedTuple):
    """What validation said of one metric."""

    model: KNeighborsClassifier
    fit_seconds: float
    accuracy: NDArray[np.float64]
    seconds: float


def run_knn(
    images: ImageDataset,
    *,
    n_neighbors: Sequence[int] | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    verbose: bool = False,
    on_stage: Callable[[str], object] = lambda _: None,
) -> KNNResults:
    """Choose k for L1 and L2 on a validation split and test each once.

    Parameters
    ----------
    images : ImageDataset
        As `nearplane.datasets.load_dataset` returns it.
    n_neighbors : sequence of int, default=None
        The values of k to try; None means 1 to 20, or fewer if there are fewer images.
    random_state : int, default=0
        Seed of the validation split and of the choice of examples.
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
        If there are too few images, a label without a name, or a k out of range.
    """
    summary = _summarise(images)
    rows = validation_rows(images.y_train, random_state)
    n_validation = len(rows)
    ks = check_ks(n_neighbors, summary.n_train - n_validation)

    choices = {}
    for metric in METRICS:
        on_stage(f"{short_name(metric)}: choosing k on {count(n_validation)} validation images")
        model = KNeighborsClassifier(metric=metric, n_jobs=n_jobs, verbose=verbose)
        choices[metric] = _validate(model, images, rows, ks)

    results = {}
    for metric, choice in choices.items():
        on_stage(f"{short_name(metric)}: labelling {count(summary.n_test)} test images")
        results[metric] = _test(choice, images, ks, metric)

    outcome = KNNResults(
        data=summary,
        validation=Validation(
            n_fit=summary.n_train - n_validation,
            n_validation=n_validation,
            random_state=random_state,
        ),
        n_neighbors=ks,
        metrics=list(results.values()),
        n_only_right=only_right(results, summary.n_test),
        examples=[],
    )
    queries = _choose_examples(right_images(outcome.best, summary.n_test), random_state)
    models = {metric: choice.model for metric, choice in choices.items()}
    outcome.examples.extend(_find_examples(models, images, queries))
    return outcome


def _summarise(images: ImageDataset) -> DataSummary:
    n_classes = len(images.class_names)
    for labels in (images.y_train, images.y_test):
        check_class_names(labels, images.class_names)
    if not len(images.X_test):
        raise ValueError("the test set is empty: at least one test image is needed")
    return DataSummary(
        name=images.name,
        description=images.description,
        class_names=[str(name) for name in images.class_names],
        image_shape=list(images.X_train.shape[1:]),
        dtype=str(images.X_train.dtype),
        n_train=len(images.X_train),
        n_test=len(images.X_test),
        train_count_of_class=np.bincount(images.y_train, minlength=n_classes).tolist(),
        test_count_of_class=np.bincount(images.y_test, minlength=n_classes).tolist(),
        n_bytes=images.X_train.nbytes + images.X_test.nbytes,
    )


def _validate(
    model: KNeighborsClassifier, images: ImageDataset, rows: NDArray[np.intp], ks: list[int]
) -> _Choice:
    start = perf_counter()
    model.fit(images.X_train, images.y_train)
    fitted = perf_counter()
    distances, indices = search_other_rows(model, images.X_train, rows, ks[-1])
    predicted = vote_each_k(model, distances, indices, ks)
    done = perf_counter()
    accuracy = (predicted == images.y_train[rows]).mean(axis=1)
    return _Choice(model, fitted - start, accuracy, done - fitted)


def _test(choice: _Choice, images: ImageDataset, ks: list[int], metric: str) -> MetricResult:
    """Label the test images with the best k."""
    best = int(choice.accuracy.argmax())  # the first maximum: the smallest k among equals
    choice.model.set_params(n_neighbors=ks[best])
    return MetricResult(
        metric=metric,
        validation_accuracy=choice.accuracy.tolist(),
        validation_seconds=choice.seconds,
        best_n_neighbors=ks[best],
        best_validation_accuracy=float(choice.accuracy[best]),
        fit_seconds=choice.fit_seconds,
        model_bytes=images.X_train.nbytes,
        **run_test(choice.model, images)._asdict(),
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
