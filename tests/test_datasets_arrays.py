"""Arrays with labels are read as NumPy saved them, in files of their own or in one archive."""

import os
import tracemalloc

import numpy as np
import pytest

from nearplane.datasets import DataFileError, load_arrays

from .dataset_files import write

ROWS = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
LABELS = np.arange(12) % 3
WHOLE = {"X": ROWS, "y": LABELS}
SPLIT = {"X_train": ROWS[:8], "y_train": LABELS[:8], "X_test": ROWS[8:], "y_test": LABELS[8:]}


def save_npz(path, arrays):
    np.savez(path.with_suffix(".npz"), **arrays)
    return path.with_suffix(".npz")


def save_compressed(path, arrays):
    np.savez_compressed(path.with_suffix(".npz"), **arrays)
    return path.with_suffix(".npz")


def save_folder(path, arrays):
    path.mkdir()
    for name, array in arrays.items():
        np.save(path / name, array)
    return path


def mapped(path):
    return load_arrays(path, mmap=True)


SAVED = {
    "npz": (save_npz, load_arrays),
    "compressed npz": (save_compressed, load_arrays),
    "folder": (save_folder, load_arrays),
    "mapped folder": (save_folder, mapped),
}


@pytest.fixture(params=SAVED)
def reread(request, tmp_path):
    """Save arrays and load them."""
    save, load = SAVED[request.param]
    return lambda arrays: load(save(tmp_path / "arrays", arrays))


def test_a_split_is_read_as_it_was_saved(reread):
    found = reread(SPLIT)
    for name, array in SPLIT.items():
        np.testing.assert_array_equal(found[name], array)
    assert found.X_train.dtype == np.float32
    assert found.y_train.dtype == np.int64
    assert found.target_names == ["0", "1", "2"]
    assert found.image_shape == (5,)
    assert "8 and 4 rows of shape (5,), float32, in 3 classes" in found.DESCR


def test_a_whole_is_read_as_it_was_saved(reread):
    found = reread(WHOLE | {"other": np.zeros(3), "class_names": ["a", "b", "c"]})
    np.testing.assert_array_equal(found.X, ROWS)
    np.testing.assert_array_equal(found.y, LABELS)
    assert found.target_names == ["a", "b", "c"]
    assert "other" not in found


def test_a_split_goes_before_a_whole(reread):
    found = reread(WHOLE | SPLIT)
    assert "X" not in found
    np.testing.assert_array_equal(found.X_test, ROWS[8:])


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.uint8, np.uint8),
        (bool, np.uint8),
        (np.int16, np.float32),
        (np.int64, np.float64),
        (np.float16, np.float32),
        (np.float64, np.float64),
        (">f4", np.float32),
        (">f8", np.float64),
    ],
)
def test_numbers_of_every_type_keep_their_values(dtype, expected, reread):
    rows = np.arange(60).reshape(12, 5).astype(dtype)
    found = reread({"X": rows, "y": LABELS})
    assert found.X.dtype == expected
    assert found.X.dtype.isnative
    np.testing.assert_array_equal(found.X, rows)


@pytest.mark.parametrize("shape", [(12, 60), (12, 6, 10), (12, 4, 5, 3), (12, 1)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_images_and_vectors_of_both_orders_keep_their_shape(shape, order, reread):
    rows = np.arange(np.prod(shape)).reshape(shape).astype(np.uint8)
    found = reread({"X": np.asarray(rows, order=order), "y": LABELS})
    np.testing.assert_array_equal(found.X, rows)
    assert found.image_shape == shape[1:]


def test_both_parts_get_one_type(reread):
    found = reread(SPLIT | {"X_test": np.full((4, 5), 0.1)})
    assert found.X_train.dtype == found.X_test.dtype == np.float64


@pytest.mark.parametrize(
    ("labels", "names", "target"),
    [
        ([7, -2, 7], ["-2", "7"], [1, 0, 1]),
        (["dog", "cat", "dog"], ["cat", "dog"], [1, 0, 1]),
        ([True, False, True], ["False", "True"], [1, 0, 1]),
        (np.array([2**64 - 1, 0, 5], np.uint64), ["0", "5", str(2**64 - 1)], [2, 0, 1]),
        (np.array([3, 1, 3], ">i4"), ["1", "3"], [1, 0, 1]),
    ],
    ids=["integers", "text", "booleans", "large", "big-endian"],
)
def test_labels_are_numbered_in_their_order(labels, names, target, reread):
    found = reread({"X": ROWS[:3], "y": labels})
    assert found.target_names == names
    np.testing.assert_array_equal(found.y, target)
    assert found.y.dtype == np.int64


def test_labels_of_both_parts_are_numbered_together(reread):
    labels = {"y_train": np.full(8, 5), "y_test": np.array([9, 5, 1, 9], np.uint8)}
    found = reread(SPLIT | labels)
    assert found.target_names == ["1", "5", "9"]
    assert found.y_train.tolist() == [1] * 8
    assert found.y_test.tolist() == [2, 1, 0, 2]


def test_text_labels_may_be_in_the_order_of_class_names(reread):
    found = reread({"X": ROWS[:3], "y": ["b", "a", "b"], "class_names": ["c", "b", "a"]})
    assert found.target_names == ["c", "b", "a"]
    assert found.y.tolist() == [1, 2, 1]


def test_a_mapped_folder_stays_on_disk(tmp_path):
    rows = np.ones((2000, 1000), np.float32)
    folder = save_folder(tmp_path / "large", {"X": rows, "y": np.arange(2000) % 2})
    tracemalloc.start()
    try:
        found = mapped(folder)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(found.X, np.memmap)
    assert not found.X.flags.writeable
    assert peak < rows.nbytes / 8


def test_a_mapped_array_that_is_misaligned_is_copied(tmp_path):
    folder = save_folder(tmp_path / "odd", WHOLE)
    content = (folder / "X.npy").read_bytes()
    # A header one byte longer, which the format allows, moves the elements to odd addresses.
    longer = content[:8] + (119).to_bytes(2, "little") + content[10:127] + b" \n" + content[128:]
    (folder / "X.npy").write_bytes(longer)
    found = mapped(folder)
    assert found.X.flags.aligned
    np.testing.assert_array_equal(found.X, ROWS)


def test_the_home_of_the_user_may_be_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    save_npz(tmp_path / "arrays", WHOLE)
    assert len(load_arrays("~/arrays.npz").X) == 12


def test_saving_an_array_of_names_as_text_is_advised(reread):
    names = np.array(["a", "b", "c"], dtype=object)
    with pytest.raises(DataFileError, match=r"pickled Python objects.*np\.array\(names, dtype=str"):
        reread(WHOLE | {"class_names": names})


WRONG = {
    "rows of text": ({"X": LABELS.astype(str)}, "X must hold numbers in 2 to 4 axes.*<U"),
    "rows of one axis": ({"X": ROWS[:, 0]}, r"X must hold numbers in 2 to 4 axes.*\(12,\)"),
    "fewer labels": ({"y": LABELS[:-1]}, "y holds 11 labels, but X 12 rows"),
    "labels in columns": ({"y": np.eye(12)}, r"y must hold one integer or text a row"),
    "fractions for labels": ({"y": LABELS / 2}, "y must hold one integer or text a row"),
    "NaN": ({"X": np.where(ROWS[3, 2] == ROWS, np.nan, ROWS)}, "NaN: first in row 3, column 2"),
    "infinity": ({"X": np.where(ROWS[0, 0] == ROWS, np.inf, ROWS)}, "infinity: first in row 0"),
    "integers beyond 2**53": ({"X": np.full((12, 2), 2**60)}, "no exact float64"),
    "label beyond the names": ({"class_names": ["a", "b"]}, "y is '2' in row 2"),
    "text that is no name": ({"y": ["?"] * 12, "class_names": ["a"]}, r"y is '\?' in row 0"),
    "repeated names": ({"class_names": ["a", "b", "a"]}, "different printable texts"),
    "empty name": ({"class_names": ["a", "", "c"]}, "different printable texts"),
    "control characters": ({"class_names": ["a", "\x1b[2J", "c"]}, "different printable texts"),
    "names that are numbers": ({"class_names": [1, 2, 3]}, "different printable texts"),
    "names in rows": ({"class_names": [["a"], ["b"]]}, "different printable texts"),
    "control characters in a label": ({"y": ["\x07"] * 12}, "different printable texts"),
    "no character": (
        {"y": np.full(12, 2**31, "<u4").view("<U1")},
        "holds the character 2,147,483,648, which Unicode",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_arrays_that_make_no_data_set_are_refused(name, reread):
    arrays, problem = WRONG[name]
    with pytest.raises(DataFileError, match=problem):
        reread(WHOLE | arrays)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"X_test": ROWS[8:, :4]}, r"X_train has shape \(8, 5\) and X_test has shape \(4, 4\)"),
        ({"y_test": ["a"] * 4}, "text in one part and numbers in the other"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(arrays, problem, reread):
    with pytest.raises(DataFileError, match=problem):
        reread(SPLIT | arrays)


@pytest.mark.parametrize("missing", SPLIT)
def test_an_incomplete_split_is_refused(missing, tmp_path):
    arrays = {name: array for name, array in SPLIT.items() if name != missing}
    with pytest.raises(DataFileError, match="does not hold the arrays X_train, y_train"):
        load_arrays(save_npz(tmp_path / "arrays", arrays))
    with pytest.raises(FileNotFoundError, match="does not hold the arrays X_train, y_train"):
        load_arrays(save_folder(tmp_path / "arrays", arrays))


def test_what_is_not_there_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*nowhere"):
        load_arrays(tmp_path / "nowhere")


def test_a_device_is_not_read():
    # Not even this one, which ends at once: another, or a pipe, might never.
    with pytest.raises(DataFileError, match=r"is neither an \.npz archive nor a folder"):
        load_arrays(os.devnull)


@pytest.mark.parametrize("path", [3, None, [".npz"]])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(TypeError, match="path must be a path; got"):
        load_arrays(path)


def test_an_archive_cannot_be_mapped(tmp_path):
    with pytest.raises(ValueError, match="mmap must be False for an archive"):
        mapped(save_npz(tmp_path / "arrays", WHOLE))


def test_mmap_is_a_flag(tmp_path):
    with pytest.raises(TypeError, match="mmap"):
        load_arrays(write(tmp_path / "folder", {}), mmap="r")
