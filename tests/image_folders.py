"""Small image folders for tests, of which every pixel is known."""

import io
import os
import struct
import zlib

import numpy as np
from PIL import Image


def colour_of(number):
    """Return a colour that no other number below 1000 has."""
    return (number % 10 * 25, number // 10 % 10 * 25, number // 100 * 25)


def write_colours(root, names, size=(9, 7)):
    """Write one image of a single colour under each name; the first has colour 0."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, colour_of(number)).save(path, "PNG")


def encoded(image, kind="PNG", **options):
    """Return the bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def photo(width=120, height=80, seed=0):
    """Return an image that is smooth but not constant, as photographs are."""
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)


def huge_png(width, height):
    """Return a PNG of a few bytes that claims to be huge."""

    def chunk(kind, content):
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def damaged_files():
    """Return the bytes of files that are no image, and a word of the reason, each by a name."""
    jpeg, png = encoded(photo(), "JPEG"), encoded(photo())
    noise = np.random.default_rng(1).integers(0, 256, 5000, np.uint8).tobytes()
    return {
        "empty": (b"", "is empty"),
        "one byte": (b"\xff", "not an image"),
        "noughts": (bytes(1000), "not an image"),
        "noise": (noise, "not an image"),
        "text": (b"<html>404 Not Found</html>", "not an image"),
        "program": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nquit\n", "not an image"),
        "half of a jpeg": (jpeg[: len(jpeg) // 2], "truncated"),
        "start of a jpeg": (jpeg[:20], "not an image"),
        "half of a png": (png[: len(png) // 2], "truncated"),
        "start of a png": (png[:40], "not an image"),
        "jpeg, then noise": (jpeg[:300] + noise, "not an image"),
        "bomb": (huge_png(60_000, 60_000), "decompression bomb"),
        "no pixels": (huge_png(0, 10), "not an image"),
        "pixels without content": (huge_png(500, 500), "truncated"),
    }


def unreadable_names(folder):
    """Make what has the name of an image and is no file, where the system has it; return names."""
    (folder / "folder.png").mkdir()
    names = ["folder.png"]
    if os.name == "posix":
        os.mkfifo(folder / "pipe.png")
        (folder / "nowhere.png").symlink_to("no such file")
        (folder / "itself.png").symlink_to("itself.png")
        names += ["pipe.png", "nowhere.png", "itself.png"]
    return names
