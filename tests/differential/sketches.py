"""Searches by codes, and the codes themselves."""

from dataclasses import replace

import numpy as np

from ..core_levels import LEVELS
from ..encoder_checks import assert_bounds, assert_codes
from ..layouts import LAYOUTS
from ..pruned_cases import encode, mostly_first, random_case, random_chain, search
from ..pruned_codings import CENTERS, ROTATIONS, SHIFTS, make_coding
from ..pruned_data import KINDS, WIDTHS, make_rows
from .drawing import Case, case_of, laid_out, pick, threads
from .searches import assert_found, nearest


def draw_search(rng):
    """A search of the kind that `pruned_cases` draws, here at every level."""
    drawn = random_case(int(rng.integers(2**40)))
    left_out = np.zeros((len(drawn.query), len(drawn.base)), bool)
    if drawn.query_groups is not None:
        left_out |= np.equal.outer(drawn.query_groups, drawn.base_groups)
    if drawn.exclude_self:
        left_out |= np.eye(*left_out.shape, dtype=bool)
    expected = nearest(drawn.query, drawn.base, drawn.k, drawn.metric, left_out=left_out)

    def check(level):
        at_this = replace(drawn, level=level)
        found = search(at_this, *encode(at_this))
        assert_found(found[:2], expected)

    return Case(str(drawn), check)


def draw_codes(rng):
    """Codes are the nearest to the coordinates; errors are true; no bound exceeds a distance."""
    kind, metric = KINDS[rng.integers(len(KINDS))], pick(rng, ("euclidean", "manhattan"))
    d = pick(rng, WIDTHS) if rng.random() < 0.5 else int(rng.integers(1, 80))
    query, base = make_rows(kind, rng, int(rng.integers(1, 9)), int(rng.integers(1, 40)), d)
    coding = make_coding(
        rng, base, metric, random_chain(rng, metric, kind[1]), center=mostly_first(rng, CENTERS),
        rotation=mostly_first(rng, ROTATIONS), shift=mostly_first(rng, SHIFTS),
    )  # fmt: skip
    query, base = (laid_out(rng, X, LAYOUTS) for X in (query, base))
    n_threads = threads(rng)

    def check(level):
        encoder = coding.encoder(LEVELS[level])
        sketches = [encoder.encode(X, n_threads=n_threads, progress=None) for X in (query, base)]
        assert_bounds(coding, query, base, sketches)
        for X, sketch in zip((query, base), sketches, strict=True):
            assert_codes(coding, X, sketch)

    return case_of(check, query, base, kind=kind[0], metric=metric, levels=len(coding.levels))
