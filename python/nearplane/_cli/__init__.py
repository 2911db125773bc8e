"""The groups of sub-commands of ``nearplane``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def groups() -> "list[typer.Typer]":
    """Return the groups ``knn``, ``linear``, ``features``, ``datasets``; needs typer and rich."""
    import typer

    from nearplane._cli import (
        _datasets,
        _evaluate,
        _features,
        _features_kinds,
        _features_words,
        _knn,
        _linear,
        _models,
        _predict,
    )

    def group(name: str, text: str) -> typer.Typer:
        return typer.Typer(name=name, help=text, no_args_is_help=True, rich_markup_mode="markdown")

    datasets = group("datasets", "List, describe and download data sets.")
    datasets.command("list")(_datasets.list_datasets)
    datasets.command("show")(_datasets.show)
    datasets.command("fetch")(_datasets.fetch)
    models = []
    for kind, fit in ((_models.KNN, _knn.fit), (_models.LINEAR, _linear.fit)):
        model = group(kind.command, f"Fit {kind.name}, label image files, evaluate.")
        model.command("fit")(fit)
        model.command("predict")(_predict.make_predict(kind))
        model.command("evaluate")(_evaluate.make_evaluate(kind))
        models.append(model)
    fit = group("fit", "Fit features to the training images of a data set, and save them.")
    fit.command("hog")(_features_kinds.hog)
    fit.command("color-histogram")(_features_kinds.color_histogram)
    fit.command("visual-words")(_features_words.visual_words)
    features = group("features", "Fit features of images, compute them, look at a model of them.")
    features.add_typer(fit)
    features.command("transform")(_features.transform)
    features.command("show")(_features.show_model)
    return [*models, features, datasets]
