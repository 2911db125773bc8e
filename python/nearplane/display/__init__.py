"""Plots in the manner of scikit-learn's displays.

A display keeps the numbers of one plot; its class methods compute them, and `plot` draws them on
any matplotlib axes:

- `NeighborsDisplay`: query images, each beside its nearest neighbours;
- `AccuracyCurveDisplay`: accuracy against the number of neighbours;
- `LossCurveDisplay`: loss, accuracy or learning rate of trainings against epochs or steps;
- `LearningRateDisplay`: the losses of several learning rates: too low, good, too high;
- `SweepHeatmapDisplay`: the scores of a sweep over two parameters;
- `TemplatesDisplay`: the weights of a linear classifier as images;
- `ClassScoresDisplay`: the scores of one image, as bars beside it;
- `HOGDisplay`: images, each beside the gradients of its cells;
- `ColorHistogramDisplay`: images, each beside bars in its colours;
- `CodebookDisplay`: the visual words that images are described by;
- `DecisionRegionsDisplay`: the label of every point of a plane, ties in white;
- `PixelDistanceDisplay`: an image and different copies that are all equally far from it;
- `DistanceConcentrationDisplay`: distances that grow alike as features are added;
- `RegressionConvergenceDisplay`: a regressor approaching a function as rows are added;
- `PerClassAccuracyDisplay`: the accuracy on each class;
- `ConfusionPairsDisplay`: which classes are taken for which others, with images of it.

matplotlib is imported only when something is drawn (``pip install 'nearplane[report]'``).
"""

from nearplane.display._accuracy import AccuracyCurveDisplay
from nearplane.display._class_accuracy import PerClassAccuracyDisplay
from nearplane.display._class_scores import ClassScoresDisplay
from nearplane.display._codebook import CodebookDisplay
from nearplane.display._color_histogram import ColorHistogramDisplay
from nearplane.display._concentration import DistanceConcentrationDisplay
from nearplane.display._confusion import ConfusionPairsDisplay
from nearplane.display._convergence import RegressionConvergenceDisplay
from nearplane.display._hog import HOGDisplay
from nearplane.display._learning_rate import LearningRateDisplay
from nearplane.display._loss_curve import LossCurveDisplay
from nearplane.display._neighbors import NeighborsDisplay
from nearplane.display._pixel_distances import PixelDistanceDisplay
from nearplane.display._regions import DecisionRegionsDisplay
from nearplane.display._sweep import SweepHeatmapDisplay
from nearplane.display._templates import TemplatesDisplay

__all__ = [
    "AccuracyCurveDisplay",
    "ClassScoresDisplay",
    "CodebookDisplay",
    "ColorHistogramDisplay",
    "ConfusionPairsDisplay",
    "DecisionRegionsDisplay",
    "DistanceConcentrationDisplay",
    "HOGDisplay",
    "LearningRateDisplay",
    "LossCurveDisplay",
    "NeighborsDisplay",
    "PerClassAccuracyDisplay",
    "PixelDistanceDisplay",
    "RegressionConvergenceDisplay",
    "SweepHeatmapDisplay",
    "TemplatesDisplay",
]
