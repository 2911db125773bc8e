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
    """As it was chosen automatically."""
    n_epochs: int
    """Epochs of the training on all training images."""
    train_accuracy: float
    """Over the last epoch of the training without the validation images, while weights change."""
    zero_loss: float
    """The loss of an image when all weights are zero."""
    history: dict[str, Curve]
    """Of the training without the validation images."""


@dataclass(frozen=True, kw_only=True)
class RateResult:
    """One training with a given learning rate."""

    name: str
    learning_rate: float
    factor: float
    """How many times the rate chosen automatically."""
    status: str
    """How training ended, as `nearplane.LinearClassifierSweep` says it."""
    history: dict[str, Curve]


@dataclass(frozen=True, kw_only=True)
class LinearResults:
    """Everything the sections on linear classifiers show."""

    parameters: dict[str, str | float | None]
    """Of `nearplane.LinearClassifier`, the same for all losses."""
    losses: list[LossResult]
    n_only_right: dict[str, int]
    """Test images only this loss labels rightly, as `only_right` counts them."""
    rates: list[RateResult]
    """The first loss with constant learning rates from very low to too high."""
    rates_seconds: float
    """To train them all, and the higher ones that are not shown, in one pass over the images."""

    @property
    def best(self) -> LossResult:
        """The loss of the highest validation accuracy; the first among equals."""
        return max(self.losses, key=lambda result: result.best_validation_accuracy)
