"""The looks at the rows that `plan_search` takes: a probe, and a trial."""

from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from nearplane.neighbors._sketch._choice import choose, not_yet
from nearplane.neighbors._sketch._design import SAMPLED_ROWS, Design, design_sketch
from nearplane.neighbors._sketch._job import Job
from nearplane.neighbors._sketch._plan import LevelPlan, SearchPlan, percent
from nearplane.neighbors._sketch._sample import sample_rows
from nearplane.neighbors._sketch._sketch import Sketch
from nearplane.neighbors._sketch._survivors import Pairs, Question
from nearplane.neighbors._sketch._widths import (
    KINDS,
    candidate_widths,
    default_widths,
    fine_widths,
    wants_features,
)

LOOK = 1 / 20
"""A look may take this part of what brute force takes."""

# To choose among many levels, this part: where anything is to be gained, the usual ones gain nearly
# as much, and what there is to gain is three quarters of brute force.
_LONG_LOOK = 1 / 100

# The probe's level is made for some rows, and tried on a few queries and as many other rows.
_PROBED_WIDTH = 32
_PROBED_ROWS = 256
_PROBED_QUERIES = 16
# If it leaves more than this of the pairs, no longer one skips enough. (Noise: all. Images: a
# tenth.)
_NO_STRUCTURE = 0.6
# Of what it leaves, the first of the usual levels leaves about half, and each level about this part
# of what the one before does.
_BY_EACH_LEVEL = 0.25

# What the levels of a trial are tried on: as many rows as designs look at.
_TRIED_ROWS = SAMPLED_ROWS
_FEWEST_TRIED, _MOST_TRIED, _TRIED_PART = 16, 64, 1 / 256

_FIT_SEED, _PROBE_SEED, _TRIAL_SEED = 2, 3, 4


def probing(job: Job) -> float:
    """Return the seconds that a probe takes."""
    return job.trying(_planned(job, [_PROBED_WIDTH]), _PROBED_ROWS)


def probe(job: Job, question: Question) -> tuple[SearchPlan, Design | None]:
    """Probe the rows, and go on if there is hope.

    Returns
    -------
    plan : SearchPlan
        The decision.
    design : Design or None
        Of the sketch to build, if the decision is for one.
    """
    fit = sample_rows(question.base, _PROBED_ROWS, seed=_FIT_SEED)
    features = wants_features(job.dtype, job.shape[1])
    design = design_sketch(fit, job.metric, widths=[_PROBED_WIDTH], features=features)
    pairs = Pairs.draw(question, _PROBED_QUERIES, _PROBED_ROWS, seed=_PROBE_SEED)
    reach = pairs.estimated_reach()
    shares = pairs.survivors(design, reach)
    structured = shares[0] <= _NO_STRUCTURE
    hopes = [_hope(job, shares[0])] if structured else []
    if features:  # which need no structure
        last = (LevelPlan("features", job.shape[1], shares[-1]),)
        hopes += [last, *(hope + last for hope in hopes)]
    if not hopes:
        return job.use_brute(
            f"No structure: a short code leaves {percent(shares[0])} of the pairs, and longer ones "
            "would hardly leave fewer."
        ), None
    verdicts = [not_yet(job, hope, job.trying(hope, SAMPLED_ROWS)) for hope in hopes]
    refusals = [verdict for verdict in verdicts if verdict is not None]
    if len(refusals) == len(hopes):
        return min(refusals, key=lambda verdict: verdict.reconsider_at), None
    return _trial(job, question, pairs, reach, structured)


def survivors_of(question: Question, sketch: Sketch) -> list[float]:
    """Return the share of the pairs that each level of a sketch leaves, on a sample."""
    pairs = Pairs.draw(question, _PROBED_QUERIES, _TRIED_ROWS, seed=_TRIAL_SEED)
    return pairs.survivors(sketch.design, pairs.estimated_reach(), sketch.coded)


def _trial(
    job: Job, question: Question, probed: Pairs, reach: NDArray[np.float64], structured: bool
) -> tuple[SearchPlan, Design | None]:
    """Design a sketch and choose among its levels.

    If there is time for that, among many levels, by the survivors of queries whose neighbours are
    known; else among the usual ones, by what the probe says of how far neighbours are.
    """
    family, n_features = job.metric, job.shape[1]
    widths = candidate_widths(family, n_features) if structured else []
    fine = fine_widths(family, n_features) if structured else []
    n_tried = int(min(max(_FEWEST_TRIED, _TRIED_PART * job.n_total), _MOST_TRIED))
    look = job.trying(_planned(job, [*widths, *fine]), SAMPLED_ROWS) + job.brute(n_tried)
    if look > _LONG_LOOK * job.n_total * job.brute_rate:
        usual: list[int] | None = None if structured else []
        design = design_sketch(question.base, family, widths=usual)
        return choose(job, design, probed.survivors(design, reach))
    pairs = Pairs.draw(question, n_tried, _TRIED_ROWS, seed=_TRIAL_SEED)
    if pairs.question is question:
        start = perf_counter()
        reach = pairs.exact_reach()
        job = replace(job, slowness=(perf_counter() - start) / job.brute(n_tried))
    else:
        reach = pairs.estimated_reach()
    design = design_sketch(question.base, family, widths=widths, fine_widths=fine)
    return choose(job, design, pairs.survivors(design, reach))


def _planned(job: Job, widths: list[int]) -> tuple[LevelPlan, ...]:
    """Return the levels that a design of these widths has."""
    levels = [LevelPlan(KINDS[job.metric], width) for width in widths]
    if wants_features(job.dtype, job.shape[1]):
        levels.append(LevelPlan("features", job.shape[1]))
    return tuple(levels)


def _hope(job: Job, share: float) -> tuple[LevelPlan, ...]:
    """Return the usual levels, and what the share left by the probe lets one hope of them."""
    widths = default_widths(job.metric, job.shape[1])
    return tuple(
        LevelPlan(KINDS[job.metric], width, share * _BY_EACH_LEVEL ** (i + 0.5))
        for i, width in enumerate(widths)
    )
