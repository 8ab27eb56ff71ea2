"""The front page: a pictured card for each part, a path for a first reading, the way from the root.

Hours and minutes are those of the chapters that the book has when it is built.
"""

import html
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from lectures_lib.measure import measure
from lectures_lib.site import front_pictures
from lectures_lib.site.model import book_of, doctree_of, fill_later
from lectures_lib.site.own_progress import own_markup, part_progress
from lectures_lib.site.playgrounds import training_again
from lectures_lib.words import counted

__all__ = ["PDF_PLACE", "first_reading", "minutes_of", "root_page", "setup"]

logger = logging.getLogger(__name__)
STYLE = "front.css"
PDF_PLACE = '<p class="pdf-place">{}</p>'
OPTIONS = dict.fromkeys(("chapters", "picture"), directives.unchanged_required)  # of a card
TITLE = "Interactive course"  # before the name of the course, in the tab of the browser
FIRST_READING = re.compile(r"\*\*A first reading\*\* of (?:some )?(\d+) minutes")
ROOT_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="{description}">
<meta property="og:type" content="website">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{description}">
<meta property="og:image" content="{site}_static/course.png">
<meta property="og:image:alt" content="{alt}">
{address}<link rel="icon" type="image/svg+xml" href="_static/favicon.svg">
<meta http-equiv="refresh" content="0; url={start}">
<style>
body {{ max-width: 40rem; margin: 4rem auto; padding: 0 1rem; font: 1.1rem/1.6 sans-serif }}
:root {{ color-scheme: light dark }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{description}</p>
<p><a href="{start}">Begin here</a></p>
</main>
</body>
</html>
"""


class course_part(nodes.General, nodes.Element):
    """A card: picture, name, first chapter, hours; its children are the line of text."""


class reading_path(nodes.General, nodes.Element):
    """Stands for the list of a first reading until all chapters are read; `chapters` names them."""


class PdfPlace(SphinxDirective):
    """`{pdf-place}` without content: the place of a link to the PDF, which `make pdf` writes."""

    def run(self):
        return [own_markup(text=PDF_PLACE.format(""))]


class CoursePart(SphinxDirective):
    """`{course-part} See` with the folders of its chapters, its picture, and a line of text."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = OPTIONS

    def run(self):
        card = course_part(
            name=self.arguments[0],
            folders=self.options["chapters"].split(),
            picture=self.options["picture"],
        )
        self.state.nested_parse(self.content, self.content_offset, card)
        return [card]


class ReadingPath(SphinxDirective):
    """`{reading-path}`: chapters, one a line, with the minutes that each gives a first reading."""

    has_content = True

    def run(self):
        return [reading_path(chapters=[line.strip() for line in self.content if line.strip()])]


def first_reading(chapter):
    """Return the minutes that a chapter's first cell gives a first reading, or None.

    >>> from lectures_lib.book import Cell, Chapter
    >>> cell = Cell("a", "markdown", "**A first reading** of some 40 minutes: the question.")
    >>> first_reading(Chapter("a/b", None, (cell,)))
    40
    """
    first = next((cell.source for cell in chapter.cells if cell.kind == "markdown"), "")
    found = FIRST_READING.search(first)
    return int(found[1]) if found else None


def minutes_of(book, chapter):
    """Return the minutes of a first reading, of reading and trying, and of all exercises."""
    found = measure(book, chapter)
    return first_reading(chapter) or 0, found.minutes - found.exercises, found.exercises


def root_page(*, title, description, start, alt, site="", language="en"):
    """Return the page at the root of the site, which leads to the first one.

    Args:
        title, description: What it says of the course, also to those who show a preview.
        start: Address of the first page, from the root.
        alt: What the picture of the preview shows.
        site: Address of the root, with a stroke at its end; empty if it is not known.
    """
    texts = {"title": title, "description": description, "alt": alt, "start": start}
    address = (
        f'<meta property="og:url" content="{site}">\n<link rel="canonical" href="{site}{start}">\n'
        if site
        else ""
    )
    escaped = {name: html.escape(text) for name, text in texts.items()}
    return ROOT_PAGE.format(**escaped, language=language, site=site, address=address)


def _fill(app, doctree, docname):
    for card in doctree.findall(course_part):
        chapters = _chapters_in(app, card["folders"])
        for folder in card["folders"]:
            if not _chapters_in(app, [folder]):
                logger.warning("no chapter lies in book/%s", folder, location=docname)
        if chapters:
            minutes = sum(measure(book_of(app), chapter).minutes for chapter in chapters)
            card["first"] = app.builder.get_relative_uri(docname, chapters[0].page)
            card["size"] = (
                f"{counted(len(chapters), 'chapter')}, {counted(round(minutes / 60), 'hour')}"
            )


def _chapters_in(app, folders):
    return [c for c in book_of(app).chapters if c.name.partition("/")[0] in folders]


def _path(app, place, docname):
    """Return the list of chapters, and a paragraph with the sum of their minutes."""
    known, total = {chapter.name: chapter for chapter in book_of(app).chapters}, 0
    made = nodes.enumerated_list(enumtype="arabic", prefix="", suffix=".", classes=["front-path"])
    for name in place["chapters"]:
        minutes = first_reading(known[name]) if name in known else None
        if minutes is None:
            logger.warning("%s is no chapter with a first reading", name, location=docname)
            continue
        total += minutes
        uri = app.builder.get_relative_uri(docname, known[name].page)
        link = nodes.reference("", app.env.titles[known[name].page].astext(), refuri=uri)
        line = nodes.paragraph("", "", link, nodes.Text(f", {minutes} minutes"))
        made += nodes.list_item("", line)
    return [made, nodes.paragraph("", f"Together {total} minutes.")]


def _substitutions(app, config):
    """Let texts say where to report what is wrong: `{{ issues }}`, from `repository.url`."""
    address = config.html_theme_options.get("repository_url", "")
    link = f"[the issues of the repository]({address}/issues)"
    config.myst_substitutions = {"issues": link} | config.myst_substitutions


def _visit_part(self, node):
    """Open a card: its two pictures, of which the page shows one, and its name."""
    root = "../" * self.builder.current_docname.count("/")
    pictures = front_pictures.tags(node["picture"], root=root)
    name = html.escape(node["name"])
    self.body.append(
        f'<div class="front-part">{pictures}'
        f'<p class="front-name"><a href="{node.get("first", "#")}">{name}</a></p>'
    )


def _depart_part(self, node):
    size = f'<p class="front-size">{node.get("size", "")}</p>'
    self.body.append(f"{size}{part_progress(node['folders'])}</div>")


def _skip(self, node):
    raise nodes.SkipNode


def _front_page(app, pagename, templatename, context, doctree):
    """Give pages with cards their style, and the front page a title of its own in the browser."""
    if doctree is not None and next(iter(doctree.findall(course_part)), None) is not None:
        app.add_css_file(STYLE)
    if pagename == app.config.root_doc and context.get("title") == context.get("docstitle"):
        context["title"] = TITLE


def _write_files(app, exception):
    """Write the pictures of the cards, and the page at the root."""
    if exception is not None or app.builder.format != "html":
        return
    doctree = doctree_of(app, app.config.root_doc)
    folder = Path(app.outdir, front_pictures.FOLDER)
    names = [card["picture"] for card in doctree.findall(course_part)]
    for name in names + [again["still"] for again in doctree.findall(training_again)]:
        for mode, content in front_pictures.picture(name)[1].items() if name else ():
            folder.mkdir(exist_ok=True)
            (folder / f"{name}-{mode}.png").write_bytes(content)
    lead = next((p.astext() for p in doctree.findall(nodes.paragraph)), app.config.html_title)
    site = app.config.ogp_site_url or ""
    page = root_page(
        title=app.config.html_title,
        description=" ".join(lead.split()),
        start=app.builder.get_target_uri(app.config.root_doc),
        alt=app.config.ogp_image_alt or "",
        site=site if site.startswith("http") else "",
        language=app.config.language,
    )
    Path(app.outdir, "index.html").write_text(page, encoding="utf-8")


def setup(app):
    """Register the directives, and what the front page needs beside its text."""
    app.add_node(course_part, html=(_visit_part, _depart_part), text=(_skip, None))
    fill_later(app, reading_path, _path)
    app.add_directive("course-part", CoursePart)
    app.add_directive("reading-path", ReadingPath)
    app.add_directive("pdf-place", PdfPlace)
    app.connect("config-inited", _substitutions)
    app.connect("doctree-resolved", _fill)
    app.connect("html-page-context", _front_page)
    app.connect("build-finished", _write_files)
