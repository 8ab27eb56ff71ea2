"""From chosen exercises to marks in a learning platform, by the commands of the page."""

import csv
import re
import shlex
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest

from lectures_lib.assignments import __main__ as command
from lectures_lib.assignments import sandbox
from lectures_lib.assignments.hidden_tests import answer_name
from lectures_lib.book import read_book

pytest.importorskip("nbgrader")
pytestmark = pytest.mark.slow
PAGE = Path(__file__).parents[1] / "book" / "instructors" / "assigning.md"
HEAD = [
    "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade",
    "Last modified (submission)", "Feedback comments",
]  # fmt: skip
CLASS = {
    "Participant 101": ("Ada Byron", "Tuesday, 24 November 2026, 11:58 PM"),
    "Participant 102": ("Eva Østergård-Müller", "Wednesday, 25 November 2026, 12:09 AM"),
    "Participant 103": ("Max Ohm", "-"),
}


def filled(book, right):
    """Return the student's notebook with solutions of some exercises, and stubs else."""
    notebook = nbformat.read("week4/student/week4.ipynb", as_version=4)
    for cell in notebook.cells:
        exercise = book.exercises.get(cell.id.removesuffix("-answer"))
        if exercise and cell.id.endswith("-answer") and exercise.id in right:
            named = f"{answer_name(exercise)} = {answer_name(exercise, 'solution')}"
            cell.source = f"# exercise: {exercise.id}\n{exercise.solution}\n{named}"
    return nbformat.writes(notebook)


def test_four_commands_and_two_acts_by_hand(tmp_path, monkeypatch, capsys, empty_gradebook):
    try:
        sandbox.command()
    except ValueError as error:
        pytest.skip(str(error))
    text = PAGE.read_text(encoding="utf-8")
    way = text.partition("## The whole way\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^python -m lectures_lib.assignments (.+)$", way, re.MULTILINE)
    assign, *others = map(shlex.split, lines)
    assert len(others) == 3
    book = read_book()
    ids = [word for word in assign if word in book.exercises]
    points = [book.exercises[name].points for name in ids]
    monkeypatch.chdir(tmp_path)
    assert command.main(assign) == 0, capsys.readouterr().err
    shutil.copy(empty_gradebook, "week4/nbgrader")
    place = "{}_{}_assignsubmission_file/week4.ipynb"
    with zipfile.ZipFile("download.zip", "w") as made:
        for name, number, clock, right in (
            ("Ada Byron", 101, (2026, 11, 24, 23, 58, 0), ids),
            ("Eva Østergård-Müller", 102, (2026, 11, 25, 0, 9, 0), ids[:1]),
        ):
            entry = zipfile.ZipInfo(place.format(name, number), clock)
            made.writestr(entry, filled(book, right))
    with Path("worksheet.csv").open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEAD)
        for number, (name, time) in CLASS.items():
            table.writerow([number, name, f"{number[-3:]}@x.org", "", "", "100.00", time, ""])
    before = Path("worksheet.csv").read_text(encoding="utf-8-sig")
    for arguments in others:
        assert command.main(arguments) == 0, f"{arguments}: {capsys.readouterr().err}"
    said = capsys.readouterr().out
    assert "2 of 3 students handed in: 2 new, 0 newer than before, 1 late. 1 missing." in said
    marks = Path("week4-marks")
    after = (marks / "worksheet.csv").read_text(encoding="utf-8-sig")
    with (marks / "worksheet.csv").open(encoding="utf-8-sig", newline="") as file:
        grades = [row["Grade"] for row in csv.DictReader(file)]
    assert grades == ["100.00", f"{100 * points[0] / sum(points):.2f}", ""]
    for grade in filter(None, grades):
        after = after.replace(f",{grade},100.00,", ",,100.00,")
    assert after == before
    with zipfile.ZipFile(marks / "feedback.zip") as made:
        assert sorted(made.namelist()) == [
            "Ada Byron_101_assignsubmission_file/week4.html",
            "Eva Østergård-Müller_102_assignsubmission_file/week4.html",
        ]
    with (marks / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["id"]: (row["status"], row["late (h)"]) for row in csv.DictReader(file)}
    # A minute before the deadline, and ten minutes after it.
    assert rows == {
        "101@x.org": ("marked", ""), "102@x.org": ("marked", "0.17"), "103@x.org": ("missing", ""),
    }  # fmt: skip
