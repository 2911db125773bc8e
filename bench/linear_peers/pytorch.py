"""torch: plain tensors, autograd and torch.optim.SGD, without a DataLoader in the way.

The weights lie as in nn.Linear, classes x features, which is the faster of the two layouts; the
other one is a line of its own.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

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


def _hinge(scores: Tensor, y: Tensor) -> Tensor:
    # The label's own margin is 1 by this formula.
    margins = (scores - scores.gather(1, y[:, None]) + 1).clamp(min=0)
    return (margins.sum(1) - 1).mean()


_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "softmax": functional.cross_entropy,
    "hinge": _hinge,
}


def _scores(X: Tensor, W: Tensor, b: Tensor, *, as_linear: bool) -> Tensor:
    return functional.linear(X, W, b) if as_linear else torch.addmm(b, X, W)


class SoftmaxOrHinge:
    """A linear classifier with weights of zero, and its optimizer."""

    def __init__(self, n_features: int, n_classes: int, plan: Plan, *, as_linear: bool) -> None:
        shape = (n_classes, n_features) if as_linear else (n_features, n_classes)
        self.W = torch.zeros(shape, requires_grad=True)
        self.b = torch.zeros(n_classes, requires_grad=True)
        self._as_linear = as_linear
        self._loss = _LOSSES[plan.loss]
        self._optimizer = torch.optim.SGD(
            [{"params": [self.W], "weight_decay": 2 * plan.alpha}, {"params": [self.b]}],
            lr=plan.learning_rate,
            momentum=plan.momentum,
        )

    def loss(self, X: Tensor, y: Tensor) -> Tensor:
        """Return the mean loss of some rows."""
        return self._loss(_scores(X, self.W, self.b, as_linear=self._as_linear), y)

    def step(self, X: Tensor, y: Tensor) -> Tensor:
        """Take one step down the gradient; return the loss before it."""
        loss = self.loss(X, y)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        return loss.detach()


def train(rows: Rows, plan: Plan, *, as_linear: bool = True) -> Array:
    """Run an epoch from weights of zero; return the loss of each batch before its step."""
    model = SoftmaxOrHinge(rows.X.shape[1], rows.n_classes, plan, as_linear=as_linear)
    return _run_epoch(model, rows, plan, torch.from_numpy(plan.order))


def _validation_losses(training: Rows, validation: Rows, plan: Plan, n_epochs: int) -> list[float]:
    model = SoftmaxOrHinge(training.X.shape[1], training.n_classes, plan, as_linear=True)
    X, y = torch.from_numpy(validation.X), torch.from_numpy(validation.y)
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(n_epochs):
        order = torch.randperm(len(training.X), generator=generator)
        _run_epoch(model, training, plan, order)
        with torch.no_grad():
            losses.append(model.loss(X, y).item())
    return losses


def _run_epoch(model: SoftmaxOrHinge, rows: Rows, plan: Plan, order: Tensor) -> Array:
    X, y = torch.from_numpy(rows.X), torch.from_numpy(rows.y)
    batches = order.tensor_split(-(-len(order) // plan.batch_size))
    losses = [model.step(_features(X[batch], rows), y[batch]) for batch in batches]
    found: Array = torch.stack(losses).numpy()
    return found


def _features(X: Tensor, rows: Rows) -> Tensor:
    if rows.center is None or rows.scale is None:
        return X
    center, scale = (torch.from_numpy(part).float() for part in (rows.center, rows.scale))
    return (X.float() - center) * scale


def _method(name: str, reads: str, *, as_linear: bool) -> EpochMethod:
    def build(rows: Rows, plan: Plan) -> Epoch:
        def run() -> Array:
            return train(rows, plan, as_linear=as_linear)

        return Epoch(run, run)

    return EpochMethod(name, reads, build)


def _epoch_methods(plan: Plan) -> list[EpochMethod]:
    methods = [
        _method("torch", "float32", as_linear=True),
        _method("torch, weights features x classes", "float32", as_linear=False),
    ]
    if plan.dtype == "uint8":
        methods.append(_method("torch, each batch converted", "uint8", as_linear=True))
    return methods


def _gradient_method(name: str, *, as_linear: bool) -> GradientMethod:
    def build(rows: Rows, loss: str) -> Gradient:
        X, y = torch.from_numpy(rows.X), torch.from_numpy(rows.y)

        def run(W: Array, b: Array) -> tuple[float, Array, Array]:
            weights = torch.from_numpy(W)
            weights = weights.T.contiguous() if as_linear else weights
            bias = torch.from_numpy(b).requires_grad_()
            scores = _scores(X, weights.requires_grad_(), bias, as_linear=as_linear)
            value = _LOSSES[loss](scores, y)
            dW, db = torch.autograd.grad(value, (weights, bias))
            return value.item(), (dW.T if as_linear else dW).numpy(), db.numpy()

        return run

    return GradientMethod(name, "float32", build)


def _gradient_methods(dtype: str, n_threads: int) -> list[GradientMethod]:
    return [
        _gradient_method("torch autograd", as_linear=True),
        _gradient_method("torch autograd, weights features x classes", as_linear=False),
    ]


ADAPTER = LinearAdapter(
    "torch",
    _epoch_methods,
    _gradient_methods,
    validation_losses=_validation_losses,
    set_threads=torch.set_num_threads,
)
