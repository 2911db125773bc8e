"""Changes of files that know their formats: what they change is no damage that a checksum shows.

Each takes a file, a source of chance and a change of plain bytes, and returns another file. What it
cannot make sense of is changed as plain bytes; one file in ten is so anyway.
"""

import gzip
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from math import prod

import numpy as np

from damaged_files.forgeries import Header, put_together, taken_apart
from fuzzers.changes import Change, change_elements, change_fact

Mutate = Callable[[bytes, random.Random, Change], bytes]

_BLOCK = 512  # of a tar archive
_CHECKSUM_OF_TAR = slice(148, 156)
_PNG_START = 8
_DTYPES = ("|u1", "|b1", "<i4", "<i8", "<u8", "<f2", "<f4", "<f8", "<U3", ">f4", "|O", "<c8")


def _sensible(mutate: Mutate) -> Mutate:
    """Change as plain bytes what the format's own change cannot read."""

    def changed(data: bytes, rng: random.Random, change: Change) -> bytes:
        if rng.random() < 0.1:
            return change(data)
        try:
            return mutate(data, rng, change)
        except Exception:  # by design: anything may be wrong with what was changed before
            return change(data)

    return changed


def plain(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change bytes, for formats without checksums."""
    return change(data)


@_sensible
def stored(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change a saved model: a fact, or an array, its elements, type, shape or place."""
    header, contents = taken_apart(data)
    entries = header["arrays"]
    place = rng.randrange(len(entries))
    entry, content = entries[place], bytes(contents[place])
    match rng.randrange(10):
        case 0 | 1 | 2:
            header["metadata"] = change_fact(header["metadata"], rng)
        case 3:
            header = change_fact(header, rng)
        case 4:
            return put_together(change(json.dumps(header).encode()), contents)
        case 5 | 6:
            changed = change_elements(content, np.dtype(entry["dtype"]), rng)
            contents[place] = bytearray(changed)
        case 7:
            changed = change(content)[: len(content)].ljust(len(content), b"\0")
            contents[place] = bytearray(changed)
        case 8:
            contents[place] = _reshape(entry, content, rng)
        case _:
            other = rng.randrange(len(entries))
            for parts in (entries, contents):
                if rng.random() < 0.5:
                    parts[place], parts[other] = parts[other], parts[place]
                else:
                    del parts[place]
    return put_together(header, contents)


def _reshape(entry: Header, content: bytes, rng: random.Random) -> bytearray:
    """Give an array another type or shape, and as many bytes as that takes."""
    if rng.random() < 0.4:
        entry["dtype"] = rng.choice(_DTYPES)
    else:
        entry["shape"] = change_fact(entry["shape"], rng)
    n_bytes = prod(entry["shape"]) * np.dtype(entry["dtype"]).itemsize
    if not 0 <= n_bytes <= 2**16:
        return bytearray(content)
    return bytearray((content * (n_bytes // max(1, len(content)) + 1))[:n_bytes])


@_sensible
def npy(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change the text of the header, which may get longer or shorter, or what follows it."""
    length = int.from_bytes(data[8:10], "little")
    text, content = data[10 : 10 + length], data[10 + length :]
    if rng.random() < 0.4:
        return data[: 10 + length] + change(content)
    text = change(text) if rng.random() < 0.5 else _swap_words(text, rng)
    return data[:8] + len(text).to_bytes(2, "little") + text + content


def _swap_words(text: bytes, rng: random.Random) -> bytes:
    """Replace a word of a header by one that means something else."""
    words = (
        b"<f4",
        b"<f8",
        b"|u1",
        b"|O",
        b"<U3",
        b"True",
        b"False",
        b"(8, 3)",
        b"(24,)",
        b"8",
        b"3",
    )
    others = (*words, b"-1", b"0", b"4294967296", b">f8", b"<M8[s]", b"()", b"(8, 3, 1)", b"None")
    return text.replace(rng.choice(words), rng.choice(others), 1)


def zipped(inner: Mutate) -> Mutate:
    """Change a member of a zip archive."""

    @_sensible
    def mutate(data: bytes, rng: random.Random, change: Change) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
        name = rng.choice(list(members))
        if rng.random() < 0.1:
            members[rng.choice(("X.npy", "y.npy", "z.npy", "X", "../X.npy"))] = members.pop(name)
        else:
            members[name] = inner(members[name], rng, change)
        raw, compression = io.BytesIO(), rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
        with zipfile.ZipFile(raw, "w") as archive:
            for member, content in members.items():
                # By its name alone, a member would be of the time of day.
                archive.writestr(zipfile.ZipInfo(member), content, compression)
        return raw.getvalue()

    return mutate


def gzipped(inner: Mutate) -> Mutate:
    """Change what a gzip stream holds."""

    @_sensible
    def mutate(data: bytes, rng: random.Random, change: Change) -> bytes:
        return gzip.compress(inner(gzip.decompress(data), rng, change), 1, mtime=0)

    return mutate


@_sensible
def tar(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change the header of one entry, and give it its checksum."""
    headers = [
        place
        for place in range(0, len(data), _BLOCK)
        if data[place + 257 : place + 262] == b"ustar"
    ]
    place = rng.choice(headers)
    header = change(data[place : place + _BLOCK])[:_BLOCK].ljust(_BLOCK, b"\0")
    changed = bytearray(header)
    changed[_CHECKSUM_OF_TAR] = b" " * 8
    changed[_CHECKSUM_OF_TAR] = b"%06o\0 " % sum(changed)
    return data[:place] + bytes(changed) + data[place + _BLOCK :]


@_sensible
def image(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change a chunk of a PNG and give it its checksum; other images are plain bytes."""
    if data[1:4] != b"PNG":
        return change(data)
    chunks, place = [], _PNG_START
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        chunks.append((kind, data[place + 8 : place + 8 + length]))
        place += length + 12
    number = rng.randrange(len(chunks))
    kind, content = chunks[number]
    if kind == b"IDAT" and rng.random() < 0.5:
        content = zlib.compress(change(zlib.decompress(content)), 1)
    else:
        content = change(content)
    chunks[number] = kind, content
    return data[:_PNG_START] + b"".join(
        struct.pack(">I", len(content)) + kind + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )  # fmt: skip


@_sensible
def json_text(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change a fact in a JSON file."""
    return json.dumps(change_fact(json.loads(data), rng)).encode()
