"""The sections on the nearest neighbours."""

from typing import Any

import numpy as np

from nearplane.report._figures import accuracy_figure
from nearplane.report._findings import choice_sentence, voters_sentence
from nearplane.report._page import Report, Section
from nearplane.report._results import ExampleNeighbors
from nearplane.report._svg import to_svg
from nearplane.report._text import long_name, short_name, spread


def neighbors_section(report: Report) -> Section:
    """Show some queries beside their nearest neighbours under each metric."""
    names = report.knn.data.class_names
    best_k = {result.metric: result.best_n_neighbors for result in report.knn.metrics}

    def answer(metric: str, truth: int, found: ExampleNeighbors) -> dict[str, Any]:
        return {
            "metric": short_name(metric),
            "predicted": names[found.predicted],
            "right": found.predicted == truth,
            "n_votes": best_k[metric],
            "neighbors": [
                {
                    "picture": report.pictures.train.get(index),
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
            "picture": report.pictures.test.get(example.query),
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
        "fewest_voters": min(best_k.values()),
        "n_shown": len(report.knn.examples[0].neighbors[report.knn.best.metric].indices),
        "best_metric": short_name(report.knn.best.metric),
        "random_state": report.knn.folds.random_state,
        "is_pictured": report.knn.data.is_pictured,
    }
    return Section(
        anchor="neighbours",
        title="Queries and their neighbours",
        template="sections/neighbors.html.j2",
        content=content,
    )


def curve_section(report: Report) -> Section:
    """Plot the accuracy of each fold against k."""
    results = report.knn
    described = "; ".join(
        f"{long_name(result.metric)} is best at k = {result.best_n_neighbors} "
        f"with {spread(result.best_validation_accuracy, result.best_validation_std)}"
        for result in results.metrics
    )
    ks = results.n_neighbors
    description = f"Accuracy on held-out folds for k from {ks[0]} to {ks[-1]}: {described}."
    table = [
        {
            "k": k,
            "cells": [
                {
                    "accuracy": result.validation_accuracy[row],
                    "std": float(np.std(result.fold_accuracy[row])),
                    "best": k == result.best_n_neighbors,
                }
                for result in results.metrics
            ],
        }
        for row, k in enumerate(ks)
    ]
    content = {
        "figure": to_svg(accuracy_figure(results), "accuracy", description),
        "metrics": [result.metric for result in results.metrics],
        "table": table,
        "sentence": choice_sentence(results),
        "folds": results.folds,
        "n_train": results.data.n_train,
        "seconds": results.validation_seconds,
    }
    return Section(
        anchor="k",
        title="Choosing k and the metric",
        template="sections/curve.html.j2",
        content=content,
    )


def distances_section(report: Report) -> Section | None:
    """Show a test image beside changed copies that are all equally far from it."""
    shown = report.pictures.equal_distances
    if shown is None:
        return None
    names = report.knn.data.class_names
    (example,) = (e for e in report.knn.examples if e.query == shown.query)
    nearest = example.neighbors["euclidean"]
    content = {
        "number": example.query,
        "name": names[example.label],
        "picture": report.pictures.test[example.query],
        "copies": [
            {"name": name, "picture": picture, "distance": distance}
            for (name, picture), distance in zip(shown.copies.items(), shown.distances, strict=True)
        ],
        "neighbor": {
            "picture": report.pictures.train[nearest.indices[0]],
            "name": names[nearest.labels[0]],
            "distance": nearest.distances[0],
        },
        "is_nearer": nearest.distances[0] < min(shown.distances),
    }
    return Section(
        anchor="distances",
        title="What distances of pixels compare",
        template="sections/distances.html.j2",
        content=content,
    )
