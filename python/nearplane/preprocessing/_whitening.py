"""ZCA whitening: uncorrelated features that still make images."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.blas import dsyrk
from sklearn.base import OneToOneFeatureMixin

from nearplane._blas import whole_products
from nearplane._blocks import BLOCK_SIZE, blocks
from nearplane._images import ImageTransformer, Shape, real_dtype
from nearplane._progress import Progress, progress_bar
from nearplane._validation import check_flag, check_integer, check_real
from nearplane.preprocessing._moments import checked, feature_means
from nearplane.preprocessing._waiting import interruptible

# Multiply-adds of a block, so that Ctrl-C is heard after some 50 milliseconds.
_BLOCK_WORK = 2**31
# Where the bar stands when the covariance is done; what follows cannot be measured.
_COVARIANCE_DONE = 0.6


class ZCAWhitening(OneToOneFeatureMixin, ImageTransformer):  # type: ignore[misc]
    """Take out the correlations of features, changing images as little as that allows.

    Centred rows are multiplied by W = U diag(1 / sqrt(v + e)) U', where U has the eigenvectors of
    the covariance of the training rows in its columns, v are the eigenvalues and e comes from
    `regularisation`. Of all matrices that whiten, the symmetric one leaves the rows nearest to what
    they were: whitened images look like their own edges.

    Parameters
    ----------
    regularisation : float, default=0.1
        e in units of the mean variance of a feature, so that 0 to 255 and 0 to 1 give the same.
        Directions that vary much less are not amplified in full, which in images are noise. 0: the
        covariance of the result is the identity, but for directions without any variance, which
        become 0.
    n_components : int or float, default=None
        How many of the directions of largest variance are kept; between 0 and 1 as many as have
        this part of all variance. Rows are 0 along all others. None: all are kept.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of flat rows; makes no difference but to
        `mean_`.
    verbose : bool, default=False
        Show a bar, if standard error is a terminal.

    Attributes
    ----------
    mean_ : ndarray, float64
        The mean image, of the shape `image_shape_`.
    components_ : ndarray of shape (n_components_, n_features_in_), float64
        Eigenvectors of the covariance, that of the largest eigenvalue first.
    explained_variance_ : ndarray of shape (n_components_,), float64
        The eigenvalues.
    regularisation_ : float
        e.
    whitening_ : ndarray of shape (n_features_in_, n_features_in_), float64
        W.
    n_components_ : int
        Directions kept.
    image_shape_ : tuple of int
        Shape of an image.
    n_features_in_ : int
        Features of an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    See Also
    --------
    Standardize : Leaves the correlations.

    Notes
    -----
    `fit` takes some n_samples * n_features**2 multiply-adds and an eigendecomposition of about ten
    times n_features**3, and memory for some five float64 matrices of n_features**2. That is right
    for 32 x 32 x 3 images; crop or shrink larger ones.

    References
    ----------
    A. J. Bell and T. J. Sejnowski, "The 'independent components' of natural scenes are edge
    filters", Vision Research 37, 1997.

    A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009, appendix A.

    Examples
    --------
    >>> import numpy as np
    >>> from nearplane.preprocessing import ZCAWhitening
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 2)) @ [[2.0, 1.0], [0.0, 1.0]]  # correlated
    >>> Z = ZCAWhitening(regularisation=0).fit_transform(X)
    >>> np.allclose(np.cov(Z.T, bias=True), np.eye(2))
    True
    """

    def __init__(
        self,
        *,
        regularisation: float = 0.1,
        n_components: int | float | None = None,
        image_shape: tuple[int, ...] | None = None,
        verbose: bool = False,
    ) -> None:
        self.regularisation = regularisation
        self.n_components = n_components
        self.image_shape = image_shape
        self.verbose = verbose

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Whiten images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width), (n_samples, height, width, channels) \
or (n_samples, n_features)
            Images of the fitted shape, or flat rows.

        Returns
        -------
        ndarray of the shape of X
            float32 for uint8 and float32, float64 for others, and computed in it.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If `X` is not numeric, not finite, or of another size than what was fitted.
        """
        matrix, given = self._read_queries(X)
        out = np.empty(matrix.shape, real_dtype(matrix))
        whitening = self.whitening_.astype(out.dtype)
        mean = self.mean_.ravel()
        with progress_bar("whitening", enabled=self.verbose) as bar:
            for block in _product_blocks(*matrix.shape):
                Z = np.subtract(matrix[block], mean, dtype=np.float64)
                with whole_products():
                    np.matmul(Z.astype(out.dtype, copy=False), whitening, out=out[block])
                _show(bar, block.stop / len(matrix))
        return out.reshape(-1, *given)

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Undo `transform`, but for directions that were not kept, and rounding.

        Parameters
        ----------
        X : array-like
            What `transform` returned, or the like of it.

        Returns
        -------
        ndarray of the shape of X
            float32 for uint8 and float32, float64 for others.

        Raises
        ------
        sklearn.exceptions.NotFittedError, TypeError, ValueError
            As in `transform`.
        """
        matrix, given = self._read_queries(X)
        out = np.empty(matrix.shape, real_dtype(matrix))
        spread = np.sqrt(self.explained_variance_ + self.regularisation_)
        colouring = interruptible(np.matmul, self.components_.T * spread, self.components_)
        mean = self.mean_.ravel()
        for block in _product_blocks(*matrix.shape):
            with whole_products():
                out[block] = matrix[block] @ colouring + mean
        return out.reshape(-1, *given)

    def _learn(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        regularisation = check_real("regularisation", self.regularisation, at_least=0)
        _check_components(self.n_components, matrix.shape[1])
        if len(matrix) < 2:
            raise ValueError(
                f"Found array with 1 sample (shape={matrix.shape}) while a minimum of 2 is "
                "required: X; one row has no covariance."
            )
        mean = feature_means(matrix)
        with progress_bar("whitening", enabled=check_flag("verbose", self.verbose)) as bar:
            covariance = _covariance(matrix, mean, bar)
            added = regularisation * float(np.trace(covariance)) / len(covariance)
            values, vectors = interruptible(np.linalg.eigh, covariance, "U")
            del covariance
            keep = _kept(values, self.n_components)
            # Along directions with no variance, or none but rounding, there is nothing to whiten.
            values, components = np.maximum(values[keep], 0), vectors.T[keep]
            solid = values > len(vectors) * np.finfo(np.float64).eps * values.max(initial=0)
            amplified = (solid | (added > 0)) & (values + added > 0)
            factors = np.zeros_like(values)
            np.divide(1, np.sqrt(values + added), out=factors, where=amplified)
            whitening = interruptible(np.matmul, components.T * factors, components)
        return {
            "mean_": mean.reshape(shape),
            "components_": components,
            "explained_variance_": values,
            "regularisation_": added,
            "whitening_": whitening,
            "n_components_": len(values),
        }


def _covariance(
    matrix: NDArray[Any], mean: NDArray[np.float64], bar: Progress | None
) -> NDArray[np.float64]:
    """Return the mean product of centred features; only the upper triangle counts."""
    n, n_features = matrix.shape
    # Column by column, as BLAS wants what it adds to.
    total = np.zeros((n_features, n_features), order="F")
    with np.errstate(over="ignore", invalid="ignore"):
        for block in _product_blocks(n, n_features):
            Z = np.subtract(matrix[block], mean, dtype=np.float64)
            with whole_products():
                total = dsyrk(1.0, Z.T, beta=1.0, c=total, overwrite_c=1)
            _show(bar, _COVARIANCE_DONE * block.stop / n)
        total /= n
    checked(total.diagonal())
    return total


def _check_components(n_components: object, n_features: int) -> None:
    if n_components is None:
        return
    if isinstance(n_components, float | np.floating):
        check_real("n_components", n_components, above=0, at_most=1)
        return
    if check_integer("n_components", n_components, at_least=1) > n_features:
        raise ValueError(
            f"n_components must be at most the number of features, {n_features}; got "
            f"{n_components}."
        )


def _kept(ascending: NDArray[np.float64], n_components: int | float | None) -> NDArray[np.intp]:
    """Return which of the eigenvalues are kept, the largest first."""
    order = np.arange(len(ascending))[::-1]
    if n_components is None:
        return order
    if isinstance(n_components, float | np.floating):
        explained = np.cumsum(np.maximum(ascending[order], 0))
        enough = explained >= n_components * explained[-1] * (1 - 1e-12)
        return order[: int(enough.argmax()) + 1]
    return order[:n_components]


def _product_blocks(n_rows: int, n_features: int) -> Iterator[slice]:
    """Split rows that are multiplied by a square matrix."""
    return blocks(n_rows, n_features, size=min(BLOCK_SIZE, _BLOCK_WORK // n_features))


def _show(bar: Progress | None, fraction: float) -> None:
    if bar is not None:
        bar(fraction)
