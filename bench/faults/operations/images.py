"""Features of images, their preprocessing, and images that are made."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from faults.operations._operation import N_JOBS, Making, Operation, images
from nearplane import datasets, preprocessing
from nearplane.features import HOG, ColorHistogram, VisualWords


def _transforming(make: Callable[[], Any]) -> Operation:
    X = images()
    model = make().fit(X)
    return Operation(lambda: model.transform(X))


def _fitting(make: Callable[[], Any], side: int = 32) -> Operation:
    X = images(side=side)
    return Operation(lambda: make().fit(X).transform(X[:4]))


def _back() -> Operation:
    X = images(side=8)
    model = preprocessing.ZCAWhitening(n_components=8).fit(X)
    white = model.transform(X)
    return Operation(lambda: model.inverse_transform(white))


def _mixing() -> Operation:
    X = images()
    y = np.arange(len(X)) % 3
    return Operation(lambda: preprocessing.MixUp(random_state=0).fit_resample(X, y))


def _altering(make: Callable[[], Any]) -> Operation:
    X = images()
    y = np.arange(len(X)) % 3
    return Operation(lambda: (make().fit_transform(X), make().augment(X, y)))


_words = partial(
    VisualWords, 12, n_patches=600, max_iter=2, stride=2, random_state=0, n_jobs=N_JOBS
)

IMAGES: dict[str, Making] = {
    "HOG": partial(_transforming, partial(HOG, n_jobs=N_JOBS)),
    "HOG of gray": partial(_transforming, partial(HOG, channels="gray", n_jobs=N_JOBS)),
    "ColorHistogram": partial(_transforming, partial(ColorHistogram, 4, n_jobs=N_JOBS)),
    "ColorHistogram hsv": partial(
        _transforming, partial(ColorHistogram, 4, space="hsv", grid=2, n_jobs=N_JOBS)
    ),
    "VisualWords fit": partial(_fitting, _words),
    "VisualWords transform": partial(_transforming, _words),
    "VisualWords soft": partial(_transforming, partial(_words, assignment="soft")),
    "MeanImage": partial(_fitting, preprocessing.MeanImage),
    "Standardize": partial(_fitting, preprocessing.Standardize),
    "Standardize by image": partial(_fitting, partial(preprocessing.Standardize, per="image")),
    "ZCAWhitening": partial(_fitting, partial(preprocessing.ZCAWhitening, n_components=8), 8),
    "ZCAWhitening inverse": _back,
    "RandomCrop": partial(_altering, partial(preprocessing.RandomCrop, random_state=0)),
    "RandomHorizontalFlip": partial(
        _altering, partial(preprocessing.RandomHorizontalFlip, random_state=0)
    ),
    "Cutout": partial(_altering, partial(preprocessing.Cutout, random_state=0)),
    "MixUp": _mixing,
    "make_natural_images": lambda: Operation(
        lambda: datasets.make_natural_images(12, (8, 8, 3), random_state=0)
    ),
    "make_spirals": lambda: Operation(lambda: datasets.make_spirals(60, random_state=0)),
}
