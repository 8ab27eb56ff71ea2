"""The book without solutions: nothing of them is in what is shown, and all of it is executed."""

import json

import nbformat
import pytest
from docutils import nodes
from docutils.utils import new_document
from test_edition import numbered

from lectures_lib.book import read_book
from lectures_lib.site import solutions
from lectures_lib.site.edition import notebook
from lectures_lib.site.notebooks import read

BOOK = read_book()
ROLES = ("solution", "rubric")


def given_away(chapter):
    """Return the lines of solutions and rubrics that stand nowhere else in a chapter."""
    cells = json.loads(chapter.path.read_text(encoding="utf-8"))["cells"]
    secret, shown = [], set()
    for cell in cells:
        lines = [line.strip() for line in "".join(cell["source"]).splitlines()]
        if cell["metadata"].get("exercise", {}).get("role") in ROLES:
            secret += lines
        else:
            shown |= set(lines)
    return [line for line in secret if len(line) > 8 and line not in shown]


def page_of(made):
    """Return the text of each cell in the tree of a page, as myst-nb makes it."""
    tree = new_document("page")
    tree += [nodes.container("", nodes.literal_block("", cell.source), cell_metadata=cell.metadata)
             for cell in made.cells]  # fmt: skip
    solutions.hide_solutions(None, tree)
    return [child.astext() for child in tree.children]


@pytest.mark.parametrize("chapter", BOOK.chapters, ids=lambda chapter: chapter.name)
def test_no_line_of_a_solution_is_published(chapter, monkeypatch):
    monkeypatch.setattr(solutions, "KEPT_BACK", True)
    secret, text = given_away(chapter), chapter.path.read_text(encoding="utf-8")
    assert len(secret) > 8
    whole, page = read(text), read(text)
    solutions.hide_rubrics(page)
    edition = notebook(solutions.give_nothing_away(chapter), numbered(BOOK), {})
    source = nbformat.reads(solutions.source_of(chapter), as_version=4)
    for made in (edition, source):
        nbformat.validate(made)
    count = sum(cell.role in ROLES for cell in chapter.cells)
    for texts in (page_of(page), *([c.source for c in made.cells] for made in (edition, source))):
        lines = [line.strip().strip("*") for text in texts for line in text.splitlines()]
        assert [line for line in secret if line in lines] == []
        assert not any(line.startswith("# solution:") for line in lines)
        assert lines.count("Solutions are published later by your lecturer.") == count
    code = [[cell for cell in made.cells if cell.cell_type == "code"] for made in (page, whole)]
    assert code[0] == code[1], "or it would be executed again"
