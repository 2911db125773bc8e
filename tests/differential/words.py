"""Visual words: every step that may be taken or left out."""

import numpy as np

from ..core_levels import LEVELS
from ..visual_words_reference import encode
from .drawing import CORE_LAYOUTS, case_of, laid_out, pick, size, threads
from .images import random_images

ASSIGNMENTS = ("triangle", "hard", "soft")
_WORDS = (1, 2, 15, 16, 17, 31, 32, 33, 65)


def draw(rng):
    """Images of any size, patches and regions."""
    height, width = int(rng.integers(1, 10)), size(rng, (1, 2, 9, 16, 17, 33), 20)
    n_channels = int(pick(rng, (1, 2, 3, 4)))
    patch_size = tuple(int(rng.integers(1, min(n, 4) + 1)) for n in (height, width))
    images = random_images(rng, height, width, n_channels)[:2]
    stride, n_words = int(rng.integers(1, 3)), size(rng, _WORDS, 70)
    n_features = patch_size[0] * patch_size[1] * n_channels
    places = [(n - p) // stride + 1 for n, p in zip((height, width), patch_size, strict=True)]
    whitened = rng.random() < 0.6
    model = {
        "patch_size": patch_size,
        "stride": stride,
        "grid": tuple(int(rng.integers(1, min(n, 3) + 1)) for n in places),
        "contrast": pick(rng, (None, 10.0)),
        "center": rng.normal(size=n_features).astype(np.float32) if whitened else None,
        "whitening": None,
        "words": (3 * rng.normal(size=(n_words, n_features))).astype(np.float32),
        "assignment": pick(rng, ASSIGNMENTS),
        "bandwidth": 4.0,
    }
    if whitened:
        spread = 1 if model["contrast"] is not None else 128
        whitening = rng.normal(size=(n_features, n_features)) / spread
        model["whitening"] = whitening.astype(np.float32)
    if model["contrast"] is None and not whitened:  # patches are bytes, and so are words
        words = rng.integers(0, 256, (n_words, n_features)) + rng.random((n_words, n_features))
        model |= {"words": words.astype(np.float32), "bandwidth": 60.0}
    expected = np.array([encode(image.astype(float), **model) for image in images])
    images = images.astype(pick(rng, ("uint8", "float32", "float64")))
    X, n_threads = laid_out(rng, images.reshape(len(images), -1), CORE_LAYOUTS), threads(rng)

    def check(level):
        out = np.full(expected.shape, np.nan, np.float32)
        LEVELS[level].encode_visual_words(
            X, out, image_shape=images.shape[1:], **model, n_threads=n_threads, progress=None
        )
        atol = 1e-3 * max(1, expected.max() / 100)
        np.testing.assert_allclose(out, expected, rtol=2e-4, atol=atol)

    facts = {name: model[name] for name in ("patch_size", "stride", "grid", "contrast")}
    return case_of(
        check, X, images=images.shape, n_words=n_words, whitened=whitened, n_threads=n_threads,
        assignment=model["assignment"], **facts,
    )  # fmt: skip
