"""Enter marks into a table that a learning platform wrote: nothing else in the file changes."""

import re
import unicodedata
from collections import defaultdict

from lectures_lib.assignments.results import listed
from lectures_lib.assignments.roster import COLUMNS, decoded
from lectures_lib.words import counted

__all__ = ["entered"]

# Columns as Moodle 4 (English, German) and Canvas call them, in small letters.
MARKS = ("grade", "bewertung")
MOST = ("maximum grade", "bestwertung")
SCALES = ("scale", "skala")
LOCK = ("grade can be changed", "bewertung kann geändert werden")
LOCKED = ("no", "nein")
POSSIBLE = "points possible"
WHO = {
    "integration id",
    *(name for field in ("id", "login", "number", "email", "platform") for name in COLUMNS[field]),
}
# What the platform itself writes or reads in its other columns: marks there would destroy it.
OWN = {
    *WHO, *MOST, *SCALES, *LOCK, *(name for names in COLUMNS.values() for name in names),
    "firstname", "lastname", "status", "section", "root account", "group", "gruppe", "groups",
    "gruppen", "online text", "texteingabe online", "last modified (grade)",
    "zuletzt geändert (bewertung)", "feedback comments", "feedback als kommentar",
    "marking workflow state", "marker", "allocated marker",
}  # fmt: skip
TOTAL = re.compile(r"(?:unposted )?(?:current|final) (?:score|grade|points)")  # Canvas
EMPTY = ("", "-")
KEPT = ("EX", "N/A")  # Canvas: excused, and not assigned to this student
PARTICIPANT = re.compile(r"(?:participant|teilnehmer/in)\s*(\d+)")
FOLDER = re.compile(r"_(\d+)_assignsubmission_")


def entered(data, results, *, column=None):
    """Return the bytes of a table with the marks in it, and sentences on what was done.

    Args:
        data: Bytes of the file that the platform wrote.
        results: The `Results` of the assignment.
        column: Name of the column of the marks; if None it is found.

    Raises:
        ValueError: If the table has no such column or it is the platform's own, or a row fits two
            students.
    """
    text, encoding = decoded(data)
    table = _table(text)
    names = [_value(field) for field, _ in table[0]]
    low = [name.casefold() for name in names]
    canvas = "id" in low and not {"student", "lastname"}.isdisjoint(low)
    place = _column(names, results.name, column, canvas=canvas)
    rows = [row for row in table[1:] if len(row) == len(names)]
    most, lock = _first(low, MOST), _first(low, LOCK)
    if canvas:
        top = next((row for row in rows if POSSIBLE in _value(row[0][0]).casefold()), None)
        rows = [row for row in rows if row is not top]
    found, notes = _found(rows, low, [one for one in results.students if one.sum is not None])
    scaled, kept, locked, replaced = set(), [], [], 0
    for row, student in found:
        old = _value(row[place][0])
        if old in KEPT:
            kept.append(f"{student.name} keeps {old}.")
            continue
        if lock is not None and _value(row[lock][0]).casefold() in LOCKED:
            locked.append(student.name)
            continue
        given = top and top[place] if canvas else row[most] if most is not None else None
        written, maximum = _maximum(given, results.points)
        if maximum != results.points:
            scaled.add(maximum)
        mark = f"{student.sum * maximum / results.points:.2f}"
        replaced += old not in EMPTY and _number(old) != float(mark)
        row[place][0] = _written(mark, row[place], comma="," in written and "." not in written)
    notes += kept
    if locked:
        notes.append(f"Kept, as the file says that the grade cannot be changed: {listed(locked)}.")
    if replaced:
        notes.append(f"{counted(replaced, 'mark')} replaced: another one stood there.")
    notes += [
        f"The marks are scaled from {results.points:g} points to {maximum:g}, the platform's "
        "maximum." for maximum in sorted(scaled)
    ]  # fmt: skip
    number = counted(len(found) - len(kept) - len(locked), "mark")
    joined = "".join(field + end for row in table for field, end in row)
    return joined.encode(encoding), [f"{number} entered into {names[place]!r}.", *notes]


def _table(text):
    """Return rows of `[field as written, what ends it]`; joined, they are the text."""
    tables = []
    for delimiter in ",;\t":
        field = rf'("[^"]*(?:""[^"]*)*"|[^{delimiter}\r\n]*)({delimiter}|\r\n|\n|\r|\Z)'
        rows, row = [], []
        for match in re.finditer(field, text):
            row.append(list(match.groups()))
            if match[2] != delimiter:
                rows.append(row)
                row = []
        tables.append(rows)
    return max(tables, key=lambda rows: len(rows[0]))


def _first(names, wanted):
    """Return the number of the column that has one of some names, or None."""
    return next((names.index(name) for name in wanted if name in names), None)


def _value(field):
    """Return what a field says, without its quotes.

    >>> _value('"Byron, ""Ada"" A."')
    'Byron, "Ada" A.'
    """
    field = field.removeprefix("\ufeff").strip()
    if len(field) > 1 and field[0] == field[-1] == '"':
        return field[1:-1].replace('""', '"').strip()
    return field


def _column(names, assignment, wanted, *, canvas):
    """Return the number of the column for the marks."""
    low = [name.casefold() for name in names]
    if wanted is not None:
        fit = [number for number, name in enumerate(names) if name == wanted]
    elif canvas:
        fit = [number for number, name in enumerate(names) if _plain(name) == _plain(assignment)]
    else:
        fit = [low.index(name) for name in MARKS if name in low]
        if fit and not {*low}.isdisjoint(SCALES):
            raise ValueError(
                "Moodle marks this assignment by a scale, which takes no points. Set its grade to "
                "points in Moodle, and download the worksheet again."
            )
    if any(_key(names[number]) in OWN or TOTAL.fullmatch(_key(names[number])) for number in fit):
        raise ValueError(
            f"--into: the column {wanted or assignment!r} is the platform's own, and marks would "
            "destroy what is in it. Name the column of the marks with --column."
        )
    if len(fit) == 1:
        return fit[0]
    raise ValueError(
        f"--into: {'no' if not fit else 'more than one'} column for the marks of "
        f"{wanted or assignment}. Name one with --column. Columns are "
        f"{', '.join(map(repr, names))}."
    )


def _plain(name):
    """Return a title without Canvas' number and without all but letters and digits.

    >>> _plain("Week 5 (98765)")
    'week5'
    """
    return re.sub(r"[\W_]+", "", re.sub(r"\(\d+\)\s*$", "", name)).casefold()


def _key(text):
    return unicodedata.normalize("NFC", text).strip().casefold()


def _keys(student, column):
    """Yield what a column may hold for a student."""
    yield from (str(text) for name, text in student.platform.items() if _key(name) == column)
    if "mail" in column or column == "sis login id":
        yield student.email
    yield student.id
    if (number := FOLDER.search(student.place)) and column in ("identifier", "id"):
        yield f"participant {number[1]}"


def _found(rows, low, students):
    """Return pairs of rows and students, and sentences on who is left over.

    The column that fits most rows decides; the others are asked for the rows that it leaves.
    """
    fits = []
    for number, column in enumerate(low):
        if column not in WHO:
            continue
        known = defaultdict(dict)
        for student in students:
            for key in filter(None, map(_key, _keys(student, column))):
                known[PARTICIPANT.sub(r"participant \1", key)][student.id] = student
        fit = {}
        for place, row in enumerate(rows):
            key = PARTICIPANT.sub(r"participant \1", _key(_value(row[number][0])))
            if key in known:
                fit[place] = list(known[key].values())
        fits.append((low[number], fit))
    if not fits:
        raise ValueError(
            "--into: no column says who the students are. Needed is an identifier, an ID, an ID "
            f"number or an e-mail address; columns are {', '.join(map(repr, low))}."
        )
    found, taken = {}, {}
    for column, fit in sorted(fits, key=lambda one: -len(one[1])):
        for place, who in fit.items():
            if place in found or (len(who) == 1 and who[0].id in taken):
                continue
            if len(who) > 1:
                names = " and ".join(student.id for student in who)
                value = _value(rows[place][low.index(column)][0])
                raise ValueError(f"--into: {value!r} in the column {column!r} fits {names}.")
            found[place], taken[who[0].id] = who[0], place
    without = [student.name for student in students if student.id not in taken]
    notes = [f"The platform's file has no row for {listed(without)}."] if without else []
    return [(rows[place], student) for place, student in found.items()], notes


def _maximum(cell, points):
    """Return how the platform writes its maximum, and the number; the points if it has none."""
    text = _value(cell[0]) if cell else ""
    number = _number(text)
    return text, number if number and number > 0 else points


def _number(text):
    """Return the number that a platform wrote, or None.

    >>> _number("1.000,50"), _number("4.50"), _number("-")
    (1000.5, 4.5, None)
    """
    whole, sign, part = text.replace(",", ".").rpartition(".")
    try:
        return float(whole.replace(".", "") + sign + part)
    except ValueError:
        return None


def _written(mark, cell, *, comma):
    """Return a mark as the cell writes numbers: its decimal sign, its quotes."""
    field, end = cell
    mark = mark.replace(".", ",") if comma else mark
    return f'"{mark}"' if field.startswith('"') or (comma and end == ",") else mark
