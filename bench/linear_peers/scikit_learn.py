"""scikit-learn: SGDClassifier, LogisticRegression and LinearSVC.

SGDClassifier steps after every row and trains one class against the rest: its steps are other
steps, so that only the price of a pass over the data can be compared. The other two know no
epochs; how accurate they get, and when, can be.
"""

from typing import Any

from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from harness.training import Epoch, EpochMethod, LinearAdapter, Plan, Rows

_NAMES = {"softmax": "log_loss", "hinge": "hinge"}


def _method(loss: str, n_jobs: int) -> EpochMethod:
    def build(rows: Rows, plan: Plan) -> Epoch:
        model = SGDClassifier(loss=loss, max_iter=1, tol=None, random_state=0, n_jobs=n_jobs)
        return Epoch(
            lambda: model.fit(rows.X, rows.y), steps="row by row, one class against the rest"
        )

    return EpochMethod(f"scikit-learn SGDClassifier, n_jobs={n_jobs}", "float32", build)


def _epoch_methods(plan: Plan) -> list[EpochMethod]:
    return [_method(_NAMES[plan.loss], n_jobs) for n_jobs in sorted({1, plan.n_threads})]


def _classifiers(n_threads: int) -> dict[str, Any]:
    estimators = [
        LogisticRegression(),
        LinearSVC(),
        LinearSVC(multi_class="crammer_singer"),
        SGDClassifier(loss="log_loss", n_jobs=n_threads),
        SGDClassifier(loss="hinge", n_jobs=n_threads),
    ]
    return {str(each): make_pipeline(StandardScaler(), each) for each in estimators}


ADAPTER = LinearAdapter("scikit-learn", _epoch_methods, classifiers=_classifiers)
