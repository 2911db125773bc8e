"""The report's sections: each turns results into what one partial template shows.

A section is a function from `Report` to `Section`, listed in `SECTIONS` in the order of the page.
A new part of the report is a new function, a new partial under ``templates/sections`` and a line in
that list; the page around them knows none of them by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nearplane._versions import VersionInfo
from nearplane.report._figures import (
    MOST_WRITTEN_CLASSES,
    accuracy_figure,
    confusion_figure,
    to_svg,
)
from nearplane.report._pictures import Pictures
from nearplane.report._results import ExampleNeighbors, KNNResults, MetricResult
from nearplane.report._text import (
    chance_sentence,
    difference_sentence,
    long_metric,
    percent,
    short_metric,
    voters_sentence,
)
from nearplane.report._timing import LEAST_SECONDS


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the page is made from."""

    pictures: Pictures
    knn: KNNResults
    environment: VersionInfo
    command: str
    """The command line that gives these results again."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the page."""

    anchor: str
    title: str
    template: str
    """Name of the partial template."""
    content: Mapping[str, Any]
    """What the partial sees, under the name ``content``."""


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


def results_section(report: Report) -> Section:
    """Compare the metrics in a table, and say what it says."""
    content = {
        "metrics": report.knn.metrics,
        "sentences": [chance_sentence(report.knn), difference_sentence(report.knn)],
        "peak_memory_bytes": report.knn.metrics[-1].peak_memory_bytes,
    }
    return Section(
        anchor="results", title="Results", template="sections/results.html.j2", content=content
    )


def neighbors_section(report: Report) -> Section:
    """Show some queries beside their nearest neighbours under each metric."""
    names = report.knn.data.class_names
    best_k = {result.metric: result.best_n_neighbors for result in report.knn.metrics}

    def answer(metric: str, truth: int, found: ExampleNeighbors) -> dict[str, Any]:
        return {
            "metric": short_metric(metric),
            "predicted": names[found.predicted],
            "right": found.predicted == truth,
            "n_votes": best_k[metric],
            "neighbors": [
                {
                    "picture": report.pictures.train[index],
                    "name": names[label],
                    "right": label == truth,
                    "distance": distance,
                }
                for index, label, distance in zip(
                    found.indices, found.labels, found.distances, strict=True
                )
            ],
        }

    queries = [
        {
            "number": example.query,
            "picture": report.pictures.test[example.query],
            "name": names[example.label],
            "answers": [
                answer(metric, example.label, found) for metric, found in example.neighbors.items()
            ],
        }
        for example in report.knn.examples
    ]
    content = {
        "queries": queries,
        "voters": voters_sentence(report.knn),
        "best_metric": short_metric(report.knn.best.metric),
        "random_state": report.knn.validation.random_state,
    }
    return Section(
        anchor="neighbours",
        title="Queries and their neighbours",
        template="sections/neighbors.html.j2",
        content=content,
    )


def curve_section(report: Report) -> Section:
    """Plot validation accuracy against k."""
    results = report.knn
    described = "; ".join(
        f"{long_metric(result.metric)} is best at k = {result.best_n_neighbors} "
        f"with {percent(result.best_validation_accuracy)}"
        for result in results.metrics
    )
    ks = results.n_neighbors
    description = f"Validation accuracy for k from {ks[0]} to {ks[-1]}: {described}."
    content = {
        "figure": to_svg(accuracy_figure(results), "accuracy", description),
        "metrics": results.metrics,
        "n_neighbors": ks,
        "validation": results.validation,
    }
    return Section(
        anchor="k", title="Choosing k", template="sections/curve.html.j2", content=content
    )


def classes_section(report: Report) -> Section:
    """Show the confusion matrices and each class's accuracy."""
    results = report.knn
    names = results.data.class_names
    figures = []
    for result in results.metrics:
        description = (
            f"Confusion matrix of {long_metric(result.metric)} with k = "
            f"{result.best_n_neighbors} on the test images; the table below gives each class's "
            "accuracy and most frequent mistake."
        )
        svg = to_svg(confusion_figure(result, names), f"confusion-{result.metric}", description)
        figures.append({"metric": result.metric, "k": result.best_n_neighbors, "svg": svg})
    rows = [
        {
            "name": name,
            "n_test": results.data.test_count_of_class[label],
            "cells": [_class_cell(result, label, names) for result in results.metrics],
        }
        for label, name in enumerate(names)
    ]
    content = {
        "figures": figures,
        "rows": rows,
        "metrics": results.metrics,
        "written": len(names) <= MOST_WRITTEN_CLASSES,
    }
    return Section(
        anchor="classes",
        title="Class by class",
        template="sections/classes.html.j2",
        content=content,
    )


def _class_cell(result: MetricResult, label: int, names: list[str]) -> dict[str, Any]:
    counts = result.confusion_matrix[label]
    total = sum(counts)
    mistakes = [0 if other == label else n for other, n in enumerate(counts)]
    worst = max(range(len(mistakes)), key=mistakes.__getitem__)
    return {
        "accuracy": counts[label] / total if total else None,
        "mistaken_for": names[worst] if mistakes[worst] else None,
        "mistaken_share": mistakes[worst] / total if total else None,
    }


def method_section(report: Report) -> Section:
    """Say how all of it was computed, on what, and how to compute it again."""
    content = {
        "validation": report.knn.validation,
        "n_neighbors": report.knn.n_neighbors,
        "data": report.knn.data,
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
    classes_section,
    data_section,
    method_section,
)
