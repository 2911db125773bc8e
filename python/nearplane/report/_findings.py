"""What the results say, in sentences for the terminal and the page alike."""

from math import sqrt

from nearplane.report._linear_results import LinearResults, LossResult, SweepResult
from nearplane.report._results import TOP, KNNResults, MetricResult
from nearplane.report._text import (
    capitalised,
    count,
    learning_rate,
    percent,
    seconds,
    short_name,
    size,
    spread,
)


def setting(result: MetricResult | LossResult) -> str:
    """Say which setting was chosen for a method.

    Parameters
    ----------
    result : MetricResult or LossResult

    Returns
    -------
    str
    """
    if isinstance(result, MetricResult):
        return f"k = {result.best_n_neighbors}"
    return f"rate {learning_rate(result.learning_rate)}, alpha {result.alpha:g}"


def headline(knn: KNNResults, linear: LinearResults) -> str:
    """Say in one line what the better metric and the better loss reach.

    Parameters
    ----------
    knn : KNNResults
    linear : LinearResults

    Returns
    -------
    str
    """
    reached = [
        (result.test_accuracy, name)
        for result, name in (
            (knn.best, f"{short_name(knn.best.metric)} ({setting(knn.best)})"),
            (linear.best, short_name(linear.best.loss)),
        )
    ]
    (most, ahead), (less, behind) = sorted(reached, key=lambda pair: -pair[0])
    return (
        f"Of {count(knn.data.n_test)} test {knn.data.things} {ahead} labels {percent(most)} "
        f"correctly, {behind} {percent(less)}."
    )


def chance_sentence(knn: KNNResults, linear: LinearResults) -> str:
    """Compare the accuracies with always answering the most frequent class.

    Parameters
    ----------
    knn : KNNResults
    linear : LinearResults

    Returns
    -------
    str
    """
    train, test = knn.data.train_count_of_class, knn.data.test_count_of_class
    most_frequent = max(range(len(train)), key=train.__getitem__)
    guess = test[most_frequent] / knn.data.n_test
    nearest = " and ".join(
        f"{percent(result.test_accuracy)} with {short_name(result.metric)}"
        for result in knn.metrics
    )
    trained = " and ".join(
        f"{percent(result.test_accuracy)} with {short_name(result.loss)} loss"
        for result in linear.losses
    )
    return (
        "Always answering with the most frequent training class would be right for "
        f"{percent(guess)} of the test {knn.data.things}; the nearest neighbours are right for "
        f"{nearest}, the linear classifiers for {trained}."
    )


def difference_sentence(*n_only_right: dict[str, int], n_test: int) -> str:
    """Say which of two methods is ahead, and whether that is more than chance would do.

    Both label the same images, so only those that exactly one gets right tell them apart: their
    counts ``b`` and ``c`` give the difference ``(b - c) / n`` and its standard error
    ``sqrt(b + c - (b - c)**2 / n) / n`` (Agresti, Categorical Data Analysis, section 10.1.1).

    Parameters
    ----------
    *n_only_right : dict of str to int
        For each of two methods the test images that it alone labels rightly; one pair or more.
    n_test : int

    Returns
    -------
    str
    """
    return f"On the test set {'; '.join(_difference(pair, n_test) for pair in n_only_right)}."


def _difference(n_only_right: dict[str, int], n_test: int) -> str:
    (ahead, b), (behind, c) = sorted(n_only_right.items(), key=lambda item: -item[1])
    if b == c:
        return f"{short_name(ahead)} and {short_name(behind)} are level"
    points = 100 * (b - c) / n_test
    error = 100 * sqrt(b + c - (b - c) ** 2 / n_test) / n_test
    verdict = "more than chance explains" if points > 2 * error else "no more than chance explains"
    return (
        f"{short_name(ahead)} is {points:.1f} percentage points ahead of "
        f"{short_name(behind)} (standard error {error:.1f}), {verdict}"
    )


def top_sentence(knn: KNNResults, linear: LinearResults) -> str:
    """Say how often the class is among the five that score highest.

    Parameters
    ----------
    knn : KNNResults
    linear : LinearResults

    Returns
    -------
    str
    """
    metric, loss = knn.best, linear.best
    if metric.top_5_accuracy is None or loss.top_5_accuracy is None:
        raise ValueError("there are too few classes for a top-5 accuracy")
    near, trained = short_name(metric.metric), short_name(loss.loss)
    return (
        f"The true class is among the {TOP} with the highest scores for "
        f"{percent(loss.top_5_accuracy)} of the test {knn.data.things} with {trained} and for "
        f"{percent(metric.top_5_accuracy)} with {near}, whose scores are votes: classes without "
        "one tie, and the smaller label comes first."
    )


def sweep_sentence(sweep: SweepResult) -> str:
    """Say which setting a sweep chose, and whether it lies at the edge of what was tried.

    Parameters
    ----------
    sweep : SweepResult

    Returns
    -------
    str
    """
    found = [value for row in sweep.accuracy for value in row if value is not None]
    reached = max(found)
    rates, alphas = sweep.learning_rates, sweep.alphas
    edges = [
        name
        for name, best, tried in (
            ("learning rate", sweep.best_learning_rate, rates),
            ("alpha", sweep.best_alpha, alphas),
        )
        if best in (tried[0], tried[-1]) and found.count(reached) == 1
    ]
    edge = (
        f"; its {' and '.join(edges)} {'is' if len(edges) == 1 else 'are'} at the edge of what was "
        "tried, so that better ones may lie beyond"
        if edges
        else ""
    )
    return capitalised(
        f"{short_name(sweep.loss)} is best with learning rate "
        f"{learning_rate(sweep.best_learning_rate)} and alpha {sweep.best_alpha:g}: "
        f"{percent(reached)} after {sweep.n_epochs} epochs{edge}."
    )


def cost_sentence(knn: KNNResults, linear: LinearResults) -> str:
    """Compare what the better metric and the better loss cost.

    Parameters
    ----------
    knn : KNNResults
    linear : LinearResults

    Returns
    -------
    str
    """
    metric, loss = knn.best, linear.best
    near, trained = short_name(metric.metric), short_name(loss.loss)
    things = knn.data.things
    return capitalised(
        f"{near} learns nothing: it keeps all {size(metric.model_bytes)} of training {things} "
        f"and searches them for each answer, {seconds(metric.test_seconds)} for all test {things}. "
        f"The {trained} classifier is trained for {seconds(loss.fit_seconds)} once, keeps "
        f"{size(loss.model_bytes)} of weights and then labels the test {things} in "
        f"{seconds(loss.test_seconds)}."
    )


def choice_sentence(results: KNNResults) -> str:
    """Say which k each metric gets, and which metric is the better one on the folds.

    Parameters
    ----------
    results : KNNResults

    Returns
    -------
    str
    """
    parts = [
        f"{short_name(result.metric)} with k = {result.best_n_neighbors} "
        f"({spread(result.best_validation_accuracy, result.best_validation_std)})"
        for result in results.metrics
    ]
    return capitalised(
        f"{' and '.join(parts)} are the best of each metric; of the two "
        f"{short_name(results.best.metric)} is chosen."
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
    names = [short_name(result.metric) for result in results.metrics]
    if len(set(votes)) == 1:
        return f"Under {' and '.join(names)} alike, {votes[0]}."
    parts = [f"under {name} {vote}" for name, vote in zip(names, votes, strict=True)]
    return capitalised(f"{'; '.join(parts)}.")


def training_sentence(results: LinearResults, things: str) -> str:
    """Say how far each loss comes on the rows it learns from and on others.

    Parameters
    ----------
    results : LinearResults
    things : str
        What the rows are called.

    Returns
    -------
    str
    """
    parts = [
        f"{short_name(result.loss)} labels {percent(result.train_accuracy)} of the "
        f"{things} it learns from and {percent(result.best_validation_accuracy)} of the others"
        for result in results.losses
    ]
    return f"In the last epoch {'; '.join(parts)}."
