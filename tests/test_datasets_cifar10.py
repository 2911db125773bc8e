"""CIFAR-10 is found in both official layouts, wherever they lie, and refused when damaged."""

import gzip
import io
import pickle
import sys
import tarfile
import tracemalloc
from functools import partial

import numpy as np
import pytest

from nearplane.datasets import DataFileError, _cifar10, fetch_cifar10

N = 300  # records a batch in most tests: more than one block, and not a multiple of it
NAMES = [f"kind {letter}" for letter in "abcdefghij"]
BINARY = ("cifar-10-batches-bin", "cifar-10-binary.tar.gz", ".bin")
PYTHON = ("cifar-10-batches-py", "cifar-10-python.tar.gz", "")
BATCHES = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(_cifar10, "RECORDS_PER_BATCH", N)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("NEARPLANE_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def truth():
    """Images (6 N, 32, 32, 3) and labels: the training images first."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (6 * N, 32, 32, 3), np.uint8)
    return images, generator.integers(0, 10, 6 * N)


@pytest.fixture(scope="module")
def binary_files(truth):
    images, labels = truth
    planar = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    records = np.column_stack([labels.astype(np.uint8), planar])
    files = {f"{name}.bin": rows.tobytes() for name, rows in zip_batches(records)}
    return files | {"batches.meta.txt": "\n".join([*NAMES, "", ""]).encode()}


@pytest.fixture(scope="module")
def python_files(truth):
    images, labels = truth
    planar = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    files = {
        name: pickle.dumps({b"data": rows, b"labels": labels.tolist()}, protocol=2)
        for (name, rows), (_, labels) in zip(zip_batches(planar), zip_batches(labels), strict=True)
    }
    return files | {"batches.meta": pickle.dumps({b"label_names": NAMES}, protocol=2)}


def zip_batches(rows):
    return list(zip(BATCHES, np.split(rows, 6), strict=True))


def write_folder(files, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def write_archive(files, path, folder):
    with (
        gzip.open(path, "wb", compresslevel=1) as stream,
        tarfile.open(fileobj=stream, mode="w") as tar,
    ):
        # The official archives are not in order either.
        for name, content in sorted(files.items(), key=lambda item: item[0][::-1]):
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def place_folder(files, names, home):
    write_folder(files, home / names[0])


def place_files(files, names, home):
    write_folder(files, home)


def place_archive(files, names, home):
    write_archive(files, home / names[1], names[0])


@pytest.fixture(params=["binary", "python"])
def layout(request, binary_files, python_files):
    """The files of a layout and its names."""
    return (binary_files, BINARY) if request.param == "binary" else (python_files, PYTHON)


@pytest.fixture(
    params=[place_folder, place_files, place_archive], ids=["folder", "files", "tar.gz"]
)
def place(request):
    return request.param


fetch = partial(fetch_cifar10, download_if_missing=False)


ROWS = {"train": slice(0, 5 * N), "test": slice(5 * N, None), "all": slice(None)}


@pytest.mark.parametrize("subset", ROWS)
def test_every_layout_gives_the_images_in_order(layout, place, subset, truth, tmp_path):
    place(*layout, tmp_path)
    rows = ROWS[subset]
    found = fetch(tmp_path, subset=subset)
    images, labels = truth
    np.testing.assert_array_equal(found.images, images[rows])
    np.testing.assert_array_equal(found.target, labels[rows])
    assert found.images.dtype == np.uint8
    assert found.images.flags.c_contiguous
    assert found.target.dtype == np.int64
    assert found.target_names == NAMES
    assert found.image_shape == (32, 32, 3)
    assert "Krizhevsky" in found.DESCR
    assert found.data.shape == (len(labels[rows]), 3072)
    assert np.shares_memory(found.data, found.images)


def test_the_training_images_are_the_default_and_may_come_as_a_pair(binary_files, tmp_path, truth):
    place_folder(binary_files, BINARY, tmp_path)
    X, y = fetch(tmp_path, return_X_y=True)
    np.testing.assert_array_equal(X, truth[0][: 5 * N].reshape(5 * N, -1))
    np.testing.assert_array_equal(y, truth[1][: 5 * N])


def test_only_the_files_of_the_subset_are_needed(layout, tmp_path):
    files, names = layout
    only = {name: files[name] for name in files if name.startswith("test_batch")}
    write_folder(only, tmp_path / names[0])
    found = fetch(tmp_path, subset="test")
    assert found.target_names[:2] == ["airplane", "automobile"]  # no meta file: the standard ones
    with pytest.raises(FileNotFoundError, match="no data_batch_1"):
        fetch(tmp_path, subset="train")


def test_the_environment_variable_names_the_folder(binary_files, tmp_path, monkeypatch):
    place_folder(binary_files, BINARY, tmp_path / "elsewhere")
    monkeypatch.setenv("NEARPLANE_DATA", str(tmp_path / "elsewhere"))
    assert len(fetch().images) == 5 * N
    with pytest.raises(FileNotFoundError):  # an explicit folder goes before it
        fetch(tmp_path)


def test_the_default_folder_is_in_the_home(binary_files, tmp_path, monkeypatch):
    monkeypatch.setenv("NEARPLANE_DATA", "")
    place_folder(binary_files, BINARY, tmp_path / "home" / "nearplane_data")
    assert len(fetch().images) == 5 * N
    assert len(fetch("~/nearplane_data").images) == 5 * N


def test_missing_data_lists_every_place_and_what_to_do(tmp_path, binary_files, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)  # not even asked for
    write_folder({"data_batch_1.bin": binary_files["data_batch_1.bin"]}, tmp_path / BINARY[0])
    with pytest.raises(OSError, match="CIFAR-10 is not in") as caught:
        fetch(tmp_path)
    message = str(caught.value)
    for part in (
        f"{tmp_path / BINARY[0]}: no data_batch_2.bin",
        f"{tmp_path}: no data_batch_1.bin",
        f"{tmp_path / BINARY[1]}: no such file",
        f"{tmp_path / PYTHON[0]}: no data_batch_1",
        f"{tmp_path / PYTHON[1]}: no such file",
        "NEARPLANE_DATA",
        "download_if_missing=True",
    ):
        assert part in message
    assert not (tmp_path / "home").exists()  # looking creates nothing


@pytest.mark.parametrize("length", [0, 1, 3072, N * 3073 - 1, N * 3073 + 1, (N + 1) * 3073])
def test_a_binary_batch_of_another_size_is_refused(binary_files, place, length, tmp_path):
    changed = (binary_files["data_batch_3.bin"] * 2)[:length]
    place(binary_files | {"data_batch_3.bin": changed}, BINARY, tmp_path)
    problem = rf"data_batch_3\.bin, byte .*: is {length:,} bytes long; 300 records of 3,073 bytes"
    with pytest.raises(DataFileError, match=problem) as caught:
        fetch(tmp_path)
    assert caught.value.offset == min(length, N * 3073)


@pytest.mark.parametrize("record", [0, 255, 256, N - 1])
@pytest.mark.parametrize("label", [10, 255])
def test_a_binary_label_out_of_range_is_refused_with_its_byte(
    binary_files, record, label, tmp_path
):
    changed = bytearray(binary_files["test_batch.bin"])
    changed[record * 3073] = label
    place_folder(binary_files | {"test_batch.bin": bytes(changed)}, BINARY, tmp_path)
    problem = rf"test_batch\.bin, byte {record * 3073:,}: the label of record {record} is {label},"
    with pytest.raises(DataFileError, match=problem):
        fetch(tmp_path, subset="test")


def pixels(n=N, width=3072, dtype=np.uint8):
    return np.zeros((n, width), dtype)


@pytest.mark.parametrize(
    ("batch", "problem"),
    [
        ([1, 2], "not a dict with an entry 'data'"),
        ({}, "not a dict with an entry 'data'"),
        ({"data": pixels()}, "not a dict with an entry 'labels'"),
        ({"data": [1], "labels": [1]}, "'data' is not an array of uint8"),
        ({"data": pixels(dtype=np.int8), "labels": [0] * N}, "'data' is not an array of uint8"),
        ({"data": pixels(N - 1), "labels": [0] * N}, r"shape \(299, 3072\), expected \(300, 3072"),
        ({"data": pixels(width=768), "labels": [0] * N}, r"shape \(300, 768\), expected"),
        ({"data": pixels().reshape(N, 32, 32, 3), "labels": [0] * N}, r"shape \(300, 32, 32, 3\)"),
        ({"data": pixels(), "labels": [0] * (N - 1)}, "299 labels stand beside 300 images"),
        ({"data": pixels(), "labels": np.zeros(N, int)}, "'labels' is not a list of integers"),
        ({"data": pixels(), "labels": [0] * (N - 1) + [True]}, "not a list of integers"),
        ({"data": pixels(), "labels": [0] * 7 + [10] + [0] * (N - 8)}, "label of record 7 is 10"),
        ({"data": pixels(), "labels": [-1] + [0] * (N - 1)}, "label of record 0 is -1"),
        ({"data": pixels(), "labels": [0] * (N - 1) + [2**80]}, "label of record 299 is 12089258"),
        ({"data": open, "labels": [0] * N}, "the name 'io.open' is not admitted"),
    ],
)
def test_a_python_batch_of_other_contents_is_refused(python_files, batch, problem, tmp_path):
    changed = python_files | {"test_batch": pickle.dumps(batch, protocol=4)}
    place_folder(changed, PYTHON, tmp_path)
    with pytest.raises(DataFileError, match=problem) as caught:
        fetch(tmp_path, subset="test")
    assert caught.value.path == str(tmp_path / PYTHON[0] / "test_batch")


def test_a_python_batch_may_be_in_fortran_order_and_have_text_keys(python_files, tmp_path, truth):
    images, labels = (part[5 * N :] for part in truth)
    planar = np.asfortranarray(images.transpose(0, 3, 1, 2).reshape(N, -1))
    batch = pickle.dumps({"data": planar, "labels": labels.tolist()})
    place_folder(python_files | {"test_batch": batch}, PYTHON, tmp_path)
    np.testing.assert_array_equal(fetch(tmp_path, subset="test").images, images)


def test_a_python_batch_much_too_long_is_not_read(python_files, tmp_path):
    place_folder(python_files, PYTHON, tmp_path)
    with (tmp_path / PYTHON[0] / "test_batch").open("wb") as stream:
        stream.truncate(2**26 + 1)
    with pytest.raises(DataFileError, match="is 67,108,865 bytes long; at most 67,108,864"):
        fetch(tmp_path, subset="test")


BAD_NAMES = {
    "nine": NAMES[:9],
    "eleven": [*NAMES, "kind k"],
    "repeated": [*NAMES[:9], "kind a"],
    "unprintable": [*NAMES[:9], "kind \x1b[2J"],
}


@pytest.mark.parametrize("names", BAD_NAMES)
def test_class_names_that_are_not_ten_are_refused(layout, names, tmp_path):
    files, (folder, *_) = layout
    text, pickled = "\n".join(BAD_NAMES[names]), pickle.dumps({"label_names": BAD_NAMES[names]})
    metas = {"batches.meta.txt": text.encode(), "batches.meta": pickled}
    write_folder(files | {name: metas[name] for name in files if name in metas}, tmp_path / folder)
    with pytest.raises(DataFileError, match="ten different printable ones are expected"):
        fetch(tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe" * 20, "byte 0: is not UTF-8 text"),
        (b"a\n" * 4096, "at most 4,096"),
        (b"", "0 n"),
    ],
)
def test_class_names_that_are_not_text_are_refused(binary_files, content, problem, tmp_path):
    place_folder(binary_files | {"batches.meta.txt": content}, BINARY, tmp_path)
    with pytest.raises(DataFileError, match=problem):
        fetch(tmp_path)


@pytest.mark.parametrize("names", [b"airplane", [1] * 10, [b"\xff"] * 10])
def test_pickled_class_names_that_are_not_names_are_refused(python_files, names, tmp_path):
    place_folder(
        python_files | {"batches.meta": pickle.dumps({"label_names": names})}, PYTHON, tmp_path
    )
    with pytest.raises(DataFileError, match=r"batches\.meta: "):
        fetch(tmp_path)


def test_the_official_sizes_are_read_within_the_memory_of_the_result(tmp_path, monkeypatch):
    monkeypatch.undo()  # batches of 10,000 again; files of zeros take no space on disk
    for name in BATCHES:
        with (tmp_path / f"{name}.bin").open("wb") as stream:
            stream.truncate(30_730_000)
    tracemalloc.start()
    try:
        images, labels = fetch(tmp_path, subset="all", return_X_y=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert images.shape == (60_000, 3072)
    assert not labels.any()
    assert peak < images.nbytes + labels.nbytes + 2**21


@pytest.mark.parametrize("subset", ["both", None, ["train"], np.array(["train", "test"])])
def test_an_unknown_subset_is_refused(subset, tmp_path):
    with pytest.raises(ValueError, match="subset must be 'train', 'test' or 'all', got"):
        fetch(tmp_path, subset=subset)


def test_the_home_of_nobody_is_missing():
    with pytest.raises(FileNotFoundError, match="CIFAR-10 is not in ~nobody-of-this-name"):
        fetch("~nobody-of-this-name/data")


def test_a_folder_that_is_no_path_is_refused():
    with pytest.raises(TypeError, match="data_home must be a path; got 3 of type int"):
        fetch(3)
