"""Scores, losses and gradients of linear models at every ISA level, against the oracles."""

import numpy as np
import pytest

from . import linear_reference as reference
from .core_levels import LEVELS
from .layouts import misaligned
from .linear_levels import (
    TYPES,
    linear_loss,
    linear_scores,
    random_rows,
    random_weights,
    whole_weights,
)

DTYPES = (np.uint8, np.float32, np.float64)  # of rows
LOSSES = tuple(reference.LOSSES)
# One more than a vector, a segment and a block of every kernel, and one less.
WIDTHS = [*range(1, 71), 95, 96, 97, 127, 128, 129, 1000, 1023, 1151, 1152, 1153, 3072]
CLASSES = (1, 2, 3, 5, 6, 7, 10, 11, 13, 32, 100)
HEIGHTS = (1, 2, 31, 33, 128, 129, 255, 257, 300)
# Of the largest element of the answer, for sums of a few hundred numbers of mixed sign. What is far
# below 1 is held to the same as 1: an exponential underflows early in float32.
ROUNDING = {np.float32: 1e-5, np.float64: 1e-13}


def whole_rows(rng, n_rows, n_features, dtype):
    return rng.integers(0, 256, (n_rows, n_features)).astype(dtype)


def assert_close(found, truth, dtype):
    assert found.dtype == dtype
    atol = ROUNDING[dtype] * max(1, abs(truth).max())
    np.testing.assert_allclose(found, truth, rtol=0, atol=atol)


def assert_loss(found, expected, dtype):
    np.testing.assert_allclose(found[0], expected[0], rtol=ROUNDING[dtype], atol=ROUNDING[dtype])
    assert_close(found[1], expected[1], dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_scores_of_whole_numbers_are_exact_at_every_width(level, dtype):
    rng = np.random.default_rng(0)
    for i, width in enumerate(WIDTHS):
        X = whole_rows(rng, HEIGHTS[i % len(HEIGHTS)], width, DTYPES[i % 3])
        weights = whole_weights(rng, (CLASSES[i % len(CLASSES)], width + 1), dtype)
        found = linear_scores(level, X, weights)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, reference.linear_scores(X, weights))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_scores_for_any_number_of_columns(level, dtype):
    rng = np.random.default_rng(1)
    for x_dtype in DTYPES:
        X = random_rows(rng, 37, 130, x_dtype)
        for n_columns in range(1, 50):
            weights = random_weights(rng, (n_columns, 131), dtype)
            truth = reference.linear_scores(X, weights)
            assert_close(linear_scores(level, X, weights), truth, dtype)


def test_scores_of_no_rows_have_no_rows():
    for level in LEVELS:
        found = linear_scores(level, np.empty((0, 5), np.uint8), np.ones((3, 6), np.float32))
        assert found.shape == (0, 3)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", LOSSES)
def test_loss_and_gradient_at_every_width(loss, dtype):
    rng = np.random.default_rng(2)
    for i, width in enumerate(WIDTHS):
        n_rows, n_classes = 1 + i % 9, 2 + i % 5
        X = whole_rows(rng, n_rows, width, DTYPES[i % 3])
        y = rng.integers(0, n_classes, n_rows)
        weights = whole_weights(rng, (n_classes, width + 1), dtype)
        expected = reference.linear_loss(X, y, weights, None, loss)
        for level in LEVELS:
            assert_loss(linear_loss(level, X, y, weights, loss=loss), expected, dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", LOSSES)
def test_loss_and_gradient_for_any_number_of_classes(loss, dtype):
    rng = np.random.default_rng(3)
    for i, n_classes in enumerate(CLASSES):
        X = whole_rows(rng, 40, 19, DTYPES[i % 3])
        y = rng.integers(0, n_classes, 40)
        weights = whole_weights(rng, (n_classes, 20), dtype)
        for class_mean in (False, True):
            options = {"margin": 0.75, "class_mean": class_mean}
            expected = reference.linear_loss(X, y, weights, None, loss, **options)
            for level in LEVELS:
                found = linear_loss(level, X, y, weights, loss=loss, **options)
                assert_loss(found, expected, dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", LOSSES)
def test_loss_and_gradient_of_any_number_of_rows_with_weights(loss, dtype):
    rng = np.random.default_rng(4)
    for i, n_rows in enumerate(HEIGHTS):
        X = whole_rows(rng, n_rows, 150, DTYPES[i % 3])
        y = rng.integers(0, 10, n_rows)
        weights = whole_weights(rng, (10, 151), dtype)
        sample_weight = rng.uniform(0.1, 3, n_rows)
        expected = reference.linear_loss(X, y, weights, sample_weight, loss)
        for level in LEVELS:
            assert_loss(
                linear_loss(level, X, y, weights, sample_weight, loss=loss), expected, dtype
            )


@pytest.mark.parametrize("x_dtype", DTYPES)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_weights_see_centred_and_scaled_features(level, dtype, x_dtype):
    rng = np.random.default_rng(5)
    for width in (1, 7, 33, 200):
        X, y = random_rows(rng, 70, width, x_dtype), rng.integers(0, 4, 70)
        weights = random_weights(rng, (4, width + 1), dtype) * 30
        for center in (None, X.mean(axis=0, dtype=np.float64)):
            for scale in (None, rng.uniform(0.01, 0.1, width)):
                seen = {"center": center, "scale": scale}
                truth = reference.linear_scores(X, weights, **seen)
                assert_close(linear_scores(level, X, weights, **seen), truth, dtype)
                for loss in ("softmax", "squared_error"):
                    expected = reference.linear_loss(X, y, weights, None, loss, **seen)
                    found = linear_loss(level, X, y, weights, loss=loss, **seen)
                    assert_loss(found, expected, dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_a_weight_of_one_counts_like_no_weight_and_one_of_zero_like_no_row(level, dtype):
    rng = np.random.default_rng(6)
    X, y = whole_rows(rng, 300, 40, np.uint8), rng.integers(0, 3, 300)
    weights = random_weights(rng, (3, 41), dtype)
    plain = linear_loss(level, X, y, weights, loss="softmax")
    ones = linear_loss(level, X, y, weights, np.ones(300), loss="softmax")
    assert plain[0] == ones[0]
    np.testing.assert_array_equal(plain[1], ones[1])
    kept = rng.uniform(size=300) < 0.5
    found = linear_loss(level, X, y, weights, kept.astype(np.float64), loss="softmax")
    assert_loss(found, linear_loss(level, X[kept], y[kept], weights, loss="softmax"), dtype)


def layouts(X, directory):
    """Yield X in every layout that the core reads in place, each with the same values."""
    spread = np.zeros((2 * len(X), 3 * X.shape[1]), X.dtype)
    spread[::2, ::3] = X
    yield "strided", spread[::2, ::3]
    yield "columns first", np.asfortranarray(X)
    yield "backwards", np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1]
    yield "misaligned", misaligned(X)
    read_only = X.copy()
    read_only.flags.writeable = False
    yield "read-only", read_only
    np.save(directory / "X.npy", X)
    yield "memory-mapped", np.load(directory / "X.npy", mmap_mode="r")


@pytest.mark.parametrize("x_dtype", DTYPES)
@pytest.mark.parametrize("dtype", TYPES)
def test_the_layout_of_the_rows_changes_no_bit(tmp_path, dtype, x_dtype):
    rng = np.random.default_rng(7)
    X, y = random_rows(rng, 300, 45, x_dtype), rng.integers(0, 5, 300)
    weights = random_weights(rng, (5, 46), dtype)
    seen = {"center": X.mean(axis=0, dtype=np.float64), "scale": rng.uniform(0.1, 1, 45)}
    for level in LEVELS:
        scores = linear_scores(level, X, weights, **seen)
        loss, gradient = linear_loss(level, X, y, weights, loss="hinge", **seen)
        for layout, given in layouts(X, tmp_path):
            np.testing.assert_array_equal(
                linear_scores(level, given, weights, **seen), scores, err_msg=layout
            )
            found = linear_loss(level, given, y, weights, loss="hinge", **seen)
            assert found[0] == loss, layout
            np.testing.assert_array_equal(found[1], gradient, err_msg=layout)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_one_repeated_row_is_read_where_it_lies(level, dtype):
    rng = np.random.default_rng(8)
    row = random_rows(rng, 1, 20, np.uint8)
    X = np.broadcast_to(row, (1_000_000, 20))
    weights = random_weights(rng, (2, 21), dtype)
    scores = linear_scores(level, X, weights)
    assert (scores == linear_scores(level, row, weights)).all()


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_the_number_of_threads_changes_no_bit(level, dtype):
    rng = np.random.default_rng(9)
    X, y = random_rows(rng, 1500, 700, np.uint8), rng.integers(0, 10, 1500)
    weights = random_weights(rng, (10, 701), dtype)
    sample_weight = rng.uniform(size=1500)
    answers = set()
    for n_threads in (1, 2, 3, 4):
        scores = linear_scores(level, X, weights, n_threads=n_threads)
        loss, gradient = linear_loss(
            level, X, y, weights, sample_weight, loss="softmax", n_threads=n_threads
        )
        answers.add((scores.tobytes(), loss, gradient.tobytes()))
    assert len(answers) == 1


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_features_far_from_the_origin_lose_nothing_once_centred(level, dtype):
    rng = np.random.default_rng(10)
    shift = 2.0**14 if dtype == np.float32 else 2.0**40
    near = rng.integers(-8, 9, (60, 30)) / 16  # exact in the type, with the shift or without
    weights = random_weights(rng, (3, 31), dtype) * 100
    y = rng.integers(0, 3, 60)
    center = np.full(30, shift)
    found = linear_loss(level, (near + shift).astype(dtype), y, weights, loss="softmax",
                        center=center)  # fmt: skip
    expected = linear_loss(level, near.astype(dtype), y, weights, loss="softmax")
    assert_loss(found, expected, dtype)
