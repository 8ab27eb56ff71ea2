"""The directive `status-tables`: what the book is made with, and what its chapters cost."""

import ast
from importlib.metadata import version
from pathlib import Path

from docutils import nodes

from lectures_lib.site.execution import peak_memory
from lectures_lib.site.model import book_of, doctree_of, fill_later
from lectures_lib.site.table import table

__all__ = ["number_of_tests", "setup"]

PACKAGES = (
    "lectures-lib", "jupyter-book", "sphinx", "myst-nb", "numpy", "scipy", "scikit-learn", "pandas",
    "matplotlib", "tensorflow-cpu", "tensorflow", "keras", "ipywidgets", "nbclient",
)  # fmt: skip
HEAD = ("chapter", "to run (s)", "memory (MB)", "figures", "states", "exercises")
BUDGET = 90  # seconds, for a chapter by itself


class status_tables(nodes.General, nodes.Element):
    """Stands for two tables: of chapters, and of versions."""


def number_of_tests(folder):
    """Return the number of test functions below a folder; most of them run for many cases.

    >>> number_of_tests("no such folder")
    0
    """
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in Path(folder).rglob("*.py"))
    functions = (n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
    return sum(function.name.startswith("test_") for function in functions)


def _fill(app, place, docname):
    rows = [[nodes.paragraph("", text) for text in row] for row in _chapters(app)]
    number = number_of_tests(Path(app.srcdir, "tests"))
    tests = f"{number} test functions, most of them for many cases, hold the book to what it says."
    return [
        table(HEAD, rows), nodes.paragraph("", tests), table(("package", "version"), _versions())
    ]  # fmt: skip


def _chapters(app):
    """Return the cells of each chapter's row, and of a last one with the sums."""
    book, memory = book_of(app), peak_memory(app)
    rows, sums = [], [0] * 5
    for chapter in book.chapters:
        page = chapter.page
        numbers = _measured(app, page, memory)
        numbers.append(sum(e.chapter == chapter.name for e in book.exercises.values()))
        sums = [old + (new or 0) for old, new in zip(sums, numbers, strict=True)]
        rows.append([app.env.titles[page].astext(), *map(_text, numbers)])
    sums[1] = None  # chapters do not run all at once
    return [*rows, ["together", *map(_text, sums)], [f"budget for each: {BUDGET} s", *5 * [""]]]


def _measured(app, page, memory):
    """Return seconds, megabytes, demos and states of a chapter; None for what is not known."""
    from lectures_lib.site.frames import explore_controls

    seconds = app.env.nb_metadata.get(page, {}).get("exec_data", {}).get("runtime")
    kilobytes = memory.get(page)
    bundles = [n["bundle"] for n in doctree_of(app, page).findall(explore_controls)]
    states = sum(len(bundle["files"]) for bundle in bundles)
    return [seconds, kilobytes and kilobytes / 1000, len(bundles), states]


def _text(number):
    return "–" if number is None else f"{number:.0f}"


def _versions():
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except ModuleNotFoundError:
            continue
    return [[nodes.paragraph("", name), nodes.paragraph("", text)] for name, text in found.items()]


def setup(app):
    """Register the directive; its page is read again at each build."""
    fill_later(app, status_tables, _fill, directive="status-tables")
