"""The model of the book, read once for each build."""

from dataclasses import replace
from pathlib import Path

from lectures_lib.book import Book, BookNotFound, read_book

__all__ = ["book_of"]


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
