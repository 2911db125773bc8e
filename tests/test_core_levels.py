"""Every compiled ISA level this machine can run, against the oracles and against each other."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from nearplane import _core

from . import reference
from .core_levels import LEVELS, argkmin
from .layouts import misaligned

DTYPES = (np.uint8, np.float32, np.float64)
# One more than a step, a vector, a tile or a group of every kernel, and one less.
WIDTHS = [*range(1, 131)]
WIDE = 70_000
# What docs/numerics.md promises of a distance matrix.
WORST = {np.float32: 2e-5, np.float64: 1e-9}


def random_rows(rng, n_rows, n_features, dtype):
    if dtype == np.uint8:
        return rng.integers(0, 256, (n_rows, n_features), dtype=np.uint8)
    return rng.normal(size=(n_rows, n_features)).astype(dtype)


def pairwise(level, query, base, metric, dtype=np.float64):
    out = np.full((len(query), len(base)), np.nan, dtype)
    LEVELS[level].pairwise_distances(query, base, metric, out, n_threads=2, progress=None)
    return out


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_runs_when_it_is_forced(level):
    code = "import nearplane; print(nearplane._core.isa_level(), nearplane._core._level.__name__)"
    env = {**os.environ, "NEARPLANE_ISA": level}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == [level, f"nearplane._core._{level}"]


@pytest.mark.parametrize("level", LEVELS)
def test_a_module_knows_its_own_level(level):
    assert LEVELS[level].isa_level() == level


def test_the_fastest_level_runs_unless_told_otherwise():
    forced = os.environ.get("NEARPLANE_ISA")
    assert _core.isa_level() == (forced or _core.available_levels()[-1])


@pytest.mark.parametrize("name", ["v9", "V3 "])
def test_an_unknown_level_is_refused_with_the_levels_there_are(name):
    env = {**os.environ, "NEARPLANE_ISA": name}
    answer = subprocess.run(
        [sys.executable, "-c", "import nearplane"],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode != 0
    assert f"NEARPLANE_ISA={name!r}: not built" in answer.stderr
    assert ", ".join(_core.available_levels()) in answer.stderr


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_every_tail_length_misaligned(level, dtype):
    rng = np.random.default_rng(0)
    for width in WIDTHS:
        query = misaligned(random_rows(rng, 1 + width % 14, width, dtype))
        base = misaligned(random_rows(rng, 33 + width, width, dtype))
        for metric in ("sqeuclidean", "manhattan"):
            truth = reference.power_sums(query, base, metric)
            np.testing.assert_allclose(pairwise(level, query, base, metric), truth, rtol=1e-9)
            distances, indices = argkmin(level, query, base, 7, metric)
            expected = reference.k_smallest(truth, 7)
            np.testing.assert_array_equal(indices, expected)
            np.testing.assert_allclose(
                distances, np.take_along_axis(truth, expected, 1), rtol=1e-13
            )


@pytest.mark.parametrize(("out", "typical"), [(np.float32, 2e-7), (np.float64, 1e-14)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", LEVELS)
def test_a_typical_distance_is_far_better_than_the_worst(level, dtype, out, typical):
    rng = np.random.default_rng(9)
    query, base = random_rows(rng, 40, 3072, dtype), random_rows(rng, 300, 3072, dtype)
    for metric in ("sqeuclidean", "manhattan"):
        found = pairwise(level, query, base, metric, out)
        truth = reference.power_sums(query, base, metric)
        np.testing.assert_allclose(found, truth, rtol=WORST[out])
        assert np.median(abs(found / truth - 1)) < typical


@pytest.mark.parametrize("out", [np.float32, np.float64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", LEVELS)
def test_close_pairs_in_a_distance_matrix_keep_their_digits(level, dtype, out):
    """Clusters far tighter than they are apart: the worst case of |x|^2 + |y|^2 - 2 x.y."""
    rng = np.random.default_rng(10)
    centres = random_rows(rng, 5, 200, dtype).repeat(30, axis=0) * 100
    base = (centres + random_rows(rng, 150, 200, dtype) / 1000).astype(dtype)
    found = pairwise(level, base, base, "sqeuclidean", out)
    truth = reference.power_sums(base, base, "sqeuclidean")
    np.testing.assert_allclose(found, truth, rtol=WORST[out])
    assert not found.diagonal().any()


@pytest.mark.parametrize("width", [1, 8, 255, 256, 33_025, 33_026, 65_793, 65_794, WIDE])
@pytest.mark.parametrize("level", LEVELS)
def test_black_against_white_overflows_nothing(level, width):
    """33,026 x 255^2 passes 2^31, 65,794 x 255 x 256 passes 2^32."""
    black, white = np.zeros((9, width), np.uint8), np.full((37, width), 255, np.uint8)
    for x, y in ((black, white), (white, black)):
        assert (pairwise(level, x, y, "sqeuclidean") == width * 255**2).all()
        assert (pairwise(level, x, y, "manhattan") == width * 255).all()
    assert not pairwise(level, white, white, "sqeuclidean").any()
    assert not pairwise(level, white, white, "manhattan").any()
    distances, indices = argkmin(level, black, white, 3, "sqeuclidean")
    assert (distances == width * 255**2).all()
    assert (indices == [0, 1, 2]).all()


@pytest.mark.parametrize(
    ("dtype", "shift"), [(np.float32, 1e4), (np.float64, 1e8)], ids=["float32", "float64"]
)
@pytest.mark.parametrize("level", LEVELS)
def test_a_common_shift_costs_no_digits(level, dtype, shift):
    rng = np.random.default_rng(1)
    base = (rng.normal(size=(300, 64)) + shift).astype(dtype)
    query = (rng.normal(size=(20, 64)) + shift).astype(dtype)
    for metric in ("sqeuclidean", "manhattan"):
        truth = reference.power_sums(query, base, metric)
        np.testing.assert_allclose(pairwise(level, query, base, metric), truth, rtol=1e-9)
        _, indices = argkmin(level, query, base, 10, metric)
        np.testing.assert_array_equal(indices, reference.k_smallest(truth, 10))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", LEVELS)
def test_sizes_that_overflow_or_vanish_in_fast_arithmetic(level, dtype):
    rng = np.random.default_rng(2)
    limits = np.finfo(dtype)
    tiny = limits.smallest_subnormal * 64  # differences are denormal numbers
    huge = float(limits.max) / 64  # squares overflow the type, not the float64 of float32 rows
    mixed = rng.choice([1e-30, 1.0, 1e18], (200, 1)) if dtype == np.float32 else 1.0
    for scale in (tiny, huge, mixed):
        with np.errstate(under="ignore"):
            base = (rng.normal(size=(200, 40)) * scale).astype(dtype)
            query = base[::10].copy()
        for metric in ("sqeuclidean", "manhattan"):
            with np.errstate(under="ignore", over="ignore"):
                truth = reference.power_sums(query, base, metric)
            distances, indices = argkmin(level, query, base, 5, metric)
            np.testing.assert_array_equal(indices, reference.k_smallest(truth, 5))
            assert not distances[:, 0].any() or not np.isfinite(truth).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_thousands_of_equal_rows_come_in_the_order_of_their_indices(level, dtype):
    base = np.repeat(np.array([[5, 1], [5, 0], [4, 1]], dtype), 3000, axis=0)
    order = np.random.default_rng(3).permutation(len(base))
    base = base[order]
    base = np.repeat(base, 8, axis=1)
    query = np.array([[5, 1], [0, 0]] * 30, dtype).repeat(8, axis=1)  # work for four threads
    for k in (1, 10, 3001, len(base)):
        for metric in ("euclidean", "manhattan"):
            for n_threads in (1, 3):
                distances, indices = argkmin(level, query, base, k, metric, n_threads=n_threads)
                expected = reference.argkmin(query, base, k, metric)
                np.testing.assert_array_equal(indices, expected[1])
                np.testing.assert_array_equal(distances, expected[0])


def answer_bytes(level, query, base, metric, n_threads):
    distances, indices = argkmin(level, query, base, 10, metric, n_threads=n_threads)
    matrix = np.empty((40, len(base)))
    LEVELS[level].pairwise_distances(
        query[:40], base, metric, matrix, n_threads=n_threads, progress=None
    )
    return hashlib.sha256(distances.tobytes() + indices.tobytes() + matrix.tobytes()).hexdigest()


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_bytes_of_the_answer_depend_on_neither_threads_nor_level(metric):
    rng = np.random.default_rng(4)
    base = rng.integers(0, 4, (3000, 97), dtype=np.uint8)  # few values: many ties
    query = rng.integers(0, 4, (301, 97), dtype=np.uint8)
    answers = {
        answer_bytes(level, query, base, metric, n_threads)
        for level in LEVELS
        for n_threads in (1, 2, 3, 8)
    }
    assert len(answers) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_neighbours_too_have_the_same_bytes_at_every_level(dtype):
    rng = np.random.default_rng(5)
    base = rng.normal(size=(2000, 77)).astype(dtype)
    for metric in ("euclidean", "manhattan"):
        answers = {
            argkmin(level, base[:99], base, 10, metric, n_threads=n)[i].tobytes()
            for level in LEVELS
            for n in (1, 2, 3, 8)
            for i in (0, 1)
        }
        assert len(answers) == 2  # the distances and the indices


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_an_answer_does_not_depend_on_how_queries_are_batched(level, dtype):
    """More queries than one super-block holds, against each query on its own."""
    rng = np.random.default_rng(6)
    base = random_rows(rng, 150, 9, dtype)
    query = random_rows(rng, 4500, 9, dtype)
    distances, indices = argkmin(level, query, base, 4, "euclidean")
    for batch in (1, 700):
        for first in (0, 2047, 2048, 3799):
            part = slice(first, first + batch)
            d, i = argkmin(level, query[part], base, 4, "euclidean")
            np.testing.assert_array_equal(i, indices[part])
            np.testing.assert_array_equal(d, distances[part])


@pytest.mark.parametrize("level", LEVELS)
def test_a_row_is_no_neighbour_of_itself_when_excluded(level):
    rng = np.random.default_rng(7)
    base = rng.integers(0, 2, (400, 6), dtype=np.uint8)  # nearly all rows have equals
    expected = reference.argkmin(base, base, 12, "manhattan", exclude_self=True)
    found = argkmin(level, base, base, 12, "manhattan", exclude_self=True)
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_array_equal(found[0], expected[0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", LEVELS)
def test_the_first_bad_row_is_found(level, dtype, bad):
    find = LEVELS[level].first_nonfinite_row
    rows = np.zeros((5000, 70), dtype)
    rows[17] = np.finfo(dtype).max
    assert find(rows, n_threads=3) == -1
    rows[4998, 69] = bad
    assert find(rows, n_threads=3) == 4998
    rows[42, 0] = bad
    assert find(rows, n_threads=3) == 42
    assert find(rows[::-1, ::-3], n_threads=3) == 1
    assert find(rows[:0], n_threads=1) == -1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", LEVELS)
def test_rows_that_turn_into_nan_after_validation_corrupt_nothing(level, dtype):
    rng = np.random.default_rng(8)
    base = rng.normal(size=(3000, 20)).astype(dtype)
    base[::2] = np.nan
    for metric in ("euclidean", "manhattan"):
        distances, indices = argkmin(level, base[1:9:2], base, 1600, metric)
        assert (indices[:, :1500] % 2 == 1).all()  # finite rows come first,
        assert np.isinf(distances[:, 1500:]).all()  # the others in the order of their indices
        np.testing.assert_array_equal(indices[:, 1500:], [np.arange(0, 200, 2)] * 4)
