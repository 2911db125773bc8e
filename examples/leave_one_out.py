"""Leave-one-out accuracy for every k, from one search: each image is judged by all the others."""

import argparse

import numpy as np

from nearplane import NearestNeighbors
from nearplane.datasets import make_natural_images

BAR_WIDTH = 50


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-images", type=int, default=2_000, help="how many (default: 2000)")
    parser.add_argument("--k-max", type=int, default=15, help="largest k to try (default: 15)")
    parser.add_argument("--metric", choices=("manhattan", "euclidean"), default="manhattan")
    parser.add_argument("--seed", type=int, default=0, help="decides the images (default: 0)")
    options = parser.parse_args()

    images, target = make_natural_images(options.n_images, random_state=options.seed)
    search = NearestNeighbors(n_neighbors=options.k_max, metric=options.metric).fit(images)

    # Without queries, kneighbors searches the fitted images, and none is its own neighbour.
    indices = search.kneighbors(return_distance=False)

    # votes[i, j, c]: how many of the j + 1 nearest neighbours of image i are of class c.
    votes = (target[indices][:, :, None] == np.arange(target.max() + 1)).cumsum(axis=1)
    accuracy = (votes.argmax(axis=2) == target[:, None]).mean(axis=0)

    print(f"leave-one-out accuracy on {len(images)} images, metric {options.metric}")
    for k, value in enumerate(accuracy, start=1):
        print(f"k = {k:2d}  {value:6.2%}  {'#' * round(BAR_WIDTH * value)}")
    print(f"best: k = {accuracy.argmax() + 1}")


if __name__ == "__main__":
    main()
