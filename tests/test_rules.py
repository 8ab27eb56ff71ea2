"""The rules of CONTRIBUTING.md that no linter holds."""

import inspect
import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("data", "from_scratch", "models", "physics", "training")  # what chapters compute with
# Helpers that the modules of a room share; no chapter calls them.
SHARED = re.compile(r"checks|fused|grid|loop|shapes|splits|supported")


def functions():
    """Yield the public functions of the rooms by their dotted names."""
    for room in ROOMS:
        package = import_module(f"lectures_lib.{room}")
        for found in walk_packages(package.__path__, f"{package.__name__}."):
            module = import_module(found.name)
            for name in module.__all__:
                one = getattr(module, name)
                if inspect.isfunction(one) and one.__module__ == found.name:
                    yield f"{found.name.removeprefix('lectures_lib.')}.{name}", one


FUNCTIONS = dict(functions())
OFFERED = {name: one for name, one in FUNCTIONS.items() if not SHARED.search(name)}


def refused():
    """Return the names in the last column of the table, but for those with an exception."""
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Names")[2]
    rows = [line.split("|") for line in table.splitlines() if line.count("|") == 4]
    return {name for row in rows for name in re.findall(r"`(\w+)`(?!\w| for| outside| in)", row[3])}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_are_those_of_the_table(name):
    assert {"lr", "bs", "random_state", "T"} <= refused()
    assert not refused() & inspect.signature(FUNCTIONS[name]).parameters.keys()


@pytest.mark.parametrize("name", OFFERED)
def test_settings_are_given_by_keyword(name):
    parameters = inspect.signature(OFFERED[name]).parameters.values()
    by_place = [one for one in parameters if one.kind is not one.KEYWORD_ONLY]
    assert [one.name for one in by_place if one.default not in (one.empty, None)] == []
    assert len(by_place) <= 5


@pytest.mark.parametrize("name", OFFERED)
def test_a_docstring_has_an_example_but_of_what_keras_has_too(name):
    assert name.startswith("from_scratch") or ">>> " in OFFERED[name].__doc__


def test_the_functions_are_found():
    assert len(FUNCTIONS) > 80
