"""Numbers and findings in words, for the terminal and the page alike."""

from math import sqrt

from nearplane.report._results import KNNResults

_NO_BREAK = "\u00a0"
_SHORT = {"manhattan": "L1", "euclidean": "L2"}
_LONG = {"manhattan": "L1 (Manhattan)", "euclidean": "L2 (Euclidean)"}


def short_metric(metric: str) -> str:
    """Name a metric in two characters.

    Examples
    --------
    >>> short_metric("manhattan")
    'L1'
    """
    return _SHORT[metric]


def long_metric(metric: str) -> str:
    """Name a metric with its common name.

    Examples
    --------
    >>> long_metric("euclidean")
    'L2 (Euclidean)'
    """
    return _LONG[metric]


def percent(fraction: float) -> str:
    """Write a fraction as a percentage with one decimal.

    Examples
    --------
    >>> percent(0.3861).replace(chr(0xA0), " ")
    '38.6 %'
    """
    return f"{100 * fraction:.1f}{_NO_BREAK}%"


def count(number: float) -> str:
    """Write a number of things, with commas between thousands.

    Examples
    --------
    >>> count(50_000)
    '50,000'
    """
    return f"{number:,.0f}"


def seconds(duration: float) -> str:
    """Write a duration with about three digits.

    Examples
    --------
    >>> seconds(0.01234).replace(chr(0xA0), " ")
    '0.012 s'
    >>> seconds(83.4).replace(chr(0xA0), " ")
    '83.4 s'
    """
    return f"{duration:.1f}{_NO_BREAK}s" if duration >= 10 else f"{duration:.3f}{_NO_BREAK}s"


def megabytes(n_bytes: int | None) -> str:
    """Write a size in millions of bytes.

    Examples
    --------
    >>> megabytes(184_320_000).replace(chr(0xA0), " ")
    '184 MB'
    >>> megabytes(82_944).replace(chr(0xA0), " ")
    '0.083 MB'
    """
    if n_bytes is None:
        return "not known"
    size = n_bytes / 1e6
    return f"{size:,.0f}{_NO_BREAK}MB" if size >= 10 else f"{size:.2g}{_NO_BREAK}MB"


def distance(length: float) -> str:
    """Write a distance with about four digits.

    Examples
    --------
    >>> distance(134_221.0), distance(27.018512), distance(0.0)
    ('134,221', '27.02', '0')
    """
    return f"{length:,.0f}" if length >= 1000 else f"{length:.4g}"


def headline(results: KNNResults) -> str:
    """Say in one line what the better metric reaches.

    Parameters
    ----------
    results : KNNResults

    Returns
    -------
    str
    """
    best = results.best
    return (
        f"{short_metric(best.metric)} with k = {best.best_n_neighbors} labels "
        f"{percent(best.test_accuracy)} of {count(results.data.n_test)} test images correctly."
    )


def chance_sentence(results: KNNResults) -> str:
    """Compare the accuracies with always answering the most frequent class.

    Parameters
    ----------
    results : KNNResults

    Returns
    -------
    str
    """
    train, test = results.data.train_count_of_class, results.data.test_count_of_class
    most_frequent = max(range(len(train)), key=train.__getitem__)
    guess = test[most_frequent] / results.data.n_test
    reached = " and ".join(
        f"{percent(result.test_accuracy)} with {short_metric(result.metric)}"
        for result in results.metrics
    )
    return (
        "Always answering with the most frequent training class would be right for "
        f"{percent(guess)} of the test images; the nearest neighbours are right for {reached}."
    )


def difference_sentence(results: KNNResults) -> str:
    """Say which metric is ahead, and whether that is more than chance would do.

    Both metrics label the same images, so only those that exactly one gets right tell them
    apart: their counts ``b`` and ``c`` give the difference ``(b - c) / n`` and its standard error
    ``sqrt(b + c - (b - c)**2 / n) / n`` (Agresti, Categorical Data Analysis, section 10.1.1).

    Parameters
    ----------
    results : KNNResults

    Returns
    -------
    str
    """
    (ahead, b), (behind, c) = sorted(results.n_only_right.items(), key=lambda item: -item[1])
    n = results.data.n_test
    if b == c:
        return "The two metrics are level on the test images."
    points = 100 * (b - c) / n
    error = 100 * sqrt(b + c - (b - c) ** 2 / n) / n
    verdict = "more than chance explains" if points > 2 * error else "no more than chance explains"
    return (
        f"On the test images {short_metric(ahead)} is {points:.1f} percentage points ahead of "
        f"{short_metric(behind)} (standard error {error:.1f}), {verdict}."
    )


def voters_sentence(results: KNNResults) -> str:
    """Say how many neighbours decide under each metric.

    Parameters
    ----------
    results : KNNResults

    Returns
    -------
    str
    """
    votes = [
        "the nearest neighbour decides alone" if k == 1 else f"the {k} nearest neighbours vote"
        for k in (result.best_n_neighbors for result in results.metrics)
    ]
    names = [short_metric(result.metric) for result in results.metrics]
    if len(set(votes)) == 1:
        return f"Under {' and '.join(names)} alike, {votes[0]}."
    parts = [f"under {name} {vote}" for name, vote in zip(names, votes, strict=True)]
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."
