"""Ask how soon the validation loss is reached that a peer reaches in 10 epochs.

The peer gets the best learning rate of a grid, found beforehand, and features standardised
beforehand; its clock stops at the epoch with its lowest validation loss. nearplane gets the rows as
they are, nothing but its defaults, and the smallest number of epochs that suffices, found
beforehand too; its clock runs from `fit` to the trained estimator. Both evaluate the validation
loss after every epoch.
"""

import argparse
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from harness.contest import Verdict, as_results, race, table_rows
from harness.output import print_note, print_table, watching
from harness.timing import Contender
from harness.training import (
    LinearAdapter,
    Plan,
    Rows,
    ValidationLosses,
    make_features,
    standardised_copy,
)
from linear_peers.numpy_loop import loss_of_scores
from linear_questions.epoch import make_plan
from nearplane.linear_model import LinearClassifier

_EPOCHS = 10
# What nearplane may take; a schedule ends with the last epoch, so every number is a training anew.
_OUR_EPOCHS = (*range(1, 11), 12, 15, 20, 30)
_RATE_FACTORS = (0.3, 1.0, 3.0, 10.0, 30.0)
_VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class _Peer:
    """Who sets the target."""

    name: str
    validation_losses: ValidationLosses


@dataclass(frozen=True)
class _Target:
    """What a peer reached: the loss, after how many epochs, and with which learning rate."""

    loss: float
    n_epochs: int
    learning_rate: float


def ask(
    rows: Rows, adapters: dict[str, LinearAdapter], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Time the way to the loss of every peer that can tell its validation loss."""
    X, X_val, y, y_val = train_test_split(
        rows.X, rows.y, test_size=_VALIDATION_SHARE, stratify=rows.y, random_state=0
    )
    parts = Rows(X, y), Rows(X_val, y_val)
    results = []
    for name, adapter in adapters.items():
        if adapter.validation_losses is not None:
            peer = _Peer(name, adapter.validation_losses)
            results += [_one_case(*parts, peer, loss, options) for loss in options.losses]
    if not results:
        print_note("target: nobody sets one, for torch is not among the peers\n")
    return results


def _one_case(
    training: Rows, validation: Rows, peer: _Peer, loss: str, options: argparse.Namespace
) -> dict[str, Any]:
    title = f"To the validation loss of {peer.name} in {_EPOCHS} epochs, {loss}"
    with watching(title) as report:
        features = make_features(training.X, training.y)
        center, scale = features.uint8.center, features.uint8.scale
        copies = (
            features.float32,
            standardised_copy(replace(validation, center=center, scale=scale)),
        )
        plan = make_plan(loss, "float32", len(training.X), options)
        report(f"choosing the learning rate of {peer.name}")
        target = _best_of(peer, copies, plan)
        contenders, verdicts = [], []
        for dtype in options.dtypes:
            report(f"choosing the number of epochs, {dtype}")
            rows, held_out = (
                replace(part, X=part.X.astype(dtype)) for part in (training, validation)
            )
            n_epochs, found = _fewest_epochs(rows, held_out, loss, target, options.threads)
            run = partial(_fit, rows, held_out, loss, n_epochs, options.threads)
            contenders.append(Contender(f"nearplane LinearClassifier, {dtype}", run, 1))
            verdicts.append(_verdict(n_epochs, found, target))
        timed = replace(plan, learning_rate=target.learning_rate)
        run_peer = partial(peer.validation_losses, *copies, timed, target.n_epochs)
        label = f"{peer.name}, learning rate {target.learning_rate:g}"
        contenders.append(Contender(label, run_peer, 1))
        verdicts.append(_verdict(target.n_epochs, target.loss, target))
        lines = race(contenders, verdicts, options.repeats, report)
    print_table(title, *table_rows(lines, "runs"))
    return {"loss": loss, "target": asdict(target), "lines": as_results(lines)}


def _best_of(peer: _Peer, copies: tuple[Rows, Rows], plan: Plan) -> _Target:
    """Return the lowest validation loss over the grid of learning rates, and how it came about."""
    found = []
    for factor in _RATE_FACTORS:
        tried = replace(plan, learning_rate=factor * plan.learning_rate)
        losses = np.array(peer.validation_losses(*copies, tried, _EPOCHS))
        losses[~np.isfinite(losses)] = np.inf
        best = int(losses.argmin())
        found.append(_Target(float(losses[best]), best + 1, tried.learning_rate))
    return min(found, key=lambda each: each.loss)


def _fit(
    training: Rows, validation: Rows, loss: str, n_epochs: int, n_threads: int
) -> LinearClassifier:
    model = LinearClassifier(loss, max_epochs=n_epochs, random_state=0, n_jobs=n_threads)
    return model.fit(training.X, training.y, X_val=validation.X, y_val=validation.y)


def _fewest_epochs(
    training: Rows, validation: Rows, loss: str, target: _Target, n_threads: int
) -> tuple[int, float]:
    """Return the smallest number of epochs that reaches the target, else the largest tried."""
    found = np.inf
    for n_epochs in _OUR_EPOCHS:
        model = _fit(training, validation, loss, n_epochs, n_threads)
        scores = model.decision_function(validation.X)
        found = loss_of_scores(scores, validation.y, loss)
        if found <= target.loss:
            break
    return n_epochs, found


def _verdict(n_epochs: int, loss: float, target: _Target) -> Verdict:
    reached = loss <= target.loss
    text = f"{loss:.4f}" if reached else f"{loss:.4f}, NOT REACHED"
    facts = {"n_epochs": n_epochs, "validation_loss": loss, "reached": reached}
    return {"epochs": str(n_epochs), "validation loss": text}, facts
