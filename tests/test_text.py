"""The text of the chapters: figures, terms and works are referred to where they should be.

What Sphinx checks in nitpicky mode is not repeated here: that labels, terms, keys and pages exist.
"""

import re

import pytest

from lectures_lib.book import Book, Cell, Chapter, read_book

MODEL = read_book()
BOOK = MODEL.folder
CHAPTERS = {chapter.name: chapter.cells for chapter in MODEL.chapters}
TERM = re.compile(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`")
ENTRY = re.compile(r"^(\S.*)\n((?:  .+\n)+)", re.MULTILINE)


def figures(book, chapter):
    """Return the names of the numbered figures of a chapter, with and without sliders."""
    still = [name for name, (place, _) in book.figures.items() if place == chapter]
    return still + [name for place, name in book.demos if place == chapter]


def prose(cells):
    """Return the markdown of a chapter as one text."""
    return "\n\n".join(cell.source for cell in cells if cell.kind == "markdown")


def glossary():
    """Return the definition of each term."""
    page = (BOOK / "glossary.md").read_text(encoding="utf-8")
    return dict(ENTRY.findall(re.search(r"```\{glossary\}\n(.*?)```", page, re.DOTALL)[1]))


def unnamed(book, chapter):
    """Return the figures to which the text gives no number, and so no link."""
    named = re.findall(r"\{numref\}`([^`]+)`", prose(book[chapter].cells))
    return sorted(set(figures(book, chapter)) - set(named))


def misplaced(texts, linked):
    """Return the terms whose first link, in the order of the texts, is not where it should be."""
    first = {}
    for chapter, text in texts.items():
        for term in TERM.findall(text):
            first.setdefault(term, chapter)
    return {term: first.get(term) for term in linked if first.get(term) != linked[term]}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_figure_is_referred_to_by_its_number(chapter):
    assert figures(MODEL, chapter)
    assert not unnamed(MODEL, chapter), "write {numref}`name` where the text says what to look at"


def test_a_figure_that_is_not_referred_to_is_found():
    explored = Cell("a", "code", 'explore(f, name="b", power=[1, 2])')
    drawn = Cell("d", "code", 'figure(f, name="e", caption="E.", alt="An e.")')
    mark = {"mystnb": {"figure": {"name": "fig-a", "caption": "A."}}}
    captioned = Cell("b", "code", "figure", metadata=mark)
    text = Cell("c", "markdown", "Look at {numref}`fig-a`.")
    chapter = Chapter("x/y", None, (explored, captioned, text, drawn))
    assert unnamed(Book(None, (chapter,)), "x/y") == ["b", "e"]


def test_terms_are_in_order_and_lead_to_the_chapter_that_introduces_them():
    entries = glossary()
    assert len(entries) > 60
    assert list(entries) == sorted(entries, key=str.lower)
    linked = {}
    for term, text in entries.items():
        arrows = re.findall(r"→ \[\]\((\S+)\)$", text, re.MULTILINE)
        assert len(arrows) == 1, f"{term}: end with one line → [](chapter)"
        linked[term] = arrows[0]
    texts = {name: prose(cells) for name, cells in CHAPTERS.items()}
    assert misplaced(texts, linked) == {}, "where the first {term} stands, or None for no link"


def test_terms_that_are_linked_elsewhere_or_nowhere_are_found():
    texts = {"one": "A {term}`kernel`.", "two": "{term}`kernels <kernel>`, {term}`gate`."}
    linked = {"kernel": "two", "gate": "two", "seed": "one"}
    assert misplaced(texts, linked) == {"kernel": "one", "seed": None}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_links_to_terms_are_few_and_not_in_headings(chapter):
    text = prose(CHAPTERS[chapter])
    assert len(TERM.findall(text)) <= 12
    assert not re.search(r"^#.*\{term\}", text, re.MULTILINE)


def test_every_work_of_the_bibliography_is_cited():
    texts = [prose(cells) for cells in CHAPTERS.values()]
    texts += [path.read_text(encoding="utf-8") for path in BOOK.glob("**/*.md")]
    keys = ",".join(re.findall(r"\{cite:[pt]\}`([^`]+)`", "\n".join(texts)))
    assert set(MODEL.works) == set(keys.split(","))
