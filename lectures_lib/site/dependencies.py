"""Which files of the library the cells of a notebook use, so that no other change executes them."""

import ast
import re
from functools import cache
from pathlib import Path

__all__ = ["library_files"]

PACKAGE = Path(__file__).parents[1]
# Read at build time, not by the kernel: a change there needs no new execution.
NOT_EXECUTED = {"site"}
RECORDED = r"""recorded\.(?:load|weights)\(\s*["'](\w+)["']"""  # by a name that stands there


def library_files(*cells, package=PACKAGE):
    """Return the files of the library that cells of Python use, through all imports, sorted.

    A name that a package only passes on leads to the module that defines it, and to no other. What
    is looked up by its name, a recorded result or the checks of a topic's exercises, counts if
    that name is quoted in the source; all of them do if a result's name is no literal.

    >>> [path.name for path in library_files("from lectures_lib.data import noisy_sine")]
    ['__init__.py', 'series.py']
    >>> used = library_files("from lectures_lib import recorded; recorded.load('sine_records')")
    >>> [path.name for path in used if path.parent.name == "recorded"]
    ['__init__.py', 'sine_records.csv']
    """
    quoted = set(re.findall(r"""["'](\w+)["'-]""", "\n".join(cells)))
    if re.search(r"recorded\.(load|weights)\((?!\s*[\"'])", "\n".join(cells)):
        quoted |= {path.stem for path in (package / "recorded").iterdir()}
    found, seen, todo = {package / "__init__.py"}, set(), set().union(*map(_imports, cells))
    while todo:
        name = todo.pop()
        seen.add(name)
        files, names = _resolve(name, package, quoted)
        new = {path for path in files if path not in found}
        found |= new
        todo |= names | set().union(*(_imports_of(path) for path in new if path.suffix == ".py"))
        todo -= seen
    return sorted(found)


def _resolve(name, package, quoted):
    """Return the files that a dotted name stands for, and the names that it is passed on from."""
    place, rest = package, name.split(".")[1:]
    while rest and (place / rest[0]).is_dir():
        place, *rest = place / rest[0], *rest[1:]
    if rest and (place / f"{rest[0]}.py").is_file() and place.name not in NOT_EXECUTED:
        return {place / f"{rest[0]}.py"}, set()
    if place == package or place.name in NOT_EXECUTED:
        return set(), set()
    passed_on = _passed_on(place / "__init__.py")
    if rest and rest[0] in passed_on:
        return set(), {passed_on[rest[0]]}
    if passed_on:  # the package as a whole
        return {path for path in place.rglob("*") if _counts(path)}, set()
    quoted = quoted | set(rest)
    named = {path for path in place.rglob("*") if _counts(path) and path.stem in quoted}
    return {place / "__init__.py", *named}, set()


def _counts(path):
    return path.is_file() and "__pycache__" not in path.parts


def _passed_on(path):
    """Return where a package has its names from, or nothing if it defines names of its own."""
    names = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            names |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }
        elif not isinstance(node, ast.Expr) and not _is_list_of_names(node):
            return {}
    return names


def _is_list_of_names(node):
    return isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"


def _imports_of(path):
    return _imports(path.read_text(encoding="utf-8"))


@cache
def _imports(source):
    """Return the dotted names of the library that source imports; a broken cell imports nothing."""
    try:
        tree = ast.parse(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source))  # without magics
    except SyntaxError:  # the kernel will report it, with the cell
        return frozenset()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    names |= {f"{PACKAGE.name}.recorded.{name}" for name in re.findall(RECORDED, source)}
    return frozenset(name for name in names if name.split(".")[0] == "lectures_lib")
