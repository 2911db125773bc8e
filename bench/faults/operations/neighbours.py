"""Distances, searches, and the estimators on them."""

import pickle
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import nearplane
from faults.operations._operation import N_JOBS, Making, Operation, Rows, rows
from nearplane.neighbors import predict_each_k

_METRICS = ("euclidean", "sqeuclidean", "manhattan", "cosine")
_DTYPES = ("uint8", "float32", "float64")
_K = 3


def _rows(algorithm: str, dtype: str) -> Rows:
    """Return rows to search; a sketch takes many allocations for each query, and not many rows."""
    return rows(120, 8, dtype=dtype) if algorithm == "pruned" else rows(dtype=dtype)


def _matrix(metric: str, dtype: str) -> Operation:
    data = rows(dtype=dtype)
    return Operation(
        lambda: nearplane.pairwise_distances(data.queries, data.X, metric, n_jobs=N_JOBS)
    )


def _argkmin(metric: str, dtype: str, algorithm: str) -> Operation:
    data = _rows(algorithm, dtype)
    return Operation(
        lambda: nearplane.argkmin(
            data.queries, data.X, _K, metric, algorithm=algorithm, n_jobs=N_JOBS
        )
    )


def _own_neighbours(algorithm: str, metric: str) -> Operation:
    """Leave one out: the rows are searched among themselves."""
    data = rows(60)
    search = nearplane.NearestNeighbors(algorithm=algorithm, metric=metric, n_jobs=N_JOBS)
    return Operation(lambda: search.fit(data.X).kneighbors(None, _K))


def _fitted(algorithm: str, metric: str, dtype: str) -> Operation:
    """Search for the second time, when the sketch is there."""
    data = _rows(algorithm, dtype)
    search = nearplane.NearestNeighbors(algorithm=algorithm, metric=metric, n_jobs=N_JOBS)
    search.fit(data.X).kneighbors(data.queries, _K)
    return Operation(lambda: search.kneighbors(data.queries, _K))


def _building(metric: str, dtype: str) -> Operation:
    """Search for the first time: a failure must leave nothing half built behind."""
    data = _rows("pruned", dtype)
    search = nearplane.NearestNeighbors(algorithm="pruned", metric=metric, n_jobs=N_JOBS)

    def ask() -> object:
        return search.kneighbors(data.queries, _K)

    def run() -> object:
        search.fit(data.X)
        return ask()

    return Operation(run, ask, (run(),))


def _appending(algorithm: str, metric: str) -> Operation:
    """Append rows to a search: after a failure it has all of them or none."""
    data = _rows(algorithm, "float32")
    first = nearplane.NearestNeighbors(algorithm=algorithm, metric=metric, n_jobs=N_JOBS)
    first.fit(data.X[:100])
    before = first.kneighbors(data.queries, _K)
    stored = pickle.dumps(first)
    search = [first]

    def ask() -> object:
        return search[0].kneighbors(data.queries, _K)

    def run() -> object:
        search[0] = pickle.loads(stored)
        search[0].partial_fit(data.X[100:])
        return ask()

    return Operation(run, ask, (before, run()))


def _graph() -> Operation:
    data = rows()
    search = nearplane.NearestNeighbors(n_neighbors=_K, algorithm="brute", n_jobs=N_JOBS)
    search.fit(data.X)
    return Operation(lambda: search.kneighbors_graph(data.queries, mode="distance"))


def _classifying(method: str, **parameters: Any) -> Operation:
    data = rows()
    model = nearplane.KNeighborsClassifier(_K, n_jobs=N_JOBS, **parameters)

    def run() -> object:
        model.fit(data.X, data.y)
        arguments = (data.queries, data.truth) if method == "score" else (data.queries,)
        return getattr(model, method)(*arguments)

    return Operation(run)


def _leaving_one_out() -> Operation:
    data = rows()
    model = nearplane.KNeighborsClassifier(_K, algorithm="brute", n_jobs=N_JOBS)
    return Operation(lambda: model.fit(data.X, data.y).predict(None))


def _each_k() -> Operation:
    data = rows()
    model = nearplane.KNeighborsClassifier(_K, algorithm="brute", n_jobs=N_JOBS)
    model.fit(data.X, data.y)
    return Operation(lambda: predict_each_k(model, data.queries, [1, 3, 5]))


def _regressing(**parameters: Any) -> Operation:
    data = rows()
    model = nearplane.KNeighborsRegressor(_K, algorithm="brute", n_jobs=N_JOBS, **parameters)

    def run() -> object:
        model.fit(data.X, data.y.astype(float))
        return model.predict(data.queries), model.score(data.queries, data.truth)

    return Operation(run)


def _cross_validating(**parameters: Any) -> Operation:
    data = rows(90)
    model = nearplane.KNeighborsClassifierCV(
        (1, 3), cv=3, algorithm="brute", n_jobs=N_JOBS, **parameters
    )

    def run() -> object:
        model.fit(data.X, data.y)
        scores = {name: of for name, of in model.cv_results_.items() if "time" not in name}
        return scores, model.predict(data.queries)

    return Operation(run)


def _named(make: Callable[..., Operation], *choices: tuple[str, ...]) -> dict[str, Making]:
    """Return an operation for each combination, named after it."""
    return {" ".join(chosen): partial(make, *chosen) for chosen in product(*choices)}


def _prefixed(prefix: str, table: dict[str, Making]) -> dict[str, Making]:
    return {f"{prefix} {name}": make for name, make in table.items()}


_PRUNED = ("euclidean", "manhattan", "cosine")

NEIGHBOURS: dict[str, Making] = {
    **_prefixed("pairwise_distances", _named(_matrix, _METRICS, _DTYPES)),
    **_prefixed("argkmin", _named(_argkmin, _METRICS, _DTYPES, ("brute",))),
    **_prefixed("argkmin", _named(_argkmin, _PRUNED, ("uint8", "float32"), ("pruned",))),
    "leave one out brute": lambda: _own_neighbours("brute", "euclidean"),
    "leave one out pruned": lambda: _own_neighbours("pruned", "euclidean"),
    **_prefixed("kneighbors brute", _named(partial(_fitted, "brute"), _METRICS, ("uint8",))),
    **_prefixed("kneighbors pruned", _named(partial(_fitted, "pruned"), _PRUNED, ("uint8",))),
    **_prefixed("building a sketch", _named(_building, _PRUNED, ("float64",))),
    **_prefixed("partial_fit", _named(_appending, ("brute", "pruned"), ("euclidean", "cosine"))),
    "kneighbors_graph": _graph,
    **_prefixed(
        "KNeighborsClassifier", _named(_classifying, ("predict", "predict_proba", "score"))
    ),
    "KNeighborsClassifier by distance": lambda: _classifying("predict", weights="distance"),
    "KNeighborsClassifier leave one out": _leaving_one_out,
    "predict_each_k": _each_k,
    "KNeighborsRegressor": _regressing,
    "KNeighborsRegressor local linear": lambda: _regressing(local_fit="linear"),
    "KNeighborsClassifierCV": _cross_validating,
    "KNeighborsClassifierCV by distance": lambda: _cross_validating(weights=("distance",)),
}
