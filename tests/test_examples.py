"""What users copy works: the scripts in examples/, the code, commands and links in the prose."""

import re
import runpy
import shlex
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import typer
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneOut,
    cross_val_predict,
    train_test_split,
)
from sklearn.neighbors import KNeighborsClassifier as PeerClassifier

from nearplane import KNeighborsClassifier, LinearClassifier, LinearClassifierSweep
from nearplane.cli import build_app
from nearplane.datasets import load_dataset, make_natural_images
from nearplane.features import VisualWords

from . import reference

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted(ROOT.glob("docs/guide/[0-9]*.md"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("cpp/*.md")])
EXAMPLES = sorted(ROOT.glob("examples/*.py"))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Work in a folder of its own, find no data set, and draw without a screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARPLANE_DATA", str(tmp_path))
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def run_example(name, *arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    runpy.run_path(str(ROOT / "examples" / name), run_name="__main__")
    return capsys.readouterr().out


def fenced(document, *languages):
    """Yield the line and the content of each block of code in one of these languages."""
    text = document.read_text("utf-8")
    for block in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if block[1] in languages:
            yield text.count("\n", 0, block.start(2)) + 1, block[2]


def run_blocks(document):
    """Run a document's blocks of Python in one namespace, from the top; return how many."""
    namespace = {}
    blocks = list(fenced(document, "python"))
    for line, code in blocks:
        # Empty lines in front make the line numbers of an error those of the document.
        exec(compile("\n" * (line - 1) + code, document, "exec"), namespace)
    return len(blocks)


def anchors(document):
    """Return what a heading of the document is linked by."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def share_of_right_votes(labels, truth):
    weights = np.ones(labels.shape[1])
    winners = [reference.winner(row, weights, 10, "smallest") for row in labels]
    return np.mean(winners == truth)


def test_digits_are_classified_with_the_k_that_validation_prefers(monkeypatch, capsys):
    printed = run_example("classify_digits.py", monkeypatch=monkeypatch, capsys=capsys)
    digits = load_dataset("digits")
    X_train, X_test = (X.reshape(len(X), -1) for X in (digits.X_train, digits.X_test))
    y_train, y_test = digits.y_train, digits.y_test
    X_fit, X_val, y_fit, y_val = train_test_split(
        X_train, y_train, test_size=0.25, stratify=y_train, random_state=0
    )
    for name, metric in (("L1", "manhattan"), ("L2", "euclidean")):
        labels = y_fit[reference.argkmin(X_val, X_fit, 20, metric)[1]]
        accuracy = [share_of_right_votes(labels[:, :k], y_val) for k in range(1, 21)]
        k = int(np.argmax(accuracy)) + 1
        test = share_of_right_votes(
            y_train[reference.argkmin(X_test, X_train, k, metric)[1]], y_test
        )
        assert f"{name}: k = {k}, validation {max(accuracy):.2%}, test {test:.2%}" in printed


@pytest.mark.parametrize("dataset", ["digits", "natural"])
def test_nearest_images_are_drawn_into_the_file_asked_for(dataset, tmp_path, monkeypatch, capsys):
    out = tmp_path / "picture.png"
    printed = run_example(
        *("nearest_images.py", "--dataset", dataset, "--out", out, "--n-queries", 3, "--k", 2),
        monkeypatch=monkeypatch,
        capsys=capsys,
    )
    assert "1 of 3 queries are labelled wrongly" in printed
    assert f"wrote {out}" in printed
    picture = plt.imread(out)
    assert min(picture.shape[:2]) > 100
    assert picture.std() > 0.1  # of values from 0 to 1: not an empty page


def test_leave_one_out_counts_what_scikit_learn_counts(monkeypatch, capsys):
    arguments = ("--n-images", 60, "--k-max", 3)
    printed = run_example("leave_one_out.py", *arguments, monkeypatch=monkeypatch, capsys=capsys)
    images, target = make_natural_images(60, random_state=0)
    for k in (1, 2, 3):
        peer = PeerClassifier(k, metric="manhattan", algorithm="brute")
        X = images.reshape(len(images), -1).astype(float)
        right = cross_val_predict(peer, X, target, cv=LeaveOneOut()) == target
        assert f"k = {k:2d}  {right.mean():6.2%}" in printed


def test_both_losses_are_trained_and_their_templates_drawn(tmp_path, monkeypatch, capsys):
    out = tmp_path / "picture.png"
    arguments = ("--out", out, "--epochs", 3)
    printed = run_example("train_linear.py", *arguments, monkeypatch=monkeypatch, capsys=capsys)
    digits = load_dataset("digits")
    for loss in ("softmax", "hinge"):
        model = LinearClassifier(loss, max_epochs=3, random_state=0)
        model.fit(digits.X_train, digits.y_train)
        ranks = np.argsort(-model.decision_function(digits.X_test), axis=1)[:, :2]
        right = ranks == digits.y_test[:, None]
        curve = printed.partition(f"{loss}, learning rate")[2]
        for epoch, value in zip((1, 2, 3), model.history_["data_loss"], strict=True):
            assert f"epoch {epoch:2d}  {value:6.3f}  #" in curve
        first, either = right[:, 0].mean(), right.any(axis=1).mean()
        assert f"test accuracy {first:.2%}; among the best two {either:.2%}" in curve
    assert plt.imread(out).std() > 0.1


def test_a_sweep_is_printed_as_a_table_of_rates_and_alphas(tmp_path, monkeypatch, capsys):
    out = tmp_path / "picture.png"
    arguments = ("--out", out, "--epochs", 4, "--loss", "hinge")
    printed = run_example(
        "sweep_learning_rates.py", *arguments, monkeypatch=monkeypatch, capsys=capsys
    )
    digits = load_dataset("digits")
    sweep = LinearClassifierSweep(
        LinearClassifier("hinge", schedule="constant", max_epochs=4),
        {"learning_rate": [1e-4, 1e-3, 1e-2, 1e-1], "alpha": [0, 1e-3, 1e-2, 1e-1]},
        random_state=0,
    )
    sweep.fit(digits.X_train, digits.y_train)
    lines = {line.split()[0]: line.split()[1:] for line in printed.splitlines() if line.strip()}
    alphas = [0, 1e-3, 1e-2, 1e-1]
    for params, accuracy in zip(
        sweep.results_["params"], sweep.results_["validation_accuracy"], strict=True
    ):
        row = lines[f"{params['learning_rate']:g}"]
        assert row[alphas.index(params["alpha"])] == f"{accuracy:.2%}"
    assert f"best: {sweep.best_params_}" in printed
    assert f"test accuracy {sweep.score(digits.X_test, digits.y_test):.2%}" in printed
    assert plt.imread(out).std() > 0.05  # curves on a white page


def test_the_k_that_cross_validation_prefers_is_that_of_scikit_learn(tmp_path, monkeypatch, capsys):
    arguments = ("--n-train", 300, "--out", tmp_path / "folds.png")
    printed = run_example("choose_k.py", *arguments, monkeypatch=monkeypatch, capsys=capsys)
    digits = load_dataset("digits", n_train=300)
    X, X_test = (part.reshape(len(part), -1) for part in (digits.X_train, digits.X_test))
    grid = GridSearchCV(
        PeerClassifier(algorithm="brute"),
        {
            "n_neighbors": [1, 3, 5, 8, 10, 12, 15, 20, 50],
            "metric": ["euclidean", "manhattan"],
            "weights": ["uniform", "distance"],
        },
    ).fit(X, digits.y_train)
    best = grid.best_index_
    spread = grid.cv_results_["std_test_score"][best]
    assert printed.startswith(f"{grid.best_score_:.2%} ± {spread:.2%}  {grid.best_params_}\n")
    chosen = KNeighborsClassifier(**grid.best_params_).fit(X, digits.y_train)
    assert f"test accuracy {chosen.score(X_test, digits.y_test):.2%}" in printed
    assert plt.imread(tmp_path / "folds.png").std() > 0.05


def test_the_pictures_of_lectures_are_drawn(tmp_path, monkeypatch, capsys):
    run_example("lecture_pictures.py", "--out", tmp_path, monkeypatch=monkeypatch, capsys=capsys)
    pictures = sorted(tmp_path.glob("*.png"))
    assert len(pictures) == 6
    assert all(plt.imread(picture).std() > 0.05 for picture in pictures)


def test_a_folder_of_images_is_classified(tmp_path, monkeypatch, capsys):
    images, target = make_natural_images(200, random_state=0)
    for number, (image, label) in enumerate(zip(images, target, strict=True)):
        path = tmp_path / "images" / f"class {label}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        plt.imsave(path, image)
    (tmp_path / "images" / "class 3" / "broken.png").write_bytes(b"")
    with pytest.warns(UserWarning, match="1 file or folder was skipped: .*broken.png is empty"):
        printed = run_example(
            *("image_folder.py", tmp_path / "images", "--out", tmp_path / "confused.png"),
            monkeypatch=monkeypatch,
            capsys=capsys,
        )
    assert "broken.png" in printed.splitlines()[0]
    assert "200 images of class 0, class 1" in printed
    assert 0.2 < float(re.search(r"([\d.]+)% of the test images", printed)[1]) / 100 <= 1
    assert plt.imread(tmp_path / "confused.png").std() > 0.05


def test_augmented_training_is_compared_with_plain_training(monkeypatch, capsys):
    arguments = ("--n-train", 300, "--n-test", 100, "--epochs", 3)
    printed = run_example("augment_training.py", *arguments, monkeypatch=monkeypatch, capsys=capsys)
    images = load_dataset("natural", n_train=300, n_test=100)
    plain = LinearClassifier(max_epochs=3, random_state=0).fit(images.X_train, images.y_train)
    assert f"as they are  {plain.score(images.X_test, images.y_test):.2%}" in printed
    scores = re.findall(r"^(\w+) +([\d.]+)% of the test images", printed, re.MULTILINE)
    assert [name for name, _ in scores] == ["horizontalflip", "crop", "mixup"]
    assert all(float(score) > 10 for _, score in scores)  # more than a guess


def test_embeddings_are_compared_by_metric(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(1)
    y = rng.integers(3, size=240)
    X = (np.eye(3, 8)[y] + 0.4 * rng.normal(size=(240, 8))) * rng.lognormal(0, 1, (240, 1))
    for name, array in {"X": X.astype(np.float32), "y": y}.items():
        np.save(tmp_path / f"{name}_train.npy", array[:160])
        np.save(tmp_path / f"{name}_test.npy", array[160:])
    printed = run_example("embeddings.py", tmp_path, monkeypatch=monkeypatch, capsys=capsys)
    assert printed.startswith("160 rows of 8 numbers in 3 classes\n")
    grid = GridSearchCV(PeerClassifier(metric="cosine"), {"n_neighbors": [1, 3, 5, 10, 20]}, cv=3)
    grid.fit(X[:160], y[:160])
    score = grid.score(X[160:], y[160:])
    assert (
        f"cosine       k = {grid.best_params_['n_neighbors']:2}, test accuracy {score:.1%}"
        in printed
    )
    assert re.search(r"^linear probe +test accuracy \d+\.\d%$", printed, re.MULTILINE)
    made_up = run_example("embeddings.py", monkeypatch=monkeypatch, capsys=capsys)
    scores = dict(re.findall(r"^(\w+) .*test accuracy ([\d.]+)%$", made_up, re.MULTILINE))
    assert float(scores["cosine"]) > float(scores["euclidean"]) + 5


def test_features_are_compared_with_pixels(monkeypatch, capsys):
    arguments = ("--n-train", 300, "--n-words", 20)
    printed = run_example("image_features.py", *arguments, monkeypatch=monkeypatch, capsys=capsys)
    rows = re.findall(r"^(\w[\w ]*?) +([\d,]+) +([\d.]+)% +([\d.]+)%$", printed, re.MULTILINE)
    names, numbers, linear, near = zip(*rows, strict=True)
    assert names[0] == "pixels"
    assert int(numbers[-1]) == sum(map(int, numbers[1:-1]))  # of all of them
    digits = load_dataset("digits", n_train=300)
    words = VisualWords(20, patch_size=4, random_state=0).fit(digits.X_train)
    for name, transform in (("pixels", lambda X: X), ("visual words", words.transform)):
        X, X_test = transform(digits.X_train), transform(digits.X_test)
        model = LinearClassifier(random_state=0).fit(X, digits.y_train)
        assert linear[names.index(name)] == f"{100 * model.score(X_test, digits.y_test):.1f}"
    assert min(map(float, linear + near)) > 10  # more than a guess


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_short_and_says_what_it_does(example, monkeypatch, capsys):
    source = example.read_text("utf-8")
    assert source.count("\n") <= 60
    with pytest.raises(SystemExit) as stopped:
        run_example(example.name, "--help", monkeypatch=monkeypatch, capsys=capsys)
    assert stopped.value.code == 0
    words = re.match(r'"""(.+?)"""', source, re.DOTALL)[1].split()
    assert " ".join(words) in " ".join(capsys.readouterr().out.split())


def test_the_examples_of_the_readme_run(tmp_path, capsys):
    assert run_blocks(ROOT / "README.md") == 3
    printed = capsys.readouterr().out
    assert re.search(r"manhattan: 9\d\.\d% .*\neuclidean: 9\d\.\d%", printed)
    assert re.search(r"softmax: 9\d\.\d% .*\nbest of 9 settings: ", printed)
    assert {path.name for path in tmp_path.glob("*.png")} == {"neighbours.png", "templates.png"}


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.name)
def test_a_chapter_of_the_guide_runs_from_top_to_bottom(chapter, tmp_path):
    assert run_blocks(chapter) >= 1
    drawn = re.findall(r'savefig\("(.+?)"\)', chapter.read_text("utf-8"))
    for name in drawn:
        assert plt.imread(tmp_path / name).std() > 0.02, name  # not an empty page


def test_the_guide_lists_its_chapters_in_order():
    listed = re.findall(
        r"^\d+\. \[.+?\]\((.+?)\)", (CHAPTERS[0].parent / "README.md").read_text(), re.M
    )
    assert listed == [chapter.name for chapter in CHAPTERS]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(document):
    prose = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.M | re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_name_scripts_and_options_that_exist(document):
    nearplane = typer.main.get_command(build_app())
    for _, block in fenced(document, "bash"):
        for command in re.split(r"\n|&&", block):
            words = shlex.split(command, comments=True)
            for script in (word for word in words if word.endswith(".py")):
                assert (ROOT / script).is_file(), command
            if words[:1] == ["nearplane"]:
                node, rest = nearplane, words[1:]
                while rest and not rest[0].startswith("-") and hasattr(node, "commands"):
                    assert rest[0] in node.commands, command
                    node = node.commands[rest.pop(0)]
                known = {name for option in node.params for name in option.opts} | {"--help"}
                options = {word.partition("=")[0] for word in rest if word.startswith("--")}
                assert options <= known, command


def test_the_guide_describes_every_option_of_the_report():
    guide = (ROOT / "docs" / "guide" / "10_report_and_commands.md").read_text("utf-8")
    options = {
        name
        for option in typer.main.get_command(build_app()).commands["report"].params
        for name in option.opts
        if name.startswith("--")
    }
    rows = re.findall(r"^\| (`--.+?) \|", guide, re.MULTILINE)
    assert set(re.findall(r"--[\w-]+", " ".join(rows))) == options
