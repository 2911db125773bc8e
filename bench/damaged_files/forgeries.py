"""What somebody does to a file on purpose: whatever changes, all checksums are right again."""

import json
import random
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from typing import Any

from damaged_files.damages import Damage

_START = struct.Struct("<8sII")
_CHECKSUM = struct.Struct("<I")
_ALIGNMENT = 64

_NUMBERS = (0, 1, -1, 2, 127, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**40,
            0.0, -0.0, 0.5, 1e-320, 1e308, float("inf"), -float("inf"), float("nan"))  # fmt: skip
_OTHERS: tuple[Any, ...] = (
    None, True, False, "", "x", "\ud800", "\0", "manhattan", "brute", "9" * 400, "y" * 5000,
    [], {}, [0], [1, 1], [None], [[]], [{}], {"tuple": [1, 2]}, {"pairs": [[0, 1]]},
    {"array": [[1.0]]}, {"schedule": "CosineDecay"}, list(range(40)),
)  # fmt: skip
# Text that becomes lists or dicts within each other, so many; of more than some the encoder of JSON
# would despair, as its decoder should.
_DEEP = re.compile(r'"<(\d+) deep>"')
_DEPTHS = (10, 101, 400, 901, 930, 941, 950, 961, 970, 981, 990, 1501, 100_000)
_DTYPES = ("|b1", "|u1", "|i1", "<u2", "<i2", "<f2", "<u4", "<i4", "<f4", "<i8", "<u8", "<f8",
           "<U1", "<U2", "<U9", "<U268435455", "|O", ">f8", "<c8")  # fmt: skip
_LENGTHS = (0, 1, 2, 3, 2**16, 2**31, 2**32, 2**53, 2**60, 2**63, -1)

Header = dict[str, Any]
Payloads = list[bytearray]


def forgeries(contents: Mapping[str, bytes], first: int, count: int) -> list[Damage]:
    """Return forgeries by their seeds."""
    names = list(contents)
    return [
        Damage(
            names[seed % len(names)],
            f"forged, seed {seed}",
            partial(_forged, seed=seed, others=list(contents.values())),
        )
        for seed in range(first, first + count)
    ]


def taken_apart(content: bytes) -> tuple[Header, Payloads]:
    """Return the header of a sound file, and the bytes of its arrays."""
    _, _, length = _START.unpack_from(content)
    begin = _START.size + _CHECKSUM.size
    header = json.loads(content[begin : begin + length])
    at, payloads = begin + length, []
    for entry in header["arrays"]:
        at += -at % _ALIGNMENT
        size = _n_bytes(entry)
        payloads.append(bytearray(content[at : at + size]))
        at += size
    return header, payloads


def put_together(header: Header | bytes, payloads: Payloads, length: int | None = None) -> bytes:
    """Return a file of these parts, with checksums that are right."""
    if isinstance(header, bytes):
        text = header
    else:
        described = header["arrays"] if isinstance(header["arrays"], list) else []
        for entry, payload in zip(described, payloads, strict=False):
            if isinstance(entry, dict) and "crc32" in entry:
                entry["crc32"] = f"{zlib.crc32(payload):08x}"
        text = _DEEP.sub(_nested, json.dumps(header)).encode("ascii")
    start = _START.pack(b"\x89NPLN\r\n\x1a", 1, len(text) if length is None else length)
    content = start + _CHECKSUM.pack(zlib.crc32(text, zlib.crc32(start))) + text
    for payload in payloads:
        content += bytes(-len(content) % _ALIGNMENT) + payload
    return content


def _nested(match: re.Match[str]) -> str:
    depth = int(match[1])
    return "[" * depth + "]" * depth if depth % 2 else '{"a":' * depth + "0" + "}" * depth


def _n_bytes(entry: Header) -> int:
    n = int(entry["dtype"][2:]) * (4 if entry["dtype"][1] == "U" else 1)
    for length in entry["shape"]:
        n *= length
    return n


def _forged(content: bytes, seed: int, others: list[bytes]) -> bytes:
    """Change one to three things, and mend the checksums."""
    rng = random.Random(seed)
    header, payloads = taken_apart(content)
    if rng.random() < 0.15:
        return _with_changed_text(header, payloads, rng)
    for _ in range(rng.choice((1, 1, 2, 3))):
        rng.choice(_CHANGES)(header, payloads, rng)
    if rng.random() < 0.1:
        _borrow(header, payloads, rng, *taken_apart(rng.choice(others)))
    if rng.random() < 0.02:
        header["arrays"] = rng.choice(_OTHERS)
    return put_together(header, payloads)


def _with_changed_text(header: Header, payloads: Payloads, rng: random.Random) -> bytes:
    put_together(header, payloads)
    text = bytearray(json.dumps(header).encode())
    at = rng.randrange(len(text))
    text[at] = rng.choice((text[at] ^ 1 << rng.randrange(8), *b'0129-.eE[]{},:"\\NaIt'))
    return put_together(bytes(text), payloads)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place of nested lists and dicts, as what holds it and its key."""
    pairs = []
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            pairs.append((value, key))
            pairs += _places(value[key])
    return pairs


def _change_fact(header: Header, payloads: Payloads, rng: random.Random) -> None:
    """Put something else in the place of a fact, or of the name of one."""
    places = _places(header["metadata"])
    if not places:
        return
    holder, key = rng.choice(places)
    what = rng.randrange(8)
    if what == 0:
        holder[key] = f"<{rng.choice(_DEPTHS)} deep>"
    elif what == 1:
        del holder[key]
    elif what == 2:
        holder[key] = deepcopy(rng.choice(places)[0])
    elif what == 3 and isinstance(holder, dict):
        holder[rng.choice(("n_jobs", "n_neighbors", "verbose", "x", ""))] = rng.choice(_NUMBERS)
    else:
        holder[key] = rng.choice(_NUMBERS if what < 6 else _OTHERS)


def _change_payload(header: Header, payloads: Payloads, rng: random.Random) -> None:
    """Change some elements, or all: to the ends of their types, NaN, infinity."""
    filled = [i for i, payload in enumerate(payloads) if payload]
    if not filled:
        return
    i = rng.choice(filled)
    payload, dtype = payloads[i], str(header["arrays"][i].get("dtype"))
    patterns = [b"\0", b"\xff", b"\x7f", b"\x80", bytes([rng.randrange(256)])]
    if dtype in ("<f4", "<f8", "<f2"):
        code = {"<f2": "<e", "<f4": "<f", "<f8": "<d"}[dtype]
        floats = (float("nan"), float("inf"), -float("inf"), -1.0, 0.0, 1.0, -0.0)
        patterns += [struct.pack(code, value) for value in floats]
    if dtype == "<i8":
        integers = (-1, 0, 1, 2, len(payload) // 8, 2**31, 2**62, -(2**63), 2**63 - 1)
        patterns += [struct.pack("<q", value) for value in integers]
    pattern = rng.choice(patterns)
    if rng.random() < 0.3:
        payload[:] = (pattern * len(payload))[: len(payload)]
        return
    for _ in range(rng.choice((1, 1, 4))):
        at = rng.randrange(0, len(payload), len(pattern))
        payload[at : at + len(pattern)] = pattern[: len(payload) - at]


def _change_type(header: Header, payloads: Payloads, rng: random.Random) -> None:
    """Say something else of an array than is true, or make it true."""
    if not payloads:
        return
    i = rng.randrange(len(payloads))
    entry = header["arrays"][i]
    what = rng.randrange(6)
    if what == 0:
        entry["dtype"] = rng.choice(_DTYPES)
    elif what == 1:
        entry["shape"] = [rng.choice(_LENGTHS) for _ in range(rng.choice((0, 1, 2, 3, 33)))]
    elif what == 2 and entry["shape"]:
        entry["shape"][rng.randrange(len(entry["shape"]))] = rng.choice(_LENGTHS)
    elif what == 3:
        entry["shape"] = [0, *entry["shape"][1:]]
        payloads[i] = bytearray()
    elif what == 4:
        entry["shape"] = entry["shape"][::-1]
    else:
        _resize(entry, payloads, i, rng)


def _resize(entry: Header, payloads: Payloads, i: int, rng: random.Random) -> None:
    """Give an array more or fewer rows, and say so."""
    shape = entry["shape"]
    if not shape or type(shape[0]) is not int or not 0 < shape[0] < 10**6:
        return
    row = len(payloads[i]) // shape[0]
    n_rows = rng.choice((1, shape[0] - 1, shape[0] + 1, 2 * shape[0]))
    payloads[i] = (payloads[i] * 2 + bytes(row))[: n_rows * row]
    entry["shape"] = [n_rows, *shape[1:]]


def _change_names(header: Header, payloads: Payloads, rng: random.Random) -> None:
    """Lose, exchange or rename arrays, or take the file for one of another class."""
    entries = header["arrays"]
    what = rng.randrange(4)
    if not entries or what == 0:
        header[rng.choice(("kind", "metadata"))] = rng.choice(_OTHERS)
        return
    one, other = rng.randrange(len(entries)), rng.randrange(len(entries))
    if what == 1:
        del entries[one], payloads[one]
    elif what == 2:
        names = entries[one].get("name"), entries[other].get("name")
        entries[other]["name"], entries[one]["name"] = names
    else:
        entries[one]["name"] = rng.choice(("", "x", "sample_weight", "scale_", "feature_names"))


def _borrow(
    header: Header, payloads: Payloads, rng: random.Random, other: Header, others: Payloads
) -> None:
    """Take an array, or all facts, from a file of another kind."""
    if rng.random() < 0.3:
        header["metadata"] = other["metadata"]
        return
    if not others:
        return
    i = rng.randrange(len(others))
    names = [entry["name"] for entry in header["arrays"]]
    entry = other["arrays"][i]
    if entry["name"] in names:
        at = names.index(entry["name"])
        header["arrays"][at], payloads[at] = entry, others[i]
    else:
        header["arrays"].append(entry)
        payloads.append(others[i])


_CHANGES: tuple[Callable[[Header, Payloads, random.Random], None], ...] = (
    _change_fact,
    _change_payload,
    _change_payload,
    _change_type,
    _change_names,
)
