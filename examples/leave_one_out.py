"""Leave-one-out accuracy for every k, from one search: each image is judged by all the others."""

import argparse

from nearplane import KNeighborsClassifier
from nearplane.datasets import make_natural_images
from nearplane.neighbors import predict_each_k

BAR_WIDTH = 50


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-images", type=int, default=2_000, help="how many (default: 2000)")
    parser.add_argument("--k-max", type=int, default=15, help="largest k to try (default: 15)")
    parser.add_argument("--metric", choices=("manhattan", "euclidean"), default="manhattan")
    parser.add_argument("--seed", type=int, default=0, help="decides the images (default: 0)")
    options = parser.parse_args()

    images, target = make_natural_images(options.n_images, random_state=options.seed)
    model = KNeighborsClassifier(metric=options.metric).fit(images, target)

    # None stands for the fitted images, none of which is its own neighbour.
    ks = range(1, options.k_max + 1)
    accuracy = (predict_each_k(model, None, ks) == target).mean(axis=1)

    print(f"leave-one-out accuracy on {len(images)} images, metric {options.metric}")
    for k, value in zip(ks, accuracy, strict=True):
        print(f"k = {k:2d}  {value:6.2%}  {'#' * round(BAR_WIDTH * value)}")
    print(f"best: k = {ks[accuracy.argmax()]}")


if __name__ == "__main__":
    main()
