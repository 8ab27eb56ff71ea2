"""Text of the chapters for an assignment, which has no other text of them: it quotes equations."""

import re

from lectures_lib.exercises.source import CHAPTER_ONLY
from lectures_lib.prose import Prose, display

__all__ = ["Quoting"]

EQUATION = re.compile(r"\{eq\}`([^`]+)`")


class Quoting(Prose):
    """Text for a notebook that stands alone: equations by name and quoted, figures by caption."""

    def plain(self, text, chapter):
        """Return text of a chapter, and below it the equations to which it refers.

        >>> from lectures_lib.book import read_book
        >>> prose = Quoting(read_book(), "https://example.org")
        >>> print(prose.plain("[States](#map?rate=2) and {eq}`eq-hidden-state`.", "cnn/tuning"))
        [States](https://example.org/book/cnn/tuning.html#map?rate=2) and (hidden-state).
        <BLANKLINE>
        $$
        h_t = o_t \\odot \\tanh\\left(C_t\\right) , \\qquad h_t: m \\times u . \\tag{hidden-state}
        $$
        """
        text = CHAPTER_ONLY.sub("", text)
        plain = super().plain(text, chapter)
        labels = dict.fromkeys(EQUATION.findall(text))
        return "\n\n".join([plain, *(display(self.labels[la][1], self.tag(la)) for la in labels)])

    def tag(self, label):
        return label.removeprefix("eq-")

    def figure(self, label, chapter):
        place, caption = self.known(label, self.book.figures, "figure", chapter)
        return self.link(f'the figure "{caption.rstrip(".")}"', f"#{label}", place)
