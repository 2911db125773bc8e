"""scikit-learn-intelex: LogisticRegression; no minibatches, and no losses to be called."""

from typing import Any

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearnex.linear_model import LogisticRegression

from harness.training import LinearAdapter


def _classifiers(n_threads: int) -> dict[str, Any]:
    estimator = LogisticRegression(n_jobs=n_threads)
    name = "scikit-learn-intelex LogisticRegression()"
    return {name: make_pipeline(StandardScaler(), estimator)}


ADAPTER = LinearAdapter("scikit-learn-intelex", classifiers=_classifiers)
