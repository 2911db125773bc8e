"""Train a softmax and an SVM on digits; print the loss curves, draw the weights as templates."""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt

from nearplane import LinearClassifier
from nearplane.datasets import load_dataset
from nearplane.display import TemplatesDisplay

BAR_WIDTH = 40


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("templates.png"))
    parser.add_argument("--epochs", type=int, default=15, help="passes over the images")
    parser.add_argument("--seed", type=int, default=0, help="decides the split and the batches")
    options = parser.parse_args()

    digits = load_dataset("digits", random_state=options.seed)
    figure, rows = plt.subplots(2, layout="constrained", figsize=(8, 7))
    for axes, loss in zip(rows, ("softmax", "hinge"), strict=True):
        model = LinearClassifier(loss, max_epochs=options.epochs, random_state=options.seed)
        model.fit(digits.X_train, digits.y_train)

        print(f"{loss}, learning rate {model.learning_rate_:.2g}")
        history = model.history_
        highest = history["data_loss"].max()
        for epoch, value in zip(history["epoch"], history["data_loss"], strict=True):
            print(f"epoch {epoch:2d}  {value:6.3f}  {'#' * round(BAR_WIDTH * value / highest)}")
        score = model.score(digits.X_test, digits.y_test)
        second = model.top_k_accuracy(digits.X_test, digits.y_test, k=2)
        print(f"test accuracy {score:.2%}; among the best two {second:.2%}\n")

        # Blue speaks against the class, red for it: a template is what a class is compared with.
        TemplatesDisplay.from_estimator(model, ax=axes)
        axes.set_title(loss)
    figure.savefig(options.out, dpi=120)
    plt.close(figure)
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
