"""`PersistentEstimator`: fitted estimators in files of plain facts and arrays."""

import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from nearplane._storage import FilePath, read_arrays, write_arrays

Facts = dict[str, Any]
Arrays = dict[str, NDArray[Any]]


class PersistentEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Save the fitted estimator, and load it without trust; subclasses say what was fitted."""

    def save(self, path: FilePath) -> None:
        """Write the fitted estimator to a file, from which `load` makes one that answers the same.

        Parameters
        ----------
        path : str or path-like
            The file. One that exists is replaced when the new one is complete, not before.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ValueError
            If there is something that a file cannot hold: a parameter that is a function, or labels
            that are neither numbers, booleans nor text.
        OSError
            If the file cannot be written.

        Notes
        -----
        The file holds facts and arrays and no program, so that a file from anybody may be loaded,
        which is not true of pickles. Requests for metadata routing are not part of it.
        """
        check_is_fitted(self)
        facts, arrays = self._fitted_state()
        facts["parameters"] = self._plain_parameters(self._parameters_to_store())
        if hasattr(self, "feature_names_in_"):
            arrays["feature_names"] = plain_text(self.feature_names_in_, "feature_names_in_")
        write_arrays(path, type(self).__name__, facts, arrays)

    @classmethod
    def load(cls, path: FilePath, *, mmap: bool = False, verify: bool = True) -> Self:
        """Read a fitted estimator that `save` has written.

        Parameters
        ----------
        path : str or path-like
            The file.
        mmap : bool, default=False
            Whether to leave the arrays in the file and map it: what is needed is read when it is,
            and processes that map the same file share the memory. The file must then not be changed
            in place as long as the estimator is in use; `save` does not.
        verify : bool, default=True
            Whether to check that the arrays are those that were written, for which all of the file
            is read. To map it without takes hardly any time.

        Returns
        -------
        estimator
            Of the class that `load` is called on.

        Raises
        ------
        ValueError
            If the file is damaged, or holds no fitted estimator of this class.
        OSError
            If it cannot be read.
        """
        facts, arrays = read_arrays(path, cls.__name__, mmap=mmap, verify=verify)
        with complaints_about(path, f"fitted {cls.__name__}"):
            estimator = cls(**cls._read_parameters(facts["parameters"]))
            estimator._restore_fitted(facts, arrays, verify=verify)
            if "feature_names" in arrays:
                shape = (estimator.n_features_in_,)
                names = check_stored(arrays["feature_names"], "feature_names", "U", shape)
                estimator.feature_names_in_ = names.astype(object)
        return estimator

    def _parameters_to_store(self) -> dict[str, Any]:
        """Return the parameters that the loaded estimator gets."""
        return dict(self.get_params(deep=False))

    @classmethod
    def _encode_parameter(cls, value: object) -> object:
        """Return a parameter that is none of JSON's plain values as a dict that JSON can hold.

        Subclasses that take such parameters say how; what they return as it is cannot be stored.
        """
        return value

    @classmethod
    def _decode_parameter(cls, name: str, stored: dict[str, Any]) -> object:
        """Return the parameter that `_encode_parameter` has made this dict of.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it has not.
        """
        raise ValueError(f"its parameter {name} is {stored!r:.80}")

    @classmethod
    def _plain_parameters(cls, parameters: Mapping[str, object]) -> dict[str, Any]:
        """Return parameters as JSON has them."""
        plain = {}
        for name, value in parameters.items():
            plain[name] = value.item() if isinstance(value, np.generic) else value
            if is_plain(plain[name]):
                continue
            plain[name] = cls._encode_parameter(value)
            if not isinstance(plain[name], dict) or plain[name] is value:
                raise ValueError(
                    f"{name}={value!r} cannot be stored; finite numbers, text, booleans and None "
                    f"can. Give {name} another value by set_params, or pickle the estimator."
                )
        return plain

    @classmethod
    def _read_parameters(cls, parameters: object) -> dict[str, Any]:
        """Return what a file holds as parameters, which must be some of the class's.

        Those that the class has got since the file was written are left to their defaults.
        """
        names = cls._get_param_names()
        if not isinstance(parameters, dict) or not set(parameters) <= set(names):
            raise ValueError(f"its parameters are {parameters!r:.80}, not {', '.join(names)}")
        read = {}
        for name, value in parameters.items():
            if not (is_plain(value) or isinstance(value, dict)):
                raise ValueError(f"its parameter {name} is {value!r:.80}")
            read[name] = cls._decode_parameter(name, value) if isinstance(value, dict) else value
        return read

    @abstractmethod
    def _fitted_state(self) -> tuple[Facts, Arrays]:
        """Return all that was fitted, but parameters and names, as facts for JSON and as arrays."""

    @abstractmethod
    def _restore_fitted(self, facts: Facts, arrays: Arrays, *, verify: bool) -> None:
        """Set all that was fitted to what a file holds, after checking that it is what it should.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is not.
        """


def plain_text(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return an array of objects that are text as an array of text, and any other as it is.

    Raises
    ------
    ValueError
        If there are other objects, or text that would lose its end.
    """
    if array.dtype != object:
        return array
    for value in array.ravel():
        if not isinstance(value, str):
            raise ValueError(
                f"{name} holds {value!r} of type {type(value).__name__}, which cannot be stored; "
                "text, numbers and booleans can."
            )
        if value.endswith("\0"):
            raise ValueError(f"{name} holds {value!r}, of which NumPy's text would lose the end.")
    return array.astype(np.str_)


def check_stored(
    array: NDArray[Any], name: str, kinds: str, shape: tuple[int | None, ...]
) -> NDArray[Any]:
    """Return an array of a file, if its dtype is of one of the kinds and its shape is that shape.

    A length of None stands for any. Of a map, a plain array is returned that lies in it.
    """
    if array.dtype.kind not in kinds:
        raise ValueError(f"{name} has dtype {array.dtype}")
    fits = len(shape) == array.ndim and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    return np.asarray(array)


@contextmanager
def complaints_about(path: FilePath, wanted: str) -> Iterator[None]:
    """Turn any complaint about what a file holds into one that names the file."""
    try:
        yield
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        problem = f"{error} is missing" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise ValueError(f"{os.fspath(path)}: holds no {wanted}: {problem}.") from error


def is_plain(value: object) -> bool:
    """Return whether a value is one that JSON gives back as it was."""
    if isinstance(value, float):
        return isfinite(value)
    return value is None or isinstance(value, bool | int | str)
