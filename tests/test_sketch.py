"""Sketches: what is built, found, appended, pickled."""

import copy
import pickle

import numpy as np
import pytest

from nearplane.datasets import make_natural_images
from nearplane.neighbors._sketch import Sketch, design_sketch

from .pruned_data import KINDS, make_rows
from .sketch_reference import core_answer, survivors

METRICS = ("euclidean", "sqeuclidean", "manhattan")
DTYPES = ("uint8", "float32", "float64")


@pytest.fixture(scope="module")
def images():
    return make_natural_images(2000, (16, 16, 3), random_state=0)[0].reshape(2000, -1)


def build(base, metric, design=None):
    return Sketch.build(base, metric, design, n_threads=2)


def search(sketch, query, base, k, metric, **options):
    return sketch.search(query, base, k, metric, n_threads=2, **options)


def assert_same_sketch(one, other):
    for name in ("metric", "unit", "bytes_per_row", "n_rows"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("center", "basis", "feature_order"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for level, same in zip(one.levels, other.levels, strict=True):
        for name in ("kind", "width", "bits", "step", "tilt"):
            assert getattr(level, name) == getattr(same, name)
        for name in ("shift", "rotation", "starts"):
            np.testing.assert_array_equal(getattr(level, name), getattr(same, name))
    for arrays, same in ((one.codes, other.codes), (one.errors, other.errors)):
        for array, expected in zip(arrays, same, strict=True):
            np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS, ids="-".join)
@pytest.mark.parametrize("d", [1, 40, 200])
def test_answers_are_those_of_brute_force(kind, d, metric):
    rng = np.random.default_rng(d)
    for n, k in ((1, 1), (9, 9), (150, 7)):
        query, base = make_rows(kind, rng, 12, n, d)
        distances, indices, counts = search(build(base, metric), query, base, k, metric)
        expected_distances, expected_indices = core_answer(query, base, k, metric)
        np.testing.assert_array_equal(distances, expected_distances)
        np.testing.assert_array_equal(indices, expected_indices)
        assert counts[0] == 12 * n
        assert (np.diff(counts[:-1]) <= 0).all()
        assert counts[-1] >= 12 * k


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_are_skipped_by_themselves_and_by_group(images, dtype, metric):
    base = images[:500].astype(dtype)
    sketch = build(base, metric)
    found = search(sketch, base, base, 5, metric, exclude_self=True)
    expected = core_answer(base, base, 5, metric, exclude_self=True)
    for ours, truth in zip(found, expected, strict=False):
        np.testing.assert_array_equal(ours, truth)
    groups = np.arange(500) % 7
    found = search(sketch, base, base, 5, metric, groups=(groups, groups))
    expected = core_answer(base, base, 5, metric, query_groups=groups, base_groups=groups)
    for ours, truth in zip(found, expected, strict=False):
        np.testing.assert_array_equal(ours, truth)
    assert not (groups[found[1]] == groups[:, None]).any()


@pytest.mark.parametrize("metric", METRICS)
def test_the_rows_may_come_in_a_wider_type_than_they_were_coded_in(images, metric):
    base, query = images[:500], images[500:550] + 0.5
    sketch = build(base, metric)
    _, indices, _ = search(sketch, query, base.astype(np.float64), 4, metric)
    np.testing.assert_array_equal(
        indices, core_answer(query, base.astype(np.float64), 4, metric)[1]
    )


def test_both_euclidean_distances_share_a_sketch(images):
    base, query = images[100:], images[:100]
    sketch = build(base, "sqeuclidean")
    assert sketch.metric == "euclidean"
    distances, indices, _ = search(sketch, query, base, 3, "euclidean")
    squares, same, _ = search(sketch, query, base, 3, "sqeuclidean")
    np.testing.assert_array_equal(indices, same)
    np.testing.assert_allclose(distances**2, squares)


@pytest.mark.parametrize(("metric", "most"), [("euclidean", 0.01), ("manhattan", 0.03)])
def test_of_images_few_pairs_survive(images, metric, most):
    base, query = images[20:800], images[:20]
    shares = survivors(build(base, metric), query, base, 1)
    assert shares[-1] <= most


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_appended_rows_are_coded_as_all_at_once(images, dtype, metric):
    rows = images[:600].astype(dtype)
    design = design_sketch(rows[:400], metric)
    whole = build(rows, metric, design)
    grown = build(rows[:400], metric, design)
    for part in (rows[400:401], rows[401:401], rows[401:]):
        grown = grown.extend(part, n_threads=2)
    assert grown.n_rows == 600
    for ours, expected in zip(grown.codes, whole.codes, strict=True):
        # A coordinate between two codes may be rounded to either.
        apart = ours.astype(int) - expected
        assert abs(apart).max() <= 1
        assert np.count_nonzero(apart) <= 1e-4 * apart.size
    for ours, expected in zip(grown.errors, whole.errors, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-3)
    found = search(grown, rows[:20], rows, 5, metric)
    for ours, truth in zip(found, core_answer(rows[:20], rows, 5, metric), strict=False):
        np.testing.assert_array_equal(ours, truth)


def test_extending_leaves_the_sketch_as_it_is(images):
    sketch = build(images[:300], "euclidean")
    before = copy.deepcopy(sketch)
    sketch.extend(images[300:400], n_threads=2)
    assert_same_sketch(sketch, before)


@pytest.mark.parametrize("metric", METRICS)
def test_a_sketch_is_loose_once_most_appended_rows_differ_in_kind(images, metric):
    rows = images.astype(np.float32)
    sketch = build(rows[:1000], metric)
    assert not sketch.is_loose
    assert not sketch.extend(rows[1000:], n_threads=2).is_loose
    odd = np.random.default_rng(0).uniform(-900, 900, (300, rows.shape[1])).astype(np.float32)
    extended = sketch.extend(odd, n_threads=2)
    assert extended.is_loose
    assert not extended.extend(rows[:400], n_threads=2).is_loose
    assert not build(np.concatenate([rows, odd]), metric).is_loose


@pytest.mark.parametrize("metric", METRICS)
def test_the_bytes_of_a_row_are_those_of_its_codes_and_errors(images, metric):
    sketch = build(images[:50].astype(np.float64), metric)
    assert sketch.bytes_per_row == sum(level.row_bytes + 4 for level in sketch.levels)
    assert sketch.bytes_per_row == sketch.extend(images[:1], n_threads=1).bytes_per_row


@pytest.mark.parametrize("metric", METRICS)
def test_sketches_are_copied_and_pickled(images, metric):
    base = images[:300]
    sketch = build(base, metric)
    expected = search(sketch, base[:9], base, 3, metric)
    for twin in (copy.copy(sketch), copy.deepcopy(sketch), pickle.loads(pickle.dumps(sketch))):
        assert_same_sketch(twin, sketch)
        for ours, theirs in zip(search(twin, base[:9], base, 3, metric), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("metric", METRICS)
def test_progress_is_told(images, metric):
    told = []
    Sketch.build(images, metric, n_threads=1, progress=told.append)
    assert all(0 <= fraction <= 1 for fraction in told)
    assert told == sorted(told)
