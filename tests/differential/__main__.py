"""``python -m tests.differential SEED ...``: what was asked, and what is wrong with each answer."""

import sys

from . import case, problem_of

for seed in map(int, sys.argv[1:]):
    print(f"seed {seed}: {case(seed)}")
    print(problem_of(seed)[1] or "every level is right")
