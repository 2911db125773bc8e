"""Searches of every kind, drawn at random from a seed; each must find what brute force finds."""

from dataclasses import dataclass

import numpy as np

from nearplane.neighbors._sketch import design_sketch

from .core_levels import LEVELS
from .layouts import LAYOUTS
from .pruned_codings import CENTERS, ROTATIONS, SHIFTS, chain_of, make_coding
from .pruned_data import FLOATS, KINDS, WIDTHS, make_rows
from .pruned_reference import Coding
from .pruned_tight import LINES, make_line, places

CODE_WIDTHS = (1, 2, 5, 17, 33, 63, 64, 65, 100)
COARSENESS = (1.0, 0.2, 1e-3, 30.0)
_SMALL, _LARGE = 150, 700


@dataclass
class Case:
    """One search; what is coded may be the base in a narrower type."""

    text: str
    query: np.ndarray
    base: np.ndarray
    coded: np.ndarray
    coding: Coding
    metric: str
    k: int = 1
    exclude_self: bool = False
    query_groups: np.ndarray | None = None
    base_groups: np.ndarray | None = None
    n_threads: int = 1
    level: str = ""

    def __str__(self):
        rows = f"{self.query.shape} in {self.base.shape} {self.query.dtype} ({self.coded.dtype})"
        chain = ", ".join(f"{c.kind} {c.width}x{c.bits}" for c in self.coding.levels)
        grouped = "" if self.base_groups is None else ", groups"
        return (
            f"{self.text}: {rows}, k={self.k}, {self.metric} by {chain}, "
            f"exclude_self={self.exclude_self}{grouped}, {self.n_threads} threads, {self.level}"
        )

    def options(self):
        return {
            "exclude_self": self.exclude_self, "query_groups": self.query_groups,
            "base_groups": self.base_groups, "n_threads": self.n_threads, "progress": None,
        }  # fmt: skip


def encode(case):
    encoder = case.coding.encoder(LEVELS[case.level])
    return encoder, encoder.encode(case.coded, n_threads=case.n_threads, progress=None)


def search(case, encoder, sketch):
    return LEVELS[case.level].argkmin_pruned(
        case.query, case.base, encoder, sketch, case.k, case.metric, **case.options()
    )


def brute(case):
    return LEVELS[case.level].argkmin(case.query, case.base, case.k, case.metric, **case.options())


def problem_of(case):
    """Search with codes and without; return the counts, and what is wrong with the answer."""
    try:
        distances, indices, counts = search(case, *encode(case))
        expected_distances, expected_indices = brute(case)
    except (RuntimeError, ValueError, TypeError) as error:
        return np.zeros(2), f"{error!r} in {case}"
    n_pairs = len(case.query) * len(case.base)
    problems = {
        "indices": indices.tobytes() != expected_indices.tobytes(),
        "distances": distances.tobytes() != expected_distances.tobytes(),
        "rising counts": (np.diff(counts) > 0).any(),
        "too few measured": counts[-1] < indices.size,
        "too many compared": counts[0] > n_pairs,
    }
    found = ", ".join(name for name, is_wrong in problems.items() if is_wrong)
    return counts, f"{found} in {case}" if found else ""


def designed(rows, metric):
    """The coding that estimators would choose."""
    design = design_sketch(rows, metric)
    return Coding(
        design.metric, design.center, design.unit, design.basis, design.feature_order, design.levels
    )


def mostly_first(rng, choices):
    """Draw the first, which lets codes prune, more often than what makes them bad."""
    return choices[0] if rng.random() < 0.7 else choices[rng.integers(len(choices))]


def random_chain(rng, metric, dtype):
    widths = np.sort(rng.choice(CODE_WIDTHS, rng.integers(1, 4), replace=False))
    chain = chain_of(metric, *map(int, widths), words_from=int(rng.integers(1, 4)))
    if dtype in FLOATS and rng.random() < 0.4:
        chain = [*chain[: rng.integers(len(chain) + 1)], ("features", 0, 8)]
    return chain


def random_case(seed):
    """Draw everything there is to draw."""
    rng = np.random.default_rng(seed)
    case = _tight_case(rng, seed) if rng.random() < 0.25 else _case_of_data(rng, seed)
    if 1 < len(case.query) <= len(case.base) and rng.random() < 0.3:
        case.base, case.coded = case.base[: len(case.query)], case.coded[: len(case.query)]
        case.exclude_self = True
    if rng.random() < 0.3:
        n_groups = rng.integers(2, 8)
        case.query_groups = rng.integers(n_groups, size=len(case.query))
        case.base_groups = rng.integers(n_groups, size=len(case.base))
    if fewest_left(case) < 1:
        case.query_groups = case.base_groups = None
    most = fewest_left(case)
    case.k = int(mostly_first(rng, [1, min(5, most), rng.integers(1, most + 1), most]))
    case.query, case.base, case.coded = (
        LAYOUTS[str(rng.choice(list(LAYOUTS)))](rows)
        for rows in (case.query, case.base, case.coded)
    )
    case.n_threads = int(rng.integers(1, 4))
    case.level = str(rng.choice(list(LEVELS)))
    return case


def fewest_left(case):
    """How many base rows are left for the query for which the fewest are."""
    left = np.ones((len(case.query), len(case.base)), bool)
    if case.base_groups is not None:
        left = np.not_equal.outer(case.query_groups, case.base_groups)
    if case.exclude_self:
        left[np.diag_indices(len(left))] = False
    return left.sum(axis=1).min()


def _case_of_data(rng, seed):
    name, dtype = KINDS[rng.integers(len(KINDS))]
    d = int(rng.choice(WIDTHS)) if rng.random() < 0.5 else int(rng.integers(1, 130))
    n_base = int(rng.integers(1, _LARGE if rng.random() < 0.1 else _SMALL))
    n_query = int(rng.integers(1, 100 if rng.random() < 0.1 else 12))
    query, base = make_rows((name, dtype), rng, n_query, n_base, d)
    metric = str(rng.choice(["euclidean", "sqeuclidean", "manhattan"]))
    like = base
    if rng.random() < 0.1:  # made for rows of another kind, as for those appended later
        others = [kind for kind in KINDS if kind[1] == dtype]
        like = make_rows(others[rng.integers(len(others))], rng, 1, 50, d)[1]
    if rng.random() < 0.2:
        coding = designed(like, metric)
    else:
        coding = make_coding(
            rng, like, metric, random_chain(rng, metric, dtype), center=mostly_first(rng, CENTERS),
            tilted=rng.random() < 0.1, rotation=mostly_first(rng, ROTATIONS),
            shift=mostly_first(rng, SHIFTS), coarseness=mostly_first(rng, COARSENESS),
        )  # fmt: skip
    coded = base
    wider = {"uint8": ["uint8", *FLOATS], "float32": FLOATS, "float64": ["float64"]}[dtype]
    if rng.random() < 0.2:
        dtype = str(rng.choice(wider))
        query, base = query.astype(dtype), base.astype(dtype)
    return Case(f"seed {seed}, {name}", query, base, coded, coding, metric)


def _tight_case(rng, seed):
    """Rows of a line, most of them where bound and distance are equal for some query."""
    kind, metric = LINES[rng.integers(len(LINES))]
    dtype = str(rng.choice(FLOATS if kind == "features" else ["uint8", *FLOATS]))
    turned = bool(dtype != "uint8" and rng.integers(2))
    center = 0.0 if dtype == "uint8" else float(rng.choice([0.0, 0.0, 1000.0]))
    line = make_line(rng, kind, metric, int(rng.choice(CODE_WIDTHS)), center=center, turned=turned)
    off_code = (0.25, 0.375, 0.4375, 0.5)
    query, nearest, others = places(
        off_query=rng.choice(off_code), off_nearest=rng.choice(off_code),
        farther=1 / 16 if dtype == "uint8" else rng.choice([1 / 16, 1e-3, 1e-6, 0.0]),
    )  # fmt: skip
    anywhere = rng.integers(16, 160, 2) / 16
    t = rng.choice([nearest, others, others + 1, *anywhere], rng.integers(2, _LARGE))
    query = rng.choice([query, query, anywhere[0]], rng.integers(1, 12))
    base = line.rows(t, dtype)
    if kind != "groups":
        metric = str(rng.choice(["euclidean", "sqeuclidean"])) if metric != "manhattan" else metric
    return Case(f"seed {seed}, tight", line.rows(query, dtype), base, base, line.coding, metric)
