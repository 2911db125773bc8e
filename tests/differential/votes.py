"""What neighbours say: labels, parts of the vote, means."""

import numpy as np

import nearplane
from nearplane.neighbors import predict_each_k

from .. import reference
from .drawing import (
    MOST_ALONE,
    assert_near,
    case_of,
    core_rows,
    given_rows,
    pick,
    shape,
    threads,
)
from .searches import ALGORITHMS, nearest, some_k

WEIGHTS = {
    "uniform": np.ones_like,
    "distance": reference.inverse_distance,
    "callable": lambda distances: 1 / (1 + distances),
}
TIES = ("smallest", "nearest")
# Beyond, what the oracle's 1 / distance and 1 / (1 + distance) come to is 0, inf or neither.
_SOUND = (1e-150, 1e150)


def _rule(weights):
    return WEIGHTS[weights] if weights == "callable" else weights


def _neighbours(rng, rows, *, alone=False):
    """Rows, and the true neighbours of the queries or of the rows themselves."""
    X, Y = rows(rng, *shape(rng, most_elements=100_000))
    X = X.astype(np.promote_types(X.dtype, Y.dtype))
    if len(Y) < 2:
        Y = np.concatenate([Y, Y])
    alone = bool(alone and rng.random() < 0.5)
    Y = Y[:MOST_ALONE] if alone else Y
    metric, k = pick(rng, reference.METRICS), some_k(rng, len(Y) - alone)
    left_out = np.eye(len(Y), dtype=bool) if alone else None
    return X, Y, metric, k, alone, nearest(Y if alone else X, Y, k, metric, left_out=left_out)


def _weighting(rng, distances, kinds):
    """A rule that the oracle can follow for such distances."""
    apart = distances[distances > 0]
    sound = apart.size == 0 or (apart.min() > _SOUND[0] and apart.max() < _SOUND[1])
    return pick(rng, kinds) if sound else "uniform"


def _winners(codes, weight, n_classes, ties):
    """The class that wins: two of them if votes differ by more than a bit and less than 1e-12."""
    return [
        reference.winner(codes, weight, n_classes, ties, rounding=rounding)
        for rounding in (1e-12, 0)
    ]


def _assert_won(found, winners):
    """Assert that each label is one of the two that may win, which as a rule are the same."""
    found, winners = np.asarray(found), np.asarray(winners)
    either = np.where(found == winners[..., 1], winners[..., 1], winners[..., 0])
    np.testing.assert_array_equal(found, either)


def draw_classifier(rng):
    """Labels and their parts of the vote; a row of weight w counts as w rows."""
    X, Y, metric, k, alone, (distances, indices) = _neighbours(rng, given_rows, alone=True)
    classes = np.unique(rng.integers(0, 50, int(rng.integers(1, 12))))
    y = rng.choice(classes, len(Y))
    ties, algorithm, n_jobs = pick(rng, TIES), pick(rng, ALGORITHMS), threads(rng)
    sample_weight = None
    if not alone and rng.random() < 0.3:
        sample_weight = rng.integers(0, 4, len(Y))
        if sample_weight.sum() >= k:
            repeated = np.repeat(np.arange(len(Y)), sample_weight)
            distances, indices = nearest(X, Y[repeated], k, metric)
            indices = repeated[indices]
        else:
            sample_weight = None
    weights = _weighting(rng, distances, tuple(WEIGHTS))
    classes, codes = np.unique(y, return_inverse=True)
    winners, parts = [], []
    for far, near in zip(distances, indices, strict=True):
        weight = WEIGHTS[weights](far)
        winners.append(classes[_winners(codes[near], weight, len(classes), ties)])
        parts.append(reference.votes(codes[near], weight, len(classes)) / weight.sum())

    def check(level):
        model = nearplane.KNeighborsClassifier(
            k, weights=_rule(weights), metric=metric, ties=ties, algorithm=algorithm, n_jobs=n_jobs
        ).fit(Y, y, sample_weight=sample_weight)
        asked = None if alone else X
        _assert_won(model.predict(asked), winners)
        assert_near(model.predict_proba(asked), parts, "votes", rtol=1e-9, atol=1e-12)

    return case_of(
        check, X, Y, k=k, metric=metric, alone=alone, weights=weights, ties=ties,
        algorithm=algorithm, weighted=sample_weight is not None, n_jobs=n_jobs,
    )  # fmt: skip


def draw_each_k(rng):
    """One search, many votes; left out or not."""
    X, Y, metric, k, alone, (distances, indices) = _neighbours(rng, core_rows, alone=True)
    n_classes = int(pick(rng, (1, 2, 3, 10, 200)))
    y = rng.integers(0, n_classes, len(Y))
    weights = _weighting(rng, distances, ("uniform", "distance"))
    ties = pick(rng, TIES)
    ks = rng.integers(1, k + 1, int(rng.integers(1, 6))).tolist()
    expected = [
        [
            _winners(y[near[:n]], WEIGHTS[weights](far[:n]), n_classes, ties)
            for far, near in zip(distances, indices, strict=True)
        ]
        for n in ks
    ]

    def check(level):
        model = nearplane.KNeighborsClassifier(weights=weights, metric=metric, ties=ties).fit(Y, y)
        found = predict_each_k(model, None if alone else X, ks)
        _assert_won(found, expected)

    return case_of(check, X, Y, ks=ks, metric=metric, alone=alone, weights=weights, ties=ties)


def draw_regressor(rng):
    """Means of several outputs, weighted."""
    X, Y, metric, k, alone, (distances, indices) = _neighbours(rng, core_rows, alone=True)
    y = rng.normal(size=(len(Y), int(rng.integers(1, 4))))
    weights, n_jobs = _weighting(rng, distances, tuple(WEIGHTS)), threads(rng)
    expected = [
        np.average(y[near], axis=0, weights=WEIGHTS[weights](far))
        for far, near in zip(distances, indices, strict=True)
    ]

    def check(level):
        model = nearplane.KNeighborsRegressor(
            k, weights=_rule(weights), metric=metric, n_jobs=n_jobs
        ).fit(Y, y)
        found = model.predict(None if alone else X)
        assert_near(found, expected, "means", rtol=1e-9, atol=1e-12)

    return case_of(check, X, Y, k=k, metric=metric, alone=alone, weights=weights, n_jobs=n_jobs)
