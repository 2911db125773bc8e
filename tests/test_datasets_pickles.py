"""Pickled batches are data: what pickle loads is loaded alike, what it would run is refused."""

import copyreg
import os
import pickle
import struct
import subprocess
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearplane.datasets import DataFileError
from nearplane.datasets._pickles import load_pickle

# A batch as Python 2 and its NumPy wrote it: short strings are bytes, the module is numpy.core.
PYTHON_2_BATCH = (
    b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03"
    b"U\x06labelsq\x04]q\x05(K\x06K\x09eU\x04dataq\x06"
    b"cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09"
    b"(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b"
    b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x06\x00\x00\x00\x00\x01\x02\xfd\xfe\xfftb"
    b"U\x09filenamesq\x0c]q\x0d(U\x08cat1.pngq\x0eU\x08dog2.pngq\x0feu."
)


def load(content):
    return load_pickle(np.frombuffer(content, np.uint8), "batch")


def assert_same(ours, theirs):
    if isinstance(theirs, np.ndarray):
        assert isinstance(ours, np.ndarray)
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape
        np.testing.assert_array_equal(ours, theirs)
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key, value in theirs.items():
            assert_same(ours[key], value)
    elif isinstance(theirs, list | tuple):
        assert type(ours) is type(theirs)
        assert len(ours) == len(theirs)
        for our, their in zip(ours, theirs, strict=True):
            assert_same(our, their)
    else:
        assert ours == theirs


def test_a_python_2_batch_is_read_as_pickle_reads_it():
    ours = load(PYTHON_2_BATCH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # NumPy moved numpy.core
        theirs = pickle.loads(PYTHON_2_BATCH, encoding="bytes")
    assert_same(ours, theirs)
    assert ours[b"labels"] == [6, 9]
    np.testing.assert_array_equal(ours[b"data"], [[0, 1, 2], [253, 254, 255]])


def test_the_official_class_names_are_read():
    names = [b"airplane", b"automobile", b"bird", b"cat", b"deer"]
    names += [b"dog", b"frog", b"horse", b"ship", b"truck"]
    listed = [b"U%c%bq%c" % (len(name), name, 5 + row) for row, name in enumerate(names)]
    meta = b"\x80\x02}q\x01(U\x13num_cases_per_batchq\x02M\x10'U\x0blabel_namesq\x03]q\x04("
    meta += b"".join(listed) + b"eU\x07num_visq\x0fM\x00\x0cu."
    assert len(meta) == 158  # as the official batches.meta
    expected = {b"num_cases_per_batch": 10_000, b"label_names": names, b"num_vis": 3072}
    assert load(meta) == expected == pickle.loads(meta, encoding="bytes")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "value",
    [
        {"labels": [1, 2, 3], b"bytes": b"\x00\xff" * 200, "text": "ü" * 300, "sub": {"a": ()}},
        [0, -1, 255, 256, -(2**31), 2**40, -(2**70), True, False, None, "", (1, 2, 3, 4, (5,))],
        {"data": np.arange(12, dtype=np.uint8).reshape(3, 4)},
        {"data": np.asfortranarray(np.arange(12, dtype=np.uint8).reshape(3, 4))},
        {"data": np.arange(24, dtype=np.uint8).reshape(4, 6)[:, ::2]},
        [np.arange(5, dtype=">i4"), np.float32([[1.5]]), np.array(3), np.array([True, False])],
    ],
    ids=["mixed", "scalars", "array", "fortran", "strided", "dtypes"],
)
def test_data_of_every_binary_protocol_is_read_as_pickle_reads_it(value, protocol):
    assert_same(load(pickle.dumps(value, protocol)), value)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_empty_arrays_keep_their_shape(protocol):
    value = [np.array([], np.int64), np.zeros((0, 7), np.uint8), np.zeros((7, 0), np.uint8)]
    assert_same(load(pickle.dumps(value, protocol)), value)


def test_a_bytearray_is_bytes():
    assert load(pickle.dumps(bytearray(b"pixels"), protocol=5)) == b"pixels"


def test_one_array_recalled_from_the_memo_is_one_array():
    array = np.arange(4, dtype=np.uint8)
    first, second = load(pickle.dumps([array, array], protocol=2))
    assert first is second
    np.testing.assert_array_equal(first, array)


def test_arrays_are_read_only_views_of_the_file():
    content = np.frombuffer(pickle.dumps(np.zeros(5000, np.uint8), protocol=2 + 2), np.uint8)
    array = load_pickle(content, "batch")
    assert np.shares_memory(array, content)
    assert not array.flags.writeable


class Reduced:
    """Pickles as a call of whatever function it is given."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


CODE = "open('owned', 'w').close()"

CALLS = {
    "os.system": Reduced(os.system, "touch owned"),
    "eval": Reduced(eval, CODE),
    "exec": Reduced(exec, CODE),
    "subprocess": Reduced(subprocess.Popen, ["touch", "owned"]),
    "getattr chain": Reduced(getattr, Reduced(__import__, "os"), "system"),
    "import": Reduced(__import__, "antigravity"),
    "open": Reduced(open, "owned", "w"),
    "numpy.save": Reduced(np.save, "owned", 1),
    "numpy.load": Reduced(np.load, "owned", None, True),
    "numpy.fromfile": Reduced(np.fromfile, "owned"),
    "numpy.memmap": Reduced(np.memmap, "owned", "uint8", "w+", 0, (9,)),
    "numpy.vectorize": Reduced(np.vectorize, os.system),
    "numpy scalar": np.int64(3),
    "object array": np.array([Reduced(os.system, "touch owned")], dtype=object),
    "empty object array": np.empty(3, dtype=object),
    "structured array": np.zeros(3, dtype=[("a", "u1")]),
    "text array": np.array(["a", "bc"]),
    "date array": np.array(["2020-01-01"], dtype="M8[D]"),
    "complex array": np.zeros(2, np.complex64),
    "masked array": np.ma.masked_array([1, 2], [True, False]),
    "set": {1, 2},
    "float": 1.5,
    "class": dict,
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("name", CALLS)
def test_what_is_not_data_is_refused_and_nothing_runs(name, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps({"data": CALLS[name]}, protocol)
    with pytest.raises(DataFileError, match=r"^batch, byte .*is not a pickle of plain data: "):
        load(content)
    assert list(tmp_path.iterdir()) == []


def long(number, width=4):
    return number.to_bytes(width, "little")


SYSTEM = b"cos\nsystem\n"
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
DTYPE = b"cnumpy\ndtype\nU\x02u1\x85R"


def state(shape, content=b"U\x04abcd", dtype=DTYPE, fortran=b"\x89"):
    return ARRAY + b"(K\x01" + shape + dtype + fortran + content + b"tb."


OPCODES = {
    # other ways to a name, a class or a call
    "text name": (SYSTEM + b".", r"os\.system' is not admitted"),
    "stack name": (b"\x8c\x02os\x8c\x06system\x93.", r"os\.system' is not admitted"),
    "dotted name": (b"\x8c\x05numpy\x8c\x12ndarray.__reduce__\x93.", "is not admitted"),
    "name that is a tuple": (b")\x8c\x06system\x93.", "a name is not text"),
    "unfinished name": (b"c" + b"a" * 500, "unfinished name"),
    "INST": (b"(U\x05touchios\nsystem\n.", "opcode b'i'"),
    "OBJ": (b"(cnumpy\nndarray\no.", "opcode b'o'"),
    "NEWOBJ": (b"cnumpy\nndarray\n)\x81.", r"opcode b'\\x81'"),
    "NEWOBJ_EX": (b"cnumpy\nndarray\n)}\x92.", r"opcode b'\\x92'"),
    "PERSID": (b"Pname\n.", "opcode b'P'"),
    "BINPERSID": (b"U\x04nameQ.", "opcode b'Q'"),
    "NEXT_BUFFER": (b"\x97.", r"opcode b'\\x97'"),
    "text integer": (b"I1\n.", "opcode b'I'"),
    "text string": (b"S'\\x41'\n.", "opcode b'S'"),
    "pop": (b"NN0.", "opcode b'0'"),
    "unknown opcode": (b"\xff.", r"opcode b'\\xff'"),
    # calls and states of what is admitted
    "call of ndarray": (b"cnumpy\nndarray\nK\x05\x85R.", "cannot be called"),
    "call of a dict": (b"})R.", "cannot be called"),
    "call without a tuple": (b"cnumpy\ndtype\nU\x02u1R.", "cannot be called"),
    "state of a name": (b"cnumpy\ndtype\n}b.", "sets the state of a Name"),
    "slot state of a name": (b"cnumpy\ndtype\nN}U\x04codeNs\x86b.", "sets the state of a Name"),
    "state of a dict": (b"}}b.", "sets the state of a dict"),
    "state of a finished array": (
        state(b"K\x04\x85")[:-1] + b")b.", "sets the state of a ndarray"
    ),
    "array of another class": (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\ndtype\nNN\x87R.", "unknown class"
    ),
    "rot13": (b"c_codecs\nencode\n\x8c\x01aX\x05\x00\x00\x00rot13\x86R.", "another codec"),
    "codec that is an array": (
        b"c_codecs\nencode\n\x8c\x01a" + state(b"K\x04\x85")[:-1] + b"\x86R.", "another codec"
    ),
    "text beyond latin1": (
        b"c_codecs\nencode\nX\x03\x00\x00\x00\xe2\x82\xacX\x06\x00\x00\x00latin1\x86R.", "latin1"
    ),
    # dtypes
    "object dtype": (b"cnumpy\ndtype\nU\x02O8\x85R.", "'O8' is not a plain number"),
    "void dtype": (b"cnumpy\ndtype\nU\x02V8\x85R.", "is not a plain number"),
    "dtype of nothing": (b"cnumpy\ndtype\n)R.", "dtype NoneType"),
    "dtype of a list": (b"cnumpy\ndtype\n]\x85R.", "dtype list"),
    "dtype that becomes a structure": (
        DTYPE + b"(K\x03U\x01|NU\x01a\x85}K\x01K\x01K\x00tb.", "plain number"
    ),
    "dtype with a subarray": (DTYPE + b"(K\x03U\x01|" + DTYPE + b"NNtb.", "plain number"),
    "dtype without byte order": (DTYPE + b"(K\x03NNNNtb.", "byte order"),
    # shapes
    "short array": (state(b"K\x05\x85"), "4 bytes do not make an array"),
    "long array": (state(b"K\x03\x85"), "4 bytes do not make an array"),
    "negative shape": (state(b"J\xff\xff\xff\xffJ\xfc\xff\xff\xff\x86"), "shape of an array"),
    "overflowing shape": (state(b"\x8a\x09" + long(2**64, 9) + b"K\x00\x86"), "shape of an array"),
    "huge empty shape": (state(b"\x8a\x08" + long(2**62, 8) + b"K\x00\x86", b"U\x00"), "shape"),
    "boolean shape": (state(b"\x88\x85", b"U\x01a"), "shape of an array"),
    "many dimensions": (state(b"(" + b"K\x01" * 70 + b"t", b"U\x01a"), "at most four"),
    "pixels that are a list": (state(b"K\x00\x85", b"]"), "not made of bytes"),
    "dtype that is an array": (state(b"K\x04\x85", dtype=ARRAY), "not made of bytes"),
    "state of an array that is short": (ARRAY + b"K\x01\x85b.", "five parts"),
    # lengths, memo and stack
    "huge memo index": (b"Nr\xff\xff\xff\x7f", "ends before"),
    "recall of nothing": (b"h\x07.", "recalls entry 7"),
    "put of nothing": (b"q\x00.", "stack is empty"),
    "long string": (b"T\xff\xff\xff\x7fabc.", "ends before"),
    "long bytes": (b"\x8e" + long(2**63, 8) + b"abc.", "ends before"),
    "long bytearray": (b"\x96" + long(2**40, 8) + b"abc.", "ends before"),
    "long text": (b"X\xff\xff\xff\xffabc.", "ends before"),
    "long frame": (b"\x95" + long(2**50, 8) + b"N.", "beyond the file"),
    "text that is not UTF-8": (b"\x8c\x01\xff.", "not UTF-8"),
    "empty": (b".", "stack is empty"),
    "no mark": (b"]e.", "mark is missing"),
    "append to a tuple": (b")Na.", "appends to a tuple"),
    "items of a list": (b"]NNs.", "what is not a dict"),
    "key without value": (b"}(Nu.", "key without a value"),
    "integer key": (b"}K\x01K\x02s.", "a int is the key"),
    "more after the end": (b"N.N.", "2 bytes follow its end"),
    "second protocol": (b"\x80\x09N.", "protocol 9"),
}  # fmt: skip


@pytest.mark.parametrize("name", OPCODES)
def test_opcodes_beyond_plain_data_are_refused_with_their_place(name):
    content, problem = OPCODES[name]
    with pytest.raises(DataFileError, match=problem) as caught:
        load(b"\x80\x02" + content)
    assert 2 <= caught.value.offset <= 2 + len(content)
    assert caught.value.path == "batch"


@pytest.mark.parametrize("first", [b"", b"(dp0\n.", b"\x80\x01N.", b"\x80\x06N.", b"PK\x03\x04"])
def test_what_does_not_begin_as_a_binary_pickle_is_refused(first):
    with pytest.raises(DataFileError, match="is not a pickle of plain data"):
        load(first)


def test_the_extension_cache_of_copyreg_is_not_consulted():
    # pickle hands out cached extensions without asking find_class.
    copyreg.add_extension("subprocess", "Popen", 77)
    try:
        content = pickle.dumps(subprocess.Popen, protocol=2)
        assert content == b"\x80\x02\x82\x4d."
        assert pickle.loads(content) is subprocess.Popen
        with pytest.raises(DataFileError, match=r"opcode b'\\x82'"):
            load(content)
    finally:
        copyreg.remove_extension("subprocess", "Popen", 77)
        copyreg.clear_extension_cache()


def nested_tuples(depth):
    return b")" + b"q\x00h\x00\x86" * depth


@pytest.mark.parametrize(
    "content",
    [
        nested_tuples(60) + b"\x8c\x01a\x93.",
        b"}" + nested_tuples(60) + b"Ns.",
        b"cnumpy\ndtype\n" + nested_tuples(60) + b"\x85R.",
        DTYPE + nested_tuples(60) + b"b.",
        state(nested_tuples(60)),
        b"c_codecs\nencode\n" + nested_tuples(60) + nested_tuples(60) + b"\x86R.",
    ],
    ids=["name", "key", "dtype", "dtype state", "shape", "codec"],
)
def test_exponentially_nested_tuples_are_never_walked(content):
    # Hashing, comparing or printing 2**60 leaves would not end.
    with pytest.raises(DataFileError):
        load(b"\x80\x02" + content)


@pytest.mark.parametrize("opcode", [b"]", b"}", b"("])
def test_a_flood_of_opcodes_ends_early(opcode):
    content = b"\x80\x02" + opcode * 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(DataFileError, match="more than 200,000 opcodes"):
            load(content)
        assert tracemalloc.get_traced_memory()[1] < 30e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [
        b"Nr\xff\xff\xff\x7f.",
        b"T\xff\xff\xff\x7fabc.",
        b"\x8e" + struct.pack("<Q", 2**45) + b"abc.",
        state(b"J\xff\xff\xff\x7fK\x00\x86", b"U\x00"),
        state(b"J\xff\xff\xff\x7f\x85"),
    ],
)
def test_claimed_lengths_allocate_nothing(content):
    tracemalloc.start()
    try:
        load_or_refuse(b"\x80\x02" + content)
        assert tracemalloc.get_traced_memory()[1] < 1e5
    finally:
        tracemalloc.stop()


def load_or_refuse(content):
    try:
        load(content)
    except DataFileError:
        return False
    return True


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_every_truncation_is_refused(protocol):
    content = pickle.dumps({"data": np.zeros((2, 3), np.uint8), "labels": [1, 2]}, protocol)
    assert not any(load_or_refuse(content[:end]) for end in range(len(content)))


def test_every_changed_byte_gives_data_or_a_data_file_error():
    outcomes = set()
    for position in range(len(PYTHON_2_BATCH)):
        for byte in b"\x00\x01\x80\xffcRbtuqhr\x95(":
            changed = bytearray(PYTHON_2_BATCH)
            changed[position] = byte
            outcomes.add(load_or_refuse(bytes(changed)))
    assert outcomes == {True, False}


FRAGMENTS = [ARRAY, DTYPE, state(b"K\x04\x85")[:-1], b"(", b")", b"]", b"}", b"q\x00", b"h\x00"]
FRAGMENTS += [bytes([code]) for code in b"NKabestuR\x85\x86\x87\x93\x94"] + [
    b"U\x01a",
    b"\x8a\x01\x05",
]


@given(st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=4), max_size=40))
def test_any_sequence_of_opcodes_gives_data_or_a_data_file_error(fragments):
    load_or_refuse(b"\x80\x02" + b"".join(fragments) + b".")
