"""``algorithm="auto"``: whether a sketch pays, and which.

Three looks, each closer than the one before and taken only if brute force would take so much longer
that the look does not matter, and if what was seen is promising:

1. Arithmetic: how long brute force takes.
2. A *probe*: one short level for some hundred rows, tried on a few others.
3. A *trial*: levels for all rows, tried on sampled pairs. If brute force takes very long, there are
   many levels to choose from, and a few queries are answered by brute force: that tells how near
   neighbours are and how fast the machine is. Else there are the usual levels, and one guesses.

How many queries are still to come is not known. As when one rents skis, those so far are what to
expect of the future: a sketch is built once it would have paid for them.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane.neighbors._sketch._costs import COSTS, Costs
from nearplane.neighbors._sketch._design import Design
from nearplane.neighbors._sketch._job import Job
from nearplane.neighbors._sketch._looks import LOOK, probe, probing, survivors_of
from nearplane.neighbors._sketch._plan import SearchPlan, duration, level_plans, percent
from nearplane.neighbors._sketch._sketch import Groups, Sketch
from nearplane.neighbors._sketch._survivors import Question
from nearplane.neighbors._sketch._widths import family_of

# A distance of so few features takes hardly longer than to decide whether to compute it.
_SHORTEST_ROWS = 16

# With as many neighbours as this part of the rows, too little can be skipped.
_LARGEST_K = 0.25

# A plan holds for up to so many times the k it was made for, and down to as small a part.
_SIMILAR_K = 2
# A sketch was a mistake if what it left makes it slower than brute force, by enough to be sure. How
# few queries fare says little.
_MISTAKE = 1.2
_FEW_QUERIES = 32


def plan_search(
    queries: NDArray[Any],
    base: NDArray[Any],
    k: int,
    metric: str,
    *,
    exclude_self: bool = False,
    groups: Groups | None = None,
    n_queries_before: int = 0,
    sketch: Sketch | None = None,
    previous: SearchPlan | None = None,
    n_threads: int,
    costs: Costs = COSTS,
) -> tuple[SearchPlan, Design | None]:
    """Decide how to find the neighbours of these queries.

    Parameters
    ----------
    queries, base, k, metric, exclude_self, groups, n_threads
        As `Sketch.search` takes them.
    n_queries_before : int, default=0
        How many queries have been asked of these rows before.
    sketch : Sketch, default=None
        Of these rows, if there is one.
    previous : SearchPlan, default=None
        The last plan for these rows, with what its search has taken. As long as it holds, deciding
        again takes microseconds.
    costs : Costs, default=COSTS
        What everything costs.

    Returns
    -------
    plan : SearchPlan
        The decision.
    design : Design or None
        What to build first; None if nothing is to be built.
    """
    job = Job(
        n_queries=len(queries),
        n_total=n_queries_before + len(queries),
        k=k,
        shape=(base.shape[0], base.shape[1]),
        metric=family_of(metric),
        dtype=base.dtype.name,
        n_threads=n_threads,
        costs=costs,
    )
    plan = _as_before(job, previous, sketch) or _at_a_glance(job, sketch)
    if plan is not None:
        return plan, None
    if exclude_self and groups is None:
        rows = np.arange(len(base))
        groups = rows, rows
    question = Question(queries, base, k, metric, groups, n_threads)
    if sketch is not None:
        return _with_sketch(job, question, sketch), None
    return probe(job, question)


def _as_before(job: Job, previous: SearchPlan | None, sketch: Sketch | None) -> SearchPlan | None:
    """Return the previous plan for this search, if it still holds."""
    if previous is None or previous.n_neighbors is None:
        return None
    if previous.algorithm == "brute":
        waiting = sketch is not None or job.n_total < previous.reconsider_at
        if not waiting or job.k * _SIMILAR_K < previous.n_neighbors:
            return None
    elif sketch is None or job.k > _SIMILAR_K * previous.n_neighbors:
        return None
    if _was_a_mistake(job, previous):
        left = percent(previous.levels[-1].measured_survivors or 0.0)
        return job.use_brute(f"The sketch has left {left} of the pairs: too many to save time.")
    scale = job.n_queries / max(1, previous.n_queries)
    seconds = previous.measured_seconds or previous.predicted_seconds
    return replace(
        previous,
        n_queries=job.n_queries,
        levels=tuple(replace(level, measured_survivors=None) for level in previous.levels),
        predicted_seconds=None if seconds is None else scale * seconds,
        measured_seconds=None,
        brute_seconds=job.n_queries * job.brute_rate,
    )


def _was_a_mistake(job: Job, plan: SearchPlan) -> bool:
    """Return whether a search by sketch left so many pairs that brute force would be faster."""
    shares = [level.measured_survivors for level in plan.levels]
    if plan.n_queries < _FEW_QUERIES or None in shares or not shares:
        return False
    levels = [replace(level, predicted_survivors=level.measured_survivors) for level in plan.levels]
    as_measured = replace(job, n_queries=plan.n_queries, costs=replace(job.costs, streaming=1.0))
    return as_measured.pruned_rate(levels) > _MISTAKE * as_measured.brute_rate


def _at_a_glance(job: Job, sketch: Sketch | None) -> SearchPlan | None:
    """Return the plan if no look at the rows is needed, or worth while."""
    n_rows, n_features = job.shape
    if n_features < _SHORTEST_ROWS:
        return job.use_brute(
            f"Rows of {n_features} features are compared as fast as shorter codes would be."
        )
    if job.k > n_rows * _LARGEST_K:
        return job.use_brute(f"k = {job.k:,} is a large part of {n_rows:,} rows.")
    brute = job.n_total * job.brute_rate
    look = probing(job)
    if sketch is None and LOOK * brute < look:
        enough = look / (LOOK * job.brute_rate)
        return job.use_brute(
            f"Brute force takes {duration(brute)} for {job.total_queries}: too little to look for "
            "something better.",
            enough,
        )
    return None


def _with_sketch(job: Job, question: Question, sketch: Sketch) -> SearchPlan:
    """Decide whether to use a sketch that is there, for another k than it was made for."""
    levels = level_plans(sketch.levels, survivors_of(question, sketch))
    if job.pruned_rate(levels) > job.brute_rate:
        left = percent(levels[-1].predicted_survivors or 0.0)
        return job.use_brute(f"With k = {job.k:,} the sketch would leave {left} of the pairs.")
    return job.use_sketch(f"There is a sketch, and it pays for k = {job.k:,} too.", levels, None)
