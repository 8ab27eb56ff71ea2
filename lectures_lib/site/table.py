"""The directive `chapter-table`: how long each chapter takes, measured when the site is built."""

import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

__all__ = ["reading_minutes", "setup"]

WORDS_PER_MINUTE = 180
MINUTES_PER_EXERCISE = 5
HEAD = ("chapter", "to read and try (min)", "to run (s)", "interactive figures", "exercises")


class chapter_table(nodes.General, nodes.Element):
    """Stands for the table until all chapters are read."""


class ChapterTable(Directive):
    """`chapter-table` without content: a row for each notebook of the book."""

    def run(self):
        return [chapter_table()]


def reading_minutes(notebook):
    """Return minutes to read the text of a notebook (as loaded JSON) and to try its exercises.

    >>> text = {"cell_type": "markdown", "metadata": {}, "source": ["word " * 360]}
    >>> answer = {"cell_type": "code", "metadata": {"exercise": {"role": "answer"}}, "source": []}
    >>> reading_minutes({"cells": [text, answer]})
    7
    """
    texts = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    words = len(re.findall(r"\w+", " ".join(texts)))
    return round(words / WORDS_PER_MINUTE + MINUTES_PER_EXERCISE * _exercises(notebook))


def _exercises(notebook):
    roles = [cell["metadata"].get("exercise", {}).get("role") for cell in notebook["cells"]]
    return roles.count("answer")


def _row(app, docname, target):
    """Return the cells of one chapter: a link and four numbers."""
    from lectures_lib.site.frames import explore_controls

    path = Path(app.env.doc2path(docname))
    notebook = json.loads(path.read_text(encoding="utf-8"))
    seconds = app.env.nb_metadata.get(docname, {}).get("exec_data", {}).get("runtime")
    demos = len(list(app.env.get_doctree(docname).findall(explore_controls)))
    uri = app.builder.get_relative_uri(target, docname)
    link = nodes.reference("", app.env.titles[docname].astext(), refuri=uri)
    numbers = (reading_minutes(notebook), _whole(seconds), demos, _exercises(notebook))
    return [link, *(nodes.Text(str(number)) for number in numbers)]


def _whole(seconds):
    return "–" if seconds is None else f"{seconds:.0f}"


def _fill(app, doctree, docname):
    for placeholder in list(doctree.findall(chapter_table)):
        chapters = [
            name
            for name in app.config.external_site_map
            if Path(app.env.doc2path(name)).suffix == ".ipynb"
        ]
        rows = [_row(app, name, docname) for name in chapters]
        placeholder.replace_self(_table([[nodes.Text(text) for text in HEAD], *rows]))


def _table(rows):
    group = nodes.tgroup(cols=len(HEAD))
    group += [nodes.colspec(colwidth=4 if i == 0 else 1) for i in range(len(HEAD))]
    made = [
        nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in row))
        for row in rows
    ]
    group += [nodes.thead("", made[0]), nodes.tbody("", *made[1:])]
    return nodes.table("", group)


def setup(app):
    """Register the directive; its page is written again whenever the site is built."""
    app.add_node(chapter_table)
    app.add_directive("chapter-table", ChapterTable)
    app.connect("doctree-resolved", _fill)
    app.connect("env-get-outdated", _pages_with_table)


def _pages_with_table(app, env, added, changed, removed):
    return ["book/intro"] if "book/intro" in env.found_docs else []
