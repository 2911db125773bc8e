"""Choose k, the metric and the weights by cross-validation, draw every fold, test once."""

import argparse
from pathlib import Path

from nearplane import KNeighborsClassifierCV
from nearplane.datasets import DATASET_NAMES, load_dataset
from nearplane.display import AccuracyCurveDisplay


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", choices=DATASET_NAMES, default="digits")
    parser.add_argument("--data-dir", type=Path, help="where the data set lies")
    parser.add_argument("--n-train", type=int, help="use only so many training images")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("folds.png"))
    options = parser.parse_args()

    images = load_dataset(
        options.dataset, data_home=options.data_dir, n_train=options.n_train, n_test=None
    )
    model = KNeighborsClassifierCV(
        n_neighbors=[1, 3, 5, 8, 10, 12, 15, 20, 50],
        metric=["euclidean", "manhattan"],
        weights=["uniform", "distance"],
        cv=options.folds,
    )
    model.fit(images.X_train, images.y_train)

    table = model.cv_results_
    for row in table["rank_test_score"].argsort(kind="stable")[:5]:
        mean, spread = table["mean_test_score"][row], table["std_test_score"][row]
        print(f"{mean:.2%} ± {spread:.2%}  {table['params'][row]}")
    print(f"chosen: {model.best_params_}")
    print(f"test accuracy {model.score(images.X_test, images.y_test):.2%}")

    curve = AccuracyCurveDisplay.from_cv(model, weights=model.weights_)
    curve.figure_.savefig(options.out, dpi=120)
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
