"""The pruned search and its encoder refuse what does not fit, before they read a byte of it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from .core_levels import LEVELS
from .layouts import misaligned
from .pruned_cases import Case, brute, encode, search
from .pruned_codings import chain_of, make_coding
from .pruned_data import make_rows

N, D = 20, 6
EVERY_LEVEL = pytest.mark.parametrize("level", LEVELS)


def make_case(level, metric="euclidean"):
    rng = np.random.default_rng(0)
    query, base = make_rows(("natural", "float32"), rng, 4, N, D)
    chain = [*chain_of(metric, 3, 5, words_from=1), ("features", D, 8)]
    coding = make_coding(rng, base, metric, chain)
    return Case("arguments", query, base, base, coding, metric, k=2, level=level)


def changed(sketch, at, *, codes=None, errors=None):
    """The sketch with other codes or errors at one level."""
    old_codes, old_errors = sketch[at]
    new = (old_codes if codes is None else codes(old_codes),
           old_errors if errors is None else errors(old_errors))  # fmt: skip
    return [new if i == at else pair for i, pair in enumerate(sketch)]


def wide(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


WRONG_CODES = {
    "a row too few": lambda a: a[:-1],
    "a row too many": lambda a: np.concatenate([a, a[:1]]),
    "a code too few": lambda a: a[:, :-1].copy(),
    "a code too many": lambda a: np.column_stack([a, a[:, 0]]),
    "one dimension": np.ravel,
    "three dimensions": lambda a: a[None],
    "transposed": lambda a: np.ascontiguousarray(a.T),
    "Fortran order": np.asfortranarray,
    "strided": wide,
    "backwards": lambda a: a[::-1],
    "signed bytes": lambda a: a.astype(np.int8),
    "wider": lambda a: a.astype(np.int64),
    "floats": lambda a: a.astype(np.float32),
    "list": lambda a: a.tolist(),
    "None": lambda a: None,
}
WRONG_ERRORS = {
    "too few": lambda e: e[:-1],
    "too many": lambda e: np.append(e, e[:1]),
    "two dimensions": lambda e: e[:, None],
    "strided": wide,
    "backwards": lambda e: e[::-1],
    "float64": lambda e: e.astype(np.float64),
    "integers": lambda e: e.astype(np.int32),
    "big-endian": lambda e: e.astype(">f4"),
    "one number": lambda e: e[0],
    "None": lambda e: None,
}


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("what", WRONG_CODES)
@EVERY_LEVEL
def test_codes_that_do_not_fit_are_refused(level, what, at):
    case = make_case(level)
    encoder, sketch = encode(case)
    with pytest.raises((ValueError, TypeError)):
        search(case, encoder, changed(sketch, at, codes=WRONG_CODES[what]))
    assert_works(case, encoder, sketch)


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("what", WRONG_ERRORS)
@EVERY_LEVEL
def test_errors_that_do_not_fit_are_refused(level, what, at):
    case = make_case(level)
    encoder, sketch = encode(case)
    with pytest.raises((ValueError, TypeError)):
        search(case, encoder, changed(sketch, at, errors=WRONG_ERRORS[what]))
    assert_works(case, encoder, sketch)


def assert_works(case, encoder, sketch):
    for found, expected in zip(search(case, encoder, sketch), brute(case), strict=False):
        np.testing.assert_array_equal(found, expected)


@EVERY_LEVEL
def test_a_sketch_needs_a_pair_for_each_level(level):
    case = make_case(level)
    encoder, sketch = encode(case)
    of_other_widths = [sketch[1], sketch[0], sketch[2]]
    for wrong in ([], sketch[:2], [*sketch, sketch[0]], of_other_widths, [sketch[0][0]] * 3,
                  [(*pair, pair[0]) for pair in sketch], [pair[:1] for pair in sketch],
                  None, 3, "abc", [None] * 3):  # fmt: skip
        with pytest.raises((ValueError, TypeError)):
            search(case, encoder, wrong)
    assert_works(case, encoder, tuple(sketch))


GROUPS = np.zeros(N, np.int64)
WRONG_SEARCHES = {
    "k of zero": {"k": 0},
    "negative k": {"k": -1},
    "more neighbours than rows": {"k": N + 1},
    "no thread": {"n_threads": 0},
    "unknown metric": {"metric": "cosine"},
    "another metric": {"metric": "manhattan"},
    "queries of another type": {"query": np.zeros((4, D))},
    "queries of a strange type": {"query": np.zeros((4, D), np.int32)},
    "wider queries": {"query": np.zeros((4, D + 1), np.float32)},
    "one query": {"query": np.zeros(D, np.float32)},
    "a base of another width": {
        "query": np.zeros((4, D + 1), np.float32), "base": np.zeros((N, D + 1), np.float32),
    },
    "fewer rows than codes": {"base": np.zeros((N - 1, D), np.float32)},
    "more rows than codes": {"base": np.zeros((N + 1, D), np.float32)},
    "no rows": {"base": np.zeros((0, D), np.float32)},
    "exclude_self of others": {"exclude_self": True},
    "groups of queries only": {"query_groups": GROUPS[:4]},
    "groups of the base only": {"base_groups": GROUPS},
    "too few groups": {"query_groups": GROUPS[:4], "base_groups": GROUPS[1:]},
    "too many groups": {"query_groups": GROUPS[:5], "base_groups": GROUPS},
    "groups in two dimensions": {"query_groups": GROUPS[:4, None], "base_groups": GROUPS},
    "groups by name": {"query_groups": np.array(list("abcd")), "base_groups": GROUPS},
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG_SEARCHES)
@EVERY_LEVEL
def test_searches_that_make_no_sense_are_refused(level, what):
    case = make_case(level)
    encoder, sketch = encode(case)
    with pytest.raises((ValueError, TypeError)):
        search(replace(case, **WRONG_SEARCHES[what]), encoder, sketch)
    assert_works(case, encoder, sketch)


@EVERY_LEVEL
def test_each_row_but_itself_leaves_one_less(level):
    case = replace(make_case(level), exclude_self=True)
    case.query = case.base
    encoder, sketch = encode(case)
    assert_works(replace(case, k=N - 1), encoder, sketch)
    with pytest.raises(ValueError, match="k must be"):
        search(replace(case, k=N), encoder, sketch)


@EVERY_LEVEL
def test_an_encoder_of_the_other_metric_is_refused(level):
    case = make_case(level, "manhattan")
    encoder, sketch = encode(case)
    for metric in ("euclidean", "sqeuclidean"):
        with pytest.raises(ValueError, match="metric"):
            search(replace(case, metric=metric), encoder, sketch)


@EVERY_LEVEL
def test_groups_that_leave_too_few_rows_are_an_error_and_no_garbage(level):
    case = make_case(level)
    encoder, sketch = encode(case)
    groups = {"query_groups": GROUPS[:4], "base_groups": GROUPS}
    for left in (0, 1):
        groups["base_groups"] = (np.arange(N) < left).astype(np.int64)
        for find in (lambda this: search(this, encoder, sketch), brute):
            with pytest.raises((ValueError, RuntimeError)):
                find(replace(case, **groups))


@EVERY_LEVEL
@pytest.mark.parametrize("value", [np.nan, -1.0, -np.inf])
def test_errors_that_are_no_lengths_are_refused(level, value):
    case = make_case(level)
    encoder, sketch = encode(case)
    wrong = changed(sketch, 0, errors=lambda e: np.full_like(e, value))
    with pytest.raises(ValueError, match="errors must be 0 or more"):
        search(case, encoder, wrong)


@EVERY_LEVEL
@pytest.mark.parametrize("value", [1e30, np.inf])
def test_errors_of_any_size_are_valid(level, value):
    case = make_case(level)
    encoder, sketch = encode(case)
    assert_works(case, encoder, changed(sketch, 0, errors=lambda e: np.full_like(e, value)))


@EVERY_LEVEL
def test_codes_may_be_read_only(level):
    case = make_case(level)
    encoder, sketch = encode(case)
    for array in (array for pair in sketch for array in pair):
        array.flags.writeable = False
    assert_works(case, encoder, sketch)


@EVERY_LEVEL
def test_misaligned_codes_are_refused(level):
    case = make_case(level)
    encoder, sketch = encode(case)
    with pytest.raises(ValueError, match="aligned"):
        search(case, encoder, [(codes, misaligned(errors)) for codes, errors in sketch])


WRONG_ROWS = [
    np.zeros((3, D + 1), np.float32), np.zeros((3, 0), np.float32), np.zeros(D, np.float32),
    np.zeros((1, 3, D), np.float32), np.zeros((3, D), np.int32), np.zeros((3, D), ">f4"),
    [[0.0] * D] * 3, None,
]  # fmt: skip


@EVERY_LEVEL
def test_rows_that_do_not_fit_an_encoder_are_refused(level):
    case = make_case(level)
    encoder, sketch = encode(case)
    for X in WRONG_ROWS:
        with pytest.raises((ValueError, TypeError)):
            encoder.encode(X, n_threads=1, progress=None)
    with pytest.raises(ValueError, match="n_threads"):
        encoder.encode(case.base, n_threads=0, progress=None)
    with pytest.raises(TypeError):
        encoder.encode(case.base, n_threads=1, progress=3)
    assert_works(case, encoder, sketch)


NAN, INF = np.nan, np.inf
WRONG_CODINGS = {
    "unknown metric": {"metric": "cosine"},
    "no center": {"center": np.zeros(0)},
    "a short center": {"center": np.zeros(D - 1)},
    "a center that is not finite": {"center": np.full(D, NAN)},
    "a unit of zero": {"unit": 0.0},
    "a negative unit": {"unit": -1.0},
    "an infinite unit": {"unit": INF},
    "a unit that is no number": {"unit": NAN},
    "a unit without an inverse": {"unit": 2.0**-1074},
    "a wide basis": {"basis": np.zeros((5, D + 1), np.float32)},
    "too few directions": {"basis": np.zeros((3, D), np.float32)},
    "directions in one dimension": {"basis": np.zeros(5 * D, np.float32)},
    "directions that are not finite": {"basis": np.full((5, D), INF, np.float32)},
    "no level": {"levels": ()},
}
WRONG_LEVELS = {
    "unknown kind": (1, {"kind": "wavelets"}),
    "groups of another metric": (1, {"kind": "groups"}),
    "no width": (1, {"width": 0}),
    "a negative width": (1, {"width": -3}),
    "an enormous width": (1, {"width": 2**62}),
    "more codes than directions": (1, {"width": D + 3, "shift": np.zeros(D + 3)}),
    "a step of zero": (1, {"step": 0.0}),
    "a negative step": (1, {"step": -0.1}),
    "an infinite step": (1, {"step": INF}),
    "a step that is no number": (1, {"step": NAN}),
    "a short shift": (1, {"shift": np.zeros(2)}),
    "a shift that is not finite": (1, {"shift": np.full(5, INF)}),
    "a rotation too small": (1, {"rotation": np.eye(3, dtype=np.float32)}),
    "a rotation that is not finite": (1, {"rotation": np.full((4, 4), NAN, np.float32)}),
    "a negative tilt": (1, {"tilt": -1e-3}),
    "a tilt that is no number": (1, {"tilt": NAN}),
    "no direction at right angles to another": (1, {"tilt": 10.0}),
    "a number of bits there is not": (1, {"bits": 12}),
    "words for features": (2, {"bits": 16}),
    "features left out": (2, {"width": D - 1, "shift": np.zeros(D - 1)}),
}


@pytest.mark.parametrize("what", WRONG_CODINGS)
@EVERY_LEVEL
def test_encoders_that_make_no_sense_are_refused(level, what):
    coding = make_case(level).coding
    with pytest.raises((ValueError, TypeError)):
        replace(coding, **WRONG_CODINGS[what]).encoder(LEVELS[level])


def with_level(coding, at, **attributes):
    levels = list(coding.levels)
    levels[at] = replace(levels[at], **attributes)
    return replace(coding, levels=tuple(levels))


@pytest.mark.parametrize("what", WRONG_LEVELS)
@EVERY_LEVEL
def test_levels_that_make_no_sense_are_refused(level, what):
    at, attributes = WRONG_LEVELS[what]
    with pytest.raises((ValueError, TypeError)):
        with_level(make_case(level).coding, at, **attributes).encoder(LEVELS[level])


@pytest.mark.parametrize(
    "starts", [[], [0, 6], [0, 1, 2, 3, 4], [1, 1, 2, 3, 4, 6], [0, 1, 3, 2, 4, 6],
               [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 7], [-1, 1, 2, 3, 4, 6],
               [0, 2**62, 2**62, 2**62, 2**62, 6]],
)  # fmt: skip
@EVERY_LEVEL
def test_groups_that_are_none_are_refused(level, starts):
    coding = make_case(level, "manhattan").coding
    with pytest.raises(ValueError, match="starts"):
        with_level(coding, 1, starts=np.array(starts, np.int64)).encoder(LEVELS[level])


@pytest.mark.parametrize(
    "order", [[], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 6], [0, 1, 2, 3, 4, -1], [0, 1, 2, 3, 4, 4],
              [0, 1, 2, 3, 4, 2**62]],
)  # fmt: skip
@EVERY_LEVEL
def test_an_order_of_features_names_each_once(level, order):
    coding = make_case(level, "manhattan").coding
    with pytest.raises(ValueError, match=r"feature_order|starts"):
        replace(coding, feature_order=np.array(order, np.int64)).encoder(LEVELS[level])


@EVERY_LEVEL
def test_a_level_without_its_attributes_is_refused(level):
    case = make_case(level)
    for attribute in ("kind", "width", "step", "shift", "rotation", "starts", "tilt"):
        attributes = dict(vars(case.coding.levels[0]))
        del attributes[attribute]
        coding = replace(case.coding, levels=(SimpleNamespace(**attributes),))
        with pytest.raises(AttributeError, match=attribute):
            coding.encoder(LEVELS[level])


@EVERY_LEVEL
def test_a_search_cannot_begin_with_words(level):
    case = make_case(level)
    case.coding = replace(case.coding, levels=case.coding.levels[1:])
    encoder, sketch = encode(case)
    with pytest.raises(ValueError, match="level"):
        search(case, encoder, sketch)


@EVERY_LEVEL
def test_what_is_no_encoder_is_refused(level):
    case = make_case(level)
    _, sketch = encode(case)
    for wrong in (None, case.coding, 3):
        with pytest.raises(TypeError):
            search(case, wrong, sketch)
