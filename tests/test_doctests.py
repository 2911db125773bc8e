"""Every example in a docstring of the installed package is true."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import nearplane

MODULES = ["nearplane"] + [
    module.name
    for module in pkgutil.walk_packages(nearplane.__path__, "nearplane.")
    if not module.name.startswith("nearplane._core._")  # one compiled level may not run here
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name):
    module = importlib.import_module(name)
    results = doctest.testmod(
        module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False
    )
    assert results.failed == 0


def public_objects(module):
    """Yield what a module offers, and what the modules among it offer."""
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield from public_objects(value)
        elif name != "__version__":
            yield name, value


def test_public_functions_and_estimators_have_an_example():
    finder = doctest.DocTestFinder(recurse=False)
    without = [
        name
        for name, value in public_objects(nearplane)
        if not any(test.examples for test in finder.find(value, name))
    ]
    assert without == []
