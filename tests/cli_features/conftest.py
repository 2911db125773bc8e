"""Few images, two transformers of features, and files of images, in a folder of their own."""

import pytest
from PIL import Image

from nearplane.datasets import _loaders, load_dataset
from nearplane.features import HOG, ColorHistogram

from .asked import N_TEST, N_TRAIN


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARPLANE_DATA", str(tmp_path))
    # There are thousands of natural images, unless few are asked for.
    monkeypatch.setattr(_loaders, "_NATURAL_TRAIN", N_TRAIN)
    monkeypatch.setattr(_loaders, "_NATURAL_TEST", N_TEST)
    return tmp_path


@pytest.fixture(scope="module")
def natural():
    return load_dataset("natural", n_train=N_TRAIN, n_test=N_TEST)


@pytest.fixture
def models(natural):
    """Save two transformers of features."""
    transformers = {"hog.np": HOG(), "colours.np": ColorHistogram()}
    for file, transformer in transformers.items():
        transformer.fit(natural.X_train).save(file)
    return transformers


@pytest.fixture
def photographs(natural, folder):
    """Write images of several sizes to a folder, in it one that is hidden and one of no image."""
    files = ["b/2.png", "b/10.png", "a.png", "c.jpg"]
    for number, file in enumerate(files):
        path = folder / "photos" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(natural.X_test[number]).resize((40 + number, 33)).save(path)
    (folder / "photos" / "notes.txt").write_text("no image")
    (folder / "photos" / ".hidden.png").write_bytes(b"")
    return [f"photos/{file}" for file in ("a.png", "b/10.png", "b/2.png", "c.jpg")]
