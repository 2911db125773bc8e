"""Sketches: short codes of rows that tell which of them need no measuring.

`Design` says what is kept of a row, `Sketch` holds it of all rows, and `plan_search` decides
whether that is worth while.
"""

from nearplane.neighbors._sketch._costs import COSTS, Costs
from nearplane.neighbors._sketch._design import Design, design_sketch
from nearplane.neighbors._sketch._level import Level
from nearplane.neighbors._sketch._plan import LevelPlan, SearchPlan
from nearplane.neighbors._sketch._policy import plan_search
from nearplane.neighbors._sketch._sketch import Sketch

__all__ = [
    "COSTS",
    "Costs",
    "Design",
    "Level",
    "LevelPlan",
    "SearchPlan",
    "Sketch",
    "design_sketch",
    "plan_search",
]
