"""`check_gradient` on functions whose derivatives, right and wrong, are known."""

import numpy as np
import pytest

from nearplane.gradients import check_gradient


def squares(W):
    return np.sum(W**2), 2 * W


def wiggles(W):
    """A function of every curvature, over scales from 1e-3 to 1e3."""
    factors = np.logspace(-3, 3, W.size).reshape(W.shape)
    return np.sum(np.sin(factors * W) + factors * W**3), factors * (np.cos(factors * W) + 3 * W**2)


def absolute(W):
    return np.abs(W).sum(), np.sign(W)


def hinges(W):
    return np.maximum(0, 1 - W).sum(), -(W < 1).astype(float)


W = np.random.default_rng(0).normal(size=(6, 5))


@pytest.mark.parametrize("fun", [squares, wiggles, absolute, hinges])
@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_a_right_gradient_passes_at_any_scale(fun, scale):
    report = check_gradient(fun, W * scale, n_checks=None)
    assert report.passed, str(report)
    assert len(report.index) == report.size == 30
    assert report.max_relative_error < 1e-5


@pytest.mark.parametrize("fun", [squares, wiggles, absolute, hinges])
@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda g: -g, 2.0),
        (lambda g: g / 2, 0.5),
        (lambda g: g * 1.001, 1e-3),
        (lambda g: g + 100, 1.0),
    ],
)
def test_a_wrong_gradient_fails_and_says_by_how_much(fun, wrong, error):
    def wrongly(W):
        loss, gradient = fun(W)
        return loss, wrong(gradient)

    report = check_gradient(wrongly, W - 2, n_checks=None)
    assert not report.passed
    assert report.max_relative_error >= 0.8 * error
    assert "FAILED" in str(report)
    assert "too large" in str(report)


def test_one_wrong_element_is_found_where_it_is():
    def wrongly(W):
        loss, gradient = squares(W)
        gradient[2, 3] *= 1.01
        return loss, gradient

    report = check_gradient(wrongly, W, n_checks=None)
    assert report.index[report.relative_error > report.tol].tolist() == [[2, 3]]
    assert not check_gradient(wrongly, W, n_checks=None, tol=0.009).passed
    assert check_gradient(wrongly, W, n_checks=None, tol=0.011).passed


def test_what_the_report_holds():
    report = check_gradient(squares, W, n_checks=None)
    np.testing.assert_array_equal(report.analytic, 2 * W.ravel())
    np.testing.assert_allclose(report.numeric, 2 * W.ravel(), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(report.left, 2 * W.ravel(), atol=1e-4)
    np.testing.assert_allclose(report.right, 2 * W.ravel(), atol=1e-4)
    np.testing.assert_array_equal(report.index, np.argwhere(np.ones_like(W)))
    assert not report.is_kink.any()
    assert report.n_kinks == 0


@pytest.mark.parametrize("slope", [-1.0, -0.3, 0.0, 1.0])
def test_a_kink_is_told_and_any_value_between_its_slopes_is_right(slope):
    at = np.array([1.0, 0.0, -2.0])
    report = check_gradient(lambda W: (absolute(W)[0], np.array([1, slope, -1])), at)
    assert report.passed
    assert report.is_kink.tolist() == [False, True, False]
    np.testing.assert_allclose([report.left[1], report.right[1]], [-1, 1], rtol=1e-6)
    assert report.relative_error[1] == 0
    lines = str(report).splitlines()
    assert lines[0] == "Gradient check passed: 3 of 3 elements, 1 at a kink"
    assert "kink: analytic is between -1.0000e+00 on the left and 1.0000e+00" in lines[5]


@pytest.mark.parametrize("distance", [1e-12, -1e-10, 1e-9])
def test_a_kink_too_near_to_be_stepped_around_is_told_too(distance):
    report = check_gradient(absolute, [distance])
    assert report.is_kink.all()
    assert report.passed
    assert not check_gradient(lambda W: (absolute(W)[0], 1.1 * np.sign(W)), [distance]).passed


@pytest.mark.parametrize("slope", [1.01, -1.5, 30.0])
def test_no_other_value_is_right_at_a_kink(slope):
    report = check_gradient(lambda W: (absolute(W)[0], np.array([slope])), [0.0])
    assert report.is_kink.all()
    assert not report.passed
    np.testing.assert_allclose(report.relative_error, (abs(slope) - 1) / abs(slope), rtol=1e-6)
    assert "NOT between" in str(report)


@pytest.mark.parametrize("distance", [-5e-6, -1e-6, 2e-7, 1e-6, 1.9e-6, 2e-6, 3e-6, 4e-6, 5.9e-6])
def test_a_kink_beside_the_point_is_stepped_around(distance):
    """Wherever it lies within the first step, the derivative at the point itself is found."""
    report = check_gradient(hinges, [1.0 + distance])
    assert not report.is_kink.any()
    np.testing.assert_allclose(report.numeric, -1.0 if distance < 0 else 0.0, atol=1e-6)
    assert report.passed


def test_a_slope_of_zero_is_judged_by_the_rounding_of_the_loss():
    """A loss of 1e6 has a rounding of 1e-10, and its differences one of 1e-5."""

    def flat(W):
        return 1e6 + np.sin(W).sum() * 1e-9, np.cos(W) * 1e-9

    assert check_gradient(flat, np.arange(5.0)).passed
    assert not check_gradient(lambda W: (flat(W)[0], flat(W)[1] + 1e-2), np.arange(5.0)).passed


def test_a_function_in_float32_is_checked_with_a_larger_step():
    def single(W):
        small = W.astype(np.float32)
        return np.sum(np.exp(small)), np.exp(small)

    assert check_gradient(single, W, eps=5e-3, tol=1e-3, n_checks=None).passed
    assert not check_gradient(
        lambda W: (single(W)[0], 1.1 * single(W)[1]), W, eps=5e-3, tol=1e-3, n_checks=None
    ).passed


@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 3, 4), (2, 1, 3, 2)])
def test_any_shape(shape):
    report = check_gradient(squares, np.full(shape, 3.0), n_checks=None)
    assert report.passed
    assert report.index.shape == (int(np.prod(shape)), len(shape))
    assert str(report)


def test_elements_are_drawn_at_random_without_repetition():
    drawn = [check_gradient(squares, W, n_checks=12, random_state=i).index for i in (0, 0, 1)]
    assert len(np.unique(drawn[0], axis=0)) == 12
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert len(check_gradient(squares, W).index) == 10
    assert len(check_gradient(squares, W, n_checks=31).index) == 30


def test_the_point_is_copied_to_float64_and_never_changed():
    seen = []

    def spoiling(W):
        seen.append(W.dtype)
        answer = squares(W)
        W[:] = np.nan
        return (*answer, "whatever follows")

    for at in (W.copy(), W.astype(np.float32), np.arange(6), [1, 2]):
        before = np.array(at)
        assert check_gradient(spoiling, at).passed
        np.testing.assert_array_equal(at, before)
    assert set(seen) == {np.dtype(np.float64)}


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (1.0, TypeError, r"fun must return a tuple \(loss, gradient, ...\); got float"),
        ((1.0,), TypeError, "fun must return a tuple"),
        ((np.ones(2), W), TypeError, r"a loss that is one number; got shape \(2,\)"),
        ((np.nan, W), ValueError, "finite loss at W and near it; got nan"),
        ((1.0, W[0]), ValueError, r"gradient of the shape of W, \(6, 5\); got shape \(5,\)"),
        ((1.0, W * np.inf), ValueError, r"finite gradient; got -?inf at \(0, 0\)"),
    ],
)
def test_a_function_that_returns_something_else_is_refused(answer, error, message):
    with pytest.raises(error, match=message):
        check_gradient(lambda _: answer, W)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"W": np.empty((0, 3))}, ValueError, r"W must have at least one element.*\(0, 3\)"),
        ({"W": [1.0, np.nan]}, ValueError, "W must be finite"),
        ({"W": ["a"]}, TypeError, "W must hold real numbers; got dtype <U1"),
        ({"W": [1j]}, TypeError, "W must hold real numbers; got dtype complex128"),
        ({"eps": 0}, ValueError, "eps must be .*above 0.*got 0"),
        ({"eps": 1}, ValueError, "eps must be .*at most 0.1; got 1"),
        ({"tol": -1e-3}, ValueError, "tol must be .*above 0.*got -0.001"),
        ({"n_checks": 0}, ValueError, "n_checks must be at least 1; got 0"),
        ({"n_checks": 2.5}, TypeError, "n_checks must be an integer; got 2.5"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        check_gradient(**{"fun": squares, "W": W, **arguments})
