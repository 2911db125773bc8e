"""What the features' results say, in sentences."""

from collections.abc import Callable, Sequence
from math import sqrt

from nearplane.report._features_results import FeatureScore, FeatureSet, FeaturesResults
from nearplane.report._testing import only_right
from nearplane.report._text import capitalised, feature_names, long_name, percent, short_name


def classifier_names(features: FeaturesResults) -> tuple[str, str]:
    """Name the nearest neighbours and the linear classifier, for the middle of a sentence.

    Parameters
    ----------
    features : FeaturesResults

    Returns
    -------
    tuple of str
    """
    return "nearest neighbours", f"the linear classifier ({short_name(features.loss)})"


def features_headline(features: FeaturesResults) -> str:
    """Say in one line what each classifier reaches with the features best for it.

    Parameters
    ----------
    features : FeaturesResults

    Returns
    -------
    str
    """
    near, trained = (
        percent(score(_best(features, score)).test_accuracy) for score in (_nearest, _linear)
    )
    return (
        f"With features {short_name(features.loss)} reaches {trained}, nearest neighbours {near}."
    )


def best_sentences(features: FeaturesResults, n_test: int) -> list[str]:
    """Say which features each classifier does best with, and how far that is from pixels.

    The best are those of the highest validation accuracy, so that the test images choose nothing.

    Parameters
    ----------
    features : FeaturesResults
    n_test : int

    Returns
    -------
    list of str
        One sentence for each classifier.
    """
    kinds: tuple[Callable[[FeatureSet], FeatureScore], ...] = (_nearest, _linear)
    return [
        _best_sentence(features, score, name, n_test)
        for score, name in zip(kinds, classifier_names(features), strict=True)
    ]


def _nearest(result: FeatureSet) -> FeatureScore:
    return result.nearest


def _linear(result: FeatureSet) -> FeatureScore:
    return result.linear


def _best_sentence(
    features: FeaturesResults,
    score: Callable[[FeatureSet], FeatureScore],
    name: str,
    n_test: int,
) -> str:
    pixels, best = features.sets[0], _best(features, score)
    reached = percent(score(best).test_accuracy)
    return capitalised(
        f"{name} {_do(name)} best with {feature_names(best.kinds)}: {reached} of the test images, "
        f"{_ahead(score(best), score(pixels), n_test)} {percent(score(pixels).test_accuracy)} with "
        "pixels."
    )


def _best(features: FeaturesResults, score: Callable[[FeatureSet], FeatureScore]) -> FeatureSet:
    return max(features.sets[1:], key=lambda result: score(result).validation_accuracy)


def _do(name: str) -> str:
    return "do" if name.endswith("s") else "does"


def _ahead(first: FeatureScore, second: FeatureScore, n_test: int) -> str:
    """Say by how many percentage points the first is ahead of the second, or behind it."""
    b, c = _only_right(first, second, n_test)
    if b == c:
        return "level with the"
    points, error = difference(b, c, n_test)
    direction = "ahead of" if points > 0 else "behind"
    doubt = "" if abs(points) > 2 * error else ", no more than chance explains"
    return (
        f"{abs(points):.1f} percentage points (standard error {error:.1f}{doubt}) {direction} the"
    )


def _only_right(first: FeatureScore, second: FeatureScore, n_test: int) -> tuple[int, int]:
    counts = only_right({"first": first, "second": second}, n_test)
    return counts["first"], counts["second"]


def difference(b: int, c: int, n_test: int) -> tuple[float, float]:
    """Return by how many percentage points one of two methods is ahead, and the standard error.

    Parameters
    ----------
    b, c : int
        Test rows that only the one, and only the other, labels rightly.
    n_test : int

    Returns
    -------
    points, error : float
        As `nearplane.report._findings.difference_sentence` has them.
    """
    return 100 * (b - c) / n_test, 100 * sqrt(b + c - (b - c) ** 2 / n_test) / n_test


def together_sentence(features: FeaturesResults, n_test: int) -> str | None:
    """Say what several kinds of features reach together beyond the best of them alone.

    Parameters
    ----------
    features : FeaturesResults
    n_test : int

    Returns
    -------
    str or None
        None if there is one kind only.
    """
    single = [result for result in features.sets[1:] if len(result.kinds) == 1]
    several = [result for result in features.sets if len(result.kinds) > 1]
    if not several:
        return None
    parts = []
    for together in several:
        alone = max(
            (result for result in single if result.kinds[0] in together.kinds),
            key=lambda result: result.linear.validation_accuracy,
        )
        compared = _ahead(together.linear, alone.linear, n_test)
        parts.append(
            f"{feature_names(together.kinds)} {percent(together.linear.test_accuracy)}, "
            f"{compared} {percent(alone.linear.test_accuracy)} of {feature_names(alone.kinds)} "
            "alone"
        )
    return f"With several kinds together the linear classifier reaches: {'; '.join(parts)}."


def compared_sentence(features: FeaturesResults, n_test: int) -> str:
    """Say of each set of features which of the two classifiers makes more of it.

    Parameters
    ----------
    features : FeaturesResults
    n_test : int

    Returns
    -------
    str
    """
    groups: dict[str, list[str]] = {}
    for result in features.sets:
        b, c = _only_right(result.linear, result.nearest, n_test)
        points, error = difference(b, c, n_test)
        doubtful = abs(points) <= 2 * error
        ahead = "level" if doubtful else ("linear" if points > 0 else "nearest")
        groups.setdefault(ahead, []).append(feature_names(result.kinds))
    near, trained = classifier_names(features)
    ends = {
        "linear": f"{trained} is ahead of the {near}",
        "nearest": f"the {near} are ahead of {trained}",
        "level": "the two differ by no more than chance explains",
    }
    parts = [f"with {_listed(groups[key])} {end}" for key, end in ends.items() if key in groups]
    return capitalised(f"{'; '.join(parts)}.")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def edge_sentence(features: FeaturesResults, ks: Sequence[int]) -> str | None:
    """Say where the best k or alpha is the last that was tried, so that others may be better.

    Parameters
    ----------
    features : FeaturesResults
    ks : sequence of int
        The numbers of neighbours that were tried.

    Returns
    -------
    str or None
        None if there is no such place.
    """
    others = features.sets[1:]
    chosen = {"k": "n_neighbors", "alpha": "alpha"}
    found = []
    for name, value in (("k", ks[-1]), *(("alpha", features.alphas[i]) for i in (0, -1))):
        settings = (result.nearest.setting | result.linear.setting for result in others)
        best = [s[chosen[name]] == value for s in settings]
        at_edge = [result for result, is_best in zip(others, best, strict=True) if is_best]
        found.append((f"{name}\u00a0=\u00a0{value:g}", at_edge))
    parts = [
        f"{name} (with {_listed([feature_names(result.kinds) for result in results])})"
        for name, results in found
        if results
    ]
    if not parts:
        return None
    return (
        f"Chosen at the edge of what was tried, so that values beyond may be better: "
        f"{'; '.join(parts)}."
    )


def metric_note(features: FeaturesResults) -> str:
    """Say by which metric neighbours are near.

    Parameters
    ----------
    features : FeaturesResults

    Returns
    -------
    str
    """
    metric, of_pixels = (long_name(m) for m in (features.metric, features.pixels_metric))
    if metric == of_pixels:
        return f"Neighbours are the nearest by {metric}, of features and of pixels."
    return f"Neighbours are the nearest by {metric}; of pixels by {of_pixels}, the better one."
