"""What the pages remember of a reader: on this device, honestly, and until it is forgotten."""

import pytest
from conftest import BLOCKED, SITE, axe
from test_front import COUNT_SHIFTS, FRONT
from test_questions import POLICY

from lectures_lib.book import read_book
from lectures_lib.questions import questions_of

BOOK = read_book()
QUESTIONS = list(questions_of(BOOK).values())
QUESTION = next(one for one in QUESTIONS if not one.numeric)
CHAPTER = QUESTION.chapter
PAGE = f"book/{CHAPTER}.html"
EXERCISE = next(one for one in BOOK.exercises.values() if one.chapter == CHAPTER)
NAMES = [chapter.name for chapter in BOOK.chapters]
PART = [name for name in NAMES if name.startswith(CHAPTER.partition("/")[0])]
INDEX = "book/exercises.html"
STORED = "JSON.parse(localStorage.getItem(lecturesProgress.key))"
TICK = f"#solved-{EXERCISE.id}"
# Bring the end of a section to a part of the window's height; what is above may grow meanwhile.
BRING = """([n, part]) => { for (let k = 0; k < 9; k += 1) {
  const { bottom } = document.querySelectorAll("section.counts")[n].getBoundingClientRect();
  scrollBy({ top: bottom - part * innerHeight, behavior: "instant" });
} }"""
# Seconds pass when the test says so.
CLOCK = """const later = setTimeout; globalThis.waiting = [];
globalThis.setTimeout = (work, ms, ...more) =>
  ms === 1000 ? waiting.push(work) : later(work, ms, ...more);"""
SECOND = "waiting.splice(0).forEach((work) => work())"
OURS = ".solved, .own-progress, .part-progress, .read-mark, .question-before"


@pytest.fixture
def reader(visit, address):
    """Open a page with a clock that the test moves; return the visit and the page."""

    def make(page=PAGE):
        one = visit(viewport={"width": 1280, "height": 900})
        one.page.add_init_script(CLOCK)
        return one, one.open(f"{address}/{page}")

    return make


def stay(opened, section, part, seconds):
    opened.evaluate(BRING, [section, part])
    for _ in range(seconds):
        opened.evaluate(SECOND)


def ids(opened):
    return opened.locator("section.counts").evaluate_all("every => every.map(one => one.id)")


def seen(opened):
    return [one for one in opened.locator(OURS).all() if one.is_visible()]


def answer(opened, answered):
    box = opened.locator(f"#question-{QUESTION.name}")
    box.get_by_role("radio").nth(QUESTION.answers.index(answered)).check()
    box.get_by_role("button").click()
    return box


def test_a_section_is_read_when_its_end_has_been_in_view(reader):
    one, opened = reader()
    headings = [
        line[3:]
        for cell in BOOK[CHAPTER].cells
        if cell.kind == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("## ")
    ]
    found = ids(opened)
    assert len(found) == headings.index("Exercises")
    stay(opened, 1, 0.05, 9)  # where a link to the next section brings it
    stay(opened, 1, 0.6, 2)
    stay(opened, 3, 0.6, 2)
    assert opened.evaluate(STORED) is None
    stay(opened, 1, 0.6, 4)
    assert opened.evaluate(STORED)["chapters"] == {
        CHAPTER: {"sections": [found[1]], "read": False, "next": found[0]}
    }
    assert one.complaints == []


def test_what_was_done_is_there_again_until_it_is_forgotten(reader, address):
    one, opened = reader()
    wrong = next(one for one in QUESTION.answers if not one.right)
    answer(opened, wrong)
    assert opened.evaluate(STORED) is None
    box = answer(opened, QUESTION.right)
    opened.locator(TICK).check()
    sections = len(ids(opened))
    for section in range(sections):
        stay(opened, section, 0.6, 4)
    assert len(str(opened.evaluate("localStorage.getItem(lecturesProgress.key)"))) < 1000

    opened.reload()
    note = box.get_by_text("Answered correctly before.")
    assert note.is_visible() and opened.locator(TICK).is_checked()
    assert box.get_by_role("status").inner_text() == ""
    answer(opened, wrong)
    assert not note.is_visible()  # two sentences would contradict each other
    marked = opened.locator(".bd-sidebar-primary a:has(.read-mark)")
    assert marked.inner_text().split("✓")[0].endswith(BOOK[CHAPTER].title)
    assert marked.inner_text().endswith("(read)")

    one.page.add_init_script(COUNT_SHIFTS)
    one.open(f"{address}/{FRONT}")
    asked = sum(question.chapter in PART for question in QUESTIONS)
    lines = f"1 of {len(PART)} chapters read\n1 of {asked} questions right"
    assert opened.locator(".part-progress").first.inner_text() == lines
    following = NAMES[(NAMES.index(CHAPTER) + 1) % len(NAMES)]
    go_on = opened.get_by_role("link", name="Continue with")
    assert BOOK[following].title.split()[0] in go_on.inner_text()
    assert go_on.evaluate("link => link.href") == f"{address}/book/{following}.html"
    assert opened.evaluate("shifts") < 0.01
    assert axe(opened) == []

    one.open(f"{address}/{INDEX}")
    assert opened.locator(TICK).is_checked()
    opened.evaluate("localStorage.setItem(lecturesProgress.taught, '7 1')")
    one.open(f"{address}/{FRONT}")
    forget = opened.get_by_role("button", name="Forget all that this device remembers")
    forget.click()
    said = opened.locator(".own-progress").get_by_role("status")
    assert said.inner_text() == (
        f"Forgotten: {sections} sections read, 1 question answered correctly, 1 exercise solved, "
        "2 digits taught."
    )
    assert not go_on.is_visible()
    forget.click()
    assert said.inner_text() == "Nothing was remembered."
    opened.reload()
    assert seen(opened) == []
    assert one.complaints == []


def test_at_first_nothing_is_shown_but_boxes_to_tick(visit, address):
    opened = visit().open(f"{address}/{FRONT}")
    assert seen(opened) == []
    opened = visit().open(f"{address}/{PAGE}")
    label = opened.locator(f"label[for=solved-{EXERCISE.id}]")
    assert {one.get_attribute("class") for one in seen(opened)} == {"solved"}
    assert "the page cannot run code" in label.inner_text()


def test_what_cannot_remember_says_nothing(visit, address):
    """No scripts, a browser that stores nothing, paper."""
    blocked = visit()
    blocked.context.add_init_script(BLOCKED)
    for one in (visit(java_script_enabled=False), blocked):
        for page in (FRONT, PAGE, INDEX):
            opened = one.open(f"{address}/{page}")
            assert seen(opened) == []
            assert "device" not in opened.locator("article").inner_text()
        solved = opened.get_by_text("solved", exact=True).all()
        assert len(solved) > 19 and not any(one.is_visible() for one in solved)
        assert one.complaints == []
    opened = visit().open(f"{address}/{PAGE}")
    opened.locator(TICK).check()
    opened.reload()
    opened.emulate_media(media="print")
    assert seen(opened) == []


@pytest.mark.parametrize("spoilt", ["{", "null", '{"version":0}', '{"version":1,"chapters":{}}'])
def test_what_another_version_stored_does_no_harm(spoilt, visit, address):
    one = visit()
    opened = one.open(f"{address}/{PAGE}")
    opened.evaluate(f"localStorage.setItem(lecturesProgress.key, {spoilt!r})")
    opened.reload()
    opened.locator(TICK).check()
    assert opened.evaluate(STORED)["chapters"][CHAPTER]["solved"] == [EXERCISE.id]
    assert one.complaints == []


def test_from_files_and_under_a_strict_policy(visit, address):
    strict = visit()
    strict.forbid(POLICY)
    for one, base in ((strict, address), (visit(), SITE.as_uri())):
        opened = one.open(f"{base}/{PAGE}")
        opened.locator(TICK).check()
        opened.reload()
        assert opened.locator(TICK).is_checked()
        opened.locator(TICK).uncheck()
        assert opened.evaluate(STORED) is None


# The index of exercises.


def shown(opened):
    """Return the names of the exercises in the tables that are seen."""
    rows = opened.locator("tr:visible input[data-exercise]")
    return rows.evaluate_all("every => every.map(one => one.dataset.exercise)")


def test_the_index_is_filtered_counted_and_linked(visit, address):
    one = visit(viewport={"width": 390, "height": 844})
    opened = one.open(f"{address}/{INDEX}")
    every = list(BOOK.exercises.values())
    assert shown(opened) == [exercise.id for exercise in every]
    status = opened.locator("#filter > [role=status]")
    opened.get_by_label("kind", exact=True).focus()
    opened.keyboard.type("train")
    opened.get_by_label("minutes", exact=True).select_option("30")
    wanted = [e for e in every if e.kind == "train" and e.minutes <= 30]
    assert 0 < len(wanted) < len(every)
    assert shown(opened) == [exercise.id for exercise in wanted]
    total = sum(exercise.minutes for exercise in wanted)
    assert status.inner_text() == f"{len(wanted)} of {len(every)} exercises, {total} minutes"
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe(opened) == []

    opened.locator(f"#solved-{wanted[0].id}").check()
    assert shown(opened) == [exercise.id for exercise in wanted]  # it stays under the finger
    opened.get_by_label("solved", exact=True).select_option("no")
    assert shown(opened) == [exercise.id for exercise in wanted[1:]]
    opened.wait_for_function("location.hash.includes('solved=no')")
    again = visit().open(opened.url)
    assert shown(again) == [exercise.id for exercise in wanted]  # this device has solved none
    again.get_by_role("button", name="Show all").click()
    assert len(shown(again)) == len(every)
    again.get_by_label("solved", exact=True).select_option("yes")
    assert "No exercise fits" in again.locator("#filter > [role=status]").inner_text()
    assert one.complaints == []


def test_a_link_to_one_chapter_and_a_link_to_nothing(visit, address):
    opened = visit().open(f"{address}/{INDEX}#filter?chapter={EXERCISE.chapter}&kind=sing")
    assert shown(opened) == [e.id for e in BOOK.exercises.values() if e.chapter == CHAPTER]
    headings = opened.locator("article h2:visible").all_inner_texts()
    assert len(headings) == 2  # of the chapter, and of the kinds
    hidden = next(name for name in NAMES if name != CHAPTER)
    opened.evaluate(f"location.hash = 'exercises-{hidden.replace('/', '-').replace('_', '-')}'")
    opened.wait_for_function("!document.querySelector('section[hidden]')")


def test_without_scripts_the_whole_table_is_shown(visit, address):
    opened = visit(java_script_enabled=False).open(f"{address}/{INDEX}")
    assert not opened.locator("#filter").is_visible()
    assert opened.locator("tbody tr:visible:has(code)").count() >= len(BOOK.exercises)
