"""What a reader did, remembered on the reader's device: the places that `progress.js` fills.

The build says which sections of a chapter count as read, where an exercise is ticked as solved, and
what the book holds in all. Without scripts, and where a browser stores nothing, none of it is seen.
"""

import html
import json
import re

from docutils import nodes

from lectures_lib.exercises.running import NOTHING
from lectures_lib.exercises.source import exercises_of
from lectures_lib.questions import questions_of
from lectures_lib.site.model import book_of, fill_later

__all__ = ["part_progress", "sections_of", "setup", "tick", "words_of"]

COUNTS = "counts"  # class of a section that counts as read


class own_markup(nodes.General, nodes.Element):
    """HTML that is no text of the page: the search does not find it."""


class own_progress(nodes.General, nodes.Element):
    """Stands for where to go on, and for the button that forgets."""


BOX = (
    '<div class="own-progress" data-chapters="{data}"><p class="own-continue"></p>'
    "<p>What you have read, answered, ticked and taught a network is remembered on this device "
    "only, and sent nowhere. "
    '<button type="button">Forget all that this device remembers</button> '
    '<span role="status"></span></p></div>'
)
LABEL = "I have solved this (the page cannot run code; your tick stays on this device)"


def tick(exercise, *, label=LABEL, hidden=False):
    """Return the check box of an exercise; `hidden` says that only screen readers get its label."""
    place = html.escape(f"solved-{exercise.id}")
    shown = ' class="visually-hidden"' if hidden else ""
    return own_markup(
        text=f'<div class="solved"><input type="checkbox" autocomplete="off" id="{place}" '
        f'data-chapter="{exercise.chapter}" data-exercise="{html.escape(exercise.id)}">'
        f'<label for="{place}"{shown}>{html.escape(label)}</label></div>'
    )


def part_progress(folders):
    """Return the HTML of two lines for a part of the book, the chapters of some folders."""
    return f'<p class="part-progress" data-folders="{html.escape(" ".join(folders))}"></p>'


def words_of(title):
    """Return the words of a title, whose marks and quotes a page changes.

    >>> words_of("A `kernel` that isn't $k$")
    ('A', 'kernel', 'that', 'isn', 't', 'k')
    """
    return tuple(re.findall(r"\w+", title))


def sections_of(doctree):
    """Return `{words of its title: section}` of a page."""
    return {words_of(section[0].astext()): section for section in doctree.findall(nodes.section)}


def _chapter(app, doctree, docname):
    """Mark the sections of a chapter up to its exercises, and let these be ticked.

    What a check says of a stub, to fill it in and run it, no reader of a page can do: it goes.
    """
    chapter = next((c for c in book_of(app).chapters if c.page == docname), None)
    if chapter is None:
        return
    for output in list(doctree.findall(nodes.container)):
        if "cell_output" in output["classes"] and output.astext().endswith(NOTHING):
            output.parent.remove(output)
    places, exercises = sections_of(doctree), None
    for exercise in exercises_of(chapter):
        if section := places.get(words_of(exercise.title)):
            exercises = exercises or section.parent
            section += tick(exercise)
    for section in next(iter(places.values())).children if places else ():
        if section is exercises:
            break
        if isinstance(section, nodes.section):
            section["classes"].append(COUNTS)


def _fill(app, place, docname):
    book, asked = book_of(app), [q.chapter for q in questions_of(book_of(app)).values()]
    chapters = {c.name: [c.title, asked.count(c.name)] for c in book.chapters}
    return own_markup(text=BOX.format(data=html.escape(json.dumps(chapters))))


def _visit(self, node):
    self.body.append(node["text"])
    raise nodes.SkipNode


def _skip(self, node):
    raise nodes.SkipNode


def setup(app):
    """Register the directive, and what marks chapters."""
    app.add_node(own_markup, html=(_visit, None), text=(_skip, None))
    app.connect("doctree-resolved", _chapter)
    fill_later(app, own_progress, _fill, directive="own-progress")
