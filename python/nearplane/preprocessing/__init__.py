"""Preprocessing and augmentation of images, as scikit-learn transformers.

All take images of shape (n, height, width) or (n, height, width, channels), or flat rows, in uint8
or floats, and work block by block, so that they need little more memory than what they return.

- `MeanImage` subtracts the mean image, or the mean of each channel;
- `Standardize` divides by standard deviations besides: of features, channels or single images;
- `ZCAWhitening` takes the correlations out of the features, and leaves images images;
- `RandomHorizontalFlip`, `RandomCrop` and `Cutout` alter training images at random: in
  `fit_transform` and `augment`, never in `transform`, so that a pipeline leaves queries alone;
- `MixUp` blends pairs of training images and of their labels.

`nearplane.LinearClassifier` centres and scales by itself, without a copy of the images.

Examples
--------
>>> from sklearn.pipeline import make_pipeline
>>> from nearplane import LinearClassifier
>>> from nearplane.datasets import load_dataset
>>> from nearplane.preprocessing import Cutout
>>> digits = load_dataset("digits")
>>> pipeline = make_pipeline(Cutout(2, random_state=0), LinearClassifier(random_state=0))
>>> accuracy = pipeline.fit(digits.X_train, digits.y_train).score(digits.X_test, digits.y_test)
>>> accuracy > 0.9
True
"""

from nearplane.preprocessing._crop import RandomCrop
from nearplane.preprocessing._cutout import Cutout
from nearplane.preprocessing._flip import RandomHorizontalFlip
from nearplane.preprocessing._mixup import MixUp
from nearplane.preprocessing._scaling import MeanImage, Standardize
from nearplane.preprocessing._whitening import ZCAWhitening

__all__ = [
    "Cutout",
    "MeanImage",
    "MixUp",
    "RandomCrop",
    "RandomHorizontalFlip",
    "Standardize",
    "ZCAWhitening",
]
