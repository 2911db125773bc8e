"""Digits as images, and every data set by name with its split."""

import dataclasses
import mmap
import shutil
import tracemalloc
from functools import partial

import numpy as np
import pytest
from PIL import Image
from sklearn import datasets as sklearn_datasets

from nearplane.datasets import (
    DATASET_NAMES,
    DataFileError,
    ImageDataset,
    _cifar10,
    _cifar100,
    _image_reading,
    _mnist,
    load_dataset,
    load_digits,
    make_natural_images,
)

from .dataset_files import idx, write


def test_digits_are_those_of_scikit_learn():
    ours, theirs = load_digits(), sklearn_datasets.load_digits()
    np.testing.assert_array_equal(ours.images, theirs.images)
    np.testing.assert_array_equal(ours.data, theirs.data)
    np.testing.assert_array_equal(ours.target, theirs.target)
    assert (ours.images.shape, ours.images.dtype) == ((1797, 8, 8), np.uint8)
    assert (ours.data.shape, ours.data.dtype) == ((1797, 64), np.uint8)
    assert ours.target.dtype == np.int64
    assert ours.images.max() == 16
    assert ours.target_names == list("0123456789")
    assert ours.image_shape == (8, 8)
    assert "digits" in ours.DESCR


def test_digits_come_as_a_pair_too():
    X, y = load_digits(return_X_y=True)
    np.testing.assert_array_equal(X, load_digits().data)
    np.testing.assert_array_equal(y, load_digits().target)


@pytest.fixture
def cifar10_home(tmp_path, monkeypatch):
    """Small official files: 100 records a batch; the first two pixels number the image."""
    monkeypatch.setattr(_cifar10, "RECORDS_PER_BATCH", 100)
    records = np.zeros((600, 3073), np.uint8)
    records[:, 0] = np.random.default_rng(0).integers(0, 10, 600)
    records[:, 1], records[:, 2] = np.divmod(np.arange(600), 256)
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    for name, rows in zip(names, np.split(records, 6), strict=True):
        rows.tofile(tmp_path / name)
    return tmp_path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of 400 small pictures in three classes."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for name in ("cat", "dog", "emu"):
        (folder / name).mkdir()
    for number in range(400):
        pixels = generator.integers(0, 256, (4, 4, 3), np.uint8)
        name = ("cat", "dog", "dog", "emu")[number % 4]
        Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def place(cifar10_home, pictures, monkeypatch):
    """Return where a data set lies, by its name; all of them are small."""
    home = cifar10_home
    monkeypatch.setattr(_cifar100, "TRAIN_RECORDS", 500)
    monkeypatch.setattr(_cifar100, "TEST_RECORDS", 100)
    monkeypatch.setattr(_mnist, "N_IMAGES", {"train": 600, "t10k": 100})
    generator = np.random.default_rng(1)
    for name, n in (("train", 500), ("test", 100)):
        records = generator.integers(0, 256, (n, 3074), np.uint8)
        records[:, 0] %= 20
        records[:, 1] %= 100
        records.tofile(home / f"{name}.bin")
    for folder in ("mnist", "fashion-mnist"):
        files = {}
        for part, n in (("train", 600), ("t10k", 100)):
            files[f"{part}-images-idx3-ubyte"] = idx(generator.integers(0, 256, (n, 28, 28)))
            files[f"{part}-labels-idx1-ubyte"] = idx(generator.integers(0, 10, n))
        write(home / folder, files)
    rows = generator.normal(size=(400, 7)).astype(np.float32)
    np.savez(home / "arrays.npz", X=rows, y=generator.choice(["hot", "cold"], 400))
    own = {"folder": pictures, "arrays": home / "arrays.npz"}
    return lambda name: own.get(name, home)


def numbers(images):
    return (images[:, 0, 0, 0].astype(int) * 256 + images[:, 0, 1, 0]).tolist()


def check(dataset, name, n_train, n_test):
    assert dataset.name == name
    assert len(dataset.X_train) == len(dataset.y_train) == n_train
    assert len(dataset.X_test) == len(dataset.y_test) == n_test
    for images, labels in ((dataset.X_train, dataset.y_train), (dataset.X_test, dataset.y_test)):
        assert images.dtype == (np.float32 if name == "arrays" else np.uint8)
        assert images.shape[1:] == dataset.image_shape
        assert labels.dtype == np.int64
        assert 0 <= labels.min() <= labels.max() < len(dataset.class_names)
    assert dataset.is_image == (name != "arrays")
    assert all(isinstance(class_name, str) for class_name in dataset.class_names)
    assert isinstance(dataset.description, str)
    assert dataset.description


@pytest.mark.parametrize("name", DATASET_NAMES)
@pytest.mark.parametrize(("n_train", "n_test"), [(1, 1), (3, 60), (200, 7)])
def test_every_data_set_gives_as_many_images_as_asked_for(name, n_train, n_test, place):
    dataset = load_dataset(name, data_home=place(name), n_train=n_train, n_test=n_test)
    check(dataset, name, n_train, n_test)


@pytest.mark.parametrize("name", DATASET_NAMES)
def test_the_seed_decides(name, place):
    def load(seed):
        options = {"n_train": 100, "n_test": 50, "random_state": seed}
        dataset = load_dataset(name, data_home=place(name), **options)
        return dataset.X_train.tobytes() + dataset.X_test.tobytes() + dataset.y_train.tobytes()

    assert load(0) == load(0) == load(np.random.RandomState(0))
    assert load(0) != load(1)


@pytest.mark.parametrize("name", DATASET_NAMES)
def test_test_images_do_not_depend_on_the_number_of_training_images(name, place):
    first, second = (
        load_dataset(name, data_home=place(name), n_train=n_train, n_test=40)
        for n_train in (50, 90)
    )
    np.testing.assert_array_equal(first.X_test, second.X_test)
    np.testing.assert_array_equal(first.y_test, second.y_test)


def test_digits_are_split_four_to_one_with_equal_shares_of_each_class():
    dataset = load_dataset("digits")
    check(dataset, "digits", 1438, 359)
    whole = np.bincount(load_digits().target)
    test = np.bincount(dataset.y_test)
    assert np.abs(test - 0.2 * whole).max() < 1
    together = np.concatenate([dataset.X_train, dataset.X_test]).reshape(1797, -1)
    np.testing.assert_array_equal(
        np.sort(together.view("S64").ravel()), np.sort(load_digits().data.view("S64").ravel())
    )


def test_a_drawn_split_keeps_the_order_of_the_rows(tmp_path):
    np.savez(tmp_path / "arrays.npz", X=np.arange(100.0)[:, np.newaxis], y=np.arange(100) % 3)
    dataset = load_dataset("arrays", data_home=tmp_path / "arrays.npz")
    for rows in (dataset.X_train, dataset.X_test):
        assert (np.diff(rows[:, 0]) > 0).all()


def test_a_single_image_is_of_any_class():
    chosen = {int(load_dataset("digits", n_train=1, random_state=i).y_train[0]) for i in range(20)}
    assert len(chosen) > 5


def test_cifar10_keeps_its_official_split(cifar10_home):
    dataset = load_dataset("cifar10", data_home=cifar10_home)
    check(dataset, "cifar10", 500, 100)
    assert numbers(dataset.X_train) == list(range(500))
    assert numbers(dataset.X_test) == list(range(500, 600))
    assert dataset.class_names[3] == "cat"


def test_a_subset_is_stratified_in_order_and_part_of_a_larger_one(cifar10_home):
    whole = load_dataset("cifar10", data_home=cifar10_home)
    shares = np.bincount(whole.y_train, minlength=10) / 500
    larger = set(range(500))
    for n in (499, 250, 101, 37, 10, 1):
        part = load_dataset("cifar10", data_home=cifar10_home, n_train=n, n_test=n % 100)
        chosen = numbers(part.X_train)
        assert chosen == sorted(chosen)
        assert set(chosen) < larger
        np.testing.assert_array_equal(part.y_train, whole.y_train[chosen])
        assert np.abs(np.bincount(part.y_train, minlength=10) - n * shares).max() <= 1
        larger = set(chosen)


def test_subsets_are_drawn_from_the_whole_and_not_from_its_beginning(cifar10_home):
    chosen = numbers(load_dataset("cifar10", data_home=cifar10_home, n_train=50).X_train)
    assert min(chosen) < 100
    assert max(chosen) >= 400


def test_natural_images_are_as_many_as_asked_for():
    dataset = load_dataset("natural", n_train=80, n_test=20, random_state=7)
    check(dataset, "natural", 80, 20)
    images, target = make_natural_images(100, random_state=7)
    np.testing.assert_array_equal(np.concatenate([dataset.X_test, dataset.X_train]), images)
    np.testing.assert_array_equal(np.concatenate([dataset.y_test, dataset.y_train]), target)
    assert len(dataset.class_names) == 10


def test_natural_images_have_a_size_of_their_own():
    check(load_dataset("natural"), "natural", 10_000, 2_000)


def test_cifar100_has_fine_or_coarse_classes_of_the_same_images(place):
    fine = load_dataset("cifar100", data_home=place("cifar100"))
    coarse = load_dataset("cifar100-coarse", data_home=place("cifar100-coarse"))
    assert (len(fine.class_names), len(coarse.class_names)) == (100, 20)
    np.testing.assert_array_equal(fine.X_train, coarse.X_train)
    check(fine, "cifar100", 500, 100)
    check(coarse, "cifar100-coarse", 500, 100)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_mnist_keeps_its_official_split(name, place):
    dataset = load_dataset(name, data_home=place(name))
    check(dataset, name, 600, 100)
    content = (place(name) / name / "t10k-labels-idx1-ubyte").read_bytes()
    assert bytes(dataset.y_test.tolist()) == content[8:]


def test_a_folder_without_a_split_is_split_four_to_one(pictures):
    dataset = load_dataset("folder", data_home=pictures, image_size=(4, 4))
    check(dataset, "folder", 320, 80)
    assert dataset.class_names == ["cat", "dog", "emu"]
    np.testing.assert_array_equal(np.bincount(dataset.y_test), [20, 40, 20])
    assert dataset.image_shape == (4, 4, 3)
    assert load_dataset("folder", data_home=pictures).image_shape == (32, 32, 3)


@pytest.mark.parametrize("test", ["test", "val"])
def test_a_folder_with_a_split_keeps_it(test, pictures, tmp_path):
    shutil.copytree(pictures, tmp_path / "train")
    # Not every class need be tested: those left keep their numbers.
    shutil.copytree(pictures / "emu", tmp_path / test / "emu")
    dataset = load_dataset("folder", data_home=tmp_path, image_size=(4, 4))
    check(dataset, "folder", 400, 100)
    assert dataset.y_test.tolist() == [2] * 100
    np.testing.assert_array_equal(dataset.X_test, dataset.X_train[dataset.y_train == 2])


def test_a_class_that_is_only_tested_is_refused(pictures, tmp_path):
    shutil.copytree(pictures / "cat", tmp_path / "train" / "cat")
    shutil.copytree(pictures / "dog", tmp_path / "test" / "dog")
    with pytest.raises(ValueError, match=r"test has the class 'dog', which .*train has not"):
        load_dataset("folder", data_home=tmp_path)


def test_a_split_without_its_test_images_is_not_taken_for_a_class(pictures, tmp_path):
    shutil.copytree(pictures, tmp_path / "train")
    with pytest.raises(ValueError, match="holds images of one class only, 'train'; it must hold"):
        load_dataset("folder", data_home=tmp_path)


def test_arrays_keep_a_split_of_their_own(tmp_path):
    rows, labels = np.arange(40.0).reshape(10, 4), np.arange(10) % 2
    parts = {"X_train": rows[:7], "y_train": labels[:7], "X_test": rows[7:], "y_test": labels[7:]}
    for name, array in parts.items():
        np.save(tmp_path / name, array)
    dataset = load_dataset("arrays", data_home=tmp_path)
    np.testing.assert_array_equal(dataset.X_train, rows[:7])
    np.testing.assert_array_equal(dataset.X_test, rows[7:])
    np.testing.assert_array_equal(dataset.y_test, labels[7:])
    assert (dataset.image_shape, dataset.is_image) == ((4,), False)


def test_of_a_mapped_array_only_the_rows_asked_for_are_copied(tmp_path):
    rows, labels = np.random.default_rng(0).normal(size=(4000, 512)), np.arange(4000) % 10
    np.save(tmp_path / "X", rows)
    np.save(tmp_path / "y", labels)
    tracemalloc.start()
    try:
        dataset = load_dataset("arrays", data_home=tmp_path, n_train=100, n_test=50)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    saved = {row.tobytes() for row in rows}
    assert {row.tobytes() for row in dataset.X_train} < saved
    assert dataset.X_train.shape == (100, 512)
    assert dataset.X_test.shape == (50, 512)
    assert peak < rows.nbytes / 8


def test_arrays_without_a_split_are_split_four_to_one(place):
    dataset = load_dataset("arrays", data_home=place("arrays"))
    check(dataset, "arrays", 320, 80)
    assert dataset.class_names == ["cold", "hot"]
    assert repr(dataset) == (
        "ImageDataset('arrays': 320 training and 80 test rows of shape (7,), 2 classes)"
    )


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((8, 8), True), ((8, 8, 1), True), ((8, 8, 3), True), ((8, 8, 7), False), ((64,), False)],
)
def test_rows_that_can_be_drawn_are_images(shape, expected):
    rows, labels = np.zeros((1, *shape)), np.zeros(1, np.int64)
    dataset = ImageDataset("own", rows, labels, rows, labels, ["a"], shape, "")
    assert dataset.is_image == expected


def test_images_of_a_folder_may_be_cached(pictures, tmp_path, monkeypatch):
    load = partial(load_dataset, "folder", data_home=pictures, image_size=(4, 4))
    plain, cached = load(n_train=50), load(n_train=50, cache=tmp_path / "kept")
    monkeypatch.setattr(_image_reading, "decode_image", None)
    again = load(n_train=50, cache=str(tmp_path / "kept"))
    for dataset in (cached, again):
        np.testing.assert_array_equal(dataset.X_train, plain.X_train)
        np.testing.assert_array_equal(dataset.X_test, plain.X_test)


def test_the_parts_of_a_cached_folder_stay_on_disk(pictures, tmp_path):
    for name in ("train", "test"):
        shutil.copytree(pictures, tmp_path / name)
    dataset = load_dataset("folder", data_home=tmp_path, cache=tmp_path / "kept")
    for images in (dataset.X_train, dataset.X_test):
        base = images.base
        while isinstance(base, np.ndarray):
            base = base.base
        assert isinstance(base, mmap.mmap)


def test_a_data_set_is_frozen():
    dataset = load_dataset("digits")
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset.name = "other"


def test_a_data_set_is_shown_in_one_line(cifar10_home):
    assert repr(load_dataset("cifar10", data_home=cifar10_home)) == (
        "ImageDataset('cifar10': 500 training and 100 test images of shape (32, 32, 3), 10 classes)"
    )


def test_more_images_than_there_are_is_an_error_with_both_numbers(cifar10_home):
    with pytest.raises(ValueError, match="n_train is 1,439, but there are only 1,438"):
        load_dataset("digits", n_train=1439)
    with pytest.raises(ValueError, match="n_test is 101, but there are only 100"):
        load_dataset("cifar10", data_home=cifar10_home, n_test=101)


def test_a_damaged_file_is_named(place):
    (place("mnist") / "mnist" / "train-images-idx3-ubyte").write_bytes(b"damaged")
    with pytest.raises(DataFileError, match="train-images-idx3-ubyte"):
        load_dataset("mnist", data_home=place("mnist"))
