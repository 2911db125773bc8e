"""The state of a training in a file, from which a training that was killed goes on.

`LinearClassifier.fit` uses it so::

    checkpoint = open_checkpoint(path)               # reads the file, if there is one
    generator = checkpoint.generator(generator)      # as it was when training began
    ...                                              # pose the problem, make the training
    checkpoint.begin(training, ...)                  # restores the state, or raises
    try:
        ...                                          # after each epoch: checkpoint.after_epoch()
    except BaseException:
        checkpoint.rewind()
        raise
    ...                                              # take the outcome
    checkpoint.remove()

A file is only used, replaced or removed if it is of this very training: of one with the same
identity, which began with the same state of the generator.
"""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from nearplane._persistence import Arrays, Facts, complaints_about
from nearplane._storage import FilePath, read_arrays, write_arrays
from nearplane.linear_model._fitting import Problem
from nearplane.linear_model._generator import generator_state, set_generator_state
from nearplane.linear_model._identity import (
    START,
    Identity,
    differences,
    digest,
    identity_of,
    start_of,
)
from nearplane.linear_model._parameters import Parameters
from nearplane.linear_model._problem import State
from nearplane.linear_model._training import Training

_KIND = "LinearClassifier checkpoint"

# A file is written when training has gone on for so many times as long as the last one took. So
# files take a twentieth of the time, and a kill costs twenty times what one takes, and an epoch.
_PATIENCE = 19.0

# What the estimator remembers of a training that it has not finished.
UNFINISHED = "_unfinished_start"

_CONTENT = "state of a training"
_BEGINNING = "beginning"
_TRAINING = "training "  # before the names of arrays


class NoCheckpoint:
    """Stands in where no checkpoint is wanted."""

    def generator(self, generator: np.random.RandomState) -> np.random.RandomState:
        """Return the generator that training is to begin with."""
        return generator

    def begin(
        self,
        training: Training,
        estimator: Any,
        parameters: Parameters,
        problem: Problem,
        start: State | None,
    ) -> None:
        """Restore the state of the training, if there is one.

        Parameters
        ----------
        training : Training
            Not begun yet.
        estimator : LinearClassifier
            What is to be fitted.
        parameters : Parameters
            Its parameters.
        problem : Problem
            What is to be learned.
        start : State or None
            What `training` begins with, if not with zeros.
        """

    def after_epoch(self) -> None:
        """Keep the state of the training, if that is due."""

    def rewind(self) -> None:
        """Let a user's generator be as it was, so that the next fit can be the same training."""

    def traces(self) -> dict[str, Any]:
        """Return the attributes by which an estimator knows a training it has not finished."""
        return {}

    def remove(self) -> None:
        """Remove the file."""


class Checkpoint(NoCheckpoint):
    """The file of one training.

    Parameters
    ----------
    path : str or path-like
        The file; it need not exist.

    Raises
    ------
    ValueError
        If there is one that is damaged or no checkpoint.
    OSError
        If it cannot be read, or there is no such folder.
    """

    def __init__(self, path: FilePath) -> None:
        self._path = Path(os.path.realpath(path))  # of a link, what it points to
        os.stat(self._path.parent)  # that there is no such folder is told before training
        # By its stamp the file is known to be the one that was read or written last.
        self._stamp = self._look()
        self._found = self._read()
        self._written_at, self._seconds = -np.inf, 0.0

    def generator(self, generator: np.random.RandomState) -> np.random.RandomState:
        self._is_seeded = generator is not check_random_state(None)
        if self._found is not None and not self._is_seeded:
            facts, arrays = self._found
            generator = np.random.RandomState()
            with complaints_about(self._path, _CONTENT):
                set_generator_state(generator, facts[_BEGINNING], arrays[_BEGINNING])
        self._generator, self._beginning = generator, generator_state(generator)
        return generator

    def begin(
        self,
        training: Training,
        estimator: Any,
        parameters: Parameters,
        problem: Problem,
        start: State | None,
    ) -> None:
        self._training = training
        self._identity = (
            identity_of(estimator.get_params(), parameters, problem)
            | self._random_identity(estimator.random_state)
            | {START: start_of(start)}
        )
        if self._found is None:
            return
        found, self._found = self._found, None
        try:
            self._restore(estimator, *found)
        except BaseException:
            self.rewind()  # the validation set has been drawn
            raise

    def after_epoch(self) -> None:
        began = time.perf_counter()
        if self._training.finished or began < self._written_at + _PATIENCE * self._seconds:
            return
        self._check_unchanged()
        facts, arrays = self._training.to_store()
        beginning, key = self._beginning
        write_arrays(
            self._path,
            _KIND,
            {"identity": self._identity, _BEGINNING: beginning, "training": facts},
            {_BEGINNING: key} | {_TRAINING + name: array for name, array in arrays.items()},
        )
        self._stamp = self._look()
        self._written_at = time.perf_counter()
        self._seconds = self._written_at - began

    def rewind(self) -> None:
        if self._is_seeded:
            set_generator_state(self._generator, *self._beginning)

    def traces(self) -> dict[str, Any]:
        return {UNFINISHED: self._identity[START]}

    def remove(self) -> None:
        try:
            self._check_unchanged()
        except ValueError:  # it is somebody else's by now
            return
        self._path.unlink(missing_ok=True)

    def _restore(self, estimator: Any, facts: Facts, arrays: Arrays) -> None:
        began = self._identity_in(facts).get(START)
        if began == getattr(estimator, UNFINISHED, ""):
            # It was interrupted in this training and has weights of the middle of it.
            self._identity[START] = began
        self._check_identity(facts)
        with complaints_about(self._path, _CONTENT):
            of_training = {
                name.removeprefix(_TRAINING): array
                for name, array in arrays.items()
                if name.startswith(_TRAINING)
            }
            self._training.restore(facts["training"], of_training)

    def _random_identity(self, random_state: Any) -> Identity:
        beginning, key = self._beginning
        began = digest(str(beginning), key)
        if not self._is_seeded:
            return {"random_state": None, "the state of NumPy's generator": began}
        is_drawn_from = isinstance(random_state, np.random.RandomState)
        return {"random_state": began if is_drawn_from else int(random_state)}

    def _look(self) -> tuple[int, ...] | None:
        """Return what tells the file from those that may take its place; None: there is none."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _read(self) -> tuple[Facts, Arrays] | None:
        """Return what the file holds; None: there is none."""
        try:
            return read_arrays(self._path, _KIND)
        except FileNotFoundError:
            return None

    def _check_unchanged(self) -> None:
        """Raise if another training has put a file of its own here."""
        if self._look() == self._stamp:
            return
        found = self._read()
        if found is not None:
            self._check_identity(found[0])

    def _identity_in(self, facts: Facts) -> Identity:
        with complaints_about(self._path, _CONTENT):
            return dict(facts["identity"])

    def _check_identity(self, facts: Facts) -> None:
        text = differences(self._identity_in(facts), self._identity)
        if text:
            raise ValueError(
                f"{self._path}: is the checkpoint of another training: {text}. Remove the file, or "
                "give checkpoint another path."
            )


def open_checkpoint(path: FilePath | None) -> NoCheckpoint:
    """Return the checkpoint that is kept in that file; None: one that is nowhere kept.

    Raises
    ------
    ValueError, OSError
        See `Checkpoint`.
    """
    return NoCheckpoint() if path is None else Checkpoint(path)
