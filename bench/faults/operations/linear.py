"""Linear classifiers, their losses and searches, clusters and metrics."""

import pickle
import warnings
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

import nearplane
from faults.operations._operation import N_JOBS, Making, Operation, rows
from nearplane import losses, metrics
from nearplane.model_selection import train_val_test_split

_OPTIMIZERS = ("sgd", "nesterov", "adagrad", "rmsprop", "adam")
_LOSSES = (
    "softmax",
    "hinge",
    "squared_hinge",
    "crammer_singer",
    "ovr_hinge",
    "ovr_logistic",
    "squared_error",
)


def _model(**parameters: Any) -> nearplane.LinearClassifier:
    chosen = {"max_epochs": 1, "batch_size": 180, "random_state": 0, "n_jobs": N_JOBS} | parameters
    return nearplane.LinearClassifier(**chosen)


def _weights(model: Any) -> object:
    return model.coef_, model.intercept_


def _fitting(dtype: str = "float32", **parameters: Any) -> Operation:
    data = rows(dtype=dtype)
    model = _model(**parameters)

    def run() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return _weights(model.fit(data.X, data.y))

    return Operation(run)


def _going_on() -> Operation:
    """One more step of training: after a failure the weights are those of before or of after.

    Nothing is preprocessed, for scaling weights up and down again rounds them.
    """
    data = rows()
    first = _model(batch_size=None, preprocess="none").partial_fit(
        data.X, data.y, classes=np.unique(data.y)
    )
    before = _weights(first)
    stored = pickle.dumps(first)
    model = [first]

    def run() -> object:
        model[0] = pickle.loads(stored)
        return _weights(model[0].partial_fit(data.X, data.y))

    return Operation(run, lambda: _weights(model[0]), (before, run()))


def _asking(method: str) -> Operation:
    data = rows()
    model = _model().fit(data.X, data.y)
    arguments: tuple[Any, ...] = (data.queries,)
    if "score" in method:
        arguments = (data.queries, data.truth)
    elif method == "top_k_accuracy":
        arguments = (data.queries, data.truth, 2)
    return Operation(lambda: getattr(model, method)(*arguments))


def _sweeping() -> Operation:
    data = rows(90)
    grid = {"alpha": [0.0, 0.01], "optimizer": ["sgd", "adam"]}
    sweep = nearplane.LinearClassifierSweep(_model(), grid, random_state=0, n_jobs=N_JOBS)

    def run() -> object:
        sweep.fit(data.X, data.y)
        return sweep.results_["validation_loss"], sweep.predict(data.queries)

    return Operation(run)


def _cross_validating() -> Operation:
    data = rows(90)
    model = nearplane.LinearClassifierCV(
        alpha=(0.0, 0.01), estimator=_model(), cv=2, random_state=0, n_jobs=N_JOBS
    )

    def run() -> object:
        model.fit(data.X, data.y)
        return model.cv_results_["mean_test_score"], model.predict(data.queries)

    return Operation(run)


def _searching_at_random(method: str) -> Operation:
    data = rows()
    return Operation(
        lambda: nearplane.random_search(
            data.X, data.y, method=method, n_trials=4, random_state=0, n_jobs=N_JOBS
        )
    )


def _loss(name: str) -> Operation:
    data = rows()
    weights = np.random.default_rng(0).normal(size=(data.X.shape[1], 3), scale=0.01)
    return Operation(lambda: getattr(losses, name)(weights, data.X, data.y, alpha=0.1))


def _loss_of_scores() -> Operation:
    scores = np.random.default_rng(0).normal(size=(4000, 60))
    labels = np.arange(4000) % 60
    return Operation(lambda: losses.loss_from_scores(scores, labels, n_jobs=N_JOBS))


def _probabilities() -> Operation:
    scores = np.random.default_rng(0).normal(size=(40, 6))
    return Operation(lambda: losses.softmax_probabilities(scores))


def _checking() -> Operation:
    data = rows(30)
    weights = np.random.default_rng(0).normal(size=(data.X.shape[1], 3), scale=0.01)
    return Operation(
        lambda: nearplane.check_gradient(
            lambda W: losses.softmax(W, data.X, data.y), weights, n_checks=2, random_state=0
        )
    )


def _clustering(**parameters: Any) -> Operation:
    data = rows(400)
    model = nearplane.KMeans(24, n_init=1, max_iter=2, tol=0, random_state=0, n_jobs=N_JOBS)
    model.set_params(**parameters)

    def run() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(data.X)
        return model.cluster_centers_, model.labels_, model.inertia_

    return Operation(run)


def _asking_clusters(method: str) -> Operation:
    data = rows(400)
    model = nearplane.KMeans(8, n_init=1, random_state=0, n_jobs=N_JOBS).fit(data.X)
    return Operation(lambda: getattr(model, method)(data.X))


def _measuring(name: str) -> Operation:
    rng = np.random.default_rng(0)
    truth, found = rng.integers(0, 5, (2, 300))
    scores = rng.normal(size=(300, 5))
    return Operation(
        lambda: getattr(metrics, name)(truth, scores if name == "top_k_accuracy" else found)
    )


def _splitting() -> Operation:
    data = rows()
    return Operation(lambda: train_val_test_split(data.X, data.y, random_state=0))


_ANSWERS = (
    "decision_function",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "score",
    "top_k_accuracy",
)

LINEAR: dict[str, Making] = {
    **{f"LinearClassifier {name}": partial(_fitting, optimizer=name) for name in _OPTIMIZERS},
    **{
        f"LinearClassifier {name}": partial(_fitting, loss=name, penalty="elasticnet")
        for name in _LOSSES
    },
    **{
        f"LinearClassifier {dtype}": partial(_fitting, dtype=dtype)
        for dtype in ("uint8", "float64")
    },
    "LinearClassifier lbfgs": partial(_fitting, solver="lbfgs", max_epochs=3),
    "LinearClassifier early stopping": partial(_fitting, early_stopping=True, record_steps=True),
    "LinearClassifier partial_fit": _going_on,
    **{f"LinearClassifier {name}": partial(_asking, name) for name in _ANSWERS},
    "LinearClassifierSweep": _sweeping,
    "LinearClassifierCV": _cross_validating,
    **{
        f"random_search {name}": partial(_searching_at_random, name) for name in ("random", "local")
    },
    **{f"losses.{name}": partial(_loss, name) for name in _LOSSES},
    "losses.loss_from_scores": _loss_of_scores,
    "losses.softmax_probabilities": _probabilities,
    "check_gradient": _checking,
    "KMeans": _clustering,
    "KMeans random": partial(_clustering, init="random"),
    **{
        f"KMeans {name}": partial(_asking_clusters, name)
        for name in ("predict", "transform", "score")
    },
    **{
        f"metrics.{name}": partial(_measuring, name)
        for name in ("top_k_accuracy", "per_class_accuracy", "confusion_pairs")
    },
    "train_val_test_split": _splitting,
}
