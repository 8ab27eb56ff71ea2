"""Short questions of the chapters: one choice of several, or a number; a sentence for each answer.

One stands in a markdown cell of its own, and is read from there by the site, the notebooks and the
exports for learning platforms:

    :::{question} conv-width
    A kernel of size 3 slides over a row of 8 pixels, without padding. How long is the result?

    - [ ] 8
      > That needs padding: the kernel does not fit at the two ends.
    - [x] 6
      > The first pixel of the kernel can stand at 6 places, 8 − 3 + 1.
    :::

One answer is marked `x`. A question whose last answer is `any other number` is answered by a
number: all others are numbers then, as `6` or `0.33 ± 0.01`.
"""

import re
from dataclasses import dataclass

from lectures_lib.book import DIRECTIVE, BrokenChapter

__all__ = ["Answer", "BrokenQuestion", "Question", "parse", "questions_of"]

OTHER = "any other number"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
ANSWER = re.compile(r"^- \[(.)\] ", re.MULTILINE)
SENTENCE = re.compile(r"^\s*>[ ]?", re.MULTILINE)
NUMBER = re.compile(r"([-−]?\d[\d.]*(?:e-?\d+)?)(?: ± (\d[\d.]*(?:e-?\d+)?))?")
# What a learning platform does not understand. Code and mathematics may hold anything.
QUOTED = re.compile(r"`[^`]*`|\$[^$]*\$")
FOREIGN = re.compile(r"[{}$]|\]\(|<\w|^#")


class BrokenQuestion(BrokenChapter):
    """A question that cannot be asked; the text says how to mend it."""


@dataclass(frozen=True)
class Answer:
    """An answer, and the sentence for who gives it; those by number have value and tolerance."""

    text: str
    sentence: str
    right: bool = False
    value: float | None = None
    tolerance: float = 0.0

    def accepts(self, number):
        """Return whether a number is this one; both ends of the tolerance are.

        >>> [Answer("", "", value=0.3, tolerance=0.1).accepts(x) for x in (0.2, 0.4, 0.41)]
        [True, True, False]
        """
        slack = self.tolerance + 1e-9 * max(1.0, abs(self.value))  # of the binary digits
        return abs(number - self.value) <= slack


@dataclass(frozen=True)
class Question:
    """A question of a chapter; the last answer of a `numeric` one is for all other numbers."""

    name: str
    chapter: str
    text: str
    answers: tuple

    @property
    def numeric(self):
        return self.answers[-1].text == OTHER

    @property
    def right(self):
        return next(answer for answer in self.answers if answer.right)

    def reply(self, number):
        """Return the `Answer` that somebody gives with a number."""
        return next((a for a in self.answers[:-1] if a.accepts(number)), self.answers[-1])


def parse(name, body, chapter):
    """Return the `Question` of a directive.

    Raises:
        BrokenQuestion: For what cannot be asked; the text says how to mend it.

    >>> body = "What is 1/2?\\n- [x] 0.5 ± 0.1\\n  > Yes.\\n- [ ] any other number\\n  > Divide."
    >>> parse("half", body, "cnn/digits").reply(0.7).sentence
    'Divide.'
    """

    def refuse(fault):
        raise BrokenQuestion(f"{chapter}.ipynb: the question {name!r} {fault}")

    if not NAME.fullmatch(name):
        refuse("needs a name of small letters, digits and hyphens, as :::{question} conv-width")
    text, *marked = ANSWER.split(body.strip())
    text = text.strip()
    if not text or "\n\n" in text:
        refuse("must be asked in one paragraph, above its answers.")
    pairs = list(zip(marked[::2], marked[1::2], strict=True))
    if len(pairs) < 2:
        refuse("has fewer than two answers. Write each as: - [ ] answer")
    answers = tuple(_answer(mark, item, refuse) for mark, item in pairs)
    right = sum(answer.right for answer in answers)
    if right != 1:
        refuse(f"has {right} right answers. Mark exactly one: - [x] answer")
    if len({answer.text for answer in answers}) < len(answers):
        refuse("has the same answer twice.")
    if answers[-1].text == OTHER:
        answers = _numbers(answers, refuse)
    for part in (text, *(t for answer in answers for t in (answer.text, answer.sentence))):
        if FOREIGN.search(QUOTED.sub("", part)):
            refuse(
                f"has more than words, `code`, *emphasis* and $mathematics$ in {part!r}. No "
                "learning platform could show that."
            )
    return Question(name, chapter, text, answers)


def _answer(mark, item, refuse):
    """Return the answer that stands behind a mark, with its sentence."""
    lines = item.strip().splitlines()
    quoted = [line for line in lines if SENTENCE.match(line)]
    text = " ".join(line.strip() for line in lines if line not in quoted).strip()
    sentence = " ".join(SENTENCE.sub("", line).strip() for line in quoted)
    if mark not in " x":
        refuse(f"has an answer with the mark [{mark}]. Write [x] if it is right, else [ ].")
    if not text:
        refuse("has an empty answer.")
    if not sentence:
        refuse(
            f"has no sentence for the answer {text!r}. Write it below, after two spaces: > Why not."
        )
    return Answer(text, sentence, right=mark == "x")


def _numbers(answers, refuse):
    """Return answers with their values."""
    made = []
    for answer in answers[:-1]:
        match = NUMBER.fullmatch(answer.text)
        if not match:
            refuse(f"is answered by numbers, but {answer.text!r} is none. Write: - [ ] 0.3 ± 0.1")
        value, tolerance = float(match[1].replace("−", "-")), float(match[2] or 0)
        made.append(Answer(answer.text, answer.sentence, answer.right, value, tolerance))
    right = next((answer for answer in made if answer.right), None)
    if right is None:
        refuse(f"must not have {OTHER!r} as its right answer.")
    for one in made:
        if one is not right and abs(one.value - right.value) <= one.tolerance + right.tolerance:
            refuse(f"has the wrong answer {one.text!r} within what is right, {right.text!r}.")
    return (*made, answers[-1])


def questions_of(book):
    """Return `{name: Question}` of a `Book`, in its order.

    Raises:
        BrokenQuestion: For one that cannot be asked, and for a name that two have.
    """
    found = {}
    for chapter in book.chapters:
        for cell in chapter.cells:
            if cell.kind != "markdown":
                continue
            for match in DIRECTIVE.finditer(cell.source):
                if match[2] != "question":
                    continue
                question = parse(match[3].strip(), match[5], chapter.name)
                if question.name in found:
                    raise BrokenQuestion(
                        f"{cell.where}: a second question is called {question.name!r}, as one of "
                        f"{found[question.name].chapter}. Call it otherwise."
                    )
                found[question.name] = question
    return found
