"""The HTML report behind ``nearplane report``.

Six steps, each of use alone:

- `run_knn` chooses k for L1 and L2 by cross-validation, tests both, and returns `KNNResults`, plain
  numbers that turn into JSON;
- `run_linear` chooses learning rate and penalty of linear classifiers with softmax and hinge loss
  by a sweep, tests both, and returns `LinearResults`, such numbers too, with the classifiers;
- `run_features` computes features of images, tests nearest neighbours and a linear classifier with
  them, and returns `FeaturesResults`, with what computed the features;
- `take_pictures` picks the few images the page shows, so that the data set can go;
- `render_report` turns a `Report` (results, pictures, versions) into one HTML page, section by
  section (`SECTIONS`);
- `write_atomically` puts it on disk, whole or not at all.
"""

from nearplane.report._features import FeaturesRun, run_features
from nearplane.report._features_results import FeaturesResults
from nearplane.report._html import render_page, render_report
from nearplane.report._knn import run_knn
from nearplane.report._linear import LinearRun, run_linear
from nearplane.report._linear_results import LinearResults
from nearplane.report._page import Report, Section
from nearplane.report._pictures import Pictures, take_pictures
from nearplane.report._results import KNNResults
from nearplane.report._sections import SECTIONS
from nearplane.report._write import check_writable, write_atomically

__all__ = [
    "SECTIONS",
    "FeaturesResults",
    "FeaturesRun",
    "KNNResults",
    "LinearResults",
    "LinearRun",
    "Pictures",
    "Report",
    "Section",
    "check_writable",
    "render_page",
    "render_report",
    "run_features",
    "run_knn",
    "run_linear",
    "take_pictures",
    "write_atomically",
]
