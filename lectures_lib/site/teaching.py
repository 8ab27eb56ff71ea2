"""What the page for lecturers is made of: plans of weeks, notes on chapters, checked links.

Hours are those that the chapters have when the site is built; what does not exist fails the build.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole, SphinxDirective

from lectures_lib.assignments.presets import read_preset
from lectures_lib.questions import questions_of
from lectures_lib.site.exercise_index import places_of
from lectures_lib.site.front import minutes_of
from lectures_lib.site.model import book_of, doctree_of, fill_later
from lectures_lib.site.own_progress import sections_of, words_of
from lectures_lib.site.table import table

__all__ = ["clock", "setup"]

HEAD = ("week", "first reading", "reading", "exercises")
logger = logging.getLogger(__name__)


class week_plan(nodes.General, nodes.Element):
    """Stands for a table until all chapters are read: `weeks` is a list of (title, chapters)."""


class chapter_link(nodes.Inline, nodes.TextElement):
    """Stands for a link to a `section` of a `chapter`, or to an `exercise` with its minutes."""


class WeekPlan(SphinxDirective):
    """`week-plan`: a line for each week, `title: chapters`, and their hours.

    With `:whole:` every chapter of the book must be in one of the weeks.
    """

    has_content = True
    option_spec = {"whole": directives.flag}  # noqa: RUF012

    def run(self):
        weeks = [line.partition(":")[::2] for line in self.content if line.strip()]
        weeks = [(title.strip(), names.split()) for title, names in weeks]
        named = [name for _, names in weeks for name in names]
        known = [chapter.name for chapter in book_of(self.env.app).chapters]
        faults = [f"{name} is no chapter" for name in named if name not in known]
        if "whole" in self.options:
            faults += [f"{name} is in no week" for name in known if name not in named]
            faults += [f"{name} is in two weeks" for name in known if named.count(name) > 1]
        if faults:
            raise self.error(f"The plan of weeks: {'; '.join(faults)}.")
        return [week_plan(weeks=weeks)]


class ChapterNotes(SphinxDirective):
    """`chapter-notes cnn/tuning`: a section with its title and hours, and what the text says."""

    required_arguments = 1
    has_content = True

    def run(self):
        book, name = book_of(self.env.app), self.arguments[0]
        chapter = next((one for one in book.chapters if one.name == name), None)
        if chapter is None:
            raise self.error(f"{name} is no chapter. Write it as cnn/tuning.")
        uri = self.env.app.builder.get_relative_uri(self.env.docname, chapter.page)
        link = nodes.reference("", "The chapter", refuri=uri)
        first, reading, exercises = map(clock, minutes_of(book, chapter))
        hours = f": first reading {first}, reading {reading}, exercises {exercises} (h:min)"
        section = nodes.section(ids=[_anchor(name)], names=[])
        section += [
            nodes.title("", chapter.title),
            nodes.paragraph("", "", link, nodes.Text(hours)),
        ]
        self.state.nested_parse(self.content, self.content_offset, section)
        return [section]


class QuestionLink(ReferenceRole):
    """`{question}` with a text and the name of a short question."""

    def run(self):
        question = questions_of(book_of(self.env.app)).get(self.target)
        if question is None:
            return _refused(self, f"there is no short question {self.target!r}")
        return _link(self, question.chapter, f"question-{question.name}")


class StateLink(ReferenceRole):
    """`{state}` with a text and the state of a figure, as `assign --link` takes it."""

    def run(self):
        try:
            preset = read_preset(book_of(self.env.app), self.target, where="{state}")
        except ValueError as error:
            return _refused(self, str(error))
        state = f"?{preset.state}" * bool(preset.state)
        return _link(self, preset.chapter, f"{preset.name}{state}")


class SectionLink(ReferenceRole):
    """`{section}` with a chapter and the title of a section, `cnn/tuning#The question`."""

    def run(self):
        chapter, _, title = self.target.partition("#")
        if f"book/{chapter}" not in self.env.found_docs:
            return _refused(self, f"{chapter} is no chapter")
        return [chapter_link(chapter=chapter, section=title)], []


class ExerciseLink(ReferenceRole):
    """`{exercise}` with the id of an exercise."""

    def run(self):
        if self.target not in book_of(self.env.app).exercises:
            return _refused(self, f"there is no exercise {self.target!r}")
        return [chapter_link(exercise=self.target)], []


def clock(minutes):
    """Return minutes as hours and minutes.

    >>> clock(65), clock(600)
    ('1:05', '10:00')
    """
    return f"{minutes // 60}:{minutes % 60:02}"


def _anchor(chapter):
    return nodes.make_id(f"notes-{chapter}")


def _link(role, chapter, anchor):
    page = role.env.app.builder.get_relative_uri(role.env.docname, f"book/{chapter}")
    return [nodes.reference("", role.title, refuri=f"{page}#{anchor}")], []


def _refused(role, fault):
    logger.warning("%s: %s", role.rawtext, fault, location=role.get_location())
    return [nodes.Text(role.title)], []


def _fill(app, doctree, docname):
    links = list(doctree.findall(chapter_link))
    exercises = book_of(app).exercises
    wanted = [exercises[link["exercise"]] for link in links if "exercise" in link]
    places = places_of(app, wanted, docname)
    for link in links:
        if "exercise" in link:
            uri = places[link["exercise"]][0]
            text, more = link["exercise"], f" ({exercises[link['exercise']].minutes} min)"
            link.replace_self([nodes.reference("", "", nodes.literal("", text), refuri=uri),
                               nodes.Text(more)])  # fmt: skip
        else:
            link.replace_self(_section(app, link["chapter"], link["section"], docname))


def _plan(app, place, docname):
    return table(HEAD, _rows(app, place["weeks"], place.document))


def _section(app, chapter, title, docname):
    """Return a link to a section, named by the number of its chapter and its title."""
    page = f"book/{chapter}"
    section = sections_of(doctree_of(app, page)).get(words_of(title))
    if section is None:
        logger.warning("%s has no section %r", chapter, title, location=docname)
        return nodes.Text(title)
    number = ".".join(map(str, app.env.titles[page].get("secnumber", ())))
    uri = app.builder.get_relative_uri(docname, page)
    text = f"{number}: {section[0].astext()}"
    return nodes.reference("", text, refuri=f"{uri}#{section['ids'][0]}")


def _rows(app, weeks, doctree):
    """Return a row for each week, its chapters linked to their notes, and one with the sums."""
    book, sums = book_of(app), (0, 0, 0)
    noted = {anchor for section in doctree.findall(nodes.section) for anchor in section["ids"]}
    rows = []
    for number, (title, names) in enumerate(weeks, start=1):
        week = nodes.line_block("", nodes.line("", "", nodes.strong("", f"{number}. {title}")))
        for name in names:
            if _anchor(name) not in noted:
                logger.warning("the page has a week with %s, and no notes on it", name)
            link = nodes.reference("", book[name].title, refuri=f"#{_anchor(name)}", internal=True)
            week += nodes.line("", "", link)
        minutes = [
            sum(one) for one in zip(*(minutes_of(book, book[n]) for n in names), strict=True)
        ]
        sums = [sum(pair) for pair in zip(sums, minutes, strict=True)]
        rows.append([week, *map(_time, minutes)])
    return [*rows, [nodes.paragraph("", "all"), *map(_time, sums)]]


def _time(minutes):
    return nodes.paragraph("", clock(minutes))


def setup(app):
    """Register directives and roles; `table.setup` lets the page be read at each build."""
    for name, directive in {"week-plan": WeekPlan, "chapter-notes": ChapterNotes}.items():
        app.add_directive(name, directive)
    roles = {"question": QuestionLink, "state": StateLink, "section": SectionLink,
             "exercise": ExerciseLink}  # fmt: skip
    for name, role in roles.items():
        app.add_role(name, role())
    app.add_node(chapter_link)
    fill_later(app, week_plan, _plan)
    app.connect("doctree-resolved", _fill)
