"""How long a chapter is, and how many minutes it takes a student."""

import re
from dataclasses import dataclass

__all__ = ["Measure", "measure"]

FOLDED = re.compile(
    r"<details>.*?</details>|^(:{3,})\{(?:dropdown|question)\}.*?^\1$|<!--.*?-->", re.S | re.M
)
EQUATION = re.compile(r"^```\{math\}.*?^```$", re.S | re.M)
# A number is no part of a name, of code, of a role or of a formula.
NOT_COUNTED = re.compile(r"\{[\w:]+\}`[^`]*`|`[^`]*`|\$[^$]*\$|\]\([^)]*\)")
TRAINING = 2  # a network that trains in the page takes as long as so many sliders
NUMBER = re.compile(r"(?<![\w.])\d[\d.,]*")


@dataclass(frozen=True)
class Measure:
    """What stands open in a chapter, without a click.

    `cells`, `lines` and `longest` count code in view, lines that are not empty; exercises are not
    among them. `numbers` are those of the prose, `exercises` the minutes of all exercises.
    Short questions are practice: neither their words nor their half minutes are counted.
    """

    words: int
    numbers: int
    equations: int
    sliders: int
    cells: int
    lines: int
    longest: int
    asserts: int
    exercises: int

    @property
    def minutes(self):
        """What a student needs, exercises included.

        >>> Measure(1300, 0, 2, 4, 20, 100, 9, 0, exercises=60).minutes
        111
        """
        study = self.words / 130 + self.lines / 4 + 3 * self.sliders + 2 * self.equations
        return round(study + self.exercises)


def measure(book, chapter):
    """Return the `Measure` of a `Chapter` of a `Book`.

    >>> from lectures_lib.book import Book, Cell, Chapter
    >>> text = Cell("a", "markdown", "Of 3 words.\\n<details>\\nClosed.\\n</details>")
    >>> code = Cell("b", "code", "a = 1\\n\\nassert a")
    >>> chapter = Chapter("x/y", None, (text, code))
    >>> found = measure(Book(None, (chapter,)), chapter)
    >>> found.words, found.numbers, found.lines, found.asserts
    (3, 1, 2, 1)
    """
    texts = [c.source for c in chapter.cells if c.kind == "markdown" and c.role != "rubric"]
    whole = FOLDED.sub("", "\n\n".join(texts))
    prose = EQUATION.sub("", whole)
    shown = [c for c in chapter.cells if c.kind == "code" and not c.folded and not c.role]
    lines = [[line for line in c.source.splitlines() if line.strip()] for c in shown]
    demos = [demo for (place, _), demo in book.demos.items() if place == chapter.name]
    trainings = sum(place == chapter.name for place, _ in book.trainings)
    return Measure(
        words=len(prose.split()),
        numbers=len(NUMBER.findall(NOT_COUNTED.sub("", prose))),
        equations=len(EQUATION.findall(whole)),
        sliders=sum(len(demo.sliders) for demo in demos) + TRAINING * trainings,
        cells=len(shown),
        lines=sum(map(len, lines)),
        longest=max(map(len, lines), default=0),
        asserts=sum(line.lstrip().startswith("assert ") for cell in lines for line in cell),
        exercises=sum(c.exercise["minutes"] for c in chapter.cells if c.role == "answer"),
    )
