"""The directive `exercise-index`: all exercises of the book, read when the site is built."""

import html

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.util import logging

from lectures_lib.exercises.source import KINDS
from lectures_lib.site.model import book_of, doctree_of
from lectures_lib.site.own_progress import own_markup, sections_of, tick, words_of
from lectures_lib.site.table import table

__all__ = ["places_of", "setup"]

HEAD = ("exercise", "kind", "points", "min", "solved")
SUMS = ("chapter", *KINDS, "points", "min")
FILTER, MINUTES = "filter", (10, 15, 20, 30, 45)
log = logging.getLogger(__name__)


class exercise_rows(nodes.General, nodes.Element):
    """Stands for a table until all chapters are read: that of a `chapter`, or the sums."""


class ExerciseIndex(Directive):
    """`exercise-index` without content: the sums, and a section for each chapter."""

    def run(self):
        env = self.state.document.settings.env
        book = book_of(env.app)
        titles = {name: book[name].title for name in _chapters(book)}
        made = [own_markup(text=_filter(titles)), exercise_rows(chapter="")]
        for chapter, title in titles.items():
            section = nodes.section(ids=[_anchor(chapter)], names=[])
            section += [nodes.title(title, title), exercise_rows(chapter=chapter)]
            made.append(section)
        return made


def _chapters(book):
    """Return the names of the chapters that have exercises."""
    return dict.fromkeys(exercise.chapter for exercise in book.exercises.values())


def _filter(titles):
    """Return the choices above the tables, which `exercises.js` answers; else it is not seen."""
    options = {
        "chapter": {"": "all"} | titles,
        "kind": {"": "all"} | {kind: kind for kind in KINDS},
        "minutes": {"": "any"} | {str(number): f"at most {number}" for number in MINUTES},
        "solved": {"": "both", "no": "not solved", "yes": "solved"},
    }
    choices = "".join(_choice(name, texts) for name, texts in options.items())
    rest = '<p role="status"></p><p class="filter-buttons"></p>'  # there from the start: no shift
    group = f'role="group" aria-label="Filter" class="exercise-filter" id="{FILTER}"'
    return f"<div {group}>{choices}{rest}</div>"


def _choice(name, texts):
    listed = "".join(
        f'<option value="{value}">{html.escape(text)}</option>' for value, text in texts.items()
    )
    place = f"{FILTER}-{name}"
    return (
        f'<p class="by-{name}"><label for="{place}">{name}</label> '
        f'<select id="{place}" name="{name}" autocomplete="off">{listed}</select></p>'
    )


def _anchor(chapter):
    return nodes.make_id(f"exercises-{chapter}")


def _fill(app, doctree, docname):
    placeholders = list(doctree.findall(exercise_rows))
    if not placeholders:
        return
    found = book_of(app).exercises
    places = places_of(app, found.values(), docname)
    for placeholder in placeholders:
        chapter = placeholder["chapter"]
        if chapter:
            rows = [_row(e, places) for e in found.values() if e.chapter == chapter]
            placeholder.replace_self(table(HEAD, rows))
        else:
            placeholder.replace_self(table(SUMS, _sums(app, found.values())))


def places_of(app, exercises, target):
    """Return `{id: (address, title)}`: the section of each exercise, as seen from a page."""
    places, sections = {}, {}
    for exercise in exercises:
        docname = f"book/{exercise.chapter}"
        if docname not in sections:
            sections[docname] = sections_of(doctree_of(app, docname))
        uri = app.builder.get_relative_uri(target, docname)
        section = sections[docname].get(words_of(exercise.title))
        if section is None:
            log.warning(
                "the exercise %r has the title %r, but its page has no such section",
                exercise.id, exercise.title, location=docname,
            )  # fmt: skip
            places[exercise.id] = uri, [nodes.Text(exercise.title)]
        else:
            places[exercise.id] = f"{uri}#{section['ids'][0]}", section[0].children
    return places


def _row(exercise, places):
    """Return the cells of one exercise: its title over its id and what it needs, and the rest."""
    uri, title = places[exercise.id]
    link = nodes.reference("", "", *(child.deepcopy() for child in title), refuri=uri)
    names = nodes.line("", "", nodes.literal("", exercise.id))
    for need in exercise.needs:
        names += nodes.Text(", needs " if need == exercise.needs[0] else ", ")
        names += nodes.reference("", "", nodes.literal("", need), refuri=places[need][0])
    numbers = (exercise.kind, exercise.points, exercise.minutes)
    lines = nodes.line_block("", nodes.line("", "", link), names)
    solved = tick(exercise, hidden=True, label=f"solved: {exercise.id}")
    return [lines, *map(_text, numbers), solved]


def _sums(app, exercises):
    """Return a row for each chapter, with a link to its table, and one for the whole book."""
    chapters = {}
    for exercise in exercises:
        chapters.setdefault(exercise.chapter, []).append(exercise)
    rows = []
    for chapter, found in chapters.items():
        title = app.env.titles[f"book/{chapter}"].astext()
        link = nodes.reference("", title, refuri=f"#{_anchor(chapter)}", internal=True)
        rows.append([nodes.paragraph("", "", link), *_counted(found)])
    return [*rows, [_text("all"), *_counted(exercises)]]


def _counted(exercises):
    kinds = [exercise.kind for exercise in exercises]
    sums = [sum(getattr(e, what) for e in exercises) for what in ("points", "minutes")]
    return [_text(number) for number in (*map(kinds.count, KINDS), *sums)]


def _text(value):
    return nodes.paragraph("", str(value))


def _add_files(app, pagename, templatename, context, doctree):
    """Let the index load the script and the style of its choices, and no other page."""
    if doctree and any(m["text"].startswith("<div role") for m in doctree.findall(own_markup)):
        app.add_js_file("exercises.js", priority=900, defer="defer")  # after address.js
        app.add_css_file("exercises.css")


def setup(app):
    """Register the directive; `table.setup` sees to it that its page is always read again."""
    app.add_node(exercise_rows)
    app.add_directive("exercise-index", ExerciseIndex)
    app.connect("doctree-resolved", _fill)
    app.connect("html-page-context", _add_files)
