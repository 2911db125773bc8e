"""The fitted estimators that displays are made from."""

from sklearn.utils.validation import check_is_fitted


def check_fitted(name: str, estimator: object, kind: type) -> None:
    """Raise unless `estimator` is a fitted one of that class.

    Parameters
    ----------
    name : str
        The argument it was given as.
    estimator : object
    kind : type
        A class of nearplane's.

    Raises
    ------
    TypeError
        If it is something else.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    if not isinstance(estimator, kind):
        raise TypeError(
            f"{name} must be nearplane's {kind.__name__}; got {estimator!r:.80} of type "
            f"{type(estimator).__name__}."
        )
    check_is_fitted(estimator)
