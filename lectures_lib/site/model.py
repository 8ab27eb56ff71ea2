"""The model of the book, and its pages as they were read, once for each build."""

from dataclasses import replace
from pathlib import Path

from lectures_lib.book import Book, BookNotFound, read_book

__all__ = ["book_of", "doctree_of"]


def book_of(app):
    """Return the `Book` that an application builds: the chapters that `_toc.yml` lists."""
    if not hasattr(app, "lectures_book"):
        try:
            book = read_book(Path(app.srcdir, "book"))
        except BookNotFound:
            book = Book(Path(app.srcdir, "book"), ())
        listed = app.config.external_site_map
        chapters = tuple(chapter for chapter in book.chapters if chapter.page in listed)
        app.lectures_book = replace(book, chapters=chapters)
    return app.lectures_book


def doctree_of(app, docname):
    """Return a page as it was read, not to be changed."""
    kept = vars(app).setdefault("lectures_doctrees", {})
    if docname not in kept:
        kept[docname] = app.env.get_doctree(docname)
    return kept[docname]
