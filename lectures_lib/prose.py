"""Turn the markdown of a chapter into markdown that a notebook shows without the book around it."""

import posixpath
import re

from lectures_lib.book import DIRECTIVE, BrokenChapter
from lectures_lib.questions import parse

__all__ = ["Prose", "asked", "details", "display"]

BOXES = ("admonition", "caution", "important", "note", "tip", "warning")
ROLE = re.compile(r"\{([a-z:]+)\}(`+)(.+?)\2", re.DOTALL)
TITLED = re.compile(r"(.+?)\s*<(.+)>", re.DOTALL)
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^\s*(?:`{3,}|:{3,})\{(\S+)\}", re.MULTILINE)
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)]*)\)")
LABEL = re.compile(r":label: (\S+)")
WRAPPED = re.compile(r"\s*\n\s*")


class Prose:
    """Text of a `Book` for notebooks; a subclass says how equations, figures and terms are named.

    `site` is the address of the rendered book; when it is empty, links become their text.
    """

    def __init__(self, book, site=""):
        self.book, self.site = book, site.rstrip("/")
        self.labels = {
            label[1]: (chapter.name, match[5])
            for chapter in book.chapters
            for cell in chapter.cells
            for match in DIRECTIVE.finditer(cell.source)
            if match[2] == "math" and (label := LABEL.search(match[4]))
        }

    def plain(self, text, chapter):
        """Return text of a chapter without the marks that only the book's own build reads.

        Raises:
            BrokenChapter: For what a notebook cannot show, or refers to nothing.
        """
        text = self._blocks(text, chapter)
        text = ROLE.sub(lambda match: self._role(match, chapter), text)
        text = LINK.sub(lambda match: self.link(match[1], match[2], chapter), text)
        _refuse(text, chapter)
        return text.strip()

    def tag(self, label):
        """Return what an equation is called, between parentheses."""
        raise NotImplementedError

    def equation(self, label, chapter):
        """Return what a text writes for an equation."""
        return f"({self.tag(label)})"

    def figure(self, label, chapter):
        """Return what a text writes for a figure."""
        raise NotImplementedError

    def term(self, text, term, chapter):
        """Return what a text writes for a term of the glossary."""
        return text

    def work(self, key):
        """Return where a work is described that cannot be read at an address, or an empty text."""
        return ""

    def address(self, page, anchor, chapter):
        """Return where a page of the book is, as "book/cnn/tuning", seen from a chapter."""
        return f"{self.site}/{page}.html{'#' if anchor else ''}{anchor}" if self.site else ""

    def link(self, text, target, chapter):
        """Return a link that stands in a chapter, for a notebook; `target` may be relative."""
        if re.match(r"\w+://|mailto:", target):
            return f"[{text}]({target})"
        path, _, anchor = target.partition("#")
        page = f"book/{chapter}"
        if path:
            page = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
            page = re.sub(r"\.(ipynb|md|html)$", "", page)
        address = self.address(page, anchor, chapter)
        return f"[{text}]({address})" if address else text

    def known(self, label, table, what, chapter):
        """Return an entry of a table.

        Raises:
            BrokenChapter: If there is none.
        """
        if label not in table:
            raise BrokenChapter(
                f"{chapter}.ipynb: its text refers to the {what} {label!r}, which the book does "
                "not have. Correct the label."
            )
        return table[label]

    def _blocks(self, text, chapter):
        """Replace the directives of a text, each with an empty line before and after it."""
        parts, end = [], 0
        for match in DIRECTIVE.finditer(text):
            parts += [text[end : match.start()], self._directive(match, chapter)]
            end = match.end()
        parts = [part.strip("\n") for part in (*parts, text[end:])]
        return "\n\n".join(part for part in parts if part)

    def _directive(self, match, chapter):
        _, name, title, options, body = match.groups()
        if name == "math":
            label = LABEL.search(options)
            return display(body, self.tag(label[1]) if label else "")
        if name == "question":
            return asked(parse(title.strip(), body, chapter))
        body = self._blocks(body, chapter)
        if name == "dropdown":
            return details(title, body)
        if name in BOXES:
            lines = [f"**{title or name.capitalize()}**", "", *body.splitlines()]
            return "\n".join(f"> {line}".rstrip() for line in lines)
        return match[0]  # `_refuse` names it

    def _role(self, match, chapter):
        role, target = match[1], WRAPPED.sub(" ", match[3])
        titled = TITLED.fullmatch(target)
        text, target = titled.groups() if titled else (target, target)
        if role == "eq":
            self.known(target, self.labels, "equation", chapter)
            return self.equation(target, chapter)
        if role == "numref":
            return self.figure(target, chapter)
        if role in {"cite:p", "cite:t"}:
            return self._cited(role, target.split(","), chapter)
        if role == "term":
            return self.term(text, target, chapter)
        if role in {"doc", "ref"}:
            if not titled:
                page = posixpath.normpath(posixpath.join(posixpath.dirname(chapter), target))
                titles = {one.name: one.title for one in self.book.chapters}
                text = titles.get(page, text)
            return self.link(text, target, chapter)
        raise BrokenChapter(
            f"{chapter}.ipynb: its text has the role {match[0]}, which a notebook alone cannot "
            "show. Use eq, numref, cite, term, doc, or plain text."
        )

    def _cited(self, role, keys, chapter):
        """Return authors and years of works, each with a link to where it can be read."""
        form = "{}, {}" if role == "cite:p" else "{} ({})"
        texts = []
        for key in keys:
            key = key.strip()
            work = self.known(key, self.book.works, "work", chapter)
            text, address = form.format(work.names, work.year), work.address or self.work(key)
            texts.append(f"[{text}]({address})" if address else text)
        return f"({'; '.join(texts)})" if role == "cite:p" else " and ".join(texts)


def details(summary, text):
    """Return a part that is folded until it is clicked."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"


def asked(question):
    """Return a question as text: its answers, and folded which one is right, and why.

    >>> from lectures_lib.questions import Answer, Question
    >>> print(asked(Question("q", "x/y", "Hm?", (Answer("2", "Ah.", True), Answer("3", "No.")))))
    **Question.** Hm?
    <BLANKLINE>
    - 2
    - 3
    <BLANKLINE>
    <details>
    <summary>Answer</summary>
    <BLANKLINE>
    - **2** is right. Ah.
    - *3*: No.
    <BLANKLINE>
    </details>
    """
    reasons = [
        f"- **{a.text}** is right. {a.sentence}" if a.right else f"- *{a.text}*: {a.sentence}"
        for a in question.answers
    ]
    choices = "" if question.numeric else "\n".join(f"- {a.text}" for a in question.answers)
    folded = details("Answer", "\n".join(reasons))
    return "\n\n".join(part for part in (f"**Question.** {question.text}", choices, folded) if part)


def display(body, tag=""):
    """Return an equation on a line of its own, with its number or name.

    >>> display("w = 1", "3")
    '$$\\nw = 1 \\\\tag{3}\\n$$'
    """
    number = f" \\tag{{{tag}}}" if tag else ""
    return f"$$\n{body.strip()}{number}\n$$"


def _refuse(text, chapter):
    """Raise for what a plain notebook would show as code, or not find."""
    fence, picture = FENCE.search(text), PICTURE.search(text)
    if fence:
        raise BrokenChapter(
            f"{chapter}.ipynb: its text has the directive {{{fence[1]}}}, which a notebook alone "
            "cannot show. Write plain markdown, or draw the figure in a cell."
        )
    if picture and not re.match(r"https?:|data:", picture[1]):
        raise BrokenChapter(
            f"{chapter}.ipynb: its text shows the file {picture[1]}, which a notebook alone does "
            "not have. Draw the figure in a cell; an exercise names it in contexts."
        )
