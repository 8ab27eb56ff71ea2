"""What holds for every chapter: short, with the lesson in view, and to be changed.

The limits are those of the design.
"""

from dataclasses import astuple

import pytest
from edits import EDITS, edited

from lectures_lib.book import Book, Cell, Chapter, read_book
from lectures_lib.measure import measure

BOOK = read_book()
CHAPTERS = BOOK.chapters
LIMITS = {
    "words": 3000, "numbers": 120, "cells": 30, "lines": 200, "longest": 15, "asserts": 0,
    "minutes": 180,
}  # fmt: skip


def too_much(book, chapter):
    """Return `{quantity: (found, limit)}` of what is over its limit."""
    found = measure(book, chapter)
    return {
        name: (getattr(found, name), limit)
        for name, limit in LIMITS.items()
        if getattr(found, name) > limit
    }


def trains(chapter):
    """Return whether a chapter lets its students train a network."""
    return any(cell.exercise.get("kind") == "train" for cell in chapter.cells)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_a_chapter_is_short_and_lets_students_train(chapter):
    assert too_much(BOOK, chapter) == {}
    assert trains(chapter)
    first = next(c.source for c in chapter.cells if c.kind == "markdown")
    assert "**A first reading** of " in first, "say which part to read in at most 45 minutes"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_a_mark_says_where_to_act(chapter):
    texts = [c.source for c in chapter.cells if c.kind == "markdown"]
    marked = [part for text in texts for part in text.split("\n\n") if "**Try it.** " in part]
    played = [name for place, name in [*BOOK.demos, *BOOK.trainings] if place == chapter.name]
    missing = [n for n in played if not any(f"{{numref}}`{n}`" in part for part in marked)]
    assert marked and missing == []
    first = next(k for k, c in enumerate(chapter.cells) if c.kind == "code")
    assert marked[0] in chapter.cells[first - 1].source, "the first thing to do stands at the top"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_no_code_is_folded_but_that_of_solutions(chapter):
    folded = [cell.where for cell in chapter.cells if cell.kind == "code" and cell.folded]
    assert len(folded) == sum(cell.role == "solution" for cell in chapter.cells), (
        "what draws belongs to lectures_lib/demos"
    )


def test_what_is_over_the_limits_is_found():
    cells = [
        Cell("a", "markdown", "word " * 3001 + "1 " * 121),
        *(Cell(f"b{k}", "code", "x = 1\n\n" * 16) for k in range(31)),
        Cell("c", "code", "assert x"),
        Cell("d", "code", "assert x", metadata={"tags": ["audit"]}),
    ]
    long = Chapter("x/y", None, tuple(cells))
    found = too_much(Book(None, (long,)), long)
    assert found == {
        "words": (3122, 3000), "numbers": (121, 120), "cells": (32, 30), "lines": (497, 200),
        "longest": (16, 15), "asserts": (1, 0),
    }  # fmt: skip
    folded = Cell("e", "code", "x = 1\n" * 99, metadata={"tags": ["hide-input"]})
    closed = Cell("f", "markdown", "Open.\n\n:::{dropdown} More\nClosed 1.\n:::\n")
    asked = Cell("g", "markdown", ":::{question} q\nWhat is 1 + 1?\n\n- [x] 2\n  > Yes.\n:::")
    short = Chapter("x/y", None, (folded, closed, asked))
    assert astuple(measure(Book(None, (short,)), short)) == (1, 0, 0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_edits_meet_the_code_of_their_chapter(chapter):
    code = [c.source for c in chapter.cells if c.kind == "code" and "audit" not in c.tags]
    assert all(edited(code, edit) != code for edit in EDITS[chapter.name].values())
