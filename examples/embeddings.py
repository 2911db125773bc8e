"""Compare metrics, and a linear probe, on a folder of embeddings that are mapped into memory."""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from nearplane import KNeighborsClassifier, KNeighborsClassifierCV, LinearClassifier
from nearplane.datasets import load_arrays


def make_embeddings(folder, n_features=128):
    """Save rows of which the direction says the class, and the length nothing."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(10, n_features))
    for part, n in (("train", 2000), ("test", 500)):
        y = rng.integers(10, size=n)
        X = directions[y] + 2.5 * rng.normal(size=(n, n_features))
        X *= rng.lognormal(0, 1, (n, 1))
        np.save(folder / f"X_{part}.npy", X.astype(np.float32))
        np.save(folder / f"y_{part}.npy", y)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", type=Path, nargs="?", help="X_train.npy, y_train.npy, ...; without it, made up"
    )
    parser.add_argument("--epochs", type=int, default=20)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as made_up:
        if options.folder is None:
            make_embeddings(Path(made_up))
        data = load_arrays(options.folder or made_up, mmap=True)
        n, n_features = data.X_train.shape
        print(f"{n} rows of {n_features} numbers in {len(data.target_names)} classes")

        for metric in ("cosine", "euclidean", "manhattan"):
            search = KNeighborsClassifierCV([1, 3, 5, 10, 20], metric=metric, cv=3, refit=False)
            k = search.fit(data.X_train, data.y_train).n_neighbors_
            model = KNeighborsClassifier(k, metric=metric).fit(data.X_train, data.y_train)
            accuracy = model.score(data.X_test, data.y_test)
            print(f"{metric:12} k = {k:2}, test accuracy {accuracy:.1%}")

        probe = LinearClassifier(max_epochs=options.epochs, random_state=0)
        probe.fit(data.X_train, data.y_train)
        print(f"linear probe         test accuracy {probe.score(data.X_test, data.y_test):.1%}")


if __name__ == "__main__":
    main()
