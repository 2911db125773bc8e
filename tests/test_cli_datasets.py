import json
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from nearplane._cli import _datasets, _run
from nearplane.datasets import DATASET_NAMES, ImageDataset

from .commands import invoke, plain, rows


@pytest.fixture(autouse=True)
def nothing_at_home(tmp_path, monkeypatch):
    """Work in a folder of its own, in which no data set is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARPLANE_DATA", str(tmp_path / "home"))


@pytest.fixture
def loads(monkeypatch):
    """Answer every request for a data set with four pictures, and return the requests."""
    requests = []

    def load(name, **arguments):
        requests.append((name, arguments))
        images = np.arange(4 * 6, dtype=np.uint8).reshape(4, 2, 3)
        target = np.array([0, 1, 1, 1])
        return ImageDataset(
            name, images, target, images[:2], target[:2], ["cat", "dog"], (2, 3), "Four pictures."
        )

    monkeypatch.setattr(_run, "load_dataset", load)
    return requests


def test_every_data_set_is_listed_with_what_it_holds_and_where_it_comes_from():
    result = invoke("datasets", "list")
    assert result.exit_code == 0
    assert [cells[0] for cells in rows(result.stdout)] == list(DATASET_NAMES)
    assert all(contents and source for _, contents, source in rows(result.stdout))
    assert "home" in result.stdout.splitlines()[-1]
    assert max(map(len, result.stdout.splitlines()[:-1])) <= 80


def test_the_list_as_json(tmp_path):
    record = json.loads(invoke("datasets", "list", "--json").stdout)
    assert record["data_home"] == str(tmp_path / "home")
    assert [entry["name"] for entry in record["datasets"]] == list(DATASET_NAMES)


def test_what_is_shown_of_the_digits_is_what_scikit_learn_counts():
    record = json.loads(invoke("datasets", "show", "digits", "--json").stdout)
    assert record["image_shape"] == [8, 8]
    assert (record["smallest"], record["largest"], record["dtype"]) == (0, 16, "uint8")
    images, target = load_digits(return_X_y=True)
    assert record["n_train"] + record["n_test"] == len(images)
    counted = [entry["n_train"] + entry["n_test"] for entry in record["classes"]]
    assert counted == np.bincount(target).tolist()
    assert [entry["name"] for entry in record["classes"]] == list("0123456789")


def test_a_data_set_is_shown_in_words_and_by_class(loads):
    result = invoke("datasets", "show", "digits")
    assert "digits: Four pictures." in result.stdout
    assert "4 training and 2 test images, 2 classes" in result.stdout
    assert "shape 2 x 3, uint8, values 0 to 23, 0.036 kB" in result.stdout
    assert rows(result.stdout) == [["cat", "1", "1"], ["dog", "3", "1"]]


@pytest.mark.parametrize(
    ("command", "terminal", "verbose"),
    [
        (("show",), True, True),
        (("show",), False, False),
        (("fetch",), True, True),
        (("fetch",), False, False),
        (("fetch", "--quiet"), True, False),
    ],
)
def test_a_terminal_is_shown_how_far_downloads_are(command, terminal, verbose, loads, monkeypatch):
    stream = SimpleNamespace(isatty=lambda: terminal)
    monkeypatch.setattr(_datasets, "sys", SimpleNamespace(stderr=stream))
    result = invoke("datasets", *command, "cifar10")
    ((_, arguments),) = loads
    assert arguments["verbose"] is verbose
    assert ("ing cifar10\n" in result.stderr) == verbose


def test_to_show_downloads_nothing(loads):
    invoke("datasets", "show", "cifar10")
    invoke("datasets", "show", "cifar10", "--data-dir", "here")
    assert [arguments["download_if_missing"] for _, arguments in loads] == [False, False]


def test_what_is_not_there_is_named_with_the_command_that_gets_it(tmp_path):
    result = invoke("datasets", "show", "cifar10")
    assert result.exit_code == 1
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith(f"nearplane: CIFAR-10 is not in {tmp_path / 'home'}")
    assert second == "`nearplane datasets fetch cifar10` downloads it."


def test_to_fetch_downloads_to_the_folder_named(loads, tmp_path):
    result = invoke("datasets", "fetch", "cifar10", "--data-dir", "new")
    assert result.stdout == "cifar10: 4 training and 2 test images in new\n"
    [(name, arguments)] = loads
    assert (name, str(arguments["data_home"])) == ("cifar10", "new")
    assert arguments["download_if_missing"] is True


def test_several_are_fetched_quietly(loads):
    assert invoke("datasets", "fetch", "cifar10", "digits", "cifar10", "-q").stdout == ""
    assert [name for name, _ in loads] == ["cifar10", "cifar10"]


def test_what_was_fetched_as_json(loads, tmp_path):
    record = json.loads(invoke("datasets", "fetch", "cifar10", "digits", "--json").stdout)
    assert record["data_home"] == str(tmp_path / "home")
    cifar10, digits = record["datasets"]
    assert cifar10 == {"name": "cifar10", "n_train": 4, "n_test": 2, "image_shape": [2, 3]}
    assert digits == {"name": "digits", "source": "bundled"}


@pytest.mark.parametrize("name", ["digits", "natural"])
def test_what_needs_no_file_is_not_fetched(name, loads):
    result = invoke("datasets", "fetch", name)
    assert result.exit_code == 0
    assert result.stdout.endswith("nothing to fetch\n")
    assert loads == []


def test_a_download_that_fails_is_one_line(monkeypatch):
    def load(*_, **__):
        raise OSError("could not download it")

    monkeypatch.setattr(_run, "load_dataset", load)
    result = invoke("datasets", "fetch", "cifar10")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "nearplane: could not download it\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "nonsense"], "'nonsense' is not one of"),
        (["fetch", "digits", "nonsense"], "'nonsense' is not one of"),
        (["fetch", "folder"], "'folder' stands for data of your own"),
        (["show"], "Missing argument"),
        (["fetch"], "Missing argument"),
        (["show", "digits", "--image-size", "0"], "'0' is not a size"),
        (["show", "digits", "--image-size", "32x"], "'32x' is not a size"),
        (["nonsense"], "No such command"),
    ],
)
def test_wrong_usage_ends_with_2(loads, arguments, message):
    result = invoke("datasets", *arguments)
    assert result.exit_code == 2
    assert message in plain(result.stderr)
    assert loads == []


def test_a_size_is_refused_where_there_is_none_to_choose():
    result = invoke("datasets", "show", "digits", "--image-size", "16")
    assert result.exit_code == 1
    assert result.stderr.startswith("nearplane: image_size is for 'folder' only")


@pytest.mark.parametrize("name", ["folder", "arrays"])
def test_data_of_the_user_s_own_need_a_place(loads, name):
    result = invoke("datasets", "show", name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"the data set {name} is your own: --data-dir must say" in result.stderr
    assert loads == []


def test_the_size_of_a_folder_s_images_is_handed_on(loads, tmp_path):
    invoke("datasets", "show", "folder", "--data-dir", tmp_path, "--image-size", "24x16")
    invoke("datasets", "show", "folder", "--data-dir", tmp_path, "--image-size", "20")
    assert [arguments["image_size"] for _, arguments in loads] == [(24, 16), (20, 20)]


def test_nothing_is_described_that_does_not_exist():
    assert set(DATASET_NAMES) <= set(_datasets._CONTENTS) == set(_datasets._SOURCES)
