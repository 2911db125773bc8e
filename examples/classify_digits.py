"""Choose k on a validation split with one search, then score L1 and L2 once on test images."""

import argparse

from sklearn.model_selection import train_test_split

from nearplane import KNeighborsClassifier
from nearplane.datasets import load_dataset
from nearplane.neighbors import predict_each_k


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

    ks = range(1, options.k_max + 1)
    for name, metric in (("L1", "manhattan"), ("L2", "euclidean")):
        model = KNeighborsClassifier(metric=metric).fit(X_fit, y_fit)
        # The first k of many neighbours are those of a search for k: one search serves every k.
        accuracy = (predict_each_k(model, X_val, ks) == y_val).mean(axis=1)
        k = ks[accuracy.argmax()]  # the smallest of the best

        # The choice is made, so the validation images may train as well. Test images are used once.
        model.set_params(n_neighbors=k).fit(digits.X_train, digits.y_train)
        score = model.score(digits.X_test, digits.y_test)
        print(f"{name}: k = {k}, validation {accuracy.max():.2%}, test {score:.2%}")


if __name__ == "__main__":
    main()
