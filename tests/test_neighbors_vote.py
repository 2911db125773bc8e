"""The vote and the weights, each by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nearplane.neighbors._vote import count_votes, elect, elect_each_k
from nearplane.neighbors._weights import neighbour_weights, pack, share_places

from . import reference


@st.composite
def polls(draw):
    n, k, n_classes = draw(st.integers(0, 12)), draw(st.integers(1, 9)), draw(st.integers(1, 5))
    labels = draw(arrays(np.intp, (n, k), elements=st.integers(0, n_classes - 1)))
    # Thirds and tenths: sums that are equal on paper and not in binary.
    weights = draw(arrays(float, (n, k), elements=st.sampled_from([0.1, 0.2, 0.3, 1 / 3, 2 / 3])))
    return labels, weights, n_classes


@settings(deadline=None, max_examples=200)
@given(polls(), st.sampled_from(["smallest", "nearest"]))
def test_the_vote_is_the_oracles(poll, ties):
    labels, weights, n_classes = poll
    found = count_votes(labels, weights, n_classes)
    winners = elect(found, labels, weights, nearest=ties == "nearest")
    assert found.shape == (len(labels), n_classes)
    for row, won, label, weight in zip(found, winners, labels, weights, strict=True):
        np.testing.assert_allclose(row, reference.votes(label, weight, n_classes), rtol=1e-14)
        assert won == reference.winner(label, weight, n_classes, ties)
        assert row[won] == row.max()


@settings(deadline=None, max_examples=200)
@given(polls(), st.data(), st.sampled_from(["smallest", "nearest"]), st.booleans())
def test_votes_counted_on_the_way_are_those_of_each_k_alone(poll, data, ties, uniform):
    labels, weights, n_classes = poll
    if uniform:
        weights = np.ones_like(weights)
    elif weights.size:  # neighbours without a say, but for the first
        silent = data.draw(arrays(bool, weights.shape))
        weights = np.where(silent & (np.arange(weights.shape[1]) > 0), 0, weights)
    ks = sorted(data.draw(st.sets(st.integers(1, labels.shape[1]), min_size=1)))
    given_weights = None if uniform else weights
    nearest = ties == "nearest"
    found = elect_each_k(labels, given_weights, ks, n_classes, nearest=nearest)
    assert found.shape == (len(ks), len(labels))
    for k, winners in zip(ks, found, strict=True):
        first, says = labels[:, :k], weights[:, :k]
        alone = elect(count_votes(first, says, n_classes), first, says, nearest=nearest)
        np.testing.assert_array_equal(winners, alone)


@pytest.mark.parametrize("n_classes", [2, 300, 70_000])
@pytest.mark.parametrize("nearest", [False, True])
def test_ties_among_many_classes_and_neighbours_are_broken_alike(n_classes, nearest):
    rng = np.random.default_rng(0)
    labels = rng.integers(n_classes - min(n_classes, 400), n_classes, (20, 700))
    weights = 1 / (1 + np.arange(700.0)) * np.ones((20, 1))
    ks = [1, 2, 3, 255, 256, 257, 700]
    for given_weights in (None, weights):
        found = elect_each_k(labels, given_weights, ks, n_classes, nearest=nearest)
        says = np.ones_like(weights) if given_weights is None else weights
        for k, winners in zip(ks, found, strict=True):
            first = labels[:, :k]
            votes = count_votes(first, says[:, :k], n_classes)
            alone = elect(votes, first, says[:, :k], nearest=nearest)
            np.testing.assert_array_equal(winners, alone)


def test_votes_that_only_rounding_separates_are_equal():
    labels = np.array([[2, 1, 1, 1, 0, 0]])
    weights = np.array([[0.3, 0.1, 0.1, 0.1, 0.1, 0.2]])
    assert 0.1 + 0.1 + 0.1 != 0.3
    votes = count_votes(labels, weights, 3)
    assert len(set(votes[0])) == 1
    assert elect(votes, labels, weights, nearest=False) == 0
    assert elect(votes, labels, weights, nearest=True) == 2
    assert elect_each_k(labels, weights, [6], 3, nearest=False) == 0
    assert elect_each_k(labels, weights, [6], 3, nearest=True) == 2


def test_votes_that_differ_by_more_are_not():
    votes = count_votes(np.array([[0, 1]]), np.array([[1 - 1e-12, 1.0]]), 2)
    assert votes[0, 0] < votes[0, 1]


def test_many_whole_votes_are_counted_exactly():
    labels = np.repeat([[0, 1]], [500_000, 500_001], axis=1)
    assert count_votes(labels, np.ones(labels.shape), 2).tolist() == [[500_000, 500_001]]


def test_the_nearest_class_is_that_of_a_neighbour_with_a_say():
    labels, weights = np.array([[2, 1, 0]]), np.array([[0.0, 1.0, 1.0]])
    assert elect(count_votes(labels, weights, 3), labels, weights, nearest=True) == 1


@settings(deadline=None)
@given(
    arrays(
        float, (3, 4), elements=st.sampled_from([0.0, 1e-320, 1e-3, 0.5, 2.0, 1e300, np.inf])
    ).map(lambda a: np.sort(a, axis=1))
)
def test_weights_by_distance_are_ratios_of_inverses(distances):
    weights = neighbour_weights("distance", distances)
    assert (weights[:, 0] == 1).all()
    for row, distance in zip(weights, distances, strict=True):
        if np.isinf(distance).all():
            assert row.tolist() == [1] * 4
        else:
            with np.errstate(over="ignore", under="ignore"):
                expected = distance[0] / distance if distance[0] > 0 else distance == 0
            np.testing.assert_array_equal(row, expected)


def test_uniform_weights_are_one():
    assert (
        neighbour_weights("uniform", np.array([[0.0, 1.0], [2.0, np.inf]])).tolist()
        == [[1] * 2] * 2
    )


def test_a_callables_weights_are_scaled_to_the_largest():
    distances = np.array([[0.0, 1.0], [2.0, 3.0]])
    weights = neighbour_weights(lambda d: 4e307 * (4 - d), distances)
    np.testing.assert_allclose(weights, [[1, 0.75], [1, 0.5]])
    assert neighbour_weights(lambda d: (4 - d).tolist(), distances).tolist() == weights.tolist()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (lambda d: d[:, 0], r"in shape \(2, 3\); it returned shape \(2,\)"),
        (lambda d: d.T, r"in shape \(2, 3\); it returned shape \(3, 2\)"),
        (lambda d: 1.0, r"in shape \(2, 3\); it returned shape \(\)"),
        (lambda d: d - 2, "not negative; it returned -1.0"),
        (lambda d: np.where(d > 1, np.nan, d), "finite weights .* it returned nan"),
        (lambda d: np.where(d > 1, np.inf, d), "finite weights .* it returned inf"),
        (lambda d: d * (d[:, :1] > 1), r"weight 0, at the distances \[1. 2. 3.\]"),
    ],
)
def test_a_callable_that_misbehaves_is_told_so(weights, message):
    with pytest.raises(ValueError, match=message):
        neighbour_weights(weights, np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))


def test_places_are_dealt_out_from_the_nearest_row_on():
    weight = np.array([[2.0, 0.0, 0.5, 9.0, 1.0], [1e20, 1.0, 1.0, 1.0, 1.0], [0.5] * 5])
    shares = share_places(weight, 3)
    assert shares.tolist() == [[2, 0, 0.5, 0.5, 0], [3, 0, 0, 0, 0], [0.5] * 5]


def test_rows_without_a_share_are_packed_away():
    shares = np.array([[0.0, 2.0, 0.0, 1.0], [3.0, 0.0, 0.0, 0.0]])
    distances = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    packed = pack(shares, distances)
    assert packed[0].tolist() == [[2, 1], [3, 0]]
    assert packed[1].tolist() == [[2, 4], [5, 5]]
