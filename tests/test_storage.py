"""Files of arrays: what is written comes back, and what is damaged never passes for it."""

import json
import stat
import zlib

import numpy as np
import pytest

from nearplane._storage import _format, read_arrays, read_kind, write_arrays

DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "U1", "U7"]
SHAPES = [(), (1,), (0,), (7,), (3, 4), (2, 0, 3), (2, 3, 1, 2)]
METADATA = {"text": "ä\u2028\ud800", "number": -3, "ratio": 0.1, "no": None, "list": [True, {}]}


def values(dtype, shape, seed=0):
    """Any bits the type has: NaNs and infinities among floats, any character in text."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "U":
        letters = rng.integers(0, 0x110000, (*shape, dtype.itemsize // 4), dtype=np.uint32)
        return letters.view(dtype.str).reshape(shape)
    n_bytes = dtype.itemsize * int(np.prod(shape))
    raw = rng.integers(0, 2 if dtype.kind == "b" else 256, n_bytes, dtype=np.uint8)
    return raw.view(dtype).reshape(shape)


def assert_same(found, expected):
    """The same type, shape and bits."""
    assert found.dtype == expected.dtype.newbyteorder("=")
    assert found.dtype.isnative
    assert found.shape == expected.shape
    assert found.tobytes() == expected.astype(found.dtype).tobytes()


@pytest.mark.parametrize("mmap", [False, True])
def test_all_types_and_shapes_come_back(tmp_path, mmap):
    path = tmp_path / "arrays"
    arrays = {f"{dtype} {shape}": values(dtype, shape) for dtype in DTYPES for shape in SHAPES}
    write_arrays(path, "things", METADATA, arrays)
    metadata, found = read_arrays(path, "things", mmap=mmap)
    assert metadata == METADATA
    assert list(found) == list(arrays)
    for name, expected in arrays.items():
        assert_same(found[name], expected)
        assert found[name].flags.c_contiguous
        assert found[name].flags.writeable is not mmap


def layouts():
    whole = values("f4", (40, 30))
    read_only = whole.copy()
    read_only.flags.writeable = False
    return {
        "strided": whole[::3, ::2],
        "reversed": whole[::-1, ::-1],
        "columns first": np.asfortranarray(whole),
        "transposed": whole.reshape(10, 4, 30).transpose(2, 0, 1),
        "repeated": np.broadcast_to(whole[:1], (5, 30)),
        "big endian": whole.astype(">f4"),
        "big endian text": values("U5", (9,)).astype(">U5"),
        "read only": read_only,
        "unaligned": np.frombuffer(b"?" + whole.tobytes(), np.float32, offset=1),
    }


@pytest.mark.parametrize("chunk_bytes", [1, 100, 2**20])
@pytest.mark.parametrize("layout", layouts())
def test_layouts_are_no_matter(tmp_path, layout, chunk_bytes, monkeypatch):
    monkeypatch.setattr("nearplane._storage._write.CHUNK_BYTES", chunk_bytes)
    array = layouts()[layout]
    write_arrays(tmp_path / "arrays", "things", {}, {"array": array})
    assert_same(read_arrays(tmp_path / "arrays", "things")[1]["array"], array)


def test_an_array_of_many_chunks_comes_back(tmp_path):
    array = values("u1", (3 * 2**20 + 17,))
    write_arrays(tmp_path / "arrays", "things", {}, {"array": array, "behind": array[:5]})
    for mmap in (False, True):
        found = read_arrays(tmp_path / "arrays", "things", mmap=mmap)[1]
        assert_same(found["array"], array)
        assert_same(found["behind"], array[:5])


def test_nothing_at_all_comes_back(tmp_path):
    write_arrays(str(tmp_path / "arrays"), "nothing", {}, {})
    for mmap in (False, True):
        assert read_arrays(str(tmp_path / "arrays"), "nothing", mmap=mmap) == ({}, {})


def test_mapped_arrays_lie_in_the_file_aligned_and_read_only(tmp_path):
    arrays = {"a": values("u1", (5,)), "b": values("f8", (4, 3)), "none": np.empty((0, 2))}
    write_arrays(tmp_path / "arrays", "things", {}, arrays)
    for verify in (True, False):
        found = read_arrays(tmp_path / "arrays", "things", mmap=True, verify=verify)[1]
        for name, array in found.items():
            assert_same(array, arrays[name])
            assert isinstance(array, np.memmap) or not array.size
            assert array.ctypes.data % 64 == 0
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
    write_arrays(tmp_path / "arrays", "things", {}, {})  # what is mapped outlives its name
    assert_same(found["b"], arrays["b"])


def small_file(tmp_path):
    """A file in which every part is there: header, padding, numbers, text, booleans, emptiness."""
    path = tmp_path / "arrays"
    arrays = {
        "x": np.arange(5, dtype=np.float32),
        "names": np.array(["a", "bc"]),
        "flags": np.array([[True], [False]]),
        "none": np.empty((0, 3)),
        "scalar": np.array(7),
    }
    write_arrays(path, "things", {"k": 3}, arrays)
    return path


@pytest.mark.parametrize("mmap", [False, True])
def test_every_truncation_is_noticed(tmp_path, mmap):
    path = small_file(tmp_path)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=f"^{path}: "):
            read_arrays(path, "things", mmap=mmap)
    path.write_bytes(content + b"\0")
    with pytest.raises(ValueError, match=f"it has {len(content) + 1} bytes"):
        read_arrays(path, "things", mmap=mmap)


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("flip", [0x01, 0x20, 0xFF])
def test_every_damaged_byte_is_noticed(tmp_path, mmap, flip):
    path = small_file(tmp_path)
    content = path.read_bytes()
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= flip
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=f"^{path}: "):
            read_arrays(path, "things", mmap=mmap)


@pytest.mark.parametrize("mmap", [False, True])
def test_checksums_may_be_taken_on_trust(tmp_path, mmap):
    path = tmp_path / "arrays"
    write_arrays(path, "things", {}, {"x": np.arange(3, dtype=np.uint8)})
    content = bytearray(path.read_bytes())
    content[-1] = 9
    path.write_bytes(content)
    assert read_arrays(path, "things", mmap=mmap, verify=False)[1]["x"].tolist() == [0, 1, 9]
    with pytest.raises(ValueError, match="is damaged: x does not have its checksum"):
        read_arrays(path, "things", mmap=mmap)


def forge(path, header, body=b"", **changes):
    """Write a file with checksums that are right, whatever its header says."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    version, length = changes.get("version", _format.VERSION), changes.get("length", len(text))
    start = _format.START.pack(_format.MAGIC, version, length)
    checksum = _format.CHECKSUM.pack(_format.header_checksum(start, text))
    content = start + checksum + text
    path.write_bytes(content + bytes(_format.padding(len(content))) + body)


def entry(**changes):
    body = bytes(8)
    plain = {"name": "x", "dtype": "<f8", "shape": [1], "crc32": f"{zlib.crc32(body):08x}"}
    return plain | changes


def header(*entries, **changes):
    return {"kind": "things", "metadata": {}, "arrays": list(entries)} | changes


def test_the_forger_can_write_a_good_file(tmp_path):
    forge(tmp_path / "arrays", header(entry()), bytes(8))
    assert read_arrays(tmp_path / "arrays", "things")[1]["x"].tolist() == [0]


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        (header(entry(shape=[2**40])), "its header describes 8,796,093,022,"),
        (header(entry(shape=[2**62, 2**62])), "x has an impossible shape"),
        (header(entry(shape=[0, 2**62, 2**62])), "x has an impossible shape"),
        (header(entry(shape=[-1])), "x has an impossible shape"),
        (header(entry(shape=[1.0])), "x has an impossible shape"),
        (header(entry(shape=[True])), "x has an impossible shape"),
        (header(entry(shape=["1"])), "x has an impossible shape"),
        (header(entry(shape=[1] * 33)), "x has 33 dimensions"),
        (header(entry(shape=1)), "shape is of the wrong type"),
        (header(entry(dtype="|O")), r"unknown dtype '\|O'"),
        (header(entry(dtype=">f8")), "unknown dtype '>f8'"),
        (header(entry(dtype="<f8,<f8")), "unknown dtype"),
        (header(entry(dtype="<U0", shape=[10**15])), "unknown dtype '<U0'"),
        (header(entry(dtype="<U999999999")), "makes no sense"),
        (header(entry(dtype="<U٣")), "unknown dtype"),
        (header(entry(dtype=["<f8"])), "unknown dtype"),
        (header(entry(dtype="<U2")), "bytes that are no value of its dtype <U2"),
        (header(entry(dtype="|b1", shape=[8])), "bytes that are no value of its dtype bool"),
        (header(entry(name=3)), "name, checksum or shape is of the wrong type"),
        (header(entry(crc32=3)), "name, checksum or shape is of the wrong type"),
        (header(entry(crc32="00000000")), "x does not have its checksum"),
        (header(entry(shape=[0]), entry()), "two arrays have the same name"),
        (header({"name": "x"}), "'dtype'"),
        (header(3), "not subscriptable"),
        (header(arrays=3), "not iterable"),
        (header(kind=3), "kind or metadata are of the wrong type"),
        (header(metadata=[]), "kind or metadata are of the wrong type"),
        ({"kind": "things"}, "'metadata'"),
        ([], "makes no sense"),
        (b"", "makes no sense"),
        (b"\xff", "makes no sense"),
        (b"[" * 100_000, "makes no sense"),
        (b'{"kind":' + b"1" * 5000 + b"}", "makes no sense"),
    ],
)
@pytest.mark.parametrize("mmap", [False, True])
def test_headers_that_lie_are_refused(tmp_path, forged, message, mmap):
    path = tmp_path / "arrays"
    body = b"\xff" * 8 if "no value" in message else bytes(8)
    if "no value" in message:
        forged["arrays"][0]["crc32"] = f"{zlib.crc32(body):08x}"
    forge(path, forged, body)
    with pytest.raises(ValueError, match=f"^{path}: .*{message}"):
        read_arrays(path, "things", mmap=mmap)


def test_a_header_takes_no_more_memory_than_the_file(tmp_path):
    forge(tmp_path / "arrays", b"{}", length=2**24)
    with pytest.raises(ValueError, match="promises a header of 16,777,216 bytes; the file has"):
        read_arrays(tmp_path / "arrays", "things")
    with open(tmp_path / "arrays", "ab") as file:
        file.truncate(2**32)  # a hole: it takes no room on the disk
    forge_start = _format.START.pack(_format.MAGIC, _format.VERSION, 2**31)
    with open(tmp_path / "arrays", "r+b") as file:
        file.write(forge_start)
    with pytest.raises(ValueError, match="promises a header of 2,147,483,648 bytes"):
        read_arrays(tmp_path / "arrays", "things")


def test_a_file_says_what_it_holds(tmp_path):
    path = tmp_path / "arrays"
    write_arrays(path, "things", METADATA, {"x": values("f4", (7,))})
    assert read_kind(path) == "things"
    content = path.read_bytes()
    for damaged in (b"", b"GIF89a", content[:20], content[:30] + b"?" + content[31:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=f"^{path}: "):
            read_kind(path)
    with pytest.raises(FileNotFoundError):
        read_kind(tmp_path / "missing")


def test_other_files_are_refused_by_name(tmp_path):
    path = small_file(tmp_path)
    with pytest.raises(ValueError, match=f"{path}: holds 'things', expected 'others'"):
        read_arrays(path, "others")
    forge(path, header(), version=2)
    with pytest.raises(ValueError, match="has version 2 of the format; this release reads 1"):
        read_arrays(path, "things")
    np.save(tmp_path / "x.npy", np.zeros(3))
    with pytest.raises(ValueError, match=r"x\.npy: is not a file of nearplane's"):
        read_arrays(tmp_path / "x.npy", "things")
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "missing", "things")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array(["a", None]), "x has dtype object, which cannot be stored"),
        (np.array([1j]), "x has dtype complex128"),
        (np.array([b"a"]), r"x has dtype \|S1"),
        (np.array(["2020"], "M8[s]"), "x has dtype datetime64"),
        (np.zeros(1, "u1,f4"), "x has dtype"),
        (np.array([2], np.uint8).view(bool), "x holds bytes that are no value of its dtype bool"),
    ],
)
def test_what_cannot_be_read_is_not_written(tmp_path, array, message):
    with pytest.raises(ValueError, match=message):
        write_arrays(tmp_path / "arrays", "things", {}, {"x": array})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"x": np.float32(1)}, TypeError),
        ({"x": float("nan")}, ValueError),
        ({"x": "long" * 2**22}, ValueError),
    ],
)
def test_metadata_is_json(tmp_path, metadata, error):
    with pytest.raises(error, match=r"JSON|metadata must fit into 16,777,216 bytes"):
        write_arrays(tmp_path / "arrays", "things", metadata, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "failing", ["os.fsync", "os.replace", "nearplane._storage._write._write_array"]
)
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failed_write_leaves_the_old_file(tmp_path, failing, error, monkeypatch):
    path = small_file(tmp_path)
    before = path.read_bytes()

    def fail(*arguments):
        raise error("disk full")

    monkeypatch.setattr(failing, fail)
    with pytest.raises(error, match="disk full"):
        write_arrays(path, "things", {}, {"x": np.zeros(100)})
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_replaced_keeps_its_permissions_and_its_link(tmp_path):
    path, link = small_file(tmp_path), tmp_path / "link"
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    path.chmod(0o640)
    link.symlink_to(path)
    write_arrays(link, "others", {}, {})
    assert link.is_symlink()
    assert read_arrays(path, "others") == ({}, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_only_files_are_replaced(tmp_path):
    with pytest.raises(ValueError, match=f"path must name a file; {tmp_path} is something else"):
        write_arrays(tmp_path, "things", {}, {})
    with pytest.raises(FileNotFoundError, match="missing'"):
        write_arrays(tmp_path / "missing" / "arrays", "things", {}, {})
    assert tmp_path.is_dir()
