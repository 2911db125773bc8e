"""Fitted features in files: loaded they compute the same, and no file can make them crash."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from nearplane._storage import read_arrays, write_arrays
from nearplane.features import HOG, ColorHistogram, VisualWords

SHAPE = (12, 16, 3)
KINDS = [HOG, ColorHistogram, VisualWords]
SMALL = {
    HOG: {"pixels_per_cell": (4, 4), "cells_per_block": (2, 2)},
    ColorHistogram: {"bins": (4, 2, 3), "grid": (2, 1), "value_range": (0, 255)},
    VisualWords: {"n_words": 6, "patch_size": (3, 4), "codebook": "random", "random_state": 0},
}


def sample(n=20, shape=SHAPE, dtype="uint8", seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape)).astype(dtype)


def fitted(kind, X=None, **parameters):
    return kind(**(SMALL[kind] | parameters)).fit(sample() if X is None else X)


def saved(model, tmp_path, **options):
    model.save(tmp_path / "model")
    return type(model).load(tmp_path / "model", **options)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("loading", [{}, {"mmap": True}, {"mmap": True, "verify": False}])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_loaded_computes_the_same(kind, loading, dtype, tmp_path):
    model = fitted(kind, sample(dtype=dtype))
    found = saved(model, tmp_path, **loading)
    assert type(found) is kind
    assert found.get_params() == model.get_params()
    assert (found.image_shape_, found.n_features_in_) == (SHAPE, 576)
    assert found.get_feature_names_out().tolist() == model.get_feature_names_out().tolist()
    queries = sample(5, dtype=dtype, seed=1)
    for other in (found, pickle.loads(pickle.dumps(found))):
        assert other.transform(queries).tobytes() == model.transform(queries).tobytes()


@pytest.mark.parametrize(
    "parameters",
    [
        {"whiten": False},
        {"normalize": False, "assignment": "hard"},
        {"assignment": "soft"},
        {"assignment": "soft", "bandwidth": 2.5, "codebook": "kmeans", "n_patches": 300},
        {"patch_size": 3, "grid": [1, 3], "stride": 2},
    ],
)
def test_words_of_all_sorts_are_kept(parameters, tmp_path):
    model = fitted(VisualWords, **parameters)
    found = saved(model, tmp_path)
    assert found.transform(sample(5)).tobytes() == model.transform(sample(5)).tobytes()
    for name in ("words_", "patch_mean_", "whitening_", "contrast_", "bandwidth_"):
        np.testing.assert_array_equal(getattr(found, name), getattr(model, name))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(12, 16), (12, 16, 1)])
def test_the_shape_of_grey_images_is_kept(kind, shape, tmp_path):
    grey = {"space": "gray", "bins": 5} if kind is ColorHistogram else {}
    model = fitted(kind, sample(shape=shape), **grey)
    found = saved(model, tmp_path)
    assert found.image_shape_ == shape
    rows = sample(5).reshape(15, -1)  # flat rows, 192 long
    assert np.array_equal(found.transform(rows), model.transform(rows))


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_columns_are_kept(kind, tmp_path):
    names = [f"pixel {number}" for number in range(576)]
    frame = pd.DataFrame(sample().reshape(20, -1), columns=names)
    found = saved(fitted(kind, frame, image_shape=SHAPE), tmp_path)
    assert found.feature_names_in_.tolist() == names
    with pytest.raises(ValueError, match="The feature names should match"):
        found.transform(frame.rename(columns={"pixel 0": "z"}))


@pytest.mark.parametrize("kind", KINDS)
def test_only_fitted_features_are_saved(kind, tmp_path):
    with pytest.raises(NotFittedError):
        kind().save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_other_kinds_are_refused(kind, tmp_path):
    fitted(kind).save(tmp_path / "model")
    for other in set(KINDS) - {kind}:
        message = f"model: holds '{kind.__name__}', expected '{other.__name__}'"
        with pytest.raises(ValueError, match=message):
            other.load(tmp_path / "model")


def forged(kind, tmp_path, change, **parameters):
    """Return the name of a file that is changed, with every checksum right."""
    path = tmp_path / "model"
    fitted(kind, **parameters).save(path)
    facts, arrays = read_arrays(path, kind.__name__)
    change(facts, arrays)
    write_arrays(path, kind.__name__, facts, arrays)
    return path


def set_fact(name, value):
    return lambda facts, arrays: facts.__setitem__(name, value)


def set_parameter(name, value):
    return lambda facts, arrays: facts["parameters"].__setitem__(name, value)


def set_array(name, *value, **options):
    return lambda facts, arrays: arrays.__setitem__(name, np.array(*value, **options))


def drop(name):
    return lambda facts, arrays: (facts.pop(name, None), arrays.pop(name, None))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("parameters"), "'parameters' is missing"),
        (set_fact("parameters", [3]), "its parameters are"),
        (set_parameter("trees", 5), "its parameters are"),
        (set_parameter("image_shape", [12, 16, 3]), "its parameter image_shape is"),
        (set_parameter("image_shape", {"tuple": "abc"}), "its parameter image_shape is"),
        (set_parameter("image_shape", {"list": [12]}), "its parameter image_shape is"),
        (set_parameter("n_jobs", 0), "n_jobs"),
        (set_parameter("n_jobs", "many"), "n_jobs"),
        (drop("image_shape"), "'image_shape' is missing"),
        (set_fact("image_shape", 3), "not iterable"),
        (set_fact("image_shape", [576]), "its images have the shape"),
        (set_fact("image_shape", [12, 16.0, 3]), "image_shape"),
        (set_fact("image_shape", [12, -16, -3]), "image_shape"),
        (set_fact("image_shape", [12, 0, 3]), "image_shape"),
        (set_fact("image_shape", [12, 16, 3, 1]), "its images have the shape"),
        (set_fact("image_shape", ["12", "16"]), "image_shape"),
        (set_fact("image_shape", [True, True, True]), "image_shape"),
        (set_fact("image_shape", [2**62, 2**62, 3]), "image_shape|its images"),
        (set_array("feature_names", ["a"]), "feature_names has shape"),
        (set_array("feature_names", np.arange(576)), "feature_names has dtype"),
    ],
)
def test_files_that_make_no_sense_are_refused(kind, change, message, tmp_path):
    path = forged(kind, tmp_path, change)
    expected = f"^{path}: holds no fitted {kind.__name__}: .*({message})"
    with pytest.raises(ValueError, match=expected):
        kind.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_parameter("patch_size", 13), "patch_size"),
        (set_parameter("patch_size", {"tuple": [3]}), "patch_size"),
        (set_parameter("patch_size", {"tuple": [3, 3]}), "words has shape"),
        (set_parameter("n_words", 7), "words has shape"),
        (set_parameter("n_words", None), "n_words"),
        (set_parameter("stride", 0), "stride"),
        (set_parameter("grid", 100), "grid"),
        (set_parameter("grid", {"tuple": [0, 1]}), "grid"),
        (set_parameter("assignment", "fuzzy"), "assignment"),
        (set_parameter("assignment", "soft"), "bandwidth"),
        (set_parameter("whiten", "yes"), "whiten"),
        (set_parameter("normalize", 3), "normalize"),
        (drop("words"), "'words' is missing"),
        (set_array("words", np.zeros((6, 36))), "words"),
        (set_array("words", np.zeros((6, 35), np.float32)), "words has shape"),
        (set_array("words", np.zeros((6, 36), int)), "words has dtype"),
        (set_array("words", np.full((6, 36), np.nan, np.float32)), "words is not finite"),
        (drop("patch_mean"), "'patch_mean' is missing"),
        (set_array("patch_mean", np.zeros(35, np.float32)), "patch_mean has shape"),
        (set_array("patch_mean", np.full(36, np.inf, np.float32)), "patch_mean is not finite"),
        (drop("whitening"), "'whitening' is missing"),
        (set_array("whitening", np.zeros((36, 1), np.float32)), "whitening has shape"),
        (drop("contrast"), "'contrast' is missing"),
        (set_fact("contrast", -1), "contrast"),
        (set_fact("contrast", None), "contrast"),
        (set_fact("image_shape", [16, 12]), "words has shape"),
    ],
)
def test_words_that_make_no_sense_are_refused(change, message, tmp_path):
    path = forged(VisualWords, tmp_path, change)
    with pytest.raises(ValueError, match=f"^{path}: holds no fitted VisualWords: .*{message}"):
        VisualWords.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_parameter("bins", 0), "bins"),
        (set_parameter("bins", {"tuple": [4, 2]}), "bins"),
        (set_parameter("bins", 2**40), "bins"),
        (set_parameter("space", "cmyk"), "space"),
        (set_parameter("space", "gray"), "bins"),
        (set_parameter("joint", 1), "joint"),
        (set_parameter("soft", "yes"), "soft"),
        (set_parameter("grid", {"tuple": [13, 1]}), "grid"),
        (set_parameter("normalize", "l3"), "normalize"),
        (set_parameter("value_range", {"tuple": [1, 0]}), "value_range"),
        (set_parameter("value_range", 3), "value_range"),
        (set_fact("image_shape", [12, 16]), "needs images of 3 channels"),
        (drop("value_range"), "'value_range' is missing"),
        (set_fact("value_range", [0, 1]), "value_range"),
        (set_fact("value_range", [0, 1, 2]), "too many values"),
        (set_fact("value_range", "ab"), "value_range"),
        (set_fact("value_range", None), "not"),
    ],
)
def test_histograms_that_make_no_sense_are_refused(change, message, tmp_path):
    path = forged(ColorHistogram, tmp_path, change)
    with pytest.raises(ValueError, match=f"^{path}: holds no fitted ColorHistogram: .*{message}"):
        ColorHistogram.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_parameter("orientations", 0), "orientations"),
        (set_parameter("orientations", 2.5), "orientations"),
        (set_parameter("pixels_per_cell", {"tuple": [0, 4]}), "pixels_per_cell"),
        (set_parameter("pixels_per_cell", {"tuple": [13, 4]}), "Make either smaller"),
        (set_parameter("cells_per_block", "large"), "cells_per_block"),
        (set_parameter("block_norm", "L3"), "block_norm"),
        (set_parameter("signed", 1), "signed"),
        (set_parameter("transform_sqrt", None), "transform_sqrt"),
        (set_parameter("channels", "green"), "channels"),
        (set_fact("image_shape", [2, 16, 3]), "Make either smaller"),
    ],
)
def test_gradients_that_make_no_sense_are_refused(change, message, tmp_path):
    path = forged(HOG, tmp_path, change)
    with pytest.raises(ValueError, match=f"^{path}: holds no fitted HOG: .*{message}"):
        HOG.load(path)


@pytest.mark.parametrize("value", [None, 0, -1.0, "wide"])
def test_a_bandwidth_that_is_none_is_refused(value, tmp_path):
    path = forged(VisualWords, tmp_path, set_fact("bandwidth", value), assignment="soft")
    with pytest.raises(ValueError, match=r"holds no fitted VisualWords: .*bandwidth"):
        VisualWords.load(path)
