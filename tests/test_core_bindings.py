"""The compiled module's own surface: its stubs are true, and it is memory-safe if misused."""

import ast
import inspect
import operator
import re
from pathlib import Path

import numpy as np
import pytest

from nearplane import _core

from .core_levels import LEVELS, argkmin

STUB = Path(_core.__file__).with_name("__init__.pyi")


def stub_members(kind, body=None):
    """Return {name: node} of the stub file's definitions of a kind, or of those of a class."""
    nodes = ast.parse(STUB.read_text(encoding="utf-8")).body if body is None else body
    return {node.name: node for node in nodes if isinstance(node, kind)}


def stub_signatures():
    """Return {function: (names of parameters, names of keyword-only ones)}; methods as class.name.

    Properties have no signature to compare.
    """
    functions = stub_members(ast.FunctionDef)
    for name, node in stub_members(ast.ClassDef).items():
        methods = stub_members(ast.FunctionDef, node.body)
        functions |= {f"{name}.{m}": d for m, d in methods.items() if not d.decorator_list}
    return {
        name: ([a.arg for a in node.args.args], [a.arg for a in node.args.kwonlyargs])
        for name, node in functions.items()
    }


def compiled_signature(function):
    """Read the same from the first line of a compiled function's docstring."""
    text = re.match(r"\w+\((.*)\) -> ", function.__doc__).group(1)
    names = [
        re.match(r"[*\w]+", part).group() for part in re.split(r",\s(?=[\w]+:|\*)", text) if part
    ]
    star = names.index("*") if "*" in names else len(names)
    return names[:star], names[star + 1 :]


def test_the_stub_names_what_the_package_exports():
    assert sorted(stub_members(ast.FunctionDef | ast.ClassDef)) == sorted(_core.__all__)


@pytest.mark.parametrize("name", sorted(stub_signatures()))
def test_the_stub_and_the_module_agree(name):
    compiled = operator.attrgetter(name)(_core)
    assert compiled_signature(compiled) == stub_signatures()[name]


@pytest.mark.parametrize("name", sorted(stub_members(ast.ClassDef)))
def test_the_stub_and_the_class_have_the_same_members(name):
    members = stub_members(ast.FunctionDef, stub_members(ast.ClassDef)[name].body)
    offered = {member for member in vars(getattr(_core, name)) if not member.startswith("_")}
    assert offered == {member for member in members if not member.startswith("_")}


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_offers_the_same(level):
    offered = {name for name, _ in inspect.getmembers(LEVELS[level]) if not name.startswith("_")}
    assert offered == set(_core.__all__) - {"available_levels", "built_levels"}


def test_the_package_is_typed():
    assert (STUB.parent.parent / "py.typed").exists()


ROWS = np.zeros((5, 3), np.uint8)


@pytest.mark.parametrize(
    ("query", "base", "k", "metric", "error"),
    [
        (ROWS, ROWS.astype(np.int32), 1, "euclidean", TypeError),
        (ROWS.astype(">f4"), ROWS.astype(np.float32), 1, "euclidean", TypeError),
        (ROWS[0], ROWS, 1, "euclidean", TypeError),
        (ROWS, ROWS.astype(np.float32), 1, "euclidean", ValueError),
        (ROWS, ROWS[:, :2], 1, "euclidean", ValueError),
        (ROWS, ROWS, 0, "euclidean", ValueError),
        (ROWS, ROWS, 6, "euclidean", ValueError),
        (ROWS, ROWS, 1, "cosine", ValueError),
    ],
)
def test_what_would_be_unsafe_is_refused(query, base, k, metric, error):
    with pytest.raises(error):
        argkmin(_core.isa_level(), query, base, k, metric)


def test_leave_one_out_needs_square_arguments_and_one_row_more():
    with pytest.raises(ValueError, match="as many query rows"):
        argkmin(_core.isa_level(), ROWS[:2], ROWS, 1, "euclidean", exclude_self=True)
    with pytest.raises(ValueError, match="between 1 and"):
        argkmin(_core.isa_level(), ROWS, ROWS, 5, "euclidean", exclude_self=True)


def test_more_threads_than_the_machine_could_start_are_no_error():
    rows = np.zeros((3000, 400), np.uint8)
    argkmin(_core.isa_level(), rows, rows, 1, "euclidean", n_threads=10**6)


def test_a_check_for_nans_asks_for_no_more_threads_than_help():
    # A terabyte, if the first row did not end it: enough tasks for any number of threads.
    rows = np.broadcast_to(np.full(2**18, np.nan, np.float32), (10**6, 2**18))
    assert _core.first_nonfinite_row(rows, n_threads=10**6) == 0


def test_a_thread_count_below_one_is_refused():
    with pytest.raises(ValueError, match="n_threads"):
        argkmin(_core.isa_level(), ROWS, ROWS, 1, "euclidean", n_threads=0)


@pytest.mark.parametrize(
    "out",
    [
        np.empty((5, 4)),
        np.empty((5, 5), np.uint8),
        np.empty((5, 10))[:, ::2],
        np.asfortranarray(np.empty((5, 5))),
        np.empty(201, np.uint8)[1:].view(np.float64).reshape(5, 5),
    ],
)
def test_an_unfit_out_is_refused(out):
    with pytest.raises(ValueError, match="out must be"):
        _core.pairwise_distances(ROWS, ROWS, "euclidean", out, n_threads=1, progress=None)


def test_a_read_only_out_is_refused():
    out = np.empty((5, 5))
    out.flags.writeable = False
    with pytest.raises(ValueError, match="not writeable"):
        _core.pairwise_distances(ROWS, ROWS, "euclidean", out, n_threads=1, progress=None)


def test_an_unknown_cpu_feature_or_build_fact_is_not_invented():
    assert set(_core.available_levels()) <= set(_core.built_levels())
    assert set(_core.build_info()) == {"compiler", "eigen", "openmp"}
