"""numpy as the courses write it: vectorised losses, and a loop over minibatches.

The same code in float64 is what everybody's losses are compared with.
"""

from dataclasses import replace

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
    batch_features,
)

# Rows converted to float64 at a time.
_BLOCK_ROWS = 2_048


def _softmax(scores: Array, y: Array) -> tuple[float, Array]:
    rows = np.arange(len(y))
    shifted = scores - scores.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    total = exponentials.sum(axis=1, keepdims=True)
    loss = float(np.mean(np.log(total[:, 0]) - shifted[rows, y]))
    dscores = exponentials / total
    dscores[rows, y] -= 1
    return loss, dscores / len(y)


def _hinge(scores: Array, y: Array) -> tuple[float, Array]:
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dscores = (margins > 0).astype(scores.dtype)
    dscores[rows, y] = -dscores.sum(axis=1)
    return float(margins.sum() / len(y)), dscores / len(y)


_LOSSES = {"softmax": _softmax, "hinge": _hinge}


def _gradient(X: Array, y: Array, loss: str) -> Gradient:
    def run(W: Array, b: Array) -> tuple[float, Array, Array]:
        value, dscores = _LOSSES[loss](X @ W + b, y)
        return value, X.T @ dscores, dscores.sum(axis=0)

    return run


def _losses(rows: Rows, plan: Plan, dtype: type[np.floating] = np.float32) -> Array:
    """Run an epoch from weights of zero, and return the loss of each batch before its step."""
    W = np.zeros((rows.X.shape[1], rows.n_classes), dtype)
    b = np.zeros(rows.n_classes, dtype)
    V, v = np.zeros_like(W), np.zeros_like(b)
    losses = []
    for batch in plan.batches():
        X = batch_features(rows, batch).astype(dtype, copy=False)
        loss, dW, db = _gradient(X, rows.y[batch], plan.loss)(W, b)
        if plan.alpha:
            dW += 2 * plan.alpha * W
        if plan.momentum:
            V = plan.momentum * V - plan.learning_rate * dW
            v = plan.momentum * v - plan.learning_rate * db
            W += V
            b += v
        else:
            W -= plan.learning_rate * dW
            b -= plan.learning_rate * db
        losses.append(loss)
    return np.array(losses)


def loss_of_scores(scores: Array, y: Array, loss: str) -> float:
    """Return the mean loss of some rows."""
    return _LOSSES[loss](scores, y)[0]


def reference_losses(rows: Rows, plan: Plan) -> Array:
    """Return the losses of an epoch, computed in float64."""
    return _losses(rows, plan, np.float64)


def reference_gradient(rows: Rows, loss: str, W: Array, b: Array) -> tuple[float, Array, Array]:
    """Return the mean loss of all rows and its gradient, computed in float64."""
    value, dW, db = 0.0, np.zeros(W.shape), np.zeros(b.shape)
    for start in range(0, len(rows.X), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        X, y = rows.X[block].astype(np.float64), rows.y[block]
        part = _gradient(X, y, loss)(W.astype(np.float64), b.astype(np.float64))
        share = len(y) / len(rows.X)
        value += share * part[0]
        dW += share * part[1]
        db += share * part[2]
    return value, dW, db


def _epoch(rows: Rows, plan: Plan) -> Epoch:
    def run() -> Array:
        return _losses(rows, plan)

    return Epoch(run, run, momentum=plan.momentum > 0)


def _plain(rows: Rows, plan: Plan) -> Epoch:
    return _epoch(rows, replace(plan, momentum=0.0))


def _epoch_methods(plan: Plan) -> list[EpochMethod]:
    methods = [
        EpochMethod("numpy", "float32", _epoch),
        EpochMethod("numpy, no momentum", "float32", _plain),
    ]
    if plan.dtype == "uint8":
        methods.append(EpochMethod("numpy, each batch converted", "uint8", _epoch))
    return methods


def _gradient_methods(dtype: str, n_threads: int) -> list[GradientMethod]:
    def build(rows: Rows, loss: str) -> Gradient:
        return _gradient(rows.X, rows.y, loss)

    return [GradientMethod("numpy", "float32", build)]


ADAPTER = LinearAdapter("numpy", _epoch_methods, _gradient_methods)
