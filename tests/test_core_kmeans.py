"""Nearest centres, sums of clusters and distances to candidates, at every level of the core."""

import signal
import threading

import numpy as np
import pytest

from . import kmeans_reference as reference
from .core_levels import LEVELS, argkmin
from .layouts import LAYOUTS

DTYPES = (np.uint8, np.float32, np.float64)


def nearest_centers(level, X, centers, guess=None, n_threads=2):
    return LEVELS[level].nearest_centers(
        X, centers, guess=guess, n_threads=n_threads, progress=None
    )


def random_rows(rng, n_rows, n_features, dtype):
    if dtype == np.uint8:
        return rng.integers(0, 256, (n_rows, n_features), dtype=np.uint8)
    return rng.normal(size=(n_rows, n_features)).astype(dtype)


def real(dtype):
    return np.float64 if dtype == np.float64 else np.float32


def assert_nearest(level, X, centers, **options):
    labels, distances = nearest_centers(level, X, centers, **options)
    expected = reference.nearest(X, centers)
    np.testing.assert_array_equal(labels, expected[0])
    np.testing.assert_allclose(distances, expected[1], rtol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_every_width_and_number_of_centers(level, dtype):
    rng = np.random.default_rng(0)
    for width in [*range(1, 40), 108, 129]:
        X = random_rows(rng, 1 + 3 * width, width, dtype)
        centers = random_rows(rng, 1 + (7 * width) % 101, width, real(dtype)) * X.std() + X.mean()
        assert_nearest(level, X, centers.astype(real(dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_of_centers_equally_far_the_first_is_nearest(level, dtype):
    """Small integers: most rows have several nearest centres, and many centres are equal."""
    rng = np.random.default_rng(1)
    X = rng.integers(0, 4, (400, 5)).astype(dtype)
    centers = rng.integers(0, 4, (90, 5)).astype(real(dtype))
    for guess in (None, rng.integers(0, 90, 400, dtype=np.int32), np.full(400, 89, np.int32)):
        assert_nearest(level, X, centers, guess=guess)
    labels, _ = nearest_centers(level, X, np.ones((70, 5), real(dtype)))
    assert not labels.any()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_layouts_and_types_of_rows_and_centers(level, dtype, layout):
    rng = np.random.default_rng(2)
    X = random_rows(rng, 150, 21, dtype)
    for other in DTYPES:
        centers = X[::5].astype(other)
        found = nearest_centers(level, LAYOUTS[layout](X), LAYOUTS[layout](centers))
        expected = reference.nearest(X, centers)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-13)


@pytest.mark.parametrize("guess", ["none", "right", "wrong", "absurd"])
def test_bytes_of_the_answer_depend_on_neither_guess_nor_threads_nor_level(guess):
    rng = np.random.default_rng(3)
    X, centers = random_rows(rng, 3000, 50, np.float32), random_rows(rng, 300, 50, np.float32)
    right, _ = nearest_centers(next(iter(LEVELS)), X, centers)
    guesses = {
        "none": None,
        "right": right,
        "wrong": (right + 1) % 300,
        "absurd": rng.choice(np.array([-(2**31), -1, 300, 2**31 - 1], np.int32), 3000),
    }
    answers = {
        tuple(part.tobytes() for part in nearest_centers(level, X, centers, guesses[guess], n))
        for level in LEVELS
        for n in (1, 2, 7)
    }
    assert len(answers) == 1
    assert answers.pop()[0] == right.tobytes()


def two_by_two(scale):
    return np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) * scale


@pytest.mark.parametrize("level", LEVELS)
def test_sizes_at_the_ends_of_the_types(level):
    rng = np.random.default_rng(4)
    for dtype, sizes in {
        np.float32: (1e-45, 1e-38, 1e-20, 1e18, 1e30, 3e38),
        np.float64: (5e-324, 1e-310, 1e-160, 1e-140, 1e130, 1e141, 1e150, 1e300),
    }.items():
        for size in sizes:
            with np.errstate(over="ignore", under="ignore"):
                X = (two_by_two(1)[rng.integers(0, 4, 200)] * size).astype(dtype)
                X += (rng.integers(-2, 3, (200, 2)) * (size / 16)).astype(dtype)
                X = X[np.isfinite(X).all(axis=1)]
                centers = np.concatenate([two_by_two(size).astype(dtype), X[:40]])
                centers = centers[np.isfinite(centers).all(axis=1)]
                found, _ = nearest_centers(level, X, centers)
                expected, _ = reference.nearest(X, centers)
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("level", LEVELS)
def test_sizes_of_all_kinds_side_by_side(level):
    rng = np.random.default_rng(5)
    sizes = 10.0 ** rng.integers(-200, 200, (300, 1))
    X = rng.normal(size=(300, 9)) * sizes
    centers = X[rng.permutation(300)[:80]]
    with np.errstate(over="ignore", under="ignore"):
        found = nearest_centers(level, X, centers)
        # Among such sizes distances differ by no more than their last bits, which depend on the
        # order of summation.
        expected = argkmin(level, X, centers, 1, "sqeuclidean")
    np.testing.assert_array_equal(found[0], expected[1][:, 0])
    np.testing.assert_array_equal(found[1], expected[0][:, 0])


@pytest.mark.parametrize(("dtype", "far"), [(np.float32, 1e4), (np.float64, 1e9)])
@pytest.mark.parametrize("level", LEVELS)
def test_rows_far_from_the_origin_and_clusters_far_from_each_other(level, dtype, far):
    rng = np.random.default_rng(6)
    X = random_rows(rng, 400, 12, dtype)
    assert_nearest(level, X + dtype(far), X[:60] + dtype(far))
    X[::2] += dtype(far)
    assert_nearest(level, X, X[:60])


@pytest.mark.parametrize("level", LEVELS)
def test_rows_so_wide_that_codes_must_be_short(level):
    rng = np.random.default_rng(7)
    X = random_rows(rng, 30, 300_000, np.uint8)
    X[::3], X[1::3] = 255, 0
    X[::3, :9] = random_rows(rng, 10, 9, np.uint8)
    assert_nearest(level, X[:10], X[10:25].astype(np.float32))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_sums_of_clusters(level, dtype):
    rng = np.random.default_rng(8)
    X = random_rows(rng, 5000, 11, dtype)
    labels = np.where(rng.random(5000) < 0.7, 3, rng.integers(0, 40, 5000)).astype(np.int32)
    labels[labels == 17] = 16  # an empty cluster
    for weight in (None, rng.random(5000)):
        counted = np.ones(5000) if weight is None else weight
        membership = np.arange(41)[:, np.newaxis] == labels
        answers = set()
        for n_threads in (1, 2, 7):
            sums, weights = LEVELS[level].cluster_sums(
                X, labels, 41, sample_weight=weight, n_threads=n_threads, progress=None
            )
            np.testing.assert_allclose(sums, membership @ (X * counted[:, np.newaxis]), atol=1e-9)
            np.testing.assert_allclose(weights, membership @ counted, rtol=1e-12)
            answers.add(sums.tobytes() + weights.tobytes())
        assert len(answers) == 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_distances_that_a_candidate_would_leave(level, dtype):
    rng = np.random.default_rng(9)
    X = random_rows(rng, 5000, 30, dtype)
    nearest = reference.squared_distances(X, X[:3]).min(axis=1)
    candidates = X[10:15]
    expected = np.minimum(reference.squared_distances(X, candidates).T, nearest)
    for weight in (None, rng.random(5000)):
        answers = set()
        for n_threads in (1, 2, 7):
            distances, totals = LEVELS[level].nearer_distances(
                X, candidates, nearest, sample_weight=weight, n_threads=n_threads, progress=None
            )
            np.testing.assert_allclose(distances, expected, rtol=1e-12)
            counted = np.ones(5000) if weight is None else weight
            np.testing.assert_allclose(totals, expected @ counted, rtol=1e-12)
            answers.add(distances.tobytes() + totals.tobytes())
        assert len(answers) == 1


def test_arguments_that_would_touch_memory_of_others_are_refused():
    core = LEVELS[next(iter(LEVELS))]
    X = np.zeros((4, 3), np.float32)
    threads = {"n_threads": 1, "progress": None}
    with pytest.raises(ValueError, match="as many columns"):
        core.nearest_centers(X, X[:, :2], guess=None, **threads)
    with pytest.raises(ValueError, match="a row at least"):
        core.nearest_centers(X, X[:0], guess=None, **threads)
    with pytest.raises(ValueError, match="guess must have one value"):
        core.nearest_centers(X, X, guess=np.zeros(3, np.int32), **threads)
    for labels in ([0, 1, 2, 3], [0, 0, 0, -1]):
        with pytest.raises(ValueError, match="below n_clusters"):
            core.cluster_sums(X, np.array(labels, np.int32), 3, sample_weight=None, **threads)
    with pytest.raises(ValueError, match="sample_weight must have one value"):
        core.cluster_sums(X, np.zeros(4, np.int32), 3, sample_weight=np.ones(3), **threads)
    with pytest.raises(ValueError, match="distances must have one value"):
        core.nearer_distances(X, X, np.ones(3), sample_weight=None, **threads)


def test_ctrl_c_stops_an_assignment():
    X = np.broadcast_to(np.ones((1, 2000), np.float32), (2_000_000, 2000))
    centers = np.random.default_rng(10).normal(size=(3000, 2000)).astype(np.float32)
    press = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    press.start()
    with pytest.raises(KeyboardInterrupt):
        nearest_centers(list(LEVELS)[-1], X, centers)
    press.join()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", LEVELS)
def test_bounds_of_centers_that_move_change_no_answer(level, dtype):
    """Small and large movements, exact ties, groups of several panels, and other guesses."""
    rng = np.random.default_rng(11)
    for n_centers, n_features in ((300, 30), (2500, 3), (70, 5)):
        X = reference.blobs(1500, n_features, 30, seed=12, dtype=dtype)
        centers = X[rng.integers(0, len(X), n_centers)].astype(real(dtype))
        bounds, labels = LEVELS[level].CenterBounds(), None
        for size in (0, 1e-3, 0.03, 1e-6, 3, 0, 1e-2, 1e-2):
            step = rng.normal(size=centers.shape) * (rng.random((n_centers, 1)) < 0.3)
            centers = (centers + size * X.std() * step).astype(real(dtype))
            plain = nearest_centers(level, X, centers)
            for n_threads in (1, 3):
                found = LEVELS[level].nearest_centers(
                    X, centers, guess=labels, bounds=bounds, n_threads=n_threads, progress=None
                )
                np.testing.assert_array_equal(found[0], plain[0])
                np.testing.assert_array_equal(found[1], plain[1])
            labels = found[0] if size != 1e-6 else rng.permutation(found[0])


def test_bounds_of_other_rows_or_centers_are_refused():
    core = LEVELS[next(iter(LEVELS))]
    X, threads = np.zeros((4, 3), np.float32), {"n_threads": 1, "progress": None}
    bounds = core.CenterBounds()
    core.nearest_centers(X, X, guess=None, bounds=bounds, **threads)
    for rows, centers in ((X[:3], X), (X, X[:3]), (X[:, :2], X[:, :2])):
        with pytest.raises(ValueError, match="same rows and as many centers"):
            core.nearest_centers(rows, centers, guess=None, bounds=bounds, **threads)
