"""What leaves after marking: marks, the platform's file, feedback, a page on the class."""

import csv
import io
from pathlib import Path

from lectures_lib.assignments.class_page import class_page, exercise
from lectures_lib.assignments.feedback import write_feedback
from lectures_lib.assignments.folder import new_folder
from lectures_lib.assignments.platform_file import entered
from lectures_lib.assignments.results import STATUSES, listed, results
from lectures_lib.assignments.roster import read_table
from lectures_lib.words import counted

__all__ = ["report"]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
SAID = {"failed": "not marked"}  # in sentences: perhaps `mark` was stopped before it came to them


def report(folder, *, to, into=None, column=None, hide_tests=False, anyway=False, seen=iter):
    """Write marks.csv, feedback.zip, class.html and the platform's file; return sentences.

    Args:
        folder: The assignment, as `assign` wrote it.
        to: A folder that does not exist yet.
        into: A table of the learning platform; a copy with the marks is written.
        column: Its column for the marks; if None it is found.
        hide_tests: Feedback without the hidden tests and their values.
        anyway: Go on where answers are unread, or submissions not marked.
        seen: Shows how far the pages of feedback are; see `write_feedback`.

    Raises:
        ValueError: If something is not marked yet, or cannot be read. Nothing is left behind.
    """
    found = results(folder)
    _begun(found)
    if not anyway:
        _complete(found.students)
    with new_folder(to, "--to") as made:
        (made / ".gitignore").write_text("*\n", encoding="utf-8")  # names and marks of people
        (made / "marks.csv").write_text(_marks(found), encoding="utf-8-sig", newline="")
        notes = []
        if into:
            table, _ = read_table(into)
            data, notes = entered(table, found, column=column)
            name = Path(into).name
            (made / (f"platform-{name}" if (made / name).exists() else name)).write_bytes(data)
        (made / "class.html").write_text(class_page(found), encoding="utf-8")
        write_feedback(made / "feedback.zip", found, hide_tests=hide_tests, seen=seen)
    unread = [one.id for one in found.students if one.status == "unread"]
    if unread:
        notes.append(f"With the points so far, as nobody has read all: {listed(unread)}.")
    numbers = {
        status: sum(one.status == status for one in found.students) for status in STATUSES
    }  # fmt: skip
    parts = ", ".join(
        f"{number} {SAID.get(status, status)}" for status, number in numbers.items() if number
    )
    return [f"Wrote {to}: {counted(len(found.students), 'student')} ({parts}).", *notes]


def _begun(found):
    """Raise an error where nobody's work is marked: the new folder would only block its name."""
    if all(one.sum is None for one in found.students):
        handed_in = any(one.status == "failed" for one in found.students)
        steps = "`mark`" if handed_in else "`collect`, and then `mark`"
        raise ValueError(f"Nothing of {found.name} is marked yet. Run {steps}, and report again.")


def _complete(students):
    """Raise an error that lists whose work is not marked to its end."""
    said = {
        "unread": "Unread: {}; read them in formgrader",
        "failed": "Failed or not marked yet: {}; run `mark` again",
    }
    names = {status: [one.id for one in students if one.status == status] for status in said}
    parts = [text.format(listed(names[status])) for status, text in said.items() if names[status]]
    if parts:
        raise ValueError(
            f"Not all is marked. {'. '.join(parts)}. Or let the rest leave with --anyway."
        )


def _marks(found):
    """Return the table of marks: points that nobody has given are empty."""
    made = io.StringIO()
    table = csv.writer(made)
    heads = ("id", "first_name", "last_name", *map(exercise, found.cells))
    table.writerow([*heads, "sum", "status", "late (h)"])
    for one in found.students:
        points = [one.points.get(cell) if one.sum is not None else None for cell in found.cells]
        numbers = [None if number is None else f"{number:g}" for number in (*points, one.sum)]
        texts = map(_text, (one.id, one.first_name, one.last_name))
        table.writerow([*texts, *numbers, one.status, round(one.late / 3600, 2) or ""])
    return made.getvalue()


def _text(text):
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
