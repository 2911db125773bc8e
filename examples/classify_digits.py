"""Choose k on a validation split with one search, then score L1 and L2 once on test images."""

import argparse

import numpy as np
from sklearn.model_selection import train_test_split

from nearplane import KNeighborsClassifier, argkmin
from nearplane.datasets import load_dataset


def accuracy_for_each_k(indices, y_fit, y_val):
    """Return the accuracy of k = 1, 2, ... from one table of neighbours, nearest first."""
    classes = np.unique(y_fit)
    # The first k of many neighbours are those of a search for k, so votes[i, k - 1] are query i's.
    votes = (y_fit[indices][:, :, None] == classes).cumsum(axis=1)
    predicted = classes[votes.argmax(axis=2)]
    return (predicted == y_val[:, None]).mean(axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--k-max", type=int, default=20, help="largest k to try (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="decides the splits (default: 0)")
    options = parser.parse_args()

    digits = load_dataset("digits", random_state=options.seed)
    X_fit, X_val, y_fit, y_val = train_test_split(
        digits.X_train,
        digits.y_train,
        test_size=0.25,
        stratify=digits.y_train,
        random_state=options.seed,
    )
    print(f"{len(X_fit)} images to fit, {len(X_val)} to choose k, {len(digits.X_test)} to test")

    for name, metric in (("L1", "manhattan"), ("L2", "euclidean")):
        _, indices = argkmin(X_val, X_fit, k=options.k_max, metric=metric)
        accuracy = accuracy_for_each_k(indices, y_fit, y_val)
        k = int(accuracy.argmax()) + 1  # the smallest of the best

        # The choice is made, so the validation images may train as well. Test images are used once.
        model = KNeighborsClassifier(n_neighbors=k, metric=metric)
        model.fit(digits.X_train, digits.y_train)
        score = model.score(digits.X_test, digits.y_test)
        print(f"{name}: k = {k}, validation {accuracy[k - 1]:.2%}, test {score:.2%}")


if __name__ == "__main__":
    main()
