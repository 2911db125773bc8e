import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane._cli import _evaluate, _fit, _run
from nearplane.datasets import load_dataset
from nearplane.linear_model import _checkpoint

from .commands import interrupted, invoke, main_code, plain, rows


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARPLANE_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=200)


def fitted(command, *arguments):
    result = invoke(command, "fit", "--n-train", 200, *arguments, "--json", "--out", "m.np")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_a_vote_is_saved_with_the_names_of_the_classes(digits, folder):
    record = fitted("knn", "--k", 3, "--metric", "l1", "--weights", "distance")
    model = KNeighborsClassifier.load("m.np")
    assert (model.n_neighbors, model.metric, model.weights) == (3, "l1", "distance")
    assert (model.verbose, model.n_jobs) == (False, None)
    assert model.classes_.tolist() == digits.class_names == record["classes"]
    own = KNeighborsClassifier(3, metric="l1", weights="distance")
    own.fit(digits.X_train, np.array(digits.class_names)[digits.y_train])
    assert np.array_equal(model.predict(digits.X_test), own.predict(digits.X_test))
    assert record["n_train"] == 200
    assert record["model_bytes"] == (folder / "m.np").stat().st_size
    assert "settings" not in record


def test_a_linear_classifier_is_trained_as_asked_and_saved(digits):
    record = fitted(
        *("linear", "--loss", "hinge", "--alpha", "0.01", "--learning-rate", "0.001"),
        *("--epochs", 4, "--batch-size", 32, "--penalty", "none", "--seed", 5),
        *("--optimizer", "adam", "--preprocess", "center"),
    )
    own = LinearClassifier(
        "hinge", alpha=0.01, learning_rate=0.001, max_epochs=4, batch_size=32, penalty=None,
        random_state=5, optimizer="adam", preprocess="center",
    )  # fmt: skip
    drawn = load_dataset("digits", n_train=200, random_state=5)
    own.fit(drawn.X_train, np.array(drawn.class_names)[drawn.y_train])
    assert np.array_equal(LinearClassifier.load("m.np").coef_, own.coef_)
    assert record["parameters"]["penalty"] is None
    assert record["parameters"]["max_epochs"] == 4


def test_what_is_written_is_printed_with_what_to_do_next(folder):
    result = invoke("knn", "fit", "--n-train", 50, "--seed", 2)
    assert result.stderr == ""
    assert "digits: 50 training images of 8 x 8, 10 classes" in result.stdout
    assert os.listdir(folder) == ["nearplane-knn.np"]
    line = result.stdout.splitlines()[-1]
    command = "nearplane knn evaluate nearplane-knn.np --dataset digits --seed 2"
    assert line == f"next: {command}"
    assert invoke(*command.split()[1:]).exit_code == 0
    assert invoke("linear", "fit", "--n-train", 50, "--epochs", 2, "-q").stdout == ""
    assert set(os.listdir(folder)) == {"nearplane-knn.np", "nearplane-linear.np"}


def test_several_values_are_compared_by_cross_validation(digits):
    record = fitted("knn", "--k", "1,3", "--k", 9, "--metric", "l1,l2", "--cv", 4)
    assert record["n_splits"] == 4
    settings = record["settings"]
    asked = [(k, metric) for metric in ("l1", "l2") for k in (1, 3, 9)]
    assert {(s["params"]["n_neighbors"], s["params"]["metric"]) for s in settings} == set(asked)
    for setting in settings:
        model = KNeighborsClassifier(**setting["params"])
        scores = cross_val_score(model, digits.X_train.reshape(200, -1), digits.y_train, cv=4)
        assert setting["scores"] == pytest.approx(scores.tolist())
        assert setting["mean"] == pytest.approx(scores.mean())
        assert setting["std"] == pytest.approx(scores.std())
    best = max(settings, key=lambda setting: setting["mean"])
    assert record["best_score"] == best["mean"]
    saved = KNeighborsClassifier.load("m.np")
    assert saved.n_neighbors == record["best_params"]["n_neighbors"]
    assert saved.n_samples_fit_ == 200


def test_one_setting_is_cross_validated_if_asked():
    [setting] = fitted("knn", "--k", 3, "--cv", 3)["settings"]
    assert len(setting["scores"]) == 3


def test_each_image_is_judged_by_all_others(digits):
    record = fitted("knn", "--k", "1,5", "--cv", "loo")
    for setting in record["settings"]:
        model = KNeighborsClassifier(setting["params"]["n_neighbors"])
        model.fit(digits.X_train, digits.y_train)
        assert setting["mean"] == pytest.approx(model.score(None, digits.y_train))
    printed = invoke("knn", "fit", "--n-train", 200, "--k", "1,5", "--cv", "loo").stdout
    assert "accuracy, each judged by all others" in printed


def test_the_scores_are_printed_as_a_table(folder):
    result = invoke("knn", "fit", "--n-train", 200, "--k", "1,3,9", "--cv", 3, "--out", "m.np")
    record = fitted("knn", "--k", "1,3,9", "--cv", 3)
    expected = [
        [f"{s['params']['n_neighbors']}", f"{100 * s['mean']:.2f} %", f"{100 * s['std']:.2f} %"]
        for s in record["settings"]
    ]
    assert [cells[:3] for cells in rows(result.stdout)] == expected
    assert f"best: k {record['best_params']['n_neighbors']}\n" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_a_training_that_diverges_writes_no_model(folder):
    arguments = ("--n-train", 200, "--learning-rate", "1e30", "--epochs", 2, "--out", "m.np")
    result = invoke("linear", "fit", *arguments)
    assert result.exit_code == 1
    assert "training diverged; give a smaller --learning-rate, or auto" in result.stderr
    assert not Path("m.np").exists()


def test_linear_settings_are_compared_and_those_that_diverge_are_named(digits):
    arguments = ("--alpha", "0.001,0.1", "--learning-rate", "auto,1e30", "--epochs", 3, "--cv", 3)
    result = invoke("linear", "fit", "--n-train", 200, *arguments, "--json", "--out", "m.np")
    assert result.exit_code == 0
    assert "diverged" in result.stderr
    assert "Traceback" not in result.stderr
    record = json.loads(result.stdout)
    assert len(record["settings"]) == 4
    for setting in record["settings"]:
        assert (setting["mean"] is None) == (setting["params"]["learning_rate"] == 1e30)
    assert record["best_params"]["learning_rate"] == "auto"
    assert LinearClassifier.load("m.np").alpha == record["best_params"]["alpha"]
    table = rows(invoke("linear", "fit", "--n-train", 200, *arguments).stdout)
    assert [cells[2] == "diverged" for cells in table] == [c[1] == "1e+30" for c in table]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["knn", "fit", "--k", "0"], "'0' is not a list of whole numbers"),
        (["knn", "fit", "--metric", "l1,chebyshev"], "'chebyshev' is not one of"),
        (["knn", "fit", "--weights", ""], "'' is not one of"),
        (["knn", "fit", "--cv", "1"], "'1' is neither a whole number from 2 nor loo"),
        (["knn", "fit", "--dataset", "nonsense"], "'nonsense' is not one of"),
        (["linear", "fit", "--loss", "soft"], "'soft' is not one of"),
        (["linear", "fit", "--alpha", "-1"], "'-1' is not a number from 0"),
        (["linear", "fit", "--alpha", "1,,2"], "'' is not a number"),
        (["linear", "fit", "--learning-rate", "0"], "'0' is not a number above 0 or auto"),
        (["linear", "fit", "--learning-rate", "nan"], "'nan' is not a number"),
        (["linear", "fit", "--learning-rate", "inf"], "'inf' is not a number"),
        (["linear", "fit", "--epochs", "0"], "--epochs"),
        (["linear", "fit", "--cv", "loo"], "--cv"),
        (["linear", "fit", "--data-dir", "nowhere"], "does not exist"),
    ],
)
def test_wrong_usage_ends_with_2_and_writes_nothing(folder, arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in plain(result.stderr)
    assert result.stdout == ""
    assert os.listdir(folder) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "."], "is a folder"),
        (["--n-train", "9999"], "n_train is 9,999"),
        (["--n-jobs", "0"], "n_jobs"),
        (["--dataset", "cifar10"], "CIFAR-10 is not in"),
    ],
)
@pytest.mark.parametrize("command", ["knn", "linear"])
def test_what_cannot_succeed_ends_with_1_and_says_why(folder, command, arguments, message):
    (folder / "empty").mkdir()
    result = invoke(command, "fit", "--data-dir", "empty", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("nearplane: ")
    assert message in result.stderr
    assert os.listdir(folder) == ["empty"]


def test_more_neighbours_than_images_are_refused_before_anything_is_written(folder):
    result = invoke("knn", "fit", "--n-train", 20, "--k", 21)
    assert result.exit_code == 1
    assert result.stderr == "nearplane: k = 21 is more than the 20 training images\n"
    assert os.listdir(folder) == []


@pytest.mark.parametrize(
    "moment", ["_cli._fit.load_images", "_cli._models.KNeighborsClassifier.fit"]
)
def test_an_interrupt_ends_with_130_and_leaves_no_file(folder, moment, monkeypatch, capsys):
    monkeypatch.setattr(f"nearplane.{moment}", interrupted)
    assert main_code(monkeypatch, "knn", "fit") == 130
    assert tuple(capsys.readouterr()) == ("", "nearplane: interrupted, no model was written\n")
    assert os.listdir(folder) == []


def test_a_training_goes_on_from_its_checkpoint(folder, monkeypatch):
    arguments = ("linear", "fit", "--n-train", 200, "--epochs", 4)
    assert invoke(*arguments, "--out", "expected.np").exit_code == 0
    with monkeypatch.context() as patch:
        patch.setattr(_checkpoint, "_PATIENCE", 0)
        patch.setattr("nearplane.linear_model._learning.EpochTasks.end_epoch", interrupted)
        assert main_code(patch, *arguments, "--checkpoint", "training") == 130
    assert sorted(os.listdir(folder)) == ["expected.np", "training"]
    result = invoke(*arguments, "--checkpoint", "training", "--out", "m.np", "--json")
    assert (result.exit_code, json.loads(result.stdout)["parameters"]["checkpoint"]) == (0, None)
    assert Path("m.np").read_bytes() == Path("expected.np").read_bytes()
    assert sorted(os.listdir(folder)) == ["expected.np", "m.np"]


def test_several_settings_have_no_checkpoint(folder):
    result = invoke("linear", "fit", "--n-train", 200, "--alpha", "1,2", "--checkpoint", "training")
    assert result.exit_code == 1
    assert "checkpoint must be None in a comparison of settings" in result.stderr
    assert os.listdir(folder) == []


def test_an_interrupt_while_the_command_starts_ends_with_130(monkeypatch, capsys):
    monkeypatch.setattr("nearplane.cli.build_app", interrupted)
    assert main_code(monkeypatch, "knn", "fit") == 130
    assert tuple(capsys.readouterr()) == ("", "")


def test_classes_without_images_are_none_of_the_models(folder):
    record = json.loads(invoke("knn", "fit", "--n-train", 3, "--k", 1, "--json").stdout)
    assert record["classes"] == KNeighborsClassifier.load("nearplane-knn.np").classes_.tolist()
    assert len(record["classes"]) <= 3


@pytest.mark.parametrize("terminal", [False, True])
def test_a_terminal_is_shown_how_far_the_work_is(terminal, folder, monkeypatch):
    asked = []

    def load(*arguments, verbose, **options):
        asked.append(verbose)
        return load_dataset(*arguments, **options)

    stream = SimpleNamespace(isatty=lambda: terminal)
    monkeypatch.setattr(_run, "load_dataset", load)
    for module in (_fit, _evaluate):
        monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=stream))
    for words in (["fit", "--n-train", 20], ["evaluate", "nearplane-knn.np"]):
        result = invoke("knn", *words)
        assert result.exit_code == 0
        assert result.stderr == "loading digits\n" * terminal
    assert asked == [terminal, terminal]
