"""`plan_search`: when a sketch is used, which one, and how often that is thought over."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from nearplane.datasets import make_natural_images
from nearplane.neighbors._sketch import (
    COSTS,
    LevelPlan,
    SearchPlan,
    Sketch,
    design_sketch,
    plan_search,
)
from nearplane.neighbors._sketch import _policy as policy
from nearplane.neighbors._sketch._choice import choose
from nearplane.neighbors._sketch._costs import FeatureCosts
from nearplane.neighbors._sketch._job import Job
from nearplane.neighbors._sketch._survivors import Pairs, Question

from . import reference
from .pruned_data import KINDS, make_rows
from .sketch_reference import survivors

METRICS = ("euclidean", "sqeuclidean", "manhattan")


@pytest.fixture(scope="module")
def images():
    rows = make_natural_images(2500, (16, 16, 3), random_state=0)[0].reshape(2500, -1)
    return rows.astype(np.float32)


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).random((2500, 768), np.float32)


def costs_of(*, brute=1.0, look=1.0, coding=1.0):
    """Costs of which brute force over floats, looks, and coding are so many times as large."""
    feature = {
        (metric, dtype): cost
        if dtype == "uint8"
        else replace(cost, tile=cost.tile * brute, pair=cost.pair * brute)
        for (metric, dtype), cost in COSTS.feature.items()
    }
    factors = dict.fromkeys(("call", "sampled", "direction", "turning", "halving"), look)
    factors |= dict.fromkeys(("gather", "multiply_add", "code"), coding)
    scaled = {name: getattr(COSTS, name) * factor for name, factor in factors.items()}
    return replace(COSTS, feature=feature, **scaled)


# Where a look takes next to nothing beside brute force.
SLOW = costs_of(brute=1e4)
# Where looks and sketches come for nothing.
FREE = replace(costs_of(look=0, coding=0), query=0, pair=0)
# Where brute force is slow, yet not by enough for more than a short look.
HASTY = costs_of(brute=1e4, look=100)


def plan(queries, base, k=3, metric="euclidean", **options):
    return plan_search(queries, base, k, metric, **{"n_threads": 1, "costs": SLOW, **options})


@pytest.fixture
def no_looks(monkeypatch):
    """Whoever looks at the rows fails."""
    for look in ("probe", "survivors_of"):
        monkeypatch.setattr(policy, look, None)


# --- the verdict


@pytest.mark.parametrize("metric", METRICS)
def test_short_searches_are_not_worth_a_look(images, metric, no_looks):
    found, design = plan(images[:5], images, metric=metric, costs=COSTS)
    assert (found.algorithm, design) == ("brute", None)
    assert 5 < found.reconsider_at < inf
    assert found.n_queries == 5
    assert found.predicted_seconds == found.brute_seconds > 0


def test_rows_of_few_features_are_not_worth_a_look(images, no_looks):
    found, design = plan(images[:, :12], images[:, :12])
    assert (found.algorithm, design) == ("brute", None)
    assert "12 features" in found.reason


def test_many_neighbours_are_not_worth_a_look(images, no_looks):
    assert plan(images, images, k=1000)[0].algorithm == "brute"


@pytest.mark.parametrize("metric", METRICS)
def test_noise_of_bytes_is_left_to_brute_force(noise, metric):
    rows = (noise * 256).astype(np.uint8)
    found, design = plan(rows[:500], rows, metric=metric, costs=FREE)
    assert (found.algorithm, design) == ("brute", None)
    assert "No structure" in found.reason
    assert found.reconsider_at == inf


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("costs", [SLOW, HASTY], ids=["slow", "hasty"])
def test_noise_of_floats_is_compared_as_bytes_first(noise, costs, metric):
    found, design = plan(noise[:500], noise, metric=metric, costs=costs)
    assert found.algorithm == "pruned"
    [level] = design.levels
    assert (level.kind, level.width) == ("features", 768)
    assert len(design.basis) == len(design.feature_order) == 0
    assert found.levels[0].predicted_survivors < 0.2


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("costs", [SLOW, HASTY], ids=["slow", "hasty"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_of_images_a_sketch_is_made(images, dtype, costs, metric):
    base, query = images[100:].astype(dtype), images[:100].astype(dtype)
    found, design = plan(query, base, metric=metric, costs=costs)
    assert found.algorithm == "pruned"
    assert [(level.kind, level.width) for level in found.levels] == [
        (level.kind, level.width) for level in design.levels
    ]
    assert found.predicted_seconds + found.build_seconds < found.brute_seconds
    sketch = Sketch.build(base, metric, design, n_threads=1)
    assert found.bytes_per_row == sketch.bytes_per_row
    truth = survivors(sketch, query[:10], base[:500], 3)
    for level, share in zip(found.levels, truth, strict=True):
        assert level.predicted_survivors < 3 * share + 0.01


def test_bytes_are_planned_for_too(images):
    bytes_ = images.astype(np.uint8)
    found, design = plan(bytes_[:500], bytes_, costs=FREE)
    assert found.algorithm == "pruned"
    assert "features" not in [level.kind for level in design.levels]


def test_what_takes_too_long_to_build_is_not_built(images, monkeypatch):
    monkeypatch.setattr(policy, "LOOK", 1.0)
    found, design = plan(images[:100], images, costs=costs_of(brute=1e4, coding=1e4))
    assert (found.algorithm, design) == ("brute", None)
    assert "would pay from about" in found.reason
    assert 100 < found.reconsider_at < inf


def test_levels_of_16_bits_come_second_to_those_of_8(images):
    design = design_sketch(images, "euclidean", widths=[16, 64], fine_widths=[16], features=False)
    assert [level.bits for level in design.levels] == [8, 16, 8]
    job = Job(500, 500, 3, images.shape, "euclidean", "float32", 1, SLOW)
    found, kept = choose(job, design, [0.1, 0.001, 0.09])
    assert [(level.width, level.bits) for level in kept.levels] == [(16, 8), (16, 16)]
    assert "projection 16 x 16 bits" in str(found)
    sketch = Sketch.build(images, "euclidean", kept, n_threads=1)
    assert found.bytes_per_row == sketch.bytes_per_row


def test_levels_are_chosen_by_their_costs(images):
    design = design_sketch(images, "euclidean", widths=[16, 32, 64], features=False)

    cost = FeatureCosts(tile=100.0, pack=0.0, pair=1.0)  # brute force is out of the question
    feature = dict.fromkeys(COSTS.feature, cost)
    free = replace(FREE, feature=feature, filter={"euclidean": 1.0}, measure=0.0, streaming=1.0)

    def widths(**costs):
        job = Job(500, 500, 3, images.shape, "euclidean", "float32", 1, replace(free, **costs))
        return [level.width for level in choose(job, design, [0.2, 0.02, 0.01])[1].levels]

    # A pair costs its bytes, and in the end 768 for its features.
    assert widths() == [16, 32, 64]
    assert widths(pair=1e3) == [32]
    assert widths(pair=1e3, measure=1e4) == [32, 64]
    assert widths(pair=1e4, measure=1e4) == [64]
    assert widths(code=1e6) == [16]


# --- what is already known


def test_a_sketch_is_built_once_it_would_have_paid(images, monkeypatch):
    monkeypatch.setattr(policy, "LOOK", 1.0)
    costs = costs_of(brute=1e4, coding=1e3)
    found, _ = plan(images[:6], images, costs=costs)
    assert found.algorithm == "brute"
    known = {"costs": costs, "n_queries_before": 6, "previous": found}
    again, design = plan(images[:1], images, **known)
    assert (again.algorithm, design) == ("brute", None)
    known |= {"n_queries_before": int(found.reconsider_at) + 1, "previous": again}
    later, design = plan(images[:6], images, **known)
    assert later.algorithm == "pruned"
    assert design is not None


@pytest.mark.parametrize("data", ["images", "noise"])
def test_a_plan_that_holds_is_not_thought_over(data, images, noise, monkeypatch):
    rows, costs = (images, SLOW) if data == "images" else ((noise * 256).astype(np.uint8), FREE)
    found, design = plan(rows[:500], rows, costs=costs)
    assert found.algorithm == ("pruned" if data == "images" else "brute")
    sketch = design and Sketch.build(rows, "euclidean", design, n_threads=1)
    counts = np.array([10**6, 3000, 1000, 500, 200])[: len(found.levels) + 1]
    found = found.measured(2.0, 500, counts if sketch else None)
    monkeypatch.setattr(policy, "probe", None)
    monkeypatch.setattr(policy, "survivors_of", None)
    for n, k in ((1, 3), (250, 2), (0, 6)):
        again, nothing = plan(
            rows[:n], rows, k, costs=costs, sketch=sketch, previous=found, n_queries_before=500
        )
        assert nothing is None
        assert again.algorithm == found.algorithm
        assert again.reason == found.reason
        assert again.n_queries == n
        assert again.measured_seconds is None
        assert again.predicted_seconds == pytest.approx(2.0 * n / 500)
        assert all(level.measured_survivors is None for level in again.levels)


def test_another_k_is_looked_at_anew(images):
    found, design = plan(images[:500], images, k=3)
    sketch = Sketch.build(images, "euclidean", design, n_threads=1)
    known = {"sketch": sketch, "n_queries_before": 500}
    more, nothing = plan(images[:500], images, k=20, previous=found, **known)
    assert (more.algorithm, nothing) == ("pruned", None)
    assert more.n_neighbors == 20
    for level, few in zip(more.levels, found.levels, strict=True):
        assert level.predicted_survivors > few.predicted_survivors
    costly = replace(SLOW, measure=1e12)
    refused, nothing = plan(images[:500], images, k=50, previous=more, costs=costly, **known)
    assert (refused.algorithm, nothing) == ("brute", None)
    assert plan(images[:500], images, k=50, previous=refused, **known)[0].reason == refused.reason
    assert plan(images[:500], images, k=3, previous=refused, **known)[0].algorithm == "pruned"


def test_a_smaller_k_is_given_another_chance(images):
    found, _ = plan(images[:100], images, k=2000)
    assert found.algorithm == "brute"
    again, design = plan(images[:100], images, k=3, previous=found, n_queries_before=100)
    assert again.algorithm == "pruned"
    assert design is not None


def test_a_sketch_that_left_too_much_is_left_alone(images):
    found, design = plan(images[:500], images)
    sketch = Sketch.build(images, "euclidean", design, n_threads=1)
    known = {"sketch": sketch, "n_queries_before": 500}
    all_left = np.full(len(found.levels) + 1, 10**6)
    few = found.measured(1.0, 1, all_left)
    assert plan(images[:500], images, previous=few, **known)[0].algorithm == "pruned"
    after, _ = plan(images[:500], images, previous=found.measured(1.0, 500, all_left), **known)
    assert after.algorithm == "brute"
    assert "left 100" in after.reason
    assert plan(images[:500], images, previous=after, **known)[0].algorithm == "brute"


# --- samples


def question(query, base, k, metric="euclidean", groups=None):
    return Question(query, base, k, metric, groups, 1)


@pytest.mark.parametrize("metric", METRICS)
def test_the_exact_reach_is_the_distance_of_the_last_neighbour(images, metric):
    asked = question(images[:50], images[50:900], 4, metric)
    pairs = Pairs.draw(asked, 20, 10, seed=0)
    truth, _ = reference.argkmin(images[pairs.queries], asked.base, 4, asked.family)
    np.testing.assert_allclose(pairs.exact_reach(), truth[:, -1])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("k", [1, 10, 100])
def test_the_estimated_reach_is_not_far_off(images, metric, k):
    asked = question(images[:50], images[50:], k, metric)
    pairs = Pairs.draw(asked, 30, 256, seed=0)
    ratio = np.median(pairs.estimated_reach() / pairs.exact_reach())
    assert 0.8 < ratio < 1.25


def test_the_reach_of_a_row_leaves_out_itself_and_its_group(images):
    groups = np.repeat(np.arange(60), 2)
    base = np.repeat(images[:60], 2, axis=0)
    alone = question(base, base, 1, groups=(np.arange(120), np.arange(120)))
    grouped = question(base, base, 1, groups=(groups, groups))
    for asked, nothing in ((alone, True), (grouped, False)):
        pairs = Pairs.draw(asked, 120, 120, seed=0)
        np.testing.assert_array_equal(pairs.exact_reach() == 0, nothing)
        assert np.isinf(pairs.distances().diagonal()).all()


def test_too_few_queries_are_replaced_by_rows(images):
    pairs = Pairs.draw(question(images[:3], images[3:], 1), 16, 64, seed=0)
    assert len(pairs.queries) == 16
    np.testing.assert_array_equal(np.isinf(pairs.distances()), pairs.queries[:, None] == pairs.rows)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_any_rows_can_be_planned_for(kind, metric):
    for n, k in ((1, 1), (10, 2), (200, 3)):
        query, base = make_rows(kind, np.random.default_rng(0), 40, n, 40)
        for options in (
            {},
            {"exclude_self": True},
            {"groups": (np.zeros(40, int), np.ones(n, int))},
        ):
            asking = base if "exclude_self" in options and n > 1 else query
            found, design = plan(
                asking, base, k, metric, costs=FREE, n_queries_before=10**4, **options
            )
            assert (found.algorithm == "pruned") == (design is not None)


def test_a_plan_for_no_queries_is_brute_force(images):
    found, design = plan(images[:0], images)
    assert (found.algorithm, design) == ("brute", None)
    assert found.n_queries == 0


# --- what users see


def test_a_plan_keeps_what_was_measured():
    levels = (LevelPlan("groups", 64, 0.1), LevelPlan("groups", 256, 0.01))
    planned = SearchPlan("pruned", "It pays.", 100, 5, levels, 328, 1.5, 2.0)
    done = planned.measured(2.5, 100, np.array([1000, 150, 20]), build_seconds=1.25)
    assert [level.measured_survivors for level in done.levels] == [0.15, 0.02]
    assert [level.predicted_survivors for level in done.levels] == [0.1, 0.01]
    assert (done.measured_seconds, done.build_seconds, done.predicted_seconds) == (2.5, 1.25, 2.0)
    assert planned.measured_seconds is None
    assert done.measured(1.0, 7).build_seconds == 1.25
    assert done.measured(1.0, 0, np.zeros(3, int)).levels == done.levels
    assert planned.measured(1.0, 2, np.array([10, 11, 11])).levels[0].measured_survivors == 1


def test_a_plan_reads_line_by_line():
    levels = (LevelPlan("groups", 64, 0.1, 0.15), LevelPlan("features", 3072, 0.00012))
    plan = SearchPlan("pruned", "It pays.", 1000, 5, levels, 3144, 1.5, 2.0, 2.5, 30.0)
    assert str(plan).splitlines() == [
        "algorithm       pruned",
        "reason          It pays.",
        "queries         1,000",
        "sketch          3,144 bytes a row, built in 1.5 s",
        "groups 64       leaves 15 % (10 % predicted) of the pairs",
        "features 3,072  leaves 0.012 % predicted of the pairs",
        "search          2.5 s (2.0 s predicted)",
        "brute force     30 s predicted",
    ]


def test_what_was_asked_for_is_said(images):
    brute = SearchPlan.asked_for("brute")
    assert str(brute).splitlines() == [
        "algorithm  brute",
        'reason     algorithm="brute" was asked for.',
    ]
    sketch = Sketch.build(images[:50], "manhattan", n_threads=1)
    pruned = SearchPlan.asked_for("pruned", sketch, 0.012)
    assert pruned.bytes_per_row == sketch.bytes_per_row
    assert [level.width for level in pruned.levels] == [level.width for level in sketch.levels]
    assert "built in 12 ms" in str(pruned)
    assert "not used yet" in str(pruned)
    with pytest.raises(AttributeError):
        pruned.reason = ""
