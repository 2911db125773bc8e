"""Scores, losses, gradients and steps of linear models, against float64.

Where a hinge has its kink, rounding alone decides on the gradient. So losses with kinks get whole
numbers, whose scores are exact; only a trainer in float64 may have others.
"""

import numpy as np

from nearplane import losses

from .. import linear_reference as reference
from ..linear_levels import (
    linear_loss,
    linear_scores,
    loss_from_scores,
    make_trainer,
    random_rows,
    random_weights,
    run_epoch,
    whole_weights,
)
from .drawing import CORE_LAYOUTS, WIDE, WIDTHS, case_of, laid_out, pick, size, threads

LOSSES = tuple(reference.LOSSES)
KINKED = ("hinge", "crammer_singer", "ovr_hinge")
X_DTYPES = ("uint8", "float32", "float64")
# The name of each penalty, and its shares of L1 and L2.
PENALTIES = ((None, 0, 0), ("l2", 0, 1), ("l1", 1, 0), ("elasticnet", 0.15, 0.85))
# Of the largest element of the answer, as in the tests of each: sums of numbers of mixed sign.
ROUNDING = {"float32": 1e-5, "float64": 1e-12}
# After some steps, which magnify the roundings of the first.
ROUNDING_OF_STEPS = {"float32": 2e-4, "float64": 1e-10}


def _assert_close(found, truth, rounding, name):
    atol = rounding * max(1, abs(np.asarray(truth)).max(initial=0))
    np.testing.assert_allclose(found, truth, rtol=0, atol=atol, err_msg=name)


def _shape(rng):
    n_features = pick(rng, WIDE) if rng.random() < 0.08 else size(rng, WIDTHS, 520)
    n_rows = int(pick(rng, (1, 2, 3, 31, 33, 64, 129, 255, 257, rng.integers(1, 60))))
    n_classes = int(pick(rng, (1, 2, 3, 5, 10, 11, 16, 17, rng.integers(1, 40))))
    return min(n_rows, max(1, 300_000 // n_features)), n_features, n_classes


def _problem(rng, *, kinked):
    """Rows, labels and weights; the scores are exact if losses may have kinks there."""
    n_rows, n_features, n_classes = _shape(rng)
    x_dtype, dtype = pick(rng, X_DTYPES), pick(rng, ("float32", "float64"))
    if kinked:
        X = rng.integers(0, 256, (n_rows, n_features)).astype(x_dtype)
        weights = whole_weights(rng, (n_classes, n_features + 1), dtype)
    else:
        X = random_rows(rng, n_rows, n_features, np.dtype(x_dtype).type)
        weights = random_weights(rng, (n_classes, n_features + 1), dtype)
    return X, rng.integers(0, n_classes, n_rows), weights


def _centred(rng, X):
    """A centre and a scale that are whole numbers, so that exact scores stay exact."""
    if rng.random() < 0.5:
        return {}
    center = rng.integers(0, 256, X.shape[1]).astype(np.float64)
    return pick(rng, ({"center": center}, {"center": center, "scale": np.ones(X.shape[1])}))


def _options(rng):
    return {"margin": float(rng.integers(0, 9)) / 4, "class_mean": bool(rng.integers(2))}


def draw_scores(rng):
    """Exact for whole numbers, of any width and number of classes."""
    X, _, weights = _problem(rng, kinked=True)
    preprocessing, n_threads = _centred(rng, X), threads(rng)
    expected = reference.linear_scores(X, weights, **preprocessing).astype(weights.dtype)
    X = laid_out(rng, X, CORE_LAYOUTS)

    def check(level):
        found = linear_scores(level, X, weights, n_threads=n_threads, **preprocessing)
        np.testing.assert_array_equal(found, expected)

    return case_of(check, X, weights, preprocessing=list(preprocessing), n_threads=n_threads)


def draw_loss(rng):
    """The core's loss and gradient: of rows, and of their scores alone."""
    loss = pick(rng, LOSSES)
    X, y, weights = _problem(rng, kinked=loss in KINKED)
    preprocessing, options, n_threads = _centred(rng, X), _options(rng), threads(rng)
    sample_weight = rng.integers(0, 4, len(X)) / 2 if rng.random() < 0.5 else None
    expected = reference.linear_loss(X, y, weights, sample_weight, loss, **preprocessing, **options)
    scores = reference.linear_scores(X, weights, **preprocessing).astype(weights.dtype)
    of_scores = reference.loss_from_scores(scores, y, loss, **options)
    rounding = ROUNDING[weights.dtype.name]
    X = laid_out(rng, X, CORE_LAYOUTS)

    def check(level):
        found = linear_loss(
            level, X, y, weights, sample_weight, loss=loss, n_threads=n_threads,
            **preprocessing, **options,
        )  # fmt: skip
        # The error of a loss is that of its largest scores, added up.
        size = (np.sum(of_scores[0]) + len(X)) * max(1, abs(scores).max(initial=0))
        _assert_close(found[0], expected[0], rounding * size, "loss")
        terms = abs(of_scores[1]).T @ abs(reference.features(X, **preprocessing))
        _assert_close(found[1], expected[1], rounding * max(1, terms.max()), "gradient")
        alone = loss_from_scores(level, scores, y, loss, n_threads=n_threads, **options)
        largest = max(1, abs(scores).max(initial=0)) ** 2
        _assert_close(alone[0], of_scores[0], rounding * largest, "losses of scores")
        _assert_close(alone[1], of_scores[1], rounding * largest, "gradients of scores")

    return case_of(
        check, X, weights, loss=loss, preprocessing=list(preprocessing), n_threads=n_threads,
        weighted=sample_weight is not None, **options,
    )  # fmt: skip


def draw_public_loss(rng):
    """`nearplane.losses` with every option, and one of four penalties."""
    loss = pick(rng, LOSSES)
    X, y, weights = _problem(rng, kinked=loss in KINKED)
    W, b = weights[:, :-1].T, pick(rng, (None, weights[:, -1]))
    options = _options(rng)
    penalty, l1, l2 = pick(rng, PENALTIES)
    alpha = float(rng.integers(0, 3)) / 4
    if loss not in reference.HINGES:
        options["margin"] = 1.0
    sample_weight = rng.integers(1, 4, len(X)) / 2 if rng.random() < 0.5 else None
    reduction = pick(rng, ("mean", "sum"))
    w = np.ones(len(X)) if sample_weight is None else sample_weight
    w = w / w.sum() if reduction == "mean" else w
    rows = np.column_stack([W.T, np.zeros(W.shape[1]) if b is None else b]).astype(np.float64)
    total, gradient = reference.linear_loss(X, y, rows, w, loss, **options)
    W64 = W.astype(np.float64)
    total += reference.penalty(W64, alpha * l1, alpha * l2)
    dW = gradient[:, :-1].T + reference.penalty_gradient(W64, alpha * l1, alpha * l2)
    scores = abs(reference.linear_scores(X, rows)).max()
    given = laid_out(rng, X)

    def check(level):
        margin = {"margin": options["margin"]} if loss in reference.HINGES else {}
        found = getattr(losses, loss)(
            W, given, y, b=b, penalty=penalty, alpha=alpha, sample_weight=sample_weight,
            reduction=reduction, class_reduction="mean" if options["class_mean"] else "sum",
            **margin,
        )  # fmt: skip
        rounding = ROUNDING[found[1].dtype.name] * max(1, scores) ** 2
        _assert_close(found[0], total, rounding * max(1, w.sum()), "loss")
        _assert_close(found[1], dW, rounding * max(1, w.sum() * abs(X.astype(float)).max()), "dW")
        _assert_close(found[2], gradient[:, -1], rounding * max(1, w.sum()), "db")

    return case_of(
        check, given, W, loss=loss, penalty=penalty, reduction=reduction, alpha=alpha,
        biased=b is not None, weighted=sample_weight is not None, **options,
    )  # fmt: skip


def draw_training(rng):
    """A few steps of one optimizer, with any penalty."""
    loss, optimizer = pick(rng, LOSSES), pick(rng, tuple(reference.OPTIMIZERS))
    dtype = "float64" if loss in KINKED else pick(rng, ("float32", "float64"))
    n_rows, n_features = int(rng.integers(1, 60)), size(rng, WIDTHS, 260)
    n_classes = int(rng.integers(1, 12))
    X = random_rows(rng, n_rows, n_features, np.dtype(pick(rng, X_DTYPES)).type)
    y, rows = rng.integers(0, n_classes, n_rows), rng.permutation(n_rows)
    batch_size = int(rng.integers(max(1, n_rows // 4), n_rows + 1))
    n_steps = -(-n_rows // batch_size)
    sample_weight = rng.uniform(0.5, 1.5, n_rows) if rng.random() < 0.5 else None
    weights = random_weights(rng, (n_classes, n_features + 1), dtype)
    setting = {
        "optimizer": optimizer, "momentum": 0.8, "decay": 0.95, "epsilon": 1e-2,
        "l1": pick(rng, (0.0, 0.0, 0.01)), "l2": pick(rng, (0.0, 0.0, 0.01)),
    }  # fmt: skip
    # Features of size 1, so that steps of this size do not diverge.
    options = _options(rng) | {
        "center": np.full(n_features, 127.5 if X.dtype == np.uint8 else 0.0),
        "scale": np.full(n_features, 1 / 128 / np.sqrt(n_features)),
        "fit_intercept": bool(rng.integers(2)),
    }
    rates = rng.uniform(0.005, 0.05, n_steps)
    if not options["fit_intercept"]:
        weights[:, -1] = 0
    data = X, y, rows, sample_weight
    expected, moments, trace = reference.train(
        data, weights, setting, rates, batch_size=batch_size, loss=loss, **options
    )
    given, n_threads = (laid_out(rng, X, CORE_LAYOUTS), y, rows, sample_weight), threads(rng)
    rounding = ROUNDING_OF_STEPS[dtype]

    def check(level):
        trainer = make_trainer(level, [setting], weights[np.newaxis], loss, **options)
        found = run_epoch(trainer, given, batch_size, rates[:, np.newaxis], n_threads=n_threads)
        _assert_close(trainer.weights()[0], expected, rounding, "weights")
        for i in (0, 1):
            if trainer.moments()[i, 0].any():
                _assert_close(trainer.moments()[i, 0], moments[i], rounding, f"moments {i}")
        _assert_close(found.losses[:, 0], trace[:, 0], rounding, "losses")
        _assert_close(found.update_norms[:, 0], trace[:, 1], rounding, "update norms")
        _assert_close(found.weight_norms[:, 0], trace[:, 2], rounding, "weight norms")
        assert trainer.n_steps == n_steps

    return case_of(
        check, given[0], weights, loss=loss, batch_size=batch_size, n_threads=n_threads,
        **{name: setting[name] for name in ("optimizer", "l1", "l2")},
    )  # fmt: skip
