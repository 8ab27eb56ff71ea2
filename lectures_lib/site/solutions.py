"""The book without solutions: `make book SOLUTIONS=no`.

Chapters are executed with their solutions all the same, so that nothing is executed again when
they are published; pages, their sources and the notebooks for runners hold a sentence instead.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

from docutils import nodes

from lectures_lib.site.model import book_of

__all__ = [
    "KEPT_BACK", "LATER", "give_nothing_away", "hide_rubrics", "hide_solutions", "setup",
    "source_of",
]  # fmt: skip

KEPT_BACK = os.environ.get("LECTURES_SOLUTIONS") == "no"
LATER = "*Solutions are published later by your lecturer.*"
ROLES = ("solution", "rubric")  # a rubric says what a good answer in words holds


def give_nothing_away(chapter):
    """Return a `Chapter` with a sentence in place of each solution and each rubric.

    >>> from lectures_lib.book import Cell, Chapter
    >>> cell = Cell("a", "code", "x = 2", metadata={"exercise": {"id": "b-c", "role": "solution"}})
    >>> [(cell.kind, cell.source) for cell in give_nothing_away(Chapter("b", None, (cell,))).cells]
    [('markdown', '*Solutions are published later by your lecturer.*')]
    """
    cells = (
        replace(cell, kind="markdown", source=LATER, metadata={}) if cell.role in ROLES else cell
        for cell in chapter.cells
    )
    return replace(chapter, cells=tuple(cells))


def hide_rubrics(notebook):
    """Put the sentence in place of each rubric of an nbformat notebook."""
    for cell in notebook.cells:
        if cell.metadata.get("exercise", {}).get("role") == "rubric":
            cell.source = LATER


def hide_solutions(app, doctree):
    """Put the sentence in place of each solution of a page.

    Its cell has run by then: a change of the notebook would be a new one to be executed.
    """
    for cell in list(doctree.findall(nodes.container)) if KEPT_BACK else ():
        if cell.get("cell_metadata", {}).get("exercise", {}).get("role") == "solution":
            text = nodes.emphasis("", LATER.strip("*"))
            cell.replace_self(nodes.paragraph("", "", text))


def _hide_sources(app, exception):
    """Replace the copies of the chapters that Sphinx puts beside the pages."""
    if exception is not None or not KEPT_BACK:
        return
    for chapter in book_of(app).chapters:
        copy = Path(app.outdir, "_sources", f"{chapter.page}.ipynb")
        if copy.is_file():
            copy.write_text(source_of(chapter), encoding="utf-8")


def source_of(chapter):
    """Return the file of a chapter without what `give_nothing_away` takes."""
    whole = json.loads(chapter.path.read_text(encoding="utf-8"))
    pairs = zip(whole["cells"], give_nothing_away(chapter).cells, chapter.cells, strict=True)
    whole["cells"] = [
        kept if new is old
        else {"cell_type": new.kind, "id": new.id, "metadata": {}, "source": [new.source]}
        for kept, new, old in pairs
    ]  # fmt: skip
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def setup(app):
    """Take solutions from the pages as soon as these are read, and from what lies beside them."""
    app.connect("doctree-read", hide_solutions, priority=100)  # before pictures are collected
    app.connect("build-finished", _hide_sources)
