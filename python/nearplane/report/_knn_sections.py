"""The sections on the nearest neighbours."""

from typing import Any

from nearplane.report._figures import accuracy_figure
from nearplane.report._findings import voters_sentence
from nearplane.report._page import Report, Section
from nearplane.report._results import ExampleNeighbors
from nearplane.report._svg import to_svg
from nearplane.report._text import long_name, percent, short_name


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
        "best_metric": short_name(report.knn.best.metric),
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
        f"{long_name(result.metric)} is best at k = {result.best_n_neighbors} "
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
