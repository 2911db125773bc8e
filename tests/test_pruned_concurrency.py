"""Encoding and pruned searches: heard from, interrupted, forked, and shared by threads."""

import multiprocessing
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from nearplane import _core

from .pruned_cases import Case, brute, encode
from .pruned_codings import chain_of, make_coding
from .pruned_data import make_rows

METRICS = ("euclidean", "manhattan")
LEVEL = _core.isa_level()


def make_case(metric, n_query=300, n_base=3000, d=100):
    rng = np.random.default_rng(0)
    query, base = make_rows(("natural", "uint8"), rng, n_query, n_base, d)
    coding = make_coding(rng, base, metric, chain_of(metric, 17, 65, words_from=1))
    return Case("concurrency", query, base, base, coding, metric, 5, n_threads=2, level=LEVEL)


def search(case, encoder, sketch, progress=None):
    options = case.options() | {"progress": progress}
    return _core.argkmin_pruned(
        case.query, case.base, encoder, sketch, case.k, case.metric, **options
    )


def assert_works(case, encoder, sketch):
    for found, expected in zip(search(case, encoder, sketch), brute(case), strict=False):
        np.testing.assert_array_equal(found, expected)
    for pair, again in zip(
        sketch, encoder.encode(case.coded, n_threads=2, progress=None), strict=True
    ):
        for array, same in zip(pair, again, strict=True):
            np.testing.assert_array_equal(array, same)


def repeated(rows, n):
    """Seconds to hours of work that costs no memory: one row seen many times."""
    return np.broadcast_to(rows[:1], (n, rows.shape[1]))


def encode_long(case, encoder, progress):
    encoder.encode(repeated(case.base, 20_000_000), n_threads=2, progress=progress)


def long_search(case, sketch, *, measured):
    """Make a search that spends its time on measuring, or on the codes alone."""
    n = 300_000
    codes = [(np.repeat(c[:1], n, axis=0), np.repeat(e[:1], n)) for c, e in sketch]
    base = repeated(case.base, n)
    query = repeated(case.base if measured else case.base[::-1], 200_000)
    if not measured:  # a few rows are as near as can be, the others far
        base = base.copy()
        base[:50] = query[0]
        for (of_all, _), (of_some, _) in zip(codes, sketch, strict=True):
            of_all[:50] = of_some[-1]
    return replace(case, query=query, base=base), codes


class StopNowError(Exception):
    """Raised from a progress callback."""


def stop(_):
    raise StopNowError


def interrupt(_):
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("metric", METRICS)
def test_progress_rises_to_one(metric):
    case = make_case(metric, d=30)
    encoder, sketch = encode(case)
    case.query = repeated(case.query, 60_000)
    for work in (
        lambda progress: search(case, encoder, sketch, progress),
        lambda progress: encoder.encode(
            repeated(case.base, 2_000_000), n_threads=2, progress=progress
        ),
    ):
        seen = []
        work(seen.append)
        assert seen == sorted(seen)
        assert seen[0] >= 0.0
        assert seen[-1] == 1.0
        assert len(seen) > 1


@pytest.mark.parametrize(
    ("raised", "error"), [(stop, StopNowError), (interrupt, KeyboardInterrupt)]
)
@pytest.mark.parametrize("metric", METRICS)
def test_what_the_callback_raises_ends_an_encoding(metric, raised, error):
    case = make_case(metric)
    encoder, sketch = encode(case)
    calls = []

    def progress(fraction):
        calls.append(fraction)
        raised(fraction)

    for _ in range(2):
        calls.clear()
        with pytest.raises(error):
            encode_long(case, encoder, progress)
        assert len(calls) == 1
        assert calls[0] < 0.5
        assert_works(case, encoder, sketch)


@pytest.mark.parametrize(
    ("raised", "error"), [(stop, StopNowError), (interrupt, KeyboardInterrupt)]
)
@pytest.mark.parametrize("measured", [True, False])
@pytest.mark.parametrize("metric", METRICS)
def test_what_the_callback_raises_ends_a_search(metric, measured, raised, error):
    case = make_case(metric)
    encoder, sketch = encode(case)
    long_case, codes = long_search(case, sketch, measured=measured)
    calls = []

    def progress(fraction):
        calls.append(fraction)
        raised(fraction)

    for _ in range(2):
        calls.clear()
        with pytest.raises(error):
            search(long_case, encoder, codes, progress)
        assert len(calls) == 1
        assert calls[0] < 0.5
        assert_works(case, encoder, sketch)


@pytest.mark.parametrize("metric", METRICS)
def test_many_python_threads_share_an_encoder_and_a_sketch(metric):
    case = make_case(metric)
    encoder, sketch = encode(case)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: assert_works(case, encoder, sketch), range(24)))


@pytest.mark.parametrize("work", ["encode", "search"])
def test_other_python_threads_run_meanwhile(work):
    case = make_case("euclidean")
    encoder, sketch = encode(case)
    long_case, codes = long_search(case, sketch, measured=True)
    works = {
        "search": lambda progress: search(long_case, encoder, codes, progress),
        "encode": lambda progress: encode_long(case, encoder, progress),
    }
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
        works[work](stop_after_ticks)
    done.set()
    thread.join()


@pytest.mark.parametrize("metric", METRICS)
def test_what_is_changed_during_a_search_gives_an_answer_or_an_error_but_never_garbage(metric):
    case = make_case(metric, d=30)
    rng = np.random.default_rng(1)

    def spoil(_):
        for codes, errors in sketch:
            codes[...] = rng.permutation(codes)
            errors[...] = rng.choice([0, -1e9, np.nan], len(errors))
        case.base[...] = rng.permutation(case.base)

    long_case = replace(case, query=repeated(case.query, 60_000))
    for _ in range(3):
        encoder, sketch = encode(case)
        try:
            indices = search(long_case, encoder, sketch, spoil)[1]
        except RuntimeError as error:
            assert "changed while they were searched" in str(error)  # noqa: PT017
        else:
            assert indices.min() >= 0
            assert indices.max() < len(case.base)


@pytest.mark.parametrize("metric", METRICS)
def test_a_sketch_taken_apart_during_a_search_lives_until_it_ends(metric):
    case = make_case(metric)
    encoder, sketch = encode(case)
    case.query = np.tile(case.query, (150, 1))
    taken, reused = [], []

    def take_apart(_):
        taken.extend(len(codes) for codes, _ in sketch)
        sketch.clear()
        reused.extend(np.zeros((3000, width), np.uint8) for width in (17, 65, 130))

    found = search(case, encoder, sketch, take_apart)
    assert taken == [3000, 3000]
    for array, expected in zip(found, brute(case), strict=False):
        np.testing.assert_array_equal(array, expected)


START = textwrap.dedent("""
    import os, sys, threading, warnings
    from types import SimpleNamespace
    import numpy as np
    from nearplane import _core
    warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, about forks and threads
    rows = np.random.default_rng(0).integers(0, 256, (1000, 64), dtype=np.uint8)
    level = SimpleNamespace(
        kind="groups", width=8, step=1 / 16, shift=np.zeros(8), starts=np.arange(0, 65, 8), bits=8,
        rotation=np.empty((0, 0), np.float32), tilt=0.0,
    )
    encoder = _core.Encoder(
        "manhattan", center=np.full(64, 128.0), unit=128.0, basis=np.empty((0, 64), np.float32),
        feature_order=np.arange(64), levels=[level],
    )
    options = dict(exclude_self=False, query_groups=None, base_groups=None, n_threads=4)
    def search(queries, progress=None):
        return _core.argkmin_pruned(
            queries, rows, encoder, sketch, 4, "manhattan", **options, progress=progress
        )
    def encode(rows, progress=None):
        return encoder.encode(rows, n_threads=4, progress=progress)
    sketch = encode(rows)
    expected = _core.argkmin(rows, rows, 4, "manhattan", **options, progress=None)
    def is_right():
        found, codes = search(rows)[:2], encode(rows)[0]
        return all((a == b).all() for a, b in zip((*found, *codes), (*expected, *sketch[0])))
    def search_long(progress):
        search(np.broadcast_to(rows[:1], (2_000_000, 64)), progress)
    def encode_long(progress):
        encode(np.broadcast_to(rows[:1], (50_000_000, 64)), progress)
""")
INTERRUPTED = START + textwrap.dedent("""
    def ready(_):
        print("ready", flush=True)
    for work in (search_long, encode_long):
        try:
            work(ready)
        except KeyboardInterrupt:
            print("interrupted", is_right(), flush=True)
""")
FORKED = START + textwrap.dedent("""
    def fork():
        child = os.fork()
        if child == 0:
            os._exit(0 if is_right() else 1)
        return os.waitpid(child, 0)[1]
    assert is_right()
    assert [fork() for _ in range(4)] == [0] * 4
    started, ended = threading.Event(), threading.Event()
    def end_if_forked(_):
        started.set()
        if ended.is_set():
            raise InterruptedError
    def work():
        try:
            search_long(end_if_forked)
        except InterruptedError:
            print("survived")
    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    assert [fork() for _ in range(4)] == [0] * 4
    ended.set()
    thread.join()
    assert is_right()
""")
DAEMON = START + textwrap.dedent("""
    started = threading.Event()
    threading.Thread(target=search_long, args=(lambda _: started.set(),), daemon=True).start()
    started.wait()
    print("ended")
""")
CAN_FORK = "fork" in multiprocessing.get_all_start_methods()


def test_signals_from_outside_end_both_and_the_next_answer_is_right():
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True
    )
    for _ in range(2):
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        while (line := process.stdout.readline()) == "ready\n":
            pass
        assert line == "interrupted True\n"
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("code", "printed"), [(FORKED, "survived\n")] * CAN_FORK + [(DAEMON, "ended\n")]
)
def test_forks_and_daemons(code, printed):
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, printed, "")
