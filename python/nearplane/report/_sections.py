"""The report's sections: each turns results into what one partial template shows.

A section is a function from `Report` to `Section`, or to None if there is nothing to show, listed
in `SECTIONS` in the order of the page. A new part of the report is a new function, a new partial
under ``templates/sections`` and a line in that list; the page around them knows none of them by
name.
"""

from collections.abc import Callable

from nearplane.report._comparison_sections import (
    classes_section,
    comparison_section,
    costs_section,
    mistakes_section,
)
from nearplane.report._features_sections import features_section
from nearplane.report._knn_sections import curve_section, distances_section, neighbors_section
from nearplane.report._linear_sections import sweep_section, templates_section, training_section
from nearplane.report._page import Report, Section
from nearplane.report._timing import LEAST_SECONDS


def data_section(report: Report) -> Section:
    """Show the classes by some of their training images, and the sizes of all parts."""
    summary = report.knn.data
    classes = [
        {"name": name, "n_train": n_train, "n_test": n_test, "pictures": pictures}
        for name, n_train, n_test, pictures in zip(
            summary.class_names,
            summary.train_count_of_class,
            summary.test_count_of_class,
            report.pictures.samples_of_class,
            strict=True,
        )
    ]
    content = {"summary": summary, "folds": report.knn.folds, "classes": classes}
    return Section(
        anchor="data",
        title="The images" if summary.is_image else "The data",
        template="sections/data.html.j2",
        content=content,
    )


def method_section(report: Report) -> Section:
    """Say how all of it was computed, on what, and how to compute it again."""
    content = {
        "folds": report.knn.folds,
        "n_neighbors": report.knn.n_neighbors,
        "data": report.knn.data,
        "linear": report.linear,
        "least_seconds": LEAST_SECONDS,
        "environment": report.environment,
        "command": report.command,
    }
    return Section(
        anchor="method",
        title="How this was computed",
        template="sections/method.html.j2",
        content=content,
    )


SECTIONS: tuple[Callable[[Report], Section | None], ...] = (
    data_section,
    curve_section,
    neighbors_section,
    distances_section,
    sweep_section,
    training_section,
    templates_section,
    features_section,
    comparison_section,
    classes_section,
    mistakes_section,
    costs_section,
    method_section,
)
