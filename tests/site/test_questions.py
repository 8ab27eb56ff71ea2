"""Short questions check at once: by keyboard and mouse, from a file, under a strict policy."""

import json
import re

import pytest
from conftest import SITE, axe, schemes

from lectures_lib.book import read_book
from lectures_lib.questions import questions_of

ALL = list(questions_of(read_book()).values())
CHOICE = next(one for one in ALL if not one.numeric)
NUMBER = next(one for one in ALL if one.numeric and one.right.tolerance)
POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'"

# What becomes of each answer: how it is judged, and whether the sentence is that of its place.
ANSWER = """(given) => Object.fromEntries(Object.entries(given).map(([name, answers]) => {
  const box = document.getElementById(`question-${name}`);
  return [name, answers.map((answer, place) => {
    const field = box.querySelector("input[type=text]");
    if (field) field.value = String(answer);
    else box.querySelectorAll("input")[answer].checked = true;
    box.querySelector("input").dispatchEvent(new Event("input", { bubbles: true }));
    box.querySelector("button").click();
    const said = box.querySelector("[role=status] > span").textContent;
    const reason = box.querySelectorAll("li")[place].lastElementChild.textContent;
    return [box.dataset.state, said === reason];
  })];
}))"""


def page_of(question):
    return f"book/{question.chapter}.html"


def words(text):
    """Return the words of a text, of which a page changes the quotes and draws the formulas."""
    return re.findall(r"[A-Za-z]{2,}", re.sub(r"\$[^$]*\$|['’]\w*", "", text))


def begins(shown, prefix, sentence):
    """Check that a text begins with a prefix, and then says a sentence."""
    assert shown.startswith(prefix), shown
    assert words(sentence) == [w for w in words(shown.removeprefix(prefix)) if w in sentence]


@pytest.fixture
def asked(visit, address):
    """Open the page of a question; return the page, and the box of the question."""

    def make(question, url=None, **options):
        one = visit(**options)
        opened = one.open(f"{url or address}/{page_of(question)}")
        return one, opened, opened.locator(f"#question-{question.name}")

    return make


def test_a_choice_by_keyboard(asked):
    one, opened, box = asked(CHOICE)
    status, radios = box.get_by_role("status"), box.get_by_role("radio")
    assert box.get_by_role("group").or_(box).count() >= 1
    assert radios.count() == len(CHOICE.answers)
    assert box.locator("details").is_hidden()
    radios.first.focus()
    opened.keyboard.press("Enter")  # nothing is chosen
    assert status.inner_text() == "Choose an answer first."
    opened.keyboard.press("Space")
    for place, answer in enumerate(CHOICE.answers):
        assert radios.nth(place).is_checked()
        assert status.inner_text() == ""  # an arrow key looks, and gives nothing away
        opened.keyboard.press("Enter")
        begins(status.inner_text(), "Right. " if answer.right else "Wrong. ", answer.sentence)
        assert box.get_attribute("data-state") == ("right" if answer.right else "wrong")
        opened.keyboard.press("ArrowDown")
        assert box.get_attribute("data-state") is None
    opened.keyboard.press("Tab")
    opened.keyboard.press("Space")  # the button
    assert status.inner_text() != ""
    assert one.complaints == []
    assert one.foreign == []


def test_a_number_by_keyboard(asked):
    one, opened, box = asked(NUMBER)
    status, field = box.get_by_role("status"), box.get_by_label("Your number")
    right, wrong = NUMBER.right, next(a for a in NUMBER.answers if not a.right)
    high = right.value + right.tolerance
    for text, prefix, answer in [
        (f"{wrong.value}", "Wrong. ", wrong),
        (f"{right.value}", "Right. ", right),
        (f" {right.value - right.tolerance:.10g} ".replace(".", ","), "Right. ", right),
        (f"{high:.10g}", "Right. ", right),
        (f"{high + 0.02 * right.tolerance:.10g}", "Wrong. ", NUMBER.answers[-1]),
        ("1,234,567", "Wrong. ", NUMBER.answers[-1]),
    ]:
        field.fill(text)
        assert status.inner_text() == ""
        opened.keyboard.press("Enter")
        begins(status.inner_text(), prefix, answer.sentence)
    for text in ("", "about six", "1,2,3"):
        field.fill(text)
        box.get_by_role("button", name="Check").click()
        assert status.inner_text() == "Enter a number first, such as 0.25."
    assert one.complaints == []


def judged(evaluate, chapter):
    """Give every answer to the questions of the page that is open, and check what becomes of it."""
    there = [question for question in ALL if question.chapter == chapter]
    # Numbers, or places of choices.
    given = {
        question.name: [
            (1e12 if answer.value is None else answer.value) if question.numeric else place
            for place, answer in enumerate(question.answers)
        ]
        for question in there
    }
    found = evaluate(f"({ANSWER})({json.dumps(given)})")
    for question in there:
        assert found[question.name] == [
            ["right" if answer.right else "wrong", True] for answer in question.answers
        ], question.name


def test_every_answer_of_the_book_is_judged_as_in_the_model(visit, address):
    one = visit()
    for chapter in dict.fromkeys(question.chapter for question in ALL):
        judged(one.open(f"{address}/book/{chapter}.html").evaluate, chapter)
    assert one.complaints == []
    assert one.foreign == []


def test_from_a_file_and_under_a_strict_policy(visit, address):
    from_file = visit().open((SITE / page_of(CHOICE)).as_uri())
    strict = visit()
    strict.forbid(POLICY)
    strict = strict.open(f"{address}/{page_of(CHOICE)}")
    place = CHOICE.answers.index(CHOICE.right)
    for opened in (from_file, strict):
        box = opened.locator(f"#question-{CHOICE.name}")
        box.get_by_role("radio").nth(place).check()
        box.get_by_role("button").click()
        assert box.get_by_role("status").inner_text().startswith("Right. ")


def test_without_scripts_the_reasons_are_a_folded_part(asked):
    box = asked(CHOICE, java_script_enabled=False)[-1]
    assert box.get_by_role("button").count() == 0
    box.locator("summary").click()
    assert box.locator("li").count() == len(CHOICE.answers)
    begins(box.locator("li[data-right] > span").inner_text(), "", CHOICE.right.sentence)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_axe_finds_nothing_in_a_right_and_a_wrong_answer(width, visit, address):
    one, found = visit(viewport={"width": width, "height": 844}), []
    for question in (CHOICE, NUMBER):
        opened = one.open(f"{address}/{page_of(question)}")
        box = opened.locator(f"#question-{question.name}")
        for answer in (question.right, next(a for a in question.answers if not a.right)):
            if question.numeric:
                box.locator("input").fill(f"{answer.value}")
            else:
                box.locator("input").nth(question.answers.index(answer)).check()
            box.get_by_role("button").click()
            for _ in schemes(opened):
                found += axe(opened, f"#question-{question.name}", contrast=width == 1280)
            sides = box.bounding_box()
            assert sides["x"] >= 0 and sides["x"] + sides["width"] <= width
            assert box.evaluate("box => box.scrollWidth <= box.clientWidth + 1")
    assert found == []


def test_pages_without_questions_do_not_load_the_script():
    assert "question.js" in (SITE / page_of(CHOICE)).read_text(encoding="utf-8")
    assert "question.js" not in (SITE / "book" / "intro.html").read_text(encoding="utf-8")
