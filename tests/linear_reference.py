"""Linear classifiers in a few lines of NumPy each: slow, simple, float64, one formula a function.

Weights are laid out as in the core: one row a class, with the bias in the last column.
"""

from types import SimpleNamespace

import numpy as np


def softmax(s, y, margin):
    p = np.exp(s - s.max())
    p /= p.sum()
    loss = np.log(np.exp(s - s.max()).sum()) - (s[y] - s.max())
    return loss, p - one_hot(s, y)


def hinge(s, y, margin):
    loss, ds = 0.0, np.zeros_like(s)
    for j in range(len(s)):
        if j != y and s[j] - s[y] + margin > 0:
            loss += s[j] - s[y] + margin
            ds[j] += 1
            ds[y] -= 1
    return loss, ds


def squared_hinge(s, y, margin):
    loss, ds = 0.0, np.zeros_like(s)
    for j in range(len(s)):
        if j != y and s[j] - s[y] + margin > 0:
            loss += (s[j] - s[y] + margin) ** 2
            ds[j] += 2 * (s[j] - s[y] + margin)
            ds[y] -= 2 * (s[j] - s[y] + margin)
    return loss, ds


def crammer_singer(s, y, margin):
    violations = s - s[y] + margin
    violations[y] = 0
    worst = violations.argmax()
    if violations[worst] <= 0:
        return 0.0, np.zeros_like(s)
    return violations[worst], one_hot(s, worst) - one_hot(s, y)


def ovr_hinge(s, y, margin):
    t = 2 * one_hot(s, y) - 1
    return np.maximum(0, margin - t * s).sum(), np.where(margin - t * s > 0, -t, 0.0)


def ovr_logistic(s, y, margin):
    t = 2 * one_hot(s, y) - 1
    return np.logaddexp(0, -t * s).sum(), -t * np.exp(-np.logaddexp(0, t * s))


def squared_error(s, y, margin):
    return ((s - one_hot(s, y)) ** 2).sum(), 2 * (s - one_hot(s, y))


def one_hot(s, y):
    return np.eye(len(s))[y]


LOSSES = {
    loss.__name__: loss
    for loss in (
        softmax,
        hinge,
        squared_hinge,
        crammer_singer,
        ovr_hinge,
        ovr_logistic,
        squared_error,
    )
}
HINGES = ("hinge", "squared_hinge", "crammer_singer", "ovr_hinge")


def loss_from_scores(scores, y, loss, *, margin=1.0, class_mean=False):
    """Loss of every row, and its gradient with respect to that row."""
    rows = [
        LOSSES[loss](s.astype(np.float64), label, margin)
        for s, label in zip(scores, y, strict=True)
    ]
    n_classes = scores.shape[1]
    factor = 1 / n_classes if class_mean else 1.0
    return (
        factor * np.array([value for value, _ in rows]),
        factor * np.array([ds for _, ds in rows]).reshape(-1, n_classes),
    )


def features(X, center=None, scale=None):
    """What the weights see of each row: a 1 for the bias comes last."""
    seen = X.astype(np.float64)
    seen = seen if center is None else seen - center
    seen = seen if scale is None else seen * scale
    return np.column_stack([seen, np.ones(len(X))])


def linear_scores(X, weights, *, center=None, scale=None):
    return features(X, center, scale) @ weights.astype(np.float64).T


def linear_loss(X, y, weights, sample_weight, loss, *, center=None, scale=None, **options):
    """Sum over the rows of weight times loss, and its gradient."""
    w = np.ones(len(X)) if sample_weight is None else sample_weight
    scores = linear_scores(X, weights, center=center, scale=scale)
    losses, dscores = loss_from_scores(scores, y, loss, **options)
    return w @ losses, (w[:, None] * dscores).T @ features(X, center, scale)


def penalty(W, l1, l2):
    return l1 * abs(W).sum() + l2 * (W**2).sum()


def penalty_gradient(W, l1, l2):
    return l1 * np.sign(W) + 2 * l2 * W


def shrink(W, pull):
    """Proximal step of pull * |w|: nearer to 0 by `pull`, and no further."""
    return np.sign(W) * np.maximum(0, abs(W) - pull)


# Each optimizer turns (W, gradient, its two moments, what the step is made with) into (new W, new
# moments). `h.l1` is 0 where nothing is to be shrunk; `h.t` is the number of the step, from 1.


def sgd(W, g, moments, h):
    velocity = h.momentum * moments[0] - h.rate * g
    new = shrink(W + velocity, h.rate * h.l1)
    return new, (new - W, moments[1])


def nesterov(W, g, moments, h):
    """`W` is where the gradient is taken: a momentum ahead of the iterate."""
    iterate = W - h.momentum * moments[0]
    new_iterate = shrink(W - h.rate * g, h.rate * h.l1)
    velocity = new_iterate - iterate
    return new_iterate + h.momentum * velocity, (velocity, moments[1])


def adagrad(W, g, moments, h):
    squares = moments[1] + g**2
    step = h.rate / (np.sqrt(squares) + h.epsilon)
    return shrink(W - step * g, step * h.l1), (moments[0], squares)


def rmsprop(W, g, moments, h):
    squares = h.decay * moments[1] + (1 - h.decay) * g**2
    step = h.rate / (np.sqrt(squares) + h.epsilon)
    return shrink(W - step * g, step * h.l1), (moments[0], squares)


def adam(W, g, moments, h):
    mean = h.momentum * moments[0] + (1 - h.momentum) * g
    squares = h.decay * moments[1] + (1 - h.decay) * g**2
    step = h.rate / (np.sqrt(squares / (1 - h.decay**h.t)) + h.epsilon)
    return shrink(W - step * mean / (1 - h.momentum**h.t), step * h.l1), (mean, squares)


OPTIMIZERS = {step.__name__: step for step in (sgd, nesterov, adagrad, rmsprop, adam)}
DEFAULTS = {
    "optimizer": "sgd",
    "l1": 0.0,
    "l2": 0.0,
    "momentum": 0.9,
    "decay": 0.999,
    "epsilon": 1e-8,
}


def train(data, weights, setting, rates, *, batch_size, loss, fit_intercept=True, **options):
    """One epoch of one setting over data (X, y, rows, sample_weight), from moments of 0.

    Returns the weights, the moments, and the figures of each step: loss, |update|, |weights|.
    """
    X, y, rows, sample_weight = data
    h = SimpleNamespace(**{**DEFAULTS, **setting})
    W = weights.astype(np.float64)
    moments = (np.zeros_like(W), np.zeros_like(W))
    penalised = np.ones_like(W)
    penalised[:, -1] = 0  # the bias
    l1, l2 = h.l1 * penalised, h.l2 * penalised
    trace = []
    batches = np.array_split(rows, -(-len(rows) // batch_size))
    for t, (rate, batch) in enumerate(zip(rates, batches, strict=True), start=1):
        w = None if sample_weight is None else sample_weight[batch]
        total, gradient = linear_loss(X[batch], y[batch], W, w, loss, **options)
        g = gradient / len(batch) + 2 * l2 * W
        if not fit_intercept:
            g[:, -1] = 0
        h.t, h.rate, h.l1 = t, rate, l1
        new, moments = OPTIMIZERS[h.optimizer](W, g, moments, h)
        change = (new - W)[:, :-1]
        trace.append((total / len(batch), np.linalg.norm(change), np.linalg.norm(new[:, :-1])))
        W = new
    return W, np.array(moments), np.array(trace)


def evaluate(data, weights, loss, *, center=None, scale=None, **options):
    """Sum of weight times loss, and how many rows score their own class highest."""
    X, y, rows, sample_weight = data
    w = None if sample_weight is None else sample_weight[rows]
    total, _ = linear_loss(
        X[rows], y[rows], weights, w, loss, center=center, scale=scale, **options
    )
    scores = linear_scores(X[rows], weights, center=center, scale=scale)
    return total, (scores.argmax(axis=1) == y[rows]).sum()
