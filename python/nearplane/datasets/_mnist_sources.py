"""What MNIST and Fashion-MNIST are, and where their files come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# The official files call the test images by their number.
Part = Literal["train", "t10k"]


@dataclass(frozen=True)
class Collection:
    """One of the data sets.

    Attributes
    ----------
    title : str
        What messages call it.
    class_names : tuple of str
    folders : tuple of str
        Where its files lie in the folder of data sets; the first is downloaded to.
    sites : tuple of str
        From where the files are downloaded, in the order in which this is tried.
    sha256 : dict of str to str
        The checksums of the compressed files.
    first_labels : dict of str to bytes
        With what the labels of each part begin, to tell the data sets apart.
    description : str
    """

    title: str
    class_names: tuple[str, ...]
    folders: tuple[str, ...]
    sites: tuple[str, ...]
    sha256: Mapping[str, str]
    first_labels: Mapping[Part, bytes]
    description: str


MNIST = Collection(
    title="MNIST",
    class_names=tuple("0123456789"),
    folders=("mnist", "MNIST/raw"),
    # The authors' own site no longer answers; both of these keep its files unchanged.
    sites=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    sha256={
        "train-images-idx3-ubyte.gz": (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
        ),
        "train-labels-idx1-ubyte.gz": (
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
        ),
        "t10k-images-idx3-ubyte.gz": (
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
        ),
    },
    first_labels={
        "train": bytes([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]),
        "t10k": bytes([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]),
    },
    description="""\
MNIST
-----

70,000 handwritten digits of 28 x 28 pixels: 60,000 for training and 10,000 for testing. Pixels are
uint8, 0 (paper) to 255 (ink).

Yann LeCun, Leon Bottou, Yoshua Bengio and Patrick Haffner: Gradient-based learning applied to
document recognition. Proceedings of the IEEE 86 (11), 1998. http://yann.lecun.com/exdb/mnist/
""",
)

FASHION_MNIST = Collection(
    title="Fashion-MNIST",
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    folders=("fashion-mnist", "FashionMNIST/raw"),
    # The first has no https; what it sends is verified like everything else.
    sites=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    sha256={
        "train-images-idx3-ubyte.gz": (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
        ),
        "train-labels-idx1-ubyte.gz": (
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
        ),
        "t10k-images-idx3-ubyte.gz": (
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
        ),
    },
    first_labels={
        "train": bytes([9, 0, 0, 3, 0, 2, 7, 2, 5, 5]),
        "t10k": bytes([9, 2, 1, 1, 6, 1, 4, 6, 5, 7]),
    },
    description="""\
Fashion-MNIST
-------------

70,000 grey images of 28 x 28 pixels, articles of clothing in ten classes, 7,000 a class: 60,000 for
training and 10,000 for testing. Pixels are uint8, 0 (background) to 255.

Han Xiao, Kashif Rasul and Roland Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking
machine learning algorithms, 2017. https://arxiv.org/abs/1708.07747
""",
)
