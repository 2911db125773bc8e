"""What all features of images share: reading images, writing features, files."""

from copy import copy
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from nearplane._images import ImageTransformer, Shape, check_is_image
from nearplane._persistence import Arrays, Facts, PersistentEstimator
from nearplane._progress import Progress, progress_bar
from nearplane._storage import FilePath
from nearplane._validation import check_flag, check_integer, resolve_n_jobs
from nearplane.features._output import feature_rows

_MOST_FEATURES = 2**31 - 1  # of an image in a file: more than any has, and what indices hold
_COLOURS = (1, 3, 4)  # channels that images usually have


class ImageFeatures(PersistentEstimator, ImageTransformer):
    """Turn images into rows of float32 features; subclasses say which."""

    n_jobs: int | None
    verbose: bool
    _fitted_parameters: dict[str, Any]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn from training images what `transform` needs.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), (n_samples, height, width, channels) \
or (n_samples, n_features)
            Images, or flat rows if `image_shape` says of what images.
        y : ignored
            For pipelines.

        Returns
        -------
        object
            The transformer itself. Parameters that are set later, but `n_jobs` and `verbose`,
            count from the next `fit` on.

        Raises
        ------
        TypeError, ValueError
            If `X` is not numeric or not finite, or a parameter not as described.
        """
        super().fit(X, y)
        self._fitted_parameters = self.get_params(deep=False)
        return self

    def transform(
        self, X: ArrayLike, *, out: NDArray[np.float32] | FilePath | None = None
    ) -> NDArray[np.float32]:
        """Compute the features of images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), (n_samples, height, width, channels) \
or (n_samples, n_features)
            Images of the fitted shape, or flat rows.
        out : ndarray of shape (n_samples, n_features_out), str or path-like, default=None
            Where to write the features: a C-contiguous float32 array, which may be a memory-map,
            or the name of a ``.npy`` file, which then is mapped for reading, so that features that
            do not fit into memory need none. None: a new array.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), float32
            One row for each image; `out` if that is an array. A data frame around it after
            ``set_output(transform="pandas")``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` is not numeric, not finite, or of another size than what was fitted, or `out` is
            not as described.
        OSError
            If the file cannot be written.
        """
        matrix, _ = self._read_queries(X)
        n_threads = resolve_n_jobs(self.n_jobs)
        fitted = self._as_fitted()
        with (
            feature_rows(out, (len(matrix), fitted._n_features_out), matrix) as features,
            progress_bar(self._description, enabled=check_flag("verbose", self.verbose)) as bar,
        ):
            fitted._extract(matrix, features.rows, n_threads=n_threads, progress=bar)
        return features.result

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return a name for each feature.

        Parameters
        ----------
        input_features : ignored
            Features are of images, not of single columns.

        Returns
        -------
        ndarray of shape (n_features_out,), object
            Names.
        """
        check_is_fitted(self)
        return np.asarray(self._as_fitted()._feature_names(), dtype=object)

    def _learn(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        check_is_image(shape, self)
        if self.image_shape is None:
            _check_layout(shape)
        resolve_n_jobs(self.n_jobs)
        check_flag("verbose", self.verbose)
        return self._prepare(matrix, shape)

    def _as_fitted(self) -> Self:
        """Return this with the parameters of its fit, whatever has been set since."""
        fitted = copy(self)
        fitted.__dict__.update(self._parameters_to_store())
        return fitted

    def _parameters_to_store(self) -> dict[str, Any]:
        return self._fitted_parameters | {"n_jobs": self.n_jobs, "verbose": self.verbose}

    @property
    def _description(self) -> str:
        """What the bar says is going on."""
        return "features"

    @property
    def _n_features_out(self) -> int:
        """Number of features of a fitted transformer."""
        raise NotImplementedError

    def _feature_names(self) -> list[str]:
        """Return a name for each feature."""
        raise NotImplementedError

    def _prepare(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        """Check the parameters, and return what is learned from flat images of that shape."""
        raise NotImplementedError

    def _extract(
        self,
        matrix: NDArray[Any],
        out: NDArray[np.float32],
        *,
        n_threads: int,
        progress: Progress | None,
    ) -> None:
        """Write the features of flat images of `image_shape_`, a row for each."""
        raise NotImplementedError

    @classmethod
    def _encode_parameter(cls, value: object) -> object:
        if not isinstance(value, tuple | list):
            return value
        items = [item.item() if isinstance(item, np.generic) else item for item in value]
        return {"tuple": items} if all(type(item) in (int, float) for item in items) else value

    @classmethod
    def _decode_parameter(cls, name: str, stored: dict[str, Any]) -> object:
        if set(stored) != {"tuple"} or not isinstance(stored["tuple"], list):
            return super()._decode_parameter(name, stored)
        return tuple(stored["tuple"])

    def _fitted_state(self) -> tuple[Facts, Arrays]:
        return {"image_shape": self.image_shape_}, {}

    def _restore_fitted(self, facts: Facts, arrays: Arrays, *, verify: bool) -> None:
        shape = tuple(check_integer("image_shape", n, at_least=1) for n in facts["image_shape"])
        if len(shape) not in (2, 3) or prod(shape) > _MOST_FEATURES:
            raise ValueError(f"its images have the shape {shape}")
        resolve_n_jobs(self.n_jobs)
        check_flag("verbose", self.verbose)
        self.n_features_in_ = prod(shape)
        self.__dict__.update(self._restore(facts, arrays, shape), image_shape_=shape)
        self._fitted_parameters = self.get_params(deep=False)

    def _restore(self, facts: Facts, arrays: Arrays, shape: Shape) -> dict[str, Any]:
        """Return what `_prepare` has once learned, after checking that a file holds it.

        What learns nothing from images but their shape need not say more.
        """
        # Of whatever size a file claims, it takes no memory.
        return self._prepare(np.broadcast_to(np.uint8(0), (1, prod(shape))), shape)


def _check_layout(shape: Shape) -> None:
    """Raise if images are more probably something else: what is computed would make no sense.

    To say what they are, by `image_shape`, is to say that they are that.
    """
    if len(shape) == 3 and shape[0] in _COLOURS and min(shape[1:]) > max(_COLOURS):
        raise ValueError(
            f"X seems to hold images of shape {shape} with their channels first: pass "
            f"X.transpose(0, 2, 3, 1), or set image_shape={shape} if they have {shape[0]} rows."
        )
    if len(shape) == 2 and shape[1] in _COLOURS and shape[0] > max(_COLOURS):
        raise ValueError(
            f"X seems to be a single image: each entry has shape {shape}. Pass X[np.newaxis], or "
            f"set image_shape={shape} if they are images of {shape[1]} columns."
        )


def as_volume(shape: Shape) -> tuple[int, int, int]:
    """Return height, width and channels, 1 of which a grey image has."""
    return shape[0], shape[1], prod(shape[2:])
