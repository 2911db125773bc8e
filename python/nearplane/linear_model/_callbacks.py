"""scikit-learn's callbacks, where the installed version has them (1.9 and later)."""

from collections.abc import Callable
from typing import Any

from nearplane._decorators import Method

try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback import with_callbacks as _with_callbacks

    CALLER_OF_FIT = 3  # stack level: there is a frame of scikit-learn's between
except ImportError:  # an older scikit-learn: `set_callbacks` is missing, and all else is the same
    CALLER_OF_FIT = 2

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""

    def _with_callbacks(method: Any) -> Any:
        return method


__all__ = ["CALLER_OF_FIT", "CallbackSupportMixin", "EpochTasks", "with_callbacks"]

Attributes = Callable[[], dict[str, Any]]
"""Returns the attributes that would make the estimator a fitted one at this point."""


def with_callbacks(method: Method) -> Method:
    """Let callbacks be told what `fit` does."""
    decorated: Method = _with_callbacks(method)
    return decorated


class EpochTasks:
    """Tells the callbacks of an estimator of each epoch, as a task of its own.

    Parameters
    ----------
    estimator : estimator
        Whose `fit` is running.
    X, y, sample_weight
        What `fit` was given.
    max_epochs : int
        The largest number of epochs.
    """

    def __init__(
        self, estimator: Any, X: Any, y: Any, sample_weight: Any, *, max_epochs: int
    ) -> None:
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._given = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._root: Any = None
        self._task: Any = None
        if hasattr(estimator, "_init_callback_context"):
            self._root = estimator._init_callback_context(max_subtasks=max_epochs)
            self._root.call_on_fit_task_begin(**self._given)

    def begin_epoch(self) -> None:
        """Tell that an epoch begins."""
        if self._root is not None:
            self._task = self._root.subcontext(task_name="epoch")
            self._task.call_on_fit_task_begin(**self._given)

    def end_epoch(self, attributes: Attributes) -> bool:
        """Return whether a callback wants the epoch that ends here to be the last one."""
        return self._task is not None and bool(
            self._task.call_on_fit_task_end(**self._given, reconstruction_attributes=attributes)
        )

    def end(self, attributes: Attributes) -> None:
        """Tell that training is over."""
        if self._root is not None:
            self._root.call_on_fit_task_end(**self._given, reconstruction_attributes=attributes)
