"""The page for lecturers: every chapter has its week and its notes, and every link its place."""

import json
import re
from pathlib import Path

import pytest

from lectures_lib.assignments.presets import read_preset
from lectures_lib.book import read_book

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "book" / "instructors" / "teaching.md").read_text(encoding="utf-8")
BOOK = read_book()
NAMES = [chapter.name for chapter in BOOK.chapters]
PLANS = re.findall(r"```\{week-plan\}\n(.*?)```", TEXT, re.DOTALL)
NOTES = dict(re.findall(r"^:::\{chapter-notes\} (\S+)\n(.*?)^:::", TEXT, re.DOTALL | re.MULTILINE))
SOURCES = {
    name: "\n\n".join(
        "".join(cell["source"])
        for cell in json.loads((ROOT / "book" / f"{name}.ipynb").read_text("utf-8"))["cells"]
    )
    for name in NAMES
}


def targets(role, text=TEXT):
    """Return what stands in `{role}`, without the text of the link."""
    return [found.rpartition("<")[2].rstrip(">")
            for found in re.findall(rf"\{{{role}\}}`([^`]+)`", text)]  # fmt: skip


def test_every_chapter_has_one_of_twelve_or_thirteen_weeks():
    whole, short = ([line.partition(": ")[2].split() for line in plan.splitlines()
                     if ": " in line and line[0] != ":"] for plan in PLANS)  # fmt: skip
    assert [name for week in whole for name in week] == NAMES
    assert 12 <= len(whole) <= 13 and all(whole)
    assert len(short) == 3 and {name.partition("/")[0] for week in short for name in week} == {
        "cnn", "rnn", "lstm", "autoencoders"
    }  # fmt: skip
    assert PLANS[0].startswith(":whole:")


def test_notes_are_in_the_order_of_the_book():
    assert list(NOTES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_notes_prepare_show_warn_and_set_homework(name):
    text = NOTES[name]
    assert re.findall(r"^\*\*(.*?)\*\*", text, re.MULTILINE) == [
        "Prepare.", "Show", "Students think", "Homework."
    ]  # fmt: skip
    states = [read_preset(BOOK, target) for target in targets("state", text)]
    assert states and {preset.chapter for preset in states} == {name}
    asked = targets("question", text)
    assert 3 <= len(asked) == len(set(asked))
    assert all(f":::{{question}} {target}\n" in SOURCES[name] for target in asked)
    homework = text.partition("**Homework.**")[2]
    own = [target for target in targets("exercise", homework)
           if f'"{target}"' in json.dumps([c.exercise for c in BOOK[name].cells])]  # fmt: skip
    assert own and all(target in BOOK.exercises for target in targets("exercise", text))


def test_both_lectures_lead_to_sections_that_exist():
    places = [target.partition("#")[::2] for target in targets("section")]
    assert len(places) > 25
    assert [
        place
        for place in places
        if not re.search(rf"^#+ {re.escape(place[1])}$", SOURCES[place[0]], re.MULTILINE)
    ] == []
