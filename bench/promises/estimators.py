"""Every kind of estimator at a size that takes tenths of a second, and what each can be asked."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import nearplane
from harness.methods import Array
from harness.options import load_split
from nearplane import features, preprocessing

Question = Callable[[Any], object]

_K = 5
_N_TRAIN, _N_QUERY = 600, 60
_EPOCHS = 2
_SMALL = 200  # rows of what takes long
_FEW = 10  # queries that get a local fit
_PIXELS = 8  # height and width of images for whitening, which takes the cube of their size


@dataclass(frozen=True)
class Data:
    """Images and their labels, the same each time."""

    X: Array
    y: Array
    queries: Array
    answers: Array

    @property
    def rows(self) -> Array:
        """The training images as rows of float32."""
        return self.X.reshape(len(self.X), -1).astype(np.float32)

    @property
    def query_rows(self) -> Array:
        """The queries likewise."""
        return self.queries.reshape(len(self.queries), -1).astype(np.float32)


@dataclass(frozen=True)
class Case:
    """A kind of estimator: how it is fitted, what a fitted one is asked, and how its file is read.

    Without `load` it cannot be saved.
    """

    name: str
    fit: Callable[[], Any]
    questions: Mapping[str, Question]
    load: Callable[..., Any] | None = None

    def answers(self, fitted: Any) -> str:
        """Return a digest of the answers to all questions."""
        return digest([question(fitted) for question in self.questions.values()])


def load_data(data_dir: str | None, n_train: int = _N_TRAIN, n_query: int = _N_QUERY) -> Data:
    """Load CIFAR-10 from `data_dir`, or make images."""
    split = load_split(data_dir, n_train=n_train, n_test=n_query)
    return Data(split.X_train, split.y_train, split.X_test, split.y_test)


def digest(answer: object) -> str:
    """Return a hash of all numbers of an answer, to the last bit."""
    state = hashlib.sha256()
    _add(state, answer)
    return state.hexdigest()


def _add(state: Any, answer: object) -> None:
    if isinstance(answer, list | tuple):
        for part in answer:
            _add(state, part)
    else:
        state.update(np.ascontiguousarray(answer).tobytes())


def every_estimator(data: Data, n_jobs: int) -> list[Case]:
    """Return every kind of estimator; with the same data the answers are the same each time."""
    return [
        *_neighbours(data, n_jobs),
        *_linear_models(data, n_jobs),
        *_features(data, n_jobs),
        *_preprocessing(data),
    ]


def _neighbours(data: Data, n_jobs: int) -> list[Case]:
    options: dict[str, Any] = {"n_neighbors": _K, "n_jobs": n_jobs}
    X, y, queries = data.X, data.y, data.queries
    rows, query_rows = data.rows, data.query_rows
    searches = [
        (options | {"algorithm": algorithm, "metric": metric}, base, asked)
        for base, asked in ((X, queries), (rows, query_rows))
        for algorithm in ("brute", "pruned", "auto")
        for metric in ("euclidean", "manhattan", "cosine")
    ]
    asked_votes: dict[str, Question] = {
        "predict": lambda model: model.predict(queries),
        "predict_proba": lambda model: model.predict_proba(queries),
        "score": lambda model: model.score(queries, data.answers),
    }
    return [
        *(_search(*search) for search in searches),
        Case(
            "vote",
            lambda: nearplane.KNeighborsClassifier(**options, weights="distance").fit(X, y),
            asked_votes,
            nearplane.KNeighborsClassifier.load,
        ),
        Case(
            "choice of k",
            lambda: nearplane.KNeighborsClassifierCV(cv=3, n_jobs=n_jobs).fit(X, y),
            asked_votes,
            nearplane.KNeighborsClassifier.load,
        ),
        Case(
            "regression",
            lambda: nearplane.KNeighborsRegressor(**options, local_fit="linear").fit(X, y),
            {"predict": lambda model: model.predict(queries[:_FEW])},
            nearplane.KNeighborsRegressor.load,
        ),
        Case(
            "clusters",
            lambda: nearplane.KMeans(20, random_state=0, n_jobs=n_jobs, max_iter=10).fit(rows),
            {
                "predict": lambda model: model.predict(query_rows),
                "transform": lambda model: model.transform(query_rows),
                "score": lambda model: model.score(query_rows),
            },
            nearplane.KMeans.load,
        ),
    ]


def _search(parameters: dict[str, Any], base: Array, queries: Array) -> Case:
    name = f"search {parameters['algorithm']} {parameters['metric']} {base.dtype}"

    def fit() -> Any:
        search = nearplane.NearestNeighbors(**parameters)
        return search.fit(base[: len(base) // 2]).partial_fit(base[len(base) // 2 :])

    questions: dict[str, Question] = {
        "kneighbors": lambda model: model.kneighbors(queries),
        "leave one out": lambda model: model.kneighbors(),
        "kneighbors_graph": lambda model: model.kneighbors_graph(queries).indices,
    }
    return Case(name, fit, questions, nearplane.NearestNeighbors.load)


def _linear_models(data: Data, n_jobs: int) -> list[Case]:
    X, y, queries = data.X, data.y, data.queries
    questions: dict[str, Question] = {
        "predict": lambda model: model.predict(queries),
        "decision_function": lambda model: model.decision_function(queries),
        "score": lambda model: model.score(queries, data.answers),
    }

    def make(**parameters: Any) -> Any:
        parameters = {"max_epochs": _EPOCHS, "random_state": 0, "n_jobs": n_jobs} | parameters
        return nearplane.LinearClassifier(**parameters)

    load = nearplane.LinearClassifier.load

    def sweep() -> Any:
        grid = {"learning_rate": [1e-4, 1e-3], "alpha": [0, 1e-3]}
        return nearplane.LinearClassifierSweep(make(), grid, random_state=0, n_jobs=n_jobs)

    def random_search() -> Any:
        return nearplane.random_search(X[:_SMALL], y[:_SMALL], n_trials=20, random_state=0)

    few = data.rows[:_SMALL, :_SMALL]
    few_queries = data.query_rows[:, :_SMALL]
    return [
        Case("softmax", lambda: make(early_stopping=True).fit(X, y), questions, load),
        Case("svm adam", lambda: make(loss="hinge", optimizer="adam").fit(X, y), questions, load),
        Case(
            "lbfgs",
            lambda: make(solver="lbfgs", alpha=1e-2).fit(few, y[:_SMALL]),
            {"predict_proba": lambda model: model.predict_proba(few_queries)},
            load,
        ),
        Case("sweep", lambda: sweep().fit(X, y), questions, load),
        Case(
            "cross-validation",
            lambda: nearplane.LinearClassifierCV(
                alpha=[1e-3, 1e-2], estimator=make(), cv=2, random_state=0, n_jobs=n_jobs
            ).fit(X, y),
            questions,
            load,
        ),
        Case(
            "random search",
            random_search,
            {"predict": lambda model: model.predict(queries, n_jobs=n_jobs)},
        ),
    ]


def _features(data: Data, n_jobs: int) -> list[Case]:
    questions: dict[str, Question] = {
        "transform": lambda model: model.transform(data.queries),
        "names": lambda model: list(model.get_feature_names_out()),
    }
    words: dict[str, Any] = {"n_words": 30, "n_patches": 2_000, "random_state": 0}
    return [
        Case("hog", lambda: features.HOG(n_jobs=n_jobs).fit(data.X), questions, features.HOG.load),
        Case(
            "colours",
            lambda: features.ColorHistogram(n_jobs=n_jobs, space="hsv", grid=2).fit(data.X),
            questions,
            features.ColorHistogram.load,
        ),
        Case(
            "visual words",
            lambda: features.VisualWords(**words, n_jobs=n_jobs).fit(data.X),
            questions,
            features.VisualWords.load,
        ),
    ]


def _preprocessing(data: Data) -> list[Case]:
    small, queries = data.X[:, :_PIXELS, :_PIXELS], data.queries[:, :_PIXELS, :_PIXELS]
    scaling: dict[str, Question] = {"transform": lambda model: model.transform(queries)}
    augmenting: dict[str, Question] = {"augment": lambda model: model.augment(queries)}

    def kept(transformer: Any) -> Any:
        return lambda: transformer().fit(small)

    return [
        Case("mean image", kept(preprocessing.MeanImage), scaling),
        Case("standardize", kept(preprocessing.Standardize), scaling),
        Case("whitening", kept(preprocessing.ZCAWhitening), scaling),
        Case(
            "cutout",
            kept(lambda: preprocessing.Cutout(2, random_state=0)),
            augmenting,
        ),
    ]
