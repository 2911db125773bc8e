"""`algorithm`: the same answers by every way, decided once, for all threads, and never for good."""

import copy
import io
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from nearplane import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors, argkmin
from nearplane.neighbors import _searcher
from nearplane.neighbors._sketch import Sketch

from . import reference
from .planner import Planner
from .reference import METRICS

ALGORITHMS = ("auto", "brute", "pruned")
ESTIMATORS = [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor]


def sample(n=150, d=40, dtype="uint8", seed=0):
    """Whole numbers along few directions: sums are exact, and sketches have something to tell."""
    rng = np.random.default_rng(seed)
    directions = np.random.default_rng(99).integers(0, 12, (4, d))
    return (rng.integers(0, 5, (n, 4)) @ directions + rng.integers(0, 3, (n, d))).astype(dtype)


def assert_found(found, X, Y, k, metric, **options):
    for ours, expected in zip(found, reference.argkmin(X, Y, k, metric, **options), strict=True):
        np.testing.assert_array_equal(ours, expected)


@pytest.fixture
def planner(monkeypatch):
    planner = Planner("pruned")
    monkeypatch.setattr(_searcher, "plan_search", planner)
    return planner


@pytest.fixture
def builds(monkeypatch):
    """The rows of every sketch that is built."""
    built, build = [], Sketch.build

    def counting(base, *arguments, **options):
        built.append(base)
        return build(base, *arguments, **options)

    monkeypatch.setattr(Sketch, "build", counting)
    return built


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_every_algorithm_finds_the_oracles_neighbours(algorithm, dtype, metric):
    X, Y = sample(30, dtype=dtype, seed=1), sample(dtype=dtype)
    search = NearestNeighbors(algorithm=algorithm, metric=metric).fit(Y)
    for k in (1, 7, 149):
        assert_found(search.kneighbors(X, k), X, Y, k, metric)
        assert_found(search.kneighbors(None, k), Y, Y, k, metric, exclude_self=True)
        assert_found(argkmin(X, Y, k, metric, algorithm=algorithm), X, Y, k, metric)
    assert_found(search.kneighbors(X[:0], 2), X[:0], Y, 2, metric)
    assert_found(argkmin(X[:0], Y, 2, metric, algorithm=algorithm), X[:0], Y, 2, metric)
    if algorithm != "auto":
        assert search.search_plan_.algorithm == algorithm


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
def test_every_algorithm_predicts_the_same(estimator, algorithm):
    X, y = sample(), np.arange(150) % 4
    weight = 0.25 + np.arange(150) % 3
    for sample_weight in (None, weight):
        expected = estimator(algorithm="brute").fit(X, y, sample_weight)
        model = estimator(algorithm=algorithm).fit(X, y, sample_weight)
        for queries in (sample(40, seed=1), None):
            np.testing.assert_array_equal(model.predict(queries), expected.predict(queries))


@pytest.mark.parametrize("fitted", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("asked", ["uint8", "float32", "float64"])
def test_queries_of_any_type_use_the_sketch(fitted, asked, builds):
    X, Y = sample(30, dtype=asked, seed=1), sample(dtype=fitted)
    search = NearestNeighbors(algorithm="pruned").fit(Y)
    assert_found(search.kneighbors(X), X, Y, 5, "euclidean")
    assert [rows is search._searcher.rows for rows in builds] == [True]
    assert search.search_plan_.levels[0].measured_survivors <= 1


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_there_is_a_plan_when_it_has_been_made(estimator):
    X, y = sample(), np.arange(150) % 4
    model = estimator(algorithm="auto")
    with pytest.raises(NotFittedError):
        _ = model.search_plan_
    assert not hasattr(model, "search_plan_")
    model.fit(X, y)
    with pytest.raises(AttributeError, match="no search_plan_ before the first search"):
        _ = model.search_plan_
    model.kneighbors(X[:3])
    first = model.search_plan_
    assert first.n_queries == 3
    model.kneighbors(X[:5])
    assert (first.n_queries, model.search_plan_.n_queries) == (3, 5)
    for algorithm in ("brute", "pruned"):
        plan = estimator(algorithm=algorithm).fit(X, y).search_plan_
        assert (plan.algorithm, plan.n_queries) == (algorithm, 0)
        assert f'algorithm="{algorithm}"' in str(plan)


def test_auto_decides_when_it_is_asked_and_builds_once(planner, builds):
    X = sample()
    search = NearestNeighbors(algorithm="auto").fit(X)
    assert planner.asked == builds == []
    planner.algorithm = "brute"
    search.kneighbors(X[:3])
    search.kneighbors(X[:4])
    assert builds == []
    assert search.search_plan_.algorithm == "brute"
    planner.algorithm = "pruned"
    for _ in range(3):
        assert_found(search.kneighbors(X[:5]), X[:5], X, 5, "euclidean")
    assert len(builds) == 1
    assert search.search_plan_.algorithm == "pruned"
    assert [known["n_queries_before"] for known in planner.asked] == [0, 3, 7, 12, 17]
    assert [known["sketch"] is None for known in planner.asked] == [True] * 3 + [False] * 2
    previous = [known["previous"] and known["previous"].n_queries for known in planner.asked]
    assert previous == [None, 3, 4, 5, 5]


def test_auto_knows_what_is_asked(planner):
    X = sample()
    search = NearestNeighbors(algorithm="auto", n_jobs=3).fit(X)
    groups = np.arange(150) % 3, np.arange(150) % 3
    search._search(X, 4, exclude_self=True, groups=groups)
    known = planner.asked[-1]
    assert (known["exclude_self"], known["groups"], known["n_threads"]) == (True, groups, 3)


def test_brute_force_never_builds_or_plans(planner, builds):
    X = sample()
    search = NearestNeighbors(algorithm="brute").fit(X)
    for _ in range(3):
        search.kneighbors()
    argkmin(X, X, 3, algorithm="brute")
    assert planner.asked == builds == []


@pytest.mark.parametrize("algorithm", ["auto", "pruned"])
def test_many_threads_share_one_sketch(algorithm, planner, builds):
    X = sample(300)
    search = NearestNeighbors(algorithm=algorithm, n_jobs=1).fit(X)
    together = Barrier(32)

    def ask(first):
        together.wait()
        return search.kneighbors(X[first : first + 9])

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, range(32)))
    assert len(builds) == 1
    for first, found in enumerate(answers):
        assert_found(found, X[first : first + 9], X, 5, "euclidean")
    assert search.search_plan_.n_queries in (0, 9)  # what was measured may be of an older plan
    search.kneighbors(X[:4])
    assert search.search_plan_.n_queries == 4


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_a_build_that_fails_does_no_harm(error, planner, monkeypatch):
    X, Y, y = sample(20, seed=1), sample(), np.arange(150) % 4
    fitted = KNeighborsClassifier(algorithm="pruned").fit(Y, y)
    lazy = NearestNeighbors(algorithm="auto").fit(Y)

    def fail(*arguments, **options):
        raise error("in the middle")

    monkeypatch.setattr(Sketch, "build", fail)
    with pytest.raises(error, match="in the middle"):
        fitted.fit(X[:, :3], y[:20])
    with pytest.raises(error, match="in the middle"):
        lazy.kneighbors(X)
    monkeypatch.undo()
    monkeypatch.setattr(_searcher, "plan_search", planner)
    for model in (fitted, lazy):
        assert_found(model.kneighbors(X), X, Y, 5, "euclidean")
        assert model.search_plan_.algorithm == "pruned"
    assert planner.asked[-1]["n_queries_before"] == 0


def test_a_search_that_fails_does_no_harm(planner, monkeypatch):
    X = sample()
    search = NearestNeighbors(algorithm="auto").fit(X)

    def fail(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Sketch, "search", fail)
    with pytest.raises(KeyboardInterrupt):
        search.kneighbors()
    monkeypatch.undo()
    assert_found(search.kneighbors(), X, X, 5, "euclidean", exclude_self=True)


def test_the_parameters_of_the_fit_count_until_the_next(builds):
    X = sample()
    search = NearestNeighbors(algorithm="pruned", metric="l1").fit(X)
    expected = reference.argkmin(X, X, 5, "manhattan", exclude_self=True)
    search.set_params(algorithm="brute", metric="l2")
    np.testing.assert_array_equal(search.kneighbors()[1], expected[1])
    assert search.search_plan_.algorithm == "pruned"
    assert len(builds) == 1
    assert_found(search.fit(X).kneighbors(), X, X, 5, "euclidean", exclude_self=True)
    assert search.search_plan_.algorithm == "brute"
    search.set_params(algorithm="pruned").fit(X[:, ::2])
    assert_found(search.kneighbors(X[:9, ::2]), X[:9, ::2], X[:, ::2], 5, "euclidean")
    assert len(builds) == 2


def test_copies_keep_the_sketch(builds):
    X = sample()
    search = NearestNeighbors(algorithm="pruned").fit(X)
    search.kneighbors(X[:3])
    for same in (pickle.loads(pickle.dumps(search)), copy.deepcopy(search), copy.copy(search)):
        assert_found(same.kneighbors(X[:7]), X[:7], X, 5, "euclidean")
        assert same.search_plan_.algorithm == "pruned"
    assert len(builds) == 1
    assert not hasattr(clone(search), "search_plan_")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_verbose_fits_and_searches_say_what_takes_time(planner, monkeypatch):
    X = sample()
    for algorithm, at_fit, at_search in [
        ("brute", "", "nearest neighbours"),
        ("pruned", "sketch", "nearest neighbours"),
        ("auto", "", "nearest neighbours (sketch)"),
    ]:
        monkeypatch.setattr(sys, "stderr", Terminal())
        search = NearestNeighbors(algorithm=algorithm, verbose=True).fit(X)
        assert at_fit in sys.stderr.getvalue()
        assert bool(at_fit) == bool(sys.stderr.getvalue())
        monkeypatch.setattr(sys, "stderr", Terminal())
        search.kneighbors()
        assert at_search in sys.stderr.getvalue()


FORK_WHILE_ANOTHER_THREAD_DECIDES = """
import os, threading, warnings
import numpy as np
from nearplane import NearestNeighbors
from nearplane.neighbors import _searcher
warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, about forks and threads
deciding, forked, plan = threading.Event(), threading.Event(), _searcher.plan_search
def wait(*arguments, **options):
    deciding.set()
    forked.wait()
    return plan(*arguments, **options)
X = np.arange(60.0).reshape(20, 3)
search = NearestNeighbors(n_neighbors=1).fit(X)
_searcher.plan_search = wait
thread = threading.Thread(target=search.kneighbors, args=(X,))
thread.start()
deciding.wait()
child = os.fork()
if child == 0:
    _searcher.plan_search = plan
    os._exit(0 if (search.kneighbors(X)[1].ravel() == np.arange(20)).all() else 1)
status = os.waitpid(child, 0)[1]
forked.set()
thread.join()
print("survived" if status == 0 else status)
"""


CAN_FORK = "fork" in multiprocessing.get_all_start_methods()


@pytest.mark.parametrize("code", [FORK_WHILE_ANOTHER_THREAD_DECIDES] if CAN_FORK else [])
def test_a_forked_child_does_not_wait_for_its_parents_threads(code):
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.stdout == "survived\n", answer.stderr
