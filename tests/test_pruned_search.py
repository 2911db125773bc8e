"""A pruned search finds what brute force finds, to the last bit, on every kind of rows."""

from dataclasses import replace

import numpy as np
import pytest

from . import pruned_reference as oracle
from . import reference
from .core_levels import LEVELS
from .layouts import LAYOUTS
from .pruned_cases import CODE_WIDTHS, Case, brute, designed, encode, fewest_left, search
from .pruned_codings import CENTERS, ROTATIONS, SHIFTS, chain_of, make_coding
from .pruned_data import DTYPES, FLOATS, KINDS, WIDTHS, make_rows
from .reference import METRICS


def make_case(kind, metric, shape, chain, **options):
    """Make a case of shape (queries, base rows, features)."""
    n_query, n_base, d = shape
    rng = np.random.default_rng([n_base, d, METRICS.index(metric)])
    query, base = make_rows(kind, rng, n_query, n_base, d)
    coding = make_coding(rng, base, metric, chain, **options)
    return Case(":".join(kind), query, base, base, coding, metric, n_threads=2)


def variants(case):
    """The same search with and without groups, with and without each row itself."""
    grouped = {
        "query_groups": np.arange(len(case.query)) % 3,
        "base_groups": np.arange(len(case.base)) // 7 % 3,
    }
    n = len(case.query)
    square = replace(case, base=case.base[:n], coded=case.coded[:n], exclude_self=True)
    grouped_square = {name: groups[:n] for name, groups in grouped.items()}
    return case, replace(case, **grouped), square, replace(square, **grouped_square)


def assert_equal_bytes(found, expected, what):
    for f, e in zip(found, expected, strict=False):
        np.testing.assert_array_equal(f, e, err_msg=str(what))
        assert f.tobytes() == e.tobytes(), what


def assert_pruned_is_brute(case, threads=(2,)):
    """Compare at every level, every number of threads and for several k."""
    most = int(fewest_left(case))
    for k in sorted({1, min(5, most), most}):
        expected = None
        for level in LEVELS:
            for n_threads in threads:
                this = replace(case, k=k, level=level, n_threads=n_threads)
                if expected is None:
                    expected = brute(this)
                assert_equal_bytes(search(this, *encode(this)), expected, this)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS, ids=":".join)
def test_all_kinds_of_rows(kind, metric):
    features = [("features", 0, 8)] if kind[1] in FLOATS else []
    for d, widths in ((5, (3,)), (65, (17,)), (65, (2, 17, 63))):
        chain = [*chain_of(metric, *widths, words_from=2), *features]
        case = make_case(kind, metric, (40, 190, d), chain)
        for variant in variants(case):
            assert_pruned_is_brute(variant)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS, ids=":".join)
def test_codings_that_estimators_choose(kind, metric):
    for d in (5, 129):
        case = make_case(kind, metric, (40, 190, d), chain_of(metric, 5))
        case.coding = designed(case.base, metric)
        for variant in variants(case):
            assert_pruned_is_brute(variant)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS, ids=":".join)
@pytest.mark.parametrize("level", LEVELS)
def test_brute_force_is_the_oracles(level, kind, metric):
    case = make_case(kind, metric, (30, 150, 20), chain_of(metric, 5))
    for variant in variants(case):
        this = replace(variant, level=level, k=int(min(5, fewest_left(variant))))
        groups = None if this.base_groups is None else (this.query_groups, this.base_groups)
        distances, indices = brute(this)
        expected, nearest = oracle.argkmin(
            this.query, this.base, this.k, metric, exclude_self=this.exclude_self, groups=groups
        )
        np.testing.assert_allclose(distances, expected, rtol=1e-6)
        truth = reference.pairwise_distances(this.query, this.base, metric)
        np.testing.assert_allclose(distances, np.take_along_axis(truth, indices, 1), rtol=1e-6)
        assert all(len(set(row)) == this.k for row in indices.tolist())
        if groups is not None:
            assert (groups[1][indices] != groups[0][:, None]).all()
        if this.exclude_self:
            assert (indices != np.arange(len(indices))[:, None]).all()
        if kind[1] == "uint8":
            np.testing.assert_array_equal(indices, nearest)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("metric", METRICS)
def test_any_width(metric, dtype):
    for d in (*WIDTHS, 1500):
        assert_pruned_is_brute(
            make_case(("natural", dtype), metric, (9, 100, d), chain_of(metric, 5, 65))
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("metric", METRICS)
def test_any_number_of_rows(metric, dtype):
    for n in (*range(1, 36), 63, 64, 65, 127, 128, 129, 255, 256, 257):
        case = make_case(("lattice", dtype), metric, (1 + n % 14, n, 9), chain_of(metric, 5))
        assert_pruned_is_brute(case)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("width", [*CODE_WIDTHS, 129])
def test_any_width_of_codes(width, metric):
    case = make_case(("natural", "uint8"), metric, (30, 400, 129), chain_of(metric, width))
    for variant in variants(case):
        assert_pruned_is_brute(variant)


TERRIBLE = (
    [{"center": center} for center in CENTERS]
    + [{"shift": shift} for shift in SHIFTS]
    + [{"coarseness": coarseness} for coarseness in (1e-4, 0.05, 0.3, 10.0, 1e3)]
    + [{"rotation": rotation} for rotation in ROTATIONS]
    + [{"tilted": True}]
)


@pytest.mark.parametrize("options", TERRIBLE, ids=str)
@pytest.mark.parametrize("metric", METRICS)
def test_codings_good_and_terrible(metric, options):
    for widths in ((33,), (2, 17, 100)):
        for dtype in DTYPES:
            chain = chain_of(metric, *widths, words_from=1)
            assert_pruned_is_brute(
                make_case(("natural", dtype), metric, (30, 300, 101), chain, **options)
            )


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("metric", METRICS)
def test_a_byte_for_each_feature_alone(metric, dtype):
    for d in WIDTHS:
        case = make_case(("noise", dtype), metric, (30, 300, d), [("features", d, 8)])
        for variant in variants(case):
            assert_pruned_is_brute(variant)


@pytest.mark.parametrize("query_layout", LAYOUTS)
@pytest.mark.parametrize("base_layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_layout(dtype, base_layout, query_layout):
    for metric in ("euclidean", "manhattan"):
        case = make_case(("natural", dtype), metric, (20, 150, 37), chain_of(metric, 17))
        case.query, case.base = LAYOUTS[query_layout](case.query), LAYOUTS[base_layout](case.base)
        assert_pruned_is_brute(case)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_rows_coded_in_a_narrower_type(dtype, metric):
    rng = np.random.default_rng(5)
    for narrow in ("uint8", "float32"):
        case = make_case(("natural", narrow), metric, (30, 300, 65), chain_of(metric, 5, 33))
        case.base = case.coded.astype(dtype)
        case.query = (case.query + rng.normal(size=case.query.shape)).astype(dtype)
        assert_pruned_is_brute(case)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("metric", METRICS)
def test_euclidean_and_its_square_share_their_codes(metric, dtype):
    case = make_case(("digits", dtype), metric, (30, 300, 64), chain_of(metric, 5, 33))
    others = {"euclidean": "sqeuclidean", "sqeuclidean": "euclidean", "manhattan": "manhattan"}
    case.coding = replace(case.coding, metric=others[metric])
    assert_pruned_is_brute(case)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["duplicates", "lattice", "natural"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_ties_by_the_thousand_with_any_number_of_threads(metric, kind, dtype):
    """Large enough for several threads, which race for the thresholds."""
    case = make_case((kind, dtype), metric, (130, 5000, 24), chain_of(metric, 5, 17))
    for variant in variants(case)[:2]:
        expected = None
        for level in LEVELS:
            for n_threads in (1, 2, 3, 8):
                this = replace(variant, k=11, level=level, n_threads=n_threads)
                if expected is None:
                    expected = brute(this)
                assert_equal_bytes(search(this, *encode(this)), expected, this)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("level", LEVELS)
def test_an_answer_does_not_depend_on_how_queries_are_batched(level, metric):
    case = make_case(("natural", "uint8"), metric, (9000, 60, 9), chain_of(metric, 5))
    case = replace(case, k=3, level=level)
    encoder, sketch = encode(case)
    distances, indices, _ = search(case, encoder, sketch)
    assert_equal_bytes((distances, indices), brute(case), case)
    for first, last in ((0, 1), (95, 97), (4095, 4097), (8191, 8193), (8999, 9000)):
        part = replace(case, query=case.query[first:last])
        found = search(part, encoder, sketch)
        assert_equal_bytes(found, (distances[first:last], indices[first:last]), part)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_counts_tell_what_each_level_let_pass(level, metric):
    case = make_case(("natural", "float32"), metric, (50, 2000, 100), chain_of(metric, 17, 65))
    case = replace(case, k=2, level=level)
    counts = search(case, *encode(case))[2]
    assert (counts.dtype, counts.shape) == (np.int64, (3,))
    assert counts[0] == 50 * 2000
    assert counts[0] > counts[1] > counts[2] >= 50 * 2
    assert counts[2] < counts[0] / 2  # or nothing was gained


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_no_queries_have_no_neighbours(level, metric):
    case = make_case(("natural", "uint8"), metric, (3, 50, 9), chain_of(metric, 5))
    case = replace(case, query=case.query[:0], k=2, level=level)
    distances, indices, counts = search(case, *encode(case))
    assert distances.shape == indices.shape == (0, 2)
    assert counts.tolist() == [0, 0]
