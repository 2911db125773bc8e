"""Thousands of searches drawn at random: with codes as without, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from .core_levels import LEVELS
from .pruned_cases import Case, fewest_left, problem_of, random_case, random_chain
from .pruned_codings import CENTERS, ROTATIONS, SHIFTS, make_coding
from .pruned_data import DTYPES
from .reference import METRICS

N_CASES, PER_TEST = 4000, 100


@pytest.mark.parametrize("first", range(0, N_CASES, PER_TEST))
def test_pruned_is_brute_force(first):
    found = [problem_of(random_case(seed)) for seed in range(first, first + PER_TEST)]
    assert [problem for _, problem in found if problem] == []
    # The codes must have spared something, or this proves nothing about them.
    n_pairs, n_measured = np.sum([[counts[0], counts[-1]] for counts, _ in found], axis=0)
    assert n_measured < 0.75 * n_pairs


FINITE = {"uint8": {}} | {
    dtype: {"allow_nan": False, "allow_infinity": False} for dtype in ("float32", "float64")
}
# What shrinks: rows by their numbers, a coding by what it is made of.
CODINGS = st.fixed_dictionaries(
    {
        "center": st.sampled_from(CENTERS),
        "rotation": st.sampled_from(ROTATIONS),
        "shift": st.sampled_from(SHIFTS),
        "coarseness": st.sampled_from([1.0, 0.1, 10.0, 1e-4]),
        "tilted": st.booleans(),
    }
)


@st.composite
def cases(draw):
    """Few rows of any finite numbers there are, the largest and the smallest among them."""
    dtype, metric = draw(st.sampled_from(DTYPES)), draw(st.sampled_from(METRICS))
    n_query, n_base, d = (draw(st.integers(1, most)) for most in (5, 40, 7))
    rows = draw(arrays(dtype, (n_query + n_base, d), elements=FINITE[dtype]))
    query, base = rows[:n_query], rows[n_query:]
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    coding = make_coding(rng, base, metric, random_chain(rng, metric, dtype), **draw(CODINGS))
    case = Case("hypothesis", query, base, base, coding, metric)
    case.level = draw(st.sampled_from(list(LEVELS)))
    case.exclude_self = n_query == n_base > 1
    if draw(st.booleans()):
        groups = draw(arrays(np.int64, n_query + n_base, elements={"min_value": 0, "max_value": 3}))
        case.query_groups, case.base_groups = groups[:n_query], groups[n_query:]
        if fewest_left(case) < 1:
            case.query_groups = case.base_groups = None
    case.k = draw(st.integers(1, int(fewest_left(case))))
    return case


@settings(max_examples=500, deadline=None)
@given(case=cases())
def test_any_finite_numbers(case):
    assert problem_of(case)[1] == ""
