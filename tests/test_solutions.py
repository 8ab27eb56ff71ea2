"""The book without solutions: nothing of them is in what is shown, and all of it is executed."""

import json

import nbformat
import pytest
from test_edition import numbered

from lectures_lib.book import read_book
from lectures_lib.site import solutions
from lectures_lib.site.edition import notebook
from lectures_lib.site.notebooks import read

BOOK = read_book()


def given_away(chapter):
    """Return the lines of solutions and rubrics that stand nowhere else in a chapter."""
    cells = json.loads(chapter.path.read_text(encoding="utf-8"))["cells"]
    secret, shown = [], set()
    for cell in cells:
        lines = [line.strip() for line in "".join(cell["source"]).splitlines()]
        if cell["metadata"].get("exercise", {}).get("role") in ("solution", "rubric"):
            secret += lines
        else:
            shown |= set(lines)
    return [line for line in secret if len(line) > 8 and line not in shown]


@pytest.mark.parametrize("chapter", BOOK.chapters, ids=lambda chapter: chapter.name)
def test_no_line_of_a_solution_is_published(chapter):
    secret = given_away(chapter)
    assert len(secret) > 8
    whole = read(chapter.path.read_text(encoding="utf-8"))
    page = read(chapter.path.read_text(encoding="utf-8"))
    solutions.hide(page)
    shown = [cell for cell in page.cells if "remove-cell" not in cell.metadata.get("tags", ())]
    edition = notebook(solutions.give_nothing_away(chapter), numbered(BOOK), {})
    source = solutions.source_of(chapter)
    nbformat.validate(edition)
    nbformat.validate(nbformat.reads(source, as_version=4))
    count = sum(cell.role in ("solution", "rubric") for cell in chapter.cells)
    for cells in (shown, edition.cells, nbformat.reads(source, as_version=4).cells):
        lines = [line.strip() for cell in cells for line in cell.source.splitlines()]
        assert [line for line in secret if line in lines] == []
        assert not any(line.startswith("# solution:") for line in lines)
        assert lines.count(solutions.LATER) == count
    code = [[cell.source for cell in made.cells if cell.cell_type == "code"]
            for made in (page, whole)]  # fmt: skip
    assert code[0] == code[1], "what is executed is the same, so nothing is executed again"
    assert page.metadata == whole.metadata
