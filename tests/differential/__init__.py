"""Cases drawn at random, each from its number alone, which every ISA level must answer as NumPy.

Subjects draw a case: what is asked, and a check of one level's answer against an oracle of a few
lines. ``python -m tests.differential SEED`` asks for one again and says what is wrong.
"""

import traceback
import warnings

import numpy as np

from ..core_levels import LEVELS
from . import clusters, cosines, distances, images, linear, searches, sketches, votes, words
from .drawing import Case, pick
from .levels import at_level

# How often each subject is drawn, in parts of the sum.
SUBJECTS = {
    distances.draw_matrix: 12,
    distances.draw_bad_value: 2,
    searches.draw_argkmin: 14,
    searches.draw_estimator: 6,
    searches.draw_groups: 4,
    sketches.draw_search: 10,
    sketches.draw_codes: 4,
    cosines.draw_matrix: 3,
    cosines.draw_search: 3,
    votes.draw_classifier: 8,
    votes.draw_each_k: 4,
    votes.draw_regressor: 3,
    linear.draw_scores: 3,
    linear.draw_loss: 8,
    linear.draw_public_loss: 4,
    linear.draw_training: 6,
    clusters.draw_nearest: 5,
    clusters.draw_sums: 3,
    clusters.draw_nearer: 3,
    clusters.draw_estimator: 3,
    images.draw_hog: 4,
    images.draw_colors: 4,
    words.draw: 4,
}
_SHARES = np.cumsum(list(SUBJECTS.values())) / sum(SUBJECTS.values())


def case(seed: int) -> Case:
    """Draw the case of a number."""
    rng = np.random.default_rng([seed, 0xD1FF])
    draw = list(SUBJECTS)[int(np.searchsorted(_SHARES, rng.random(), side="right"))]
    with np.errstate(all="ignore"):
        drawn = draw(rng)
    drawn.subject = f"{draw.__module__.rpartition('.')[2]}.{draw.__name__}"
    return drawn


def problem_of(seed: int, levels=tuple(LEVELS)) -> tuple[str, str]:
    """Return the subject of a case, and what is wrong at the first level that errs, if one does."""
    subject = "?"
    level = "while it was drawn"
    try:
        drawn = case(seed)
        subject = drawn.subject
        for level in levels:
            with at_level(level), np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of classes that are many, of too few iterations
                drawn.check(level)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1].name
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return subject, f"seed {seed}, {level}, {subject} ({where}): {what:.900}"
    return subject, ""


__all__ = ["SUBJECTS", "Case", "case", "pick", "problem_of"]
