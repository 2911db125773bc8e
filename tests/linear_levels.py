"""The linear part of one level of the core, with the arguments tests rarely vary."""

import numpy as np

from .core_levels import LEVELS

TYPES = (np.float32, np.float64)  # of weights
WHOLE_STEP = 1 / 256  # of `whole_weights`: their products with bytes sum up without rounding


def linear_scores(level, X, weights, *, center=None, scale=None, n_threads=2):
    return LEVELS[level].linear_scores(
        X, weights, center=center, scale=scale, n_threads=n_threads, progress=None
    )


def linear_loss(
    level, X, y, weights, sample_weight=None,
    *, loss, margin=1.0, class_mean=False, center=None, scale=None, n_threads=2,
):  # fmt: skip
    return LEVELS[level].linear_loss(
        X, y, weights, sample_weight, loss=loss, margin=margin, class_mean=class_mean,
        center=center, scale=scale, n_threads=n_threads, progress=None,
    )  # fmt: skip


def loss_from_scores(level, scores, y, loss, *, margin=1.0, class_mean=False, n_threads=2):
    return LEVELS[level].loss_from_scores(
        scores, y, loss=loss, margin=margin, class_mean=class_mean, n_threads=n_threads
    )


def make_trainer(
    level, settings, weights, loss,
    *, margin=1.0, class_mean=False, fit_intercept=True, center=None, scale=None,
):  # fmt: skip
    """A trainer that starts from `weights`, of shape (n_settings, n_classes, n_features + 1)."""
    core = LEVELS[level]
    trainer = core.LinearTrainer(
        [core.Setting(**setting) for setting in settings],
        n_features=weights.shape[2] - 1, n_classes=weights.shape[1], dtype=weights.dtype.name,
        loss=loss, margin=margin, class_mean=class_mean, fit_intercept=fit_intercept,
        center=center, scale=scale,
    )  # fmt: skip
    trainer.set_weights(weights)
    return trainer


def run_epoch(trainer, data, batch_size, rates, *, n_threads=2, progress=None):
    """Run an epoch over data (X, y, rows, sample_weight); one rate may stand for all."""
    n_batches = -(-len(data[2]) // batch_size)
    rates = np.array(np.broadcast_to(rates, (n_batches, trainer.n_settings)), np.float64)
    return trainer.run_epoch(*data, learning_rates=rates, n_threads=n_threads, progress=progress)


def random_rows(rng, n_rows, n_features, dtype):
    """Bytes, or floats of similar size on either side of 0 that are no bytes."""
    if dtype == np.uint8:
        return rng.integers(0, 256, (n_rows, n_features), dtype=np.uint8)
    return (rng.normal(size=(n_rows, n_features)) * 100).astype(dtype)


def random_weights(rng, shape, dtype):
    """Weights that give rows of 3 features or 3,000 scores of size 1."""
    return (rng.normal(size=shape) / 100 / np.sqrt(shape[-1])).astype(dtype)


def whole_weights(rng, shape, dtype):
    """Weights whose scores of whole-numbered rows are exact in float32, in any order."""
    return (rng.integers(-4, 5, shape) * WHOLE_STEP).astype(dtype)
