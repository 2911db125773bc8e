"""What is accepted, what is refused, and that nothing is copied without need."""

import re

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from nearplane import _core, argkmin, pairwise_distances
from nearplane._validation import (
    as_common_dtype,
    as_matrix,
    read_array,
    resolve_metric,
    resolve_n_jobs,
)


def matrix_of(X):
    return as_matrix(read_array(X, "X"), "X", n_threads=1)


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ("?", "u1"),
        ("u1", "u1"),
        ("i1", "f4"),
        ("u2", "f4"),
        ("i2", "f4"),
        ("f2", "f4"),
        ("f4", "f4"),
        (">f4", "f4"),
        ("i4", "f8"),
        ("u4", "f8"),
        ("i8", "f8"),
        (">i8", "f8"),
        ("u8", "f8"),
        ("f8", "f8"),
        (">f8", "f8"),
        ("O", "f8"),
    ],
)
def test_every_type_is_held_without_loss(given, held):
    dtype = np.dtype(given)
    extremes = [0, 1]
    if dtype.kind in "iu":
        extremes = [max(np.iinfo(dtype).min, -(2**53)), min(np.iinfo(dtype).max, 2**53)]
    elif dtype.kind == "f":
        extremes = [float(np.finfo(dtype).max), float(np.finfo(dtype).smallest_subnormal)]
    X = np.array([extremes], dtype=dtype)
    matrix = matrix_of(X)
    assert matrix.dtype == np.dtype(held)
    assert matrix.dtype.isnative
    assert matrix.tolist() == X.tolist()


@pytest.mark.parametrize("dtype", ["?", "u1", "f4", "f8"])
@pytest.mark.parametrize("shape", [(6, 12), (6, 3, 4), (6, 2, 2, 3)])
def test_matrices_and_images_are_not_copied(dtype, shape):
    X = np.arange(72).reshape(shape).astype(dtype)
    matrix = matrix_of(X)
    assert matrix.shape == (6, 12)
    assert np.shares_memory(matrix, X)
    assert np.shares_memory(matrix_of(X[::-2]), X)
    np.testing.assert_array_equal(matrix, X.reshape(6, 12))


def test_images_that_cannot_be_flattened_in_place_are_flattened_row_by_row():
    X = np.arange(72, dtype=np.uint8).reshape(6, 3, 4).transpose(0, 2, 1)
    np.testing.assert_array_equal(matrix_of(X), [image.ravel() for image in X])
    np.testing.assert_array_equal(matrix_of(X.astype(np.int16)), [image.ravel() for image in X])


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [("u1", "u1", "u1"), ("u1", "f4", "f4"), ("u1", "f8", "f8"), ("f4", "f8", "f8")],
)
def test_two_types_meet_in_the_wider_one(one, other, common):
    X, Y = np.ones((1, 2), one), np.ones((1, 2), other)
    for left, right in [(X, Y), (Y, X)]:
        assert [a.dtype for a in as_common_dtype(left, right)] == [common, common]
    assert as_common_dtype(X, Y)[1] is Y or common != other


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**62, -(2**63)])
def test_integers_without_an_exact_float64_are_refused(value):
    X = np.zeros((5, 2), dtype=np.int64)
    X[3, 1] = value
    with pytest.raises(ValueError, match=rf"X holds the integer {value} in row 3"):
        argkmin(X, X[:2], 1)
    with pytest.raises(ValueError, match="integer 18446744073709551615 in row 1"):
        matrix_of(np.array([[0], [2**64 - 1]], dtype=np.uint64))


@pytest.mark.parametrize(
    ("value", "name"), [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")]
)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "O"])
def test_missing_and_infinite_values_are_refused_with_their_place(value, name, dtype):
    good = np.zeros((40, 7), dtype=dtype)
    bad = good.copy()
    bad[31, 5] = bad[33, 0] = value
    with pytest.raises(ValueError, match=f"Input X contains {name}: first in row 31, column 5"):
        argkmin(bad, good, 1)
    with pytest.raises(ValueError, match=f"Input Y contains {name}: first in row 31, column 5"):
        argkmin(good, bad, 1)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.ones((2, 2), complex), ValueError, "Complex data not supported"),
        ([[1j]], ValueError, "Complex data not supported"),
        ([["a", "b"]], ValueError, "strings"),
        (np.array([["1"]], dtype=object).astype(bytes), ValueError, "strings"),
        ([["a"], [1]], ValueError, "X must be"),
        ([[{"a": 1}]], TypeError, "argument must be .* string.* number"),
        ([[1, 2], [3]], ValueError, "X must be"),
        (np.zeros((2, 2), "M8[s]"), TypeError, "X has dtype datetime64"),
        (np.zeros((2, 2), "m8[s]"), TypeError, "X has dtype timedelta64"),
        (np.zeros((2, 2), [("a", "f4")]), ValueError, "X must be"),
        (scipy.sparse.csr_array(np.eye(2)), TypeError, "Sparse data was passed"),
        (scipy.sparse.csr_matrix(np.eye(2)), TypeError, "Sparse data was passed"),
        (None, ValueError, "got scalar array instead: X has shape"),
        (3.0, ValueError, "got scalar array instead: X has shape"),
        ([1, 2], ValueError, "got 1D array instead: X has shape .*Reshape your data"),
        (np.zeros((1, 1, 1, 1, 1)), ValueError, "got shape"),
        (np.zeros((3, 0)), ValueError, re.escape("0 feature(s) (shape=(3, 0))")),
        (np.zeros((3, 4, 0)), ValueError, re.escape("0 feature(s) (shape=(3, 4, 0))")),
    ],
)
def test_what_is_no_matrix_of_real_numbers_is_refused(X, error, message):
    with pytest.raises(error, match=message):
        argkmin(X, [[1.0, 2.0]], 1)


def test_a_type_wider_than_float64_is_refused_and_float64_under_another_name_is_not():
    X = np.ones((1, 2), np.longdouble)
    if np.can_cast(np.longdouble, np.float64):  # the compiler's long double is its double
        assert matrix_of(X).dtype == np.float64
        return
    with pytest.raises(TypeError, match=f"X has dtype {X.dtype}"):
        matrix_of(X)


def test_lists_and_data_frames_are_read():
    X = [[1, 2], [3, 4]]
    assert matrix_of(X).dtype == np.float64
    assert matrix_of(pd.DataFrame(X, dtype="uint8")).dtype == np.uint8
    assert matrix_of(pd.DataFrame({"a": [1, 3], "b": [2.0, 4.0]})).tolist() == X
    assert matrix_of(pd.DataFrame(X, dtype="Int64")).tolist() == X
    with pytest.raises(ValueError, match="Input X contains NaN: first in row 1, column 0"):
        matrix_of(pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}))


@pytest.mark.parametrize(
    ("metric", "p", "name"),
    [
        ("euclidean", None, "euclidean"),
        ("l2", None, "euclidean"),
        ("sqeuclidean", None, "sqeuclidean"),
        ("manhattan", None, "manhattan"),
        ("cityblock", None, "manhattan"),
        ("l1", None, "manhattan"),
        ("cosine", None, "cosine"),
        ("minkowski", None, "euclidean"),
        ("minkowski", 1, "manhattan"),
        ("minkowski", 1.0, "manhattan"),
        ("minkowski", np.int64(2), "euclidean"),
    ],
)
def test_metrics_have_scikit_learns_names(metric, p, name):
    assert resolve_metric(metric, p) == name


@pytest.mark.parametrize("metric", ["chebyshev", "Euclidean", "", None, 2, abs, ["l1"]])
def test_other_metrics_are_refused_with_the_list_of_those_there_are(metric):
    with pytest.raises(ValueError, match=r"'cityblock', 'cosine', 'euclidean', 'l1', .* got "):
        resolve_metric(metric)


@pytest.mark.parametrize("p", [3, 1.5, 0, -1, np.inf, np.nan, "2", [2]])
def test_other_powers_are_refused(p):
    with pytest.raises(ValueError, match="p must be 1 or 2"):
        resolve_metric("minkowski", p)


def test_n_jobs_counts_as_joblib_counts():
    assert resolve_n_jobs(None) == _core.max_threads()
    assert resolve_n_jobs(3) == 3
    assert resolve_n_jobs(np.int64(3)) == 3
    for n_jobs in (-1, -2, -1000):
        assert resolve_n_jobs(n_jobs) == max(1, joblib.cpu_count() + 1 + n_jobs)
    assert argkmin([[1.0]], [[1.0]], 1, n_jobs=2**40)[1] == [[0]]


@pytest.mark.parametrize("n_jobs", [0, 1.0, "2", True, np.True_, [1]])
def test_n_jobs_of_no_meaning_are_refused(n_jobs):
    with pytest.raises(ValueError, match="n_jobs must be None or an integer"):
        argkmin([[1.0]], [[1.0]], 1, n_jobs=n_jobs)


def test_one_image_among_images_is_told_so():
    images = np.arange(9 * 4 * 3, dtype=np.uint8).reshape(9, 4, 3)
    for function in (lambda X, Y: argkmin(X, Y, 1), pairwise_distances):
        with pytest.raises(ValueError, match=r"X has shape \(4, 3\).* Pass X\[np.newaxis\]"):
            function(images[0], images)
        with pytest.raises(ValueError, match=r"Y has shape \(4, 3\).* Pass Y\[np.newaxis\]"):
            function(images, images[0])
        with pytest.raises(ValueError, match="X has 2, Y has 12"):
            function(images[0, :, :2], images)
