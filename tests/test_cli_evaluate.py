import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane.datasets import load_dataset
from nearplane.metrics import top_k_accuracy

from .commands import invoke, plain, rows


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARPLANE_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", n_train=100)


def evaluated(command, *arguments):
    result = invoke(command, "evaluate", "m.np", *arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("command", "model"),
    [
        ("knn", KNeighborsClassifier(3)),
        ("linear", LinearClassifier("hinge", max_epochs=5, random_state=0)),
        ("linear", LinearClassifier(max_epochs=5, random_state=0)),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_the_figures_are_those_of_scikit_learn(digits, command, model, named):
    names = np.array(digits.class_names)
    train = names[digits.y_train] if named else digits.y_train
    test = names[digits.y_test] if named else digits.y_test
    model.fit(digits.X_train, train).save("m.np")
    record = evaluated(command)
    predicted = model.predict(digits.X_test)
    assert record["accuracy"] == accuracy_score(test, predicted)
    assert record["n_right"] == np.sum(test == predicted)
    assert record["n_test"] == len(test)
    voting = hasattr(model, "predict_proba")
    scores = (
        model.predict_proba(digits.X_test) if voting else model.decision_function(digits.X_test)
    )
    assert record["top_5_accuracy"] == top_k_accuracy(test, scores, labels=model.classes_)
    recalls = recall_score(test, predicted, average=None)
    assert [entry["accuracy"] for entry in record["per_class"]] == pytest.approx(recalls.tolist())
    table = confusion_matrix(test, predicted)
    assert record["confusion_matrix"] == table.tolist()
    np.fill_diagonal(table, 0)
    for entry, wrong in zip(record["per_class"], table, strict=True):
        taken_for = entry["most_often_taken_for"]
        assert entry["n_taken_for_it"] == wrong.max()
        assert taken_for == (digits.class_names[wrong.argmax()] if wrong.any() else None)


def test_a_table_of_classes_is_printed(digits):
    KNeighborsClassifier(3).fit(digits.X_train, digits.y_train).save("m.np")
    record = evaluated("knn")
    result = invoke("knn", "evaluate", "m.np")
    assert "m.np on 359 test images of digits" in result.stdout
    assert f"accuracy  {100 * record['accuracy']:.2f} %" in result.stdout
    assert f"top-5     {100 * record['top_5_accuracy']:.2f} %" in result.stdout
    cells = rows(result.stdout)
    assert [line[0] for line in cells] == list("0123456789")
    assert sum(int(line[1]) for line in cells) == 359
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert invoke("knn", "evaluate", "m.np", "-q").stdout == ""


def test_part_of_the_test_images_and_other_draws(digits):
    KNeighborsClassifier(1).fit(digits.X_train, digits.y_train).save("m.np")
    assert evaluated("knn", "--n-test", 40)["n_test"] == 40
    other = load_dataset("digits", random_state=3)
    model = KNeighborsClassifier.load("m.np")
    assert evaluated("knn", "--seed", 3)["accuracy"] == model.score(other.X_test, other.y_test)


def test_classes_the_model_has_never_seen_count_as_wrong(digits):
    few = digits.y_train < 4
    KNeighborsClassifier(1).fit(digits.X_train[few], digits.y_train[few]).save("m.np")
    record = evaluated("knn")
    model = KNeighborsClassifier.load("m.np")
    assert record["accuracy"] == np.mean(model.predict(digits.X_test) == digits.y_test)
    assert record["n_unknown"] == np.sum(digits.y_test >= 4)
    assert record["top_5_accuracy"] is None  # of four classes
    assert len(record["per_class"]) == 4
    assert f"{record['n_unknown']} are of classes" in plain(
        invoke("knn", "evaluate", "m.np").stdout
    )


def test_images_of_unknown_classes_alone_are_all_wrong(digits):
    [unknown] = load_dataset("digits", n_test=1).y_test
    few = digits.y_train != unknown
    KNeighborsClassifier(1).fit(digits.X_train[few], digits.y_train[few]).save("m.np")
    record = evaluated("knn", "--n-test", 1)
    assert (record["n_unknown"], record["accuracy"]) == (1, 0)
    assert record["top_5_accuracy"] == 0
    assert np.array_equal(record["confusion_matrix"], np.zeros((9, 9)))


def test_a_class_without_test_images_has_no_accuracy(digits):
    labels = np.append(digits.y_train, 10)
    X = np.concatenate([digits.X_train, np.full((1, 8, 8), 16, np.uint8)])
    KNeighborsClassifier(1).fit(X, labels).save("m.np")
    last = evaluated("knn")["per_class"][-1]
    assert (last["class"], last["n_test"], last["accuracy"]) == ("10", 0, None)
    assert rows(invoke("knn", "evaluate", "m.np").stdout)[-1][:3] == ["10", "0", ""]


def test_images_of_another_shape_are_refused(digits):
    KNeighborsClassifier(1).fit(digits.X_train, digits.y_train).save("m.np")
    result = invoke("knn", "evaluate", "m.np", "--dataset", "natural", "--n-test", 5)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "nearplane: m.np was fitted to images of shape (8, 8); those of natural have shape "
        "(32, 32, 3).\n"
    )


def test_classes_of_another_world_are_refused(digits):
    names = np.array([f"letter {label}" for label in digits.y_train])
    KNeighborsClassifier(1).fit(digits.X_train, names).save("m.np")
    result = invoke("knn", "evaluate", "m.np")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "nearplane: m.np knows the classes letter 0, letter 1, letter 2, letter 3, letter 4 and 5 "
        "more; digits has 0, 1, 2, 3, 4 and 5 more.\n"
    )
