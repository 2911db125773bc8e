"""Random cases are the same each time, and a core that errs in anything is caught by them."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from .core_levels import LEVELS
from .differential import SUBJECTS, case, problem_of

LEVEL = next(iter(LEVELS))
SEEDS = range(400)


def name_of(draw):
    return f"{draw.__module__.rpartition('.')[2]}.{draw.__name__}"


@cache
def subjects():
    return [case(seed).subject for seed in SEEDS]


def seeds_of(name):
    """The seeds of a subject among the first."""
    return [seed for seed, subject in zip(SEEDS, subjects(), strict=True) if subject == name]


def test_every_subject_is_drawn():
    assert set(subjects()) == set(map(name_of, SUBJECTS))


def test_a_number_stands_for_one_case():
    assert [str(case(seed)) for seed in range(60)] == [str(case(seed)) for seed in range(60)]


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_is_right(level):
    found = [problem_of(seed, [level]) for seed in range(40)]
    assert [problem for _, problem in found if problem] == []


def off(array):
    """Change the last bits of the last element by no more than a tolerance would find."""
    if array.size == 0:
        return array
    array = array.copy()
    last = array.reshape(-1)[-1:]
    last[:] = last + 1 if array.dtype.kind in "iu" else last * 1.01 + 0.01
    return array


def erring(core, name):
    """A core of which one function errs in all that it returns or writes."""

    def err(*arguments, **options):
        found = getattr(core, name)(*arguments, **options)
        if isinstance(found, tuple):
            return tuple(off(np.asarray(part)) for part in found)
        if isinstance(found, np.ndarray):
            return off(found)
        out = next(a for a in arguments[::-1] if isinstance(a, np.ndarray))
        out[...] = off(out)
        return found

    return SimpleNamespace(**{**vars(core), name: err})


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("argkmin", "searches.draw_groups"),
        ("argkmin", "searches.draw_argkmin"),
        ("argkmin_pruned", "sketches.draw_search"),
        ("cluster_sums", "clusters.draw_sums"),
        ("encode_visual_words", "words.draw"),
        ("extract_color_histogram", "images.draw_colors"),
        ("extract_hog", "images.draw_hog"),
        ("linear_loss", "linear.draw_public_loss"),
        ("linear_loss", "linear.draw_loss"),
        ("linear_scores", "linear.draw_scores"),
        ("loss_from_scores", "linear.draw_loss"),
        ("nearer_distances", "clusters.draw_nearer"),
        ("nearest_centers", "clusters.draw_nearest"),
        ("pairwise_distances", "distances.draw_matrix"),
    ],
)
def test_a_function_that_errs_is_caught(name, subject, monkeypatch):
    seeds = seeds_of(subject)[:6]
    assert len(seeds) > 3
    monkeypatch.setitem(LEVELS, LEVEL, erring(LEVELS[LEVEL], name))
    problems = [problem_of(seed, [LEVEL])[1] for seed in seeds]
    caught = [problem for problem in problems if problem]
    assert len(caught) > len(seeds) // 2
    assert all(f"{LEVEL}, {subject}" in problem for problem in caught)
