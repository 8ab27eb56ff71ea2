"""The book without solutions: `make book SOLUTIONS=no`.

Chapters are executed with their solutions all the same, so that nothing is executed again when
they are published; pages, their sources and the notebooks for runners hold a sentence instead.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

from nbformat.v4 import new_markdown_cell

from lectures_lib.site.model import book_of

__all__ = ["KEPT_BACK", "LATER", "give_nothing_away", "hide", "setup", "source_of"]

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


def hide(notebook):
    """Take the solutions of an nbformat notebook from what is shown, not from what is executed."""
    for number, cell in reversed(list(enumerate(notebook.cells))):
        role = cell.metadata.get("exercise", {}).get("role")
        if role == "solution":
            cell.metadata.setdefault("tags", []).append("remove-cell")
            notebook.cells.insert(number + 1, new_markdown_cell(LATER))
        elif role == "rubric":
            cell.source = LATER


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
    """Look at what is published when all of it is written."""
    app.connect("build-finished", _hide_sources)
