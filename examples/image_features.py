"""Compare pixels, oriented gradients, colour histograms and visual words, and all of them."""

import argparse
from pathlib import Path

from sklearn.pipeline import make_pipeline, make_union

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane.datasets import DATASET_NAMES, load_dataset
from nearplane.features import HOG, ColorHistogram, VisualWords
from nearplane.preprocessing import Standardize


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", choices=DATASET_NAMES, default="digits")
    parser.add_argument("--data-dir", type=Path, help="where the data set lies")
    parser.add_argument("--n-train", type=int, help="use only so many training images")
    parser.add_argument("--n-words", type=int, default=200, help="visual words")
    options = parser.parse_args()

    images = load_dataset(options.dataset, data_home=options.data_dir, n_train=options.n_train)
    # Cells and patches that suit images of 32 x 32 pixels, and smaller ones for smaller images.
    side = min(images.image_shape[:2])
    hog = HOG(pixels_per_cell=side // 4, cells_per_block=2)
    colours = ColorHistogram(
        space="rgb" if len(images.image_shape) == 3 else "gray",
        value_range=(0, images.X_train.max()),
    )
    words = VisualWords(options.n_words, patch_size=min(6, side // 2), random_state=0, verbose=True)
    kinds = {
        "oriented gradients": hog,
        "colour histogram": colours,
        "visual words": words,
        "all of them": make_union(hog, colours, words),
    }

    print(f"{'':20}{'numbers':>9}{'linear':>9}{'neighbours':>12}")

    def compare(name, train, test):
        # Neighbours add up squared differences, in which features should have the same say.
        linear = LinearClassifier(random_state=0)
        near = make_pipeline(Standardize(), KNeighborsClassifier(5))
        scores = [
            model.fit(train, images.y_train).score(test, images.y_test) for model in (linear, near)
        ]
        print(f"{name:20}{train[0].size:9,}{scores[0]:9.1%}{scores[1]:12.1%}")

    compare("pixels", images.X_train, images.X_test)
    for name, transformer in kinds.items():
        compare(
            name, transformer.fit_transform(images.X_train), transformer.transform(images.X_test)
        )


if __name__ == "__main__":
    main()
