"""Features of images, as scikit-learn transformers: what linear classifiers and neighbours deserve.

All take images of shape (n, height, width) or (n, height, width, channels), or flat rows, in uint8
or floats, and return rows of float32, computed in parallel by the core, image by image, so that
they need little more memory than what they return.
"""
