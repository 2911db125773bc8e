"""scikit-learn's decorators of methods, which here leave them the types they have.

scikit-learn has no types, so that what its own decorators return could be anything.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.utils import metaestimators

Method = TypeVar("Method", bound=Callable[..., Any])


def available_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """Let estimators have a method only if `check` is true of them.

    Parameters
    ----------
    check : callable
        Takes an estimator; may raise the AttributeError that tells why there is no such method.

    Returns
    -------
    callable
        The decorator.
    """
    decorator: Callable[[Method], Method] = metaestimators.available_if(check)
    return decorator
