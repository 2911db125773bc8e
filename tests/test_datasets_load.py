"""Digits as images, and every data set by name with its split."""

import dataclasses

import numpy as np
import pytest
from sklearn import datasets as sklearn_datasets

from nearplane.datasets import (
    _cifar10,
    load_dataset,
    load_digits,
    make_natural_images,
)


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


def numbers(images):
    return (images[:, 0, 0, 0].astype(int) * 256 + images[:, 0, 1, 0]).tolist()


def check(dataset, name, n_train, n_test):
    assert dataset.name == name
    assert len(dataset.X_train) == len(dataset.y_train) == n_train
    assert len(dataset.X_test) == len(dataset.y_test) == n_test
    for images, labels in ((dataset.X_train, dataset.y_train), (dataset.X_test, dataset.y_test)):
        assert images.dtype == np.uint8
        assert images.shape[1:] == dataset.image_shape
        assert labels.dtype == np.int64
        assert 0 <= labels.min() <= labels.max() < len(dataset.class_names)
    assert all(isinstance(class_name, str) for class_name in dataset.class_names)
    assert isinstance(dataset.description, str)
    assert dataset.description


@pytest.mark.parametrize("name", ["cifar10", "digits", "natural"])
@pytest.mark.parametrize(("n_train", "n_test"), [(1, 1), (3, 60), (200, 7)])
def test_every_data_set_gives_as_many_images_as_asked_for(name, n_train, n_test, cifar10_home):
    dataset = load_dataset(name, data_home=cifar10_home, n_train=n_train, n_test=n_test)
    check(dataset, name, n_train, n_test)


@pytest.mark.parametrize("name", ["cifar10", "digits", "natural"])
def test_the_seed_decides(name, cifar10_home):
    def load(seed):
        options = {"n_train": 100, "n_test": 50, "random_state": seed}
        dataset = load_dataset(name, data_home=cifar10_home, **options)
        return dataset.X_train.tobytes() + dataset.X_test.tobytes() + dataset.y_train.tobytes()

    assert load(0) == load(0) == load(np.random.RandomState(0))
    assert load(0) != load(1)


@pytest.mark.parametrize("name", ["cifar10", "digits", "natural"])
def test_test_images_do_not_depend_on_the_number_of_training_images(name, cifar10_home):
    first, second = (
        load_dataset(name, data_home=cifar10_home, n_train=n_train, n_test=40)
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


def test_a_data_set_is_frozen():
    dataset = load_dataset("digits")
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset.name = "other"


def test_a_data_set_is_shown_in_one_line(cifar10_home):
    assert repr(load_dataset("cifar10", data_home=cifar10_home)) == (
        "ImageDataset('cifar10': 500 training and 100 test images of shape (32, 32, 3), 10 classes)"
    )


@pytest.mark.parametrize("name", ["imagenet", "", "CIFAR10", None])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(ValueError, match=r"name must be one of cifar10, cifar100, .*, got"):
        load_dataset(name)


def test_more_images_than_there_are_is_an_error_with_both_numbers(cifar10_home):
    with pytest.raises(ValueError, match="n_train is 1,439, but there are only 1,438"):
        load_dataset("digits", n_train=1439)
    with pytest.raises(ValueError, match="n_test is 101, but there are only 100"):
        load_dataset("cifar10", data_home=cifar10_home, n_test=101)


@pytest.mark.parametrize("argument", ["n_train", "n_test"])
@pytest.mark.parametrize(("value", "kind"), [(0, ValueError), (-5, ValueError), (1.0, TypeError)])
def test_a_number_of_images_that_is_none_is_refused(argument, value, kind):
    with pytest.raises(kind, match=argument):
        load_dataset("digits", **{argument: value})


def test_missing_files_can_be_kept_from_being_downloaded(tmp_path):
    with pytest.raises(FileNotFoundError, match="CIFAR-10 is not in"):
        load_dataset("cifar10", data_home=tmp_path, download_if_missing=False)
