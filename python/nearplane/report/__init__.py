"""The HTML report behind ``nearplane report``.

Four steps, each of use alone:

- `run_knn` chooses k for L1 and L2 by validation, tests both, and returns `KNNResults`, plain
  numbers that turn into JSON;
- `take_pictures` picks the few images the page shows, so that the data set can go;
- `render_report` turns a `Report` (results, pictures, versions) into one HTML page, section by
  section (`SECTIONS`);
- `write_atomically` puts it on disk, whole or not at all.
"""

from nearplane.report._html import render_page, render_report
from nearplane.report._knn import run_knn
from nearplane.report._pictures import Pictures, take_pictures
from nearplane.report._results import KNNResults
from nearplane.report._sections import SECTIONS, Report, Section
from nearplane.report._write import check_writable, write_atomically

__all__ = [
    "SECTIONS",
    "KNNResults",
    "Pictures",
    "Report",
    "Section",
    "check_writable",
    "render_page",
    "render_report",
    "run_knn",
    "take_pictures",
    "write_atomically",
]
