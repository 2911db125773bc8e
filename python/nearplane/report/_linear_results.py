"""What the linear classifiers' run found: plain records that turn into JSON as they are."""

from dataclasses import dataclass

from nearplane.report._results import MethodResult

LOSSES = ("softmax", "hinge")

Curve = list[float | None]
"""One value an epoch; None where it is no finite number."""


@dataclass(frozen=True, kw_only=True)
class LossResult(MethodResult):
    """A linear classifier with one loss: how it was trained, and what it reaches."""

    loss: str
    learning_rate: float
    """As the sweep chose it."""
    alpha: float
    """Strength of the penalty, as the sweep chose it."""
    n_epochs: int
    """Epochs of the training on all training rows."""
    train_accuracy: float
    """Over the last epoch of the training without the held-out rows, while weights change."""
    zero_loss: float
    """The loss of a row when all weights are zero."""
    history: dict[str, Curve]
    """Of the training without the held-out rows; the mean if there were several folds."""


@dataclass(frozen=True, kw_only=True)
class RateResult:
    """One training of the sweep."""

    learning_rate: float
    verdict: str
    """As `nearplane.display.LearningRateDisplay` says it, such as "too low"."""
    status: str
    """How training ended, as `nearplane.LinearClassifierSweep` says it."""
    history: dict[str, Curve]


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """Every learning rate with every strength of the penalty, for one loss."""

    loss: str
    automatic_rate: float
    """The learning rate that follows from the training rows."""
    learning_rates: list[float]
    """Ascending."""
    alphas: list[float]
    """Ascending."""
    accuracy: list[Curve]
    """On held-out rows: for each of `alphas` one value a learning rate; None after divergence."""
    best_learning_rate: float
    best_alpha: float
    rates: list[RateResult]
    """The trainings with `best_alpha`, one for each of `learning_rates`."""
    n_epochs: int
    """Epochs of these trainings, fewer than those of the final one where that would take long."""
    seconds: float
    """To train them all together."""


@dataclass(frozen=True, kw_only=True)
class LinearResults:
    """Everything the sections on linear classifiers show."""

    parameters: dict[str, str | float | None]
    """Of `nearplane.LinearClassifier`, the same for all losses."""
    n_folds: int
    """On how many of the folds settings were judged: on all of them, or on the first."""
    sweeps: list[SweepResult]
    losses: list[LossResult]
    n_only_right: dict[str, int]
    """Test rows only this loss labels rightly, as `only_right` counts them."""

    @property
    def best(self) -> LossResult:
        """The loss of the highest validation accuracy; the first among equals."""
        return max(self.losses, key=lambda result: result.best_validation_accuracy)
