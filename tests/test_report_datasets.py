import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nearplane.cli import build_app
from nearplane.report import _timing

from .test_report_html import Page
from .test_report_knn import make_images


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_timing, "LEAST_SECONDS", 0.0)  # nobody reads the times

    def invoke(*arguments):
        options = ("--k", "1,3", "--cv", "3", "--epochs", "2", "--json", "--out", "page.html")
        result = CliRunner().invoke(build_app(), ["report", *arguments, *options])
        assert result.exit_code == 0, result.output
        html = (tmp_path / "page.html").read_text(encoding="utf-8")
        return json.loads(result.stdout), Page(html)

    return invoke


def save(path, images):
    np.savez(
        path,
        X_train=images.X_train,
        y_train=images.y_train,
        X_test=images.X_test,
        y_test=images.y_test,
        class_names=np.array(images.class_names),
    )


@pytest.mark.parametrize(("shape", "things"), [((20,), "samples"), ((6, 5), "images")])
def test_arrays_of_vectors_and_of_images(run, tmp_path, shape, things):
    save(tmp_path / "made.npz", make_images(shape))
    record, page = run("--dataset", "arrays", "--data-dir", "made.npz")
    assert record["data"]["class_names"] == ["cat", "dog", "owl"]
    assert record["data"]["is_image"] == (things == "images")
    assert record["folds"]["n_folds"] == 3
    assert f"15 test {things}" in page.text
    assert bool(page.all("img")) == (things == "images")
    assert "--data-dir made.npz --k 1,3 --cv 3" in record["command"]


def test_a_folder_of_images_of_any_size(run, tmp_path):
    images = make_images((9, 7, 3), n_train=30)
    names = np.array(images.class_names)[images.y_train]
    for number, (pixels, name) in enumerate(zip(images.X_train, names, strict=True)):
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).resize((20 + number, 30)).save(folder / f"{number}.png")
    record, page = run("--dataset", "folder", "--data-dir", "pictures", "--image-size", "6x5")
    assert record["data"]["image_shape"] == [6, 5, 3]
    assert (record["data"]["n_train"], record["data"]["n_test"]) == (24, 6)
    assert "--image-size 6x5" in record["command"]
    assert "6 × 5 × 3" in page.text


def test_of_many_classes_the_extremes_come_first(run, tmp_path):
    names = [f"class {number}" for number in range(40)]
    save(tmp_path / "made.npz", make_images((4, 4), 160, 120, names))
    record, page = run("--dataset", "arrays", "--data-dir", "made.npz")
    assert "The 10 easiest classes" in page.text
    assert "The 10 hardest classes" in page.text
    assert "All 40 classes" in page.text
    # Two matrices in place of four: one metric's and one loss's.
    titles = [a["aria-label"] for a in page.all("svg")]
    assert sum(title.startswith("Confusion matrix") for title in titles) == 2
    for result in (*record["knn"]["metrics"], *record["linear"]["losses"]):
        assert result["top_5_accuracy"] >= result["test_accuracy"]
