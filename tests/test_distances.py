"""`pairwise_distances` and `argkmin` against the oracles: every type, layout, size and extreme."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.neighbors import NearestNeighbors

from nearplane import argkmin, pairwise_distances

from . import reference
from .layouts import LAYOUTS as ANY_LAYOUTS
from .layouts import misaligned, read_only
from .reference import METRICS

DTYPES = ("uint8", "float32", "float64")


def whole_numbers(n, d, dtype, seed=0):
    """Data whose sums are exact in any order, so that answers compare to the last bit."""
    return np.random.default_rng(seed).integers(0, 256, (n, d)).astype(dtype)


def assert_close(found, truth):
    """Compare distances: equal between bytes, within what is promised between floats."""
    assert not found[truth == 0].any()
    rtol = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-9}[found.dtype]
    np.testing.assert_allclose(found, truth, rtol=rtol, atol=0)


def assert_distances(X, Y, X_given=None, Y_given=None):
    for metric in METRICS:
        found = pairwise_distances(
            X if X_given is None else X_given, Y if Y_given is None else Y_given, metric
        )
        truth = reference.pairwise_distances(X, Y, metric)
        if X.dtype == Y.dtype == np.uint8:
            np.testing.assert_array_equal(found, truth)
        else:
            assert_close(found, truth)


def assert_neighbours(X, Y, k, X_given=None, Y_given=None):
    for metric in METRICS:
        distances, indices = argkmin(
            X if X_given is None else X_given, Y if Y_given is None else Y_given, k, metric
        )
        expected_distances, expected_indices = reference.argkmin(X, Y, k, metric)
        np.testing.assert_array_equal(indices, expected_indices)
        np.testing.assert_array_equal(distances, expected_distances)
        assert (distances.dtype, indices.dtype) == (np.float64, np.int64)


LAYOUTS = ANY_LAYOUTS | {"big-endian": lambda X: X.astype(X.dtype.newbyteorder(">"))}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_in_every_layout(dtype, layout):
    X, Y = whole_numbers(9, 37, dtype, seed=1), whole_numbers(50, 37, dtype, seed=2)
    X_given, Y_given = LAYOUTS[layout](X), LAYOUTS[layout](Y)
    assert_distances(X, Y, X_given, Y_given)
    assert_neighbours(X, Y, 8, X_given, Y_given)
    np.testing.assert_array_equal(X_given, X)
    np.testing.assert_array_equal(Y_given, Y)


@pytest.mark.parametrize("dtype", DTYPES)
def test_strides_of_zero(dtype):
    one_row = np.broadcast_to(whole_numbers(1, 37, dtype, seed=1), (9, 37))
    one_column = np.broadcast_to(whole_numbers(50, 1, dtype, seed=2), (50, 37))
    one_value = np.broadcast_to(np.array(3, dtype), (20, 37))
    for X, Y in [(one_row, one_column), (one_column, one_row), (one_value, one_column)]:
        assert_distances(X, Y)
        assert_neighbours(X, Y, 8)


@pytest.mark.parametrize("dtype", DTYPES)
def test_memory_maps_are_read(dtype, tmp_path):
    X, Y = whole_numbers(9, 37, dtype, seed=1), whole_numbers(50, 37, dtype, seed=2)
    np.save(tmp_path / "Y.npy", Y)
    mapped = np.load(tmp_path / "Y.npy", mmap_mode="r")
    assert_distances(X, Y, X, mapped)
    assert_neighbours(X, Y, 8, X, mapped)


@pytest.mark.parametrize("X_dtype", ["?", "u1", "i1", "u2", "f2", "f4", ">f4", "i4", "i8", "f8"])
@pytest.mark.parametrize("Y_dtype", DTYPES)
def test_types_may_differ(X_dtype, Y_dtype):
    X = np.random.default_rng(0).integers(0, 2, (9, 21)).astype(X_dtype)
    Y = whole_numbers(30, 21, Y_dtype)
    assert_distances(X.astype(float), Y.astype(float), X, Y)
    assert_neighbours(X.astype(float), Y.astype(float), 8, X, Y)


@pytest.mark.parametrize(
    ("X_dtype", "Y_dtype", "distances"),
    [
        ("f4", "f4", "f4"),
        (">f4", "f4", "f4"),
        ("u1", "u1", "f8"),
        ("u1", "f4", "f8"),
        ("f2", "f2", "f8"),
        ("f4", "f8", "f8"),
        ("i2", "f4", "f8"),
    ],
)
def test_distances_are_float32_only_between_float32(X_dtype, Y_dtype, distances):
    X, Y = np.ones((3, 2), X_dtype), np.ones((4, 2), Y_dtype)
    assert pairwise_distances(X, Y).dtype == np.dtype(distances)
    assert pairwise_distances(Y, X).dtype == np.dtype(distances)
    assert pairwise_distances(X).dtype == (np.float32 if X_dtype in ("f4", ">f4") else np.float64)


@pytest.mark.parametrize("dtype", DTYPES)
def test_images_are_flattened(dtype):
    X, Y = whole_numbers(4, 60, dtype, seed=1), whole_numbers(9, 60, dtype, seed=2)
    for shape in [(-1, 6, 10), (-1, 4, 5, 3)]:
        assert_distances(X, Y, X.reshape(shape), Y.reshape(shape))
        assert_neighbours(X, Y, 3, X.reshape(shape), Y)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("metric", METRICS)
def test_no_rows_give_no_distances(dtype, metric):
    none, some = np.empty((0, 5), dtype), np.ones((3, 5), dtype)
    assert pairwise_distances(none, some, metric).shape == (0, 3)
    assert pairwise_distances(some, none, metric).shape == (3, 0)
    assert pairwise_distances(none, metric=metric).shape == (0, 0)
    distances, indices = argkmin(none, some, 2, metric)
    assert distances.shape == indices.shape == (0, 2)
    assert (distances.dtype, indices.dtype) == (np.float64, np.int64)
    with pytest.raises(ValueError, match="k must be at most the number of rows of Y, 0; got 1"):
        argkmin(some, none, 1, metric)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_base", [1, 2, 17, 300])
def test_k_from_one_to_all(dtype, n_base):
    X, Y = whole_numbers(5, 3, dtype, seed=1) // 64, whole_numbers(n_base, 3, dtype, seed=2) // 64
    for k in {1, n_base // 2 or 1, n_base}:
        assert_neighbours(X, Y, k)
    with pytest.raises(ValueError, match=f"rows of Y, {n_base}; got {n_base + 1}"):
        argkmin(X, Y, n_base + 1)


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_one_is_refused(k):
    with pytest.raises(ValueError, match=f"k must be at least 1; got {k}"):
        argkmin([[1.0]], [[1.0]], k)


@pytest.mark.parametrize("k", [1.0, "1", None, True])
def test_k_that_is_no_integer_is_refused(k):
    with pytest.raises(TypeError, match="k must be an integer"):
        argkmin([[1.0]], [[1.0]], k)


# 33,025 squares of 255 fit a signed 32 bit integer and 66,051 an unsigned one; one more does not.
@pytest.mark.parametrize("width", [1, 31, 3072, 33_025, 33_026, 66_051, 66_052, 70_000])
def test_black_against_white(width):
    X = np.repeat(np.array([[0], [255], [254]], np.uint8), width, axis=1)
    Y = np.repeat(np.array([[255], [0], [255], [1]], np.uint8), width, axis=1)
    assert_distances(X, Y)
    assert_neighbours(X, Y, 3)


@pytest.mark.parametrize(("dtype", "shift"), [("float32", 1e4), ("float64", 1e8)])
@pytest.mark.parametrize("metric", METRICS)
def test_a_shift_costs_nothing_but_what_the_type_itself_lost(dtype, shift, metric):
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((20, 64)) + shift).astype(dtype)
    Y = (rng.standard_normal((200, 64)) + shift).astype(dtype)
    truth = reference.pairwise_distances(X, Y, metric)
    assert_close(pairwise_distances(X, Y, metric), truth)
    distances, indices = argkmin(X, Y, 10, metric)
    np.testing.assert_array_equal(indices, reference.argkmin(X, Y, 10, metric)[1])
    np.testing.assert_allclose(distances, np.sort(truth, axis=1)[:, :10], rtol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("size", ["largest", "smallest"])
def test_values_at_the_ends_of_the_range(dtype, metric, size):
    info = np.finfo(dtype)
    unit = info.max / 4 if size == "largest" else info.smallest_subnormal
    X = (whole_numbers(6, 3, dtype, seed=1) % 5 - 2) * unit
    Y = (whole_numbers(40, 3, dtype, seed=2) % 5 - 2) * unit
    truth = reference.pairwise_distances(X, Y, metric)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(pairwise_distances(X, Y, metric), truth.astype(dtype))
    distances, indices = argkmin(X, Y, 7, metric)
    np.testing.assert_array_equal(indices, reference.argkmin(X, Y, 7, metric)[1])
    np.testing.assert_array_equal(distances, np.take_along_axis(truth, indices, axis=1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("metric", METRICS)
def test_the_number_of_threads_changes_no_bit(dtype, metric):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(128, 40, (70, 130)), rng.normal(128, 40, (900, 130))
    X, Y = X.clip(0, 255).astype(dtype), Y.clip(0, 255).astype(dtype)
    Y[500:] = Y[:400]  # ties
    answers = {
        b"".join(a.tobytes() for a in argkmin(X, Y, 20, metric, n_jobs=n_jobs))
        + pairwise_distances(X, Y, metric, n_jobs=n_jobs).tobytes()
        for n_jobs in (1, 2, 3, 8)
    }
    assert len(answers) == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_equal_rows_are_neighbours_in_the_order_of_their_indices(dtype):
    X = np.zeros((3, 70), dtype)
    Y = np.ones((600, 70), dtype)
    Y[[7, 300, 599]] = 0
    for metric in METRICS:
        _, indices = argkmin(X, Y, 6, metric)
        assert indices.tolist() == [[7, 300, 599, 0, 1, 2]] * 3


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scikit_learn_finds_the_same(metric, dtype):
    rng = np.random.default_rng(0)
    X, Y = rng.random((60, 40)).astype(dtype), rng.random((500, 40)).astype(dtype)
    peer = NearestNeighbors(n_neighbors=9, algorithm="brute", metric=metric).fit(Y.astype(float))
    expected_distances, expected_indices = peer.kneighbors(X.astype(float))
    distances, indices = argkmin(X, Y, 9, metric)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-9)


def test_p_belongs_to_minkowski():
    X, Y = [[0.0, 0.0]], [[3.0, 4.0]]
    assert pairwise_distances(X, Y, "minkowski") == 5
    assert pairwise_distances(X, Y, "minkowski", p=1) == 7
    assert argkmin(X, Y, 1, "minkowski", p=1)[0] == 7
    with pytest.raises(ValueError, match="p is the power of metric='minkowski' alone; got p=1"):
        pairwise_distances(X, Y, p=1)
    with pytest.raises(ValueError, match="p must be 1 or 2"):
        argkmin(X, Y, 1, "minkowski", p=3)


def test_numbers_of_features_must_agree():
    X, Y = np.ones((2, 3)), np.ones((2, 4))
    for function in (pairwise_distances, lambda X, Y: argkmin(X, Y, 1)):
        with pytest.raises(ValueError, match="X has 3, Y has 4"):
            function(X, Y)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("out_dtype", ["float32", "float64"])
def test_out_is_written_and_returned(dtype, out_dtype):
    X, Y = whole_numbers(5, 21, dtype, seed=1), whole_numbers(8, 21, dtype, seed=2)
    buffer = np.full((7, 8), np.nan, out_dtype)
    out = buffer[1:6]
    assert pairwise_distances(X, Y, "manhattan", out=out) is out
    assert_close(out, reference.pairwise_distances(X, Y, "manhattan"))
    assert np.isnan(buffer[[0, 6]]).all()


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        ([[0.0]], TypeError, "out must be a NumPy array; got list"),
        (np.empty((2, 3), np.float16), TypeError, "out must have dtype float32 or float64"),
        (np.empty((2, 3), np.int64), TypeError, "out must have dtype float32 or float64"),
        (np.empty((2, 3), ">f8"), TypeError, "out must have dtype float32 or float64; got >f8"),
        (np.empty((3, 2)), ValueError, r"out must have shape \(2, 3\); got \(3, 2\)"),
        (np.empty((2, 6))[:, ::2], ValueError, "out must be C-contiguous"),
        (np.empty((3, 2)).T, ValueError, "out must be C-contiguous"),
        (misaligned(np.empty((2, 3))), ValueError, "out must be C-contiguous and aligned"),
        (read_only(np.empty((2, 3))), ValueError, "out must be writeable"),
    ],
)
def test_out_that_cannot_be_written_is_refused(out, error, message):
    with pytest.raises(error, match=message):
        pairwise_distances(np.ones((2, 4)), np.ones((3, 4)), out=out)


def test_out_within_the_inputs_is_refused():
    buffer = np.ones((6, 3))
    before = buffer.copy()
    for X, Y in [(buffer[:2], np.ones((3, 3))), (np.ones((2, 3)), buffer[1:4])]:
        with pytest.raises(ValueError, match="out must not lie within the memory"):
            pairwise_distances(X, Y, out=buffer[1:3])
    np.testing.assert_array_equal(buffer, before)
    assert pairwise_distances(buffer[2:4], buffer[3:6], out=buffer[:2]).tolist() == [[0] * 3] * 2


metrics = st.sampled_from(METRICS)
numbers = {
    np.uint8: st.integers(0, 255),
    np.float32: st.floats(width=32, allow_nan=False, allow_infinity=False),
    np.float64: st.floats(-1e150, 1e150),
}


@st.composite
def matrices(draw, count=1):
    """Matrices of one type and width, with few different values and therefore many ties."""
    dtype = draw(st.sampled_from(list(numbers)))
    width = draw(st.integers(1, 40))
    pool = st.sampled_from(draw(st.lists(numbers[dtype], min_size=1, max_size=4)))
    return [
        draw(arrays(dtype, (draw(st.integers(1, 24)), width), elements=pool)) for _ in range(count)
    ]


@settings(deadline=None, max_examples=60)
@given(matrices(count=1), metrics)
def test_rows_are_at_distance_zero_of_themselves_and_as_far_from_as_to(data, metric):
    (X,) = data
    distances = pairwise_distances(X, metric=metric)
    assert not np.diag(distances).any()
    assert_close(distances, distances.T)


@settings(deadline=None, max_examples=60)
@given(matrices(count=2), metrics, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_change_their_distances(data, metric, random):
    X, Y = data
    order = random.sample(range(len(Y)), len(Y))
    shuffled = pairwise_distances(X, Y[order], metric)
    assert_close(shuffled, pairwise_distances(X, Y, metric)[:, order])
    np.testing.assert_array_equal(
        argkmin(X, Y[order], len(Y), metric)[0], argkmin(X, Y, len(Y), metric)[0]
    )


@settings(deadline=None, max_examples=60)
@given(matrices(count=2), metrics, st.data())
def test_neighbours_among_some_rows_are_those_among_all_without_the_others(data, metric, draw):
    X, Y = data
    kept = draw.draw(st.lists(st.integers(0, len(Y) - 1), min_size=1, unique=True).map(sorted))
    _, among_all = argkmin(X, Y, len(Y), metric)
    _, among_kept = argkmin(X, Y[kept], len(kept), metric)
    expected = [[row for row in rows if row in kept] for rows in among_all.tolist()]
    assert np.array(kept)[among_kept].tolist() == expected


@settings(deadline=None, max_examples=60)
@given(matrices(count=2), metrics, st.data())
def test_the_nearest_few_come_first_among_the_nearest_many(data, metric, draw):
    X, Y = data
    many = draw.draw(st.integers(1, len(Y)))
    few = draw.draw(st.integers(1, many))
    for short, long in zip(argkmin(X, Y, few, metric), argkmin(X, Y, many, metric), strict=True):
        np.testing.assert_array_equal(short, long[:, :few])


@settings(deadline=None, max_examples=60)
@given(matrices(count=3), st.sampled_from(["euclidean", "manhattan"]))
def test_no_detour_is_shorter(data, metric):
    X, Y, Z = (a.astype(np.float64) for a in data)
    via = pairwise_distances(X, Y, metric)[:, :, None] + pairwise_distances(Y, Z, metric)
    direct = pairwise_distances(X, Z, metric)
    # Squares below the smallest number vanish: a detour may then measure nothing at all.
    assert (direct <= via.min(axis=1) * (1 + 1e-8) + 1e-150).all()
