"""Toy sets: what decides the class, how points are spread, and that no line separates them."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from nearplane import KNeighborsClassifier
from nearplane.datasets import (
    make_parity,
    make_quadrants,
    make_ring,
    make_spirals,
    make_three_modes,
)

TOYS = [make_quadrants, make_ring, make_three_modes, make_parity, make_spirals]
OF_TWO_CLASSES = TOYS[:4]
NOISY = [make_quadrants, make_ring, make_three_modes, make_spirals]


def distances_to_modes(X):
    middles = [[0, 1.7], [-1.7 * 3**0.5 / 2, -0.85], [1.7 * 3**0.5 / 2, -0.85]]
    return np.min([np.sqrt(((X - middle) ** 2).sum(axis=1)) for middle in middles], axis=0)


RULES = {
    make_quadrants: lambda X: np.sign(X[:, 0]) == np.sign(X[:, 1]),
    make_ring: lambda X: (np.linalg.norm(X, axis=1) >= 1) & (np.linalg.norm(X, axis=1) <= 2),
    make_three_modes: lambda X: distances_to_modes(X) <= 0.8,
    make_parity: lambda X: np.sum(X > 0, axis=1) % 2 == 1,
}


@pytest.mark.parametrize("make", RULES)
@pytest.mark.parametrize("n_samples", [1, 2, 7, 501])
def test_the_rule_decides_the_class_and_half_the_points_fulfil_it(make, n_samples):
    X, y = make(n_samples, random_state=0)
    np.testing.assert_array_equal(RULES[make](X), y)
    assert y.sum() == n_samples // 2


@pytest.mark.parametrize("make", TOYS)
def test_types_shapes_and_seeds(make):
    X, y = make(50, random_state=0)
    assert X.shape == (50, 4 if make is make_parity else 2)
    assert (X.dtype, y.dtype) == (np.float64, np.int64)
    assert y.shape == (50,)
    for state, equal in [(0, True), (np.random.RandomState(0), True), (1, False), (None, False)]:
        again = make(50, random_state=state)
        assert np.array_equal(X, again[0]) == equal
        if equal:
            np.testing.assert_array_equal(y, again[1])
    assert len(make()[0]) == (300 if make is make_spirals else 200)


@pytest.mark.parametrize("make", TOYS)
def test_the_order_is_random(make):
    y = make(400, random_state=0)[1]
    share = y[:200].mean() / y.mean()
    assert 0.8 < share < 1.2
    assert (np.diff(y) != 0).sum() > 100


@pytest.mark.parametrize(("make", "reach"), [(make_quadrants, 1), (make_ring, 3)])
def test_points_are_spread_evenly_over_their_part_of_the_square(make, reach):
    X, y = make(40_000, random_state=0)
    assert np.abs(X).max() < reach
    side = np.linspace(-reach, reach, 401)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    rule = RULES[make](grid)
    bins = np.linspace(-reach, reach, 5)
    for label in (0, 1):
        found = np.histogram2d(*X[y == label].T, bins)[0] / (y == label).sum()
        area = np.histogram2d(*grid[rule == label].T, bins)[0] / (rule == label).sum()
        np.testing.assert_allclose(found, area, atol=0.01)


def test_parity_is_known_from_all_pixels_only():
    X, y = make_parity(20_000, 3, random_state=0)
    assert np.abs(X).max() <= 1
    assert (X != 0).all()
    for left_out in range(3):
        signs = np.delete(X, left_out, axis=1) > 0
        for pattern in np.ndindex(2, 2):
            share = y[(signs == pattern).all(axis=1)].mean()
            assert abs(share - 0.5) < 0.03
    np.testing.assert_allclose(np.quantile(X, [0.25, 0.5, 0.75]), [-0.5, 0, 0.5], atol=0.02)


def test_parity_of_one_pixel_is_its_sign():
    X, y = make_parity(100, 1, random_state=0)
    np.testing.assert_array_equal(X[:, 0] > 0, y)


@pytest.mark.parametrize("n_classes", [1, 2, 3, 5])
def test_arms_turn_from_their_own_angles(n_classes):
    X, y = make_spirals(600, n_classes=n_classes, n_turns=1.5, noise=0, random_state=0)
    np.testing.assert_array_equal(np.bincount(y), [600 // n_classes] * n_classes)
    z = X @ [1, 1j]
    assert 0.1 <= np.abs(z).min() < 0.12
    assert 0.98 < np.abs(z).max() <= 1
    start = np.exp(2j * np.pi * y / n_classes)
    unwound = z / np.abs(z) * np.exp(-2j * np.pi * 1.5 * np.abs(z))
    np.testing.assert_allclose(unwound, start, atol=1e-9)


@pytest.mark.parametrize("make", NOISY)
def test_noise_moves_points_and_not_labels(make):
    X, y = make(5000, noise=0, random_state=0)
    moved, labels = make(5000, noise=0.3, random_state=0)
    np.testing.assert_array_equal(labels, y)
    np.testing.assert_allclose(np.std(moved - X, axis=0), 0.3, rtol=0.05)


@pytest.mark.parametrize("make", TOYS)
def test_neighbours_tell_what_no_line_does(make):
    X, y = make(2000, random_state=0)
    linear = LogisticRegression().fit(X[:1000], y[:1000]).score(X[1000:], y[1000:])
    neighbours = KNeighborsClassifier(3).fit(X[:1000], y[:1000]).score(X[1000:], y[1000:])
    assert linear < 0.75
    assert neighbours > 0.8


@pytest.mark.parametrize(
    ("make", "arguments", "kind", "name"),
    [
        *((make, {"n_samples": 0}, ValueError, "n_samples") for make in TOYS),
        *((make, {"n_samples": 2.5}, TypeError, "n_samples") for make in TOYS),
        *((make, {"noise": -0.1}, ValueError, "noise") for make in NOISY),
        *((make, {"noise": float("nan")}, ValueError, "noise") for make in NOISY),
        *((make, {"random_state": "seed"}, ValueError, "seed") for make in TOYS),
        (make_parity, {"n_features": 0}, ValueError, "n_features"),
        (make_spirals, {"n_classes": 0}, ValueError, "n_classes"),
        (make_spirals, {"n_turns": float("inf")}, ValueError, "n_turns"),
    ],
)
def test_wrong_arguments_are_named(make, arguments, kind, name):
    with pytest.raises(kind, match=name):
        make(**arguments)
