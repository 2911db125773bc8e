"""Decoding one image file of whatever size and mode to pixels of one size and mode."""

import functools
import os
import stat
import struct
from dataclasses import dataclass
from math import inf, prod
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from nearplane._validation import check_choice, check_integer

if TYPE_CHECKING:
    from PIL.Image import Image

ImageMode = Literal["RGB", "L"]

# Formats of pixels that Pillow decodes by itself. It would run Ghostscript for EPS, and IPTC may
# wrap any format. TGA, which has no signature, is tried last.
_FORMATS = (
    "JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "JPEG2000", "AVIF", "PPM", "DIB", "ICO", "PCX",
    "QOI", "SGI", "SUN", "TGA",
)  # fmt: skip
_ALPHA_MODES = ("LA", "La", "PA", "RGBA", "RGBa")
_ORIENTATION_TAG = 0x0112
# A JPEG is decoded to no less than this many times the size asked for, then resized.
_REDUCING_GAP = 2


@dataclass(frozen=True)
class ImageForm:
    """What every image becomes."""

    height: int
    width: int
    mode: ImageMode

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image."""
        return (self.height, self.width, 3) if self.mode == "RGB" else (self.height, self.width)

    @property
    def n_bytes(self) -> int:
        """Of one image."""
        return prod(self.shape)


class UnreadableImageError(Exception):
    """A file is no image that can be decoded; the message is why."""


def check_form(size: object, mode: object) -> ImageForm:
    """Return the form that the arguments `size` and `mode` of public functions describe."""
    check_choice("mode", mode, ("RGB", "L"))
    height, width = check_size("size", size)
    return ImageForm(height, width, mode)  # type: ignore[arg-type]  # one of the two choices


def check_size(name: str, size: object) -> tuple[int, int]:
    """Return the height and width that an argument of public functions says."""
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise ValueError(f"{name} must be (height, width); got {size!r}.")
    height, width = (check_integer(name, length, at_least=1) for length in size)
    return height, width


@functools.cache
def image_suffixes() -> frozenset[str]:
    """Return the endings of file names, in lower case and with the dot, that images have.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    """
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise ImportError(
            "reading images needs Pillow: pip install 'nearplane[data]'", name="PIL"
        ) from error
    # A JPEG of several pictures, which the JPEG reader reads, has a name of its own.
    read = {*_formats(), "MPO"}
    known = Image.registered_extensions()
    return frozenset(suffix for suffix, name in known.items() if name in read)


@functools.cache
def _formats() -> tuple[str, ...]:
    """Return the formats to look for; older versions of Pillow lack some."""
    from PIL import Image

    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def decode_image(path: str | os.PathLike[str], form: ImageForm) -> NDArray[np.uint8]:
    """Return the pixels of an image file in the wanted form.

    Parameters
    ----------
    path : str or path-like
        The file.
    form : ImageForm
        What to make of it.

    Returns
    -------
    ndarray of shape `form.shape`, uint8

    Raises
    ------
    UnreadableImageError
        If the file is not there, is no image, or is a damaged or too large one.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with (
            open(path, "rb", opener=_open_regular_file) as stream,
            Image.open(stream, formats=_formats()) as image,
        ):
            return _decode(image, form)
    except UnreadableImageError:
        raise
    except UnidentifiedImageError as error:
        problem = "is not an image of a known format, or damaged at its start"
        raise UnreadableImageError(problem) from error
    except OSError as error:
        # Pillow's own have no number.
        problem = f"cannot be read: {error.strerror}" if error.errno else _damage(error)
        raise UnreadableImageError(problem) from error
    # Hostile files make Pillow's readers raise nearly everything.
    except Exception as error:
        raise UnreadableImageError(_damage(error)) from error


def _open_regular_file(path: str, flags: int) -> int:
    # To open a pipe would wait for its other end.
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size:
        return descriptor
    os.close(descriptor)
    raise UnreadableImageError(
        "is empty" if stat.S_ISREG(status.st_mode) else "is not a regular file"
    )


def _damage(error: Exception) -> str:
    message = " ".join(str(error).split()) or type(error).__name__
    return f"cannot be decoded: {message:.200}"


def _decode(image: "Image", form: ImageForm) -> NDArray[np.uint8]:
    # A JPEG is decoded at a fraction of its size, which saves most of the time; square, because
    # the picture may have to be turned.
    side = _REDUCING_GAP * max(form.height, form.width)
    full = image.width * image.height
    image.draft(form.mode, (side, side))
    # Of a progressive JPEG the decoder keeps the coefficients of all pixels even so.
    _check_pixels(full if image.info.get("progressive") else image.width * image.height)
    image.load()
    orientation = _orientation(image)
    turned = orientation >= 5
    size = (form.height, form.width) if turned else (form.width, form.height)
    small = _turn(_resize(image, size, form.mode), orientation)
    return np.ascontiguousarray(small, np.uint8)


def _check_pixels(n_pixels: int) -> None:
    from PIL import Image

    # Pillow itself only warns up to twice its limit; None lifts the limit here as there.
    limit = inf if Image.MAX_IMAGE_PIXELS is None else Image.MAX_IMAGE_PIXELS
    if n_pixels > limit:
        raise UnreadableImageError(
            f"has {n_pixels:,} pixels, and more than {limit:,} (PIL.Image.MAX_IMAGE_PIXELS) are "
            "taken for a decompression bomb"
        )


def _resize(image: "Image", size: tuple[int, int], mode: ImageMode) -> "Image":
    """Return the picture at its new size in the mode RGB or L."""
    from PIL import Image

    if image.mode == "F":
        raise UnreadableImageError("has floating-point pixels, whose range is not known")
    bilinear = Image.Resampling.BILINEAR
    if image.mode.startswith("I"):
        small = _to_eight_bits(image.convert("F").resize(size, bilinear))
        return small.convert(mode)
    if "transparency" not in image.info and image.mode not in _ALPHA_MODES:
        plain = image if image.mode == mode else image.convert(mode)  # which copies in any case
        return plain.resize(size, bilinear, reducing_gap=_REDUCING_GAP)
    # Pillow weighs colours with their opacity here, so that invisible ones do not bleed.
    small = image.convert("RGBA").resize(size, bilinear, reducing_gap=_REDUCING_GAP)
    paper = Image.new("RGBA", size, "white")
    paper.alpha_composite(small)
    return paper.convert(mode)


def _to_eight_bits(image: "Image") -> "Image":
    """Return an image of 16-bit values as one of 8 bits; Pillow's conversion would clip them."""
    from PIL import Image

    lowest, highest = image.getextrema()
    if not 0 <= lowest <= highest <= 65535:  # type: ignore[operator]  # of one channel: numbers
        raise UnreadableImageError("has integer pixels beyond 16 bits, whose range is not known")
    values = np.rint(np.asarray(image) / np.float32(257))
    return Image.fromarray(values.astype(np.uint8))


def _orientation(image: "Image") -> int:
    """Return how the camera was held: 1 to 8, of which 5 to 8 exchange height and width."""
    # These Pillow turns upright itself; some versions go on to say that they are not.
    if image.format == "TIFF":
        return 1
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    # Damaged notes of the camera do not spoil the picture.
    except (SyntaxError, ValueError, LookupError, TypeError, OSError, struct.error):
        return 1
    return orientation if orientation in range(1, 9) else 1


def _turn(image: "Image", orientation: int) -> "Image":
    from PIL import Image

    # What undoes each orientation of the Exif standard, in which 1 is upright.
    turns = (
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_270,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_90,
    )
    return image if orientation == 1 else image.transpose(turns[orientation - 2])
