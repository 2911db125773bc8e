"""From the user's own files to labels: folders of images, and arrays of features."""

import json

import numpy as np
import pytest
from PIL import Image

from .commands import invoke, rows

COLOURS = {"blue": (20, 40, 220), "green": (30, 200, 40), "red": (230, 20, 30)}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pictures(folder):
    """Write a folder of pictures for each colour: of many sizes, in two formats, one is broken."""
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(20):
            height, width = rng.integers(5, 60, 2)
            noise = rng.integers(-20, 20, (height, width, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            suffix = ("jpg", "png")[number % 2]
            Image.fromarray(pixels).save(folder / "pictures" / name / f"{number}.{suffix}")
    (folder / "pictures" / "red" / "broken.jpg").write_bytes(b"no picture")


DATA = ("--dataset", "folder", "--data-dir", "pictures")


@pytest.mark.parametrize(
    ("command", "options"),
    [("knn", ["--k", "1,3", "--metric", "l1,l2"]), ("linear", ["--epochs", 20])],
)
def test_a_folder_of_pictures_is_learned_and_new_files_are_labelled(pictures, command, options):
    fitted = invoke(command, "fit", *DATA, "--image-size", "8x6", "--out", "m.np", *options)
    assert fitted.exit_code == 0
    assert fitted.stderr.startswith("nearplane: pictures: 1 file")  # that cannot be read
    assert fitted.stderr.count("\n") == 1
    assert "48 training images of 8 x 6 x 3, 3 classes" in fitted.stdout
    # The size is the model's, and need not be said again.
    record = json.loads(invoke(command, "evaluate", "m.np", *DATA, "--json").stdout)
    assert (record["accuracy"], record["n_test"]) == (1.0, 12)
    assert record["top_5_accuracy"] is None
    for name, colour in COLOURS.items():
        Image.new("RGB", (77, 31), colour).save(f"{name}.bmp")
    files = [f"{name}.bmp" for name in COLOURS]
    answers = rows(invoke(command, "predict", "m.np", *files).stdout)
    assert [cells[:2] for cells in answers] == [[file, file[:-4]] for file in files]


def test_the_command_that_is_printed_evaluates_the_same_split(pictures):
    fitted = invoke("knn", "fit", *DATA, "--image-size", 8, "--seed", 3, "--out", "m.np")
    command = fitted.stdout.splitlines()[-1].removeprefix("next: nearplane ")
    assert command == "knn evaluate m.np --dataset folder --data-dir pictures --seed 3"
    assert "accuracy  100.00 %" in invoke(*command.split()).stdout


@pytest.fixture
def embeddings(folder):
    """Write vectors of three classes, split into training and test."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 10))
    arrays = {}
    for split, n in (("train", 90), ("test", 30)):
        target = rng.integers(0, 3, n)
        arrays[f"y_{split}"] = target
        noise = rng.normal(scale=0.2, size=(n, 10))
        arrays[f"X_{split}"] = (centres[target] + noise).astype(np.float32)
    np.savez(folder / "features.npz", **arrays)


def test_vectors_are_learned_and_evaluated_but_no_image_is_like_them(embeddings, folder):
    data = ("--dataset", "arrays", "--data-dir", "features.npz")
    shown = invoke("datasets", "show", "arrays", "--data-dir", "features.npz")
    assert "90 training and 30 test rows, 3 classes" in shown.stdout
    assert "shape 10 numbers, float32" in shown.stdout
    fitted = invoke("linear", "fit", *data, "--epochs", 20, "--out", "m.np")
    assert "90 training rows of 10 numbers, 3 classes" in fitted.stdout
    evaluated = invoke("linear", "evaluate", "m.np", *data)
    assert "m.np on 30 test rows of arrays" in evaluated.stdout
    assert "accuracy  100.00 %" in evaluated.stdout
    Image.new("L", (4, 4)).save("a.png")
    result = invoke("linear", "predict", "m.np", "a.png")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "rows of shape (10,), which are neither grey nor RGB images" in result.stderr
