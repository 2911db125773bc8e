"""The report's sections: each turns results into what one partial template shows.

A section is a function from `Report` to `Section`, listed in `SECTIONS` in the order of the page.
A new part of the report is a new function, a new partial under ``templates/sections`` and a line in
that list; the page around them knows none of them by name.
"""

from collections.abc import Callable
from typing import Any

from nearplane.report._figures import MOST_WRITTEN_CLASSES, confusion_figure
from nearplane.report._findings import (
    chance_sentence,
    cost_sentence,
    difference_sentence,
    setting,
)
from nearplane.report._knn_sections import curve_section, neighbors_section
from nearplane.report._linear_sections import (
    rates_section,
    templates_section,
    training_section,
)
from nearplane.report._page import Report, Section
from nearplane.report._results import MethodResult
from nearplane.report._svg import to_svg
from nearplane.report._testing import only_right
from nearplane.report._text import long_name
from nearplane.report._timing import LEAST_SECONDS


def results_section(report: Report) -> Section:
    """Compare metrics and losses in a table, and say what it says."""
    knn, linear = report.knn, report.linear
    n_test = knn.data.n_test
    bests = {knn.best.metric: knn.best, linear.best.loss: linear.best}
    rows = [
        {"method": method, "setting": setting(result), "result": result}
        for method, result in report.methods.items()
    ]
    content = {
        "rows": rows,
        "sentences": [
            chance_sentence(knn, linear),
            difference_sentence(
                only_right(bests, n_test), knn.n_only_right, linear.n_only_right, n_test=n_test
            ),
            cost_sentence(knn, linear),
        ],
        "peak_memory_bytes": linear.losses[-1].peak_memory_bytes,
    }
    return Section(
        anchor="results", title="Results", template="sections/results.html.j2", content=content
    )


def classes_section(report: Report) -> Section:
    """Show the confusion matrices and each class's accuracy."""
    data = report.knn.data
    names = data.class_names
    figures = []
    for method, result in report.methods.items():
        title = f"{long_name(method)}, {setting(result)}"
        description = (
            f"Confusion matrix of {title} on the test images; the table below gives each class's "
            "accuracy and most frequent mistake."
        )
        svg = to_svg(confusion_figure(method, result, names), f"confusion-{method}", description)
        figures.append({"title": title, "svg": svg})
    rows = [
        {
            "name": name,
            "n_test": data.test_count_of_class[label],
            "cells": [
                {"method": method} | _class_cell(result, label, names)
                for method, result in report.methods.items()
            ],
        }
        for label, name in enumerate(names)
    ]
    content = {
        "figures": figures,
        "rows": rows,
        "methods": list(report.methods),
        "written": len(names) <= MOST_WRITTEN_CLASSES,
    }
    return Section(
        anchor="classes",
        title="Class by class",
        template="sections/classes.html.j2",
        content=content,
    )


def _class_cell(result: MethodResult, label: int, names: list[str]) -> dict[str, Any]:
    counts = result.confusion_matrix[label]
    total = sum(counts)
    mistakes = [0 if other == label else n for other, n in enumerate(counts)]
    worst = max(range(len(mistakes)), key=mistakes.__getitem__)
    return {
        "accuracy": counts[label] / total if total else None,
        "mistaken_for": names[worst] if mistakes[worst] else None,
        "mistaken_share": mistakes[worst] / total if total else None,
    }


def data_section(report: Report) -> Section:
    """Show the classes by some of their training images, and the sizes of all parts."""
    summary = report.knn.data
    classes = [
        {"name": name, "n_train": n_train, "pictures": pictures}
        for name, n_train, pictures in zip(
            summary.class_names,
            summary.train_count_of_class,
            report.pictures.samples_of_class,
            strict=True,
        )
    ]
    content = {"summary": summary, "validation": report.knn.validation, "classes": classes}
    return Section(
        anchor="data", title="The images", template="sections/data.html.j2", content=content
    )


def method_section(report: Report) -> Section:
    """Say how all of it was computed, on what, and how to compute it again."""
    content = {
        "validation": report.knn.validation,
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


SECTIONS: tuple[Callable[[Report], Section], ...] = (
    results_section,
    neighbors_section,
    curve_section,
    training_section,
    rates_section,
    templates_section,
    classes_section,
    data_section,
    method_section,
)
