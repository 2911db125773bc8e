"""The losses of linear classifiers, with their gradients.

Seven functions of weights `W`, samples `X` and labels `y`, each of which returns the loss and its
gradients with respect to the weights and the bias. The scores of a sample x are s = x W + b, one
for each class; y is the sample's label.

================ ================================================ ==============================
`softmax`        log(sum_j exp(s_j)) - s_y                        cross-entropy
`hinge`          sum over j != y of max(0, s_j - s_y + margin)    SVM of Weston and Watkins
`squared_hinge`  sum over j != y of max(0, s_j - s_y + margin)²   the same as an L2-SVM
`crammer_singer` max over j != y of max(0, s_j - s_y + margin)    SVM of Crammer and Singer
`ovr_hinge`      sum_j max(0, margin - t_j s_j)                   an SVM for each class
`ovr_logistic`   sum_j log(1 + exp(-t_j s_j))                     a logistic regression for each
`squared_error`  sum_j (s_j - [j = y])²                           least squares
================ ================================================ ==============================

t_j is 1 for j = y and -1 for every other class. `loss_from_scores` is the same for scores from
elsewhere, and `softmax_probabilities` turns scores into probabilities.
"""

from nearplane.losses._linear import (
    crammer_singer,
    hinge,
    ovr_hinge,
    ovr_logistic,
    softmax,
    squared_error,
    squared_hinge,
)
from nearplane.losses._scores import loss_from_scores, softmax_probabilities

__all__ = [
    "crammer_singer",
    "hinge",
    "loss_from_scores",
    "ovr_hinge",
    "ovr_logistic",
    "softmax",
    "softmax_probabilities",
    "squared_error",
    "squared_hinge",
]
