"""What chance does to a file: bytes that change, ends that are lost, blocks in the wrong place."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

# Every bit at once; to zero; then one bit after the other.
N_WAYS = 10
# What a disk, a page, or a buffer of a copying program holds; and less, for small files.
_BLOCKS = (1, 8, 64, 512)


@dataclass(frozen=True)
class Damage:
    """One file that was changed: of which model, and how, in words and in bytes."""

    name: str
    description: str
    change: Callable[[bytes], bytes]


def flips(contents: Mapping[str, bytes], first: int, count: int, total: int) -> list[Damage]:
    """Return some of `total` damages, of one byte each, which meet all bytes of all files evenly.

    As long as `total` is no less than the number of bytes, every byte is met, and in as many
    different ways as there are rounds through all of them.
    """
    places = [(name, at) for name, content in contents.items() for at in range(len(content))]
    found = []
    for number in range(first, first + count):
        if total < len(places):
            place, way = number * len(places) // total, number
        else:
            place, way = number % len(places), number // len(places)
        name, at = places[place]
        way %= N_WAYS
        found.append(Damage(name, f"byte {at}, {_way(way)}", partial(_flipped, at=at, way=way)))
    return found


def payload_flips(contents: Mapping[str, bytes], first: int, count: int) -> list[Damage]:
    """Return changes of a few bytes each, by chance, behind the headers."""
    found = []
    for number in range(first, first + count):
        rng = random.Random(number)
        name = rng.choice(list(contents))
        found.append(Damage(name, f"payload, seed {number}", partial(_scattered, seed=number)))
    return found


def shuffles(contents: Mapping[str, bytes], first: int, count: int, total: int) -> list[Damage]:
    """Return some of `total` damages: half are ends that are lost, half blocks that moved."""
    lengths = [(name, n) for name, content in contents.items() for n in range(len(content))]
    n_cut = total // 2
    found = []
    for number in range(first, first + count):
        if number < n_cut:
            name, length = lengths[number * len(lengths) // n_cut % len(lengths)]
            found.append(Damage(name, f"cut at {length}", partial(_cut, length=length)))
        else:
            name = list(contents)[number % len(contents)]
            found.append(Damage(name, f"moved, seed {number}", partial(_moved, seed=number)))
    return found


def _way(way: int) -> str:
    return ("all bits", "to zero")[way] if way < 2 else f"bit {way - 2}"


def _flipped(content: bytes, at: int, way: int) -> bytes:
    changed = bytearray(content)
    if way == 0:
        changed[at] ^= 0xFF
    elif way == 1:
        changed[at] = 0 if changed[at] else 0x80  # what is zero has to become something else
    else:
        changed[at] ^= 1 << (way - 2)
    return bytes(changed)


def _scattered(content: bytes, seed: int) -> bytes:
    rng = random.Random(seed)
    rng.random()  # the one that chose the file
    changed = bytearray(content)
    begin = 20 + int.from_bytes(content[12:16], "little")
    for _ in range(rng.choice((1, 2, 8, 64))):
        changed[rng.randrange(min(begin, len(content) - 1), len(content))] = rng.choice(
            (0x00, 0x7F, 0x80, 0xFF, rng.randrange(256))
        )
    return bytes(changed)


def _cut(content: bytes, length: int) -> bytes:
    return content[:length]


def _moved(content: bytes, seed: int) -> bytes:
    """Append, lose, repeat or exchange blocks; again, if that changed nothing."""
    rng = random.Random(seed)
    changed = content
    while changed == content:
        size = rng.choice([size for size in _BLOCKS if size < len(content) / 2])
        blocks = [content[at : at + size] for at in range(0, len(content), size)]
        one, other = rng.randrange(len(blocks)), rng.randrange(len(blocks))
        what = rng.randrange(5)
        if what == 0:
            blocks.append(rng.choice((bytes(size), b"\xff" * size, blocks[one])))
        elif what == 1:
            del blocks[one]
        elif what == 2:
            blocks.insert(other, blocks[one])
        elif what == 3:
            blocks[one], blocks[other] = blocks[other], blocks[one]
        else:
            blocks[one] = blocks[other]
        changed = b"".join(blocks)
    return changed
