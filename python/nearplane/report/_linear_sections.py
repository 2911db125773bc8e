"""The sections on linear classifiers."""

from nearplane.report._findings import setting, training_sentence
from nearplane.report._linear_figures import epochs_figure, loss_figure, rates_figure
from nearplane.report._page import Report, Section
from nearplane.report._svg import to_svg
from nearplane.report._text import learning_rate, long_name, percent, short_name


def training_section(report: Report) -> Section:
    """Plot loss and accuracy over the epochs, on training and validation images."""
    linear, nearest = report.linear, report.knn.best
    figures = [
        to_svg(
            loss_figure(result),
            f"loss-{result.loss}",
            f"{long_name(result.loss)} loss over {result.n_epochs} epochs; after the last "
            f"{percent(result.best_validation_accuracy)} of the validation images are right.",
        )
        for result in linear.losses
    ]
    description = "Accuracy over the epochs: " + "; ".join(
        f"{short_name(result.loss)} ends at {percent(result.train_accuracy)} of the training and "
        f"{percent(result.best_validation_accuracy)} of the validation images"
        for result in linear.losses
    )
    content = {
        "losses": figures,
        "accuracy": to_svg(epochs_figure(linear, nearest), "epochs", f"{description}."),
        "sentence": training_sentence(linear),
        "nearest": f"{short_name(nearest.metric)} with {setting(nearest)}",
        "validation": report.knn.validation,
    }
    return Section(
        anchor="training",
        title="Training linear classifiers",
        template="sections/training.html.j2",
        content=content,
    )


def rates_section(report: Report) -> Section:
    """Plot the loss under learning rates from very low to too high."""
    linear = report.linear
    loss = linear.losses[0].loss
    described = "; ".join(
        f"{rate.name}, {learning_rate(rate.learning_rate)}" for rate in linear.rates
    )
    description = f"Training loss over the epochs for four learning rates: {described}."
    content = {
        "figure": to_svg(rates_figure(loss, linear.rates), "rates", description),
        "loss": loss,
        "rates": linear.rates,
        "seconds": linear.rates_seconds,
        "validation": report.knn.validation,
    }
    return Section(
        anchor="rates",
        title="The learning rate",
        template="sections/rates.html.j2",
        content=content,
    )


def templates_section(report: Report) -> Section:
    """Show the weights of each class as an image."""
    content = {
        "losses": report.pictures.templates,
        "colour": len(report.knn.data.image_shape) == 3 and report.knn.data.image_shape[2] == 3,
    }
    return Section(
        anchor="templates",
        title="The weights as images",
        template="sections/templates.html.j2",
        content=content,
    )
