"""Damaged and hostile data files, made from templates over every format that is read.

A case is one data set with one thing wrong. `FILE_CASES` holds them by their names; those of
arrays alone are in `hostile_arrays`.
"""

import gzip
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from nearplane.datasets import (
    fetch_cifar10,
    fetch_cifar100,
    fetch_fashion_mnist,
    fetch_mnist,
    load_arrays,
)

from .dataset_files import (
    CIFAR10_ARCHIVES,
    CIFAR10_FOLDERS,
    CIFAR10_RECORDS,
    CIFAR100_FOLDERS,
    N_TRAIN,
    cifar10,
    cifar100,
    idx,
    mnist,
    npy,
    npz,
    packed,
    tar_gz,
)


@dataclass(frozen=True)
class Case:
    """The files of a data set, and whether reading them must fail."""

    files: dict[str, bytes]
    read: Callable[[Path], object]
    refused: bool = True


def present(fetch, **options):
    return partial(fetch, download_if_missing=False, subset="all", **options)


def tarred(folder, files, *, before=(), after=()):
    """Return an archive of files, between other entries."""
    entries = [(f"{folder}/{name}", content) for name, content in files.items()]
    return tar_gz([*before, *entries, *after])


ROWS = np.arange(24, dtype=np.float32).reshape(8, 3)
ARRAYS = {"X.npy": npy(ROWS), "y.npy": npy(np.arange(8) % 2)}


def sound_cases():
    """Return data sets with nothing wrong, each with the files that are to be damaged."""
    cases = {}
    for layout in ("binary", "python"):
        suffix = ".bin" if layout == "binary" else ""
        ten, (hundred, _) = cifar10(layout), cifar100(layout)
        archive10 = CIFAR10_ARCHIVES[layout]
        archive100 = f"{CIFAR100_FOLDERS[layout]}.tar.gz"
        packed10 = {archive10: tarred(CIFAR10_FOLDERS[layout], ten)}
        packed100 = {archive100: tarred(CIFAR100_FOLDERS[layout], hundred)}
        cases |= {
            f"cifar10 {layout}": (ten, present(fetch_cifar10), f"data_batch_2{suffix}"),
            f"cifar10 {layout} tar.gz": (packed10, present(fetch_cifar10), archive10),
            f"cifar100 {layout}": (hundred, present(fetch_cifar100), f"train{suffix}"),
            f"cifar100 {layout} tar.gz": (packed100, present(fetch_cifar100), archive100),
        }
    digits, _ = mnist()
    for kind in ("images-idx3", "labels-idx1"):
        name = f"train-{kind}-ubyte"
        cases |= {
            f"mnist {kind}": (digits, present(fetch_mnist), name),
            f"mnist {kind} gz": (packed(digits), present(fetch_mnist), f"{name}.gz"),
        }
    cases["fashion gz"] = (
        packed(digits),
        present(fetch_fashion_mnist),
        "t10k-images-idx3-ubyte.gz",
    )
    archive = {"arrays.npz": npz(ARRAYS, zipfile.ZIP_DEFLATED)}
    cases |= {
        "npz": (archive, read_npz, "arrays.npz"),
        "npy rows": (ARRAYS, load_arrays, "X.npy"),
        "npy labels": (ARRAYS, load_arrays, "y.npy"),
        "npy mapped": (ARRAYS, partial(load_arrays, mmap=True), "X.npy"),
    }
    return cases


def read_npz(folder):
    return load_arrays(folder / "arrays.npz")


NOISE = np.random.default_rng(0).bytes(1 << 17)

DAMAGES = {
    "empty": lambda content: b"",
    "one byte": lambda content: content[:1],
    "half": lambda content: content[: len(content) // 2],
    "all but the last byte": lambda content: content[:-1],
    "one byte more": lambda content: content + b"\x01",
    "first byte changed": lambda content: bytes([content[0] ^ 0xFF]) + content[1:],
    "without the first byte": lambda content: content[1:],
    "a page of HTML": lambda content: b"<!DOCTYPE html><title>404</title>" * 20,
    "another program": lambda content: b"\x7fELF\x02\x01\x01" + bytes(4096),
    "ones": lambda content: b"\xff" * len(content),
    "noise": lambda content: NOISE[: len(content)],
    "backwards": lambda content: content[::-1],
}
# A zip archive is looked for at the end of its file, and other bytes may follow it.
HARMLESS = {("npz", "one byte more")}


def damaged_cases():
    for name, (files, read, target) in sound_cases().items():
        for damage, change in DAMAGES.items():
            changed = files | {target: change(files[target])}
            refused = (name, damage) not in HARMLESS
            yield f"{name}: {damage}", Case(changed, read, refused)


def linked(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def tar_cases():
    """Yield archives with tricks in their paths, or entries that are no files."""
    data_sets = {
        "cifar10": (fetch_cifar10, CIFAR10_FOLDERS, CIFAR10_ARCHIVES, "test_batch"),
        "cifar100": (
            fetch_cifar100,
            CIFAR100_FOLDERS,
            {layout: f"{folder}.tar.gz" for layout, folder in CIFAR100_FOLDERS.items()},
            "test",
        ),
    }
    for data_set, (fetch, folders, archives, stem) in data_sets.items():
        for layout, folder in folders.items():
            files = cifar10(layout) if data_set == "cifar10" else cifar100(layout)[0]
            name = stem + (".bin" if layout == "binary" else "")
            others = {key: content for key, content in files.items() if key != name}
            member, content = f"{folder}/{name}", files[name]
            evil = {
                "symbolic link": linked(member, tarfile.SYMTYPE, "/etc/hostname"),
                "hard link": linked(member, tarfile.LNKTYPE, f"{folder}/{next(iter(others))}"),
                "folder": linked(member, tarfile.DIRTYPE),
                "device": linked(member, tarfile.CHRTYPE),
                "pipe": linked(member, tarfile.FIFOTYPE),
                "path upwards": (f"{folder}/../{member}", content),
                "path from the root": (f"/{member}", content),
                "path by the same folder": (f"./{member}", content),
                "other letters": (member.upper(), content),
                "a byte less": (member, content[:-1]),
                "nothing": (member, b""),
                "missing": ("elsewhere", content),
            }
            build = partial(tarred, folder, others)
            made = {trick: (build(after=[entry]), True) for trick, entry in evil.items()}
            whole = partial(tarred, folder, files)
            made |= {
                "twice": (whole(after=[(member, content)]), True),
                "shadowed by a link": (whole(after=[evil["symbolic link"]]), True),
                "not compressed": (gzip.decompress(whole()), True),
                "packed twice": (gzip.compress(whole()), True),
                "outside": (whole(before=[("../owned", b"1"), ("/tmp/owned", b"1")]), False),
                "link outside": (whole(before=[linked("out", tarfile.SYMTYPE, "/")]), False),
            }
            for trick, (archive, refused) in made.items():
                yield (
                    f"{data_set} {layout} tar.gz: {trick}",
                    Case({archives[layout]: archive}, present(fetch), refused),
                )


class Reduced:
    """Pickles as a call of whatever function it is given."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def pickle_cases():
    """Yield python batches that run something, or hold something else than a batch."""
    sound = {
        "cifar10": ({b"labels": [1] * CIFAR10_RECORDS}, CIFAR10_RECORDS),
        "cifar100": ({b"fine_labels": [1] * N_TRAIN, b"coarse_labels": [1] * N_TRAIN}, N_TRAIN),
    }
    for data_set, (labels, n) in sound.items():
        key = next(iter(labels))
        files = cifar10("python") if data_set == "cifar10" else cifar100("python")[0]
        target = "data_batch_1" if data_set == "cifar10" else "train"
        fetch = present(fetch_cifar10 if data_set == "cifar10" else fetch_cifar100)
        pixels = np.zeros((n, 3072), np.uint8)
        batch = {b"data": pixels} | labels
        contents = {
            "system": Reduced(os.system, "touch owned"),
            "eval": batch | {b"data": Reduced(eval, "open('owned', 'w')")},
            "open": batch | {key: Reduced(open, "owned", "w")},
            "import": Reduced(__import__, "antigravity"),
            "objects": batch | {b"data": pixels.astype(object)[:1]},
            "floats": batch | {b"data": pixels.astype(np.float32)},
            "no dict": [batch],
            "no pixels": labels,
            "no labels": {b"data": pixels},
            "a row less": batch | {b"data": pixels[1:]},
            "a label less": batch | {key: [1] * (n - 1)},
            "a label too large": batch | {key: [1] * (n - 1) + [100]},
            "a negative label": batch | {key: [-1] * n},
            "an endless label": batch | {key: [2**2000] * n},
            "text for labels": batch | {key: ["1"] * n},
            "labels in an array": batch | {key: np.ones(n, int)},
            "a list of itself": nested(),
        }
        for name, content in contents.items():
            changed = files | {target: pickle.dumps(content, protocol=2)}
            yield f"{data_set} pickle: {name}", Case(changed, fetch)
        for opcode in (b"]", b"(", b"}q\x00", b"X\xff\xff\xff\x7f", b"T\xff\xff\xff\x7f", b"r"):
            changed = files | {target: b"\x80\x02" + opcode * 50_000}
            yield f"{data_set} pickle: a flood of {opcode!r}", Case(changed, fetch)


def nested():
    content = []
    content.append(content)
    return content


def idx_cases():
    """Yield idx files, packed and not, with headers that lie."""
    digits, (images, _) = mnist()
    name = "train-images-idx3-ubyte"
    content = digits[name]
    pixels = content[16:]

    def header(*lengths, magic=b"\0\0\x08\x03", order=">"):
        return magic + np.array(lengths, f"{order}u4").tobytes()

    n, rows, columns = images[:N_TRAIN].shape
    contents = {
        f"elements of type {code:#04x}": header(n, rows, columns, magic=bytes([0, 0, code, 3]))
        for code in (0x00, 0x09, 0x0B, 0x0C, 0x0D, 0x0E, 0xFF)
    }
    contents |= {
        f"{n_axes} axes": header(n, rows, columns, magic=bytes([0, 0, 8, n_axes]))
        for n_axes in (0, 1, 2, 4, 255)
    }
    contents |= {
        "little-endian": header(n, rows, columns, order="<"),
        "no zeros first": header(n, rows, columns, magic=b"\x01\0\x08\x03"),
        "an image more": header(n + 1, rows, columns),
        "an image less": header(n - 1, rows, columns),
        "no images": header(0, rows, columns),
        "wider images": header(n, rows, columns + 1),
        "other proportions": header(n, rows * 2, columns // 2),
        "endless images": header(2**32 - 1, 2**32 - 1, 2**32 - 1),
    }
    for case, begun in contents.items():
        changed = begun + pixels
        yield f"idx: {case}", Case(digits | {name: changed}, present(fetch_mnist))
        zipped = digits | {f"{name}.gz": gzip.compress(changed, 1)}
        yield f"idx gz: {case}", Case(zipped, present(fetch_mnist))

    small = gzip.compress(content, 1)
    streams = {
        "a bomb": gzip.compress(content + bytes(1 << 25), 9),
        "another stream behind": small + small,
        "empty streams behind": small + gzip.compress(b"") * 1000 + gzip.compress(b"1"),
        "a wrong checksum": small[:-8] + bytes(4) + small[-4:],
        "a wrong length": small[:-4] + bytes(4),
        "no checksum": small[:-8],
        "a plain file": content,
        "packed twice": gzip.compress(small),
        "changed inside": small[:200] + bytes(40) + small[240:],
    }
    for case, stream in streams.items():
        zipped = digits | {f"{name}.gz": stream}
        yield f"idx gz: {case}", Case(zipped, present(fetch_mnist))
    yield "idx: a packed file", Case(digits | {name: small}, present(fetch_mnist))
    labels = "train-labels-idx1-ubyte"
    changed = digits | {labels: idx(np.full(N_TRAIN, 10))}
    yield "idx: a label too large", Case(changed, present(fetch_mnist))


FILE_CASES = {
    name: case
    for cases in (damaged_cases, tar_cases, pickle_cases, idx_cases)
    for name, case in cases()
}
SOUND = {name: Case(files, read, refused=False) for name, (files, read, _) in sound_cases().items()}
