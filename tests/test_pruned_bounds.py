"""Rows on the very edge of their bounds: right with every error counted, wrong with any less.

Each safety term is taken away from the arrays that a search is given, and an answer must go wrong:
so the rows and the comparison with brute force would give away a core that forgot the term.
"""

from dataclasses import replace

import numpy as np
import pytest

from .core_levels import LEVELS
from .pruned_cases import Case, brute, encode, search
from .pruned_reference import NO_ROTATION, NO_STARTS, Coding, Level, tilt_of
from .pruned_tight import FEATURE_STEP, LINES, UNIT, make_line, places

WIDTHS = (9, 63, 65)
TIGHT = [
    (kind, metric, dtype, width)
    for kind, metric in LINES
    for dtype in ("uint8", "float32", "float64")
    for width in WIDTHS
    if (kind, dtype) != ("features", "uint8")
]
N_OTHERS = 600


def tight_case(level, kind, metric, dtype, width):
    """A case whose nearest row comes last, behind many that are hardly farther.

    A search may spare itself the bound of the very few rows with the largest errors, so there is
    one far away whose error is larger.
    """
    rng = np.random.default_rng(0)
    line = make_line(rng, kind, metric, width)
    query, nearest, others = places()
    base = line.rows([others] * N_OTHERS + [14.5, nearest], dtype)
    rows = line.rows([query] * 5, dtype)
    return Case("tight", rows, base, base, line.coding, metric, n_threads=1, level=level)


def is_right(case, encoder, sketch):
    found, expected = search(case, encoder, sketch), brute(case)
    return all(f.tobytes() == e.tobytes() for f, e in zip(found, expected, strict=False))


def halved(codes, errors):
    return codes, errors / 2


def forgotten(codes, errors):
    return codes, np.zeros_like(errors)


def mostly_counted(codes, errors):
    return codes, errors * np.float32(0.7)


def forgotten_for_one_row(codes, errors):
    return codes, np.concatenate([errors[:-1], errors[-1:] * 0])


def one_code_too_far(codes, errors):
    return np.concatenate([codes[:-1], codes[-1:] - 1]), errors


def of_another_row(codes, errors):
    return np.concatenate([codes[:-1], codes[-2:-1]]), errors


BREAKS = [
    halved,
    forgotten,
    mostly_counted,
    forgotten_for_one_row,
    one_code_too_far,
    of_another_row,
]


@pytest.mark.parametrize(("kind", "metric", "dtype", "width"), TIGHT)
@pytest.mark.parametrize("level", LEVELS)
def test_an_error_that_is_too_small_is_found_out(level, kind, metric, dtype, width):
    case = tight_case(level, kind, metric, dtype, width)
    encoder, [sketch] = encode(case)
    assert is_right(case, encoder, [sketch])
    for make_wrong in BREAKS:
        assert not is_right(case, encoder, [make_wrong(*sketch)]), make_wrong.__name__


@pytest.mark.parametrize(("kind", "metric", "dtype", "width"), TIGHT)
@pytest.mark.parametrize("level", LEVELS)
def test_another_step_than_that_of_the_codes_is_found_out(level, kind, metric, dtype, width):
    case = tight_case(level, kind, metric, dtype, width)
    _, sketch = encode(case)
    [coded] = case.coding.levels
    query = places()[0] * coded.step
    for wrong in (
        replace(coded, step=1.1 * coded.step, shift=np.full(width, -0.1 * query)),
        replace(coded, shift=coded.shift - coded.step),
    ):
        encoder = replace(case.coding, levels=(wrong,)).encoder(LEVELS[level])
        assert not is_right(case, encoder, sketch)


@pytest.mark.parametrize(("kind", "metric", "dtype", "width"), TIGHT)
@pytest.mark.parametrize("level", LEVELS)
def test_a_wrong_error_is_found_out_at_a_later_level_too(level, kind, metric, dtype, width):
    case = tight_case(level, kind, metric, dtype, width)
    [fine] = case.coding.levels
    coarse = replace(fine, step=fine.step * 50)  # it lets everything pass
    if kind == "projection":
        fine = replace(fine, bits=16)
    case.coding = replace(case.coding, levels=(coarse, fine))
    encoder, [first, second] = encode(case)
    assert is_right(case, encoder, [first, second])
    for make_wrong in BREAKS:
        assert not is_right(case, encoder, [first, make_wrong(*second)]), make_wrong.__name__


def tilted_case(level, dtype, stretch):
    """Queries and their nearest rows lie along the one direction, which is too long.

    Others are a little farther, in directions that no code sees.
    """
    along, beside, across = np.eye(3)
    basis = (stretch * along[None]).astype(np.float32)
    far, beyond = 8 * FEATURE_STEP, 100.0
    query = -far / 2 * along + beyond * beside
    nearest = far / 2 * along + beyond * beside
    # As far from what is left out as the query, in another direction: 1 + stretch in mid-distance.
    angle = 2 * np.arcsin((1 + stretch) / 2 * far / 2 / beyond)
    others = -far / 2 * along + beyond * (np.cos(angle) * beside + np.sin(angle) * across)
    seen = float(basis[0, 0]) * far / 2 / UNIT
    left_out = np.sqrt((query / UNIT) @ (query / UNIT) - seen**2)
    shift = np.array([0.0, left_out])
    coded = Level("projection", 2, seen / 100, shift, tilt=tilt_of(basis, 1, NO_ROTATION))
    coding = Coding("euclidean", np.zeros(3), UNIT, basis, NO_STARTS, (coded,))
    odd = np.array([5.3 * FEATURE_STEP, 0, 0])  # with the largest error, see above
    base = np.array([others] * N_OTHERS + [odd, nearest], dtype)
    query = np.array([query] * 5, dtype)
    return Case("tilted", query, base, base, coding, "euclidean", level=level)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("stretch", [1.04, 1.01, 1.001])
@pytest.mark.parametrize("level", LEVELS)
def test_directions_that_are_too_long_are_found_out(level, stretch, dtype):
    case = tilted_case(level, dtype, stretch)
    encoder, sketch = encode(case)
    assert is_right(case, encoder, sketch)
    [coded] = case.coding.levels
    case.coding = replace(case.coding, levels=(replace(coded, tilt=0.0),))
    encoder, sketch = encode(case)
    assert not is_right(case, encoder, sketch)


@pytest.mark.parametrize("level", LEVELS)
def test_rows_that_cannot_be_coded_are_never_lost(level):
    """An infinite error stands for anything, whatever its codes are."""
    case = tight_case(level, "features", "euclidean", "float32", 9)
    encoder, [(codes, errors)] = encode(case)
    errors[-1] = np.inf
    for code in (0, 255):
        codes[-1] = code
        assert is_right(case, encoder, [(codes, errors)])
    errors[:] = np.inf
    assert is_right(case, encoder, [(codes, errors)])
    counts = search(case, encoder, [(codes, errors)])[2]
    assert (counts == len(case.query) * len(case.base)).all()
