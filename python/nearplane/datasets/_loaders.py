"""One loader for each name that `load_dataset` knows: all there is, split into training and test.

What has an official split keeps it; of anything else a fifth, drawn with equal shares of each
class, is for testing.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import load_arrays
from ._cifar10 import fetch_cifar10
from ._cifar100 import fetch_cifar100
from ._digits import load_digits
from ._image_dataset import ImageDataset
from ._image_folder import fetch_image_folder
from ._mnist import fetch_fashion_mnist, fetch_mnist
from ._natural import make_natural_images
from ._splits import stratified_order

_TEST_SHARE = 0.2
_NATURAL_TRAIN, _NATURAL_TEST = 10_000, 2_000


@dataclass(frozen=True)
class Request:
    """What a loader needs to know of the call."""

    data_home: str | os.PathLike[str] | None
    download_if_missing: bool
    n_train: int | None
    n_test: int | None
    rng: np.random.RandomState
    image_size: tuple[int, int] | None


Loader = Callable[[Request], ImageDataset]


def _load_digits(request: Request) -> ImageDataset:
    digits = load_digits()
    return _drawn(
        "digits",
        digits.images,
        digits.target,
        class_names=digits.target_names,
        rng=request.rng,
        description="Handwritten digits, 8 x 8 grey pixels from 0 to 16, bundled with "
        "scikit-learn; a random split of 80 % and 20 %.",
    )


def _load_natural(request: Request) -> ImageDataset:
    n_train = _NATURAL_TRAIN if request.n_train is None else request.n_train
    n_test = _NATURAL_TEST if request.n_test is None else request.n_test
    # Test images come first, so that they stay the same when n_train varies.
    images, target = make_natural_images(n_test + n_train, random_state=request.rng)
    return ImageDataset(
        name="natural",
        X_train=images[n_test:],
        y_train=target[n_test:],
        X_test=images[:n_test],
        y_test=target[:n_test],
        class_names=[f"class {number}" for number in range(10)],
        image_shape=images.shape[1:],
        description="Synthetic 32 x 32 colour images with the spectrum of natural ones, in ten "
        "classes.",
    )


def _official(
    name: str, fetch: Callable[..., Any], test_share: float, description: str, **options: Any
) -> Loader:
    """Return the loader of a data set of which a function fetches both official subsets."""

    def load(request: Request) -> ImageDataset:
        # Both subsets at once: an archive is then decompressed only once.
        found = fetch(
            request.data_home,
            subset="all",
            download_if_missing=request.download_if_missing,
            **options,
        )
        n_test = round(len(found.target) * test_share)
        return ImageDataset(
            name=name,
            X_train=found.images[:-n_test],
            y_train=found.target[:-n_test],
            X_test=found.images[-n_test:],
            y_test=found.target[-n_test:],
            class_names=found.target_names,
            image_shape=found.image_shape,
            description=description,
        )

    return load


def _load_folder(request: Request) -> ImageDataset:
    if request.data_home is None:
        raise ValueError("data_home must name the folder of images for 'folder', got None")
    folder = Path(request.data_home).expanduser()
    size = (32, 32) if request.image_size is None else request.image_size
    train = folder / "train"
    test = next((folder / name for name in ("test", "val") if (folder / name).is_dir()), None)
    resized = f"resized to {size[0]} x {size[1]} pixels"
    if not train.is_dir() or test is None:
        whole = fetch_image_folder(folder, size=size)
        if len(whole.target_names) == 1:
            # As it would be of a folder `train` that has no `test` beside it.
            raise ValueError(
                f"{folder} holds images of one class only, {whole.target_names[0]!r}; it must hold "
                "a folder for each class, or the folders train and test (or val) with these in them"
            )
        return _drawn(
            "folder",
            whole.images,
            whole.target,
            class_names=whole.target_names,
            rng=request.rng,
            description=f"Images of the folder {folder}, {resized}; a random split of 80 % and "
            "20 %.",
        )
    for_training, for_testing = (fetch_image_folder(part, size=size) for part in (train, test))
    class_names = for_training.target_names
    unknown = sorted(set(for_testing.target_names) - set(class_names))
    if unknown:
        raise ValueError(f"{test} has the class {unknown[0]!r}, which {train} has not")
    positions = np.array([class_names.index(name) for name in for_testing.target_names])
    return ImageDataset(
        name="folder",
        X_train=for_training.images,
        y_train=for_training.target,
        X_test=for_testing.images,
        y_test=positions[for_testing.target],
        class_names=class_names,
        image_shape=for_training.image_shape,
        description=f"Images of the folder {folder}, {resized}; training images from {train.name}, "
        f"test images from {test.name}.",
    )


def _load_arrays(request: Request) -> ImageDataset:
    if request.data_home is None:
        raise ValueError("data_home must name the file or folder of arrays for 'arrays', got None")
    place = Path(request.data_home).expanduser()
    # Mapped if that can be: of more rows than fit into memory a subset may be wanted.
    found = load_arrays(place, mmap=place.is_dir())
    rows = f"Rows of shape {found.image_shape}, {{}}, of {place}; "
    if "X" in found:
        return _drawn(
            "arrays",
            found.X,
            found.y,
            class_names=found.target_names,
            rng=request.rng,
            description=f"{rows.format(found.X.dtype)}a random split of 80 % and 20 %.",
        )
    return ImageDataset(
        name="arrays",
        X_train=found.X_train,
        y_train=found.y_train,
        X_test=found.X_test,
        y_test=found.y_test,
        class_names=found.target_names,
        image_shape=found.image_shape,
        description=f"{rows.format(found.X_train.dtype)}split as they are there.",
    )


def _drawn(
    name: str,
    X: NDArray[Any],
    y: NDArray[np.int64],
    *,
    class_names: list[str],
    rng: np.random.RandomState,
    description: str,
) -> ImageDataset:
    """Split what has no split of its own: a fifth of the rows is drawn for testing."""
    order = stratified_order(y, rng)
    n_test = round(_TEST_SHARE * len(order))
    if n_test == 0:
        raise ValueError(f"{name!r} has {len(order)} rows, too few to keep a fifth for testing")
    test, train = np.sort(order[:n_test]), np.sort(order[n_test:])
    return ImageDataset(
        name=name,
        X_train=X[train],
        y_train=y[train],
        X_test=X[test],
        y_test=y[test],
        class_names=class_names,
        image_shape=X.shape[1:],
        description=description,
    )


_CIFAR100 = "CIFAR-100, 32 x 32 colour photographs (Krizhevsky, 2009)"

LOADERS: dict[str, Loader] = {
    "cifar10": _official(
        "cifar10",
        fetch_cifar10,
        1 / 6,
        "CIFAR-10, 32 x 32 colour photographs (Krizhevsky, 2009); the official training and test "
        "images.",
    ),
    "cifar100": _official(
        "cifar100",
        fetch_cifar100,
        1 / 6,
        f"{_CIFAR100} in a hundred fine classes; the official training and test images.",
    ),
    "cifar100-coarse": _official(
        "cifar100-coarse",
        fetch_cifar100,
        1 / 6,
        f"{_CIFAR100} in twenty coarse classes; the official training and test images.",
        labels="coarse",
    ),
    "mnist": _official(
        "mnist",
        fetch_mnist,
        1 / 7,
        "MNIST, handwritten digits of 28 x 28 grey pixels (LeCun et al., 1998); the official "
        "training and test images.",
    ),
    "fashion-mnist": _official(
        "fashion-mnist",
        fetch_fashion_mnist,
        1 / 7,
        "Fashion-MNIST, articles of clothing in 28 x 28 grey pixels (Xiao et al., 2017); the "
        "official training and test images.",
    ),
    "digits": _load_digits,
    "natural": _load_natural,
    "folder": _load_folder,
    "arrays": _load_arrays,
}
