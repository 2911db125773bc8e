"""Classify the images of a folder that has one folder for each class, and show what is confused."""

import argparse
from pathlib import Path

from sklearn.model_selection import train_test_split

from nearplane import KNeighborsClassifierCV
from nearplane.datasets import fetch_image_folder
from nearplane.display import ConfusionPairsDisplay


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=32, help="pixels a side to resize to")
    parser.add_argument("--cache", type=Path, help="a folder that keeps the pixels, for next time")
    parser.add_argument("--out", type=Path, default=Path("confused.png"))
    options = parser.parse_args()

    found = fetch_image_folder(
        options.folder, size=(options.size, options.size), cache=options.cache, verbose=True
    )
    for path, reason in found.skipped:
        print(f"skipped {path}: {reason}")
    print(f"{len(found.images)} images of {', '.join(found.target_names)}")

    # The metric and k are chosen by five folds, so that there need be no validation part.
    X, X_test, y, y_test = train_test_split(
        found.images, found.target, test_size=0.2, stratify=found.target, random_state=0
    )
    model = KNeighborsClassifierCV(n_neighbors=[1, 3, 5, 10]).fit(X, y)
    print(f"{model.best_params_}: {model.score(X_test, y_test):.1%} of the test images")

    display = ConfusionPairsDisplay.from_estimator(
        model, X_test, y_test, class_names=found.target_names
    )
    display.figure_.savefig(options.out, dpi=120)
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
