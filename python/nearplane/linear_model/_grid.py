"""The settings of a sweep: a grid of parameters, spelled out, and which of them share a pass."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import joblib
import numpy as np
from sklearn.model_selection import ParameterGrid, ParameterSampler

Params = dict[str, Any]
ParamGrid = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def expand_grid(
    param_grid: object,
    accepted: Collection[str],
    *,
    n_iter: int | None = None,
    random_state: Any = None,
) -> list[Params]:
    """Return the settings that a grid describes, in scikit-learn's order.

    Parameters
    ----------
    param_grid : dict, or list of dict
        The values of each parameter: a list, tuple, range or vector; one value alone counts as a
        list of one. With `n_iter` also a distribution, anything with a method ``rvs``. Several
        grids follow one another; a list of single settings is a grid too.
    accepted : collection of str
        The names that are parameters.
    n_iter : int, default=None
        How many settings to draw at random, without repetition as long as there is no
        distribution; no more than there are. None: all.
    random_state : int, RandomState or None, default=None
        The source of what is drawn.

    Returns
    -------
    list of dict
        The parameters of each setting, at least one setting.

    Raises
    ------
    TypeError, ValueError
        If the grid is not as described; the message names the parameter.

    Examples
    --------
    >>> expand_grid({"alpha": [0.1, 1], "penalty": "l1"}, ["alpha", "penalty"])
    [{'alpha': 0.1, 'penalty': 'l1'}, {'alpha': 1, 'penalty': 'l1'}]
    """
    grids = [_read_grid(grid, accepted) for grid in _as_grids(param_grid)]
    drawn = [name for grid in grids for name, value in grid.items() if _is_distribution(value)]
    if n_iter is None:
        if drawn:
            raise ValueError(
                f"param_grid gives {drawn[0]!r} as a distribution; say by n_iter how many settings "
                "to draw, or give a list of values."
            )
        return list(ParameterGrid(grids))
    if not drawn:  # drawing all there is means the whole grid, not a warning
        n_iter = min(n_iter, len(ParameterGrid(grids)))
    return list(ParameterSampler(grids, n_iter, random_state=random_state))


def group_settings(settings: Sequence[Params], own: Collection[str]) -> list[list[int]]:
    """Return which settings are alike in all parameters but the `own` ones.

    Parameters
    ----------
    settings : sequence of dict
        All parameters of each setting, the same names in each.
    own : collection of str
        The parameters in which settings trained together may differ.

    Returns
    -------
    list of list of int
        Positions in `settings`, ascending; the groups are in the order of their first settings.
    """
    groups: dict[str, list[int]] = {}
    for position, setting in enumerate(settings):
        common = {name: value for name, value in setting.items() if name not in own}
        # A hash of what the values hold: some, like class_weight, are dicts.
        groups.setdefault(joblib.hash(common), []).append(position)
    return list(groups.values())


def split_groups(groups: Iterable[Sequence[int]], size: int) -> list[list[int]]:
    """Cut each group into parts of at most `size` settings, as equal as can be."""
    parts: list[list[int]] = []
    for group in groups:
        n_parts = -(-len(group) // size)
        parts.extend(part.tolist() for part in np.array_split(np.asarray(group), n_parts))
    return parts


def _as_grids(param_grid: object) -> Sequence[object]:
    if isinstance(param_grid, Mapping):
        return [param_grid]
    if isinstance(param_grid, Sequence) and not isinstance(param_grid, str | bytes):
        if not param_grid:
            raise ValueError("param_grid must hold at least one setting; got an empty list.")
        return param_grid
    raise TypeError(
        f"param_grid must be a dict of lists, or a list of such dicts; got {param_grid!r} of type "
        f"{type(param_grid).__name__}."
    )


def _read_grid(grid: object, accepted: Collection[str]) -> dict[str, Any]:
    if not isinstance(grid, Mapping):
        raise TypeError(
            f"param_grid must be a dict of lists, or a list of such dicts; it holds {grid!r} of "
            f"type {type(grid).__name__}."
        )
    for name in grid:
        if name not in accepted:
            raise ValueError(
                f"param_grid names {name!r}, which is no parameter of the estimator; its "
                f"parameters are {', '.join(sorted(accepted))}."
            )
    return {
        name: values if _is_distribution(values) else read_values(f"param_grid[{name!r}]", values)
        for name, values in grid.items()
    }


def read_values(name: str, values: Any) -> list[Any]:
    """Return the values of a parameter as a list; one value alone counts as a list of one.

    Parameters
    ----------
    name : str
        What messages call them.
    values : list, tuple, range, vector or single value
        At least one.

    Raises
    ------
    TypeError, ValueError
        If they are not.
    """
    if isinstance(values, np.ndarray) and values.ndim > 1:
        raise ValueError(
            f"{name} must be a list or a vector of values; got an array of shape {values.shape}."
        )
    if isinstance(values, set | frozenset) or hasattr(values, "__next__"):
        raise TypeError(
            f"{name} must be a list of values, which has an order and can be read twice; got "
            f"{values!r}."
        )
    if hasattr(values, "tolist"):  # arrays and data frames' columns, as numbers that print well
        values = values.tolist()
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        return [values]
    if not len(values):
        raise ValueError(f"{name} must hold at least one value; got {values!r}.")
    return list(values)


def _is_distribution(values: object) -> bool:
    return hasattr(values, "rvs")
