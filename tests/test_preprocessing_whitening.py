"""ZCA whitening against its formula in NumPy, float64."""

import _thread
import threading

import numpy as np
import pytest

from nearplane.preprocessing import ZCAWhitening, _whitening
from nearplane.preprocessing._waiting import interruptible

RNG = np.random.default_rng(0)
MIXING = RNG.normal(size=(12, 12))
ROWS = RNG.normal(size=(400, 12)) @ MIXING + 5
IMAGES = np.clip(40 * ROWS + 100, 0, 255).astype(np.uint8).reshape(400, 2, 2, 3)


def zca(X, regularisation):
    """Return W for rows X by way of singular values, which the class does not use."""
    centred = X - X.mean(axis=0)
    _, s, vt = np.linalg.svd(centred, full_matrices=False)
    values = s**2 / len(X)
    return vt.T / np.sqrt(values + regularisation * values.mean()) @ vt


@pytest.mark.parametrize("regularisation", [0, 0.01, 0.1, 3.0])
def test_rows_are_multiplied_by_the_matrix_of_the_formula(regularisation):
    model = ZCAWhitening(regularisation=regularisation).fit(ROWS)
    W = zca(ROWS, regularisation)
    np.testing.assert_allclose(model.whitening_, W, atol=1e-10)
    fresh = RNG.normal(size=(5, 12))
    np.testing.assert_allclose(model.transform(fresh), (fresh - ROWS.mean(axis=0)) @ W, atol=1e-10)


def test_without_regularisation_the_covariance_becomes_the_identity():
    Z = ZCAWhitening(regularisation=0).fit_transform(ROWS)
    np.testing.assert_allclose(np.cov(Z.T, bias=True), np.eye(12), atol=1e-10)


def test_images_stay_images_in_single_precision():
    model = ZCAWhitening(regularisation=0.01)
    Z = model.fit_transform(IMAGES)
    flat = IMAGES.reshape(400, -1).astype(np.float64)
    expected = (flat - flat.mean(axis=0)) @ zca(flat, 0.01)
    assert Z.dtype == np.float32
    assert Z.shape == IMAGES.shape
    assert model.mean_.shape == (2, 2, 3)
    np.testing.assert_allclose(Z.reshape(400, -1), expected, atol=1e-4)


def test_the_unit_of_the_features_makes_no_difference():
    np.testing.assert_allclose(
        ZCAWhitening().fit_transform(ROWS), ZCAWhitening().fit_transform(255 * ROWS), atol=1e-10
    )


def test_blocks_make_no_difference(monkeypatch):
    whole = ZCAWhitening().fit(ROWS)
    monkeypatch.setattr(_whitening, "BLOCK_SIZE", 12 * 7)
    parts = ZCAWhitening().fit(ROWS)
    np.testing.assert_allclose(parts.whitening_, whole.whitening_, atol=1e-10)
    np.testing.assert_allclose(parts.transform(ROWS), whole.transform(ROWS), atol=1e-10)


@pytest.mark.parametrize("regularisation", [0, 0.1])
def test_whitening_can_be_undone(regularisation):
    model = ZCAWhitening(regularisation=regularisation).fit(ROWS)
    np.testing.assert_allclose(model.inverse_transform(model.transform(ROWS)), ROWS, atol=1e-9)


def test_only_the_directions_of_largest_variance_are_kept():
    model = ZCAWhitening(regularisation=0, n_components=4).fit(ROWS)
    Z = model.transform(ROWS)
    values, vectors = np.linalg.eigh(np.cov(ROWS.T, bias=True))
    np.testing.assert_allclose(model.explained_variance_, values[::-1][:4])
    along = vectors[:, ::-1][:, :4]
    np.testing.assert_allclose(np.cov((Z @ along).T, bias=True), np.eye(4), atol=1e-10)
    np.testing.assert_allclose(Z @ vectors[:, :8], 0, atol=1e-10)
    # What the inverse returns is the nearest that these directions reach.
    centred = ROWS - ROWS.mean(axis=0)
    np.testing.assert_allclose(
        model.inverse_transform(Z), centred @ along @ along.T + ROWS.mean(axis=0), atol=1e-9
    )


def test_components_can_be_a_part_of_the_variance():
    values = np.linalg.eigvalsh(np.cov(ROWS.T))[::-1]
    explained = np.cumsum(values) / values.sum()
    for part in (0.05, 0.5, explained[3], 0.999):
        model = ZCAWhitening(n_components=float(part)).fit(ROWS)
        needed = next(i for i in range(12) if explained[i] >= part * (1 - 1e-9)) + 1
        assert model.n_components_ == len(model.components_) == needed
    assert ZCAWhitening(n_components=1.0).fit(ROWS).n_components_ == 12


@pytest.mark.parametrize("regularisation", [0, 0.1])
def test_fewer_rows_than_features_do_not_blow_up(regularisation):
    rows = RNG.normal(size=(5, 40))
    model = ZCAWhitening(regularisation=regularisation).fit(rows)
    Z = model.transform(rows)
    kept = np.linalg.eigvalsh(np.cov(Z.T, bias=True))[::-1]
    np.testing.assert_allclose(kept[4:], 0, atol=1e-12)
    np.testing.assert_allclose(model.inverse_transform(Z), rows, atol=1e-9)
    if regularisation == 0:
        np.testing.assert_allclose(kept[:4], 1, atol=1e-9)


def test_rows_that_are_all_the_same_become_zero():
    rows = np.full((6, 3), 0.1)
    model = ZCAWhitening().fit(rows)
    assert not model.transform(rows).any()
    np.testing.assert_array_equal(model.inverse_transform(np.zeros((1, 3))), rows[:1])


def test_one_row_has_no_covariance():
    with pytest.raises(ValueError, match=r"1 sample.*minimum of 2"):
        ZCAWhitening().fit(ROWS[:1])


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"regularisation": -0.1}, ValueError, "regularisation must be finite and at least 0"),
        ({"regularisation": "0"}, TypeError, "regularisation must be a number"),
        ({"n_components": 0}, ValueError, "n_components must be at least 1; got 0"),
        ({"n_components": 13}, ValueError, "at most the number of features, 12; got 13"),
        ({"n_components": 1.5}, ValueError, "n_components must be finite and above 0 and at most"),
        ({"n_components": "all"}, TypeError, "n_components must be an integer"),
        ({"verbose": 1}, TypeError, "verbose must be True or False"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, error, message):
    with pytest.raises(error, match=message):
        ZCAWhitening(**parameters).fit(ROWS)


def test_values_too_large_for_their_squares_are_refused():
    with pytest.raises(ValueError, match="too large to be added up or squared"):
        ZCAWhitening().fit(ROWS * 1e160)


def test_ctrl_c_is_heard_while_another_thread_works():
    begun, may_end = threading.Event(), threading.Event()

    def long_work():
        begun.set()
        may_end.wait(60)

    def press_ctrl_c():
        begun.wait(60)
        _thread.interrupt_main()

    presser = threading.Thread(target=press_ctrl_c)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        interruptible(long_work)
    assert not may_end.is_set()
    may_end.set()
    presser.join()


def test_an_error_in_another_thread_is_that_of_the_caller():
    with pytest.raises(np.linalg.LinAlgError, match="square"):
        interruptible(np.linalg.eigh, np.zeros((2, 3)))
