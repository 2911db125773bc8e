"""`cv_results_`: what a cross-validation found out, in the layout of GridSearchCV."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

Results = dict[str, Any]


def make_cv_results(
    params: Sequence[Mapping[str, Any]],
    scores: ArrayLike,
    columns: Mapping[str, ArrayLike] | None = None,
    *,
    split_columns: bool = True,
) -> Results:
    """Return the table of all candidates, as ``GridSearchCV.cv_results_`` has it.

    Means, deviations and ranks are computed by the operations that scikit-learn uses, so that equal
    scores give an equal table, to the last bit.

    Parameters
    ----------
    params : sequence of dict, of length n_candidates
        The parameters of each candidate.
    scores : array-like of shape (n_candidates, n_splits)
        The greater the better. NaN where a candidate has failed: such a candidate has neither mean
        nor standard deviation and shares the last rank; nobody is warned here.
    columns : dict of str to array-like, default=None
        What else is known. Of an array of shape (n_candidates, n_splits) the mean and the standard
        deviation over the splits become the columns "mean_NAME" and "std_NAME", which is how times
        are told; one of shape (n_candidates,) becomes the column "NAME".
    split_columns : bool, default=True
        Whether there is a column for every split, "split0_test_score" and so on.

    Returns
    -------
    dict of str to ndarray, or list of dict for "params"
        ``pandas.DataFrame`` reads it.

    Raises
    ------
    ValueError
        If there is not one row of scores for each candidate, or no split at all.

    Examples
    --------
    >>> from nearplane._cv_results import best_row, make_cv_results
    >>> results = make_cv_results([{"k": 1}, {"k": 3}], [[0.5, 0.6], [0.7, 0.9]])
    >>> results["mean_test_score"], results["rank_test_score"], best_row(results)
    (array([0.55, 0.8 ]), array([2, 1], dtype=int32), 1)
    """
    table = np.ascontiguousarray(scores, dtype=np.float64)  # sums depend on the order in memory
    if table.ndim != 2 or len(table) != len(params) or not table.size:
        raise ValueError(
            f"scores must have shape ({len(params)}, n_splits), one row for each candidate; got "
            f"shape {table.shape}."
        )
    results: Results = {}
    for name, values in (columns or {}).items():
        results |= _summary(name, np.ascontiguousarray(values))
    results |= _parameter_columns(params)
    results["params"] = [dict(candidate) for candidate in params]
    if split_columns:
        results |= {f"split{split}_test_score": column for split, column in enumerate(table.T)}
    results |= _summary("test_score", table)
    results["rank_test_score"] = _ranks(results["mean_test_score"])
    return results


def best_row(results: Mapping[str, Any]) -> int:
    """Return the row of the best candidate: the first among equals, as scikit-learn chooses."""
    return int(results["rank_test_score"].argmin())


def _summary(name: str, values: NDArray[Any]) -> Results:
    """Return a column as it is, or the mean and the standard deviation of one over the splits."""
    if values.ndim == 1:
        return {name: values}
    mean = np.average(values, axis=1)
    deviation = np.sqrt(np.average((values - mean[:, None]) ** 2, axis=1))
    return {f"mean_{name}": mean, f"std_{name}": deviation}


def _parameter_columns(params: Sequence[Mapping[str, Any]]) -> Results:
    """Return a masked column for each parameter that any candidate names."""
    names = dict.fromkeys(name for candidate in params for name in candidate)
    return {f"param_{name}": _parameter_column(params, name) for name in names}


def _parameter_column(params: Sequence[Mapping[str, Any]], name: str) -> NDArray[Any]:
    rows = [row for row, candidate in enumerate(params) if name in candidate]
    values = [params[row][name] for row in rows]
    try:
        found = np.array(values)
    except ValueError:  # lists of several lengths
        found = np.empty(len(values), dtype=object)
    # Text and lists stay the objects that they are: NumPy would cut or spread them.
    plain = found.ndim == 1 and found.dtype.kind != "U"
    column = np.ma.MaskedArray(
        np.empty(len(params), dtype=found.dtype if plain else object), mask=True
    )
    for row, value in zip(rows, values, strict=True):
        column[row] = value
    return column


def _ranks(means: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the places from 1; equals share the better one, and failures the last."""
    failed = np.isnan(means)
    if failed.all():
        return np.ones(len(means), dtype=np.int32)
    values = np.where(failed, np.nanmin(means) - 1, means)
    ranks: NDArray[np.int32] = rankdata(-values, method="min").astype(np.int32)
    return ranks
