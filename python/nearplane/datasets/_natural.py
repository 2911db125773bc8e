"""Synthetic images with the statistics of natural ones.

Each image is a Gaussian random field in the basis of the cosine transform, which the principal
directions of natural images resemble. The amplitude of a frequency f falls as 1/f, the spectrum of
natural scenes, times the blur of a camera. The cosine basis over the three channels is luminance,
red against blue, and green against magenta, close to the principal colour axes of natural scenes.
The constants were fitted to the mean spectrum of CIFAR-10, so that its eigenvalues, the spread of
its distances and thus the cost of searching it come out alike.

Sources: D. J. Field, "Relations between the statistics of natural images and the response
properties of cortical cells", JOSA A 4 (1987); D. L. Ruderman, T. W. Cronin, C.-C. Chiao,
"Statistics of cone responses to natural images: implications for visual coding", JOSA A 15 (1998).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from sklearn.utils import check_random_state

from nearplane._validation import check_integer, check_real

# Field values made at a time: 4 MB of float32, whatever the images' size.
_BLOCK_VALUES = 2**20
# A class is known by coarse shapes only: this many frequencies along each axis.
_TEMPLATE_FREQUENCIES = 6
_TEMPLATES_PER_CLASS = 4
# Standard deviation of a pixel before the squash, and the log-normal spread of contrast.
_GAIN = 0.62
_CONTRAST_SPREAD = 0.3
# The squash levels off at 127.5 +- this: a little over the range, so that its ends are reached.
_REACH = 140.0

_TEMPLATE_STREAM, _LABEL_STREAM, _IMAGE_STREAM = range(3)


def make_natural_images(
    n_samples: int,
    image_shape: tuple[int, ...] = (32, 32, 3),
    *,
    n_classes: int = 10,
    class_sep: float = 0.3,
    random_state: Any = None,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Make labelled uint8 images with a natural-image spectrum, for work without a download.

    The images look like coloured clouds. Their amplitude falls as 1/f (times a slight blur), their
    channels are strongly correlated, their contrast varies, and the spectrum of their covariance is
    close to that of CIFAR-10: a hundred principal directions hold about 90 % of the variance. Each
    class has four coarse templates; with the default separation ten classes are recognised from
    raw pixels by nearest neighbours about half of the time.

    Parameters
    ----------
    n_samples : int
        The number of images.
    image_shape : tuple of int, default=(32, 32, 3)
        Height and width in pixels, then, if there is a third number, channels.
    n_classes : int, default=10
        The number of classes. Every `n_classes` images in succession hold each class once.
    class_sep : float, default=0.3
        The share, 0 to 1, of the coarse variance that the class decides: 0 makes labels
        meaningless, 1 leaves only fine detail and contrast to chance.
    random_state : int, RandomState instance or None, default=None
        Pass an int for reproducible images.

    Returns
    -------
    images : ndarray of shape (n_samples, *image_shape), dtype uint8
        The images.
    target : ndarray of shape (n_samples,), dtype int64
        The class of each image, 0 to `n_classes` - 1.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of the type or in the range given above.

    Notes
    -----
    With the same `random_state`, fewer images are the first of more images. Bytes are equal for
    equal versions of NumPy and SciPy on one kind of processor; elsewhere a pixel may be rounded
    to its neighbouring value.

    Examples
    --------
    >>> from nearplane.datasets import make_natural_images
    >>> images, target = make_natural_images(20, (16, 16, 3), random_state=0)
    >>> images.shape, images.dtype
    ((20, 16, 16, 3), dtype('uint8'))
    >>> sorted(target[:10].tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    n_samples = check_integer("n_samples", n_samples, at_least=1)
    n_classes = check_integer("n_classes", n_classes, at_least=1)
    class_sep = check_real("class_sep", class_sep, at_least=0, at_most=1)
    shape = _checked_shape(image_shape)
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))

    amplitude = _amplitudes(shape)
    templates = _templates(amplitude, n_classes, seed)
    images = np.empty((n_samples, *shape), np.uint8)
    # Whole blocks only, cut at the end: so an image never depends on how many follow it.
    block_size = max(1, _BLOCK_VALUES // images[0].size)
    n_blocks = -(-n_samples // block_size)
    target = _labels(n_blocks * block_size, n_classes, seed)
    for number in range(n_blocks):
        rows = slice(number * block_size, (number + 1) * block_size)
        rng = np.random.default_rng([seed, _IMAGE_STREAM, number])
        coefficients = _coefficients(target[rows], amplitude, templates, class_sep, rng)
        images[rows] = _pixels(coefficients)[: len(images[rows])]
    return images.reshape(n_samples, *image_shape), target[:n_samples]


def _checked_shape(image_shape: tuple[int, ...]) -> tuple[int, int, int]:
    if not isinstance(image_shape, tuple | list) or len(image_shape) not in (2, 3):
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels); got "
            f"{image_shape!r}."
        )
    height, width, *channels = (check_integer("image_shape", n, at_least=1) for n in image_shape)
    return height, width, channels[0] if channels else 1


def _amplitudes(shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return the standard deviation of each cosine coefficient, for pixels of unit variance."""
    height, width, channels = shape
    side = np.sqrt(height * width)
    y, x, channel = np.ogrid[:height, :width, :channels]
    frequency = np.hypot(y / height, x / width) * side
    # The mean brightness varies as if it were the frequency one half.
    falloff = 1 / np.maximum(frequency, 0.5)
    # Colour is weaker than brightness, and blurred twice as much.
    colour = np.where(channel == 0, 1, 0.25 / np.maximum(channel, 1))
    cutoff = np.where(channel == 0, 0.6, 0.3) * side
    amplitude = colour * falloff * np.exp(-0.5 * (frequency / cutoff) ** 2)
    return np.asarray(amplitude / np.sqrt(np.mean(amplitude**2)), np.float32)


def _templates(amplitude: NDArray[np.float32], n_classes: int, seed: int) -> NDArray[np.float32]:
    """Return the classes' coarse coefficients; a class keeps its own whatever `n_classes` is."""
    rng = np.random.default_rng([seed, _TEMPLATE_STREAM])
    coarse = amplitude[:_TEMPLATE_FREQUENCIES, :_TEMPLATE_FREQUENCIES]
    noise = rng.standard_normal((n_classes, _TEMPLATES_PER_CLASS, *coarse.shape), np.float32)
    return noise * coarse


def _labels(n_samples: int, n_classes: int, seed: int) -> NDArray[np.int64]:
    """Return one random permutation of the classes after the other."""
    rng = np.random.default_rng([seed, _LABEL_STREAM])
    rounds = -(-n_samples // n_classes)
    classes = np.broadcast_to(np.arange(n_classes, dtype=np.int64), (rounds, n_classes))
    return rng.permuted(classes, axis=1).reshape(-1)[:n_samples]


def _coefficients(
    target: NDArray[np.int64],
    amplitude: NDArray[np.float32],
    templates: NDArray[np.float32],
    class_sep: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Draw the cosine coefficients of one image per label."""
    n_images = len(target)
    field = rng.standard_normal((n_images, *amplitude.shape), np.float32)
    field *= amplitude
    # A view of the coarse part: variance moves from chance to the class, the sum stays.
    coarse = field[:, : templates.shape[2], : templates.shape[3]]
    coarse *= np.float32(np.sqrt(1 - class_sep))
    chosen = templates[target, rng.integers(_TEMPLATES_PER_CLASS, size=n_images)]
    coarse += np.float32(np.sqrt(class_sep)) * chosen
    contrast = np.exp(_CONTRAST_SPREAD * rng.standard_normal(n_images, np.float32))
    field *= (_GAIN * contrast)[:, None, None, None]
    return field


def _pixels(coefficients: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Transform coefficients to pixels, in place where possible."""
    field: NDArray[np.float32] = fft.idctn(
        coefficients, axes=(1, 2, 3), norm="ortho", overwrite_x=True
    )
    # x / sqrt(1 + x^2) bends highlights and shadows as film does, where clipping would burn them.
    field /= np.sqrt(1 + field * field)
    field *= _REACH
    field += 128.0  # 127.5, and a half because the conversion to uint8 truncates
    return np.clip(field, 0, 255, out=field).astype(np.uint8)
