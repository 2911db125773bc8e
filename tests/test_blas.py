"""Forks and matrix products: a child never inherits a BLAS that is in the middle of one."""

import multiprocessing
import subprocess
import sys
import textwrap

import pytest

CAN_FORK = "fork" in multiprocessing.get_all_start_methods()

# Products of several threads one after the other, as fast as they go, and children that make one.
BEGINNING = textwrap.dedent("""
    import os, threading, warnings
    import numpy as np
    from nearplane import _blas
    warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, about forks and threads
    square = np.random.default_rng(0).normal(size=(300, 300))
    def multiply():
        with _blas.whole_products():
            return (square @ square).tobytes()
    def fork():
        child = os.fork()
        if child == 0:
            os._exit(0 if multiply() == expected else 1)
        return os.waitpid(child, 0)[1]
    expected = multiply()
""")
FORKS = BEGINNING + textwrap.dedent("""
    over = threading.Event()
    def work():
        while not over.is_set():
            multiply()
    thread = threading.Thread(target=work)
    thread.start()
    assert [fork() for _ in range(30)] == [0] * 30
    over.set()
    thread.join()
    print("survived")
""")
WAITS = BEGINNING + textwrap.dedent("""
    begun, end = threading.Event(), threading.Event()
    events = []
    def work():
        with _blas.whole_products():
            begun.set()
            end.wait()
            events.append("product")
    thread = threading.Thread(target=work)
    os.register_at_fork(before=end.set)  # runs before ours, which was registered earlier
    thread.start()
    begun.wait()
    status = fork()
    events.append("fork")
    thread.join()
    print(status, *events)
""")
# Nobody waits for the products of his own thread, nor for a part of one that is waited for.
IN_THE_MIDDLE = BEGINNING + textwrap.dedent("""
    _blas._PATIENCE = None  # who waits, waits for ever
    with _blas.whole_products():
        child = os.fork()
        if child == 0:
            os._exit(0 if multiply() == expected else 1)
    print(os.waitpid(child, 0)[1])
""")
A_PART = BEGINNING + textwrap.dedent("""
    _blas._PATIENCE = None
    begun = threading.Event()
    def work():
        with _blas.whole_products():
            begun.set()
            while not _blas._process.forking:
                pass
            multiply()
    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    print(fork())
    thread.join()
""")
TWO_FORK = BEGINNING + textwrap.dedent("""
    def forks():
        statuses.extend(fork() for _ in range(30))
        multiply()
    statuses = []
    threads = [threading.Thread(target=forks) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print(len(statuses), set(statuses), _blas._process.forking)
""")
# The core is asked for losses while SciPy waits: a fork comes in between.
WHILE_TRAINING = BEGINNING + textwrap.dedent("""
    from nearplane import LinearClassifier
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 3_000)), rng.integers(0, 10, 500)
    def train():
        model = LinearClassifier(solver="lbfgs", max_epochs=1_000, tol=0.0)
        return model.fit(X, y).coef_.tobytes()
    warnings.simplefilter("ignore")  # that it has not converged
    alone, together = train(), []
    thread = threading.Thread(target=lambda: together.append(train()))
    thread.start()
    statuses = [fork() for _ in range(30)]
    thread.join()
    print(set(statuses), together == [alone])
""")
AFTER_AN_INTERRUPT = BEGINNING + textwrap.dedent("""
    # Dropped in the middle, as Ctrl-C does between two steps of the interpreter.
    products = _blas.whole_products()
    products.__enter__()
    del products
    print(len(_blas._process.under_way), fork())
""")


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        (FORKS, "survived\n"),
        (WAITS, "0 product fork\n"),
        (IN_THE_MIDDLE, "0\n"),
        (A_PART, "0\n"),
        (TWO_FORK, "60 {0} set()\n"),
        (WHILE_TRAINING, "{0} True\n"),
        (AFTER_AN_INTERRUPT, "0 0\n"),
    ]
    * CAN_FORK,
)
def test_forks_wait_for_products(code, printed):
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert (answer.stdout, answer.stderr) == (printed, "")
