"""The model of the book, and its pages as they were read, once for each build."""

from dataclasses import replace
from pathlib import Path

from sphinx.util.docutils import SphinxDirective

from lectures_lib.book import Book, BookNotFound, read_book

__all__ = ["book_of", "doctree_of", "fill_later"]


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


def fill_later(app, node, fill, *, directive=""):
    """Put in the place of each node of a class what `fill(app, node, docname)` returns.

    That is when all chapters are read. `directive` names one without content that leaves a node.
    """

    class Place(SphinxDirective):
        def run(self):
            return [node()]

    def replace_all(app, doctree, docname):
        for place in list(doctree.findall(node)):
            place.replace_self(fill(app, place, docname))

    app.add_node(node)
    if directive:
        app.add_directive(directive, Place)
    app.connect("doctree-resolved", replace_all)
