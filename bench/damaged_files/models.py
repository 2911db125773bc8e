"""Small models of every kind that is saved, and a checkpoint, and something to ask of each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from damaged_files.checkpoints import Interrupted
from harness.methods import Array
from nearplane import KNeighborsClassifier, KNeighborsRegressor, LinearClassifier, NearestNeighbors
from nearplane.cluster import KMeans
from nearplane.features import HOG, ColorHistogram, VisualWords
from nearplane.linear_model import CosineDecay

_N, _N_FEATURES = 24, 6
_IMAGE = (12, 12, 3)

# What a model says of some input, as bytes.
Answer = Callable[[Any], bytes]


@dataclass(frozen=True)
class Kind:
    """How a kind of model is made, and asked."""

    fit: Callable[[], Any]
    answer: Answer


@dataclass(frozen=True)
class Saved:
    """A fitted model, its file, and what it answers."""

    name: str
    estimator: type[Any]
    content: bytes
    answer: Answer
    answered: bytes


def save_every_kind(folder: Path) -> dict[str, Saved]:
    """Fit a model of each kind and save it in a folder, which must exist."""
    found = {}
    for name, kind in _KINDS.items():
        model = kind.fit()
        path = folder / "model"
        model.save(path)
        content = path.read_bytes()
        found[name] = Saved(name, type(model), content, kind.answer, kind.answer(model))
    return found | {"checkpoint": _saved_checkpoint(folder)}


def _saved_checkpoint(folder: Path) -> Saved:
    interrupted = Interrupted.fit(folder)
    path = folder / "checkpoint"
    answer = Interrupted.weights
    return Saved("checkpoint", Interrupted, path.read_bytes(), answer, interrupted.weights())


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _rows(dtype: str, n: int = _N, seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (n, _N_FEATURES)).astype(dtype)


def _images(n: int = 3) -> Array:
    return _rng().integers(0, 256, (n, *_IMAGE), dtype=np.uint8)


def _labels() -> Array:
    return np.array(["cat", "dog", "äöü"])[np.arange(_N) % 3]


def _bytes_of(*arrays: Array) -> bytes:
    return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)


def _queries(model: Any) -> Array:
    """Return a few rows as wide as the model says, if that is something one could hand it."""
    if model.n_features_in_ > 2**16:
        raise ValueError("too wide to be asked")
    return np.random.default_rng(1).integers(0, 256, (5, model.n_features_in_)).astype(np.float32)


def _neighbours(model: Any) -> bytes:
    return _bytes_of(*model.kneighbors(_queries(model)), *model.kneighbors())


def _search_on(model: Any) -> bytes:
    """Search, and search again with more rows, of which a sketch gets the codes."""
    found = _neighbours(model)
    return found + _neighbours(model.partial_fit(_queries(model)))


def _votes(model: Any) -> bytes:
    queries = _queries(model)
    return _neighbours(model) + _bytes_of(model.predict(queries), model.predict(None))


def _scores(model: Any) -> bytes:
    """Predict, learn a little more, and predict again."""
    queries = _queries(model)
    predicted = model.predict(queries)
    found = _bytes_of(model.decision_function(queries), predicted)
    if hasattr(model, "partial_fit"):  # not where a forged file names the solver "lbfgs"
        model.partial_fit(queries, predicted)
    return found + _bytes_of(model.decision_function(queries))


def _clusters(model: Any) -> bytes:
    queries = _queries(model)
    return _bytes_of(model.predict(queries), model.transform(queries))


def _features(model: Any) -> bytes:
    return _bytes_of(model.transform(_queries(model)))


def _linear() -> LinearClassifier:
    model = LinearClassifier("hinge", max_epochs=2, batch_size=8, random_state=0)
    return model.fit(_rows("uint8"), np.arange(_N) % 4)


def _linear_with_all() -> LinearClassifier:
    frame = pd.DataFrame(_rows("float32"), columns=[f"column {i}" for i in range(_N_FEATURES)])
    model = LinearClassifier(
        schedule=CosineDecay(0.1),
        class_weight={"cat": 2.0, "dog": 1.0, "äöü": 0.5},
        optimizer="adam",
        max_epochs=2,
        batch_size=8,
        record_steps=True,
        random_state=0,
    )
    return model.fit(frame, _labels(), X_val=frame[:6], y_val=_labels()[:6])


def _search(metric: str, algorithm: str, dtype: str) -> NearestNeighbors:
    search = NearestNeighbors(n_neighbors=3, metric=metric, algorithm=algorithm)
    return search.fit(_rows(dtype))


def _classifier() -> KNeighborsClassifier:
    weight = np.linspace(0.5, 2, _N)
    return KNeighborsClassifier(3).fit(_rows("uint8"), _labels(), sample_weight=weight)


def _two_outputs() -> KNeighborsClassifier:
    labels = np.stack([np.arange(_N) % 3, np.arange(_N) % 2], axis=1)
    return KNeighborsClassifier(3, weights="distance", algorithm="pruned").fit(
        _rows("float64"), labels
    )


def _regressor() -> KNeighborsRegressor:
    targets = _rng().random((_N, 2))
    return KNeighborsRegressor(3, local_fit="linear").fit(_rows("float32"), targets)


def _words() -> VisualWords:
    words = VisualWords(n_words=4, patch_size=2, n_patches=200, max_iter=2, random_state=0)
    return words.fit(_images())


_KINDS = {
    "linear": Kind(_linear, _scores),
    "linear with all": Kind(_linear_with_all, _scores),
    "search": Kind(partial(_search, "manhattan", "brute", "uint8"), _search_on),
    "search, L1 sketch": Kind(partial(_search, "manhattan", "pruned", "uint8"), _search_on),
    "search, L2 sketch": Kind(partial(_search, "euclidean", "pruned", "float32"), _search_on),
    "search, cosine sketch": Kind(partial(_search, "cosine", "pruned", "float32"), _search_on),
    "classifier": Kind(_classifier, _votes),
    "classifier, two outputs": Kind(_two_outputs, _votes),
    "regressor": Kind(_regressor, _votes),
    "k-means": Kind(lambda: KMeans(3, random_state=0).fit(_rows("float32")), _clusters),
    "gradients": Kind(
        lambda: HOG(4, pixels_per_cell=4, cells_per_block=2).fit(_images()), _features
    ),
    "colours": Kind(lambda: ColorHistogram().fit(_images()), _features),
    "words": Kind(_words, _features),
}
