"""The cosine distance against NumPy and scikit-learn: exact, whatever the rows are like."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_distances as peer_distances

from nearplane import NearestNeighbors, argkmin, pairwise_distances
from nearplane.neighbors import _cosine_exact, _cosine_searcher
from nearplane.neighbors._cosine import measure, unit_rows
from nearplane.neighbors._cosine_job import Job
from nearplane.neighbors._searcher import Searcher

from .cosine_reference import DTYPES, assert_close, assert_nearest, cosine_distances, mixed_rows

ALGORITHMS = ("auto", "brute", "pruned")


def in_cone(n, d, gap, seed=0):
    """Return e1 and rows at angles from it of which each is wider than the one before by `gap`."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    angles, turns = 1.4 + gap * order, rng.uniform(0, 2 * np.pi, n)
    rows = np.zeros((n, d))
    rows[:, 0] = np.cos(angles)
    # Each is rounded in its own way.
    rows[np.arange(n), rng.integers(1, d // 2, n)] = np.sin(angles) * np.cos(turns)
    rows[np.arange(n), rng.integers(d // 2, d, n)] = np.sin(angles) * np.sin(turns)
    lengths = rng.uniform(0.1, 10, (n, 1))
    return np.eye(1, d), rows * lengths, np.argsort(order)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d", [1, 3, 40])
def test_matrices_are_those_of_scikit_learn(dtype, d):
    X, Y = mixed_rows(30, d, dtype, seed=1), mixed_rows(50, d, dtype)
    found = pairwise_distances(X, Y, "cosine")
    assert found.dtype == (np.float32 if dtype == "float32" else np.float64)
    np.testing.assert_allclose(found, peer_distances(X.astype(float), Y.astype(float)), atol=1e-7)
    if dtype == "float32":
        np.testing.assert_allclose(found, cosine_distances(X, Y), rtol=1e-5, atol=1e-28)
    else:
        assert_close(found, cosine_distances(X, Y))
    among = pairwise_distances(X, metric="cosine")
    np.testing.assert_allclose(among, peer_distances(X.astype(float)), atol=1e-7)
    assert not among.diagonal().any()  # of zeros too
    assert (pairwise_distances(X, X.copy(), "cosine").diagonal() == ~X.any(axis=1)).all()


def test_a_matrix_is_written_where_it_is_asked_for():
    X, Y = mixed_rows(9, 5, "float32", seed=1), mixed_rows(7, 5, "uint8")
    out = np.empty((9, 7))
    assert pairwise_distances(X, Y, "cosine", out=out) is out
    assert_close(out, cosine_distances(X, Y))
    for queries, rows in ((X[:0], Y), (X, Y[:0])):
        assert pairwise_distances(queries, rows, "cosine").shape == (len(queries), len(rows))


def test_matrices_of_many_blocks_are_those_of_one(monkeypatch):
    X, Y = mixed_rows(60, 8, "float64", seed=1), mixed_rows(70, 8, "float64")
    whole = pairwise_distances(X, Y, "cosine"), pairwise_distances(X, metric="cosine")
    monkeypatch.setattr("nearplane.neighbors._cosine.COMPARED_SIZE", 100)
    parted = pairwise_distances(X, Y, "cosine"), pairwise_distances(X, metric="cosine")
    for one, other in zip(whole, parted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [1, 5, 120])
def test_the_nearest_are_found(algorithm, dtype, k):
    X, Y = mixed_rows(40, 12, dtype, seed=1), mixed_rows(120, 12, dtype)
    found = argkmin(X, Y, k, "cosine", algorithm=algorithm)
    assert_nearest(found, cosine_distances(X, Y))
    for ours, brute in zip(found, argkmin(X, Y, k, "cosine", algorithm="brute"), strict=True):
        np.testing.assert_array_equal(ours, brute)
    first = argkmin(X, Y, 120, "cosine", n_jobs=3)
    for ours, all_of_them in zip(found, first, strict=True):
        np.testing.assert_array_equal(ours, all_of_them[:, :k])


@pytest.mark.parametrize("of_queries", DTYPES)
@pytest.mark.parametrize("of_rows", DTYPES)
def test_types_and_layouts_change_no_bit(of_queries, of_rows):
    X, Y = mixed_rows(20, 12, "uint8", seed=1), mixed_rows(80, 12, "uint8")
    expected = argkmin(X, Y, 7, "cosine")
    wide = np.zeros((40, 24), of_queries)
    wide[::2, ::-2] = X
    queries, rows = wide[::2, ::-2], np.asfortranarray(Y.astype(of_rows))
    rows.flags.writeable = False
    for base in (rows, rows.astype(rows.dtype.newbyteorder(">"))):
        for ours, truth in zip(argkmin(queries, base, 7, "cosine"), expected, strict=True):
            np.testing.assert_array_equal(ours, truth)
    assert_nearest(expected, cosine_distances(X, Y))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_rows_of_the_own_group_are_left_out(algorithm, dtype):
    X, Y = mixed_rows(40, 9, dtype, seed=1), mixed_rows(90, 9, dtype)
    rng = np.random.default_rng(2)
    X_groups, Y_groups = rng.integers(-2, 3, 40), rng.integers(-1, 6, 90)
    truth = cosine_distances(X, Y)
    truth[X_groups[:, None] == Y_groups] = 3  # behind all others
    for k in (1, 6, 60):
        found = argkmin(
            X, Y, k, "cosine", algorithm=algorithm, X_groups=X_groups, Y_groups=Y_groups
        )
        assert_nearest(found, truth)
        assert found[0].max() <= 2


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_fitted_row_is_its_own_neighbour(algorithm, dtype):
    X = mixed_rows(90, 9, dtype)
    truth = cosine_distances(X, X)
    truth[np.diag_indices(len(X))] = 3
    search = NearestNeighbors(metric="cosine", algorithm=algorithm).fit(X)
    for k in (1, 5, 89):
        assert_nearest(search.kneighbors(n_neighbors=k), truth)


def test_a_leave_one_out_of_groups_is_one_of_rows():
    X = mixed_rows(80, 9, "uint8")
    rows = np.arange(80)
    expected = NearestNeighbors(n_neighbors=4, metric="cosine").fit(X).kneighbors()
    found = argkmin(X, X, 4, "cosine", X_groups=rows, Y_groups=rows)
    for ours, truth in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, truth)


@pytest.mark.parametrize("gap", [1e-8, 1e-9, 1e-13])
@pytest.mark.parametrize("algorithm", ["brute", "pruned"])
def test_what_float32_cannot_tell_apart_is_told_apart(gap, algorithm):
    query, rows, order = in_cone(300, 40, gap)
    for k in range(1, 301, 3):
        assert argkmin(query, rows, k, "cosine", algorithm=algorithm)[1][0].tolist() == (
            order[:k].tolist()
        )
    # And float32 cannot, or this proves nothing.
    rounded = Searcher(unit_rows(rows).astype(np.float32), "euclidean", "brute")
    found = rounded.search(query.astype(np.float32), 300, n_threads=1)[1][0]
    assert found.tolist() != order.tolist()


def test_rows_that_are_nearly_parallel_are_not_confused():
    rng = np.random.default_rng(0)
    rows = 1 + 1e-9 * rng.normal(size=(200, 30))
    found = argkmin(rows[:20] + 1e-10, rows, 5, "cosine")
    assert_nearest(found, cosine_distances(rows[:20] + 1e-10, rows))
    assert found[1][:, 0].tolist() == list(range(20))
    assert 0 < found[0][:, 1:].max() < 1e-17  # where 1 - cos would be 0 or 1e-16 at random


def test_most_queries_need_float32_only(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("this search has no need of float64")

    monkeypatch.setattr(_cosine_searcher, "exact_neighbours", refuse)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(50, 16)), rng.normal(size=(2000, 16))
    assert_nearest(argkmin(X, Y, 10, "cosine"), cosine_distances(X, Y))
    twenty_times = np.repeat(Y[:100], 20, axis=0)  # a second search is enough for these
    found = argkmin(X, twenty_times, 10, "cosine")
    assert_nearest(found, cosine_distances(X, twenty_times))
    with pytest.raises(AssertionError, match="no need of float64"):
        argkmin(X, np.repeat(Y[:4], 500, axis=0), 10, "cosine")


@pytest.mark.parametrize("n_copies", [3, 30, 500])
def test_multiples_are_equal_and_come_in_order(n_copies):
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(4, 50))
    rows = np.tile(directions, (n_copies, 1))
    rows *= rng.uniform(1e-3, 1e3, (len(rows), 1))
    distances, indices = argkmin(directions * 3, rows, 3, "cosine")
    assert not distances.any()
    assert indices.tolist() == [[i, i + 4, i + 8] for i in range(4)]
    for k in (1, 3, n_copies):
        distances, indices = argkmin(-directions[:1], rows[::4], k, "cosine")
        assert (distances == 2).all()
        assert indices[0].tolist() == list(range(k))


def test_many_copies_of_a_row_are_neighbours_of_each_other():
    rows = np.vstack([np.tile([[3, 1, 2]], (400, 1)), mixed_rows(50, 3, "uint8")])
    truth = cosine_distances(rows, rows)
    truth[np.diag_indices(len(rows))] = 3
    found = NearestNeighbors(n_neighbors=5, metric="cosine").fit(rows).kneighbors()
    assert_nearest(found, truth)
    assert found[1][:2].tolist() == [[1, 2, 3, 4, 5], [0, 2, 3, 4, 5]]


@pytest.mark.parametrize("n_copies", [2, 10, 100])
@pytest.mark.parametrize("d", [2, 50])
def test_the_order_is_that_of_distances_and_then_of_indices(n_copies, d):
    rng = np.random.default_rng(0)
    # Seen from elsewhere multiples differ by rounding alone, and are in the order of that.
    rows = np.tile(rng.normal(size=(5, d)), (n_copies, 1)) * rng.uniform(0.5, 2, (5 * n_copies, 1))
    queries = np.vstack([rng.normal(size=(6, d)), rows[:6], -rows[:6]])
    every = np.tile(np.arange(len(rows)), (len(queries), 1))
    all_of_them = measure(queries, np.arange(len(queries)), rows, every)
    for k in range(1, min(120, len(rows))):
        expected = np.argsort(all_of_them, axis=1, kind="stable")[:, :k]
        distances, indices = argkmin(queries, rows, k, "cosine")
        assert indices.tolist() == expected.tolist()
        assert distances.tolist() == np.take_along_axis(all_of_them, expected, 1).tolist()


def test_zeros_are_one_from_everything():
    rows = np.array([[0, 0], [1, 0], [0, 0], [0, 2], [3, 0], [0, 0]], np.uint8)
    lengths = np.array([[1] * 6, [0, 0, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1]])
    nearest = np.array([range(6), [1, 4, 0, 2, 3, 5], [3, 0, 1, 2, 4, 5]])
    for k in range(1, 7):
        distances, indices = argkmin([[0, 0], [2, 0], [0, 1]], rows, k, "cosine")
        np.testing.assert_array_equal(distances, lengths[:, :k])
        np.testing.assert_array_equal(indices, nearest[:, :k])
    nothing = np.zeros((5, 3))
    distances, indices = NearestNeighbors(n_neighbors=2, metric="cosine").fit(nothing).kneighbors()
    assert (distances == 1).all()
    assert indices.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]


def test_zeros_come_before_what_is_behind_them():
    rng = np.random.default_rng(0)
    rows = -abs(rng.normal(size=(400, 6)))  # all behind, seen from the queries
    rows[100:120] = 0
    distances, indices = argkmin(abs(rng.normal(size=(9, 6))), rows, 25, "cosine")
    assert (distances[:, :20] == 1).all()
    assert (indices[:, :20] == np.arange(100, 120)).all()
    assert (distances[:, 20:] > 1).all()


# Finite numbers of float64, the smallest and the largest of them too.
NUMBERS = st.sampled_from([0.0, 1.0, -1.0, 2.0, 3.0, -0.5, 0.1, 1 / 3])
SCALES = st.sampled_from([1.0, 3.0, 1e-300, 1e300, 5e-324, 1e-160, 1e160, -7.0])


@st.composite
def problems(draw):
    dtype = draw(st.sampled_from(DTYPES))
    n, m, d = draw(st.integers(1, 5)), draw(st.integers(1, 30)), draw(st.integers(1, 6))
    numbers = NUMBERS if dtype != "uint8" else st.integers(0, 3).map(float)
    rows = np.array(draw(st.lists(numbers, min_size=(n + m) * d, max_size=(n + m) * d)))
    rows = rows.reshape(-1, d)
    if dtype == "float64":
        rows *= np.array(draw(st.lists(SCALES, min_size=n + m, max_size=n + m)))[:, None]
    rows = rows.astype(dtype)
    k = draw(st.integers(1, m))
    return rows[:n], rows[n:], k, draw(st.sampled_from(ALGORITHMS))


@given(problems())
@settings(deadline=None, max_examples=300)
def test_any_rows_at_all(problem):
    X, Y, k, algorithm = problem
    truth = cosine_distances(X, Y)
    assert_nearest(argkmin(X, Y, k, "cosine", algorithm=algorithm), truth)
    matrix = pairwise_distances(X, Y, "cosine")
    if matrix.dtype == np.float32:
        np.testing.assert_allclose(matrix, truth, rtol=1e-5, atol=1e-28)
    else:
        assert_close(matrix, truth)


def test_a_pair_has_the_same_bits_in_every_company():
    rng = np.random.default_rng(0)
    for d in (1, 7, 129, 1000):
        X, Y = rng.normal(size=(6, d)), rng.normal(size=(50, d))
        together = measure(X, np.arange(6), Y, np.tile(np.arange(50), (6, 1)))
        first = np.zeros(1, int)
        alone = [[measure(x[None], first, y[None], first[None])[0, 0] for y in Y] for x in X]
        assert together.tolist() == alone
        assert measure(Y, np.arange(50), X, np.tile(np.arange(6), (50, 1))).T.tolist() == alone


def test_the_search_in_float64_is_right_by_itself(monkeypatch):
    X, Y = mixed_rows(20, 9, "float64", seed=1), mixed_rows(70, 9, "float64")
    X = X[X.any(axis=1)]
    zeros = np.flatnonzero(~Y.any(axis=1))
    own, groups = np.arange(len(X)), (np.arange(len(X)) % 3, np.arange(70) % 5)
    truth = cosine_distances(X, Y)
    truth[groups[0][:, None] == groups[1]] = truth[own, own] = 3
    told = []
    monkeypatch.setattr(_cosine_exact, "_MATRIX_SIZE", 7 * 70)
    for k in (1, 4, 50):
        # The queries in reverse order, among others.
        job = Job(
            queries=np.vstack([Y, X[::-1]]),
            places=69 + len(X) - own,
            k=k,
            own=own,
            groups=groups,
            left=(truth < 3).sum(axis=1),
            n_threads=2,
            progress=lambda fraction, note="": told.append((fraction, note)),
        )
        assert_nearest(_cosine_exact.exact_neighbours(job, Y, zeros), truth)
    assert told[-1] == (1, "(again, in float64)")


def test_no_queries_have_no_neighbours():
    distances, indices = argkmin(np.empty((0, 3)), np.eye(3), 2, "cosine")
    assert distances.shape == indices.shape == (0, 2)


def test_the_rows_are_not_changed():
    X, Y = mixed_rows(30, 6, "float64", seed=1), mixed_rows(60, 6, "float64")
    before = X.copy(), Y.copy()
    argkmin(X, Y, 5, "cosine")
    pairwise_distances(X, Y, "cosine")
    for now, then in zip((X, Y), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_cosine_has_no_power():
    with pytest.raises(ValueError, match="p is the power of metric='minkowski' alone"):
        pairwise_distances(np.eye(2), metric="cosine", p=2)
