"""Small changes of bytes, of JSON and of the elements of arrays."""

import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

Change = Callable[[bytes], bytes]

_INTEGERS = (0, 1, -1, 127, 128, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63)
_FACTS: tuple[Any, ...] = (
    None, True, False, *_INTEGERS, 2**64, 10**30, 0.5, -0.0, 1e308, 5e-324, "", "x", "\0", "\ud800",
    [], {}, [[]], [0], [-1], [2**31], [1, 2, 3],
)  # fmt: skip


def change_bytes(data: bytes, rng: random.Random) -> bytes:
    """Change a few bytes, or leave out, repeat or move some."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        place = rng.randrange(len(changed) + 1)
        length = min(rng.choice((1, 1, 2, 4, 8, 16, 64, 512)), len(changed) - place)
        part = bytes(changed[place : place + length])
        match rng.randrange(7):
            case 0 if length:
                changed[place] ^= 1 << rng.randrange(8)
            case 1:
                changed[place : place + length] = rng.randbytes(length)
            case 2:
                del changed[place : place + length]
            case 3:
                changed[place:place] = part or b"\0"
            case 4:
                del changed[place:]
            case 5:
                elsewhere = rng.randrange(len(changed) + 1)
                changed[elsewhere : elsewhere + length] = part
            case _:
                form = rng.choice("BHIQ")
                value = rng.choice(_INTEGERS) & (256 ** struct.calcsize(form) - 1)
                number = struct.pack(rng.choice("<>") + form, value)
                changed[place : place + len(number)] = number
    return bytes(changed)


def change_fact(tree: Any, rng: random.Random) -> Any:
    """Change one value somewhere in what JSON can hold, leave it out, or say it twice."""
    if rng.random() < 0.3 or not isinstance(tree, dict | list) or not tree:
        return _other_fact(tree, rng)
    pairs = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree))
    place = rng.randrange(len(pairs))
    key, value = pairs[place]
    match rng.randrange(12):
        case 0:
            del pairs[place]
        case 1:
            pairs.append((rng.choice(("x", *tree)) if isinstance(tree, dict) else 0, value))
        case 2:
            rng.shuffle(pairs)
        case _:
            pairs[place] = key, change_fact(value, rng)
    return dict(pairs) if isinstance(tree, dict) else [value for _, value in pairs]


def _other_fact(fact: Any, rng: random.Random) -> Any:
    if isinstance(fact, int | float) and rng.random() < 0.5:
        return rng.choice((fact + 1, fact - 1, -fact, fact * 2, float(fact)))
    if isinstance(fact, str) and fact and rng.random() < 0.3:
        return rng.choice((fact[:-1], fact + fact[-1], fact.upper(), "<" + fact[1:]))
    return rng.choice(_FACTS)


def change_elements(content: bytes, dtype: np.dtype[Any], rng: random.Random) -> bytes:
    """Set one element of an array to a value that its type has at an end, or all of them."""
    array = np.frombuffer(content, dtype).copy()
    if not len(array):
        return content
    if dtype.kind == "f":
        limits = np.finfo(dtype)
        values = [np.nan, np.inf, -np.inf, 0, -0.0, 1, limits.max, limits.min, limits.tiny]
    elif dtype.kind in "iu":
        values = [np.iinfo(dtype).min, np.iinfo(dtype).max, 0, 1, len(array)]
        values = [min(value, np.iinfo(dtype).max) for value in values]
    else:
        return change_bytes(content, rng)[: len(content)].ljust(len(content), b"\0")
    value = np.array(rng.choice(values), dtype)
    match rng.randrange(6):
        case 0:
            array[:] = value
        case 1:
            array[:] = array[rng.randrange(len(array))]
        case 2:
            array = array[::-1]
        case _:
            array[rng.randrange(len(array))] = value
    return array.tobytes()
