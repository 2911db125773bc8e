"""Image data sets: bundled, fetched and made.

- `load_digits` - scikit-learn's handwritten digits as images; needs no file and no network;
- `fetch_cifar10`, `fetch_cifar100`, `fetch_mnist`, `fetch_fashion_mnist` - from the official files,
  downloaded if they are missing;
- `fetch_image_folder` - images of any sizes, in a folder for each class; `read_images` - any files;
- `load_arrays` - embeddings, or images already decoded, from ``.npz`` or ``.npy`` files;
- `make_natural_images` - synthetic images with the statistics of natural ones;
- `make_quadrants`, `make_ring`, `make_three_modes`, `make_parity`, `make_spirals` - toy sets
  whose classes no line separates;
- `load_dataset` - any of them by name, split into training and test images.

Images are uint8 arrays of shape (n, height, width) or (n, height, width, channels), labels int64.
The ``load_*``, ``fetch_*`` and ``make_*`` functions return what there is, as scikit-learn's do;
only `load_dataset` splits what has no official split.
"""

from ._arrays import load_arrays
from ._cifar10 import fetch_cifar10
from ._cifar100 import fetch_cifar100
from ._digits import load_digits
from ._files import DataFileError
from ._home import get_data_home
from ._image_dataset import ImageDataset
from ._image_folder import fetch_image_folder
from ._image_reading import read_images
from ._mnist import fetch_fashion_mnist, fetch_mnist
from ._natural import make_natural_images
from ._registry import DATASET_NAMES, load_dataset
from ._toys import make_parity, make_quadrants, make_ring, make_spirals, make_three_modes

__all__ = [
    "DATASET_NAMES",
    "DataFileError",
    "ImageDataset",
    "fetch_cifar10",
    "fetch_cifar100",
    "fetch_fashion_mnist",
    "fetch_image_folder",
    "fetch_mnist",
    "get_data_home",
    "load_arrays",
    "load_dataset",
    "load_digits",
    "make_natural_images",
    "make_parity",
    "make_quadrants",
    "make_ring",
    "make_spirals",
    "make_three_modes",
    "read_images",
]
