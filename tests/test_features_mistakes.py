"""What users get wrong with features of images, and what they are told."""

import os
import stat

import numpy as np
import pytest

from nearplane.features import HOG

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 16, 12, 3), dtype=np.uint8)
SMALL = {"pixels_per_cell": 4, "cells_per_block": 1}


def test_channels_that_come_first_are_noticed():
    for n_channels in (1, 3, 4):
        images = np.zeros((5, n_channels, 16, 12), np.uint8)
        message = rf"shape \({n_channels}, 16, 12\) with their channels first: pass X.transpose"
        with pytest.raises(ValueError, match=message):
            HOG(**SMALL).fit(images)
    hog = HOG(**SMALL).fit(IMAGES)
    message = r"was fitted to images of shape \(16, 12, 3\)\. Pass X\.transpose\(0, 2, 3, 1\)"
    with pytest.raises(ValueError, match=message):
        hog.transform(IMAGES.transpose(0, 3, 1, 2))


def test_a_single_image_is_noticed():
    with pytest.raises(ValueError, match="seems to be a single image: each entry has shape"):
        HOG(**SMALL).fit(IMAGES[0])
    with pytest.raises(ValueError, match="is that of a single image"):
        HOG(**SMALL).fit(IMAGES).transform(IMAGES[0])


@pytest.mark.parametrize("shape", [(3, 16, 12), (16, 3), (16, 4), (1, 16, 12)])
def test_images_are_of_unusual_shapes_if_one_says_so(shape):
    images = np.resize(IMAGES, (5, *shape))
    hog = HOG(pixels_per_cell=1, cells_per_block=1, image_shape=shape).fit(images)
    assert hog.transform(images).shape == (5, shape[0] * shape[1] * 9)


@pytest.mark.parametrize("shape", [(16, 5), (3, 3), (4, 4, 3), (5, 16, 12), (3, 4, 4), (4, 3)])
def test_images_that_may_be_meant_as_they_are_need_no_word(shape):
    images = np.resize(IMAGES, (5, *shape))
    assert HOG(pixels_per_cell=1, cells_per_block=1).fit(images).image_shape_ == shape


def test_complaints_do_not_print_the_images():
    with pytest.raises(ValueError, match="Complex data not supported") as raised:
        HOG(**SMALL).fit(IMAGES.astype(complex))
    assert "\n" not in str(raised.value)


def test_files_of_features_have_the_permissions_of_new_files(tmp_path):
    (tmp_path / "other").touch()
    HOG(**SMALL).fit(IMAGES).transform(IMAGES, out=tmp_path / "features.npy")
    assert set(os.listdir(tmp_path)) == {"other", "features.npy"}
    modes = [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()]
    assert modes[0] == modes[1]


def test_a_folder_that_is_missing_is_named(tmp_path):
    hog = HOG(**SMALL).fit(IMAGES)
    with pytest.raises(FileNotFoundError, match=r"'[^']*missing'$"):
        hog.transform(IMAGES, out=tmp_path / "missing" / "features.npy")
