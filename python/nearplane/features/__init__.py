"""Features of images, as scikit-learn transformers: what linear classifiers and neighbours deserve.

All take images of shape (n, height, width) or (n, height, width, channels), or flat rows, in uint8
or floats, and return rows of float32, computed in parallel by the core, image by image, so that
they need little more memory than what they return.

- `ColorHistogram` counts how many pixels have which colour;
- `HOG` counts which way the edges of each cell run;
- `VisualWords` compares all patches with a codebook learned from patches.

Examples
--------
>>> from sklearn.pipeline import make_pipeline
>>> from nearplane import LinearClassifier
>>> from nearplane.datasets import load_dataset
>>> from nearplane.features import HOG
>>> digits = load_dataset("digits")
>>> pipeline = make_pipeline(HOG(pixels_per_cell=2), LinearClassifier(random_state=0))
>>> accuracy = pipeline.fit(digits.X_train, digits.y_train).score(digits.X_test, digits.y_test)
>>> accuracy > 0.9
True
"""

from nearplane.features._color_histogram import ColorHistogram
from nearplane.features._hog import HOG
from nearplane.features._visual_words import VisualWords

__all__ = [
    "HOG",
    "ColorHistogram",
    "VisualWords",
]
