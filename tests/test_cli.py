import json
import os
import shlex
import subprocess
import sys

import pytest

import nearplane
from nearplane import _core
from nearplane._versions import format_versions, version_info
from nearplane.report import _command, _timing

from .commands import interrupted, invoke, main_code, plain, python

SMALL = ["report", "--n-train", "120", "--n-test", "30", "--k", "1,3", "--epochs", "3"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_timing, "LEAST_SECONDS", 0.0)  # nobody reads the times
    return invoke


def test_version(run):
    assert run("--version").stdout == f"nearplane {nearplane.__version__}\n"


def test_info_prints_what_show_versions_prints(run):
    assert run("info").stdout.rstrip("\n") == format_versions(version_info())


def test_info_as_json(run):
    assert json.loads(run("info", "--json").stdout)["core"]["isa_level"] == _core.isa_level()


def test_help_names_every_option(run):
    text = plain(run("report", "--help").stdout)
    options = (
        "dataset",
        "data-dir",
        "n-train",
        "n-test",
        "k",
        "k-max",
        "cv",
        "epochs",
        "out",
        "features",
    )
    for option in (*options, "image-size", "seed", "n-jobs", "json", "quiet"):
        assert f"--{option} " in text


def test_report_prints_a_table_and_writes_a_page(run, tmp_path):
    result = run(*SMALL)
    assert result.exit_code == 0
    assert result.stderr == ""
    for expected in (
        "digits: 120 training images, 30 test images",
        "L1 (Manhattan)",
        "Softmax",
        "fit time",
        "Of 30 test images",
    ):
        assert expected in plain(result.stdout)
    assert "Report: nearplane-report.html" in plain(result.stdout)
    assert "\u00a0" not in result.stdout
    assert os.listdir(tmp_path) == ["nearplane-report.html"]
    page = (tmp_path / "nearplane-report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert (
        "nearplane report --dataset digits --n-train 120 --n-test 30 --k 1,3 --cv 5 --epochs 3 "
        "--seed 0" in page
    )


def test_json_is_all_there_is_on_standard_output(run, tmp_path):
    result = run(*SMALL, "--json", "--out", tmp_path / "new" / "r.html", "--seed", 5)
    record = json.loads(result.stdout)
    assert result.stderr == ""
    assert sorted(record) == [
        "command",
        "data",
        "environment",
        "features",
        "folds",
        "knn",
        "linear",
        "report",
        "schema_version",
    ]
    assert record["schema_version"] == 4
    assert record["knn"]["n_neighbors"] == [1, 3]
    assert record["data"]["n_train"] == 120
    assert record["folds"] == {
        "n_folds": 5,
        "stratified": True,
        "random_state": 5,
        "n_held_out": [24] * 5,
        "n_fit": [96] * 5,
    }
    metrics, losses = record["knn"]["metrics"], record["linear"]["losses"]
    assert [metric["metric"] for metric in metrics] == ["manhattan", "euclidean"]
    assert [loss["loss"] for loss in losses] == ["softmax", "hinge"]
    for metric in metrics:
        assert metric["best_n_neighbors"] in (1, 3)
    for loss in losses:
        assert loss["history"]["epoch"] == [1, 2, 3]
    for result in (*metrics, *losses):
        assert 0 < result["test_accuracy"] <= 1
        assert result["queries_per_second"] > 0
        assert sum(map(sum, result["confusion_matrix"])) == 30
    for sweep in record["linear"]["sweeps"]:
        assert len(sweep["accuracy"]) == len(sweep["alphas"])
        assert {len(row) for row in sweep["accuracy"]} == {len(sweep["learning_rates"])}
    assert (tmp_path / "new" / "r.html").samefile(record["report"])


def test_the_command_in_the_report_gives_the_same_results(run):
    options = ["--json", "--out", "r.html"]
    arguments = ("--n-train", 90, "--n-test", 20, "--k-max", 4, "--cv", 3, "--epochs", 2)
    arguments += ("--seed", 7, "--n-jobs", 1)
    first = json.loads(run("report", *arguments, *options).stdout)
    words = shlex.split(first["command"])
    assert words[0] == "nearplane"
    second = json.loads(run(*words[1:], *options).stdout)
    for record in (first, second):
        del record["knn"]["validation_seconds"]
        for sweep in record["linear"]["sweeps"]:
            del sweep["seconds"]
        for result in (*record["knn"]["metrics"], *record["linear"]["losses"]):
            for timing in ("fit_seconds", "test_seconds", "queries_per_second"):
                del result[timing]
            del result["peak_memory_bytes"]
        features = record["features"]
        del features["seconds"], features["peak_memory_bytes"]
        for result in features["kinds"]:
            del result["fit_seconds"], result["transform_seconds"]
        for result in features["sets"]:
            del result["seconds"]
            for score in (result["nearest"], result["linear"]):
                del score["fit_seconds"], score["test_seconds"]
    assert first == second


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        ("all", ["color_histogram", "hog", "visual_words"]),
        ("visual-words, color_histogram", ["color_histogram", "visual_words"]),
        ("hog", ["hog"]),
    ],
)
def test_features_wanted_are_computed(run, monkeypatch, wanted, kinds):
    monkeypatch.setattr(_command, "render_report", lambda _: "")  # nobody looks at the page
    result = run(
        *("report", "--dataset", "natural", "--n-train", 40, "--n-test", 10, "--k", 1, "--cv", 2),
        *("--epochs", 1, "--json", "--features", wanted),
    )
    record = json.loads(result.stdout)
    assert [result["kind"] for result in record["features"]["kinds"]] == kinds
    assert ("--features" in record["command"]) == (wanted != "all")


def test_features_may_be_left_out(run, tmp_path):
    record = json.loads(run(*SMALL, "--json", "--features", "none").stdout)
    assert record["features"] is None
    assert "--features none" in record["command"]
    html = (tmp_path / "nearplane-report.html").read_text(encoding="utf-8")
    assert 'id="features"' not in html


def test_quiet_prints_nothing(run, tmp_path):
    result = run(*SMALL, "--quiet")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "", 0)
    assert os.listdir(tmp_path) == ["nearplane-report.html"]


@pytest.mark.parametrize(
    ("arguments", "ks"),
    [
        (["--k", "7"], [7]),
        (["--k", "5,1, 3"], [1, 3, 5]),
        (["--k", "5", "--k", "1,5"], [1, 5]),
        (["--k-max", "3"], [1, 2, 3]),
        ([], list(range(1, 17))),  # 20 images, 4 in a fold
    ],
)
def test_values_of_k(run, arguments, ks, monkeypatch):
    monkeypatch.setattr(_command, "render_report", lambda _: "")  # nobody looks at the page
    result = run("report", "--n-train", 20, "--n-test", 5, "--epochs", 1, "--json", *arguments)
    assert json.loads(result.stdout)["knn"]["n_neighbors"] == ks


def test_synthetic_colour_images(run):
    result = run(
        *("report", "--dataset", "natural", "--n-train", 60, "--n-test", 10, "--k", 1),
        *("--epochs", 2, "--json"),
    )
    assert json.loads(result.stdout)["data"]["image_shape"] == [32, 32, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "imagenet"], "'imagenet' is not one of"),
        (["--data-dir", "no-such-folder"], "does not exist"),
        (["--k", "0"], "'0' is not a list of whole numbers"),
        (["--k", "1,,3"], "'1,,3' is not a list"),
        (["--k", "one"], "'one' is not a list"),
        (["--k", ""], "'' is not a list"),
        (["--k", "-1"], "'-1' is not a list"),
        (["--k-max", "0"], "--k-max"),
        (["--k", "1", "--k-max", "3"], "either --k or --k-max"),
        (["--n-train", "1"], "--n-train"),
        (["--n-test", "0"], "--n-test"),
        (["--seed", "-1"], "--seed"),
        (["--epochs", "0"], "--epochs"),
        (["--cv", "1"], "--cv"),
        (["--features", "hog,sift"], "'sift' is not one of color-histogram,hog,visual-words"),
        (["--features", ""], "'' is not one of"),
        (["--image-size", "0"], "'0' is not a size"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage_ends_with_2_and_writes_nothing(run, tmp_path, arguments, message):
    result = run("report", *arguments)
    assert result.exit_code == 2
    assert message in plain(result.stderr)
    assert result.stdout == ""
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--n-train", "9999"], "n_train is 9,999, but there are only"),
        (["--k", "5000"], "k = 5000 is more than the 1150 training rows left"),
        (["--n-jobs", "0"], "n_jobs"),
        (["--out", "."], "is a folder"),
    ],
)
def test_a_run_that_cannot_succeed_ends_with_1_and_says_why(run, tmp_path, arguments, message):
    result = run("report", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("nearplane: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert os.listdir(tmp_path) == []


def test_a_folder_without_the_data_set_is_named_with_what_it_should_hold(
    run, tmp_path, monkeypatch
):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("NEARPLANE_DATA", "elsewhere")
    result = run("report", "--dataset", "cifar10", "--data-dir", "empty")
    assert result.exit_code == 1
    assert result.stderr == (
        "nearplane: CIFAR-10 is not in empty: it should hold the folder cifar-10-batches-bin or "
        "cifar-10-batches-py, complete, or the archive cifar-10-binary.tar.gz or "
        "cifar-10-python.tar.gz.\n"
        "Without --data-dir it is downloaded to elsewhere, if it is not there yet.\n"
    )
    assert os.listdir(tmp_path) == ["empty"]


def test_an_out_below_a_file_is_refused_before_the_run(run, tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("")
    monkeypatch.setattr(_command, "load_images", None)  # never reached
    result = run("report", "--out", "taken/r.html")
    assert result.exit_code == 1
    assert "taken" in result.stderr


def test_a_missing_plotting_package_is_named_before_the_run(run, monkeypatch):
    monkeypatch.setattr(_command, "find_spec", lambda _: None)
    result = run("report")
    assert result.exit_code == 1
    assert result.stderr == (
        "nearplane: the report needs matplotlib: pip install 'nearplane[report]'\n"
    )


def test_a_defect_keeps_its_traceback(run, monkeypatch):
    def run_knn(*_, **__):
        raise TypeError("a defect")

    monkeypatch.setattr(_command, "run_knn", run_knn)
    with pytest.raises(TypeError, match="a defect"):
        run("report")


@pytest.mark.parametrize("moment", ["run_knn", "run_linear", "run_features", "render_report"])
def test_an_interrupt_ends_with_130_and_leaves_no_file(run, tmp_path, moment, monkeypatch, capsys):
    monkeypatch.setattr(_command, moment, interrupted)
    assert main_code(monkeypatch, *SMALL) == 130
    assert tuple(capsys.readouterr()) == ("", "nearplane: interrupted, no report was written\n")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_its_packages_the_command_names_the_extra(tmp_path, package):
    code = f"import sys; sys.modules['{package}'] = None\nfrom nearplane.cli import main; main()"
    done = python(code, tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"nearplane: the command line needs {package}: pip install 'nearplane[cli]'\n"
    )


def test_as_a_module_with_an_ascii_terminal(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "nearplane.cli", *SMALL],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "L2 (Euclidean)" in done.stdout
