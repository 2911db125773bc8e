"""CIFAR-100 in its two official layouts, with fine and coarse labels."""

import os
from typing import Any, Literal

from sklearn.utils import Bunch

from nearplane._validation import check_choice, check_flag

from ._cifar import Collection, binary_layout, fetch, python_layout
from ._cifar_batches import IMAGE_SHAPE, Labelling
from ._splits import Subset

FINE_NAMES = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup",
    "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house",
    "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man",
    "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy",
    "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal",
    "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar",
    "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman",
    "worm",
)  # fmt: skip
COARSE_NAMES = (
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables",
    "household_electrical_devices", "household_furniture", "insects", "large_carnivores",
    "large_man-made_outdoor_things", "large_natural_outdoor_scenes",
    "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates", "people",
    "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
)  # fmt: skip
TRAIN_RECORDS, TEST_RECORDS = 50_000, 10_000

DOWNLOAD_URL = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"
DOWNLOAD_SHA256 = "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"

DESCRIPTION = """\
CIFAR-100
---------

60,000 colour images of 32 x 32 pixels in a hundred fine classes, 600 a class: 50,000 for training
and 10,000 for testing. Five fine classes each make up one of twenty coarse ones. Pixels are uint8,
channels in the order red, green, blue.

Alex Krizhevsky: Learning Multiple Layers of Features from Tiny Images. Technical report,
University of Toronto, 2009. https://www.cs.toronto.edu/~kriz/cifar.html
"""

COARSE = Labelling(COARSE_NAMES, "coarse_labels", "coarse_label_names", "coarse_label_names.txt")
FINE = Labelling(FINE_NAMES, "fine_labels", "fine_label_names", "fine_label_names.txt")
# A binary record begins with the coarse label.
LABELLINGS = (COARSE, FINE)
BINARY = binary_layout(
    "cifar-100-binary", "cifar-100-binary.tar.gz", ("train.bin",), "test.bin", LABELLINGS
)
PYTHON = python_layout("cifar-100-python", "cifar-100-python.tar.gz", ("train",), "test", "meta")


def fetch_cifar100(
    data_home: str | os.PathLike[str] | None = None,
    *,
    subset: Subset = "train",
    labels: Literal["fine", "coarse"] = "fine",
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    verbose: bool = False,
) -> Any:
    """Load CIFAR-100, downloading it if necessary.

    The images are looked for in `data_home` in the official binary layout (the folder
    ``cifar-100-binary``, its files themselves, or ``cifar-100-binary.tar.gz``), then in the
    official python layout (``cifar-100-python``, its files, or ``cifar-100-python.tar.gz``).
    Archives are read in place. If nothing is found, the official binary archive (169 MB) is
    downloaded and its SHA-256 verified.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder to look in and to download to; see `get_data_home` for `None`.
    subset : {"train", "test", "all"}, default="train"
        The 50,000 training images, the 10,000 test images, or both, training images first.
    labels : {"fine", "coarse"}, default="fine"
        Whether `target` is one of the hundred fine or of the twenty coarse classes.
    download_if_missing : bool, default=True
        If `False`, raise an error instead of downloading.
    return_X_y : bool, default=False
        If `True`, return ``(data, target)`` instead of a `Bunch`.
    n_retries : int, default=3
        How often a failed download is tried again.
    verbose : bool, default=False
        Whether to show a progress bar of the download.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        images : ndarray of shape (n, 32, 32, 3), dtype uint8
            The pixels, 0 to 255: rows, columns, then red, green, blue; C-contiguous.
        data : ndarray of shape (n, 3072), dtype uint8
            The same memory, one image a row.
        target : ndarray of shape (n,), dtype int64
            The class of each image, 0 to 99, or 0 to 19 if `labels` is ``"coarse"``.
        target_names : list of str
            The names of these classes, as the official files spell them.
        fine_target, coarse_target : ndarray of shape (n,), dtype int64
            The class of each image in both ways.
        fine_target_names, coarse_target_names : list of str
            The hundred and the twenty names.
        image_shape : tuple of int
            ``(32, 32, 3)``.
        DESCR : str
            A description of the data set.
    (data, target) : tuple
        If `return_X_y` is `True`.

    Raises
    ------
    FileNotFoundError
        If the data set is not there and `download_if_missing` is `False`.
    OSError
        If the download fails.
    ImportError
        If a download needs pooch and it is not installed.
    DataFileError
        If a file has a wrong size, a label out of range or contents that are not images.
    TypeError, ValueError
        If an argument is not of the type or in the range given above.

    Notes
    -----
    The pickles of the python layout are decoded as data: nothing in them is ever run.

    Examples
    --------
    With the data set in place, or a network::

        cifar100 = fetch_cifar100(subset="test")
        cifar100.target_names[:2]           # ["apple", "aquarium_fish"]
        cifar100.coarse_target_names[:2]    # ["aquatic_mammals", "fish"]

    Without both:

    >>> from nearplane.datasets import fetch_cifar100
    >>> fetch_cifar100("no/such/folder", download_if_missing=False)
    Traceback (most recent call last):
        ...
    FileNotFoundError: CIFAR-100 is not in no...folder...
    """
    check_choice("labels", labels, ("fine", "coarse"))
    wants_pair = check_flag("return_X_y", return_X_y)
    collection = Collection(
        title="CIFAR-100",
        labellings=LABELLINGS,
        train_records=TRAIN_RECORDS,
        test_records=TEST_RECORDS,
        layouts=(BINARY, PYTHON),
        url=DOWNLOAD_URL,
        sha256=DOWNLOAD_SHA256,
    )
    found = fetch(
        collection,
        data_home,
        subset,
        download_if_missing=download_if_missing,
        n_retries=n_retries,
        verbose=verbose,
    )
    (coarse, fine), (coarse_names, fine_names) = found.targets, found.names
    is_fine = labels == "fine"
    target = fine if is_fine else coarse
    if wants_pair:
        return found.data, target
    return Bunch(
        data=found.data,
        images=found.images,
        target=target,
        target_names=fine_names if is_fine else coarse_names,
        fine_target=fine,
        fine_target_names=fine_names,
        coarse_target=coarse,
        coarse_target_names=coarse_names,
        image_shape=IMAGE_SHAPE,
        DESCR=DESCRIPTION,
    )
