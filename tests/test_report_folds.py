import numpy as np
import pytest

from nearplane.report._folds import check_ks, make_folds


@pytest.mark.parametrize(("n", "n_folds"), [(2, 2), (11, 5), (100, 5), (37, 10)])
def test_every_row_is_held_out_once_and_learnt_from_otherwise(n, n_folds):
    folds, splits = make_folds(np.arange(n) % 3, n_folds, 0)
    assert folds.n_folds == len(splits) == n_folds
    held_out = np.concatenate([rows for _, rows in splits])
    assert np.sort(held_out).tolist() == list(range(n))
    for number, (fit, rows) in enumerate(splits):
        assert np.sort(np.concatenate([fit, rows])).tolist() == list(range(n))
        assert (folds.n_fit[number], folds.n_held_out[number]) == (len(fit), len(rows))


def test_every_class_is_in_proportion():
    y = np.repeat([0, 1, 2], [50, 100, 350])
    folds, splits = make_folds(y, 5, 0)
    assert folds.stratified
    assert {tuple(np.bincount(y[rows]).tolist()) for _, rows in splits} == {(10, 20, 70)}


@pytest.mark.parametrize("y", [[0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 2]])
def test_classes_smaller_than_the_number_of_folds_are_dealt_out_all_the_same(y):
    folds, splits = make_folds(np.array(y), 3, 0)
    assert not folds.stratified
    assert len(splits) == 3


def test_one_rare_class_is_no_reason_to_warn():
    folds, _ = make_folds(np.repeat([0, 1], [20, 2]), 5, 0)
    assert folds.stratified


def test_there_are_no_more_folds_than_rows():
    assert make_folds(np.zeros(3, int), 5, 0)[0].n_folds == 3


def test_the_seed_decides_the_folds():
    y = np.arange(500) % 10
    first, again, other = (make_folds(y, 5, seed)[1][0][1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("n", [0, 1])
def test_two_rows_are_the_least(n):
    with pytest.raises(ValueError, match=f"at least 2 training rows, got {n}"):
        make_folds(np.zeros(n, int), 5, 0)


def test_ks_are_sorted_and_default_to_what_there_is():
    assert check_ks([5, 1, 3, 1], 10) == [1, 3, 5]
    assert check_ks(None, 100) == list(range(1, 21))
    assert check_ks(None, 4) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("ks", "message"),
    [([], "at least one"), ([0, 1], "got 0"), ([-3], "got -3"), ([1, 11], "k = 11 is more than")],
)
def test_ks_out_of_range_are_refused(ks, message):
    with pytest.raises(ValueError, match=message):
        check_ks(ks, 10)
