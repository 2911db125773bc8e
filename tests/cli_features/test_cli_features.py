"""``nearplane features``, and features on the way from images to labels."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane._cli import _features, _features_loaded, _image_files
from nearplane.datasets import load_arrays, load_dataset, read_images
from nearplane.features import HOG, ColorHistogram, VisualWords

from ..commands import invoke, rows
from .asked import DATA, N_TEST, N_TRAIN

WORDS = ("--n-words", 12, "--n-patches", 2000)


def succeeded(*arguments):
    result = invoke(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["hog"], HOG()),
        (
            ["hog", "--cell", "8x4", "--block", "2", "--orientations", "6", "--signed"],
            HOG(6, pixels_per_cell=(8, 4), cells_per_block=(2, 2), signed=True),
        ),
        (
            ["hog", "--block-norm", "none", "--channels", "gray"],
            HOG(block_norm=None, channels="gray"),
        ),
        (["color-histogram"], ColorHistogram()),
        (
            [
                *("color-histogram", "--bins", "4,3,2", "--space", "hsv", "--separate", "--hard"),
                *("--grid", "2x1", "--normalize", "none", "--white", "256"),
            ],
            ColorHistogram(
                (4, 3, 2), space="hsv", joint=False, soft=False, grid=(2, 1), normalize=None,
                value_range=(0, 256),
            ),
        ),
        (["visual-words", *WORDS], VisualWords(12, n_patches=2000, random_state=0)),
        (
            ["visual-words", *WORDS, "--regularisation", "0.01"],
            VisualWords(12, n_patches=2000, regularisation=0.01, random_state=0),
        ),
        (
            [
                *("visual-words", *WORDS, "--patch-size", "5x4", "--stride", 2, "--no-whiten"),
                *("--codebook", "random", "--assignment", "hard", "--grid", "3x1", "--seed", 7),
            ],
            VisualWords(
                12, n_patches=2000, patch_size=(5, 4), stride=2, whiten=False, codebook="random",
                assignment="hard", grid=(3, 1), random_state=7,
            ),
        ),
    ],
)  # fmt: skip
def test_features_are_fitted_as_asked_and_saved(arguments, expected, folder):
    record = succeeded("features", "fit", *arguments, *DATA, "--out", "m.np")
    model = type(expected).load("m.np")
    images = load_dataset("natural", random_state=record["seed"])
    expected.fit(images.X_train)
    assert np.array_equal(model.transform(images.X_train), expected.transform(images.X_train))
    assert (model.n_jobs, model.verbose) == (None, False)
    assert record["n_features"] == len(expected.get_feature_names_out())
    assert (record["kind"], record["n_train"]) == (arguments[0], N_TRAIN)
    assert record["image_shape"] == [32, 32, 3]
    assert record["model_bytes"] == (folder / "m.np").stat().st_size


def test_what_is_written_is_printed_with_what_to_do_next(folder):
    result = invoke("features", "fit", "hog", *DATA)
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    n_features = len(HOG.load("hog.np").get_feature_names_out())
    assert lines[0] == "natural: 60 training images of 32 x 32 x 3"
    assert lines[1].startswith(f"hog.np: hog, {n_features:,} features an image, fitted in ")
    assert lines[-1] == "next: nearplane linear fit --features hog.np --dataset natural"
    assert max(map(len, lines)) <= 80
    assert os.listdir(folder) == ["hog.np"]
    assert invoke("features", "fit", "hog", *DATA, "-q").stdout == ""


def test_a_data_set_of_features_is_written(models, natural, monkeypatch):
    monkeypatch.setattr(_features_loaded, "_BLOCK_IMAGES", 7)
    arguments = ("hog.np", *DATA, "--out", "made/features")
    record = succeeded("features", "transform", *arguments)
    assert {path.name for path in Path("made").iterdir()} == {"features"}
    found = load_arrays("made/features", mmap=True)
    assert found.X_train.dtype == np.float32
    assert np.array_equal(found.X_train, models["hog.np"].transform(natural.X_train))
    assert np.array_equal(found.X_test, models["hog.np"].transform(natural.X_test))
    assert np.array_equal(found.y_train, natural.y_train)
    assert np.array_equal(found.y_test, natural.y_test)
    assert found.target_names == natural.class_names
    assert record["n_features"] == found.X_train.shape[1]
    assert (record["n_train"], record["n_test"]) == (N_TRAIN, N_TEST)


def test_features_of_two_models_stand_side_by_side(models, natural):
    arguments = ("hog.np", "--with", "colours.np", *DATA)
    printed = invoke("features", "transform", *arguments).stdout.splitlines()
    expected = [model.transform(natural.X_test) for model in models.values()]
    assert np.array_equal(np.load("features/X_test.npy"), np.hstack(expected))
    n_features = sum(part.shape[1] for part in expected)
    assert printed[0].startswith(f"features: {n_features:,} features of 90 images, computed in ")
    command = "linear fit --dataset arrays --data-dir features"
    assert printed[1] == f"next: nearplane {command}"
    assert invoke(*command.split(), "--epochs", 2).exit_code == 0


def test_features_written_again_replace_the_old_and_nothing_else(models, natural):
    arguments = ("--dataset", "natural", "--out", "features")
    assert invoke("features", "transform", "hog.np", *arguments, "--n-train", 20).exit_code == 0
    assert invoke("features", "transform", "colours.np", *arguments).exit_code == 0
    expected = models["colours.np"].transform(natural.X_train)
    assert np.array_equal(np.load("features/X_train.npy"), expected)
    Path("features", "notes.txt").write_text("mine")
    result = invoke("features", "transform", "hog.np", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "nearplane: features holds 'notes.txt', which is not of features: name another folder.\n"
    )
    assert np.array_equal(np.load("features/X_train.npy"), expected)


@pytest.mark.parametrize("n_at_once", [1, 3, 1000])
def test_files_and_folders_of_images_become_rows(models, photographs, n_at_once, monkeypatch):
    monkeypatch.setattr(_image_files, "_BLOCK_FILES", n_at_once)
    record = succeeded("features", "transform", "hog.np", "photos", "photos/c.jpg")
    assert record["files"] == [*photographs, "photos/c.jpg"]
    images = read_images(record["files"], size=(32, 32)).images
    found = np.load("features.npy", mmap_mode="r")
    assert found.dtype == np.float32
    assert np.array_equal(found, models["hog.np"].transform(images))
    assert record["n_rows"] == len(found) == 5
    assert record["unreadable"] == []


@pytest.mark.parametrize("white", [[], ["--white", 0.5]])
def test_bytes_of_files_become_values_such_as_were_fitted(white, natural, photographs):
    """What white was, histograms of colours know, unless another value is stated."""
    X = natural.X_train * np.float32(1 / 255)
    colours = ColorHistogram().fit(X)
    colours.save("colours.np")
    scale = np.float32((white or [1, 1])[1] / 255)
    images = (255 - read_images(photographs, size=(32, 32)).images) * scale
    expected = colours.transform(images)
    arguments = ("colours.np", *photographs, *white, "--invert", "--out", "f.npy")
    assert invoke("features", "transform", *arguments).exit_code == 0
    assert np.array_equal(np.load("f.npy"), expected)
    classifier = KNeighborsClassifier(1).fit(colours.transform(X), natural.y_train)
    classifier.save("m.np")
    options = ("--features", "colours.np", "--invert", "--json", *white)
    answers = json.loads(invoke("knn", "predict", "m.np", *photographs, *options).stdout)
    labels = [str(label) for label in classifier.predict(expected)]
    assert [answer["label"] for answer in answers["predictions"]] == labels


def test_files_that_cannot_be_read_have_no_row(models, photographs, folder):
    Path("photos", "b", "1.png").write_bytes(b"no image")
    result = invoke("features", "transform", "hog.np", "photos", "--out", "f.npy")
    assert result.exit_code == 1
    assert result.stderr.startswith("nearplane: photos/b/1.png: ")
    assert result.stderr.count("\n") == 1
    images = read_images(photographs, size=(32, 32)).images
    assert np.array_equal(np.load("f.npy"), models["hog.np"].transform(images))
    arguments = ("features", "transform", "hog.np", "photos", "--out", "f.npy", "--json")
    record = json.loads(invoke(*arguments).stdout)
    assert [problem["file"] for problem in record["unreadable"]] == ["photos/b/1.png"]
    assert record["files"] == photographs
    Path("photos", "b", "1.png").rename("broken.png")
    result = invoke("features", "transform", "hog.np", "broken.png", "--out", "none.npy")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("nearplane: no image could be read: broken.png: ")
    assert not Path("none.npy").exists()


def test_a_model_is_described(models):
    record = succeeded("features", "show", "colours.np")
    assert record["kind"] == "color-histogram"
    assert record["image_shape"] == [32, 32, 3]
    n_features = len(models["colours.np"].get_feature_names_out())
    assert record["n_features"] == n_features
    printed = invoke("features", "show", "hog.np").stdout
    assert printed.startswith("hog.np: hog, ")
    assert "features of images of 32 x 32 x 3, " in printed
    assert ["orientations", "9"] in rows(printed)


@pytest.mark.parametrize(
    ("command", "classifier"),
    [
        ("knn", KNeighborsClassifier(3, metric="l1", ties="nearest")),
        ("linear", LinearClassifier(max_epochs=4, random_state=0)),
    ],
)
def test_labels_are_those_of_a_classifier_of_features(
    command, classifier, models, natural, photographs
):
    features = ("--features", "hog.np", "--features", "colours.np")

    def featured(X):
        return np.hstack([model.transform(X) for model in models.values()])

    names = np.array(natural.class_names)
    classifier.fit(featured(natural.X_train), names[natural.y_train]).save("m.np")
    record = succeeded(command, "evaluate", "m.np", *features, *DATA)
    predicted = classifier.predict(featured(natural.X_test))
    assert record["accuracy"] == np.mean(predicted == names[natural.y_test])
    assert record["image_shape"] == [32, 32, 3]
    answers = succeeded(command, "predict", "m.np", *photographs, *features)["predictions"]
    images = read_images(photographs, size=(32, 32)).images
    expected = classifier.predict(featured(images)).tolist()
    assert [answer["label"] for answer in answers] == expected


@pytest.mark.parametrize(("command", "options"), [("knn", ["--k", 3]), ("linear", ["--epochs", 4])])
def test_a_classifier_is_fitted_to_features(command, options, models, natural):
    options = (*options, *DATA, "--features", "hog.np", "--out", "m.np")
    record = succeeded(command, "fit", *options)
    classifier = {
        "knn": KNeighborsClassifier(3),
        "linear": LinearClassifier(max_epochs=4, random_state=0),
    }[command]
    features = models["hog.np"].transform(natural.X_train)
    classifier.fit(features, np.array(natural.class_names)[natural.y_train])
    own = type(classifier).load("m.np")
    assert np.array_equal(own.predict(features), classifier.predict(features))
    assert record["features"] == ["hog.np"]
    assert record["n_features"] == own.n_features_in_
    printed = invoke(command, "fit", *options).stdout.splitlines()
    assert printed[0] == "natural: 60 training images of 32 x 32 x 3, 10 classes"
    assert printed[1] == f"{own.n_features_in_:,} features of each: hog.np"
    next_command = f"{command} evaluate m.np --dataset natural --features hog.np"
    assert printed[-1] == f"next: nearplane {next_command}"
    assert invoke(*next_command.split()).exit_code == 0


def test_a_folder_is_read_in_the_size_that_features_are_of(folder):
    rng = np.random.default_rng(0)
    for label in "ab":
        Path("photos", label).mkdir(parents=True)
        for number in range(10):
            pixels = rng.integers(0, 256, (30, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(f"photos/{label}/{number}.png")
    data = ("--dataset", "folder", "--data-dir", "photos")
    fit = ("features", "fit", "hog", *data, "--image-size", "24x40")
    assert invoke(*fit, "--out", "hog.np").exit_code == 0
    assert HOG.load("hog.np").image_shape_ == (24, 40, 3)
    for words in (
        ("linear", "fit", "--out", "m.np", "--features", "hog.np"),
        ("linear", "evaluate", "m.np", "--features", "hog.np"),
        ("features", "transform", "hog.np", "--out", "f"),
    ):
        result = invoke(*words, *data)
        assert (result.exit_code, result.stderr) == (0, "")
    assert np.load("f/X_train.npy").shape[0] == 16


@pytest.mark.parametrize("terminal", [False, True])
def test_a_terminal_is_shown_how_far_the_work_is(terminal, models, monkeypatch):
    class Stream:
        def isatty(self):
            return terminal

    class System:
        stderr = Stream()

    shown = []
    blocks = _features_loaded.Features.blocks

    def watched(self, X, what, *, show):
        shown.append((what, show))
        return blocks(self, X, what, show=show)

    monkeypatch.setattr(_features_loaded.Features, "blocks", watched)
    monkeypatch.setattr(_features, "sys", System)
    result = invoke("features", "transform", "hog.np", *DATA)
    assert result.exit_code == 0
    assert result.stderr == "loading natural\n" * terminal
    expected = ["features of training images", "features of test images"]
    assert shown == [(what, terminal) for what in expected]
