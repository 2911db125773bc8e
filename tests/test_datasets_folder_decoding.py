"""Single image files: any size, mode, format and orientation, and files that are no images."""

import sys
import warnings

import numpy as np
import pytest
from PIL import ExifTags, Image

from nearplane.datasets import DataFileError, _image_decoding, read_images

from .image_folders import damaged_files, encoded, photo, unreadable_names

RED, GREY = (200, 100, 50), 124  # 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2


def read(tmp_path, content, **options):
    path = tmp_path / "image.bin"
    path.write_bytes(content)
    return read_images([path], **options).images[0]


def plain(mode, **info):
    image = Image.new("RGB", (50, 40), RED)
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    image.info.update(info)
    return image


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("JPEG", "RGB"), ("JPEG", "CMYK"),
        ("GIF", "P"), ("BMP", "RGB"), ("TIFF", "RGB"), ("TIFF", "CMYK"),
        ("JPEG2000", "RGB"), ("PPM", "RGB"), ("ICO", "RGB"), ("PCX", "RGB"), ("SGI", "RGB"),
        ("TGA", "RGB"),
    ],
)  # fmt: skip
def test_every_format_and_mode_of_colour_gives_the_same_pixels(tmp_path, kind, mode):
    content = encoded(plain(mode), kind)
    colour = read(tmp_path, content, size=(3, 5))
    assert (colour.shape, colour.dtype) == ((3, 5, 3), np.uint8)
    np.testing.assert_allclose(colour, np.broadcast_to(RED, (3, 5, 3)), atol=2)
    grey = read(tmp_path, content, size=(3, 5), mode="L")
    np.testing.assert_allclose(grey, np.full((3, 5), GREY), atol=2)


@pytest.mark.parametrize(
    ("image", "value"),
    [
        (Image.new("L", (9, 9), 77), 77),
        (Image.new("1", (9, 9), 1), 255),
        (Image.fromarray(np.full((9, 9), 77 * 257, np.uint16)), 77),
        (Image.fromarray(np.full((9, 9), 65535, np.uint16)), 255),
        (Image.new("LA", (9, 9), (100, 255)), 100),
        (Image.new("LA", (9, 9), (100, 51)), 224),  # a fifth of 100, four fifths of white
        (Image.new("RGBA", (9, 9), (0, 0, 0, 0)), 255),
        (Image.new("RGBA", (9, 9), (90, 90, 90, 0)), 255),
    ],
    ids=["grey", "bits", "16 bits", "white", "opaque", "veiled", "invisible", "hidden colour"],
)
def test_grey_and_transparent_images(tmp_path, image, value):
    content = encoded(image)
    assert (read(tmp_path, content, size=(2, 3), mode="L") == value).all()
    assert (read(tmp_path, content, size=(2, 3)) == value).all()


@pytest.mark.parametrize("image", [plain("P"), plain("L"), plain("RGB")], ids=["P", "L", "RGB"])
def test_a_transparent_colour_becomes_white(tmp_path, image):
    key = image.getpixel((0, 0))
    assert (read(tmp_path, encoded(image, transparency=key)) == 255).all()


def test_invisible_colours_do_not_bleed(tmp_path):
    # A black square beside invisible red: what is between them is grey, not reddish.
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4, 3], pixels[:, 4:, 0] = 255, 255
    small = read(tmp_path, encoded(Image.fromarray(pixels)), size=(3, 3)).astype(int)
    assert 0 < small[0, 1, 0] < 255
    assert (small == small[..., :1]).all()


@pytest.mark.parametrize(("mode", "value"), [("F", 1.0), ("I", 70_000), ("I", -1)])
def test_numbers_of_unknown_range_are_refused(tmp_path, mode, value):
    with pytest.raises(DataFileError, match="whose range is not known"):
        read(tmp_path, encoded(Image.new(mode, (9, 9), value), "TIFF"))


@pytest.mark.parametrize(("kind", "tolerance"), [("PNG", 1.5), ("JPEG", 3)])
@pytest.mark.parametrize("size", [(16, 12), (40, 30), (300, 250)])
def test_a_ramp_stays_a_ramp_at_any_size(tmp_path, kind, tolerance, size):
    # Interpolating a linear function gives its values at the middles of the new pixels.
    y, x = np.mgrid[:200, :160]
    stored = np.round(20 + y * 0.5 + x * 0.7).astype(np.uint8)
    resized = read(tmp_path, encoded(Image.fromarray(stored), kind), size=size, mode="L")
    rows = (np.arange(size[0]) + 0.5) * 200 / size[0] - 0.5
    columns = (np.arange(size[1]) + 0.5) * 160 / size[1] - 0.5
    expected = 20 + rows[:, np.newaxis] * 0.5 + columns * 0.7
    inside = (slice(1, -1), slice(1, -1))
    difference = resized[inside] - expected[inside]
    assert np.abs(difference).max() < tolerance
    assert abs(difference.mean()) < 0.3  # nothing is shifted


UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.T,
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored.T[::-1, ::-1],
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_images_are_turned_upright(tmp_path, kind, orientation):
    small = np.array([[0, 50, 100], [150, 200, 250]], np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    image = Image.fromarray(np.kron(small, np.ones((64, 64), np.uint8))).convert("RGB")
    expected = UPRIGHT[orientation](small)
    turned = read(tmp_path, encoded(image, kind, exif=exif), size=expected.shape, mode="L")
    # Interpolation mixes neighbours by a quarter.
    assert np.abs(turned.astype(int) - expected).max() < 45


def test_damaged_camera_data_do_not_spoil_a_picture(tmp_path, monkeypatch):
    def refuse(_image):
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", refuse)
    assert (read(tmp_path, encoded(plain("RGB"))) == RED).all()


@pytest.mark.parametrize("name", damaged_files())
def test_a_file_that_is_no_image_is_refused_with_the_reason(tmp_path, name):
    content, reason = damaged_files()[name]
    with pytest.raises(DataFileError, match=reason) as caught:
        read(tmp_path, content)
    assert caught.value.path == str(tmp_path / "image.bin")


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path):
    names = [str(tmp_path / name) for name in [*unreadable_names(tmp_path), "missing.png"]]
    result = read_images(names, on_error="skip")
    assert [path for path, _ in result.skipped] == names
    assert all(reason.startswith(("cannot be read", "is not")) for _, reason in result.skipped)
    assert result.images.shape == (0, 32, 32, 3)


KINDS = {
    "JPEG": {}, "progressive": {}, "PNG": {}, "GIF": {}, "BMP": {}, "TIFF": {}, "JPEG2000": {},
    "PPM": {}, "ICO": {}, "PCX": {}, "SGI": {}, "TGA": {}, "WEBP": {},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_does_harm(tmp_path, kind):
    rng = np.random.default_rng(0)
    options = {"progressive": True} if kind == "progressive" else {}
    whole = np.frombuffer(encoded(photo(), "JPEG" if options else kind, **options), np.uint8)
    files = []
    for number in range(40):
        content = whole.copy()
        # Most of the damage near the beginning, where it matters.
        places = (len(content) * rng.random(rng.integers(1, 12)) ** 3).astype(int)
        content[places] = rng.integers(0, 256, len(places))
        if number % 4 == 0:
            content = content[: rng.integers(1, len(content))]
        files.append(tmp_path / f"{number}.bin")
        content.tofile(files[-1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow says to some of them
        result = read_images(files, size=(8, 8), on_error="skip")
    assert len(result.images) + len(result.skipped) == 40
    assert len(result.skipped) > 2


def test_too_many_pixels_are_refused_unless_a_jpeg_is_decoded_smaller(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9000)  # Pillow warns, and raises beyond 18,000
    monkeypatch.setattr(Image, "DecompressionBombWarning", PendingDeprecationWarning)
    image = photo(120, 80)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        for content in (encoded(image), encoded(image, "JPEG", progressive=True)):
            with pytest.raises(
                DataFileError, match=r"has 9,600 pixels, and more than 9,000 .*bomb"
            ):
                read(tmp_path, content, size=(20, 20))
        assert read(tmp_path, encoded(image, "JPEG"), size=(20, 20)).shape == (20, 20, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert read(tmp_path, encoded(image), size=(20, 20)).shape == (20, 20, 3)


def test_a_reduced_jpeg_is_close_to_one_reduced_in_full(tmp_path):
    image = photo(640, 480)
    reduced = read(tmp_path, encoded(image, "JPEG", quality=95), size=(30, 40))
    full = read(tmp_path, encoded(image), size=(30, 40))
    assert np.abs(reduced.astype(int) - full).mean() < 1.5


def test_endings_are_those_of_formats_pillow_decodes_itself():
    suffixes = _image_decoding.image_suffixes()
    assert {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm"} <= suffixes
    assert not {".eps", ".ps", ".pdf", ".txt", ".npy", ".mpg", ".iim"} & suffixes


def test_a_format_that_pillow_lacks_does_not_disturb_the_others(tmp_path, monkeypatch):
    monkeypatch.delitem(Image.OPEN, "QOI")
    _image_decoding._formats.cache_clear()
    content = encoded(plain("RGB"))
    try:
        assert (read(tmp_path, content) == RED).all()
    finally:
        _image_decoding._formats.cache_clear()


def test_a_missing_pillow_is_named(monkeypatch):
    _image_decoding.image_suffixes.cache_clear()
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"needs Pillow: pip install 'nearplane\[data\]'"):
        read_images([])
