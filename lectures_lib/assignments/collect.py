"""Collect what was handed in: put each student's latest notebook where nbgrader looks for it."""

import json
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nbgrader.utils import parse_utc

from lectures_lib.assignments.archives import files
from lectures_lib.assignments.collected import Collected
from lectures_lib.assignments.folder import course_of, saved
from lectures_lib.assignments.mark import opened
from lectures_lib.assignments.matching import NOTEBOOK, content, match
from lectures_lib.assignments.roster import read_extensions, read_roster
from lectures_lib.assignments.times import moment, zone_named
from lectures_lib.words import counted

__all__ = ["collect"]

ZIPS = "zips"  # a source of times, as `Collected` counts them
DAY = timedelta(days=1)  # no error in the zone is larger
SECOND = timedelta(seconds=1)
STAMP = "timestamp.txt"  # written by the exchange of nbgrader, or by hand


def collect(folder, downloads, *, roster, extensions=None, zone=None):
    """Collect what students handed in; return the `Collected`.

    What lies in `nbgrader/submitted` stays, or moves to `nbgrader/replaced` when something newer
    comes. Students, the day and extensions are entered into the gradebook.

    Args:
        folder: The assignment, as `assign` wrote it.
        downloads: Zips, folders and notebooks.
        roster: Export of the platform, as `read_roster` takes it.
        extensions: Table with the columns id and due, in place of all that were given before;
            these stay if None.
        zone: Name of the zone of times that name none; this computer's if None.

    Raises:
        ValueError: If one of these cannot be used, or nothing that was handed in fits the roster.
            Nothing is written then.
    """
    zone = zone_named(zone)
    students = read_roster(roster, zone=zone)
    given = read_extensions(extensions, students, zone=zone) if extensions else None
    found = [file for download in downloads for file in files(download, zone=zone)]
    name = course_of(folder)[1].parent.name
    matched, refused = match(found, students, name=name)
    _check_roster(roster, students, matched, refused)
    course, _, grader = opened(folder)
    due = _due(course)
    last = saved(course / "collected.json")
    done, before = Collected(refused=refused), last.get("students", {})
    more = _extensions(last) if given is None else given
    for student in students:
        place = course / "submitted" / student.id / name
        last_time = before.get(student.id, {}).get("time")
        earlier = _earlier(place, before.get(student.id))
        one, data, broken = _readable(matched.get(student.id, ()), done)
        came = one and _take(one, data, matched[student.id], place, earlier, done, bool(broken))
        counts = came or earlier
        time, source = (None, "") if counts is None else _when(student, came, earlier, last_time)
        record = _record(student, counts, time, more.get(student.id, due))
        done.students[student.id] = record
        if counts:
            done.sources[source] += 1
            time = datetime.fromisoformat(record["time"])
            (place / STAMP).write_text(f"{time:%Y-%m-%d %H:%M:%S.%f} UTC\n")
            done.remarks += _notes(student, came, broken or student.id in refused, time, zone)
    # By themselves: a day of a student that is not the assignment's may be one that has changed.
    extensions = {id: time.isoformat() for id, time in more.items()}
    whole = {"students": done.students, "extensions": extensions}
    written = json.dumps(whole, ensure_ascii=False, indent=1)
    (course / ".collected.json").write_text(written + "\n", encoding="utf-8")
    (course / ".collected.json").replace(course / "collected.json")
    _enter(grader, name, due, done.students)
    strangers = {path.parent.name for path in course.glob(f"submitted/*/{name}")}
    done.remarks += [
        f"submitted/{one} belongs to nobody in the roster, and would be marked. Move that folder "
        "away, or add the student to the roster and collect again."
        for one in sorted(strangers - done.students.keys())
    ]
    return done


def _notes(student, came, broken, time, zone):
    """Yield what is to be said of the time of a notebook that counts."""
    shown = f"{time.astimezone(zone):%Y-%m-%d %H:%M}"
    if came and _outdated(student, came):
        yield (
            f"{student.id}: the roster says {student.time.astimezone(zone):%Y-%m-%d %H:%M}, but "
            f"the file is of {shown}, which counts. Download the worksheet again."
        )
    if broken:
        yield f"{student.id} handed in what is refused; the one of {shown} stays."


def _check_roster(roster, students, matched, refused):
    """Raise a `ValueError` if files look like submissions and none is of a student."""
    if not refused or matched or refused.keys() & {student.id for student in students}:
        return
    name, why = next(iter(refused.items()))
    raise ValueError(
        f"Nothing was collected: {counted(len(refused), 'submission')} found, and none fits "
        f"{roster}. {name}: {why}. Is this the roster of this assignment?"
    )


def _due(course):
    """Return the day in the settings of the assignment, or None."""
    text = saved(course / "assignment.json").get("due")
    return moment(text, None) if text else None


def _extensions(last):
    """Return `{id: time}` as `collected.json` has it."""
    return {id: datetime.fromisoformat(time) for id, time in last.get("extensions", {}).items()}


def _earlier(place, record):
    """Return how the notebook came that is collected already, or None."""
    notebook, stamp = place / f"{place.name}.ipynb", place / STAMP
    if not notebook.exists():
        return None
    if record and record.get("came"):
        return record["came"]
    time = datetime.fromtimestamp(int(notebook.stat().st_mtime), UTC)
    if stamp.exists():
        time = parse_utc(stamp.read_text().strip()).replace(tzinfo=UTC)
    return {"time": time.isoformat(), "version": 0, "late": None, "place": "",
            "source": STAMP, "beside": False}  # fmt: skip


def _readable(candidates, done):
    """Return the best notebook that can be read, its bytes, and what came later and cannot."""
    broken = []
    for one in candidates:
        try:
            data = content(one)
        except ValueError as error:
            done.refused[one.shown] = str(error)
            broken.append(one)
        else:
            return one, data, [other for other in broken if other.together != one.together]
    return None, b"", broken


def _take(one, data, candidates, place, earlier, done, overtaken):
    """Put a notebook in its place if it is newer; return how it came, or None if nothing changes.

    `overtaken` tells that something came later which cannot be read.
    """
    notebook = place / f"{place.name}.ipynb"
    stands = earlier and (datetime.fromisoformat(earlier["time"]), earlier["version"])
    came = _came(one, candidates, earlier, overtaken)
    if earlier and data == notebook.read_bytes():
        if overtaken:
            return None
        return came if earlier["source"] == STAMP else earlier | {"place": came["place"]}
    if earlier and one.order <= stands:
        return None
    _remark(one, candidates, done)
    (done.replaced if earlier else done.new).append(one.student.id)
    if place.exists():
        _retire(place)
    with tempfile.TemporaryDirectory(dir=place.parents[2], prefix=".collect-") as folder:
        whole = Path(folder, "whole")
        whole.mkdir()
        (whole / notebook.name).write_bytes(data)
        place.parent.mkdir(parents=True, exist_ok=True)
        whole.rename(place)
    return came


def _came(one, candidates, earlier, overtaken):
    places = [one.place, *(other.place for other in candidates), earlier and earlier["place"]]
    place = next(filter(None, places), "")
    # An entry without a time has that of the whole zip.
    inside = one.file.members and one.time != one.file.levels[0][1]
    source = ZIPS if inside else "files, perhaps of the day of the download"
    # By e-mail, say: what the platform knows is of another notebook.
    beside = bool(place and not one.place) or overtaken
    return {"time": one.time.isoformat(), "version": one.version, "late": one.late,
            "place": place, "source": source, "beside": beside}  # fmt: skip


def _remark(one, candidates, done):
    id = one.student.id
    same = [each for each in candidates if each.together == one.together and not each.file.fault]
    name = one.shown.rpartition("/")[2]
    if len(same) > 1:
        done.remarks.append(f"{id} handed in {len(same)} notebooks; {name} was taken.")
    if NOTEBOOK.fullmatch(name)["more"]:
        done.remarks.append(f"{id} handed in {name}, which was taken for a notebook.")


def _retire(place):
    """Move a submission, and what was marked of it, to where replaced ones are kept."""
    course, student = place.parents[2], place.parent.name
    number = 1
    while (kept := course / "replaced" / student / f"{place.name}-{number}").exists():
        number += 1
    kept.parent.mkdir(parents=True, exist_ok=True)
    place.rename(kept)
    # Where the time has not changed `mark` would think the new one marked.
    marked = course / "autograded" / student / place.name
    if marked.exists():
        shutil.move(marked, kept / "autograded")


def _when(student, came, earlier, last_time):
    """Return when the notebook that counts was handed in, and what says so.

    The roster tells of the last upload when it was downloaded. It says nothing of a notebook that
    came later, or has not come again.
    """
    if not came and last_time and earlier["late"] is None:
        return datetime.fromisoformat(last_time), "collected.json"
    if came and student.time and not came["beside"] and not _outdated(student, came):
        return student.time, "the roster"
    counts = came or earlier
    return datetime.fromisoformat(counts["time"]), counts["source"]


def _outdated(student, came):
    """Tell whether the roster is older than a notebook, which may not be the fault of a zone."""
    if not student.time or came["beside"] or came["late"] is not None or came["source"] != ZIPS:
        return False
    return datetime.fromisoformat(came["time"]) - student.time > DAY


def _record(student, came, time, due):
    """Return what `collected.json` says of a student."""
    late = 0
    if came:
        if due and came["late"] is not None:
            # Canvas says whether something was late, and not when it came: it cannot have been
            # after the download.
            time = min(time, due + SECOND if came["late"] else due)
        late = max(0, int((time - due).total_seconds())) if due else int(bool(came["late"]))
    return {
        "first_name": student.first_name, "last_name": student.last_name, "email": student.email,
        "platform": student.row, "place": came["place"] if came else "",
        "time": time and time.isoformat(), "due": due and due.isoformat(), "late": late,
        "came": came,
    }  # fmt: skip


def _enter(grader, name, due, records):
    """Enter students, the day and extensions into the gradebook."""
    with grader.gradebook as book:
        for id, one in records.items():
            known = {key: one[key] for key in ("first_name", "last_name", "email") if one[key]}
            book.update_or_create_student(id, **known)
        if due is None:
            return
        book.update_or_create_assignment(name, duedate=due)
        have = {one.student.id: one.extension for one in book.assignment_submissions(name)}
        for id, one in records.items():
            more = datetime.fromisoformat(one["due"]) - due or None
            if one["time"] and have.get(id) != more:
                book.update_or_create_submission(name, id, extension=more)
