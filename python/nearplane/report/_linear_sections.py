"""The sections on linear classifiers."""

from nearplane.report._findings import setting, sweep_sentence, training_sentence
from nearplane.report._linear_figures import (
    epochs_figure,
    loss_figure,
    rates_figure,
    sweep_figure,
)
from nearplane.report._page import Report, Section
from nearplane.report._svg import to_svg
from nearplane.report._text import learning_rate, long_name, percent, short_name, spread


def sweep_section(report: Report) -> Section:
    """Show what learning rates and penalties reach, and the losses under each rate."""
    linear = report.linear
    maps = [
        to_svg(sweep_figure(sweep), f"sweep-{sweep.loss}", sweep_sentence(sweep))
        for sweep in linear.sweeps
    ]
    shown = linear.sweeps[0]
    described = "; ".join(
        f"{learning_rate(rate.learning_rate)} is {rate.verdict}" for rate in shown.rates
    )
    description = f"Training loss over the epochs for each learning rate: {described}."
    content = {
        "maps": maps,
        "sentences": [sweep_sentence(sweep) for sweep in linear.sweeps],
        "rates": to_svg(rates_figure(shown, linear.losses[0].zero_loss), "rates", description),
        "sweep": shown,
        "sweeps": linear.sweeps,
        "n_settings": len(shown.learning_rates) * len(shown.alphas),
        "n_folds": linear.n_folds,
        "folds": report.knn.folds,
        "n_epochs": linear.losses[0].n_epochs,
        "seconds": sum(sweep.seconds for sweep in linear.sweeps),
    }
    return Section(
        anchor="sweep",
        title="Choosing learning rate and penalty",
        template="sections/sweep.html.j2",
        content=content,
    )


def training_section(report: Report) -> Section:
    """Plot loss and accuracy over the epochs, on training and held-out rows."""
    linear, nearest = report.linear, report.knn.best
    figures = [
        to_svg(
            loss_figure(result, report.knn.data.thing),
            f"loss-{result.loss}",
            f"{long_name(result.loss)} loss over {result.n_epochs} epochs; after the last "
            f"{spread(result.best_validation_accuracy, result.best_validation_std)} of what is "
            "held out is labelled rightly.",
        )
        for result in linear.losses
    ]
    description = "Accuracy over the epochs: " + "; ".join(
        f"{short_name(result.loss)} ends at {percent(result.train_accuracy)} in training and "
        f"{percent(result.best_validation_accuracy)} in validation"
        for result in linear.losses
    )
    content = {
        "losses": figures,
        "accuracy": to_svg(epochs_figure(linear, nearest), "epochs", f"{description}."),
        "sentence": training_sentence(linear, report.knn.data.things),
        "settings": {result.loss: setting(result) for result in linear.losses},
        "nearest": f"{short_name(nearest.metric)} with {setting(nearest)}",
        "folds": report.knn.folds,
        "n_folds": linear.n_folds,
    }
    return Section(
        anchor="training",
        title="Training linear classifiers",
        template="sections/training.html.j2",
        content=content,
    )


def templates_section(report: Report) -> Section | None:
    """Show the weights of each class as an image."""
    if not report.pictures.templates:
        return None
    data = report.knn.data
    content = {
        "losses": report.pictures.templates,
        "colour": len(data.image_shape) == 3 and data.image_shape[2] == 3,
        "n_classes": len(data.class_names),
    }
    return Section(
        anchor="templates",
        title="The weights as images",
        template="sections/templates.html.j2",
        content=content,
    )
