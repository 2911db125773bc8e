"""`VisualWords`: images by the patches they are made of."""

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from nearplane import _core
from nearplane._images import Shape, as_stack, check_size
from nearplane._persistence import Arrays, Facts, check_stored
from nearplane._progress import Progress
from nearplane._validation import check_choice, check_flag, check_integer, check_real
from nearplane.features._base import ImageFeatures, as_volume
from nearplane.features._codebook import Codebook, learn_codebook
from nearplane.features._patches import (
    check_pixels,
    draw_patches,
    mean_patch_variance,
    normalize_patches,
)

ASSIGNMENTS = ("triangle", "soft", "hard")
CODEBOOKS = ("kmeans", "random")
# Its square divides in float32.
_SMALLEST_BANDWIDTH = 1e-15


class VisualWords(ImageFeatures):
    """Compare every patch of an image with a codebook of visual words, and add up by regions.

    `fit` draws patches from the training images, takes brightness and contrast out of each, whitens
    them and finds words that stand for them. `transform` does the same with all patches of an
    image, lets each say which words it is near to, and sums that up in each region of a grid.
    On this, unlike on pixels, a linear classifier does well.

    Parameters
    ----------
    n_words : int, default=800
        Words of the codebook.
    patch_size : int or tuple of int, default=6
        Side, or height and width, of a patch in pixels.
    stride : int, default=1
        Pixels from one patch to the next, down and across.
    normalize : bool, default=True
        Whether the mean of each patch is taken out of it, and it is divided by
        sqrt(variance + contrast).
    contrast : float, default=0.007
        In units of the mean variance of a patch of the training images, so that 0 to 255 and 0 to 1
        give the same. Patches that vary much less, such as clear sky, are not amplified in full.
    whiten : bool, default=True
        Whether to take the correlations out of patches, by `nearplane.preprocessing.ZCAWhitening`.
    regularisation : float, default=0.3
        That of the whitening. The published pipeline has 0.1; where images have been compressed,
        more of it leaves the noise of the compression alone.
    codebook : {"kmeans", "random"}, default="kmeans"
        Where words come from: centres of clusters of the drawn patches, or some of these as they
        are.
    n_patches : int, default=400_000
        How many patches are drawn; all there are, if they are fewer.
    max_iter : int, default=20
        Iterations of `nearplane.KMeans`, which begins with random patches. More make hardly better
        words.
    assignment : {"triangle", "soft", "hard"}, default="triangle"
        What a patch at distances d_k from the words adds to word k of its region:

        - "triangle": max(0, mean of all d - d_k), so that a patch speaks for about half of the
          words, the more the nearer they are;
        - "soft": exp(-d_k**2 / (2 bandwidth**2)), divided by the sum of this over all words;
        - "hard": 1 if word k is the nearest, of equally near ones the first.
    bandwidth : float, default=None
        That of "soft", in the units of the whitened patches. None: the standard deviation of a
        feature of a patch about that of the nearest word, which makes it the posterior of a mixture
        of Gaussians.
    grid : int or tuple of int, default=2
        Rows and columns of regions; 2 makes quadrants. A patch belongs to the region that its
        number, down and across, falls into.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of flat rows; not needed for images.
    random_state : int, RandomState or None, default=None
        Draws the patches and the words that k-means begins with.
    n_jobs : int, default=None
        Number of threads. None: what OpenMP would use; -1: every usable processor. It does not
        change a bit of the answer.
    verbose : bool, default=False
        Show a bar, if standard error is a terminal.

    Attributes
    ----------
    words_ : ndarray of shape (n_words, patch_height, patch_width, n_channels), float32
        The codebook, after normalisation and whitening.
    patch_mean_ : ndarray of shape (n_patch_features,), float32
        Mean of the normalised patches; None without whitening.
    whitening_ : ndarray of shape (n_patch_features, n_patch_features), float32
        What centred patches are multiplied by, from the right or the left; None without whitening.
    contrast_ : float
        `contrast` in squared units of pixels; None without normalisation.
    bandwidth_ : float
        `bandwidth`; None unless `assignment` is "soft".
    n_iter_ : int
        Iterations of k-means; 0 without it.
    image_shape_ : tuple of int
        Shape of an image.
    n_features_in_ : int
        Features of an image.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    See Also
    --------
    nearplane.KMeans : Finds the words.
    nearplane.display.CodebookDisplay : Shows them.

    Notes
    -----
    Distances are computed in float32 by |z|^2 + |w|^2 - 2 z.w; the nearest word of "hard" is found
    exactly, for the float32 patch. `transform` takes about n_patches * n_words * n_patch_features
    multiply-adds an image, and memory for its result and some megabytes a thread. `fit` takes
    memory for three float32 matrices of the drawn patches.

    References
    ----------
    A. Coates, H. Lee and A. Y. Ng, "An analysis of single-layer networks in unsupervised feature
    learning", AISTATS 2011: the pipeline and its triangle assignment.

    J. C. van Gemert, J.-M. Geusebroek, C. J. Veenman and A. W. M. Smeulders, "Kernel codebooks for
    scene categorization", ECCV 2008: soft assignment.

    Examples
    --------
    >>> from nearplane import LinearClassifier
    >>> from nearplane.datasets import load_dataset
    >>> from nearplane.features import VisualWords
    >>> digits = load_dataset("digits")
    >>> words = VisualWords(50, patch_size=3, image_shape=(8, 8), random_state=0)
    >>> Z_train = words.fit_transform(digits.X_train)
    >>> Z_train.shape  # 50 words in each of four quadrants
    (1438, 200)
    >>> model = LinearClassifier(random_state=0).fit(Z_train, digits.y_train)
    >>> accuracy = model.score(words.transform(digits.X_test), digits.y_test)
    >>> accuracy > 0.95
    True
    """

    def __init__(
        self,
        n_words: int = 800,
        *,
        patch_size: int | tuple[int, int] = 6,
        stride: int = 1,
        normalize: bool = True,
        contrast: float = 0.007,
        whiten: bool = True,
        regularisation: float = 0.3,
        codebook: str = "kmeans",
        n_patches: int = 400_000,
        max_iter: int = 20,
        assignment: str = "triangle",
        bandwidth: float | None = None,
        grid: int | tuple[int, int] = 2,
        image_shape: tuple[int, ...] | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_words = n_words
        self.patch_size = patch_size
        self.stride = stride
        self.normalize = normalize
        self.contrast = contrast
        self.whiten = whiten
        self.regularisation = regularisation
        self.codebook = codebook
        self.n_patches = n_patches
        self.max_iter = max_iter
        self.assignment = assignment
        self.bandwidth = bandwidth
        self.grid = grid
        self.image_shape = image_shape
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @property
    def _description(self) -> str:
        return "visual words"

    @property
    def _n_features_out(self) -> int:
        rows, columns = check_size("grid", self.grid)
        return rows * columns * len(self.words_)

    def _feature_names(self) -> list[str]:
        rows, columns = check_size("grid", self.grid)
        return [
            f"region{row}_{column}_word{word}"
            for row in range(rows)
            for column in range(columns)
            for word in range(len(self.words_))
        ]

    def _prepare(self, matrix: NDArray[Any], shape: Shape) -> dict[str, Any]:
        size = self._check_parameters(shape)
        check_pixels(matrix)
        rng = check_random_state(self.random_state)
        patches = draw_patches(as_stack(matrix, shape), size, self.n_patches, rng)
        contrast = None
        if self.normalize:
            contrast = float(self.contrast) * mean_patch_variance(patches)
            normalize_patches(patches, contrast)
        book = learn_codebook(
            patches,
            self.n_words,
            method=self.codebook,
            regularisation=self.regularisation if self.whiten else None,
            max_iter=self.max_iter,
            with_bandwidth=self.assignment == "soft" and self.bandwidth is None,
            rng=rng,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
        )
        return self._attributes(book, contrast)

    def _attributes(self, book: Codebook, contrast: float | None) -> dict[str, Any]:
        size = check_size("patch_size", self.patch_size)
        bandwidth = book.bandwidth if self.bandwidth is None else float(self.bandwidth)
        return {
            "words_": book.words.reshape(len(book.words), *size, -1),
            "patch_mean_": book.mean,
            "whitening_": book.whitening,
            "contrast_": contrast,
            "bandwidth_": bandwidth if self.assignment == "soft" else None,
            "n_iter_": book.n_iter,
        }

    def _check_parameters(self, shape: Shape) -> tuple[int, int]:
        """Return the size of a patch, if all parameters are right for images of that shape."""
        size = check_size("patch_size", self.patch_size)
        stride = check_integer("stride", self.stride, at_least=1)
        grid = check_size("grid", self.grid)
        for name, side, length, parts in zip(
            ("height", "width"), size, shape[:2], grid, strict=True
        ):
            if side > length:
                raise ValueError(
                    f"patch_size={self.patch_size!r}: a patch must fit into the images, whose "
                    f"{name} is {length}."
                )
            n_places = (length - side) // stride + 1
            if parts > n_places:
                raise ValueError(
                    f"grid={self.grid!r}: every region must have a patch, and along the {name} "
                    f"there are {n_places}; make grid, stride or patch_size smaller."
                )
        check_integer("n_words", self.n_words, at_least=1)
        check_flag("normalize", self.normalize)
        check_flag("whiten", self.whiten)
        check_real("contrast", self.contrast, at_least=0)
        check_real("regularisation", self.regularisation, at_least=0)
        check_choice("codebook", self.codebook, CODEBOOKS)
        check_choice("assignment", self.assignment, ASSIGNMENTS)
        check_integer("n_patches", self.n_patches, at_least=1)
        check_integer("max_iter", self.max_iter, at_least=1)
        if self.bandwidth is not None:
            check_real("bandwidth", self.bandwidth, at_least=_SMALLEST_BANDWIDTH)
        return size

    def _extract(
        self,
        matrix: NDArray[Any],
        out: NDArray[np.float32],
        *,
        n_threads: int,
        progress: Progress | None,
    ) -> None:
        check_pixels(matrix)
        _core.encode_visual_words(
            matrix,
            out,
            image_shape=as_volume(self.image_shape_),
            patch_size=check_size("patch_size", self.patch_size),
            stride=self.stride,
            grid=check_size("grid", self.grid),
            contrast=self.contrast_,
            center=self.patch_mean_,
            whitening=self.whitening_,
            words=self.words_.reshape(len(self.words_), -1),
            assignment=self.assignment,  # type: ignore[arg-type]  # checked in fit
            bandwidth=1.0 if self.bandwidth_ is None else self.bandwidth_,
            n_threads=n_threads,
            progress=progress,
        )
        row = _core.first_nonfinite_row(out, n_threads=n_threads)
        if row >= 0:
            raise ValueError(
                f"X holds an image, in row {row}, that is too far from those fitted for distances "
                "to words in float32; set normalize=True, or scale X as in fit."
            )

    def _fitted_state(self) -> tuple[Facts, Arrays]:
        facts, arrays = super()._fitted_state()
        facts |= {
            "contrast": self.contrast_,
            "bandwidth": self.bandwidth_,
            "n_iter": self.n_iter_,
        }
        arrays["words"] = self.words_.reshape(len(self.words_), -1)
        if self.whitening_ is not None:
            arrays |= {"patch_mean": self.patch_mean_, "whitening": self.whitening_}
        return facts, arrays

    def _restore(self, facts: Facts, arrays: Arrays, shape: Shape) -> dict[str, Any]:
        size = self._check_parameters(shape)
        n = prod(size) * as_volume(shape)[2]
        words = check_stored(arrays["words"], "words", "f", (self.n_words, n))
        mean = whitening = None
        if self.whiten:
            mean = check_stored(arrays["patch_mean"], "patch_mean", "f", (n,))
            whitening = check_stored(arrays["whitening"], "whitening", "f", (n, n))
        for name, array in {"words": words, "patch_mean": mean, "whitening": whitening}.items():
            if array is not None and not (array.dtype == np.float32 and np.isfinite(array).all()):
                raise ValueError(f"{name} is not finite float32")
        contrast = check_real("contrast", facts["contrast"], at_least=0) if self.normalize else None
        bandwidth = facts["bandwidth"]
        if self.assignment == "soft":
            bandwidth = check_real("bandwidth", bandwidth, above=0)
        n_iter = check_integer("n_iter", facts["n_iter"], at_least=0)
        return self._attributes(Codebook(words, mean, whitening, bandwidth, n_iter), contrast)
