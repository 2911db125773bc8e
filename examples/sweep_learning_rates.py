"""Train a grid of learning rates and alphas in one pass over the digits; draw what became of it."""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from nearplane import LinearClassifier, LinearClassifierSweep
from nearplane.datasets import load_dataset
from nearplane.display import LossCurveDisplay


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("learning_rates.png"))
    parser.add_argument("--loss", default="softmax", help="or hinge, squared_hinge, ...")
    parser.add_argument("--epochs", type=int, default=20, help="passes over the images")
    parser.add_argument("--seed", type=int, default=0, help="decides splits and batches")
    options = parser.parse_args()

    digits = load_dataset("digits", random_state=options.seed)
    rates = [1e-4, 1e-3, 1e-2, 1e-1]
    alphas = [0, 1e-3, 1e-2, 1e-1]
    # A constant rate shows best what a rate does; for the best accuracy let it fall.
    estimator = LinearClassifier(options.loss, schedule="constant", max_epochs=options.epochs)
    sweep = LinearClassifierSweep(
        estimator, {"learning_rate": rates, "alpha": alphas}, random_state=options.seed
    )
    sweep.fit(digits.X_train, digits.y_train)

    table = sweep.results_
    accuracy = {
        (params["learning_rate"], params["alpha"]): value
        for params, value in zip(table["params"], table["validation_accuracy"], strict=True)
    }
    print("validation accuracy, NaN if training diverged")
    print("rate \\ alpha " + "".join(f"{alpha:>9g}" for alpha in alphas))
    for rate in rates:
        print(f"{rate:<13g}" + "".join(f"{accuracy[rate, alpha]:9.2%}" for alpha in alphas))
    print(f"best: {sweep.best_params_}")
    print(f"test accuracy {sweep.score(digits.X_test, digits.y_test):.2%}")

    without_penalty = np.flatnonzero(table["param_alpha"] == 0)
    histories = {
        f"learning rate {table['param_learning_rate'][row]:g}": sweep.histories_[row]
        for row in without_penalty
    }
    figure, axes = plt.subplots(layout="constrained")
    LossCurveDisplay(histories=histories).plot(axes, log_scale=True)
    figure.savefig(options.out, dpi=120)
    plt.close(figure)
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
