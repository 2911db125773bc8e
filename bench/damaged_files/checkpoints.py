"""The checkpoint of a training that was interrupted, as a kind of saved file."""

from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from unittest import mock

import numpy as np

from harness.methods import Array
from nearplane import LinearClassifier
from nearplane.linear_model._checkpoint import open_checkpoint
from nearplane.linear_model._training import Training

_N, _N_FEATURES = 24, 6


class Interrupted:
    """A training that has a checkpoint; loading it opens that, and asking it goes on from there."""

    def __init__(self, content: bytes, folder: Path) -> None:
        self._content = content
        self._folder = folder

    @classmethod
    def fit(cls, folder: Path) -> Self:
        """Train, and stop in the middle; the checkpoint is what is left."""
        path = folder / "checkpoint"
        run_epoch = Training.run_epoch

        def run(training: Training, *arguments: Any) -> None:
            if training.epoch > 0:
                raise _KilledError
            run_epoch(training, *arguments)

        with mock.patch.object(Training, "run_epoch", run), suppress(_KilledError):
            _training(path).fit(*_data())
        return cls(path.read_bytes(), folder)

    @classmethod
    def load(cls, path: Path, *, mmap: bool = False, verify: bool = True) -> Self:
        """Open the checkpoint, which is never mapped and always verified."""
        open_checkpoint(path)
        return cls(path.read_bytes(), path.parent)

    def save(self, path: Path) -> None:
        """Write the checkpoint that was found."""
        path.write_bytes(self._content)

    def weights(self) -> bytes:
        """Return what the training ends with that goes on from the checkpoint."""
        path = self._folder / "resumed"
        path.write_bytes(self._content)
        model = _training(path).fit(*_data())
        return bytes(model.coef_.tobytes() + model.intercept_.tobytes())


class _KilledError(Exception):
    """What ends a training in its second epoch, when the first has been kept."""


def _training(path: Path) -> LinearClassifier:
    return LinearClassifier(
        max_epochs=3, batch_size=8, optimizer="adam", random_state=0, checkpoint=path
    )


def _data() -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (_N, _N_FEATURES), dtype=np.uint8), np.arange(_N) % 3
