"""The directive `chapter-table`: how long each chapter takes, measured when the site is built."""

from docutils import nodes

from lectures_lib.site import WRITING
from lectures_lib.site.model import book_of, doctree_of, fill_later

__all__ = ["setup", "table"]

# What is read when the site is built.
PAGES = (
    "book/intro", "book/reading", "book/exercises", "book/instructors/teaching", "book/status",
)  # fmt: skip
HEAD = (
    "chapter", "first reading (min)", "reading and trying (min)", "exercises (min)", "to run (s)",
    "interactive figures",
)  # fmt: skip


class chapter_table(nodes.General, nodes.Element):
    """Stands for a row for each notebook of the book."""


def _row(app, chapter, target):
    """Return the cells of one chapter: a link and five numbers."""
    from lectures_lib.site.frames import explore_controls
    from lectures_lib.site.front import minutes_of
    from lectures_lib.site.playgrounds import playground_box

    docname = chapter.page
    seconds = app.env.nb_metadata.get(docname, {}).get("exec_data", {}).get("runtime")
    doctree = doctree_of(app, docname)
    demos = sum(1 for node in doctree.findall(explore_controls) if node["bundle"]["parameters"])
    demos += len(list(doctree.findall(playground_box)))
    uri = app.builder.get_relative_uri(target, docname)
    link = nodes.reference("", app.env.titles[docname].astext(), refuri=uri)
    numbers = (*minutes_of(book_of(app), chapter), _whole(seconds), demos)
    return [nodes.paragraph("", "", link), *(nodes.paragraph("", str(n)) for n in numbers)]


def _whole(seconds):
    return "–" if seconds is None else f"{seconds:.0f}"


def _fill(app, place, docname):
    return table(HEAD, [_row(app, chapter, docname) for chapter in book_of(app).chapters])


def table(head, rows):
    """Return a table of nodes, small on a phone; the first of its columns is wide.

    Args:
        head: Texts.
        rows: Lists of nodes, a block such as a paragraph for each cell.
    """
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=4 if i == 0 else 1) for i in range(len(head))]
    first, *rest = [
        nodes.row("", *(nodes.entry("", cell) for cell in row))
        for row in [[nodes.paragraph("", text) for text in head], *rows]
    ]
    group += [nodes.thead("", first), nodes.tbody("", *rest)]
    return nodes.table("", group, classes=["compact"])


def setup(app):
    """Register the directive; pages with such tables are read again at each build."""
    fill_later(app, chapter_table, _fill, directive="chapter-table")
    app.connect("env-get-outdated", _pages_with_table)


def _pages_with_table(app, env, added, changed, removed):
    return [page for page in PAGES if page in env.found_docs and not WRITING]
