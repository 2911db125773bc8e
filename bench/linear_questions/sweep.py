"""Ask what an epoch of 32 settings costs: in one pass, one by one, and by other means.

8 learning rates x 4 alphas, with the same batches for all. Before anything is timed, the losses of
every setting in the sweep are compared with those of the setting alone, and those of two settings
with the peers'. Peers are timed on these two: what a setting is does not change its time.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from harness.agreement import WrongAnswerError
from harness.contest import Verdict, as_results, race, table_rows
from harness.methods import Array
from harness.output import print_table, watching
from harness.timing import Contender
from harness.training import Features, LinearAdapter, Plan, Rows, as_json
from linear_peers.nearplane_linear import fit_sweep, train, train_one
from linear_questions.epoch import ALLOWED_DIFFERENCE, largest_difference, make_plan

# Parts and multiples of the plan's rate with which training is stable: what diverges is dropped by
# the sweep and would only make it look faster.
_RATE_FACTORS = tuple(2.0**power for power in range(-6, 2))
_ALPHAS = (0.0, 1e-4, 1e-3, 1e-2)
# Which settings peers are timed on: the first and the last.
_FEW = [0, len(_RATE_FACTORS) * len(_ALPHAS) - 1]
_N_OURS = 2


def ask(
    features: Features, adapters: dict[str, LinearAdapter], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Time the sweep for every loss and type of data."""
    results = []
    for loss in options.losses:
        for dtype in options.dtypes:
            plan = make_plan(loss, dtype, len(features.uint8.X), options)
            lines = _one_case(features, adapters, plan, options.repeats)
            results.append({"plan": as_json(plan), "lines": lines})
    return results


def _one_case(
    features: Features, adapters: dict[str, LinearAdapter], plan: Plan, repeats: int
) -> list[dict[str, Any]]:
    plans = [
        replace(plan, learning_rate=factor * plan.learning_rate, alpha=alpha)
        for factor, alpha in product(_RATE_FACTORS, _ALPHAS)
    ]
    n_rows = len(plan.order)
    title = f"An epoch of {len(plans)} settings, {plan.loss}, {plan.dtype}: {n_rows:,} rows"
    rows = features[plan.dtype]
    with watching(title) as report:
        report("checking the settings one by one")
        alone = np.stack([train_one(rows, each) for each in plans], axis=1)
        contenders = [
            Contender(
                "nearplane sweep, whole fit",
                lambda: fit_sweep(rows, plans),
                len(plans) * n_rows,
            ),
            Contender(
                "nearplane core, one pass", lambda: _one_pass(rows, plans), len(plans) * n_rows
            ),
            Contender(
                "nearplane core, one by one",
                lambda: [train_one(rows, each) for each in plans],
                len(plans) * n_rows,
            ),
        ]
        verdicts: list[Verdict] = [
            _judge("whole fit", fit_sweep(rows, plans), _means(alone, plan)),
            _judge("one pass", _one_pass(rows, plans), alone),
            ({"largest difference": "0"}, {"difference": 0.0}),
        ]
        for label, run, losses in _peers(features, adapters, plans):
            report(f"checking {label}")
            verdicts.append(_judge(label, losses(), alone[:, _FEW]))
            contenders.append(Contender(label, run, len(_FEW) * n_rows))
        lines = race(contenders, verdicts, repeats, report)
    print_table(title, *table_rows(lines, "rows", _N_OURS))
    return as_results(lines, _N_OURS)


def _means(losses: Array, plan: Plan) -> Array:
    """Return the mean loss of each setting over the rows of the epoch."""
    sizes = np.array([len(batch) for batch in plan.batches()])
    means: Array = sizes @ losses / sizes.sum()
    return means


def _one_pass(rows: Rows, plans: Sequence[Plan]) -> Array:
    learning_rates = np.array([plan.learning_rate for plan in plans])
    return train(rows, plans[0], learning_rates, np.array([plan.alpha for plan in plans]))


def _peers(
    features: Features, adapters: dict[str, LinearAdapter], plans: Sequence[Plan]
) -> Iterator[tuple[str, Callable[[], object], Callable[[], Array]]]:
    """Yield label, run and losses, for a few settings, of the first method of each peer.

    Peers that take other steps are left out: the question of an epoch has them.
    """
    for adapter in adapters.values():
        for method in adapter.epochs(plans[0])[:1]:
            epochs = [method.build(features[method.reads], plans[place]) for place in _FEW]
            runs = [epoch.run for epoch in epochs]
            losses = [epoch.losses for epoch in epochs if epoch.losses is not None]
            if losses:
                label = f"{method.name}, {len(_FEW)} of {len(plans)} settings"
                yield label, partial(_run_all, runs), partial(_columns, losses)


def _run_all(runs: Sequence[Callable[[], object]]) -> None:
    for run in runs:
        run()


def _columns(losses: Sequence[Callable[[], Array]]) -> Array:
    return np.stack([of_setting() for of_setting in losses], axis=1)


def _judge(label: str, losses: Array, alone: Array) -> Verdict:
    difference = largest_difference(losses, alone)
    if not difference <= ALLOWED_DIFFERENCE:
        raise WrongAnswerError(f"{label}: losses differ from those alone by {difference}")
    return {"largest difference": f"{difference:.0e}"}, {"difference": difference}
