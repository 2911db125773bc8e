"""Codes and their errors against NumPy: true, hardly larger than need be, the same anywhere."""

from dataclasses import replace

import numpy as np
import pytest

from . import pruned_codings as codings
from .core_levels import LEVELS
from .encoder_checks import assert_bounds, assert_codes
from .layouts import LAYOUTS
from .pruned_codings import CENTERS, ROTATIONS, SHIFTS, make_coding
from .pruned_data import FLOATS, KINDS, WIDTHS, make_rows

METRICS = ("euclidean", "manhattan")


def chain_of(metric, dtype, width=17):
    """A level that is narrow, one that is not, one of 16 bits, and one of the features."""
    features = [("features", 0, 8)] if dtype in FLOATS else []
    return [*codings.chain_of(metric, 5, width, width, words_from=2), *features]


def encode(level, coding, X, n_threads=2):
    return coding.encoder(LEVELS[level]).encode(X, n_threads=n_threads, progress=None)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS, ids=":".join)
@pytest.mark.parametrize("level", LEVELS)
def test_codes_errors_and_bounds_of_all_kinds_of_rows(level, kind, metric):
    rng = np.random.default_rng(0)
    for d in (3, 65):
        query, base = make_rows(kind, rng, 20, 90, d)
        coding = make_coding(rng, base, metric, chain_of(metric, kind[1]))
        sketches = [encode(level, coding, X) for X in (query, base)]
        assert_bounds(coding, query, base, sketches)
        for X, sketch in zip((query, base), sketches, strict=True):
            assert_codes(coding, X, sketch)


@pytest.mark.parametrize("dtype", ["uint8", *FLOATS])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_any_width_of_rows_and_of_codes(level, metric, dtype):
    rng = np.random.default_rng(1)
    for d in (*WIDTHS, 1500):
        query, base = make_rows(("natural", dtype), rng, 5, 20, d)
        for width in (1, 2, 63, 64, 65, 100):
            coding = make_coding(rng, base, metric, chain_of(metric, dtype, width))
            sketches = [encode(level, coding, X) for X in (query, base)]
            assert_bounds(coding, query, base, sketches)
            assert_codes(coding, base, sketches[1])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_codings_good_and_terrible(level, metric):
    rng = np.random.default_rng(2)
    query, base = make_rows(("natural", "float32"), rng, 30, 100, 40)
    terrible = (
        [{"center": center} for center in CENTERS]
        + [{"rotation": rotation} for rotation in ROTATIONS]
        + [{"shift": shift} for shift in SHIFTS]
        + [{"coarseness": coarseness} for coarseness in (1e-4, 0.1, 40.0, 1e6)]
        + [{"tilted": True}]
    )
    for options in terrible:
        coding = make_coding(rng, base, metric, chain_of(metric, "float32"), **options)
        sketches = [encode(level, coding, X) for X in (query, base)]
        assert_bounds(coding, query, base, sketches)
        assert_codes(coding, base, sketches[1])


def one_coding(metric, dtype, n=700, d=70):
    rng = np.random.default_rng(3)
    base = make_rows(("natural", dtype), rng, 1, n, d)[1]
    return base, make_coding(rng, base, metric, chain_of(metric, dtype))


def as_bytes(sketch):
    return [array.tobytes() for pair in sketch for array in pair]


@pytest.mark.parametrize("dtype", ["uint8", *FLOATS])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_codes_depend_on_neither_layout_nor_threads(level, metric, dtype):
    base, coding = one_coding(metric, dtype)
    expected = as_bytes(encode(level, coding, base, n_threads=1))
    for layout in LAYOUTS.values():
        for n_threads in (1, 2, 3):
            X = layout(base)
            assert as_bytes(encode(level, coding, X, n_threads)) == expected


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_codes_of_bytes_hold_for_the_same_numbers_as_floats(level, metric):
    base, coding = one_coding(metric, "uint8")
    codes = encode(level, coding, base)
    for dtype in FLOATS:
        wide = base.astype(dtype)
        assert_codes(coding, wide, codes)
        assert_bounds(coding, wide[:50], wide, [encode(level, coding, wide[:50]), codes])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_rows_of_one_value_differ_in_none_of_their_codes(level, metric):
    base, coding = one_coding(metric, "float32")
    same = np.broadcast_to(base[:1], (300, base.shape[1]))
    for codes, errors in encode(level, coding, same):
        assert (codes == codes[0]).all()
        assert (errors == errors[0]).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_no_rows_have_no_codes(level, metric):
    base, coding = one_coding(metric, "uint8")
    for coded, (codes, errors) in zip(coding.levels, encode(level, coding, base[:0]), strict=True):
        assert (codes.shape, errors.shape) == ((0, coded.width), (0,))


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_rows_that_are_not_finite_have_infinite_errors(level, metric, dtype, bad):
    base, coding = one_coding(metric, dtype, n=200)
    expected = encode(level, coding, base)
    base[17, 3] = base[180, 69] = bad
    is_bad = np.isin(np.arange(200), [17, 180])
    for (_, right), (_, errors) in zip(expected, encode(level, coding, base), strict=True):
        np.testing.assert_array_equal(errors, np.where(is_bad, np.inf, right))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_rows_whose_coordinates_overflow_have_infinite_errors(level, metric):
    base, coding = one_coding(metric, "float64", n=200)
    expected = encode(level, coding, base)
    base[17], base[180] = 1e300, -np.finfo(np.float64).max
    is_bad = np.isin(np.arange(200), [17, 180])
    for (_, right), (_, errors) in zip(expected, encode(level, coding, base), strict=True):
        np.testing.assert_array_equal(errors, np.where(is_bad, np.inf, right))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_units_can_be_very_small_and_very_large(level, metric):
    base, coding = one_coding(metric, "float64")
    expected = as_bytes(encode(level, coding, base))
    for scale in (2.0**-900, 2.0**900):
        scaled = replace(coding, center=coding.center * scale, unit=coding.unit * scale)
        assert as_bytes(encode(level, scaled, base * scale)) == expected


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", LEVELS)
def test_an_encoder_keeps_what_it_was_made_from(level, metric):
    base, coding = one_coding(metric, "float32")
    encoder = coding.encoder(LEVELS[level])
    expected = as_bytes(encoder.encode(base, n_threads=1, progress=None))
    for array in (coding.center, coding.basis, coding.feature_order):
        array[...] = 0
    for coded in coding.levels:
        for array in (coded.shift, coded.rotation, coded.starts):
            array[...] = 0
    assert as_bytes(encoder.encode(base, n_threads=1, progress=None)) == expected
