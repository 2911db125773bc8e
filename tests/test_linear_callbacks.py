"""scikit-learn's callbacks, each epoch a task; older versions of it have none to take."""

import importlib
import sys

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.utils.fixes import parse_version

from nearplane.linear_model import LinearClassifier, _callbacks, _checkpoint

HAS_CALLBACKS = parse_version(sklearn.__version__) >= parse_version("1.9")


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


class Recorder:
    """Takes down what it is told, and stops after some epoch."""

    def __init__(self, stop_after=None, action=None):
        self.told, self.scores, self.stop_after, self.action = [], [], stop_after, action

    def setup(self, estimator, context):
        self.told.append("setup")

    def teardown(self, estimator, context):
        self.told.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None):
        self.told.append(f"{context.task_name} begins")

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        self.told.append(f"{context.task_name} ends")
        self.scores.append((fitted_estimator.score(X, y), metadata, fitted_estimator.n_iter_))
        if self.action is not None:
            self.action()
        return len(self.scores) == self.stop_after


def linear(**options):
    return LinearClassifier(**{"random_state": 0, "max_epochs": 4, **options})


def test_where_there_are_callbacks_they_are_taken():
    assert hasattr(LinearClassifier, "set_callbacks") == HAS_CALLBACKS


def test_without_the_protocol_all_else_is_the_same(iris, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    try:
        importlib.reload(_callbacks)
        assert not hasattr(_callbacks.CallbackSupportMixin, "set_callbacks")
        assert _callbacks.with_callbacks(len) is len
        estimator = object()
        tasks = _callbacks.EpochTasks(estimator, *iris, None, max_epochs=3)
        tasks.begin_epoch()
        assert tasks.end_epoch(dict) is False
        tasks.end(dict)
    finally:
        monkeypatch.undo()
        importlib.reload(_callbacks)


if HAS_CALLBACKS:
    from sklearn.callback import ProgressBar, ScoringMonitor

    @pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
    def test_each_epoch_is_a_task(iris, solver):
        recorder = Recorder()
        weight = np.ones(150)
        model = linear(solver=solver, max_epochs=100 if solver == "lbfgs" else 4)
        model.set_callbacks(recorder).fit(*iris, sample_weight=weight)
        epochs = ["epoch begins", "epoch ends"] * model.n_iter_
        assert recorder.told == ["setup", "fit begins", *epochs, "fit ends", "teardown"]
        scores = [score for score, _, _ in recorder.scores]
        assert scores[-1] == scores[-2] == model.score(*iris)
        assert [n_iter for _, _, n_iter in recorder.scores[:-1]] == list(range(1, len(scores)))
        assert recorder.scores[0][1] == {"sample_weight": weight}

    @pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
    def test_a_callback_may_have_enough(iris, solver):
        model = linear(solver=solver).set_callbacks(Recorder(stop_after=2)).fit(*iris)
        assert model.n_iter_ == 2
        assert model.stop_reason_ == "interrupted"

    def test_a_callback_that_is_interrupted_leaves_the_weights_so_far(iris):
        def interrupt():
            raise KeyboardInterrupt

        recorder = Recorder(action=interrupt)
        model = linear().set_callbacks(recorder)
        with pytest.raises(KeyboardInterrupt):
            model.fit(*iris)
        assert recorder.told[-1] == "teardown"
        assert model.n_iter_ == 1
        assert model.score(*iris) > 0.6

    def test_callbacks_are_told_of_the_epochs_that_are_left(iris, tmp_path, monkeypatch):
        monkeypatch.setattr(_checkpoint, "_PATIENCE", 0)

        def fail():
            if len(recorder.scores) == 3:
                raise OSError("no network to tell of the third epoch")

        recorder = Recorder(action=fail)
        model = linear(checkpoint=tmp_path / "training").set_callbacks(recorder)
        with pytest.raises(OSError, match="no network"):
            model.fit(*iris)
        assert not hasattr(model, "coef_")
        recorder = Recorder()
        model.set_callbacks(recorder).fit(*iris)
        assert [n_iter for _, _, n_iter in recorder.scores] == [4, 4]
        np.testing.assert_array_equal(model.coef_, linear().fit(*iris).coef_)

    def test_a_callback_that_has_enough_ends_the_training_and_its_checkpoint(iris, tmp_path):
        model = linear(checkpoint=tmp_path / "training").set_callbacks(Recorder(stop_after=2))
        assert model.fit(*iris).n_iter_ == 2
        assert list(tmp_path.iterdir()) == []

    def test_callbacks_change_nothing(iris):
        watched = linear().set_callbacks(Recorder()).fit(*iris)
        np.testing.assert_array_equal(watched.coef_, linear().fit(*iris).coef_)

    def test_scikit_learns_own_callbacks_work(iris, capsys):
        monitor = ScoringMonitor(scoring="accuracy")
        model = linear(early_stopping=True).set_callbacks(monitor, ProgressBar()).fit(*iris)
        logs = monitor.get_logs()
        scores = [entry["accuracy"] for entry in logs.data if entry["task_name"] == "epoch"]
        assert len(scores) == model.n_iter_ == 4
        assert scores[-1] == model.score(*iris)
        assert "LinearClassifier" in capsys.readouterr().out

    def test_callbacks_reach_an_estimator_in_a_search(iris):
        monitor = ScoringMonitor(scoring="accuracy")
        search = GridSearchCV(linear().set_callbacks(monitor), {"alpha": [0.1, 0.01]}, cv=2)
        assert search.fit(*iris).best_score_ > 0.8
