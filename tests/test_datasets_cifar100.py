"""CIFAR-100 is found in both official layouts, with fine and coarse labels."""

import hashlib
import itertools
import pickle

import numpy as np
import pytest

from nearplane.datasets import DataFileError, _cifar100, _cifar_batches, fetch_cifar100
from nearplane.datasets._cifar_batches import read_python_names
from nearplane.datasets._files import open_file

from .dataset_files import (
    CIFAR100_FOLDERS,
    COARSE,
    FINE,
    N_TEST,
    N_TRAIN,
    cifar100,
    tar_gz,
    write,
)

ROWS = {"train": slice(N_TRAIN), "test": slice(N_TRAIN, None), "all": slice(None)}


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    monkeypatch.setattr(_cifar100, "TRAIN_RECORDS", N_TRAIN)
    monkeypatch.setattr(_cifar100, "TEST_RECORDS", N_TEST)


def fetch(folder, **options):
    return fetch_cifar100(folder, download_if_missing=False, **options)


def place_folder(files, folder, home):
    write(home / folder, files)


def place_files(files, _folder, home):
    write(home, files)


def place_archive(files, folder, home):
    entries = sorted(files.items(), key=lambda item: item[0][::-1])
    content = tar_gz([(f"{folder}/{name}", content) for name, content in entries])
    write(home, {f"{folder}.tar.gz": content})


@pytest.mark.parametrize("subset", ROWS)
@pytest.mark.parametrize("place", [place_folder, place_files, place_archive])
@pytest.mark.parametrize("layout", CIFAR100_FOLDERS)
def test_every_layout_gives_images_and_both_labels(layout, place, subset, tmp_path):
    files, (images, fine, coarse) = cifar100(layout)
    place(files, CIFAR100_FOLDERS[layout], tmp_path)
    rows = ROWS[subset]
    for labels, target, names in (("fine", fine, FINE), ("coarse", coarse, COARSE)):
        found = fetch(tmp_path, subset=subset, labels=labels)
        np.testing.assert_array_equal(found.images, images[rows])
        np.testing.assert_array_equal(found.target, target[rows])
        np.testing.assert_array_equal(found.fine_target, fine[rows])
        np.testing.assert_array_equal(found.coarse_target, coarse[rows])
        assert found.target.dtype == found.coarse_target.dtype == np.int64
        assert found.target_names == names
        assert (found.fine_target_names, found.coarse_target_names) == (FINE, COARSE)
        assert found.image_shape == (32, 32, 3)
        assert found.images.flags.c_contiguous
        assert np.shares_memory(found.data, found.images)
        assert "CIFAR-100" in found.DESCR


def test_a_pair_holds_the_labels_asked_for(tmp_path):
    files, (images, fine, coarse) = cifar100("binary")
    write(tmp_path, files)
    for labels, target in (("fine", fine), ("coarse", coarse)):
        X, y = fetch(tmp_path, labels=labels, return_X_y=True)
        np.testing.assert_array_equal(X, images[:N_TRAIN].reshape(N_TRAIN, -1))
        np.testing.assert_array_equal(y, target[:N_TRAIN])


@pytest.mark.parametrize("layout", CIFAR100_FOLDERS)
def test_without_files_of_names_the_official_ones_are_known(layout, tmp_path):
    files, _ = cifar100(layout)
    write(tmp_path, {name: files[name] for name in files if "names" not in name and name != "meta"})
    found = fetch(tmp_path)
    assert found.target_names[:3] == ["apple", "aquarium_fish", "baby"]
    assert found.coarse_target_names[-2:] == ["vehicles_1", "vehicles_2"]
    assert len(set(found.fine_target_names)) == 100
    assert len(set(found.coarse_target_names)) == 20


def test_one_file_of_names_alone_replaces_its_own(tmp_path):
    files, _ = cifar100("binary")
    del files["fine_label_names.txt"]
    write(tmp_path, files)
    found = fetch(tmp_path)
    assert found.coarse_target_names == COARSE
    assert found.target_names == list(_cifar100.FINE_NAMES)


def test_the_official_pickle_of_names_holds_the_names_known_here(tmp_path):
    # Byte for byte as Python 2 wrote it, which the published checksum of the official file shows.
    counter = itertools.count(1)

    def text(value):
        return b"U%c%bq%c" % (len(value), value.encode(), next(counter))

    def names(key, values):
        return text(key) + b"]q%c(" % next(counter) + b"".join(map(text, values)) + b"e"

    content = b"\x80\x02}q%c(" % next(counter)
    content += names("fine_label_names", _cifar100.FINE_NAMES)
    content += names("coarse_label_names", _cifar100.COARSE_NAMES) + b"u."
    assert hashlib.md5(content).hexdigest() == "7973b15100ade9c7d40fb424638fde48"
    (tmp_path / "meta").write_bytes(content)
    with open_file(tmp_path / "meta") as member:
        found = read_python_names("meta", member, _cifar100.LABELLINGS)
    assert found == {
        _cifar100.FINE: list(_cifar100.FINE_NAMES),
        _cifar100.COARSE: list(_cifar100.COARSE_NAMES),
    }


def test_a_pickle_may_have_as_many_opcodes_as_its_records_need(tmp_path, monkeypatch):
    monkeypatch.setattr(_cifar_batches, "_PICKLE_OPCODES", 50)
    files, (_, fine, _) = cifar100("python")
    write(tmp_path, files)
    np.testing.assert_array_equal(fetch(tmp_path).target, fine[:N_TRAIN])
    batch = {b"filenames": ["" for _ in range(400)]}
    write(tmp_path, {"train": pickle.dumps(batch, protocol=2)})
    with pytest.raises(DataFileError, match="it has more than 200 opcodes"):
        fetch(tmp_path)


def test_missing_data_lists_every_place(tmp_path):
    with pytest.raises(FileNotFoundError, match="CIFAR-100 is not in") as caught:
        fetch(tmp_path)
    for part in (
        f"{tmp_path / 'cifar-100-binary'}: no train.bin",
        f"{tmp_path / 'cifar-100-python.tar.gz'}: no such file",
        "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("column", "label", "problem"),
    [
        (0, 20, "is 20, which is not one of 0 to 19"),
        (1, 100, "is 100, which is not one of 0 to 99"),
    ],
)
def test_a_label_out_of_range_is_refused_with_its_byte(column, label, problem, tmp_path):
    files, _ = cifar100("binary")
    content = bytearray(files["train.bin"])
    content[7 * 3074 + column] = label
    write(tmp_path, files | {"train.bin": bytes(content)})
    with pytest.raises(DataFileError, match=problem) as caught:
        fetch(tmp_path)
    assert caught.value.offset == 7 * 3074 + column


@pytest.mark.parametrize("name", ["fine_label_names.txt", "coarse_label_names.txt"])
def test_class_names_of_another_number_are_refused(name, tmp_path):
    files, _ = cifar100("binary")
    write(tmp_path, files | {name: b"\n".join(files[name].split(b"\n")[1:])})
    with pytest.raises(DataFileError, match=r"(a hundred|twenty) different printable ones"):
        fetch(tmp_path)


@pytest.mark.parametrize("labels", ["both", None, 3])
def test_unknown_labels_are_refused(labels, tmp_path):
    with pytest.raises(ValueError, match="labels must be 'fine' or 'coarse'; got"):
        fetch(tmp_path, labels=labels)


def test_the_official_archive_is_pinned():
    assert _cifar100.DOWNLOAD_URL.endswith("/~kriz/cifar-100-binary.tar.gz")
    assert len(bytes.fromhex(_cifar100.DOWNLOAD_SHA256)) == 32
