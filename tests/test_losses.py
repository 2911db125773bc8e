"""The public losses against the oracles, their gradients, and what they refuse."""

import inspect
import pickle

import numpy as np
import pytest

from nearplane import losses
from nearplane._penalties import penalty_gradient, penalty_value, split_penalty
from nearplane.gradients import check_gradient

from . import linear_reference as reference

LOSSES = tuple(reference.LOSSES)
PENALTIES = ("l2", "l1", "elasticnet", None)
TYPES = (np.float32, np.float64)
ROUNDING = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (40, 12), dtype=np.uint8)
Y = RNG.integers(0, 5, 40)
W = RNG.normal(size=(12, 5)) / 400
B = RNG.normal(size=5)
SAMPLE_WEIGHT = RNG.uniform(0, 2, 40)


def call(name, *args, **kwargs):
    return getattr(losses, name)(*args, **kwargs)


def oracle(name, W, X, y, b=None, *, penalty=(0, 0), sample_weight=None, mean=True, **options):
    weights = np.column_stack([W.T, np.zeros(W.shape[1]) if b is None else b])
    w = np.ones(len(X)) if sample_weight is None else sample_weight
    w = w / w.sum() if mean else w
    total, gradient = reference.linear_loss(X, y, weights, w, name, **options)
    dW = gradient[:, :-1].T + reference.penalty_gradient(W, *penalty)
    return total + reference.penalty(W, *penalty), dW, gradient[:, -1]


def assert_answer(found, expected, dtype):
    loss, dW, db = found
    assert isinstance(loss, float)
    assert dW.dtype == db.dtype == dtype
    assert dW.flags.c_contiguous
    for value, truth in zip(found, expected, strict=True):
        atol = ROUNDING[np.dtype(dtype)] * np.abs(truth).max()
        np.testing.assert_allclose(value, truth, rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", LOSSES)
def test_every_option_against_the_oracle(name, dtype):
    margin = {"margin": 0.5} if name in reference.HINGES else {}
    W_given, b_given = W.astype(dtype), B.astype(dtype)
    W_used, b_used = W_given.astype(float), b_given.astype(float)
    for reduction in ("mean", "sum"):
        for class_reduction in ("sum", "mean"):
            for b, b_truth in ((None, None), (b_given, b_used)):
                for sample_weight in (None, SAMPLE_WEIGHT):
                    found = call(
                        name, W_given, X, Y, b=b, sample_weight=sample_weight,
                        reduction=reduction, class_reduction=class_reduction, **margin,
                    )  # fmt: skip
                    expected = oracle(
                        name, W_used, X, Y, b_truth, sample_weight=sample_weight,
                        mean=reduction == "mean", class_mean=class_reduction == "mean", **margin,
                    )  # fmt: skip
                    assert_answer(found, expected, dtype)


@pytest.mark.parametrize(
    ("penalty", "l1", "l2"),
    [("l2", 0, 0.3), ("l1", 0.3, 0), ("elasticnet", 0.06, 0.24), (None, 0, 0)],
)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_penalty_is_added_once_without_a_half_and_not_of_the_bias(penalty, l1, l2, reduction):
    found = losses.softmax(
        W, X, Y, b=B, alpha=0.3, penalty=penalty, l1_ratio=0.2, reduction=reduction
    )
    expected = oracle("softmax", W, X, Y, B, penalty=(l1, l2), mean=reduction == "mean")
    assert_answer(found, expected, np.float64)
    assert split_penalty(penalty, 0.3, 0.2) == pytest.approx((l1, l2), rel=1e-15)


def test_penalties_of_known_weights():
    weights = np.array([[1.0, -2.0], [0.0, 4.0]])
    assert penalty_value(weights, 1, 0) == 7
    assert penalty_value(weights, 0, 1) == 21
    assert penalty_value(weights, 0.5, 0.25) == 8.75
    np.testing.assert_array_equal(penalty_gradient(weights, 3, 0), [[3, -3], [0, 3]])
    np.testing.assert_array_equal(penalty_gradient(weights, 0, 0.5), weights)
    assert penalty_gradient(weights.astype(np.float32), 1, 1).dtype == np.float32
    assert penalty_value(np.full((1000, 1000), 1e-4, np.float32), 1, 0) == pytest.approx(100)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_central_differences(name, dtype, penalty):
    """The gradient in `dtype` against differences of the loss in float64."""
    options = {"alpha": 20.0, "penalty": penalty, "sample_weight": SAMPLE_WEIGHT}
    tol = {np.float32: 1e-3, np.float64: 1e-6}[dtype]
    # Weights and bias that both types hold, some weights being 0, where |W| has its kink.
    at = (np.round(W * 2**12) / 2**12).astype(np.float32).astype(float)
    bias = B.astype(np.float32).astype(float)

    def of_weights(W):
        loss, _, _ = call(name, W, X, Y, b=bias, **options)
        return loss, call(name, W.astype(dtype), X, Y, b=bias, **options)[1]

    def of_bias(b):
        loss, _, _ = call(name, at, X, Y, b=b, **options)
        return loss, call(name, at.astype(dtype), X, Y, b=b, **options)[2]

    report = check_gradient(of_weights, at, tol=tol, n_checks=None)
    assert report.passed, str(report)
    n_zeros = np.sum(at == 0)
    assert n_zeros > 0
    assert report.n_kinks == (n_zeros if penalty in ("l1", "elasticnet") else 0)
    report = check_gradient(of_bias, bias, tol=tol, n_checks=None)
    assert report.passed, str(report)
    assert not report.n_kinks


@pytest.mark.parametrize(
    ("w_dtype", "x_dtype", "expected"),
    [
        (np.float32, np.uint8, np.float32),
        (np.float32, np.float32, np.float32),
        (np.float32, np.int16, np.float32),
        (np.float32, bool, np.float32),
        (np.float32, np.float64, np.float64),
        (np.float32, np.int64, np.float64),
        (np.float64, np.uint8, np.float64),
        (np.float64, np.float32, np.float64),
        (np.float16, np.uint8, np.float64),
        (np.int64, np.uint8, np.float64),
    ],
)
def test_the_type_of_the_answer(w_dtype, x_dtype, expected):
    loss, dW, db = losses.softmax(np.ones((12, 5), w_dtype), X.astype(x_dtype), Y)
    assert (type(loss), dW.dtype, db.dtype) == (float, expected, expected)
    assert (dW.shape, db.shape) == ((12, 5), (5,))


@pytest.mark.parametrize("dtype", TYPES)
def test_images_lists_and_any_layout_are_the_same_samples(dtype):
    expected = losses.hinge(W.astype(dtype), X, Y, b=B)
    spread = np.zeros((80, 36), np.uint8)
    spread[::2, ::3] = X
    givens = (X.reshape(40, 2, 2, 3), X.reshape(40, 3, 4), spread[::2, ::3], np.asfortranarray(X))
    for given in givens:
        for found, value in zip(
            losses.hinge(np.asfortranarray(W, dtype), given, Y, b=B), expected, strict=True
        ):
            np.testing.assert_array_equal(found, value)
    lists = losses.hinge(W.tolist(), X.tolist(), Y.tolist(), b=B.tolist())
    np.testing.assert_allclose(lists[1], expected[1], rtol=1e-4, atol=1e-4)


def test_nothing_given_is_changed():
    given = [W.copy(), X.copy(), Y.copy(), B.copy(), SAMPLE_WEIGHT.copy()]
    losses.softmax(W, X, Y, b=B, sample_weight=SAMPLE_WEIGHT, alpha=1.0)
    scores = X @ W
    losses.loss_from_scores(scores, Y, sample_weight=SAMPLE_WEIGHT)
    losses.softmax_probabilities(scores)
    for array, copy in zip([W, X, Y, B, SAMPLE_WEIGHT], given, strict=True):
        np.testing.assert_array_equal(array, copy)
    np.testing.assert_array_equal(scores, X @ W)


def test_the_number_of_threads_changes_no_bit():
    rng = np.random.default_rng(1)
    many = rng.integers(0, 256, (2000, 300), dtype=np.uint8)
    y = rng.integers(0, 10, 2000)
    weights = rng.normal(size=(300, 10)).astype(np.float32) / 1000
    answers = set()
    for n_jobs in (1, 2, 3, None, -1):
        loss, dW, db = losses.softmax(weights, many, y, n_jobs=n_jobs)
        answers.add((loss, dW.tobytes(), db.tobytes()))
    assert len(answers) == 1


def test_weights_count_like_repetitions_and_may_be_of_any_size():
    counts = RNG.integers(0, 4, 40)
    for scale in (1e-300, 1.0, 1e308):
        found = losses.softmax(W, X, Y, sample_weight=counts * (scale / 3))
        assert_answer(found, oracle("softmax", W, X.repeat(counts, 0), Y.repeat(counts)), float)


def test_one_class_and_one_sample():
    for name in LOSSES:
        loss, dW, db = call(name, np.zeros((12, 1)), X[:1], [0])
        expected, _, _ = oracle(name, np.zeros((12, 1)), X[:1], [0])
        assert loss == pytest.approx(expected)
        assert (dW.shape, db.shape) == ((12, 1), (1,))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", LOSSES)
def test_scores_from_elsewhere_have_the_same_loss(name, reduction):
    margin = {"margin": 2.0} if name in reference.HINGES else {}
    options = {"sample_weight": SAMPLE_WEIGHT, "reduction": reduction, "class_reduction": "mean"}
    loss, dW, _ = call(name, W, X, Y, b=B, **margin, **options)
    found, dscores = losses.loss_from_scores(X @ W + B, Y, loss=name, **margin, **options)
    assert isinstance(found, float)
    assert found == pytest.approx(loss)
    np.testing.assert_allclose(X.T @ dscores, dW, rtol=1e-9, atol=1e-9)


def test_the_loss_of_each_sample():
    scores = (X @ W + B).astype(np.float32)
    each, dscores = losses.loss_from_scores(scores, Y, loss="hinge", reduction="none")
    truth = reference.loss_from_scores(scores, Y, "hinge")
    np.testing.assert_allclose(each, truth[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(dscores, truth[1])
    assert (each.dtype, dscores.dtype) == (np.float64, np.float32)
    weighted, dweighted = losses.loss_from_scores(
        scores, Y, loss="hinge", reduction="none", sample_weight=SAMPLE_WEIGHT
    )
    np.testing.assert_array_equal(weighted, each * SAMPLE_WEIGHT)
    np.testing.assert_allclose(dweighted, dscores * SAMPLE_WEIGHT[:, None], rtol=1e-6)


@pytest.mark.parametrize("dtype", TYPES)
def test_softmax_probabilities(dtype):
    scores = np.array([[3.2, 5.1, -1.7], [1e4, 0, -1e4], [1e30, -1e30, 1e30], [7, 7, 7]], dtype)
    found = losses.softmax_probabilities(scores)
    assert found.dtype == dtype
    expected = [[0.12998254, 0.86904954, 0.00096793], [1, 0, 0], [0.5, 0, 0.5], [1 / 3] * 3]
    np.testing.assert_allclose(found, expected, atol=1e-7)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    each, _ = losses.loss_from_scores(scores[:1], [0], reduction="none")
    np.testing.assert_allclose(np.exp(-each), found[0, 0], rtol=1e-6)
    largest = np.finfo(dtype).max
    extreme = losses.softmax_probabilities(np.array([[largest, -largest]], dtype))
    np.testing.assert_array_equal(extreme, [[1, 0]])


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_is_a_documented_function_of_its_own(name):
    function = getattr(losses, name)
    assert inspect.isfunction(function)
    assert function.__name__ == name
    assert pickle.loads(pickle.dumps(function)) is function
    parameters = inspect.signature(function).parameters
    assert list(parameters)[:3] == ["W", "X", "y"]
    assert ("margin" in parameters) == (name in reference.HINGES)
    documentation = inspect.getdoc(function)
    for section in ("Parameters", "Returns", "Raises", "References", "Examples"):
        assert documentation.count(f"\n{section}\n{'-' * len(section)}\n") == 1
    for parameter in parameters:
        assert f"\n{parameter} : " in documentation
    assert ("\nmargin : " in documentation) == ("margin" in parameters)
    with pytest.raises(TypeError, match="colour"):
        function(W, X, Y, colour="red")


def bad(array, place, value):
    changed = array.astype(float)
    changed[place] = value
    return changed


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"W": W.T}, ValueError, r"W must have shape.*12 features.*\(5, 12\).*transposed"),
        ({"W": W[:, 0]}, ValueError, r"Expected 2D array.*W has shape \(12,\)"),
        ({"W": W[:3]}, ValueError, r"W must have shape.*\(3, 5\)"),
        ({"W": W + 1j}, ValueError, "W must be a dense array of real numbers"),
        ({"W": bad(W, (3, 1), np.nan)}, ValueError, "Input W contains NaN: first in row 3"),
        ({"W": bad(W, (0, 0), np.inf)}, ValueError, "Input W contains infinity"),
        ({"X": bad(X, (1, 1), np.nan)}, ValueError, "Input X contains NaN"),
        ({"X": X[:0], "y": Y[:0]}, ValueError, r"0 sample.*minimum of 1"),
        ({"X": X[0]}, ValueError, "Expected 2D array, got 1D"),
        ({"y": Y[:39]}, ValueError, r"y must have shape \(40,\).*sample.*\(39,\)"),
        ({"y": Y[:, None]}, ValueError, r"y must have shape \(40,\).*\(40, 1\)"),
        ({"y": Y + 0.5}, TypeError, "y must hold integers.*float64"),
        ({"y": Y.astype(str)}, TypeError, "y must hold integers.*<U"),
        ({"y": Y + 1}, ValueError, "y must hold classes 0 to 4.*got 5 at position"),
        ({"y": Y - 1}, ValueError, "y must hold classes 0 to 4.*got -1 at position"),
        ({"y": [[0], [1, 2]]}, ValueError, "y must be a vector"),
        ({"b": B[:4]}, ValueError, r"b must have shape \(5,\).*class.*\(4,\)"),
        ({"b": bad(B, 2, np.inf)}, ValueError, "b must be finite; got inf at position 2"),
        ({"b": list("abcde")}, TypeError, "b must hold real numbers"),
        ({"alpha": -1}, ValueError, "alpha must be .*at least 0; got -1"),
        ({"alpha": "0.1"}, TypeError, "alpha must be a number; got '0.1'"),
        ({"alpha": np.inf}, ValueError, "alpha must be finite"),
        ({"penalty": "L2"}, ValueError, "penalty must be 'l2' or .* or None; got 'L2'"),
        ({"penalty": "None"}, ValueError, "penalty must be"),
        ({"l1_ratio": 1.5}, ValueError, "l1_ratio must be .*at most 1; got 1.5"),
        ({"sample_weight": SAMPLE_WEIGHT[1:]}, ValueError, r"sample_weight .*\(40,\)"),
        ({"sample_weight": -SAMPLE_WEIGHT}, ValueError, "sample_weight must .*not negative"),
        ({"sample_weight": bad(Y, 1, np.nan)}, ValueError, "sample_weight must be finite.*nan"),
        ({"sample_weight": np.zeros(40)}, ValueError, "sample_weight .*not zero"),
        ({"reduction": "none"}, ValueError, "loss_from_scores.*reduction='none'"),
        ({"reduction": "average"}, ValueError, "reduction must be 'mean' or 'sum'; got 'average'"),
        ({"class_reduction": None}, ValueError, "class_reduction must be .*got None"),
        ({"margin": -0.5}, ValueError, "margin must be .*at least 0; got -0.5"),
        ({"margin": np.nan}, ValueError, "margin must be finite"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be None or an integer other than 0; got 0"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, error, message):
    arguments = {"W": W, "X": X, "y": Y, **changes}
    with pytest.raises(error, match=message):
        losses.hinge(**arguments)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"scores": np.zeros(3)}, ValueError, "Expected 2D array.*scores"),
        ({"scores": np.zeros((3, 2, 2))}, ValueError, r"scores must have shape.*\(3, 2, 2\)"),
        ({"scores": [[0.0, np.inf]]}, ValueError, "Input scores contains infinity"),
        ({"scores": np.zeros((0, 3)), "y": []}, ValueError, "minimum of 1"),
        ({"y": [0, 1, 3]}, ValueError, "y must hold classes 0 to 2.*got 3 at position 2"),
        ({"loss": "hinges"}, ValueError, "loss must be 'softmax' or .*got 'hinges'"),
        ({"loss": losses.hinge}, ValueError, "loss must be 'softmax'"),
        ({"reduction": "max"}, ValueError, "reduction must be .*'none'; got 'max'"),
        ({"margin": None}, TypeError, "margin must be a number; got None"),
    ],
)
def test_scores_that_make_no_sense_are_refused(changes, error, message):
    arguments = {"scores": np.zeros((3, 3)), "y": [0, 1, 2], **changes}
    with pytest.raises(error, match=message):
        losses.loss_from_scores(**arguments)


def test_a_weight_of_zero_counts_nothing_even_beside_an_infinite_loss():
    W, X, y = np.ones((1, 2)), np.array([[1.0], [1e200]]), np.array([0, 1])
    alone = losses.squared_error(W, X[:1], y[:1])
    beside = losses.squared_error(W, X, y, sample_weight=[1, 0])
    for found, expected in zip(beside, alone, strict=True):
        np.testing.assert_array_equal(found, expected)
    scores = X @ W
    loss, dscores = losses.loss_from_scores(
        scores, y, loss="squared_error", sample_weight=[1, 0], reduction="sum"
    )
    assert loss == alone[0]
    assert (dscores[1] == 0).all()
