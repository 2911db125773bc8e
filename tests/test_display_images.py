import numpy as np
import pytest

from nearplane.display._images import as_images, display_range, to_bytes
from nearplane.display._labels import label_names, shorten


@pytest.mark.parametrize(
    ("given", "shown"),
    [((4, 8, 8), (4, 8, 8)), ((4, 8, 6, 1), (4, 8, 6)), ((4, 8, 6, 3), (4, 8, 6, 3))],
)
def test_grey_and_colour_stacks_pass_and_one_channel_is_dropped(given, shown):
    assert as_images(np.zeros(given), "X").shape == shown


@pytest.mark.parametrize("shape", [(4, 64), (64,), (4, 8, 8, 2), (4, 8, 8, 4), (1, 4, 8, 8, 3)])
def test_other_shapes_are_refused_by_name(shape):
    with pytest.raises(ValueError, match=r"X_train has shape .*reshape flattened rows"):
        as_images(np.zeros(shape), "X_train")


@pytest.mark.parametrize(
    ("stacks", "expected"),
    [
        ([np.full((2, 3, 3, 3), 40, np.uint8)], (0, 255)),  # a dark photograph stays dark
        ([np.full((2, 3, 3), 16, np.uint8), np.full((1, 3, 3), 9, np.uint8)], (0, 16)),
        ([np.full((2, 3, 3), 0.3)], (0, 1)),
        ([np.array([[[-2.0, 6.0]]])], (-2, 6)),
        ([np.zeros((0, 3, 3))], (0, 1)),
        ([np.zeros((2, 3, 3), np.uint8)], (0, 1)),
        ([np.full((2, 3, 3), -5.0)], (-5, 0)),
    ],
)
def test_display_range(stacks, expected):
    assert display_range(*stacks) == expected


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(bad):
    images = np.zeros((1, 2, 2))
    images[0, 1, 1] = bad
    with pytest.raises(ValueError, match="NaN or infinity"):
        display_range(images)


def test_to_bytes_is_linear_and_keeps_colour_bytes_as_they_are():
    assert to_bytes(np.array([0, 8, 16], np.uint8), (0.0, 16.0)).tolist() == [0, 128, 255]
    assert to_bytes(np.array([-9.0, 0.5, 9.0]), (0.0, 1.0)).tolist() == [0, 128, 255]
    colour = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    assert to_bytes(colour, (0.0, 255.0)) is colour


def test_labels_are_named_or_shown_as_they_are():
    assert label_names(np.array([1, 0, 1]), ["cat", "dog"]) == ["dog", "cat", "dog"]
    assert label_names(np.array(["b", "a"]), None) == ["b", "a"]
    assert label_names(np.array([], np.int64), []) == []


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 2], "class_names has 2 names, but labels run from 0 to 2"),
        ([-1, 1], "class_names has 2 names, but labels run from -1 to 1"),
        (["a", "b"], "class_names needs integer labels"),
        ([0.0, 1.0], "class_names needs integer labels"),
    ],
)
def test_labels_without_a_name_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        label_names(np.array(labels), ["cat", "dog"])


def test_only_long_names_are_shortened():
    assert shorten("automobile") == "automobile"
    assert shorten("a name of more than one word") == "a name of mor…"
