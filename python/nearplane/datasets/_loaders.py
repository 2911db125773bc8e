"""One loader for each name that `load_dataset` knows: all there is, in two parts.

What has an official split keeps it; of anything else a fifth, drawn with equal shares of each
class, is for testing.
"""

from collections.abc import Callable
from typing import Any

from ._cifar10 import fetch_cifar10
from ._cifar100 import fetch_cifar100
from ._digits import load_digits
from ._mnist import fetch_fashion_mnist, fetch_mnist
from ._natural import make_natural_images
from ._own_data import load_arrays_source, load_folder_source
from ._sources import DRAWN_SPLIT, Loader, Part, Request, Source, draw_parts

_NATURAL_TRAIN, _NATURAL_TEST = 10_000, 2_000


def _load_digits(request: Request) -> Source:
    digits = load_digits()
    train, test = draw_parts("digits", digits.images, digits.target, request.rng)
    return Source(
        train=train,
        test=test,
        class_names=digits.target_names,
        description="Handwritten digits, 8 x 8 grey pixels from 0 to 16, bundled with "
        f"scikit-learn; {DRAWN_SPLIT}.",
    )


def _load_natural(request: Request) -> Source:
    n_train = _NATURAL_TRAIN if request.n_train is None else request.n_train
    n_test = _NATURAL_TEST if request.n_test is None else request.n_test
    # Test images come first, so that they stay the same when n_train varies.
    images, target = make_natural_images(n_test + n_train, random_state=request.rng)
    return Source(
        train=Part(images, target, slice(n_test, None)),
        test=Part(images, target, slice(n_test)),
        class_names=[f"class {number}" for number in range(10)],
        description="Synthetic 32 x 32 colour images with the spectrum of natural ones, in ten "
        "classes.",
    )


def _official(
    fetch: Callable[..., Any], test_share: float, description: str, **options: Any
) -> Loader:
    """Return the loader of a data set of which a function fetches both official subsets."""

    def load(request: Request) -> Source:
        # Both subsets at once: an archive is then decompressed only once.
        found = fetch(
            request.data_home,
            subset="all",
            download_if_missing=request.download_if_missing,
            verbose=request.verbose,
            **options,
        )
        n_train = len(found.target) - round(len(found.target) * test_share)
        return Source(
            train=Part(found.images, found.target, slice(n_train)),
            test=Part(found.images, found.target, slice(n_train, None)),
            class_names=found.target_names,
            description=description,
        )

    return load


_CIFAR100 = "CIFAR-100, 32 x 32 colour photographs (Krizhevsky, 2009)"

LOADERS: dict[str, Loader] = {
    "cifar10": _official(
        fetch_cifar10,
        1 / 6,
        "CIFAR-10, 32 x 32 colour photographs (Krizhevsky, 2009); the official training and test "
        "images.",
    ),
    "cifar100": _official(
        fetch_cifar100,
        1 / 6,
        f"{_CIFAR100} in a hundred fine classes; the official training and test images.",
    ),
    "cifar100-coarse": _official(
        fetch_cifar100,
        1 / 6,
        f"{_CIFAR100} in twenty coarse classes; the official training and test images.",
        labels="coarse",
    ),
    "mnist": _official(
        fetch_mnist,
        1 / 7,
        "MNIST, handwritten digits of 28 x 28 grey pixels (LeCun et al., 1998); the official "
        "training and test images.",
    ),
    "fashion-mnist": _official(
        fetch_fashion_mnist,
        1 / 7,
        "Fashion-MNIST, articles of clothing in 28 x 28 grey pixels (Xiao et al., 2017); the "
        "official training and test images.",
    ),
    "digits": _load_digits,
    "natural": _load_natural,
    "folder": load_folder_source,
    "arrays": load_arrays_source,
}
