"""The sections that compare all methods."""

from typing import Any

from nearplane.report._figures import MOST_WRITTEN_CLASSES, confusion_figure
from nearplane.report._findings import (
    chance_sentence,
    cost_sentence,
    difference_sentence,
    setting,
    top_sentence,
)
from nearplane.report._page import Report, Section
from nearplane.report._results import TOP, ConfusionPair, MethodResult
from nearplane.report._svg import to_svg
from nearplane.report._testing import only_right
from nearplane.report._text import long_name

# Of more classes than this the page shows the extremes at once, and all of them on demand.
_MOST_ROWS = 30
_N_EXTREMES = 10


def comparison_section(report: Report) -> Section:
    """Compare metrics and losses in a table, and say what it says."""
    knn, linear = report.knn, report.linear
    n_test = knn.data.n_test
    rows = [
        {"method": method, "setting": setting(result), "result": result}
        for method, result in report.methods.items()
    ]
    sentences = [
        chance_sentence(knn, linear),
        difference_sentence(
            only_right(report.bests, n_test), knn.n_only_right, linear.n_only_right, n_test=n_test
        ),
    ]
    has_top = len(knn.data.class_names) > TOP
    content = {
        "rows": rows,
        "top": TOP if has_top else None,
        "sentences": sentences + ([top_sentence(knn, linear)] if has_top else []),
        "n_folds": knn.folds.n_folds,
        "n_linear_folds": linear.n_folds,
    }
    return Section(
        anchor="comparison",
        title="Comparison on the test set",
        template="sections/comparison.html.j2",
        content=content,
    )


def classes_section(report: Report) -> Section:
    """Show the confusion matrices and each class's accuracy."""
    names = report.knn.data.class_names
    written = len(names) <= MOST_WRITTEN_CLASSES
    figures = []
    # Large matrices take the page's whole width: one of each kind is enough.
    for method, result in (report.methods if written else report.bests).items():
        title = f"{long_name(method)}, {setting(result)}"
        description = (
            f"Confusion matrix of {title} on the test set; the table below gives each class's "
            "accuracy and most frequent mistake."
        )
        svg = to_svg(confusion_figure(method, result, names), f"confusion-{method}", description)
        figures.append({"title": title, "svg": svg})
    rows = _class_rows(report)
    content = {
        "figures": figures,
        "rows": rows,
        "extremes": _extremes(rows) if len(rows) > _MOST_ROWS else None,
        "methods": list(report.methods),
        "written": written,
    }
    return Section(
        anchor="classes",
        title="Class by class",
        template="sections/classes.html.j2",
        content=content,
    )


def _class_rows(report: Report) -> list[dict[str, Any]]:
    data = report.knn.data
    return [
        {
            "name": name,
            "n_test": data.test_count_of_class[label],
            "cells": [
                {"method": method} | _class_cell(result, label, data.class_names)
                for method, result in report.methods.items()
            ],
        }
        for label, name in enumerate(data.class_names)
    ]


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


def _extremes(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the classes that are labelled best and worst by all methods taken together."""

    def mean(row: dict[str, Any]) -> float:
        accuracies: list[float] = [cell["accuracy"] for cell in row["cells"]]
        return sum(accuracies) / len(accuracies)

    ordered = sorted((row for row in rows if row["n_test"]), key=mean, reverse=True)
    return {"easiest": ordered[:_N_EXTREMES], "hardest": ordered[-_N_EXTREMES:][::-1]}


def mistakes_section(report: Report) -> Section | None:
    """Show which classes are taken for each other most often, with examples."""
    names, pictures = report.knn.data.class_names, report.pictures.test

    def describe(pair: ConfusionPair) -> dict[str, Any]:
        return {
            "true": names[pair.true],
            "predicted": names[pair.predicted],
            "count": pair.count,
            "share": pair.share,
            "pictures": {row: pictures[row] for row in pair.examples if row in pictures},
        }

    methods = [
        {
            "method": method,
            "setting": setting(result),
            "pairs": [describe(pair) for pair in result.confusion_pairs],
        }
        for method, result in report.bests.items()
        if result.confusion_pairs
    ]
    if not methods:
        return None
    return Section(
        anchor="mistakes",
        title="The most frequent mistakes",
        template="sections/mistakes.html.j2",
        content={"methods": methods, "is_pictured": report.knn.data.is_pictured},
    )


def costs_section(report: Report) -> Section:
    """Compare times and sizes."""
    knn, linear = report.knn, report.linear
    content = {
        "rows": report.methods,
        "sentence": cost_sentence(knn, linear),
        "knn_seconds": knn.validation_seconds,
        "n_ks": len(knn.n_neighbors),
        "n_folds": knn.folds.n_folds,
        "sweeps": linear.sweeps,
        "n_linear_folds": linear.n_folds,
        "peak_memory_bytes": report.peak_memory_bytes,
    }
    return Section(
        anchor="costs", title="Costs", template="sections/costs.html.j2", content=content
    )
