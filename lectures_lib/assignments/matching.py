"""Whose a file of a download is: Moodle and Canvas say it in names, each in its own way."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime

from lectures_lib.assignments.archives import File, read
from lectures_lib.assignments.roster import squashed

__all__ = ["HandedIn", "content", "match"]

# `Ada Byron_12345_assignsubmission_file_/week5.ipynb`; or, in one folder, `..._file_week5.ipynb`.
# The number is that of the student in this assignment only. A group may stand before the name.
MOODLE = re.compile(r"(?P<name>.*?)_(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?")
# `byronada_LATE_123_4567_week5-1.ipynb`: the student, then the upload, which counts upwards.
CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)_(?P<upload>\d+)_(?P<file>.+)")
COPY = re.compile(r"(.+?) ?\((\d+)\)")  # what a browser calls a second download
NOTEBOOK = re.compile(r"(?P<stem>.*)\.ipynb(?P<more>.*)", re.IGNORECASE)
ENDING = re.compile(r"(\.ipynb.*|\.[a-z0-9]{1,5})$", re.IGNORECASE)


@dataclass(frozen=True)
class HandedIn:
    """A file, and whose it is.

    `student` is None where it is refused, and `fault` says why. `place` is the name under which
    the platform takes feedback, or an empty text; `own` the student's name for the file; `time`
    when it came; `version` tells later uploads from earlier ones; `late` is what Canvas says, or
    None.
    """

    file: File
    student: object = None
    fault: str = ""
    place: str = ""
    own: str = ""
    time: datetime | None = None
    version: int = 0
    late: bool | None = None

    @property
    def shown(self):
        """The file with all folders and zips that it lies in."""
        return "/".join(name for name, _ in self.file.levels)

    @property
    def together(self):
        """What is equal for files that came together: one zip, or one folder."""
        return self.file.path if self.file.members else self.file.path.parent

    @property
    def order(self):
        """Greater for what came later."""
        return self.time, self.version


def match(found, students, *, name):
    """Return `({id: notebooks, the best first}, {name: why it is refused})`.

    Args:
        found: `File` objects of downloads.
        students: The roster, as `Student` objects.
        name: The assignment's: among notebooks that came together those called so go first.
    """
    register, refused = Register(students), {}
    matched, others = defaultdict(list), defaultdict(list)
    for file in found:
        one = handed_in(file, register)
        parts = one.shown.split("/")
        if any(re.match(r"\.[^.]|__MACOSX$", part) for part in parts):  # hidden
            continue
        notebook = NOTEBOOK.fullmatch(parts[-1])
        if one.student is None:
            if notebook or file.fault or one.place:
                refused[one.place or one.shown] = one.fault
            continue
        if file.fault:
            refused[one.shown] = file.fault
        # What cannot be opened may have been a notebook.
        (matched if notebook or file.fault else others)[one.student.id].append(one)
    for id in others.keys() - matched.keys():
        names = sorted(one.shown.rpartition("/")[2] for one in others[id])
        refused[id] = f"no notebook, but {', '.join(names)}"
    return {id: _sorted(some, name) for id, some in matched.items()}, refused


def content(one):
    """Return the bytes of a notebook that was handed in.

    Raises:
        ValueError: If it cannot be read, or is no notebook.
    """
    if one.file.fault:
        raise ValueError(one.file.fault)
    data = read(one.file)
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        whole = None
    if not isinstance(whole, dict) or not {"cells", "worksheets"} & whole.keys():
        raise ValueError("is not a notebook")
    return data


class Register:
    """Finds students by number, name and id."""

    def __init__(self, students):
        self.numbers = {one.number: one for one in students if one.number}
        self.names, self.keys = defaultdict(list), defaultdict(list)
        for one in students:
            for key in {key.casefold() for key in (one.id, one.email, one.number)} - {""}:
                self.keys[key].append(one)
            for name in one.names:
                self.names[name].append(one)

    def of_platform(self, name, number):
        """Return whom a platform means, or None, and why not."""
        # A group stands before the name; both may hold a hyphen.
        parts = name.split("-")
        possible = [squashed("".join(parts[start:])) for start in range(len(parts))]
        if not self.numbers:
            named = next((self.names[one] for one in possible if one in self.names), [])
            return _single(
                named, f"the roster has no {name!r}",
                f"Moodle's grading worksheet has the number, {number}, that tells them apart; or "
                "collect the file by itself with the student's id as its name",
            )  # fmt: skip
        found = self.numbers.get(number)
        if found is None:
            return None, f"the roster has no number {number}"
        hidden = squashed(name).startswith(("participant", "teilnehmer"))
        if found.names and not hidden and not found.names & set(possible):
            who = f"{found.first_name} {found.last_name}"
            return None, f"in the roster {number} is {who}; it may be that of another assignment"
        return found, ""

    def of_person(self, word):
        """Return all whom a person's own name for a file may mean: by id, address or name."""
        return self.keys.get(word.casefold()) or self.names.get(squashed(word), [])


def handed_in(file, register):
    """Return the `HandedIn` of a `File`.

    The outermost name in which a platform names a student decides: what is in a student's zip
    says nothing about whose it is, nor when it came. Without such a name all names together must
    mean one student.
    """
    found, levels, version = {}, [], 0
    last = file.levels[-1][0].rpartition("/")[2]
    for level, (name, _) in enumerate(file.levels):
        *folders, end = name.split("/")
        for part, stem in [*((folder, folder) for folder in folders), (end, ENDING.sub("", end))]:
            said = MOODLE.fullmatch(part) or (part is end and CANVAS.fullmatch(part))
            if said:
                student, fault = register.of_platform(said["name"], said["number"])
                # A downloaded zip may be called like this by chance.
                if student or level or not file.members:
                    own = said["file"] if part == last else last
                    one = HandedIn(file, student, fault, stem, own, _time(file, level))
                    canvas = said.re is CANVAS
                    return replace(
                        one, version=int(said["upload"]), late=bool(said["late"])
                    ) if canvas else one  # fmt: skip
            copy = COPY.fullmatch(stem)
            some = register.of_person(copy[1] if copy else stem)
            if some:
                found |= {one.id: one for one in some}
                levels.append(level)
                version = int(copy[2]) if copy else version
                last = "" if part == last else last
    student, fault = _single(
        [*found.values()], "no student in the roster is called so",
        "put the id of one student into the file's name, and no other",
    )  # fmt: skip
    return HandedIn(file, student, fault, "", last, _time(file, min(levels, default=0)), version)


def _time(file, level):
    return file.levels[level][1] or file.levels[0][1]


def _single(found, nobody, several):
    if len(found) > 1:
        return None, f"it fits {' and '.join(sorted(one.id for one in found))}; {several}"
    return (found[0], "") if found else (None, nobody)


def _sorted(some, name):
    """Return notebooks of a student, the best first: of what came last, by name, then by time."""
    # Canvas gives its files the time at which it made the zip, each a little later.
    made = _latest(one for one in some if one.late is not None)
    some = [replace(one, time=made[one.together]) if one.late is not None else one for one in some]
    newest = _latest(some)

    def key(one):
        own = one.own.casefold()
        fits = own.startswith(name.casefold()) or not own
        return newest[one.together], fits and "-checkpoint." not in own, one.version, one.time

    return sorted(some, key=key, reverse=True)


def _latest(some):
    found = {}
    for one in some:
        found[one.together] = max(one.time, found.get(one.together, one.time))
    return found
