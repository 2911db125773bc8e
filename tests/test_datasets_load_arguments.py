"""What `load_dataset` and the functions that it calls refuse."""

from functools import partial

import numpy as np
import pytest

from nearplane.datasets import (
    fetch_cifar10,
    fetch_cifar100,
    fetch_fashion_mnist,
    fetch_mnist,
    load_dataset,
    load_digits,
)


@pytest.mark.parametrize("name", ["folder", "arrays"])
def test_data_of_ones_own_needs_a_place(name):
    with pytest.raises(ValueError, match=f"data_home must name the .* for '{name}', got None"):
        load_dataset(name)


@pytest.mark.parametrize("name", ["folder", "arrays", "cifar10"])
def test_a_place_that_is_no_path_is_refused(name):
    with pytest.raises(TypeError, match="data_home must be a path; got 5 of type int"):
        load_dataset(name, data_home=5)


def test_too_few_rows_to_split_are_refused(tmp_path):
    np.savez(tmp_path / "arrays.npz", X=np.eye(2), y=[0, 1])
    with pytest.raises(ValueError, match="'arrays' has 2 rows, too few to keep a fifth"):
        load_dataset("arrays", data_home=tmp_path / "arrays.npz")


@pytest.mark.parametrize(("argument", "value"), [("image_size", (16, 16)), ("cache", "kept")])
def test_some_arguments_are_for_folders_only(argument, value):
    with pytest.raises(ValueError, match=f"{argument} is for 'folder' only; got .* for 'digits'"):
        load_dataset("digits", **{argument: value})


@pytest.mark.parametrize(
    ("size", "kind"),
    [(16, ValueError), ((0, 5), ValueError), ("ab", ValueError), ((2.0, 5), TypeError)],
)
def test_an_image_size_that_is_none_is_refused(size, kind, tmp_path):
    with pytest.raises(kind, match="image_size must be"):
        load_dataset("folder", data_home=tmp_path, image_size=size)


@pytest.mark.parametrize(
    ("fetch", "argument"),
    [
        *((fetch, "return_X_y") for fetch in (fetch_cifar10, fetch_cifar100, fetch_mnist)),
        *((fetch, "download_if_missing") for fetch in (fetch_cifar10, fetch_fashion_mnist)),
        (load_digits, "return_X_y"),
        (partial(load_dataset, "digits"), "download_if_missing"),
    ],
)
def test_flags_are_true_or_false(fetch, argument):
    with pytest.raises(TypeError, match=f"{argument} must be True or False; got 'no'"):
        fetch(**{argument: "no"})


@pytest.mark.parametrize("name", ["imagenet", "", "CIFAR10", None, ["digits"]])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(ValueError, match=r"name must be one of cifar10, cifar100, .*, got"):
        load_dataset(name)


@pytest.mark.parametrize("argument", ["n_train", "n_test"])
@pytest.mark.parametrize(
    ("value", "kind"), [(0, ValueError), (-5, ValueError), (1.0, TypeError), (True, TypeError)]
)
def test_a_number_of_images_that_is_none_is_refused(argument, value, kind):
    with pytest.raises(kind, match=argument):
        load_dataset("digits", **{argument: value})


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("cifar10", "CIFAR-10"),
        ("cifar100", "CIFAR-100"),
        ("cifar100-coarse", "CIFAR-100"),
        ("mnist", "MNIST"),
        ("fashion-mnist", "Fashion-MNIST"),
    ],
)
def test_missing_files_can_be_kept_from_being_downloaded(name, title, tmp_path):
    with pytest.raises(FileNotFoundError, match=f"^{title} is not in"):
        load_dataset(name, data_home=tmp_path, download_if_missing=False)
