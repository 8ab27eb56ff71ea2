"""Write an assignment into a new folder: for students, for instructors, for nbgrader."""

import json
import re
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import nbformat

from lectures_lib.assignments.assemble import VIEWS, Assignment, notebook
from lectures_lib.assignments.choose import choose
from lectures_lib.assignments.due import is_past, read_due
from lectures_lib.assignments.folder import new_folder
from lectures_lib.assignments.presets import read_preset
from lectures_lib.assignments.quoting import Quoting
from lectures_lib.book import read_book
from lectures_lib.first_cell import NO_ADDRESS, first_cell

__all__ = ["assign", "build", "remarks"]

PLACES = {
    "student": "student/{0}.ipynb",
    "instructor": "instructor/{0}.ipynb",
    "nbgrader": "nbgrader/source/{0}/{0}.ipynb",
}


def assign(ids, *, output, seed, book=None, with_needs=False, **texts):
    """Write an assignment of the exercises with the given ids into a new folder.

    Args:
        ids: Exercises, in the order of the assignment.
        output: A folder that does not exist yet, in one that does; its name is that of the
            assignment.
        seed: A whole number that fixes the inputs of the hidden tests.
        book: The `Book`; that of the repository if None.
        with_needs: Add the exercises that a chosen one builds on.
        texts: `title`, `due` (as 2026-12-01, or 2026-12-01 23:59 Europe/Berlin), `links` to
            interactive figures and the address of the `site`; all optional.

    Returns:
        The folder. Nothing is overwritten, and nothing is left behind after an error.
    """
    with new_folder(output, "-o") as whole:
        name = _name(Path(output).resolve())
        texts_of = build(ids, name=name, seed=seed, book=book, with_needs=with_needs, **texts)
        for path, text in texts_of.items():
            (whole / path).parent.mkdir(parents=True, exist_ok=True)
            (whole / path).write_text(text, encoding="utf-8")
    return Path(output)


def remarks(book, due=None):
    """Return sentences on what should be put right before an assignment is handed out."""
    found = []
    if NO_ADDRESS in book.repository:
        found.append(
            "the course has no address yet (OWNER in repository.url of _config.yml): the first "
            "cell cannot install the package, and links to the site lead nowhere."
        )
    if due and is_past(read_due(due)):
        found.append(f"--due {due} is past.")
    return found


def build(ids, *, name, seed, book=None, with_needs=False, **texts):
    """Return `{path: text}` of the files of an assignment; `assign` says what the arguments are."""
    unknown = texts.keys() - {"title", "due", "links", "site"}
    if unknown:
        raise TypeError(f"assign() has no {sorted(unknown)}; texts are title, due, links and site.")
    book = book or read_book()
    install = first_cell(book)
    chosen = choose(book.exercises, list(ids), with_needs=with_needs)
    prose = Quoting(book, _address(texts.get("site")) or book.site)
    presets = tuple(read_preset(book, link) for link in texts.get("links", ()))
    due = read_due(texts.get("due"))
    assignment = Assignment(texts.get("title") or name, tuple(chosen), seed, due, presets)
    # Solutions and hidden tests: one `git add .` would publish them.
    made = {".gitignore": "*\n"}
    for view in VIEWS:
        content = notebook(assignment, prose, install=install, view=view)
        nbformat.validate(content)
        made[PLACES[view].format(name)] = nbformat.writes(content) + "\n"
    config = files("lectures_lib.assignments").joinpath("nbgrader_config.txt")
    settings = config.read_text(encoding="utf-8")
    if any(exercise.kind == "train" for exercise in chosen):
        settings = settings.replace("c.Execute.timeout = 30", "c.Execute.timeout = 180")
    made["nbgrader/nbgrader_config.py"] = settings
    moment = due.isoformat() if isinstance(due, datetime) else None
    made["nbgrader/assignment.json"] = json.dumps({"name": name, "due": moment}) + "\n"
    return made


def _name(place):
    name = place.name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise ValueError(
            f"The folder {name!r} gives the assignment its name, which must be letters, digits, _ "
            "and -, as in week5."
        )
    return name


def _address(site):
    if site and not re.fullmatch(r"https?://[^\s/]+\S*", site):
        raise ValueError(f"--site {site}, but it must be an address like https://example.org/book.")
    return site
