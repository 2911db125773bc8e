"""A reader of pickled data that runs nothing.

The python layouts of CIFAR-10 and CIFAR-100 consist of pickles, and a pickle is a program. The
standard `pickle.Unpickler` with a restricted ``find_class`` still calls what it was given, lets
BUILD set attributes of it, takes objects from `copyreg`'s extension cache without asking, and
allocates whatever memo index or string length the file claims. So this is a small machine of its
own: it knows the opcodes that data needs (protocols 2 to 5) and rejects all others, the five NumPy
and codec names it admits are mere marks that are never imported or called, and no string, array or
index may reach beyond what the file holds.
"""

import enum
import math
from collections.abc import Callable
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from ._files import DataFileError

# The official batches of CIFAR-10 take about 30,000 opcodes. One opcode makes at most one small
# object, so this bounds the memory and the time of a hostile file too (a list costs 56 bytes, its
# opcode 1).
MAX_OPCODES = 200_000

PROTOCOL, STOP = b"\x80."

NUMERIC_TYPES = {kind + size for kind in "iu" for size in "1248"} | {"b1", "f4", "f8"}


class Name(enum.Enum):
    """What a pickle may refer to by name."""

    NDARRAY = enum.auto()
    DTYPE = enum.auto()
    RECONSTRUCT = enum.auto()
    FROM_BUFFER = enum.auto()
    ENCODE = enum.auto()


NAMES = {
    ("numpy", "ndarray"): Name.NDARRAY,
    ("numpy", "dtype"): Name.DTYPE,
    ("numpy.core.multiarray", "_reconstruct"): Name.RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): Name.RECONSTRUCT,
    # NumPy's form for protocol 5.
    ("numpy.core.numeric", "_frombuffer"): Name.FROM_BUFFER,
    ("numpy._core.numeric", "_frombuffer"): Name.FROM_BUFFER,
    # How Python 3 writes bytes in protocol 2.
    ("_codecs", "encode"): Name.ENCODE,
}


class _Array:
    """An array between its creation and the state that fills it."""

    array: NDArray[Any] | None = None


class _Dtype:
    """A dtype between its name and the byte order that completes it."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.order = "="

    def numpy(self) -> np.dtype[Any]:
        return np.dtype(self.order + self.code)


class _RejectedError(Exception):
    """The pickle asks for something that data does not need."""


def load_pickle(content: NDArray[np.uint8], path: str, *, max_opcodes: int = MAX_OPCODES) -> Any:
    """Return the data in a pickle: dict, list, tuple, bytes, str, int, bool, None and arrays.

    Parameters
    ----------
    content : ndarray of uint8
        The whole file. Arrays and long byte strings of the result are read-only views of it.
    path : str
        The file's name, for messages.
    max_opcodes : int
        How many opcodes it may have; a batch of more records needs more.

    Raises
    ------
    DataFileError
        If the pickle is damaged or asks for anything else.
    """
    machine = _Machine(content.data.toreadonly())
    try:
        return machine.run(max_opcodes)
    except _RejectedError as error:
        problem = str(error)
    except UnicodeDecodeError:
        problem = "holds text that is not UTF-8"
    raise DataFileError(path, f"is not a pickle of plain data: {problem}", machine.opcode_at)


class _Machine:
    """The stack, the marks and the memo of one pickle; each handler is one opcode."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0
        self.opcode_at = 0
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self, max_opcodes: int) -> Any:
        for _ in range(max_opcodes):
            self.opcode_at = self.position
            opcode = self.take_int(1)
            if self.opcode_at == 0 and opcode != PROTOCOL:
                reject("it does not begin with a protocol (2 to 5)")
            if opcode == STOP:
                return self.stop()
            handler = HANDLERS.get(opcode)
            if handler is None:
                reject(f"opcode {bytes([opcode])!r} is not admitted")
            handler(self)
        raise _RejectedError(f"it has more than {max_opcodes:,} opcodes")

    def stop(self) -> Any:
        value = self.pop()
        if self.position != len(self.data):
            reject(f"{len(self.data) - self.position:,} bytes follow its end")
        return value

    # --- bytes of the file ---
    def take(self, count: int) -> memoryview:
        if count > len(self.data) - self.position:
            reject(f"it ends before {count:,} more bytes")
        self.position += count
        return self.data[self.position - count : self.position]

    def take_int(self, width: int, signed: bool = False) -> int:
        # Opcodes, labels and lengths are single bytes: half of the time of a batch goes here.
        if width == 1 and not signed and self.position < len(self.data):
            self.position += 1
            return self.data[self.position - 1]
        return int.from_bytes(self.take(width), "little", signed=signed)

    def take_line(self) -> str:
        # Names are short; looking no further keeps a missing newline from costing a scan.
        line = bytes(self.data[self.position : self.position + 100])
        end = line.find(b"\n")
        if end < 0:
            reject("it holds an unfinished name")
        self.position += end + 1
        return line[:end].decode()

    # --- the stack ---
    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if not self.stack:
            reject("its stack is empty")
        return self.stack.pop()

    def mark(self) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[Any]:
        if not self.marks:
            reject("its mark is missing")
        items, self.stack = self.stack, self.marks.pop()
        return items

    # --- the memo ---
    def put(self, index: int) -> None:
        value = self.pop()
        self.memo[index] = value
        self.push(value)

    def get(self, index: int) -> None:
        if index not in self.memo:
            reject(f"it recalls entry {index}, which it never stored")
        value = self.memo[index]
        finished = isinstance(value, _Array) and value.array is not None
        self.push(value.array if finished else value)

    # --- containers ---
    def pack(self, count: int) -> None:
        self.push(tuple(self.pop() for _ in range(count))[::-1])

    def append(self, items: list[Any]) -> None:
        target = self.pop()
        if not isinstance(target, list):
            reject(f"it appends to a {type(target).__name__}")
        target.extend(items)
        self.push(target)

    def set_items(self, items: list[Any]) -> None:
        target = self.pop()
        if not isinstance(target, dict) or len(items) % 2:
            reject("it sets items of what is not a dict, or a key without a value")
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Nested tuples hash in exponential time and chosen integers collide; text does neither.
            if not isinstance(key, str | bytes):
                reject(f"a {type(key).__name__} is the key of a dict")
            target[key] = value
        self.push(target)

    # --- names, and the few things done with them ---
    def name(self, module: Any, attribute: Any) -> None:
        # Only text may be compared or shown: nested tuples take exponential time to print.
        if not isinstance(module, str) or not isinstance(attribute, str):
            reject("a name is not text")
        if (module, attribute) not in NAMES:
            reject(f"the name {f'{module}.{attribute}'[:80]!r} is not admitted")
        self.push(NAMES[module, attribute])

    def reduce(self) -> None:
        arguments, name = self.pop(), self.pop()
        maker = MAKERS.get(name) if isinstance(name, Name) else None
        if maker is None or not isinstance(arguments, tuple):
            reject("it calls what cannot be called")
        self.push(maker(arguments))

    def build(self) -> None:
        state, target = self.pop(), self.pop()
        if isinstance(target, _Array) and target.array is None:
            target.array = array_of_state(state)
            self.push(target.array)
        elif isinstance(target, _Dtype):
            target.order = order_of_state(state)
            self.push(target)
        else:
            reject(f"it sets the state of a {type(target).__name__}")


def reject(problem: str) -> NoReturn:
    raise _RejectedError(problem)


def make_dtype(arguments: tuple[Any, ...]) -> _Dtype:
    code = arguments[0] if arguments else None
    if isinstance(code, bytes):
        code = code.decode()
    if not isinstance(code, str) or code not in NUMERIC_TYPES:
        shown = repr(code)[:40] if isinstance(code, str) else type(code).__name__
        reject(f"dtype {shown} is not a plain number")
    return _Dtype(code)


def order_of_state(state: Any) -> str:
    # (version, byte order, subarray, names, fields, ...): a plain number has none of the last.
    if (
        not isinstance(state, tuple)
        or len(state) < 5
        or any(part is not None for part in state[2:5])
    ):
        reject("a dtype is not a plain number")
    order = state[1].decode() if isinstance(state[1], bytes) else state[1]
    if not isinstance(order, str) or order not in ("<", ">", "|", "="):
        reject("a dtype has no known byte order")
    return order


def make_array(arguments: tuple[Any, ...]) -> _Array:
    if not (len(arguments) == 3 and arguments[0] is Name.NDARRAY):
        reject("it makes an array of an unknown class")
    return _Array()


def array_of_state(state: Any) -> NDArray[Any]:
    if not isinstance(state, tuple) or len(state) != 5:
        reject("the state of an array has five parts")
    _version, shape, dtype, fortran, content = state
    return shaped(content, dtype, shape, "F" if fortran is True else "C")


def array_from_buffer(arguments: tuple[Any, ...]) -> NDArray[Any]:
    if len(arguments) != 4:
        reject("an array in a buffer has four parts")
    content, dtype, shape, order = arguments
    return shaped(content, dtype, shape, "F" if is_text(order, "F") else "C")


def shaped(content: Any, dtype: Any, shape: Any, order: Literal["C", "F"]) -> NDArray[Any]:
    if not isinstance(content, bytes | memoryview) or not isinstance(dtype, _Dtype):
        reject("an array is not made of bytes and a dtype of plain numbers")
    if not isinstance(shape, tuple) or len(shape) > 4:
        reject("an array has no shape of at most four lengths")
    # Bounding each length first keeps their product small, also beside a length of nought.
    longest = max(len(content), 2**15)
    if not all(type(length) is int and 0 <= length <= longest for length in shape):
        reject("the shape of an array does not fit its bytes")
    kind = dtype.numpy()
    if math.prod(shape) * kind.itemsize != len(content):
        reject(f"{len(content):,} bytes do not make an array of shape {shape} of {kind}")
    return np.frombuffer(content, kind).reshape(shape, order=order)


def encode(arguments: tuple[Any, ...]) -> bytes:
    text, codec = arguments if len(arguments) == 2 else (None, None)
    if not isinstance(text, str) or not is_text(codec, "latin1"):
        reject("it encodes by another codec than latin1")
    try:
        return text.encode("latin1")
    except UnicodeEncodeError:
        reject("it encodes text that latin1 does not have")


def is_text(value: Any, text: str) -> bool:
    # Only then may the two be compared: an array would compare element by element.
    return isinstance(value, str) and value == text


def protocol(machine: _Machine) -> None:
    version = machine.take_int(1)
    if not 2 <= version <= 5:
        reject(f"protocol {version} is not one of 2 to 5")


def frame(machine: _Machine) -> None:
    length = machine.take_int(8)
    if length > len(machine.data) - machine.position:
        reject(f"a frame of {length:,} bytes reaches beyond the file")


def stack_name(machine: _Machine) -> None:
    attribute, module = machine.pop(), machine.pop()
    machine.name(module, attribute)


MAKERS: dict[Name, Callable[[tuple[Any, ...]], Any]] = {
    Name.DTYPE: make_dtype,
    Name.RECONSTRUCT: make_array,
    Name.FROM_BUFFER: array_from_buffer,
    Name.ENCODE: encode,
}

OPCODES: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": protocol,
    b"\x95": frame,
    # constants and numbers
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"K": lambda m: m.push(m.take_int(1)),
    b"M": lambda m: m.push(m.take_int(2)),
    b"J": lambda m: m.push(m.take_int(4, signed=True)),
    b"\x8a": lambda m: m.push(m.take_int(m.take_int(1), signed=True)),
    # text and bytes; those with a long length stay views of the file, for they hold the pixels
    b"\x8c": lambda m: m.push(str(m.take(m.take_int(1)), "utf-8")),
    b"X": lambda m: m.push(str(m.take(m.take_int(4)), "utf-8")),
    b"U": lambda m: m.push(bytes(m.take(m.take_int(1)))),
    b"C": lambda m: m.push(bytes(m.take(m.take_int(1)))),
    b"T": lambda m: m.push(m.take(m.take_int(4))),
    b"B": lambda m: m.push(m.take(m.take_int(4))),
    b"\x8e": lambda m: m.push(m.take(m.take_int(8))),
    b"\x96": lambda m: m.push(m.take(m.take_int(8))),
    # containers
    b"]": lambda m: m.push([]),
    b"}": lambda m: m.push({}),
    b")": lambda m: m.pack(0),
    b"\x85": lambda m: m.pack(1),
    b"\x86": lambda m: m.pack(2),
    b"\x87": lambda m: m.pack(3),
    b"(": _Machine.mark,
    b"t": lambda m: m.push(tuple(m.pop_mark())),
    b"a": lambda m: m.append([m.pop()]),
    b"e": lambda m: m.append(m.pop_mark()),
    b"s": lambda m: m.set_items([m.pop(), m.pop()][::-1]),
    b"u": lambda m: m.set_items(m.pop_mark()),
    # the memo
    b"q": lambda m: m.put(m.take_int(1)),
    b"r": lambda m: m.put(m.take_int(4)),
    b"\x94": lambda m: m.put(len(m.memo)),
    b"h": lambda m: m.get(m.take_int(1)),
    b"j": lambda m: m.get(m.take_int(4)),
    # names
    b"c": lambda m: m.name(m.take_line(), m.take_line()),
    b"\x93": stack_name,
    b"R": _Machine.reduce,
    b"b": _Machine.build,
}
HANDLERS = {opcode[0]: handler for opcode, handler in OPCODES.items()}
