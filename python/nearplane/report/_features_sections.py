"""The section on features."""

from typing import Any

from nearplane.display import ColorHistogramDisplay
from nearplane.report._features_facts import describe_kind, regions_phrase
from nearplane.report._features_figures import colours_figure, features_figure
from nearplane.report._features_findings import (
    best_sentences,
    compared_sentence,
    edge_sentence,
    metric_note,
    together_sentence,
)
from nearplane.report._features_results import FeatureScore, FeaturesResults
from nearplane.report._page import Report, Section
from nearplane.report._svg import to_svg
from nearplane.report._text import capitalised, feature_names, percent

# Kinds that can be seen beside an image.
_VIEWED = ("color_histogram", "hog")


def features_section(report: Report) -> Section | None:
    """Show what features see in images, and what classifiers reach with them."""
    features = report.features
    if features is None:
        return None
    n_test = report.knn.data.n_test
    described = "; ".join(
        f"{feature_names(result.kinds)} {percent(result.nearest.test_accuracy)} and "
        f"{percent(result.linear.test_accuracy)}"
        for result in features.sets
    )
    description = f"Accuracy of nearest neighbours and of a linear classifier: {described}."
    sentences = [
        *best_sentences(features, n_test),
        together_sentence(features, n_test),
        compared_sentence(features, n_test),
        edge_sentence(features, report.knn.n_neighbors),
    ]
    content = {
        "kinds": {result.kind: result for result in features.kinds},
        "names": {r.kind: capitalised(feature_names([r.kind])) for r in features.kinds},
        "facts": {r.kind: describe_kind(r) for r in features.kinds},
        "shown": report.pictures.features,
        "examples": _examples(report),
        "has_views": any(result.kind in _VIEWED for result in features.kinds),
        "n_classes": len(report.knn.data.class_names),
        "n_words": next(
            (r.parameters["n_words"] for r in features.kinds if r.kind == "visual_words"), 0
        ),
        "figure": to_svg(features_figure(features, n_test), "features", description),
        "rows": _rows(features),
        "sentences": [sentence for sentence in sentences if sentence],
        "metric_note": metric_note(features),
        "regions": regions_phrase(features),
        "results": features,
        "n_images": report.knn.data.n_train + n_test,
        "folds": report.knn.folds,
        "ks": report.knn.n_neighbors,
    }
    return Section(
        anchor="features",
        title="Features: what else can be seen in an image",
        template="sections/features.html.j2",
        content=content,
    )


def _examples(report: Report) -> list[dict[str, Any]]:
    shown = report.pictures.features
    if shown is None:
        return []
    return [
        {
            "row": example.row,
            "name": report.knn.data.class_names[example.label],
            "image": example.image,
            "glyphs": example.glyphs,
            "bars": None if shown.colours is None else _bars(shown.colours, i, example.row),
        }
        for i, example in enumerate(shown.examples)
    ]


def _bars(display: ColorHistogramDisplay, number: int, row: int) -> str:
    description = f"The most frequent colours of test image {row}"
    return to_svg(colours_figure(display, number), f"colours-{row}", description)


def _rows(features: FeaturesResults) -> list[dict[str, Any]]:
    """Return the rows of the table; of each classifier the best is marked."""
    best = {
        "nearest": max(features.sets, key=lambda result: result.nearest.test_accuracy),
        "linear": max(features.sets, key=lambda result: result.linear.test_accuracy),
    }

    def cell(score: FeatureScore, *, is_best: bool) -> dict[str, Any]:
        return {"score": score, "setting": _setting(score), "best": is_best}

    return [
        {
            "name": capitalised(feature_names(result.kinds)),
            "n_features": result.n_features,
            "seconds": result.seconds if result is not features.sets[0] else None,
            "nearest": cell(result.nearest, is_best=result is best["nearest"]),
            "linear": cell(result.linear, is_best=result is best["linear"]),
        }
        for result in features.sets
    ]


def _setting(score: FeatureScore) -> str:
    names = {"n_neighbors": "k =", "alpha": "alpha"}
    return ", ".join(f"{names[name]} {value:g}" for name, value in score.setting.items())
