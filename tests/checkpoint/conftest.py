"""Where checkpoints lie in these tests, and what breaks trainings off."""

import pytest

from nearplane.linear_model import _checkpoint
from nearplane.linear_model._training import Training

from .checks import KilledError, fit_somehow, linear


@pytest.fixture(autouse=True)
def file_after_each_epoch(monkeypatch):
    monkeypatch.setattr(_checkpoint, "_PATIENCE", 0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "training"


@pytest.fixture
def kill(monkeypatch):
    """Return what sets after how many epochs each fit is to end with an exception."""
    run_epoch = Training.run_epoch

    def after(n_epochs, exception=KilledError):
        n_run = {}

        def run(training, progress=None):
            n_run[training] = n_run.get(training, 0) + 1
            if n_run[training] > n_epochs:
                raise exception
            run_epoch(training, progress)

        monkeypatch.setattr(Training, "run_epoch", run)

    return after


@pytest.fixture
def broken_off(path, kill):
    """Return a checkpoint of a training that has been broken off, and what the file holds."""
    kill(2)
    assert not fit_somehow(linear(checkpoint=path))
    kill(5)
    return path, path.read_bytes()
