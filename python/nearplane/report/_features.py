"""The run of the features: compute them, and give them to the classifiers in place of pixels."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from nearplane._progress import Progress, progress_bar
from nearplane.datasets import ImageDataset
from nearplane.linear_model import LinearClassifier, LinearClassifierSweep
from nearplane.neighbors import KNeighborsClassifier, KNeighborsClassifierCV
from nearplane.report._features_plan import describe, plan_features
from nearplane.report._features_results import (
    KINDS,
    PIXELS,
    FeatureScore,
    FeatureSet,
    FeaturesResults,
    KindResult,
)
from nearplane.report._folds import Splits, make_folds
from nearplane.report._linear_results import LinearResults, LossResult
from nearplane.report._memory import peak_memory_bytes
from nearplane.report._results import KNNResults, MetricResult
from nearplane.report._testing import run_test
from nearplane.report._text import count, feature_names

_METRIC = "euclidean"
_ALPHAS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
# Enough for features, whose loss sinks faster than that of pixels.
_MOST_EPOCHS, _MOST_SEARCH_EPOCHS = 20, 5
# Images whose features are computed before they are scaled and laid beside others.
_BLOCK = 4096
# Images that tell how much features vary.
_N_MEASURED = 4096


class FeaturesRun(NamedTuple):
    """What the run found, and what it computed features by."""

    results: FeaturesResults
    transformers: dict[str, Any]
    """By kind, fitted."""


@dataclass(frozen=True)
class _Computed:
    """The features of all images, those of each kind side by side."""

    data: ImageDataset
    """The images, by their features."""
    columns: dict[str, slice]


def run_features(
    images: ImageDataset,
    knn: KNNResults,
    linear: LinearResults,
    *,
    kinds: Sequence[str] = KINDS,
    n_epochs: int | None = None,
    n_jobs: int | None = None,
    verbose: bool = False,
    on_stage: Callable[[str], object] = lambda _: None,
) -> FeaturesRun | None:
    """Compute features of images, and test nearest neighbours and a linear classifier on them.

    k, and the strength of the penalty, are chosen on the folds by which the linear classifiers of
    pixels were; the learning rate is the automatic one.

    Parameters
    ----------
    images : ImageDataset
        As `run_knn` takes them.
    knn : KNNResults
        What the nearest neighbours of pixels have reached, with the values of k to try.
    linear : LinearResults
        The same of linear classifiers, with the loss to use.
    kinds : sequence of str, default=("color_histogram", "hog", "visual_words")
        The features wanted. Those that suit the images are computed.
    n_epochs : int, default=None
        The most times that each training row is seen.
    n_jobs : int, default=None
        Number of threads, as in `nearplane.argkmin`.
    verbose : bool, default=False
        Whether to show bars.
    on_stage : callable, default does nothing
        Called with one line of text at the start of each stage.

    Returns
    -------
    FeaturesRun or None
        None if no features are wanted, or none suit the images.
    """
    start = perf_counter()
    seed = knn.folds.random_state
    transformers = plan_features(images, kinds, random_state=seed, n_jobs=n_jobs)
    if not transformers:
        return None
    computed, results = _compute(images, transformers, verbose=verbose, on_stage=on_stage)
    _, splits = make_folds(images.y_train, knn.folds.n_folds, seed)
    splits = splits[: linear.n_folds]
    nearest = KNeighborsClassifier(metric=_METRIC, n_jobs=n_jobs, verbose=verbose)
    epochs = min(_MOST_EPOCHS, n_epochs or _MOST_EPOCHS)
    trained = LinearClassifier(
        linear.best.loss, max_epochs=epochs, random_state=seed, n_jobs=n_jobs, verbose=verbose
    )
    search_epochs = min(epochs, _MOST_SEARCH_EPOCHS)
    sets = [_pixels(images, knn.best, linear.best)]
    for chosen in _combinations(list(transformers)):
        data = _select(computed, chosen)
        title = feature_names(chosen)
        on_stage(f"{title}: choosing k and labelling {count(len(images.y_test))} test images")
        score = _test_nearest(nearest, data, splits, knn.n_neighbors)
        on_stage(f"{title}: training linear classifiers")
        parts = [result for result in results if result.kind in chosen]
        sets.append(
            FeatureSet(
                kinds=list(chosen),
                n_features=data.X_train.shape[1],
                seconds=sum(part.fit_seconds + part.transform_seconds for part in parts),
                nearest=score,
                linear=_test_linear(trained, data, splits, search_epochs),
            )
        )
    outcome = FeaturesResults(
        kinds=results,
        sets=sets,
        metric=_METRIC,
        pixels_metric=knn.best.metric,
        loss=linear.best.loss,
        n_folds=linear.n_folds,
        alphas=list(_ALPHAS),
        n_epochs=epochs,
        n_search_epochs=search_epochs,
        seconds=perf_counter() - start,
        peak_memory_bytes=peak_memory_bytes(),
    )
    return FeaturesRun(outcome, transformers)


def _combinations(kinds: list[str]) -> Iterator[tuple[str, ...]]:
    """Return each kind, the colours and edges together, and all together."""
    both = ("color_histogram", "hog")
    for kind in kinds:
        yield (kind,)
        if kind == both[1] and both[0] in kinds:
            yield both
    if len(kinds) > 1 and tuple(kinds) != both:
        yield tuple(kinds)


def _compute(
    images: ImageDataset,
    transformers: dict[str, Any],
    *,
    verbose: bool,
    on_stage: Callable[[str], object],
) -> tuple[_Computed, list[KindResult]]:
    """Fit the transformers and compute the features of all images, each kind of the same size.

    Distances between images by several kinds are then about as much of each: every kind is divided
    by the root of the sum of the variances of its features.
    """
    fit_seconds, columns, end = {}, {}, 0
    for kind, transformer in transformers.items():
        on_stage(f"{feature_names([kind])}: fitting to the training images")
        start = perf_counter()
        with warnings.catch_warnings():
            # Images of few different patches have fewer words than were asked for.
            warnings.simplefilter("ignore", ConvergenceWarning)
            transformer.set_params(verbose=verbose).fit(images.X_train)
        fit_seconds[kind] = perf_counter() - start
        columns[kind] = slice(end, end + len(transformer.get_feature_names_out()))
        end = columns[kind].stop
    n_images = len(images.X_train) + len(images.X_test)
    train, test = (np.empty((len(X), end), np.float32) for X in (images.X_train, images.X_test))
    results = []
    for kind, transformer in transformers.items():
        within = columns[kind]
        n_features = within.stop - within.start
        title = feature_names([kind])
        on_stage(f"{title}: {count(n_features)} features of {count(n_images)} images")
        start = perf_counter()
        parts = (train[:, within], test[:, within])
        with progress_bar(title, enabled=verbose) as bar:
            _transform(transformer, (images.X_train, images.X_test), parts, bar)
        results.append(
            KindResult(
                kind=kind,
                parameters=describe(transformer),
                n_features=n_features,
                fit_seconds=fit_seconds[kind],
                transform_seconds=perf_counter() - start,
            )
        )
        _scale(*parts)
    return _Computed(replace(images, X_train=train, X_test=test), columns), results


def _transform(
    transformer: Any,
    images: Sequence[NDArray[Any]],
    features: Sequence[NDArray[np.float32]],
    bar: Progress | None,
) -> None:
    """Compute features block by block, so that they are never held twice."""
    transformer.set_params(verbose=False)  # one bar for all blocks
    n_images, done = sum(map(len, images)), 0
    for X, out in zip(images, features, strict=True):
        for first in range(0, len(X), _BLOCK):
            rows = slice(first, first + _BLOCK)
            out[rows] = transformer.transform(X[rows])
            done += len(X[rows])
            if bar is not None:
                bar(done / n_images)


def _scale(train: NDArray[np.float32], test: NDArray[np.float32]) -> None:
    """Divide features of a kind, where they lie, so that their variances add up to 1."""
    measured = train[:: -(-len(train) // _N_MEASURED)]
    total = float(measured.var(axis=0, dtype=np.float64).sum())
    if total > 0:
        for features in (train, test):
            np.divide(features, np.float32(np.sqrt(total)), out=features)


def _select(computed: _Computed, kinds: Sequence[str]) -> ImageDataset:
    """Return the images by their features of some kinds, which lie side by side."""
    columns = slice(computed.columns[kinds[0]].start, computed.columns[kinds[-1]].stop)
    data = computed.data
    return replace(data, X_train=data.X_train[:, columns], X_test=data.X_test[:, columns])


def _pixels(images: ImageDataset, nearest: MetricResult, linear: LossResult) -> FeatureSet:
    """Return what has been reached without features."""
    settings: tuple[dict[str, float], ...] = (
        {"n_neighbors": nearest.best_n_neighbors},
        {"alpha": linear.alpha},
    )
    scores = [
        FeatureScore(
            setting=setting,
            validation_accuracy=result.best_validation_accuracy,
            test_accuracy=result.test_accuracy,
            fit_seconds=result.fit_seconds,
            test_seconds=result.test_seconds,
            test_right=result.test_right,
        )
        for setting, result in zip(settings, (nearest, linear), strict=True)
    ]
    return FeatureSet(
        kinds=[PIXELS],
        n_features=images.X_train[0].size,
        seconds=0.0,
        nearest=scores[0],
        linear=scores[1],
    )


def _test_nearest(
    model: KNeighborsClassifier, data: ImageDataset, splits: Splits, ks: list[int]
) -> FeatureScore:
    search = KNeighborsClassifierCV(
        ks,
        metric=[model.metric],
        cv=splits,
        refit=False,
        n_jobs=model.n_jobs,
        verbose=model.verbose,
    )
    search.fit(data.X_train, data.y_train)
    model.set_params(n_neighbors=search.best_params_["n_neighbors"])
    setting = {"n_neighbors": float(model.n_neighbors)}
    return _test(model, data, setting, float(search.best_score_))


def _test_linear(
    model: LinearClassifier, data: ImageDataset, splits: Splits, n_epochs: int
) -> FeatureScore:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        quick = LinearClassifier(**{**model.get_params(), "max_epochs": n_epochs})
        sweep = LinearClassifierSweep(
            quick, {"alpha": list(_ALPHAS)}, cv=splits, refit=False, verbose=model.verbose
        )
        sweep.fit(data.X_train, data.y_train)
        model.set_params(**sweep.best_params_)
        return _test(model, data, dict(sweep.best_params_), float(sweep.best_score_))


def _test(
    model: KNeighborsClassifier | LinearClassifier,
    data: ImageDataset,
    setting: dict[str, float],
    validation_accuracy: float,
) -> FeatureScore:
    """Fit to all training rows and label the test rows."""
    verbose = model.verbose
    start = perf_counter()
    model.fit(data.X_train, data.y_train)
    seconds = perf_counter() - start
    tested = run_test(model, data)
    model.set_params(verbose=verbose)  # which the test has turned off
    return FeatureScore(
        setting=setting,
        validation_accuracy=validation_accuracy,
        test_accuracy=tested.test_accuracy,
        fit_seconds=seconds,
        test_seconds=tested.test_seconds,
        test_right=tested.test_right,
    )
