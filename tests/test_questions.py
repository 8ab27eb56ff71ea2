"""Short questions: what cannot be asked is refused, and every question of the book is one."""

import io
import math
import re
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from scipy.linalg import expm

import lectures_lib.assignments.__main__ as command
from lectures_lib.assignments.questions import moodle, qti
from lectures_lib.assignments.quoting import Quoting
from lectures_lib.book import Book, Cell, Chapter, read_book
from lectures_lib.from_scratch import conv2d, conv2d_transpose, softmax
from lectures_lib.prose import asked
from lectures_lib.questions import BrokenQuestion, parse, questions_of

ROOT = Path(__file__).parents[1]
BOOK = read_book()
QUESTIONS = questions_of(BOOK)
SCRIPT = ROOT / "lectures_lib" / "site" / "assets" / "static" / "question.js"
GOOD = """How long is it,
with `padding`?

- [ ] 8
  > It does not
  > fit.
- [x] 6
  > So it is.
"""
NUMBER = """Which number?

- [ ] 8 ± 1
  > Too long.
- [x] −6 ± 0.5
  > So it is.
- [ ] any other number
  > Count.
"""

# What the number questions of the book ask for, computed.
TRUE = {
    "track-longer-kernel": 27 / math.sqrt(27),
    "track-matrix-entries": np.count_nonzero(
        [[0 <= j - i < 5 for j in range(20)] for i in range(20 - 5 + 1)]
    ),
    "layers-one-filter": conv2d(np.ones((1, 5, 5, 6)), np.ones((5, 5, 6, 1))).size,
    "layers-output-size": conv2d(np.ones((1, 28, 5, 1)), np.ones((5, 5, 1, 1)), stride=2).size,
    "layers-field": 1 + 3 * (3 - 1),
    "digits-steps": 20 * math.ceil(1257 / 100),
    "digits-how-many": 0.96 * 0.04 / 0.005**2,
    "tuning-largest-rate": 1 / 0.05,
    "cifar-adam-first-step": (50 / math.sqrt(50**2)) / (0.5 / math.sqrt(0.5**2)),
    "rnn-forget-tenth": next(j for j in range(99) if 0.9**j < 0.1),
    "rnn-count-weights": 10 * (3 + 10 + 1),
    "rnn-learnt-radius": np.abs(np.linalg.eigvals(expm(0.1 * np.array([[0, 1], [-4, 0]])))).max(),
    "sine-other-floor": 3**2 / 12,
    "sine-uniform-share": 1.28 * np.sqrt(1 / 3),
    "sine-how-long": math.log(0.1 / 1e-6) / 0.9,
    "energies-second-difference": 6 + 4 + 5,
    "gates-one-step": 1 * (1 * 2 + 0 * 3),
    "gates-count-weights": 4 * 8 * (2 + 8 + 1),
    "gates-half-life": math.log(2) / -math.log(0.9),
    "memory-half-open": 0.5**10,
    "pay-no-open-gate": 0.83**4,
    "outlook-softmax": softmax(np.array([[0, 0, math.log(2)]]))[0, 2],
    "outlook-rounds": math.log2(1024),
    "plane-discarded": 1 + 0.5,
    "bent-slope": 2 * (0.01 - 1) * 0.01 * (1 - 0.01),
    "shrink-write-size": conv2d_transpose(
        np.ones((1, 7, 7, 1)), np.ones((5, 5, 1, 1)), stride=2
    ).shape[1],
    "shrink-exact-shift": 2**3,
    "noise-two-fits": min(np.linspace(0, 1, 101), key=lambda f: f**2 + (1 - f) ** 2),
    "noise-wiener-factor": 3 / (3 + 1),
    "noise-score": (0.5 - 0.8) / 0.5**2,
    "draw-price": 0.5 * (1 + 1 - 1 - math.log(1)),
}


def book_with(*bodies):
    """Return a book with a question of the name q in a cell for each body."""
    texts = [f":::{{question}} q\n{body}:::" for body in bodies]
    cells = tuple(Cell(f"c{k}", "markdown", text, f"cell {k}") for k, text in enumerate(texts))
    return Book(None, (Chapter("x/y", None, cells),))


def test_a_question_is_read():
    found = questions_of(book_with(GOOD))["q"]
    assert (found.name, found.chapter, found.numeric) == ("q", "x/y", False)
    assert found.text == "How long is it,\nwith `padding`?"
    assert [(a.text, a.sentence, a.right) for a in found.answers] == [
        ("8", "It does not fit.", False), ("6", "So it is.", True),
    ]  # fmt: skip


def test_a_number_is_read_and_compared():
    found = questions_of(book_with(NUMBER))["q"]
    assert found.numeric
    assert found.right.value == -6
    for number, sentence in [
        (-6.5, "So it is."), (-5.5, "So it is."), (-6.51, "Count."), (7, "Too long."),
        (9, "Too long."), (9.01, "Count."), (6, "Count."),
    ]:  # fmt: skip
        assert found.reply(number).sentence == sentence, number


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (GOOD.replace("[x]", "[ ]"), "0 right answers"),
        (GOOD.replace("[ ]", "[x]"), "2 right answers"),
        (GOOD.replace("  > So it is.\n", ""), "no sentence for the answer '6'"),
        (GOOD.replace("  > It does not\n  > fit.\n", ""), "no sentence for the answer '8'"),
        (GOOD.replace("[x]", "[X]"), "the mark [X]"),
        (GOOD.replace("6\n", "8\n"), "the same answer twice"),
        (GOOD.replace("How", "Now.\n\nHow"), "in one paragraph"),
        (GOOD.partition("- ")[2].join(["- ", ""]), "in one paragraph"),
        ("How?\n\n- [x] 6\n  > So.\n", "fewer than two answers"),
        (GOOD.replace("8\n", "\n"), "an empty answer"),
        (GOOD.replace("long", "{term}`long`"), "more than words"),
        (GOOD.replace("fit.", "[fit](x)."), "more than words"),
        (GOOD.replace("fit.", "$x"), "more than words"),
        (NUMBER.replace("8 ± 1", "eight"), "'eight' is none"),
        (NUMBER.replace("8 ± 1", "-7 ± 0.5"), "within what is right"),
        (NUMBER.replace("[x]", "[ ]").replace("[ ] any", "[x] any"), "as its right answer"),
    ],
)
def test_what_cannot_be_asked_is_refused(body, error):
    with pytest.raises(BrokenQuestion, match=re.escape(error)) as raised:
        questions_of(book_with(body))
    assert "x/y.ipynb: the question 'q' " in str(raised.value)


def test_names_are_words_and_stand_once():
    with pytest.raises(BrokenQuestion, match="needs a name of small letters"):
        parse("Conv width", GOOD, "x/y")
    with pytest.raises(BrokenQuestion, match="cell 1: a second question is called 'q', as one of"):
        questions_of(book_with(GOOD, NUMBER))


def test_the_book_asks_sixty_questions_and_more_each_in_a_cell_of_its_own():
    assert len(QUESTIONS) >= 60
    cells = [c for chapter in BOOK.chapters for c in chapter.cells if "{question}" in c.source]
    assert len(cells) == len(QUESTIONS)
    for cell in cells:
        name = re.match(r":::\{question\} (\S+)\n", cell.source)[1]
        assert cell.id == f"question-{name}", cell.where
        assert cell.source.endswith("\n:::"), cell.where
        assert cell.source.count(":::") == 2, cell.where


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_has_one_right_answer_and_says_why_the_others_are_wrong(name):
    one = QUESTIONS[name]
    assert sum(answer.right for answer in one.answers) == 1
    assert len(one.answers) >= 3
    for answer in one.answers:
        assert len(answer.sentence.split()) >= 3, answer.text
        assert answer.sentence[-1] in ".?$:", answer.sentence
    assert len(one.text.split()) <= 60, "shorter"
    assert one.text.endswith("?")
    if not one.numeric:
        return
    for answer in one.answers[:-1]:
        low, high = answer.value - answer.tolerance, answer.value + answer.tolerance
        beyond = 0.01 * answer.tolerance + 1e-6 * max(1, abs(answer.value))
        assert all(one.reply(number) is answer for number in (low, answer.value, high))
        assert all(one.reply(number) is not answer for number in (low - beyond, high + beyond))
    assert one.reply(1e12) is one.answers[-1]


def test_the_right_numbers_are_right():
    numeric = {name: one for name, one in QUESTIONS.items() if one.numeric}
    assert set(numeric) <= set(TRUE), "compute the number in TRUE"
    for name, one in numeric.items():
        assert one.reply(float(TRUE[name])) is one.right, name


def test_the_place_of_an_answer_tells_nothing():
    chosen = [one for one in QUESTIONS.values() if not one.numeric]
    places = Counter(one.answers.index(one.right) for one in chosen)
    assert max(places.values()) < len(chosen) / 2


def test_a_notebook_shows_the_answers_and_folds_which_is_right():
    open_part, _, folded = asked(parse("q", GOOD, "x/y")).partition("<details>")
    assert open_part.split("\n\n")[1:] == ["- 8\n- 6", ""]
    assert "right" not in open_part
    assert "- *8*: It does not fit.\n- **6** is right. So it is." in folded
    open_part, _, folded = asked(parse("q", NUMBER, "x/y")).partition("<details>")
    assert "6" not in open_part  # the right number
    assert "- **−6 ± 0.5** is right." in folded


def test_every_question_of_the_book_is_text_in_a_notebook():
    prose = Quoting(BOOK, "https://example.org")
    for chapter in BOOK.chapters:
        for cell in chapter.cells:
            if cell.id in {f"question-{name}" for name in QUESTIONS}:
                one = QUESTIONS[cell.id.removeprefix("question-")]
                assert prose.plain(cell.source, chapter.name) == asked(one)
                assert one.right.sentence not in asked(one).partition("<details>")[0]


def plain(element):
    """Return the text of an element with all below it, on one line."""
    return " ".join("".join(element.itertext()).split())


def stripped(text):
    """Return a text without the marks of its source."""
    return " ".join(re.sub(r"[`*$]", "", text).split())


def of_platform(text):
    return " ".join(re.sub(r"</?\w+>|\\[()]", "", text).split())


def test_moodle_gets_every_question_with_every_sentence():
    titles = {chapter.name: chapter.title for chapter in BOOK.chapters}
    quiz = ET.fromstring(moodle(QUESTIONS.values(), titles))
    made = [one for one in quiz if one.get("type") != "category"]
    categories = [one.findtext("category/text") for one in quiz if one.get("type") == "category"]
    chapters = dict.fromkeys(one.chapter for one in QUESTIONS.values())
    assert categories == [f"$course$/top/{titles[name]}" for name in chapters]
    for one, element in zip(QUESTIONS.values(), made, strict=True):
        assert element.findtext("name/text") == one.name
        assert element.get("type") == ("numerical" if one.numeric else "multichoice")
        paragraph = ET.fromstring(element.findtext("questiontext/text"))
        assert of_platform(plain(paragraph)) == stripped(one.text)
        for answer, said in zip(one.answers, element.findall("answer"), strict=True):
            assert said.get("fraction") == ("100" if answer.right else "0")
            sentence = ET.fromstring(f"<p>{said.findtext('feedback/text')}</p>")
            assert of_platform(plain(sentence)) == stripped(answer.sentence)
            text = said.findtext("text")
            if answer.value is not None:
                assert float(text) == answer.value
                assert float(said.findtext("tolerance")) == answer.tolerance
            else:
                assert (text == "*") == one.numeric


def scored(item, response, near):
    """Return the score that a QTI item gives a response, and what it says then."""
    prefix = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
    (condition,) = item.find(f"{prefix}responseProcessing")
    for branch in condition:
        test, *outcomes = branch if branch.tag != f"{prefix}responseElse" else (None, *branch)
        if test is None or near(test, response):
            score, said = (one[0].text for one in outcomes)
            break
    words = next(f for f in item.iter(f"{prefix}modalFeedback") if f.get("identifier") == said)
    return float(score), of_platform(plain(words))


def test_qti_scores_and_answers_as_the_page_does():
    prefix = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
    packed = qti(QUESTIONS.values())
    assert packed == qti(QUESTIONS.values())  # no time of day in it
    package = zipfile.ZipFile(io.BytesIO(packed))
    manifest = ET.fromstring(package.read("imsmanifest.xml"))
    listed = [one.get("href") for one in manifest.iter() if one.tag.endswith("}resource")]
    assert listed == [f"{name}.xml" for name in QUESTIONS]
    assert set(package.namelist()) == {*listed, "imsmanifest.xml"}

    def same(test, response):
        return test[1].text == response

    def close(test, response):
        low, high = map(float, test.get("tolerance").split())
        value = float(test[1].text)
        return value - low - 1e-9 <= response <= value + high + 1e-9

    for name, one in QUESTIONS.items():
        item = ET.fromstring(package.read(f"{name}.xml"))
        assert of_platform(plain(item.find(f"{prefix}itemBody")[0])) == stripped(one.text)
        choices = list(item.iter(f"{prefix}simpleChoice"))
        assert [of_platform(plain(c)) for c in choices] == (
            [] if one.numeric else [stripped(answer.text) for answer in one.answers]
        )
        given = [c.get("identifier") for c in choices] or [
            1e9 if answer.value is None else answer.value for answer in one.answers
        ]
        for answer, response in zip(one.answers, given, strict=True):
            score, said = scored(item, response, close if one.numeric else same)
            assert (score, said) == (float(answer.right), stripped(answer.sentence))


@pytest.mark.parametrize(("form", "ending"), [("moodle", "xml"), ("qti", "zip")])
def test_the_command_writes_a_file(form, ending, tmp_path, capsys):
    path = tmp_path / f"q.{ending}"
    arguments = ["questions", "--format", form, "--chapter", "cnn", "-o", str(path)]
    assert command.main(arguments) == 0
    number = sum(one.chapter.startswith("cnn/") for one in QUESTIONS.values())
    assert f"Wrote {number} questions to {path}." in capsys.readouterr().out
    assert path.stat().st_size > 1000
    assert command.main(arguments) == 1  # it is there
    assert command.main([*arguments[:-1], str(tmp_path / "q.txt")]) == 1
    assert f"ends in .{ending}" in capsys.readouterr().err
    assert command.main([*arguments[:4], "cmm", *arguments[5:]]) == 1
    assert "--chapter cmm: there is none" in capsys.readouterr().err


def test_a_chapter_without_questions_is_said(tmp_path, capsys):
    folder = tmp_path / "book" / "x"
    folder.mkdir(parents=True)
    (folder / "y.ipynb").write_text(
        '{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# T"}]}'
    )
    arguments = ["--book", str(tmp_path / "book"), "--format", "qti", "-o", str(tmp_path / "q.zip")]
    assert command.main(["questions", *arguments]) == 1
    assert "There are no questions" in capsys.readouterr().err


def test_the_script_is_small():
    assert SCRIPT.stat().st_size <= 2500
