"""Turn the markdown of a chapter into markdown that a notebook shows without the book around it."""

import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path

from lectures_lib.exercises.book import BrokenExercise, chapters, read_text_cells, title_of
from lectures_lib.exercises.source import CHAPTER_ONLY

__all__ = ["Prose", "details", "read_prose"]

MATHS = re.compile(r"^```\{math\}\n((?::\w+:[^\n]*\n)*)(.*?)\n```$", re.DOTALL | re.MULTILINE)
ADMONITION = re.compile(
    r"^:::\{\w+\}[ ]*([^\n]*)\n((?::\w+:[^\n]*\n)*)(.*?)\n:::$", re.DOTALL | re.MULTILINE
)
ROLE = re.compile(r"\{([a-z:]+)\}`([^`]+)`")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(?:```|:::)\{(\S+)\}", re.MULTILINE)
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)]*)\)")
ENTRY = re.compile(r"@\w+\{\s*([^,\s]+),(.*?)(?=^@|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Prose:
    """What the text of a book refers to: equations and figures by label, works by key.

    `site` is the address of the rendered book; when it is empty, links become their text.
    """

    site: str = ""
    equations: dict = field(default_factory=dict)
    figures: dict = field(default_factory=dict)
    works: dict = field(default_factory=dict)
    titles: dict = field(default_factory=dict)
    book: Path | None = None

    def plain(self, text, chapter):
        """Return text of a chapter for a notebook that stands alone, its equations included.

        >>> prose = Prose("https://example.org", {"eq-decay": "w = 1"})
        >>> prose.plain("See [states](#map?rate=2) and equation {eq}`eq-decay`.", "cnn/tuning")
        'See [states](https://example.org/book/cnn/tuning.html#map?rate=2) and equation \
(decay).\\n\\n$$\\nw = 1 \\\\tag{decay}\\n$$'
        """
        text = CHAPTER_ONLY.sub("", text).strip()
        labels = []
        text = MATHS.sub(lambda match: _display(match[2], _label(match[1])), text)
        text = ADMONITION.sub(_quote, text)
        text = ROLE.sub(lambda match: self._role(match, chapter, labels), text)
        text = LINK.sub(lambda match: self._link(match[1], match[2], chapter), text)
        _refuse(text, chapter)
        quoted = [_display(self.equations[label], label) for label in dict.fromkeys(labels)]
        return "\n\n".join([text, *quoted])

    def page(self, chapter):
        """Return the address of a chapter on the site, or an empty text."""
        return f"{self.site}/book/{chapter}.html" if self.site else ""

    def origin(self, chapter):
        """Return the title of a chapter, as a link if there is a site."""
        return self._link(self.titles[chapter], "", chapter)

    def _role(self, match, chapter, labels):
        role, target = match[1], match[2]
        if role == "eq":
            self._known(target, self.equations, "equation", chapter)
            labels.append(target)
            return f"({_name(target)})"
        if role == "numref":
            caption = self._known(target, self.figures, "figure", chapter)
            return self._link(f'the figure "{caption[1].rstrip(".")}"', f"#{target}", caption[0])
        if role in {"cite:p", "cite:t"}:
            author, year = self._known(target, self.works, "work", chapter)
            return f"({author}, {year})" if role == "cite:p" else f"{author} ({year})"
        if role in {"doc", "ref"}:
            titled = re.fullmatch(r"(.+?)\s*<(.+)>", target)
            return self._link(*(titled.groups() if titled else (target, target)), chapter)
        raise BrokenExercise(
            f"{chapter}.ipynb: an exercise has the role {match[0]}, which a notebook alone cannot "
            "show. Use eq, numref, cite, doc, or plain text."
        )

    def _known(self, label, table, what, chapter):
        if label not in table:
            raise BrokenExercise(
                f"{chapter}.ipynb: an exercise refers to the {what} {label!r}, which the book does "
                "not have. Correct the label."
            )
        return table[label]

    def _link(self, text, target, chapter):
        if re.match(r"\w+://|mailto:", target):
            return f"[{text}]({target})"
        if not self.site:
            return text
        path, mark, anchor = target.partition("#")
        page = chapter
        if path:
            page = posixpath.normpath(posixpath.join(posixpath.dirname(chapter), path))
            page = re.sub(r"\.(ipynb|md|html)$", "", page)
        return f"[{text}]({self.page(page)}{mark}{anchor})"


def read_prose(book, site=""):
    """Read what the text of a book refers to."""
    equations, figures, titles = {}, {}, {}
    for path in chapters(book):
        chapter = path.relative_to(book).with_suffix("").as_posix()
        titles[chapter] = title_of(path)
        for source, figure in read_text_cells(path):
            for match in MATHS.finditer(source):
                equations[_label(match[1])] = match[2]
            if figure:
                figures[figure.get("name")] = (chapter, figure.get("caption", ""))
    references = Path(book) / "references.bib"
    works = {}
    if references.is_file():
        for match in ENTRY.finditer(references.read_text(encoding="utf-8")):
            works[match[1]] = _work(match[2])
    return Prose(site.rstrip("/"), equations, figures, works, titles, Path(book))


def details(summary, text):
    """Return a part that is folded until it is clicked."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"


def _work(entry):
    """Return `(authors, year)` of an entry of a bibliography."""
    author = re.search(r"author\s*=\s*[{\"](.*?)[}\"],?\s*$", entry, re.MULTILINE)
    year = re.search(r"year\s*=\s*[{\"]?(\d{4})", entry)
    people = [
        name.partition(",")[0] if "," in name else name.split()[-1]
        for name in re.split(r"\s+and\s+", re.sub(r"[{}]", "", author[1] if author else "?"))
    ]
    names = f"{people[0]} and others" if len(people) > 2 else " and ".join(people)
    return names, year[1] if year else "no year"


def _label(options):
    found = re.search(r":label: (\S+)", options)
    return found[1] if found else ""


def _name(label):
    return label.removeprefix("eq-")


def _display(body, label):
    tag = f" \\tag{{{_name(label)}}}" if label else ""
    return f"$$\n{body.strip()}{tag}\n$$"


def _quote(match):
    lines = [f"**{match[1]}**", "", *match[3].strip().splitlines()]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _refuse(text, chapter):
    """Raise for what a plain notebook would show as code, or not find."""
    fence, picture = FENCE.search(text), PICTURE.search(text)
    if fence:
        raise BrokenExercise(
            f"{chapter}.ipynb: an exercise has the directive {{{fence[1]}}}, which a notebook "
            "alone cannot show. Write plain markdown, or draw the figure in a cell of contexts."
        )
    if picture and not re.match(r"https?:|data:", picture[1]):
        raise BrokenExercise(
            f"{chapter}.ipynb: an exercise shows the file {picture[1]}, which an assignment does "
            "not have. Draw the figure in a cell and name it in contexts."
        )
