"""Draw test images beside their nearest training images, into a file."""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from nearplane import KNeighborsClassifier
from nearplane.datasets import load_dataset
from nearplane.display import NeighborsDisplay


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("nearest_images.png"))
    parser.add_argument("--dataset", choices=("digits", "natural"), default="digits")
    parser.add_argument("--metric", choices=("manhattan", "euclidean"), default="manhattan")
    parser.add_argument("--n-queries", type=int, default=6, help="rows of the picture")
    parser.add_argument("--k", type=int, default=8, help="neighbours of each query")
    parser.add_argument("--seed", type=int, default=0, help="decides the images and the queries")
    options = parser.parse_args()

    images = load_dataset(options.dataset, n_train=1_000, n_test=300, random_state=options.seed)
    model = KNeighborsClassifier(n_neighbors=options.k, metric=options.metric, ties="nearest")
    model.fit(images.X_train, images.y_train)

    # Mistakes teach more than successes, so half of the rows are mistakes, if there are so many.
    wrong = model.predict(images.X_test) != images.y_test
    order = np.random.default_rng(options.seed).permutation(len(wrong))
    half = options.n_queries // 2
    wrong_first = np.concatenate([order[wrong[order]][:half], order[~wrong[order]]])
    queries = wrong_first[: options.n_queries]

    display = NeighborsDisplay.from_estimator(
        model,
        images.X_test[queries],
        images.y_test[queries],
        X_train=images.X_train,
        y_train=images.y_train,
        class_names=images.class_names,
    )
    display.figure_.savefig(options.out, dpi=120)
    plt.close(display.figure_)
    print(f"{wrong[queries].sum()} of {len(queries)} queries are labelled wrongly")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
