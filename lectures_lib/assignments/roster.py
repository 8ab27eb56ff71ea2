"""The students of a course, from what a learning platform or nbgrader exports."""

import codecs
import csv
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path

from lectures_lib.assignments.times import moment

__all__ = [
    "COLUMNS",
    "Student",
    "decoded",
    "read_extensions",
    "read_roster",
    "read_table",
    "squashed",
]

# How Moodle, Canvas and nbgrader call the columns that are used, in English and German.
COLUMNS = {
    "id": ["id"],
    "login": ["sis login id", "username", "anmeldename", "benutzername", "nutzername"],
    "number": ["id number", "sis user id", "id-nummer", "matrikelnummer"],
    "email": ["email address", "email", "e-mail-adresse", "e-mail"],
    "first": ["first name", "first_name", "vorname"],
    "last": ["last name", "surname", "last_name", "nachname", "familienname"],
    "full": ["full name", "student", "vollständiger name", "name"],
    "platform": ["identifier", "lms_user_id"],
    "time": ["last modified (submission)", "zuletzt geändert (abgabe)"],
}
# What Moodle calls "Identifier" in English and, mostly, "ID" in German.
PARTICIPANT = re.compile(r"(?:participant|teilnehmer)\D*(\d+)", re.IGNORECASE)
# A folder's name, and part of a pattern when nbgrader looks for it.
SAFE = re.compile(r"\w(?:[\w.@+' -]{0,98}[\w@+'-])?")


@dataclass(frozen=True)
class Student:
    """A row of a roster.

    `id` names the folder of the student's work and the student in the gradebook; `number` is that
    of the platform in the names of files, or an empty text; `time` is when the platform says that
    the work came, in UTC, or None; `row` is the whole row.
    """

    id: str
    first_name: str
    last_name: str
    email: str
    number: str
    time: datetime | None
    row: dict

    @property
    def names(self):
        """The student's name as it may stand in the name of a file."""
        first, last = self.first_name, self.last_name
        return {squashed(first + last), squashed(last + first)} - {""}


def squashed(name):
    """Return the letters and digits of a name, in lower case, as Canvas writes it.

    >>> squashed("O'Neil, Mary-Ann")
    'oneilmaryann'
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(letter for letter in text if letter.isalnum())


def read_roster(path, *, zone=None):
    """Return the `Student` of each row of a platform's export.

    A student's id is the login name, else the ID number, the e-mail address or the number of the
    platform: the first of these that the row has.

    Args:
        path: Moodle's participants or grading worksheet, Canvas' gradebook, or nbgrader's
            `students.csv`; columns in any order, separated by commas, semicolons or tabs.
        zone: Of the times in it; this computer's if None.

    Raises:
        ValueError: If columns are missing, or an id is unfit for a folder or there twice.
    """
    rows = _rows(path)
    names = {name: _plain(name) for name in rows[0][1]}
    place = {
        field: next((name for known in aliases for name in names if names[name] == known), None)
        for field, aliases in COLUMNS.items()
    }
    canvas = "student" in names.values()
    ids = ("id", "login", "number", "email", "platform")
    if not any(place[field] for field in ids):
        raise ValueError(
            f"{path} has the columns {', '.join(names)}. It needs one of: "
            f"{', '.join(alias for field in ids for alias in COLUMNS[field])}."
        )
    found = []
    for line, row in rows:
        values = {field: row[name].strip() if name else "" for field, name in place.items()}
        # Rows of Canvas that are no students, and its student for trying out.
        note = canvas and (not values["id"] or values["full"] in ("Student, Test", "Test Student"))
        if note or not any(values.values()):
            continue
        student = _student(values, row, canvas, f"{path}, line {line}", zone)
        found.append(student)
    _check(path, found)
    return found


def read_extensions(path, students, *, zone=None):
    """Return `{id: time in UTC}` of a table with the columns id and due.

    Raises:
        ValueError: If a column is missing, an id is not in the roster or there twice, or a time
            cannot be read.
    """
    known, found = {student.id for student in students}, {}
    for line, row in _rows(path):
        row = {_plain(name): value.strip() for name, value in row.items()}
        if not {"id", "due"} <= row.keys():
            raise ValueError(f"{path} has the columns {', '.join(row)}. It needs id and due.")
        if not any(row.values()):
            continue
        if row["id"] not in known or row["id"] in found:
            what = "has an extension already" if row["id"] in found else "is not in the roster"
            raise ValueError(f"{path}, line {line}: {row['id']!r} {what}.")
        found[row["id"]] = _time(row["due"], f"{path}, line {line}", zone)
    return found


def _student(values, row, canvas, where, zone):
    number, id = values["platform"], values["id"]
    if canvas or PARTICIPANT.fullmatch(id):
        number, id = id, ""
    if match := PARTICIPANT.fullmatch(number):
        number = match[1]
    id = id or values["login"] or values["number"] or values["email"] or number
    if not SAFE.fullmatch(id):
        raise ValueError(
            f"{where}: {id!r} cannot be the id of a student. It must begin with a letter or digit "
            "and hold only these, spaces and _ . @ + ' -"
        )
    first, last = values["first"], values["last"]
    if not (first or last):
        last, comma, first = (part.strip() for part in values["full"].partition(","))
        if not comma:
            first, _, last = values["full"].rpartition(" ")
    time = values["time"] if values["time"].strip("-") else ""
    came = _time(time, where, zone) if time else None
    return Student(
        unicodedata.normalize("NFC", id), first, last, values["email"], number, came, row
    )


def _check(path, found):
    if not found:
        raise ValueError(f"{path} has no student. Export it again, with all participants.")
    for what in ("id", "number"):
        seen = {}
        for student in found:
            value = getattr(student, what).casefold()  # some disks do not tell A from a
            if value and value in seen:
                raise ValueError(
                    f"{path}: {_shown(seen[value])} and {_shown(student)} have the same {what}, "
                    f"{getattr(student, what)!r}. Correct it in the file."
                )
            seen[value] = student


def _shown(student):
    return f"{student.first_name} {student.last_name}".strip() or student.id


def _time(text, where, zone):
    try:
        return moment(text, zone)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _plain(name):
    return " ".join(name.casefold().split())


def _rows(path):
    """Return `(number of the line, {column: text})` of each row of a table."""
    _, text = read_table(path)
    if said := re.match(r"sep=(.)\r?\n", text):  # a line for Excel
        text = text[said.end() :]
    first = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    reader = csv.reader(StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    header = [name.strip() for name in next(reader, [])]
    found = []
    for values in reader:
        if any(value.strip() for value in values[len(header) :]):
            raise ValueError(
                f"{path}, line {reader.line_num} has {len(values)} values, but there are "
                f"{len(header)} columns. Export it again, or put quotes around what holds commas."
            )
        values += [""] * (len(header) - len(values))
        found.append((reader.line_num, dict(zip(header, values, strict=False))))
    if not found:
        raise ValueError(f"{path} has no rows. Export it again, with all participants.")
    return found


def read_table(path):
    """Return the bytes of a file, and the text that they are.

    Raises:
        ValueError: If it cannot be read, or is no text.
    """
    try:
        data = Path(path).read_bytes()
        return data, decoded(data)[0].removeprefix("\ufeff")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ValueError(f"{path} is no text. Save or export it as CSV.") from None


def decoded(data):
    """Return the text of a file with its byte-order mark, and the encoding.

    Raises:
        ValueError: If it is no text.
    """
    marks = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
    encoding = next((name for mark, name in marks if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252"  # older Excel
        text = data.decode(encoding)
    if "\0" in text or data.startswith(b"PK"):
        raise ValueError("binary")
    return text, encoding
