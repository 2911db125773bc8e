"""Every example in a docstring of the installed package is true."""

import doctest
import importlib
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


def test_public_functions_and_estimators_have_an_example():
    finder = doctest.DocTestFinder(recurse=False)
    without = [
        name
        for name in nearplane.__all__
        if name != "__version__"
        and not any(test.examples for test in finder.find(getattr(nearplane, name), name))
    ]
    assert without == []
