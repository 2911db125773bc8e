"""Train on mirrored, cropped and blended images besides the originals, and see whether it helps."""

import argparse
from pathlib import Path

from sklearn.pipeline import make_pipeline

from nearplane import LinearClassifier
from nearplane.datasets import DATASET_NAMES, load_dataset
from nearplane.preprocessing import MixUp, RandomCrop, RandomHorizontalFlip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", choices=DATASET_NAMES, default="natural")
    parser.add_argument("--data-dir", type=Path, help="where the data set lies")
    parser.add_argument("--n-train", type=int, default=2000)
    parser.add_argument("--n-test", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=20)
    options = parser.parse_args()

    images = load_dataset(
        options.dataset,
        data_home=options.data_dir,
        n_train=options.n_train,
        n_test=options.n_test,
    )
    X, y = images.X_train, images.y_train

    def score(name, model):
        print(f"{name:12} {model.score(images.X_test, images.y_test):.2%} of the test images")

    linear = LinearClassifier(max_epochs=options.epochs, random_state=0)
    score("as they are", linear.fit(X, y))
    # What is random in a pipeline alters what it is fitted to, and never what it predicts.
    for transformer in (RandomHorizontalFlip(random_state=0), RandomCrop(random_state=0)):
        name = type(transformer).__name__.removeprefix("Random").lower()
        score(name, make_pipeline(transformer, linear).fit(X, y))
    # A blend counts as two images, one for each label, that share its weight.
    blended, labels, weights = MixUp(random_state=0).fit_resample(X, y)
    score("mixup", linear.fit(blended, labels, sample_weight=weights))


if __name__ == "__main__":
    main()
