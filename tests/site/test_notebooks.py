"""The notebooks that people open, as the build wrote them, beside the pages of the site."""

import json
import re
from itertools import pairwise
from urllib.parse import unquote

import pytest
from conftest import ROOT, SITE, names_of

from lectures_lib.book import read_book

BOOK = read_book(ROOT / "book")
NOTEBOOKS = ROOT / "_build" / "notebooks"
RUN = ROOT / "_build" / "run"
chapters = pytest.mark.parametrize("chapter", BOOK.chapters, ids=lambda chapter: chapter.name)


def cells_of(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in cells]


def text_of(chapter):
    cells = cells_of(NOTEBOOKS / f"{chapter.name}.ipynb")
    return "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")


def test_there_is_one_for_each_chapter_here_and_on_the_site():
    for folder in (NOTEBOOKS, SITE / "notebooks"):
        found = {p.relative_to(folder).as_posix() for p in folder.rglob("*.ipynb")}
        assert found == {f"{chapter.name}.ipynb" for chapter in BOOK.chapters}
    for chapter in BOOK.chapters:
        name = f"{chapter.name}.ipynb"
        assert (NOTEBOOKS / name).read_bytes() == (SITE / "notebooks" / name).read_bytes()


@chapters
def test_its_code_is_what_nbval_ran(chapter):
    path = RUN / chapter.name / "chapter.ipynb"
    assert path.is_file(), "Run the notebooks first: make test STAGE=notebooks"
    ran = {cell["id"]: cell["source"] for cell in cells_of(path)}
    code = [c for c in cells_of(NOTEBOOKS / f"{chapter.name}.ipynb") if c["cell_type"] == "code"]
    assert len(code) > 5
    for cell in code:
        assert re.sub(r"^#@title .*\n", "", cell["source"]) == ran[cell["id"]]
    assert [name for name in ran if name in {cell["id"] for cell in code}] == [
        c["id"] for c in code
    ]


@chapters
def test_equations_and_figures_have_the_numbers_of_the_page(chapter):
    page, text = (SITE / f"{chapter.page}.html").read_text(encoding="utf-8"), text_of(chapter)
    number = BOOK.chapters.index(chapter) + 1
    equations = re.findall(r'class="eqno">\(([\d.]+)\)', page)
    assert re.findall(r"\\tag\{([\d.]+)\}", text) == equations
    assert equations == [f"{number}.{i + 1}" for i in range(len(equations))]
    figures = re.findall(r'class="caption-number">Fig. ([\d.]+) <', page)
    assert re.findall(r"^\*\*Fig\. ([\d.]+)\.\*\* ", text, re.MULTILINE) == figures
    assert figures == [f"{number}.{i + 1}" for i in range(len(figures))]
    assert len(figures) > 3
    assert text.startswith(f"# {number}. ")


@chapters
def test_every_figure_is_stored(chapter):
    cells = cells_of(NOTEBOOKS / f"{chapter.name}.ipynb")
    for before, cell in pairwise(cells):
        if cell["id"].endswith("-caption"):
            data = [output.get("data", {}) for output in before["outputs"]]
            assert any("image/png" in one for one in data), before["id"]
            assert all(len("".join(one["text/plain"])) > 20 for one in data if "image/png" in one)
            assert not any("vnd.lectures-lib" in kind for one in data for kind in one)


@chapters
def test_a_preview_describes_every_picture(chapter):
    """nbviewer takes the alternative text from here."""
    outputs = [
        output
        for cell in cells_of(NOTEBOOKS / f"{chapter.name}.ipynb")
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert outputs
    alts = [output["metadata"]["image/png"]["alt"] for output in outputs]
    assert [alt for alt in alts if len(alt) < 20 or alt.startswith("<")] == []


@chapters
def test_links_to_the_site_lead_somewhere(chapter):
    targets = re.findall(rf"\]\({re.escape(BOOK.site)}/([^)]+)\)", text_of(chapter))
    assert targets
    for target in set(targets):
        path, _, anchor = target.partition("#")
        name = unquote(anchor).partition("?")[0]
        assert (SITE / path).is_file(), target
        assert not name or name in names_of(SITE / path), target
