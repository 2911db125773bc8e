"""Losses of scores at every ISA level: worked examples, extremes, and the oracles."""

import numpy as np
import pytest

from . import linear_reference as reference
from .core_levels import LEVELS
from .linear_levels import TYPES, loss_from_scores

LOSSES = tuple(reference.LOSSES)
# Losses of differences between scores.
SHIFT_FREE = ("softmax", "hinge", "squared_hinge", "crammer_singer")
CLASSES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1000)
ROUNDING = {np.float32: 2e-6, np.float64: 1e-14}

# The scores of a cat, a car and a frog for the classes cat, car and frog, as courses have them.
COURSE_SCORES = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]
COURSE_LABELS = np.array([0, 1, 2])


def losses_of(level, scores, y, loss, **options):
    return loss_from_scores(level, scores, np.asarray(y), loss, **options)[0]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_the_worked_example_of_the_courses(level, dtype):
    scores = np.array(COURSE_SCORES, dtype)
    losses = losses_of(level, scores, COURSE_LABELS, "hinge")
    np.testing.assert_allclose(losses, [2.9, 0, 12.9], rtol=1e-6)
    np.testing.assert_allclose(losses.mean(), 5.27, atol=0.005)
    losses = losses_of(level, scores, COURSE_LABELS, "softmax")
    np.testing.assert_allclose(losses[0], 2.04, atol=0.005)
    np.testing.assert_allclose(np.exp(-losses[0]), 0.13, atol=0.0005)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_losses_of_all_zero_scores(level, dtype):
    for n_classes in CLASSES:
        scores, y = np.zeros((3, n_classes), dtype), np.array([0, n_classes // 2, n_classes - 1])
        expected = {
            "softmax": np.log(n_classes),
            "hinge": n_classes - 1,
            "squared_hinge": n_classes - 1,
            "crammer_singer": n_classes > 1,
            "ovr_hinge": n_classes,
            "ovr_logistic": n_classes * np.log(2),
            "squared_error": 1,
        }
        for loss, value in expected.items():
            found = losses_of(level, scores, y, loss)
            np.testing.assert_allclose(found, [value] * 3, rtol=1e-13, err_msg=loss)
            mean = losses_of(level, scores, y, loss, class_mean=True)
            np.testing.assert_allclose(mean, [value / n_classes] * 3, rtol=1e-13, err_msg=loss)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_and_gradients_for_any_number_of_classes(loss, dtype):
    rng = np.random.default_rng(0)
    for i, n_classes in enumerate(CLASSES):
        scores = (rng.normal(size=(1 + i % 7, n_classes)) * 3).astype(dtype)
        y = rng.integers(0, n_classes, len(scores))
        options = {"margin": 0.3 * (i % 5), "class_mean": i % 2 == 0}
        losses, dscores = reference.loss_from_scores(scores, y, loss, **options)
        for level in LEVELS:
            found = loss_from_scores(level, scores, y, loss, **options)
            assert (found[0].dtype, found[1].dtype) == (np.float64, dtype)
            rounding = {"rtol": ROUNDING[dtype], "atol": ROUNDING[dtype]}
            np.testing.assert_allclose(found[0], losses, **rounding)
            np.testing.assert_allclose(found[1], dscores, **rounding)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_the_number_of_rows_and_threads_changes_no_bit(level, dtype):
    rng = np.random.default_rng(1)
    scores, y = rng.normal(size=(20_000, 10)).astype(dtype), rng.integers(0, 10, 20_000)
    for loss in LOSSES:
        losses, dscores = loss_from_scores(level, scores, y, loss, n_threads=1)
        for n_threads in (2, 3, 4):
            found = loss_from_scores(level, scores, y, loss, n_threads=n_threads)
            assert (losses.tobytes(), dscores.tobytes()) == (found[0].tobytes(), found[1].tobytes())
        for n_rows in (0, 1, 255, 256, 257):
            found = loss_from_scores(level, scores[:n_rows], y[:n_rows], loss)
            np.testing.assert_array_equal(found[0], losses[:n_rows])
            np.testing.assert_array_equal(found[1], dscores[:n_rows])


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", SHIFT_FREE)
def test_a_constant_added_to_all_scores_changes_nothing(loss, dtype):
    rng = np.random.default_rng(2)
    scores = rng.integers(-40, 40, (50, 10)) / 16
    y = rng.integers(0, 10, 50)
    for level in LEVELS:
        expected = loss_from_scores(level, scores.astype(dtype), y, loss)
        for shift in (-(2.0**13), 2.0**10, 2.0**16):  # with which these scores are exact still
            found = loss_from_scores(level, (scores + shift).astype(dtype), y, loss)
            np.testing.assert_array_equal(found[0], expected[0])
            np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("loss", reference.HINGES)
def test_a_hinge_loss_of_zero_stays_zero_when_the_scores_are_doubled(loss):
    scores = np.array([[1.0, -1.0, -1.5], [-3.0, 2.0, -1.0]])
    for level in LEVELS:
        for dtype in TYPES:
            for factor in (1, 2, 4):
                found = loss_from_scores(level, (factor * scores).astype(dtype), [0, 1], loss)
                assert not found[0].any()
                assert not found[1].any()


@pytest.mark.parametrize("size", [1e4, 1e30])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", LOSSES)
def test_extreme_scores_overflow_nothing(loss, dtype, size):
    scores = np.array(
        [
            [size, -size, 0],
            [size, size, size],
            [-size, -size, -size],
            [size, size, -size],
            [0, size, size / 2],
        ],
        dtype,
    ).repeat(3, axis=0)
    y = np.tile(np.arange(3), 5)
    losses, dscores = reference.loss_from_scores(scores, y, loss)
    assert np.isfinite(losses).all()
    for level in LEVELS:
        found = loss_from_scores(level, scores, y, loss)
        np.testing.assert_allclose(found[0], losses, rtol=ROUNDING[dtype])
        np.testing.assert_allclose(found[1], dscores, rtol=ROUNDING[dtype], atol=1e-30)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_score_that_is_not_a_number_is_not_hidden(loss, dtype):
    """Whichever class it is: training stops when its loss is no number any more."""
    for n_classes in (2, 3, 17):
        for place in range(n_classes):
            scores = np.zeros((n_classes, n_classes), dtype)
            scores[:, place] = np.nan
            for level in LEVELS:
                losses = losses_of(level, scores, np.arange(n_classes), loss)
                assert np.isnan(losses).all()


@pytest.mark.parametrize("dtype", TYPES)
def test_of_equal_rivals_the_first_counts(dtype):
    scores = np.array([[5, 7, 7, 1], [7, 5, 1, 7], [3, 3, 3, 3]], dtype)
    for level in LEVELS:
        losses, dscores = loss_from_scores(level, scores, [0, 1, 0], "crammer_singer")
        np.testing.assert_array_equal(losses, [3, 3, 1])
        np.testing.assert_array_equal(dscores, [[-1, 1, 0, 0], [1, -1, 0, 0], [-1, 1, 0, 0]])


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", reference.HINGES)
def test_the_gradient_at_a_kink_is_that_of_the_side_without_loss(loss, dtype):
    scores = np.array([[1, 0, 0]], dtype)  # both rivals are exactly a margin behind
    if loss == "ovr_hinge":
        scores = np.array([[1, -1, -1]], dtype)
    for level in LEVELS:
        losses, dscores = loss_from_scores(level, scores, [0], loss)
        assert not losses.any()
        assert not dscores.any()
