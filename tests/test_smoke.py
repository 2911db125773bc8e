"""One question to each part of the package, with nothing but the package and what it requires.

These run where a wheel has just been installed: no compiler, no pytest, none of the optional
packages. As a program this runs all of them at every level that the processor has, each level in an
interpreter of its own; pytest runs them at one.
"""

import io
import os
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import nearplane
from nearplane import _core
from nearplane.datasets import load_dataset
from nearplane.features import HOG, ColorHistogram
from nearplane.losses import softmax

_DIGITS = load_dataset("digits")
_X, _Y = _DIGITS.X_train.reshape(-1, 64), _DIGITS.y_train
_QUERIES = _DIGITS.X_test[:50].reshape(-1, 64)
_K = 5


def test_versions_name_the_level_that_runs():
    assert _core.isa_level() in _core.available_levels()
    assert set(_core.available_levels()) <= set(_core.built_levels())
    with redirect_stdout(io.StringIO()) as shown:
        nearplane.show_versions()
    assert _core.isa_level() in shown.getvalue()


def test_neighbors_are_those_of_a_sort():
    for metric, algorithm in (("manhattan", "brute"), ("sqeuclidean", "pruned")):
        for dtype in (np.uint8, np.float32, np.float64):
            base, queries = _X.astype(dtype), _QUERIES.astype(dtype)
            found = nearplane.argkmin(queries, base, _K, metric, algorithm=algorithm)
            distances, indices = _sorted_neighbors(metric)
            assert np.array_equal(found[0], distances)
            assert np.array_equal(found[1], indices)


def test_answers_do_not_depend_on_threads():
    one, two = (nearplane.argkmin(_QUERIES, _X, _K, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert one[0].tobytes() == two[0].tobytes()
    assert one[1].tobytes() == two[1].tobytes()


def test_training_lowers_the_loss_and_repeats_itself():
    models = [
        nearplane.LinearClassifier(max_epochs=5, random_state=0, n_jobs=n_jobs).fit(_X, _Y)
        for n_jobs in (1, 2)
    ]
    assert models[0].coef_.tobytes() == models[1].coef_.tobytes()
    assert models[0].score(_DIGITS.X_test.reshape(-1, 64), _DIGITS.y_test) > 0.9


def test_softmax_is_its_formula():
    rows = _X[:100] / 16.0
    weights = np.random.default_rng(0).normal(size=(rows.shape[1], 10))
    scores = rows @ weights
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    loss, gradient, _ = softmax(weights, rows, _Y[:100])
    assert np.isclose(loss, -np.log(shares[np.arange(100), _Y[:100]]).mean())
    shares[np.arange(100), _Y[:100]] -= 1
    assert np.allclose(gradient, rows.T @ shares / 100)


def test_saved_models_answer_as_before():
    models = (nearplane.KNeighborsClassifier(_K), nearplane.LinearClassifier(max_epochs=2))
    with tempfile.TemporaryDirectory() as folder:
        for model in models:
            path = Path(folder) / "model"
            model.fit(_X, _Y).save(path)
            loaded = type(model).load(path)
            assert np.array_equal(loaded.predict(_QUERIES), model.predict(_QUERIES))


def test_clusters_are_around_their_nearest_centers():
    model = nearplane.KMeans(10, random_state=0).fit(_X)
    squares = ((_X[:, None].astype(float) - model.cluster_centers_) ** 2).sum(axis=2)
    assert np.array_equal(model.labels_, squares.argmin(axis=1))
    assert np.isclose(model.inertia_, squares.min(axis=1).sum())


def test_features_count_and_point():
    images = _QUERIES.reshape(-1, 8, 8)
    histogram = ColorHistogram(bins=17, space="gray", soft=False, normalize=None)
    counts = histogram.set_params(value_range=(0, 17)).fit_transform(images)
    assert np.array_equal(counts, [np.bincount(image.ravel(), minlength=17) for image in images])
    gradients = HOG(pixels_per_cell=4, cells_per_block=1, orientations=9)
    assert not gradients.fit_transform(np.full_like(images, 7)).any()
    assert (gradients.transform(images).reshape(len(images), -1).max(axis=1) > 0).all()


def test_the_command_tells_what_runs_or_what_to_install():
    command = [sys.executable, "-m", "nearplane.cli", "info"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if find_spec("typer") and find_spec("rich"):
        assert told.returncode == 0
        assert _core.isa_level() in told.stdout
    else:
        assert told.returncode == 1
        assert "pip install 'nearplane[cli]'" in told.stderr


def _sorted_neighbors(metric):
    """Find neighbours by sorting all distances, in integers; the lower index wins a tie."""
    differences = _QUERIES[:, None].astype(np.int64) - _X
    power = np.abs(differences) if metric == "manhattan" else differences**2
    distances = power.sum(axis=2)
    indices = np.argsort(distances, axis=1, kind="stable")[:, :_K]
    return np.take_along_axis(distances, indices, axis=1), indices


def _main():
    for level in _core.available_levels():
        command = [sys.executable, __file__, level]
        subprocess.run(command, env=os.environ | {"NEARPLANE_ISA": level}, check=True)


def _test_level(level):
    assert _core.isa_level() == level
    tests = [test for name, test in globals().items() if name.startswith("test_")]
    for test in tests:
        test()
    print(f"{level}: {len(tests)} smoke tests passed, in {nearplane.__file__}")


if __name__ == "__main__":
    _test_level(*sys.argv[1:]) if sys.argv[1:] else _main()
