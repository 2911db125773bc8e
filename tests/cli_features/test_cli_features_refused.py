"""``nearplane features``: what is refused, and what interrupts leave behind."""

import os
from pathlib import Path

import numpy as np
import pytest

from nearplane import LinearClassifier
from nearplane.features import HOG

from ..commands import interrupted, invoke, main_code, plain
from .asked import DATA


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "sift"], "No such command 'sift'"),
        (["fit", "hog", "--cell", "0"], "'0' is not a size"),
        (["fit", "hog", "--block-norm", "L3"], "'L3' is not one of"),
        (["fit", "visual-words", "--assignment", "fuzzy"], "'fuzzy' is not one of"),
        (["fit", "visual-words", "--n-words", "0"], "--n-words"),
        (["transform", "hog.np"], "give either image files or --dataset"),
        (["transform", "hog.np", "hog.np", "--dataset", "digits"], "give either image files or"),
        (["transform", "hog.np", "nowhere.png"], "'nowhere.png' does not exist"),
        (["transform", "nowhere.np", "--dataset", "digits"], "does not exist"),
        (["transform", "hog.np", "--dataset", "nonsense"], "'nonsense' is not one of"),
        (["transform", "hog.np", "--dataset", "natural", "--out", "f.npy"], "must be a folder"),
        (["transform", "hog.np", "hog.np", "--out", "f"], "must be the name of a .npy file"),
        (["transform", "hog.np", "--dataset", "natural", "--invert"], "are for image files"),
        (["transform", "hog.np", "hog.np", "--white", "-1"], "-1 is not a number above 0"),
        (["show", "nowhere.np"], "does not exist"),
    ],
)
def test_wrong_usage_ends_with_2_and_writes_nothing(arguments, message, models, folder):
    before = set(os.listdir(folder))
    result = invoke("features", *arguments)
    assert result.exit_code == 2
    assert message in plain(result.stderr)
    assert result.stdout == ""
    assert set(os.listdir(folder)) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["features", "fit", "hog", "--cell", "64", *DATA], "pixels_per_cell"),
        (["features", "fit", "hog", "--out", "empty"], "is a folder"),
        (["features", "fit", "hog", "--n-jobs", "0", *DATA], "n_jobs"),
        (["features", "fit", "visual-words", "--patch-size", "33", *DATA], "patch_size"),
        (
            ["features", "transform", "hog.np", "--dataset", "digits"],
            "hog.np was fitted to images of shape (32, 32, 3); those of digits have shape (8, 8)",
        ),
        (["features", "transform", "hog.np", "empty"], "empty holds no images"),
        (["features", "transform", "linear.np", *DATA], "linear.np: holds a classifier, Linear"),
        (["features", "transform", "a.txt", *DATA], "a.txt: is not a file of nearplane's"),
        (["features", "show", "linear.np"], "`nearplane linear` is for those"),
        (["features", "show", "mean.np"], "mean.np: holds 'Other', and no features"),
        (
            ["features", "transform", "hog.np", "--with", "small.np", *DATA],
            "hog.np to (32, 32, 3) and small.np to (16, 16, 3)",
        ),
        (["linear", "fit", "--features", "hog.np"], "those of digits have shape (8, 8)"),
        (["linear", "fit", "--features", "linear.np"], "linear.np: holds a classifier"),
        (
            ["linear", "evaluate", "linear.np", "--features", "hog.np"],
            "linear.np was fitted to rows of 5 numbers; --features makes",
        ),
        (["linear", "evaluate", "linear.np"], "give --features as `fit` was given it"),
        (["linear", "predict", "linear.np", "a.txt"], "give --features as `fit` was given it"),
    ],
)  # fmt: skip
def test_what_cannot_succeed_ends_with_1_and_says_why(arguments, message, models, folder, natural):
    from nearplane._storage import write_arrays

    (folder / "empty").mkdir()
    Path("a.txt").write_text("text")
    LinearClassifier(max_epochs=1).fit(np.eye(5), [0, 1, 0, 1, 1]).save("linear.np")
    HOG(pixels_per_cell=4).fit(natural.X_train[:, :16, :16]).save("small.np")
    write_arrays("mean.np", "Other", {}, {})
    before = set(os.listdir(folder))
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("nearplane: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert set(os.listdir(folder)) == before


@pytest.mark.parametrize(
    ("arguments", "moment", "unfinished"),
    [
        (["fit", "hog", *DATA], "_cli._fit.load_images", "no model was written"),
        (["fit", "hog", *DATA], "features.HOG.fit", "no model was written"),
        (["transform", "hog.np", *DATA], "_cli._features.load_images", "nothing was written"),
        (["transform", "hog.np", *DATA], "features.HOG.transform", "nothing was written"),
        (
            ["transform", "hog.np", *DATA],
            "_cli._features_written._write_array",
            "nothing was written",
        ),
        (["transform", "hog.np", "photos"], "features.HOG.transform", "nothing was written"),
    ],
)
@pytest.mark.usefixtures("models", "photographs")
def test_an_interrupt_ends_with_130_and_leaves_nothing(
    arguments, moment, unfinished, monkeypatch, capsys
):
    before = set(os.listdir())
    monkeypatch.setattr(f"nearplane.{moment}", interrupted)
    assert main_code(monkeypatch, "features", *arguments, "--out", _target(arguments)) == 130
    assert tuple(capsys.readouterr()) == ("", f"nearplane: interrupted, {unfinished}\n")
    assert set(os.listdir()) == before


def _target(arguments):
    if arguments[0] == "fit":
        return "new.np"
    return "new.npy" if "photos" in arguments else "new"
