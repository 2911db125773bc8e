"""A stand-in for the planner of searches, which says what it is told to."""

from dataclasses import replace

from nearplane.neighbors._sketch import SearchPlan, design_sketch
from nearplane.neighbors._sketch._plan import level_plans


class Planner:
    """Takes the place of `plan_search` and keeps what it was asked."""

    def __init__(self, algorithm):
        self.algorithm = algorithm
        self.asked = []

    def __call__(self, queries, base, k, metric, **known):
        self.asked.append(known)
        plan = SearchPlan.asked_for(self.algorithm, known["sketch"])
        if self.algorithm == "brute" or known["sketch"] is not None:
            return plan, None
        design = design_sketch(base, metric)
        return replace(plan, levels=level_plans(design.levels)), design
