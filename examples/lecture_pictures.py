"""Draw what lectures draw: regions, misleading distances, the curse of dimension, convergence."""

import argparse
from pathlib import Path

import numpy as np

from nearplane import KNeighborsClassifier, KNeighborsRegressor, LinearClassifier
from nearplane.datasets import load_dataset, make_natural_images, make_spirals
from nearplane.display import (
    ClassScoresDisplay,
    DecisionRegionsDisplay,
    DistanceConcentrationDisplay,
    PixelDistanceDisplay,
    RegressionConvergenceDisplay,
)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("pictures"), help="the folder")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    X, y = make_spirals(300, random_state=0)
    digits = load_dataset("digits")
    linear = LinearClassifier(random_state=0).fit(digits.X_train, digits.y_train)
    images, _ = make_natural_images(1, random_state=0)
    displays = {
        "regions_of_neighbours": DecisionRegionsDisplay.from_estimator(
            KNeighborsClassifier(5).fit(X, y), X, y
        ),
        "regions_of_a_linear_classifier": DecisionRegionsDisplay.from_estimator(
            LinearClassifier(random_state=0).fit(X, y), X, y
        ),
        "class_scores": ClassScoresDisplay.from_estimator(
            linear, digits.X_test[0], digits.y_test[0], class_names=digits.class_names
        ),
        "equally_far": PixelDistanceDisplay.from_image(images[0]),
        "curse_of_dimension": DistanceConcentrationDisplay.from_random(random_state=0),
        "convergence": RegressionConvergenceDisplay.from_estimator(
            KNeighborsRegressor(),
            lambda x: np.sin(6 * x),
            n_samples=(5, 20, 100, 1000),
            n_neighbors=(1, 3, 10, 40),  # more rows, more neighbours: so noise averages out
            noise=0.2,
            random_state=0,
        ),
    }
    for name, display in displays.items():
        path = options.out / f"{name}.png"
        display.figure_.savefig(path, dpi=120)
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
