"""Ask how long an epoch takes: same rows, same batches, same steps, from weights of zero.

Before anything is timed, the loss of every batch is compared with that of the same loop in float64.
Whoever takes other steps - scikit-learn's SGDClassifier steps after each row - says so.
"""

import argparse
from dataclasses import replace
from typing import Any

import numpy as np

from harness.agreement import WrongAnswerError
from harness.contest import Verdict, as_results, race, table_rows
from harness.methods import Array
from harness.output import print_note, print_table, watching
from harness.timing import Contender
from harness.training import Epoch, EpochMethod, Features, LinearAdapter, Plan, as_json
from linear_peers.nearplane_linear import ADAPTER as OURS
from linear_peers.nearplane_linear import order_of_first_epoch
from linear_peers.numpy_loop import reference_losses

# Rounding in float32 grows from step to step, and a hinge turns it into a jump now and then.
ALLOWED_DIFFERENCE = 1e-3
LEARNING_RATES = {"softmax": 1e-4, "hinge": 1e-5}
_N_OURS = 2


def ask(
    features: Features, adapters: dict[str, LinearAdapter], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Time an epoch for every loss and type of data."""
    results = []
    for loss in options.losses:
        plan = make_plan(loss, "float32", len(features.float32.X), options)
        reference = _Reference(features, plan)
        for dtype in options.dtypes:
            typed = replace(plan, dtype=dtype)
            lines = _one_case(features, adapters, typed, reference, options.repeats)
            results.append({"plan": as_json(typed), "lines": lines})
    return results


def make_plan(loss: str, dtype: str, n_rows: int, options: argparse.Namespace) -> Plan:
    """Return the plan that the options ask for."""
    return Plan(
        loss=loss,
        dtype=dtype,
        order=order_of_first_epoch(n_rows),
        batch_size=options.batch_size,
        learning_rate=options.learning_rate or LEARNING_RATES[loss],
        momentum=0.9,
        n_threads=options.threads,
    )


def largest_difference(losses: Array, reference: Array) -> float:
    """Return the largest difference of two losses of the same step, relative to the larger loss."""
    scale = np.maximum(np.abs(reference), np.abs(losses))
    return float(np.max(np.abs(losses - reference) / scale))


class _Reference:
    """The losses of the same loop in float64, with momentum and without."""

    def __init__(self, features: Features, plan: Plan) -> None:
        self._losses = {
            momentum: reference_losses(features.float32, replace(plan, momentum=momentum))
            for momentum in (plan.momentum, 0.0)
        }
        self._momentum = plan.momentum

    def judge(self, label: str, epoch: Epoch) -> Verdict:
        """Compare the losses of every step; raise if they are not the same."""
        if epoch.losses is None:
            epoch.run()
            return {"last loss": "-", "largest difference": epoch.steps}, {"difference": None}
        losses = epoch.losses()
        reference = self._losses[self._momentum if epoch.momentum else 0.0]
        difference = largest_difference(losses, reference)
        if not difference <= ALLOWED_DIFFERENCE:
            raise WrongAnswerError(f"{label}: losses differ from float64 by {difference}")
        texts = {"last loss": f"{losses[-1]:.6f}", "largest difference": f"{difference:.0e}"}
        return texts, {"last_loss": float(losses[-1]), "difference": difference}


def _one_case(
    features: Features,
    adapters: dict[str, LinearAdapter],
    plan: Plan,
    reference: _Reference,
    repeats: int,
) -> list[dict[str, Any]]:
    methods = {"nearplane": OURS.epochs(plan)} | {
        name: adapter.epochs(plan) for name, adapter in adapters.items()
    }
    n_rows = len(plan.order)
    title = (
        f"An epoch, {plan.loss}, {plan.dtype}: {n_rows:,} rows of "
        f"{features.float32.X.shape[1]:,}, batches of {plan.batch_size}, momentum "
        f"{plan.momentum}, learning rate {plan.learning_rate}"
    )
    contenders, verdicts = [], []
    with watching(title) as report:
        for method in (method for some in methods.values() for method in some):
            label = _label(method, plan)
            report(f"checking {label}")
            epoch = method.build(features[method.reads], plan)
            verdicts.append(reference.judge(label, epoch))
            contenders.append(Contender(label, epoch.run, n_rows))
        lines = race(contenders, verdicts, repeats, report)
    print_table(title, *table_rows(lines, "rows", _N_OURS))
    absent = [name for name, some in methods.items() if not some]
    if absent:
        print_note(f"Without a method for this: {', '.join(absent)}\n")
    return as_results(lines, _N_OURS)


def _label(method: EpochMethod, plan: Plan) -> str:
    return method.name if method.reads == plan.dtype else f"{method.name} ({method.reads} copy)"
