"""Interruption, progress, forks and threads: the core keeps working, whatever happens around it."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from nearplane import _core, argkmin

from .linear_levels import make_trainer, run_epoch

RNG = np.random.default_rng(0)
BASE = RNG.integers(0, 256, (2000, 100), dtype=np.uint8)
QUERY = RNG.integers(0, 256, (200, 100), dtype=np.uint8)
EXPECTED = argkmin(QUERY, BASE, 5)
# Some 10^12 byte operations: seconds to minutes of work at any level. The rows are one row seen
# many times, so they cost no memory.
LONG_BASE = np.broadcast_to(BASE[:1].repeat(40, axis=1), (500_000, 4000))
LONG_QUERY = np.broadcast_to(BASE[1:2].repeat(40, axis=1), (100_000, 4000))


def right_answer():
    found = argkmin(QUERY, BASE, 5)
    return all(np.array_equal(f, e) for f, e in zip(found, EXPECTED, strict=True))


def start_long_search(progress=None):
    _core.argkmin(
        LONG_QUERY, LONG_BASE, 3, "manhattan", exclude_self=False, n_threads=2, progress=progress
    )


class StopNowError(Exception):
    """Raised from a progress callback."""


def test_progress_rises_to_one():
    seen = []
    _core.argkmin(
        np.broadcast_to(QUERY[:1], (100_000, 100)), BASE, 3, "euclidean",
        exclude_self=False, n_threads=2, progress=seen.append,
    )  # fmt: skip
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert seen[0] >= 0.0


def test_an_exception_in_the_callback_stops_the_search():
    calls = []

    def stop(fraction):
        calls.append(fraction)
        raise StopNowError

    with pytest.raises(StopNowError):
        start_long_search(stop)
    assert len(calls) == 1
    assert calls[0] < 0.5
    assert right_answer()


def test_many_small_blocks_of_queries_are_one_job_to_its_caller():
    """Each block of queries takes milliseconds; the caller is heard in between all the same."""
    calls = []

    def stop(fraction):
        calls.append(fraction)
        raise StopNowError

    query = np.broadcast_to(QUERY[:1, :10], (20_000_000, 10))
    with pytest.raises(StopNowError):
        _core.argkmin(
            query, BASE[:50, :10], 1, "euclidean", exclude_self=False, n_threads=1, progress=stop
        )
    assert calls[0] < 0.9


def test_rows_changed_during_a_search_are_an_answer_or_an_error_but_never_garbage():
    base = np.tile(RNG.normal(size=(20_000, 50)), (4, 1))
    query = base[:6000].copy()

    def spoil(_):
        base[:] += 1000.0  # every bound taken so far is wrong

    for _ in range(3):
        try:
            _, indices = _core.argkmin(
                query, base, 9, "euclidean", exclude_self=False, n_threads=2, progress=spoil
            )
        except RuntimeError as error:
            assert "changed while they were searched" in str(error)  # noqa: PT017
        else:
            assert indices.min() >= 0
            assert indices.max() < len(base)


DAEMONS = {
    "one long search": """
        rows = np.broadcast_to(np.uint8(1), (10_000_000, 1000))
        started.set()
        nearplane.argkmin(rows, rows, 3)
    """,
    # Almost always it is in the core or waiting for the GIL, on its way in or out.
    # From the first step on: NumPy's own C++, such as that of np.unique, which reads the labels
    # before that, does not survive the end of the process.
    "epoch after epoch": """
        X, y = rng.integers(0, 256, (1000, 500), dtype=np.uint8), np.arange(1000) % 5
        def constant(times, n_epochs):
            started.set()
            return np.ones_like(times)
        nearplane.LinearClassifier(max_epochs=10**9, schedule=constant).fit(X, y)
    """,
    "gradient after gradient": """
        W, X, y = rng.normal(size=(500, 5)), rng.normal(size=(100, 500)), np.arange(100) % 5
        while started.set() is None:
            nearplane.losses.softmax(W, X, y)
    """,
}


@pytest.mark.parametrize("work", DAEMONS)
def test_a_daemon_thread_may_work_while_the_process_ends(work):
    code = textwrap.dedent("""
        import threading
        import numpy as np, nearplane
        rng = np.random.default_rng(0)
        started = threading.Event()
        def work():
        {body}
        threading.Thread(target=work, daemon=True).start()
        started.wait()
        np.linalg.norm(rng.normal(size=(500, 500)), 2)  # lets it get under way
    """).format(body=textwrap.indent(textwrap.dedent(DAEMONS[work]), "    "))
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def test_a_signal_ends_a_search_and_the_next_one_is_right():
    def interrupt(_):
        signal.raise_signal(signal.SIGINT)

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            start_long_search(interrupt)
        assert right_answer()


def test_a_signal_from_outside_ends_a_search():
    code = textwrap.dedent("""
        import numpy as np, nearplane
        rows = np.broadcast_to(np.uint8(1), (10_000_000, 1000))
        try:
            print("ready", flush=True)
            nearplane.argkmin(rows, rows, 3)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        print(nearplane.argkmin(rows[:2], rows[:9], 3)[1].tolist())
    """)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    answer, _ = process.communicate(timeout=60)
    assert answer == "interrupted\n[[0, 1, 2], [0, 1, 2]]\n"
    assert process.returncode == 0


# How programs begin that train in a process of their own, in steps long enough for two threads.
TRAINING = textwrap.dedent("""
    import os, threading, warnings
    import numpy as np
    from nearplane import _core
    warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, about forks and threads
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (1000, 4000), dtype=np.uint8), rng.integers(0, 40, 1000)
    long_epoch = np.tile(rng.permutation(1000), 5000)  # 20,000 steps: half a minute
    def new_trainer():
        return _core.LinearTrainer(
            [_core.Setting()], n_features=4000, n_classes=40, dtype="float32", loss="softmax",
            margin=1.0, class_mean=False, fit_intercept=True, center=None,
            scale=np.full(4000, 1 / 256),
        )
    def train(trainer, rows, progress=None):
        rates = np.full((len(rows) // 250, 1), 1e-3)
        trainer.run_epoch(
            X, y, rows, None, learning_rates=rates, n_threads=2, progress=progress
        )
    def state(trainer):
        return trainer.weights().tobytes() + trainer.moments().tobytes()
""")
INTERRUPTED_EPOCH = TRAINING + textwrap.dedent("""
    trainer, replay = new_trainer(), new_trainer()
    try:
        train(trainer, long_epoch, lambda _: print("training", flush=True))
    except KeyboardInterrupt:
        print("interrupted", 0 < trainer.n_steps < 20_000, flush=True)
    n_seen = trainer.n_steps * 250
    train(replay, long_epoch[:n_seen])
    print(state(trainer) == state(replay))
    for each in (trainer, replay):
        train(each, long_epoch[n_seen : n_seen + 1000])
    print(state(trainer) == state(replay))
""")


def test_a_signal_from_outside_leaves_the_last_whole_step_and_a_trainer_that_goes_on():
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED_EPOCH], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "training\n"
    process.send_signal(signal.SIGINT)
    answer, _ = process.communicate(timeout=60)
    assert answer.replace("training\n", "") == "interrupted True\nTrue\nTrue\n"
    assert process.returncode == 0


def test_many_python_threads_at_once():
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: right_answer(), range(40)))


def test_trainers_in_many_python_threads_get_the_bits_of_one_alone():
    X, y = RNG.integers(0, 256, (1000, 1000), dtype=np.uint8), RNG.integers(0, 4, 1000)
    orders = [RNG.permutation(1000) for _ in range(8)]
    settings, weights = [{}, {"optimizer": "adam"}], np.zeros((2, 4, 1001), np.float32)

    def train(rows):
        trainer = make_trainer(
            _core.isa_level(), settings, weights, "softmax", scale=np.full(1000, 1 / 256)
        )
        for _ in range(3):
            trace = run_epoch(trainer, (X, y, rows, None), 250, 1e-3)  # long steps: for two threads
        return [array.tobytes() for array in (trainer.weights(), trainer.moments(), trace.losses)]

    expected = [train(rows) for rows in orders]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(train, orders)) == expected


def test_other_python_threads_run_while_the_core_works():
    ticks = []

    def stop_after_ticks(_):
        if len(ticks) > 100:
            raise StopNowError

    def tick(done):
        while not done.is_set():
            ticks.append(None)

    done = threading.Event()
    thread = threading.Thread(target=tick, args=(done,))
    thread.start()
    with pytest.raises(StopNowError):
        start_long_search(stop_after_ticks)
    done.set()
    thread.join()
    assert len(ticks) > 100


def test_joblib_workers_and_threads():
    for backend in ("threading", "loky"):
        answers = joblib.Parallel(n_jobs=2, backend=backend)(
            joblib.delayed(argkmin)(QUERY, BASE, 5) for _ in range(4)
        )
        for distances, indices in answers:
            np.testing.assert_array_equal(distances, EXPECTED[0])
            np.testing.assert_array_equal(indices, EXPECTED[1])


def test_thread_settings_of_others_are_honoured():
    with threadpool_limits(limits=1, user_api="openmp"):
        assert _core.max_threads() == 1
        assert right_answer()
    env = {**os.environ, "OMP_NUM_THREADS": "3"}
    code = "from nearplane import _core; print(_core.max_threads())"
    answer = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "3\n"


FORKS = textwrap.dedent("""
    import os, sys, warnings
    import numpy as np, nearplane
    warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, about forks and threads
    rows = np.random.default_rng(0).integers(0, 256, (3000, 64), dtype=np.uint8)
    expected = nearplane.argkmin(rows, rows, 4, n_jobs=4)[1]
    for _ in range(10):
        child = os.fork()
        if child == 0:
            same = np.array_equal(nearplane.argkmin(rows, rows, 4, n_jobs=4)[1], expected)
            os._exit(0 if same and nearplane._core.max_threads() == 1 else 1)
        assert os.waitpid(child, 0)[1] == 0
    assert np.array_equal(nearplane.argkmin(rows, rows, 4, n_jobs=4)[1], expected)
    print("survived")
""")
FORK_WHILE_FEATURES_ARE_MEASURED = textwrap.dedent("""
    import os, threading, warnings
    import numpy as np
    from nearplane.linear_model import LinearClassifier, _fitting
    warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, about forks and threads
    rng = np.random.default_rng(0)
    rows, labels = rng.integers(0, 256, (300, 64), dtype=np.uint8), rng.integers(0, 3, 300)
    def fit():
        return LinearClassifier(max_epochs=2, random_state=0).fit(rows, labels).coef_
    expected, measure = fit(), _fitting.feature_scale
    is_measuring, has_forked = threading.Event(), threading.Event()
    def wait_and_measure(*args, **kwargs):
        is_measuring.set()
        has_forked.wait()
        return measure(*args, **kwargs)
    _fitting.feature_scale = wait_and_measure
    thread = threading.Thread(target=fit)
    thread.start()
    is_measuring.wait()
    child = os.fork()
    _fitting.feature_scale = measure
    if child == 0:
        os._exit(0 if np.array_equal(fit(), expected) else 1)
    assert os.waitpid(child, 0)[1] == 0
    has_forked.set()
    thread.join()
    print("survived")
""")
FORK_WHILE_ANOTHER_THREAD_TRAINS = TRAINING + textwrap.dedent("""
    def train_anew():
        trainer = new_trainer()
        train(trainer, long_epoch[:1000])
        return state(trainer)
    def fork_and_train():
        child = os.fork()
        if child == 0:
            os._exit(0 if train_anew() == expected else 1)
        assert os.waitpid(child, 0)[1] == 0
    expected = train_anew()
    fork_and_train()
    is_training, has_forked = threading.Event(), threading.Event()
    def end_if_forked(_):
        is_training.set()
        if has_forked.is_set():
            raise InterruptedError
    def train_long():
        try:
            train(new_trainer(), long_epoch, end_if_forked)
        except InterruptedError:
            print("survived")
    thread = threading.Thread(target=train_long)
    thread.start()
    is_training.wait()
    for _ in range(5):
        fork_and_train()
    has_forked.set()
    thread.join()
    assert train_anew() == expected
""")
CAN_FORK = "fork" in multiprocessing.get_all_start_methods()


FORKING = [FORKS, FORK_WHILE_ANOTHER_THREAD_TRAINS, FORK_WHILE_FEATURES_ARE_MEASURED]


@pytest.mark.parametrize("code", FORKING if CAN_FORK else [])
def test_children_of_fork_go_on(code):
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.stdout == "survived\n", answer.stderr


@pytest.mark.parametrize(
    "imports",
    ["nearplane, sklearn.neighbors", "sklearn.neighbors, nearplane"],
)
def test_lives_beside_scikit_learn_in_either_order(imports):
    code = textwrap.dedent(f"""
        import {imports}
        import numpy as np
        from sklearn.neighbors import NearestNeighbors
        rows = np.random.default_rng(0).normal(size=(500, 20))
        theirs = NearestNeighbors(algorithm="brute", n_jobs=2).fit(rows).kneighbors(rows)[1]
        print(np.array_equal(nearplane.argkmin(rows, rows, 5, n_jobs=2)[1], theirs))
    """)
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert answer.stdout == "True\n"
