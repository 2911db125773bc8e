"""What features of images share: what they read, where they write, files, names, threads."""

import pickle
import signal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from nearplane import KNeighborsClassifier
from nearplane.features import HOG, ColorHistogram

from .layouts import LAYOUTS
from .rows_as_lines import RowsAsLines

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 12, 16, 3), dtype=np.uint8)
MODELS = [
    HOG(4, pixels_per_cell=(4, 5), cells_per_block=2, block_norm="L1"),
    HOG(pixels_per_cell=[3, 4], cells_per_block=1, block_norm=None, signed=True, channels="gray"),
    ColorHistogram((2, 3, 4), space="hsv", grid=(2, 1), value_range=(0, 255)),
    ColorHistogram(5, joint=False, normalize="sqrt", value_range=[0.0, 255.0]),
]
each_model = pytest.mark.parametrize("model", MODELS, ids=repr)


class HOGOfLines(RowsAsLines, HOG):
    pass


class GraysOfLines(RowsAsLines, ColorHistogram):
    pass


@parametrize_with_checks(
    [
        HOGOfLines(pixels_per_cell=1, cells_per_block=1),
        HOGOfLines(2, pixels_per_cell=1, cells_per_block=1, block_norm=None, signed=True, n_jobs=2),
        GraysOfLines(space="gray", value_range=(-1000, 1000)),
        GraysOfLines(3, space="gray", value_range=(-1000, 1000), soft=False, normalize=None),
    ]
)
def test_scikit_learn_has_no_objection(estimator, check, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    check(estimator)


@each_model
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float16, ">f4", "f4", ">f8"])
def test_types_hold_the_same_images(model, dtype):
    expected = clone(model).fit(IMAGES).transform(IMAGES)
    found = clone(model).fit_transform(IMAGES.astype(dtype))
    assert found.dtype == np.float32
    # Grey of bytes is computed in float64, which float32 pixels become only after it.
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


@each_model
@pytest.mark.parametrize("layout", LAYOUTS)
def test_images_and_rows_are_read_wherever_they_lie(model, layout):
    expected = clone(model).fit_transform(IMAGES)
    rows = LAYOUTS[layout](IMAGES.reshape(30, -1))
    before = rows.tobytes()
    flat = clone(model).set_params(image_shape=(12, 16, 3)).fit(rows)
    np.testing.assert_array_equal(flat.transform(rows), expected)
    np.testing.assert_array_equal(flat.transform(IMAGES), expected)
    swapped = np.ascontiguousarray(IMAGES.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(flat.transform(swapped), expected)
    assert flat.transform(IMAGES.tolist()).shape == expected.shape
    assert rows.tobytes() == before


@each_model
def test_a_memory_map_is_read(model, tmp_path):
    np.save(tmp_path / "X.npy", IMAGES)
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    np.testing.assert_array_equal(clone(model).fit_transform(X), clone(model).fit_transform(IMAGES))


@each_model
def test_features_are_written_where_they_are_wanted(model, tmp_path):
    model = clone(model).fit(IMAGES)
    expected = model.transform(IMAGES)
    out = np.full_like(expected, np.nan)
    assert model.transform(IMAGES, out=out) is out
    np.testing.assert_array_equal(out, expected)

    mapped = np.memmap(tmp_path / "raw", np.float32, "w+", shape=expected.shape)
    assert model.transform(IMAGES, out=mapped) is mapped
    np.testing.assert_array_equal(mapped, expected)

    for path in (tmp_path / "features.npy", str(tmp_path / "text.npy")):
        found = model.transform(IMAGES, out=path)
        assert isinstance(found, np.memmap)
        assert not found.flags.writeable
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(np.load(path), expected)


def test_a_file_is_replaced_when_the_new_one_is_complete(tmp_path, monkeypatch):
    path = tmp_path / "features.npy"
    model = clone(MODELS[0]).fit(IMAGES)
    old = np.array(model.transform(IMAGES[:10], out=path))

    def stop(self, matrix, out, **_):
        out[:5] = 1
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(HOG, "_extract", stop)
        with pytest.raises(KeyboardInterrupt):
            model.transform(IMAGES, out=path)
    np.testing.assert_array_equal(np.load(path), old)
    assert [file.name for file in tmp_path.iterdir()] == ["features.npy"]
    model.transform(IMAGES, out=path)
    assert np.load(path).shape[0] == 30


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.empty((30, 3), np.float32), ValueError, r"out must have shape \(30, 64\); got \(30, 3"),
        (np.empty((30, 64)), TypeError, "out must have dtype float32; got float64"),
        (np.empty((30, 64), ">f4"), TypeError, "out must have dtype float32; got >f4"),
        (np.empty((64, 30), np.float32).T, ValueError, "out must be C-contiguous"),
        ([[0.0]], TypeError, "out must be a NumPy array or the name of a .npy file; got list"),
        ("features.npz", ValueError, "name of a .npy file; got 'features.npz'"),
    ],
)
def test_places_that_cannot_hold_features_are_refused(out, error, message):
    with pytest.raises(error, match=message):
        clone(MODELS[0]).fit(IMAGES).transform(IMAGES, out=out)


def test_features_are_not_written_over_the_images():
    memory = np.zeros((30, 576), np.float32)
    memory[:] = IMAGES.reshape(30, -1)
    model = clone(MODELS[0]).set_params(image_shape=(12, 16, 3)).fit(memory)
    out = memory.reshape(-1)[: 30 * 64].reshape(30, 64)
    with pytest.raises(ValueError, match="within the memory that X spans"):
        model.transform(memory, out=out)
    locked = np.empty((30, 64), np.float32)
    locked.flags.writeable = False
    with pytest.raises(ValueError, match="writeable"):
        model.transform(memory, out=locked)


@each_model
def test_a_fitted_model_is_kept_by_files_and_pickles(model, tmp_path):
    model = clone(model).fit(IMAGES)
    model.save(tmp_path / "model")
    expected = model.transform(IMAGES)
    for other in (
        type(model).load(tmp_path / "model"),
        type(model).load(tmp_path / "model", mmap=True),
        pickle.loads(pickle.dumps(model)),
    ):
        np.testing.assert_array_equal(other.transform(IMAGES), expected)
        np.testing.assert_array_equal(other.get_feature_names_out(), model.get_feature_names_out())
        assert other.image_shape_ == (12, 16, 3)
        assert other.n_features_in_ == 576
        assert other.feature_shape_ == model.feature_shape_
        assert repr(other.get_params()).replace("[", "(").replace("]", ")") == repr(
            model.get_params()
        ).replace("[", "(").replace("]", ")")
    wrong = ColorHistogram if isinstance(model, HOG) else HOG
    with pytest.raises(ValueError, match="model"):
        wrong.load(tmp_path / "model")


def test_the_range_that_was_fitted_is_kept(tmp_path):
    ColorHistogram().fit(IMAGES / 255).save(tmp_path / "model")
    assert ColorHistogram.load(tmp_path / "model").value_range_ == (0, 1)


@each_model
def test_names_are_as_many_as_features_and_differ(model):
    model = clone(model).fit(IMAGES)
    names = model.get_feature_names_out()
    assert names.dtype == object
    assert len(set(names)) == len(names) == model.transform(IMAGES[:1]).shape[1]
    assert int(np.prod(model.feature_shape_)) == len(names)


def test_features_become_columns():
    frame = clone(MODELS[0]).set_output(transform="pandas").fit(IMAGES).transform(IMAGES)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns[0] == "block0_0_cell0_0_bin0"
    assert (frame.dtypes == np.float32).all()


def test_features_are_put_side_by_side_in_a_pipeline():
    union = FeatureUnion([("shape", clone(MODELS[0])), ("colour", clone(MODELS[3]))])
    y = np.arange(30) % 3
    pipeline = make_pipeline(union, KNeighborsClassifier(1)).fit(IMAGES, y)
    assert pipeline.score(IMAGES, y) == 1
    both = union.transform(IMAGES)
    np.testing.assert_array_equal(both[:, :64], clone(MODELS[0]).fit_transform(IMAGES))
    assert union.get_feature_names_out()[0] == "shape__block0_0_cell0_0_bin0"
    assert union.get_feature_names_out()[-1] == "colour__region0_0_blue4"


@each_model
def test_threads_make_no_difference(model):
    many = np.concatenate([IMAGES] * 60)
    answers = [
        clone(model).set_params(n_jobs=n).fit_transform(many).tobytes() for n in (1, 2, 5, -1, None)
    ]
    assert len(set(answers)) == 1


@each_model
def test_images_must_be_those_that_were_fitted(model):
    with pytest.raises(NotFittedError):
        clone(model).transform(IMAGES)
    with pytest.raises(NotFittedError):
        clone(model).get_feature_names_out()
    with pytest.raises(ValueError, match="must know what images the rows of X are"):
        clone(model).fit(IMAGES.reshape(30, -1))
    with pytest.raises(ValueError, match=r"image_shape=\(12, 16\) makes 192"):
        clone(model).set_params(image_shape=(12, 16)).fit(IMAGES.reshape(30, -1))
    fitted = clone(model).fit(IMAGES)
    with pytest.raises(ValueError, match=r"images of shape \(16, 12, 3\)"):
        fitted.transform(IMAGES.swapaxes(1, 2))
    with pytest.raises(ValueError, match="576 features as input"):
        fitted.transform(IMAGES.reshape(30, -1)[:, :500])
    with pytest.raises(ValueError, match="minimum of 1"):
        fitted.transform(IMAGES[:0])


@each_model
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(model, value):
    images = IMAGES.astype(np.float32)
    images[[4, 9], 2, 3, 1] = value
    found = "NaN" if np.isnan(value) else "infinity"
    with pytest.raises(ValueError, match=rf"X contains {found}: first in row 4, column 106"):
        clone(model).fit(images)
    with pytest.raises(ValueError, match=rf"X contains {found}: first in row 4, column 106"):
        clone(model).fit(IMAGES).transform(images)


@each_model
def test_ctrl_c_ends_the_work_of_a_single_image(model):
    large = np.zeros((1, 3000, 4000, 3), np.uint8)
    model = clone(model).fit(large)
    out = np.empty((1, model._n_features_out), np.float32)

    def press(_):
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        model._extract(large.reshape(1, -1), out, n_threads=2, progress=press)
