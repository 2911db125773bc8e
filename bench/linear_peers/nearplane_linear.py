"""nearplane itself: the estimator from end to end, and the training loop of the core alone."""

from collections.abc import Sequence
from typing import Any, Literal, cast

import numpy as np

from harness.methods import Array
from harness.training import (
    Epoch,
    EpochMethod,
    Gradient,
    GradientMethod,
    LinearAdapter,
    Plan,
    Rows,
)
from nearplane import _core, losses
from nearplane.linear_model import LinearClassifier, LinearClassifierSweep

SEED = 0


def order_of_first_epoch(n_rows: int) -> Array:
    """Return the order in which a `LinearClassifier` seeded so first sees the rows."""
    return np.random.RandomState(SEED).permutation(np.arange(n_rows))


def make_trainer(rows: Rows, plan: Plan, alphas: Array) -> _core.LinearTrainer:
    """Return weights of zero for every alpha."""
    settings = [_core.Setting(momentum=plan.momentum, l2=alpha) for alpha in alphas]
    return _core.LinearTrainer(
        settings,
        n_features=rows.X.shape[1],
        n_classes=rows.n_classes,
        dtype="float32",
        loss=cast(Literal["softmax", "hinge"], plan.loss),
        margin=1.0,
        class_mean=False,
        fit_intercept=True,
        center=rows.center,
        scale=rows.scale,
    )


def train(rows: Rows, plan: Plan, learning_rates: Array, alphas: Array) -> Array:
    """Run an epoch with all these settings at once; return the losses (n_batches, n_settings)."""
    n_batches = len(plan.batches())
    trace = make_trainer(rows, plan, alphas).run_epoch(
        rows.X,
        rows.y,
        plan.order,
        None,
        learning_rates=np.tile(learning_rates, (n_batches, 1)),
        n_threads=plan.n_threads,
        progress=None,
    )
    return trace.losses


def train_one(rows: Rows, plan: Plan) -> Array:
    """Run an epoch with the plan's own setting; return the losses of its batches."""
    return train(rows, plan, np.array([plan.learning_rate]), np.array([plan.alpha]))[:, 0]


def _core_epoch(rows: Rows, plan: Plan) -> Epoch:
    def run() -> Array:
        return train_one(rows, plan)

    return Epoch(run, run)


def fit_sweep(rows: Rows, plans: Sequence[Plan]) -> Array:
    """Run an epoch of all plans by the estimator; return their mean losses of the epoch.

    It validates, as a sweep has to; some of the rows serve for that.
    """
    settings = [{"learning_rate": [plan.learning_rate], "alpha": [plan.alpha]} for plan in plans]
    sweep = LinearClassifierSweep(_estimator(rows, plans[0]), settings)
    some = slice(len(rows.X) // 10)
    sweep.fit(rows.X, rows.y, X_val=rows.X[some], y_val=rows.y[some])
    return np.array([history["data_loss"][0] for history in sweep.histories_])


def _estimator(rows: Rows, plan: Plan) -> LinearClassifier:
    """Return an estimator that follows the plan."""
    return LinearClassifier(
        plan.loss,
        alpha=plan.alpha,
        learning_rate=plan.learning_rate,
        schedule="constant",
        momentum=plan.momentum,
        batch_size=plan.batch_size,
        max_epochs=1,
        preprocess="none" if rows.center is None else "standardize",
        random_state=SEED,
        n_jobs=plan.n_threads,
    )


def _estimator_epoch(rows: Rows, plan: Plan) -> Epoch:
    def fit(*, record_steps: bool) -> LinearClassifier:
        model = _estimator(rows, plan)
        model.set_params(record_steps=record_steps)
        model.fit(rows.X, rows.y)
        return model

    def losses() -> Array:
        recorded: Array = fit(record_steps=True).step_history_["data_loss"]
        return recorded

    return Epoch(lambda: fit(record_steps=False), losses)


def _epoch_methods(plan: Plan) -> list[EpochMethod]:
    methods = [
        EpochMethod("nearplane LinearClassifier, whole fit", plan.dtype, _estimator_epoch),
        EpochMethod("nearplane core, epoch alone", plan.dtype, _core_epoch),
    ]
    if plan.dtype == "uint8":
        methods.append(EpochMethod("nearplane core", "float32", _core_epoch))
    return methods


def _gradient_methods(dtype: str, n_threads: int) -> list[GradientMethod]:
    def build(rows: Rows, loss: str) -> Gradient:
        function = losses.softmax if loss == "softmax" else losses.hinge

        def run(W: Array, b: Array) -> tuple[float, Array, Array]:
            return function(W, rows.X, rows.y, b=b, n_jobs=n_threads)

        return run

    return [GradientMethod("nearplane.losses", dtype, build)]


def _classifiers(n_threads: int) -> dict[str, Any]:
    """Return what a newcomer gets without arguments, and the best of a sweep."""
    grid = {"loss": ["softmax", "ovr_logistic"], "alpha": [1e-3, 3e-3, 1e-2, 3e-2, 1e-1]}
    return {
        "nearplane LinearClassifier()": LinearClassifier(),
        'nearplane LinearClassifier("hinge")': LinearClassifier("hinge"),
        "nearplane LinearClassifierSweep, 2 losses x 5 alphas": LinearClassifierSweep(
            param_grid=grid
        ),
    }


ADAPTER = LinearAdapter("nearplane", _epoch_methods, _gradient_methods, classifiers=_classifiers)
