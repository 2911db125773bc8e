"""Designs: directions, groups, levels - valid for any rows, and good for images."""

from itertools import product

import numpy as np
import pytest

from nearplane.datasets import make_natural_images
from nearplane.neighbors._sketch import design_sketch
from nearplane.neighbors._sketch._basis import principal_directions, random_rotation, tilts
from nearplane.neighbors._sketch._groups import nested_groups
from nearplane.neighbors._sketch._sample import Frame, framed_sample, sample_rows

from .pruned_data import FLOATS, KINDS, make_rows
from .sketch_reference import bound_excess

METRICS = ("euclidean", "manhattan")


@pytest.fixture(scope="module")
def images():
    return make_natural_images(1200, (12, 12, 3), random_state=0)[0].reshape(1200, -1)


def spectrum_rows(n, d, spectrum, seed=0):
    """Centred rows whose principal axes are those of the space, and their variances."""
    rng = np.random.default_rng(seed)
    left = np.linalg.qr(rng.normal(size=(n, len(spectrum))))[0]
    right = np.linalg.qr(rng.normal(size=(d, len(spectrum))))[0]
    return (left * np.sqrt(n * np.asarray(spectrum))) @ right.T, right.T


# --- directions


def test_directions_are_the_principal_ones():
    spectrum = 0.6 ** np.arange(20)
    rows, axes = spectrum_rows(300, 90, spectrum)
    directions, variances = principal_directions(rows.astype(np.float32), 8)
    np.testing.assert_allclose(abs(directions @ axes[:8].T), np.eye(8), atol=1e-3)
    np.testing.assert_allclose(variances, spectrum[:8], rtol=1e-3)


@pytest.mark.parametrize("n", [1, 2, 5, 200])
@pytest.mark.parametrize("d", [1, 2, 40])
def test_directions_are_orthonormal_and_no_more_than_the_rows_span(n, d):
    rows = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
    directions, variances = principal_directions(rows - rows.mean(axis=0), 30)
    assert len(directions) == len(variances) == max(1, min(n - 1, d, 30))
    np.testing.assert_allclose(directions @ directions.T, np.eye(len(directions)), atol=1e-5)
    assert (np.diff(variances) <= 0).all()


def test_directions_far_smaller_than_the_first_are_orthonormal_too():
    rows, _ = spectrum_rows(300, 90, 0.1 ** np.arange(6))
    directions, _ = principal_directions(rows.astype(np.float32), 6)
    np.testing.assert_allclose(directions @ directions.T, np.eye(len(directions)), atol=1e-4)
    assert len(directions) >= 5


def test_rows_without_any_variance_still_have_a_direction():
    directions, variances = principal_directions(np.zeros((7, 3), np.float32), 2)
    np.testing.assert_array_equal(directions, [[1, 0, 0]])
    np.testing.assert_array_equal(variances, [0])


@pytest.mark.parametrize("size", [1, 2, 3, 63, 128])
def test_rotations_are_orthogonal_and_spread_every_direction(size):
    rotation = random_rotation(size).astype(np.float64)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(size), atol=1e-5)
    assert abs(rotation).max() <= 6 / np.sqrt(size)  # six standard deviations of an element


def test_a_tilt_is_an_upper_bound_of_what_it_says():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(70, 12)))[0].T
    for noise in (0, 1e-9, 1e-6, 1e-3, 0.1):
        skewed = (basis + noise * rng.normal(size=basis.shape)).astype(np.float32)
        rotations = [random_rotation(size) for size in (1, 5, 12)]
        for rotation, tilt in zip(rotations, tilts(skewed, rotations), strict=True):
            M = skewed[: len(rotation)].T.astype(np.longdouble) @ rotation.astype(np.longdouble)
            truth = np.sqrt(((M.T @ M - np.eye(len(rotation))) ** 2).sum())
            assert truth <= tilt <= truth * (1 + 1e-6) + 1e-11


# --- groups


@pytest.mark.parametrize("n_features", [1, 2, 3, 37, 64, 1000])
def test_groups_are_nested_partitions_of_nearly_equal_size(n_features):
    loadings = np.random.default_rng(0).normal(size=(n_features, 5)).astype(np.float32)
    most = 2 ** (n_features.bit_length() - 1)
    order, starts = nested_groups(loadings, most)
    np.testing.assert_array_equal(np.sort(order), np.arange(n_features))
    assert list(starts) == [2**i for i in range(most.bit_length())]
    for n_groups, bounds in starts.items():
        assert (bounds[0], bounds[-1]) == (0, n_features)
        assert len(bounds) == n_groups + 1
        sizes = np.diff(bounds)
        assert sizes.min() >= 1
        if n_groups > 1:
            assert set(starts[n_groups // 2]) <= set(bounds)
            assert abs(sizes[::2] - sizes[1::2]).max() <= 1


def test_features_that_vary_together_are_grouped():
    rng = np.random.default_rng(0)
    corners = np.array(list(product((-4, 4), (-2, 2), (-1, 1))))
    loadings = np.repeat(corners, 16, axis=0) + 0.05 * rng.normal(size=(128, 3))
    shuffled = rng.permutation(128)
    order, starts = nested_groups(loadings[shuffled].astype(np.float32), 8)
    kinds = (shuffled[order] // 16).reshape(8, 16)
    assert (starts[8] == np.arange(0, 129, 16)).all()
    assert (kinds == kinds[:, :1]).all()


def test_equal_loadings_are_grouped_somehow():
    order, starts = nested_groups(np.zeros((10, 3), np.float32), 8)
    np.testing.assert_array_equal(np.sort(order), np.arange(10))
    assert np.diff(starts[8]).min() == 1


# --- samples


def test_a_sample_is_drawn_without_repetition_and_in_order():
    matrix = np.arange(1000)[:, None]
    sample = sample_rows(matrix, 100, seed=0)[:, 0]
    assert len(sample) == 100
    assert (np.diff(sample) > 0).all()
    assert sample[50] > 100  # from everywhere
    np.testing.assert_array_equal(sample_rows(matrix, 100, seed=0)[:, 0], sample)
    assert sample_rows(matrix, 1000, seed=0) is matrix


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 1.0, 1e10, 1e300])
def test_a_frame_holds_its_rows_within_one_unit(scale):
    rows = np.random.default_rng(0).normal(size=(50, 7)) * scale + 3 * scale
    frame = Frame.around(rows)
    assert np.frexp(frame.unit)[0] == 0.5
    placed = frame.place(rows)
    assert 0.5 <= abs(placed).max() <= 1
    np.testing.assert_allclose(placed, (rows - rows.mean(axis=0)) / frame.unit, atol=1e-6)


def test_outlying_rows_do_not_decide_on_the_frame():
    rows = np.random.default_rng(0).normal(size=(300, 7))
    ordinary, _ = framed_sample(rows, 1000, seed=0)
    rows[5] *= 1e30
    rows[17] *= 1e12
    frame, sample = framed_sample(rows, 1000, seed=0)
    assert frame.unit == ordinary.unit
    assert len(sample) == 298


# --- levels


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS, ids="-".join)
@pytest.mark.parametrize("d", [1, 2, 3, 17, 150])
def test_bounds_hold_for_rows_of_every_kind(kind, d, metric):
    for n in (1, 3, 120):
        query, base = make_rows(kind, np.random.default_rng(n), 15, n, d)
        design = design_sketch(base, metric)
        assert len(design.levels) >= 1
        for excess in bound_excess(design, query, base):
            assert excess <= 1e-12


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_bounds_of_16_bits_hold_too(kind):
    query, base = make_rows(kind, np.random.default_rng(0), 15, 120, 40)
    design = design_sketch(base, "euclidean", widths=[8], fine_widths=[8, 20])
    assert {level.bits for level in design.levels} >= {8, 16}
    for excess in bound_excess(design, query, base):
        assert excess <= 1e-12


def test_16_bits_miss_less_than_8(images):
    design = design_sketch(images, "euclidean", widths=[16, 32, 64], fine_widths=[16, 32, 64])
    shapes = [(level.width, level.bits) for level in design.levels]
    assert shapes == [(16, 8), (16, 16), (32, 8), (32, 16), (64, 8), (64, 16)]
    coded = design.encoder().encode(images, n_threads=1, progress=None)
    for (_, coarse), (_, fine) in zip(coded[::2], coded[1::2], strict=True):
        assert np.median(fine) < 0.3 * np.median(coarse)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", ["uint8", *FLOATS])
@pytest.mark.parametrize("d", [1, 2, 3, 8, 31, 32, 128, 700])
def test_levels_are_as_wide_as_makes_sense(d, dtype, metric):
    rows = np.random.default_rng(0).integers(0, 256, (400, d)).astype(dtype)
    design = design_sketch(rows, metric)
    widths = [level.width for level in design.levels if level.kind != "features"]
    assert widths == sorted(set(widths))
    assert widths[-1] <= max(d // 2, 2 if metric == "euclidean" else 1)
    has_features = [level.kind for level in design.levels].count("features")
    assert has_features == (dtype != "uint8" and d >= 32)


def test_a_projection_is_no_wider_than_the_rows_span():
    rows = np.random.default_rng(0).normal(size=(40, 3)) @ np.random.default_rng(1).normal(
        size=(3, 200)
    )
    [level] = design_sketch(rows, "euclidean", features=False).levels
    assert level.width == 4  # the last is the distance from the span
    [level] = design_sketch(rows[:1], "euclidean", features=False).levels
    assert level.width == 2


@pytest.mark.parametrize("metric", METRICS)
def test_widths_can_be_chosen(images, metric):
    design = design_sketch(images, metric, widths=[64, 16, 32, 16], features=True)
    assert [level.width for level in design.levels] == [16, 32, 64, 432]
    kept = design.keep([1])
    assert kept.levels == design.levels[1:2]
    assert len(kept.basis) == (31 if metric == "euclidean" else 0)
    assert len(kept.feature_order) == (432 if metric == "manhattan" else 0)
    features = design_sketch(images, metric, widths=[], features=True)
    for alone in (design.keep([3]), features):
        assert [level.kind for level in alone.levels] == ["features"]
        assert len(alone.feature_order) == len(alone.basis) == 0


@pytest.mark.parametrize("metric", METRICS)
def test_few_outlying_rows_do_not_make_codes_coarse(images, metric):
    rows = images.astype(np.float64)
    steps = [level.step for level in design_sketch(rows, metric).levels]
    unit = design_sketch(rows, metric).unit
    rows[::300] *= 1000
    design = design_sketch(rows, metric)
    for level, step in zip(design.levels, steps, strict=True):
        assert level.step * design.unit <= 1.5 * step * unit


@pytest.mark.parametrize("metric", METRICS)
def test_designs_are_reproducible(images, metric):
    one, other = (design_sketch(images, metric) for _ in range(2))
    assert one.unit == other.unit
    for name in ("center", "basis", "feature_order"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for level, same in zip(one.levels, other.levels, strict=True):
        assert (level.step, level.tilt) == (same.step, same.tilt)
        np.testing.assert_array_equal(level.rotation, same.rotation)


@pytest.mark.parametrize("metric", METRICS)
def test_numpys_own_warnings_do_not_reach_the_user(metric):
    rows = np.array([[1e308, -1e308], [-1e308, 1e308], [5e-324, 0]])
    with np.errstate(all="raise"):
        design_sketch(rows, metric)
