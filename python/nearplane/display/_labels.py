"""Names for class labels."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

_LONGEST = 14


def label_names(labels: NDArray[Any], class_names: Sequence[str] | None) -> list[str]:
    """Name every label: ``class_names[label]``, or the label itself without class names.

    Parameters
    ----------
    labels : ndarray
        Of one dimension; integers from 0 where `class_names` is given.
    class_names : sequence of str or None
        The name of class 0, 1, ...

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        If a label has no name in `class_names`.
    """
    if class_names is None:
        return [str(label) for label in labels.tolist()]
    check_class_names(labels, class_names)
    return [str(class_names[label]) for label in labels.tolist()]


def check_class_names(labels: NDArray[Any], class_names: Sequence[str]) -> None:
    """Raise unless every label is the position of a name.

    Parameters
    ----------
    labels : ndarray
    class_names : sequence of str

    Raises
    ------
    ValueError
        If a label is not an integer from 0 to ``len(class_names) - 1``.
    """
    if not labels.size:
        return
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"class_names needs integer labels from 0, but the labels are {labels.dtype}: "
            "leave class_names out to show the labels as they are"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= len(class_names):
        raise ValueError(
            f"class_names has {len(class_names)} names, but labels run from {low} to {high}: "
            f"give one name for each class from 0 to {high}"
        )


def shorten(name: str) -> str:
    """Cut a long name so that it fits under a picture, and keep matplotlib from setting it as TeX.

    Examples
    --------
    >>> shorten("cat")
    'cat'
    >>> shorten("black-crowned night heron")
    'black-crowned…'
    """
    short = name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"
    # What stands between two dollar signs would be a formula.
    return short.replace("$", r"\$")
