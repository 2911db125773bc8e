"""What makes a training the one it is: if two have the same identity, so have their weights."""

import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane._persistence import is_plain
from nearplane.linear_model._fitting import Problem
from nearplane.linear_model._parameters import Parameters
from nearplane.linear_model._problem import Samples, State, batch_sizes
from nearplane.linear_model._schedules import SCHEDULES, rate_factors

Identity = dict[str, Any]
"""Plain values and digests by name, for JSON."""

# Parameters that change no bit of the weights, and those that are told by what they lead to.
_NO_PART = frozenset(("checkpoint", "n_jobs", "verbose"))
_BY_EFFECT = frozenset(("class_weight", "random_state", "schedule", "warm_start"))

# Names, as messages have them.
_WEIGHT = "sample_weight or class_weight"
START = "the weights that warm_start=True begins with"

_DIGEST = "sha256:"
_CHUNK_BYTES = 2**20  # stays in the cache between being made contiguous and being read


def identity_of(given: dict[str, Any], parameters: Parameters, problem: Problem) -> Identity:
    """Return the identity of a training, but for what it begins with.

    Parameters
    ----------
    given : dict
        The parameters of the `LinearClassifier`, as its constructor was given them.
    parameters : Parameters
        The same, checked.
    problem : Problem
        What is to be learned.
    """
    data, training = problem.data, problem.training
    classes = str(data.classes.tolist())
    return {
        **{name: _plain(given[name]) for name in sorted(given.keys() - _NO_PART - _BY_EFFECT)},
        "schedule": _schedule(parameters, len(training.rows)),
        "X": digest(data.X),
        "y": digest(classes, data.y),
        _WEIGHT: None if training.sample_weight is None else digest(training.sample_weight),
        "the validation set": _validation(problem.validation, training),
    }


def digest(*parts: str | NDArray[Any]) -> str:
    """Return what no other text or arrays have: their values, types and shapes decide."""
    state = hashlib.sha256(usedforsecurity=False)
    for part in parts:
        if isinstance(part, str):
            state.update(part.encode("utf-8", "surrogatepass") + b"\0")
            continue
        state.update(f"{part.dtype.str} {part.shape}\0".encode())
        step = max(1, _CHUNK_BYTES // max(1, part[:1].nbytes))
        for first in range(0, len(part), step):
            state.update(np.ascontiguousarray(part[first : first + step]).view(np.uint8).data)
    return _DIGEST + state.hexdigest()


def differences(found: Identity, own: Identity) -> str:
    """Return in what two identities differ, for a message; "" if they do not."""
    texts = []
    for name in sorted(found.keys() | own.keys(), key=[*own, *found].index):
        theirs, ours = found.get(name), own.get(name)
        if theirs == ours:
            continue
        if any(isinstance(value, str) and value.startswith(_DIGEST) for value in (theirs, ours)):
            texts.append(f"{name} differs")
        else:
            texts.append(f"{name}={theirs!r:.80}, not {ours!r:.80}")
    return "; ".join(texts)


def start_of(state: State | None) -> str | None:
    """Return what tells a state from others; None: zeros."""
    return state and digest(str(state.n_steps), state.weights, state.moments)


def _validation(validation: Samples | None, training: Samples) -> str | None:
    """Return what tells which rows are learned from, and which ones judge."""
    if validation is None:
        return None
    # Rows that are set aside are rows of the same matrix.
    apart = () if validation.X is training.X else (validation.X, validation.y)
    return digest(training.rows, validation.rows, *apart)


def _schedule(parameters: Parameters, n_rows: int) -> Any:
    """Return what tells a schedule; one of the user's own is told by all that it returns."""
    schedule: Any = parameters.schedule
    if type(schedule) in SCHEDULES:
        fields = {name: _plain(value) for name, value in asdict(schedule).items()}
        return {"schedule": type(schedule).__name__} | fields
    factors = [
        rate_factors(
            schedule,
            epoch=epoch,
            n_batches=len(batch_sizes(n_rows, parameters.batch_size)),
            n_epochs=parameters.max_epochs,
            warmup_epochs=parameters.warmup_epochs,
        )
        for epoch in range(parameters.max_epochs)
    ]
    return digest(*factors)


def _plain(value: object) -> object:
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if is_plain(plain) else repr(value)
