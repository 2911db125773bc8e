"""Splitting into three parts: sizes, proportions, and whatever scikit-learn's own takes."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.model_selection import train_test_split

from nearplane.model_selection import train_val_test_split


def split(n, **options):
    return train_val_test_split(np.arange(n), random_state=0, **options)


@pytest.mark.parametrize(
    ("n", "val_size", "test_size", "expected"),
    [
        (100, 0.1, 0.2, (70, 10, 20)),
        (101, 0.1, 0.2, (69, 11, 21)),
        (100, 5, 0.2, (75, 5, 20)),
        (100, 0.5, 49, (1, 50, 49)),
        (3, 1, 1, (1, 1, 1)),
        (10, np.int64(3), np.float32(0.25), (4, 3, 3)),
    ],
)
@pytest.mark.parametrize("shuffle", [True, False])
def test_parts_have_the_sizes_asked_for_and_hold_each_row_once(
    n, val_size, test_size, expected, shuffle
):
    parts = split(n, val_size=val_size, test_size=test_size, shuffle=shuffle)
    assert tuple(map(len, parts)) == expected
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(n))


def test_by_default_a_tenth_validates_and_a_fifth_tests():
    assert tuple(map(len, split(1000))) == (700, 100, 200)


def test_the_test_rows_are_those_of_scikit_learn():
    y = np.random.default_rng(0).integers(0, 3, 500)
    for stratify in (None, y):
        expected = train_test_split(
            np.arange(500), test_size=100, stratify=stratify, random_state=5
        )
        found = train_val_test_split(np.arange(500), stratify=stratify, random_state=5)
        np.testing.assert_array_equal(found[2], expected[1])
        np.testing.assert_array_equal(np.sort([*found[0], *found[1]]), np.sort(expected[0]))


def test_the_seed_decides_the_rows():
    first = train_val_test_split(np.arange(200), random_state=1)
    for state, equal in [(1, True), (np.random.RandomState(1), True), (2, False), (None, False)]:
        again = train_val_test_split(np.arange(200), random_state=state)
        assert all(np.array_equal(*pair) == equal for pair in zip(first, again, strict=True))


@pytest.mark.parametrize("labels", [np.array(["rare", "common", "usual"]), np.array([7, -1, 3])])
def test_stratified_parts_hold_the_classes_in_their_proportions(labels):
    y = np.repeat(labels, [30, 170, 800])
    parts = train_val_test_split(y, stratify=y, random_state=0)
    for part, n in zip(parts, (700, 100, 200), strict=True):
        counts = [np.sum(part == label) for label in labels]
        np.testing.assert_allclose(counts, np.array([0.03, 0.17, 0.8]) * n, atol=1)


def test_several_arrays_of_any_kind_are_split_alike():
    images = np.arange(20 * 12, dtype=np.uint8).reshape(20, 2, 2, 3)
    images.flags.writeable = False
    table = pd.DataFrame({"row": np.arange(20)}, index=[f"r{n}" for n in range(20)])
    kinds = [images, list(range(20)), table, table["row"], sparse.csr_matrix(np.eye(20))]
    parts = train_val_test_split(*kinds, stratify=[0, 1] * 10, random_state=0)
    assert len(parts) == 15
    for number in range(3):
        pixels, rows, frame, series, matrix = parts[number::3]
        np.testing.assert_array_equal(pixels, images[rows])
        assert frame["row"].tolist() == series.tolist() == rows
        assert frame.index.tolist() == [f"r{row}" for row in rows]
        np.testing.assert_array_equal(matrix.toarray(), np.eye(20)[rows])
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("mapped", [False, True])
def test_without_shuffling_the_order_stays_and_nothing_is_copied(tmp_path, mapped):
    X = np.arange(40.0).reshape(10, 4)
    if mapped:
        np.save(tmp_path / "X.npy", X)
        X = np.load(tmp_path / "X.npy", mmap_mode="r")
    train, val, test = train_val_test_split(X, val_size=2, test_size=3, shuffle=False)
    assert all(np.shares_memory(part, X) for part in (train, val, test))
    np.testing.assert_array_equal(np.concatenate([train, val, test]), X)
    assert (len(train), len(val), len(test)) == (5, 2, 3)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"val_size": 0}, ValueError, "val_size must be at least 1; got 0"),
        ({"val_size": 0.0}, ValueError, "val_size must be finite and above 0 and below 1; got 0.0"),
        ({"test_size": 1.0}, ValueError, "test_size .* below 1; got 1.0"),
        ({"test_size": -3}, ValueError, "test_size must be at least 1; got -3"),
        ({"test_size": float("nan")}, ValueError, "test_size"),
        ({"test_size": None}, TypeError, "test_size must be an integer; got None"),
        ({"test_size": "half"}, TypeError, "test_size"),
        ({"val_size": True}, TypeError, "val_size"),
        ({"val_size": 0.5, "test_size": 0.5}, ValueError, "val_size and test_size must leave"),
        ({"val_size": 20, "test_size": 10}, ValueError, "20 and 10 of 30 rows"),
        ({"shuffle": 1}, TypeError, "shuffle must be True or False; got 1"),
        ({"shuffle": False, "stratify": [0, 1] * 15}, ValueError, "stratify must be None"),
        ({"stratify": [0, 1]}, ValueError, "inconsistent numbers of samples"),
        ({"stratify": np.zeros((30, 2))}, ValueError, r"stratify .* shape \(30, 2\)"),
        ({"stratify": [0] * 28 + [1] * 2}, ValueError, "stratify .* got 1 2 times"),
        ({"stratify": ["a"] * 29 + ["b"]}, ValueError, "stratify .* got 'b' 1 times"),
        ({"stratify": np.array(["a"] * 28 + ["b"] * 2, object)}, ValueError, "got 'b' 2 times"),
        ({"stratify": list(range(10)) * 3}, ValueError, "10 labels, for which 3 val rows"),
        ({"random_state": "seed"}, ValueError, "seed"),
    ],
)
def test_wrong_arguments_are_named(options, kind, message):
    with pytest.raises(kind, match=message):
        train_val_test_split(np.arange(30), **options)


def test_arrays_must_be_given_and_of_one_length():
    with pytest.raises(ValueError, match="at least one array"):
        train_val_test_split()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        train_val_test_split(np.zeros(10), np.zeros(9))
    with pytest.raises(ValueError, match="of 0 rows"):
        train_val_test_split([], val_size=1, test_size=1)
    with pytest.raises(TypeError, match="at least 1 dimension"):
        train_val_test_split(3)
