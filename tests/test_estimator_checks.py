"""scikit-learn's own checks, on every estimator, with no failure expected."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from nearplane import (
    KMeans,
    KNeighborsClassifier,
    KNeighborsClassifierCV,
    KNeighborsRegressor,
    NearestNeighbors,
)
from nearplane.linear_model import LinearClassifier
from nearplane.preprocessing import MeanImage, Standardize, ZCAWhitening


# Some of the checks have fewer different rows than there are clusters.
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@parametrize_with_checks(
    [
        NearestNeighbors(),
        NearestNeighbors(n_neighbors=1, metric="l1", n_jobs=2),
        NearestNeighbors(algorithm="pruned"),
        NearestNeighbors(metric="cosine"),
        KNeighborsClassifier(),
        KNeighborsClassifier(3, weights="distance", metric="manhattan", ties="nearest", n_jobs=2),
        KNeighborsClassifier(algorithm="pruned", metric="l1"),
        KNeighborsClassifier(metric="cosine", algorithm="pruned", weights="distance"),
        KNeighborsClassifierCV((1, 3), cv=2, algorithm="pruned"),
        KNeighborsClassifierCV([1, 2], cv=3, scoring="f1_micro", weights=np.ones_like),
        KNeighborsClassifierCV(3, metric="l1", cv="loo", weights="distance", ties="nearest"),
        KNeighborsClassifierCV((1, 3), metric=("l2", "cosine"), cv=3),
        KNeighborsRegressor(),
        KNeighborsRegressor(metric="cosine"),
        KNeighborsRegressor(3, weights="distance", p=1),
        KNeighborsRegressor(local_fit="linear"),
        KNeighborsRegressor(7, weights="distance", local_fit="linear"),
        LinearClassifier(),
        LinearClassifier(solver="lbfgs", max_epochs=1000),
        LinearClassifier("hinge", optimizer="adagrad", n_jobs=2),
        LinearClassifier("squared_hinge", penalty="l1", alpha=0.001, fit_intercept=False),
        LinearClassifier("crammer_singer", optimizer="nesterov", preprocess="center"),
        LinearClassifier("ovr_hinge", class_reduction="mean", batch_size=None),
        LinearClassifier("ovr_logistic", optimizer="adam", schedule="step", warmup_epochs=2),
        LinearClassifier("squared_error", optimizer="rmsprop", tol=1e-4, record_steps=True),
        KMeans(),
        KMeans(3, init="random", n_init=2, max_iter=1000, n_jobs=2),
        MeanImage(),
        MeanImage(per="channel"),
        Standardize(),
        Standardize(per="channel"),
        Standardize(per="image"),
        ZCAWhitening(),
        ZCAWhitening(regularisation=0, n_components=0.9),
    ]
)
def test_scikit_learn_has_no_objection(estimator, check, monkeypatch):
    # Without it the check that array API dispatch changes nothing would not run.
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    if check.func.__name__ == "check_classifiers_multilabel_output_format_decision_function":
        assert not hasattr(estimator, "decision_function")  # of one without it asks no more
        return
    check(estimator)
