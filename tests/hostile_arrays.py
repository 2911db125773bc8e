"""Hostile .npy files and .npz archives, made from templates: `ARRAY_CASES`, by their names."""

import os
import pickle
import struct
import zipfile
from functools import partial

import numpy as np

from nearplane.datasets import load_arrays

from .dataset_files import npy, npy_header, npz
from .hostile_files import ARRAYS, ROWS, Case, Reduced, read_npz

CODE = "__import__('os').system('touch owned')"

HEADERS = {
    "a huge axis": npy_header("(2**40, 3)"),
    "huge axes": npy_header((2**31, 2**31)),
    "axes whose product overflows": npy_header((2**32, 2**32, 3)),
    "axes beyond any number": npy_header((10**30, 3)),
    "a negative axis": npy_header((-8, 3)),
    "two negative axes": npy_header((-8, -3), content=ROWS.tobytes()),
    "an axis of nothing": npy_header((0, 2**62)),
    "a boolean axis": npy_header((True, 24), content=ROWS.tobytes()),
    "an axis that is a fraction": npy_header((8.0, 3), content=ROWS.tobytes()),
    "no axes": npy_header((), content=ROWS.tobytes()[:4]),
    "eight axes": npy_header((8, 3, 1, 1, 1, 1, 1, 1), content=ROWS.tobytes()),
    "a row more": npy_header((9, 3), content=ROWS.tobytes()),
    "a row less": npy_header((7, 3), content=ROWS.tobytes()),
    "code for a shape": npy_header(CODE, content=ROWS.tobytes()),
    "code for an order": npy_header((8, 3), fortran=CODE, content=ROWS.tobytes()),
    "an order that is a number": npy_header((8, 3), fortran="1", content=ROWS.tobytes()),
    "objects": npy_header((8, 3), "|O", content=bytes(192)),
    "pickled objects": npy(np.array([Reduced(os.system, "touch owned")] * 8, dtype=object)),
    "structures": npy_header((8,), [("a", "<f4", (3,))], content=ROWS.tobytes()),
    "structures with objects": npy_header((8,), [("a", "|O")], content=bytes(64)),
    "raw bytes": npy_header((8, 3), "|V4", content=ROWS.tobytes()),
    "byte strings": npy_header((8, 3), "|S4", content=ROWS.tobytes()),
    "dates": npy_header((8, 3), "<M8[s]", content=bytes(192)),
    "complex numbers": npy_header((8, 3), "<c8", content=bytes(192)),
    "long doubles": npy_header((8, 3), "<f16", content=bytes(384)),
    "text without a length": npy_header((2**40, 3), "<U0"),
    "text beyond Unicode": npy_header((8, 3), "<U1", content=b"\xff" * 96),
    "an unknown type": npy_header((8, 3), "<q9", content=bytes(96)),
    "nested brackets": b"\x93NUMPY\x01\x00\xe8\x03" + b"(" * 1000,
    "nested signs": b"\x93NUMPY\x01\x00\xe8\x03" + b"-" * 999 + b"1",
    "an open quotation": b"\x93NUMPY\x01\x00\x20\x00" + b"'''" + b"a" * 29,
    "bytes that are no text": b"\x93NUMPY\x02\x00\x20\x00\x00\x00" + b"\x00\xff" * 16,
    "a set for a header": b"\x93NUMPY\x01\x00\x10\x00" + b"{1, 2, 3}".ljust(16),
    "a key more": b"\x93NUMPY\x01\x00\x60\x00"
    + b"{'descr': '<f4', 'fortran_order': False, 'shape': (8, 3), 'more': 1}".ljust(96),
    "a header longer than the file": b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"{",
    "a long header": npy_header((8, 3), [(f"a{number}", "<f4") for number in range(900)]),
    "version 3": npy_header((8, 3), version=b"\x03\x00", content=ROWS.tobytes()),
    "version 9": npy_header((8, 3), version=b"\x09\x09", content=ROWS.tobytes()),
    "a pickle": pickle.dumps(Reduced(os.system, "touch owned")),
}  # fmt: skip


def npy_cases():
    for name, content in HEADERS.items():
        changed = ARRAYS | {"X.npy": content}
        yield f"npy: {name}", Case(changed, load_arrays)
        yield f"npy mapped: {name}", Case(changed, partial(load_arrays, mmap=True))
        yield f"npz: {name}", Case({"arrays.npz": npz(changed)}, read_npz)
        if name not in ("a row more", "a row less"):
            yield f"npy labels: {name}", Case(ARRAYS | {"y.npy": content}, load_arrays)


def zip_cases():
    """Yield .npz archives that lie about their members."""
    zeros = npy(np.zeros((1 << 20, 2)))
    bomb = npz(ARRAYS | {"X.npy": zeros}, zipfile.ZIP_DEFLATED)
    whole = npz(ARRAYS)
    deflated = npz(ARRAYS, zipfile.ZIP_DEFLATED)
    contents = {
        "a bomb": bomb,
        "a bomb under a second name": npz(
            {"X_train.npy": zeros, "y_train.npy": zeros, "X_test.npy": zeros, "y_test.npy": zeros},
            zipfile.ZIP_DEFLATED,
        ),
        "packed by bzip2": npz(ARRAYS, zipfile.ZIP_BZIP2),
        "packed by LZMA": npz(ARRAYS, zipfile.ZIP_LZMA),
        "an archive inside": npz({"arrays.npz": whole}),
        "names upwards": npz({f"../{name}": content for name, content in ARRAYS.items()}),
        "names from the root": npz({f"/{name}": content for name, content in ARRAYS.items()}),
        "names without an ending": npz({name[0]: content for name, content in ARRAYS.items()}),
        "no labels": npz({"X.npy": ARRAYS["X.npy"]}),
        "no members": npz({}),
        "a folder for an array": npz({"X.npy/": b"", "y.npy": ARRAYS["y.npy"]}),
        "a member twice": twice(),
        "a changed element": whole.replace(ROWS.tobytes()[-8:], b"\x01" * 8),
        "an encrypted member": with_field(deflated, 8, "<H", 1),
        "a method that is unknown": with_field(deflated, 10, "<H", 77),
        "a checksum of nothing": with_field(deflated, 16, "<I", 0),
        "nothing packed": with_field(deflated, 20, "<I", 0),
        "more packed than there is": with_field(deflated, 20, "<I", 2**31),
        "nothing unpacked": with_field(deflated, 24, "<I", 0),
        "more unpacked than there is": with_field(deflated, 24, "<I", 10_000),
        "gigabytes unpacked": with_field(deflated, 24, "<I", 2**32 - 2),
        "gigabytes stored": with_field(whole, 24, "<I", 2**32 - 2),
        "a long name": with_field(deflated, 28, "<H", 2**16 - 1),
        "a long extra field": with_field(deflated, 30, "<H", 2**16 - 1),
        "an offset beyond the end": with_field(deflated, 42, "<I", 2**31),
        "an offset into another member": with_field(deflated, 42, "<I", 100),
        "a directory beyond the end": with_end(deflated, 16, "<I", 2**31),
        "a directory too long": with_end(deflated, 12, "<I", 2**31),
        "a directory of nothing": with_end(deflated, 12, "<I", 0),
    }
    for name, content in contents.items():
        yield f"npz: {name}", Case({"arrays.npz": content}, read_npz)


def twice():
    # zipfile warns of writing a name twice, so another is written and renamed.
    return npz(ARRAYS | {"Z.npy": ARRAYS["X.npy"]}).replace(b"Z.npy", b"X.npy")


def with_field(archive, offset, form, value):
    """Change a field of the first entry of a zip archive's directory."""
    return replaced(archive, archive.index(b"PK\x01\x02") + offset, form, value)


def with_end(archive, offset, form, value):
    """Change a field of the record at the end of a zip archive."""
    return replaced(archive, archive.rindex(b"PK\x05\x06") + offset, form, value)


def replaced(content, position, form, value):
    field = struct.pack(form, value)
    return content[:position] + field + content[position + len(field) :]


ARRAY_CASES = {name: case for cases in (npy_cases, zip_cases) for name, case in cases()}
