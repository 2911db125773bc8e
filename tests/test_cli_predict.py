import io
import json
import sys

import numpy as np
import pytest
from PIL import Image

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane.datasets import load_digits, make_natural_images

from .commands import invoke, main_code, plain, rows

COLOURS = {"blue": (0, 0, 255), "green": (0, 255, 0), "red": (255, 0, 0)}
FILES = ("blue.png", "green.gif", "red.jpg")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def colours(folder):
    """Save a vote among nine pictures, three of each colour, and write one of each to a file."""
    names = np.repeat(list(COLOURS), 3)
    X = np.array([np.full((4, 6, 3), COLOURS[name]) for name in names], dtype=np.uint8)
    X[::3] //= 2
    KNeighborsClassifier(3).fit(X, names).save("colours.np")
    for size, file in zip([(6, 4), (90, 33), (201, 300)], FILES, strict=True):
        Image.new("RGB", size, COLOURS[file[:-4]]).save(file)


@pytest.fixture(scope="module")
def photographs():
    X, target = make_natural_images(130, random_state=0)
    return X[:100], np.array([f"class {label}" for label in target[:100]]), X[100:]


def save_images(images):
    """Write images as they are and return the names of the files."""
    files = [f"{number}.png" for number in range(len(images))]
    for image, file in zip(images, files, strict=True):
        Image.fromarray(image).save(file)
    return files


def test_files_of_any_size_and_format_are_labelled_with_their_share_of_the_votes(colours):
    result = invoke("knn", "predict", "colours.np", *FILES)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "share of votes" in result.stdout
    assert rows(result.stdout) == [[file, file[:-4], "100.0 %"] for file in FILES]
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("ties", ["smallest", "nearest"])
def test_what_is_printed_is_what_neighbours_say_of_the_pixels(photographs, ties):
    X, names, queries = photographs
    model = KNeighborsClassifier(8, ties=ties).fit(X, names)
    model.save("m.np")
    files = save_images(queries)
    record = json.loads(invoke("knn", "predict", "m.np", *files, "--top", 10, "--json").stdout)
    assert record["confidence"] == "share of votes"
    assert [answer["file"] for answer in record["predictions"]] == files
    labels = model.predict(queries)
    assert [answer["label"] for answer in record["predictions"]] == labels.tolist()
    for answer, shares in zip(record["predictions"], model.predict_proba(queries), strict=True):
        top = {entry["label"]: entry["confidence"] for entry in answer["top"]}
        voted = {label: s for label, s in zip(model.classes_, shares, strict=True) if s > 0}
        assert top == voted  # nobody is named without a vote
        assert list(top.values()) == sorted(voted.values(), reverse=True)
        assert answer["confidence"] == max(voted.values())


@pytest.mark.parametrize(("loss", "confidence"), [("softmax", "probability"), ("hinge", "score")])
def test_linear_classifiers_print_probabilities_or_scores(photographs, loss, confidence):
    X, names, queries = photographs
    model = LinearClassifier(loss, max_epochs=5, random_state=0).fit(X, names)
    model.save("m.np")
    files = save_images(queries)
    record = json.loads(invoke("linear", "predict", "m.np", *files, "--top", 5, "--json").stdout)
    assert record["confidence"] == confidence
    values = model.predict_proba(queries) if loss == "softmax" else model.decision_function(queries)
    for answer, row in zip(record["predictions"], values, strict=True):
        best = np.argsort(-row)[:5]
        assert [entry["label"] for entry in answer["top"]] == model.classes_[best].tolist()
        assert [entry["confidence"] for entry in answer["top"]] == pytest.approx(row[best].tolist())


def test_of_two_classes_each_has_half_the_lead(photographs):
    X, _, queries = photographs
    names = np.where(np.arange(len(X)) % 2, "odd", "even")
    model = LinearClassifier("hinge", max_epochs=3, random_state=0).fit(X, names)
    model.save("m.np")
    files = save_images(queries)
    record = json.loads(invoke("linear", "predict", "m.np", *files, "--top", 2, "--json").stdout)
    labels = [answer["label"] for answer in record["predictions"]]
    assert labels == model.predict(queries).tolist()
    leads = [a["top"][0]["confidence"] - a["top"][1]["confidence"] for a in record["predictions"]]
    assert leads == pytest.approx(np.abs(model.decision_function(queries)), rel=1e-5)


def test_the_best_classes_stand_below_each_other(photographs):
    X, names, queries = photographs
    LinearClassifier(max_epochs=3, random_state=0).fit(X, names).save("m.np")
    [file] = save_images(queries[:1])
    cells = rows(invoke("linear", "predict", "m.np", file, "--top", 3).stdout)
    assert [line[0] for line in cells] == [file, "", ""]
    shares = [float(line[2].removesuffix(" %")) for line in cells]
    assert shares == sorted(shares, reverse=True)


def test_files_that_cannot_be_read_are_named_after_the_others_are_labelled(colours, folder):
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nonsense")
    (folder / "empty.png").touch()
    (folder / "folder").mkdir()
    unreadable = ["broken.jpg", "empty.png", "folder", "missing.png"]
    result = invoke("knn", "predict", "colours.np", "broken.jpg", *FILES, *unreadable[1:])
    assert result.exit_code == 1
    assert [cells[0] for cells in rows(result.stdout)] == list(FILES)
    lines = result.stderr.splitlines()
    assert len(lines) == 4
    for line, file in zip(lines, unreadable, strict=True):
        assert line.startswith(f"nearplane: {file}: ")
    record = invoke("knn", "predict", "colours.np", "--json", *FILES, *unreadable)
    assert (record.exit_code, record.stderr) == (1, "")
    named = json.loads(record.stdout)
    assert [entry["file"] for entry in named["unreadable"]] == unreadable
    assert [entry["file"] for entry in named["predictions"]] == list(FILES)


def test_nothing_but_unreadable_files_prints_no_table(colours):
    result = invoke("knn", "predict", "colours.np", "missing.png")
    assert (result.exit_code, result.stdout) == (1, "")


def test_bytes_become_values_such_as_the_model_was_fitted_to(folder):
    digits = load_digits()
    X, queries = digits.images[:1500], digits.images[1500:1530]
    model = KNeighborsClassifier(1).fit(X, digits.target[:1500])
    model.save("m.np")
    LinearClassifier(random_state=0).fit(X, digits.target[:1500]).save("linear.np")
    files = save_images(np.rint(queries * (255 / 16)).astype(np.uint8))
    for command, file in (("knn", "m.np"), ("linear", "linear.np")):
        result = invoke(command, "predict", file, *files, "--json")
        assert "values up to 16" in result.stderr
        labels = [entry["label"] for entry in json.loads(result.stdout)["predictions"]]
        truth = digits.target[1500:1530].astype(str)
        assert np.mean(labels == truth) > 0.9
    wrong = json.loads(invoke("knn", "predict", "m.np", *files, "--json", "--white", 255).stdout)
    raw = model.predict(np.rint(queries * (255 / 16)).astype(np.uint8)).astype(str)
    assert [entry["label"] for entry in wrong["predictions"]] == raw.tolist()


def test_ink_on_paper_is_inverted_when_asked(folder):
    digits = load_digits()
    KNeighborsClassifier(1).fit(digits.images, digits.target).save("m.np")
    for number in range(5):
        grey = np.rint(digits.images[number] * (255 / 16)).astype(np.uint8)
        Image.fromarray(255 - grey).resize((80, 80), Image.Resampling.NEAREST).save(f"{number}.png")
    files = [f"{number}.png" for number in range(5)]
    labels = [
        cells[1] for cells in rows(invoke("knn", "predict", "m.np", *files, "--invert").stdout)
    ]
    assert labels == digits.target[:5].astype(str).tolist()


def test_blocks_of_files_are_labelled_in_order(colours, monkeypatch):
    from nearplane._cli import _image_files

    monkeypatch.setattr(_image_files, "_BLOCK_BYTES", 2 * 4 * 6 * 3)
    files = [*FILES, *FILES, "blue.png"]
    answers = rows(invoke("knn", "predict", "colours.np", *files).stdout)
    assert [cells[:2] for cells in answers] == [[file, file[:-4]] for file in files]


@pytest.mark.parametrize(
    ("shape", "message"),
    [((24,), "rows of shape (24,)"), ((3, 4, 2), "(3, 4, 2)")],
)
def test_a_model_of_no_images_says_so(folder, shape, message):
    X = np.arange(4 * 24, dtype=np.uint8).reshape(4, *shape)
    KNeighborsClassifier(1).fit(X, ["a", "b", "c", "d"]).save("m.np")
    Image.new("L", (3, 3)).save("a.png")
    result = invoke("knn", "predict", "m.np", "a.png")
    assert result.exit_code == 1
    assert message in result.stderr


def test_files_that_hold_no_such_model_are_refused_in_one_line(colours, folder):
    (folder / "text.np").write_text("no model")
    wrong = invoke("linear", "predict", "colours.np", "red.jpg")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert wrong.stderr == (
        "nearplane: colours.np: holds nearest neighbours; `nearplane knn` is for those.\n"
    )
    text = invoke("knn", "predict", "text.np", "red.jpg")
    assert text.stderr == "nearplane: text.np: is not a file of nearplane's.\n"
    KNeighborsClassifier(1).fit([[0], [1]], [[0, 1], [1, 0]]).save("two.np")
    several = invoke("knn", "predict", "two.np", "red.jpg")
    assert (several.exit_code, "several outputs" in several.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.np", "red.jpg"], "does not exist"),
        (["colours.np"], "Missing argument"),
        (["colours.np", "red.jpg", "--top", "0"], "--top"),
        (["colours.np", "red.jpg", "--white", "dim"], "--white"),
        (["colours.np", "red.jpg", "--white", "0"], "0 is not a number above 0"),
        (["colours.np", "red.jpg", "--white", "nan"], "nan is not a number above 0"),
        (["colours.np", "red.jpg", "--white", "inf"], "inf is not a number above 0"),
    ],
)
def test_wrong_usage_ends_with_2(colours, arguments, message):
    result = invoke("knn", "predict", *arguments)
    assert result.exit_code == 2
    assert message in plain(result.stderr)
    assert result.stdout == ""


def test_letters_that_the_terminal_lacks_are_written_as_codes(colours, folder, monkeypatch, capsys):
    Image.new("RGB", (5, 5), "red").save("r\u00f6t.png")
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", screen)
    assert main_code(monkeypatch, "knn", "predict", "colours.np", "r\u00f6t.png", "x.png") == 1
    assert capsys.readouterr().err == (
        "nearplane: x.png: cannot be read: No such file or directory\n"
    )
    screen.flush()
    shown = screen.buffer.getvalue().decode("ascii")
    assert "r\\xf6t.png" in shown
    assert "red" in shown
