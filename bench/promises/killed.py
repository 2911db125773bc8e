"""A training with a checkpoint that is killed goes on to the same bytes.

Trainings with every optimizer, loss and type of rows, with and without early stopping, are ended by
SIGKILL at uniformly random moments, begun again and killed again. The last of the processes that
take a training up, often a fresh interpreter, brings it to its end; its weights, histories and
predictions are compared with those of the training that nobody disturbed. Every second training has
few rows and writes a file after each epoch, so that many of its kills fall into the middle of a
write. The others have the rows of CIFAR-10, less of them in floats, and write as users' do. Each
process takes another number of threads. A kill counts if it was that which ended the process, and
survives if its training does.
"""

import hashlib
import multiprocessing
import os
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.child import call_in_child
from harness.methods import Array
from harness.options import as_rows, load_split
from harness.promise import Finding, Options, Promise, not_tried
from nearplane import LinearClassifier
from nearplane.linear_model import _checkpoint
from nearplane.linear_model._parameters import OPTIMIZERS
from nearplane.losses._arguments import LOSSES

_PROMISE = "kill -9 while training with a checkpoint loses nothing"
_PENALTIES = ("l2", "l1", "elasticnet", None)
_PREPROCESS = ("standardize", "center", "none")
_FEW_ROWS, _MANY_EPOCHS = 100, 200
_EPOCHS = 15
# float64 rows of CIFAR-10 take 1.2 GB.
_SHARE_OF_ROWS = {"uint8": 1, "float32": 4, "float64": 8}
_N_PREDICTED = 200
_KILLS_OF_ONE = 12

# Kills come within this part of the time that the training takes, so that it takes several starts.
_LATEST = 1 / 3
_TIMEOUT_SECONDS = 3600.0
_FACTS = ("number", "n_rows", "dtype", "params", "n_kills", "n_in_write", "n_resumed", "problem")


@dataclass(frozen=True)
class _Rows:
    """What is learned from; `folder` has the files."""

    folder: Path
    X: Array
    y: Array

    @classmethod
    def load(cls, argument: dict[str, Any]) -> "_Rows":
        """Return the rows that a training is of."""
        folder = Path(argument["folder"])
        X, y = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in "Xy")
        n = argument["n_rows"]
        return cls(folder, X[:n].astype(argument["dtype"]), y[:n].copy())


def kill(argument: dict[str, Any]) -> dict[str, Any]:
    """Kill a training up to so many times; return how it went on, and what it should end with."""
    rows, rng = _Rows.load(argument), np.random.default_rng(argument["number"])
    expected = _train(rows, argument)
    began = time.perf_counter()  # by now all is loaded, and threads have been started
    same = _train(rows, argument, checkpoint="undisturbed") == expected
    problem = "" if same else "another result with a checkpoint"
    seconds = time.perf_counter() - began
    context = multiprocessing.get_context("fork")
    n_kills = n_in_write = n_resumed = 0
    result = rows.folder / "result"
    before = set(os.listdir(rows.folder))
    while n_kills < argument["n_most"]:
        n_resumed += (rows.folder / "training").exists()
        child = context.Process(target=_finish, args=(rows, argument, 1 + n_kills % 2))
        child.start()
        # Later and later, lest a machine that has become slower never get to the next file.
        time.sleep(rng.uniform(0, seconds * _LATEST * (1 + n_kills / 10)))
        child.kill()
        child.join()
        if child.exitcode != -signal.SIGKILL:
            if child.exitcode != 0:
                problem = f"going on ended with exit status {child.exitcode}"
            break  # it was over, or failed
        n_kills += 1
        after = set(os.listdir(rows.folder))
        n_in_write += any(name.endswith(".tmp") for name in after - before)
        before = after
    return {
        "n_kills": n_kills,
        "n_in_write": n_in_write,
        "n_resumed": n_resumed,
        "seconds": seconds,
        "expected": expected,
        "found": result.read_text() if result.exists() else None,
        "problem": problem,
    }


def finish(argument: dict[str, Any]) -> str:
    """Take the training up where it was left, and return what came out."""
    return _train(_Rows.load(argument), argument, checkpoint="training")


def _finish(rows: _Rows, argument: dict[str, Any], n_jobs: int) -> None:
    found = _train(rows, argument, checkpoint="training", n_jobs=n_jobs)
    # In one step: a kill leaves all of it, or nothing.
    (rows.folder / "unnamed").write_text(found)
    (rows.folder / "unnamed").rename(rows.folder / "result")


def _train(
    rows: _Rows, argument: dict[str, Any], *, checkpoint: str | None = None, n_jobs: int = 1
) -> str:
    """Train, and return a hash of all that was fitted and of predictions."""
    if argument["every_epoch"]:
        _checkpoint._PATIENCE = 0
    path = checkpoint and rows.folder / checkpoint
    model = LinearClassifier(**argument["params"], checkpoint=path, n_jobs=n_jobs)
    model.fit(rows.X, rows.y)
    fitted = {name: vars(model)[name] for name in sorted(vars(model).keys() - model.get_params())}
    fitted |= {"predictions": model.predict(rows.X[:_N_PREDICTED])}
    digest = hashlib.sha256()
    for name, value in fitted.items():
        for part, content in (value if isinstance(value, dict) else {"": value}).items():
            plain = content.tobytes() if isinstance(content, np.ndarray) else repr(content).encode()
            digest.update(f"{name} {part}".encode() + plain)
    return digest.hexdigest()


def _run(options: Options) -> list[Finding]:
    if "fork" not in multiprocessing.get_all_start_methods():
        return [not_tried(_PROMISE, "this system has no fork")]
    trainings: list[dict[str, Any]] = []
    n_left = options.count
    with tempfile.TemporaryDirectory(prefix="nearplane-killed-") as name:
        dataset = load_split(options.data_dir, n_train=options.n_train, n_test=options.n_query)
        np.save(Path(name, "X.npy"), as_rows(dataset.X_train))
        np.save(Path(name, "y.npy"), dataset.y_train)
        while n_left > 0 and len(trainings) < options.count:
            options.report(f"training {len(trainings) + 1}, {n_left} kills to go")
            n_most = min(n_left, _KILLS_OF_ONE, max(1, options.count // 2))
            trainings.append(_try(_argument(len(trainings), name, options.n_train, n_most)))
            n_left -= trainings[-1]["n_kills"]
            if trainings[-1]["problem"] and trainings[-1]["n_kills"] == 0:
                break  # so would the others
    return [_finding(trainings)]


def _argument(number: int, folder: str, n_train: int, n_most: int) -> dict[str, Any]:
    """Return one of many combinations: 5, 7, 3 and 2 have no common factor."""
    every_epoch = number % 2 == 0
    dtype = tuple(_SHARE_OF_ROWS)[number % 3]
    return {
        "number": number,
        "folder": folder,
        "n_rows": min(n_train, _FEW_ROWS) if every_epoch else n_train // _SHARE_OF_ROWS[dtype],
        "dtype": dtype,
        "every_epoch": every_epoch,
        "n_most": n_most,
        "params": {
            "loss": LOSSES[number % len(LOSSES)],
            "optimizer": OPTIMIZERS[number % len(OPTIMIZERS)],
            "penalty": _PENALTIES[number // 2 % len(_PENALTIES)],
            "preprocess": _PREPROCESS[number // 3 % len(_PREPROCESS)],
            "early_stopping": number // 2 % 2 == 0,
            "record_steps": number // 4 % 2 == 0,
            "n_iter_no_change": 30,
            "max_epochs": _MANY_EPOCHS if every_epoch else _EPOCHS,
            "random_state": number,
        },
    }


def _try(argument: dict[str, Any]) -> dict[str, Any]:
    """Kill one training, see how it ends, and return all that there is to say of it."""
    training = argument | {"n_kills": 0, "n_in_write": 0, "n_resumed": 0, "problem": ""}
    for name in ("training", "result"):  # of the training before
        Path(argument["folder"], name).unlink(missing_ok=True)
    killed = call_in_child("promises.killed:kill", argument, timeout=_TIMEOUT_SECONDS)
    if killed.failure:
        return training | {"problem": killed.failure}
    training |= killed.result
    if training["problem"]:
        return training
    if training["found"] is None:
        training["n_resumed"] += Path(argument["folder"], "training").exists()
        finished = call_in_child("promises.killed:finish", argument, timeout=_TIMEOUT_SECONDS)
        training["found"] = finished.result
        if finished.failure:
            return training | {"problem": finished.failure}
    if training["found"] != training["expected"]:
        return training | {"problem": "another result"}
    if Path(argument["folder"], "training").exists():
        return training | {"problem": "its file was left behind"}
    return training


def _finding(trainings: list[dict[str, Any]]) -> Finding:
    n_kills = [training["n_kills"] for training in trainings]
    survived = sum(training["n_kills"] for training in trainings if not training["problem"])
    n_in_write, n_resumed = (
        sum(training[name] for training in trainings) for name in ("n_in_write", "n_resumed")
    )
    text = (
        f"{len(trainings)} trainings of up to {max(t['n_rows'] for t in trainings):,} rows, each "
        f"killed {min(n_kills)} to {max(n_kills)} times, {n_in_write} times in the middle of a "
        f"write; {n_resumed} processes found a file and went on"
    )
    for training in trainings:
        if training["problem"]:
            text += f"; training {training['number']}: {training['problem']}"
    facts = [{name: training[name] for name in _FACTS} for training in trainings]
    # A training that failed before it could be killed counts as one kill, not survived.
    n_failed = sum(training["n_kills"] == 0 and training["problem"] != "" for training in trainings)
    return Finding(_PROMISE, sum(n_kills) + n_failed, survived, text, facts)


PROMISE = Promise(_run, full=300, part=10, unit="kills")
