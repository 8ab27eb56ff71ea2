"""What learning platforms let one download goes where nbgrader looks for it, and nowhere else."""

import csv
import io
import json
import os
import re
import shutil
import struct
import zipfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

if find_spec("nbgrader") is None:
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        raise ModuleNotFoundError("nbgrader is missing: pip install -r requirements.txt")
    pytest.skip("nbgrader is not installed", allow_module_level=True)

from nbgrader.api import Gradebook

from lectures_lib.assignments import __main__ as command
from lectures_lib.assignments import archives
from lectures_lib.assignments.archives import files, read
from lectures_lib.assignments.assignment import assign
from lectures_lib.assignments.collect import collect
from lectures_lib.assignments.collected import summary
from lectures_lib.assignments.matching import match
from lectures_lib.assignments.roster import read_extensions, read_roster
from lectures_lib.assignments.times import moment, zone_named

BERLIN = "Europe/Berlin"
WORKSHEET = """\
Identifier,Full name,Email address,ID number,Status,Grade,Last modified (submission),Comments
Participant 101,Ada Byron,ada@uni.example,s1,Submitted,,"Tuesday, 1 December 2026, 11:58 PM",
Participant 102,Eva Østergård-Müller,eva@uni.example,s2,Submitted,,"Wednesday, 2 December 2026, 12:30 AM","=HYPERLINK(""x"")"
Participant 103,Bob Lee,bob@uni.example,s3,No submission,,-,
"""  # noqa: E501 - as Moodle writes it
GRADEBOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,Week 5 (77),Final Score
,,,,,Manual Posting,(read only)
    Points Possible,,,,,10,(read only)
"Byron, Ada",11,s1,ada,A,,
"Østergård-Müller, Eva",12,s2,eva,A,,
"Lee, Bob",13,s3,bob,A,,
"Student, Test",99,,0123456789abcdef,A,,
"""
DUE = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)  # 23:59 in Berlin


def notebook(text):
    cell = nbformat.v4.new_raw_cell(text, id="same")
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))


def zipped(entries, path=None):
    """Write a zip of `(name, content, its clock)`; return the path, or its bytes."""
    target = path or io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content, *clock in entries:
            clock = clock[0] if clock else (2026, 12, 1, 12, 0, 0)
            archive.writestr(zipfile.ZipInfo(name, clock), content, zipfile.ZIP_DEFLATED)
    return path or target.getvalue()


def moodle(person, name="week5.ipynb", *, flat=False):
    return f"{person}_assignsubmission_file_{'' if flat else '/'}{name}"


@pytest.fixture
def table(tmp_path):
    def write(text, name="roster.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return write


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory, empty_gradebook):
    """An assignment, released, with a day."""
    folder = assign(["cnn-output-size"], output=tmp_path_factory.mktemp("made") / "week5", seed=7)
    shutil.copy(empty_gradebook, folder / "nbgrader")
    settings = {"name": "week5", "due": "2026-12-01T23:59:00+01:00"}
    (folder / "nbgrader" / "assignment.json").write_text(json.dumps(settings))
    path = zipped([("readme.txt", "")], folder.parent / "none.zip")
    roster = folder.parent / "roster.csv"
    roster.write_text("id,first_name,last_name\nfirst,Fir,St\n")
    collect(folder, [path], roster=roster, zone=BERLIN)
    return folder


@pytest.fixture
def course(handed_out, tmp_path):
    shutil.copytree(handed_out, tmp_path / "week5")
    return tmp_path / "week5"


def submitted(course):
    """Return `{student: (text of the first cell, time)}` of what nbgrader would mark."""
    found = {}
    for path in sorted((course / "nbgrader").glob("submitted/*/week5/week5.ipynb")):
        cell = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
        stamp = (path.parent / "timestamp.txt").read_text().strip()
        found[path.parents[1].name] = "".join(cell["source"]), stamp.removeprefix("2026-")
    return found


def owners(names, roster, tmp_path):
    """Return whose each file of a zip is, and what is refused."""
    path = zipped([(name, "") for name in names], tmp_path / "download.zip")
    found, refused = match(files(path), read_roster(roster), name="week5")
    return {one.shown.partition("/")[2]: id for id, some in found.items() for one in some}, refused


# Names


@pytest.mark.parametrize(
    ("text", "name", "id"),
    [
        (WORKSHEET, moodle("Ada Byron_101"), "s1"),
        (WORKSHEET, moodle("Ada Byron_101", flat=True), "s1"),
        (WORKSHEET, "Ada Byron_101_assignsubmission_file/week5.ipynb", "s1"),  # from Moodle 4 on
        (WORKSHEET, moodle("Group A-Eva Østergård-Müller_102"), "s2"),
        (WORKSHEET, moodle("Eva Østerga\u030ard-Mu\u0308ller_102"), "s2"),
        (WORKSHEET, moodle("Participant_103"), "s3"),  # where names are hidden
        (WORKSHEET, moodle("Teilnehmerin_103"), "s3"),
        (WORKSHEET, moodle("Ada Byron_101", "Abgabe/week5.ipynb"), "s1"),
        ("First name,Last name,Email address\nAda,Byron,a@b.c\n", moodle("Ada Byron_9"), "a@b.c"),
        ("First name,Last name,Email address\nAda,Byron,a@b.c\n", moodle("Byron Ada_9"), "a@b.c"),
        (GRADEBOOK, "byronada_11_4567_week5.ipynb", "ada"),
        (GRADEBOOK, "byronada_LATE_11_4567_week5-1.ipynb", "ada"),
        (GRADEBOOK, "østergårdmüllereva_12_4568_my_2_3_work.ipynb", "eva"),
        (GRADEBOOK, "submissions/leebob_13_4569_week5.ipynb", "bob"),
        ("id,first_name,last_name\nada,Ada,Byron\n", "byronada_11_4567_week5.ipynb", "ada"),
        ("id\nada\n", "inbox/ada.ipynb", "ada"),
        ("id\nmüller\n", "mu\u0308ller.ipynb", "müller"),  # as macOS writes it
        ("id\nada\n", "submitted/ada/week5/week5.ipynb", "ada"),
        ("id,email\nada,Ada@uni.example\n", "ada@uni.example.ipynb", "ada"),
        ("id\nada\n", "Ada (2).ipynb", "ada"),
        ("id\nada\n", "exam_2026_12_01/ada.ipynb", "ada"),
        ("id,lms_user_id\nada,11\n", "byronada_11_4567_week5.ipynb", "ada"),
    ],
)  # fmt: skip
def test_names_of_the_platforms_tell_whose_a_notebook_is(text, name, id, table, tmp_path):
    found, refused = owners([name], table(text), tmp_path)
    assert (list(found.values()), refused) == ([id], {})


ONE_ID = "put the id of one student into the file's name, and no other"


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        (WORKSHEET, moodle("Ada Byron_999"), "the roster has no number 999"),
        (WORKSHEET, moodle("Ada Byron_102"), "in the roster 102 is Eva Østergård-Müller; it may be "
         "that of another assignment"),
        (GRADEBOOK, "nobody_55_4567_week5.ipynb", "the roster has no number 55"),
        (GRADEBOOK, "anon_3f9ab_4567_week5.ipynb", "no student in the roster is called so"),
        ("Vorname;Nachname;E-Mail-Adresse\nA;B;1@x\nA;B;2@x\n", moodle("A B_9"),
         "it fits 1@x and 2@x; Moodle's grading worksheet has the number, 9, that tells them "
         "apart; or collect the file by itself with the student's id as its name"),
        ("id\nada\neva\n", "ada/eva.ipynb", f"it fits ada and eva; {ONE_ID}"),
        ("id,email\nada,a@b.c\neva,a@b.c\n", "a@b.c.ipynb", f"it fits ada and eva; {ONE_ID}"),
        ("id\nada\n", "zed.ipynb", "no student in the roster is called so"),
        ("id\nada\n", "ada_solution.ipynb", "no student in the roster is called so"),
    ],
)  # fmt: skip
def test_what_fits_nobody_or_two_is_refused(text, name, why, table, tmp_path):
    found, refused = owners([name], table(text), tmp_path)
    assert (found, list(refused.values())) == ({}, [why])


def test_what_fits_two_can_be_collected_as_its_note_says(table, tmp_path):
    names = "Full name,Email address\nA B,1@x\nA B,2@x\n"
    assert owners(["1@x.ipynb"], table(names), tmp_path) == ({"1@x.ipynb": "1@x"}, {})
    rows = ["Identifier,Full name,Email address", "Participant 9,A B,1@x", "Participant 8,A B,2@x"]
    found, _ = owners([moodle("A B_9")], table("\n".join(rows)), tmp_path)
    assert found == {moodle("A B_9"): "1@x"}


def test_a_students_zip_cannot_name_another_student(table, tmp_path):
    inner = zipped([(moodle("Eva Østergård-Müller_102"), ""), ("../../x/s3.ipynb", "")])
    clock = (2026, 11, 30, 12, 0, 0)
    path = zipped([(moodle("Ada Byron_101", "hw.zip"), inner, clock)], tmp_path / "a.zip")
    utc = zone_named("UTC")
    found, _ = match(files(path, zone=utc), read_roster(table(WORKSHEET)), name="week5")
    assert {id: len(some) for id, some in found.items()} == {"s1": 2}
    assert {f"{one.time:%d %H:%M}" for one in found["s1"]} == {"30 12:00"}  # not their own clock
    path = zipped([(moodle("Zed_9", "hw.zip"), inner)], tmp_path / "b.zip")
    assert match(files(path), read_roster(table(WORKSHEET)), name="week5")[0] == {}


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (["aaa.ipynb", "week5.ipynb"], "week5.ipynb"),
        (["week5-checkpoint.ipynb", "week5.ipynb"], "week5.ipynb"),
        (["._week5.ipynb", ".ipynb_checkpoints/week5.ipynb", "other.ipynb"],
         "other.ipynb"),
        (["Week5 (1).ipynb.json", "notes.ipynb"], "Week5 (1).ipynb.json"),
        (["hw.zip/week5.ipynb", "readme.txt"], "hw.zip/week5.ipynb"),
    ],
)  # fmt: skip
def test_of_what_came_together_the_assignments_name_counts(names, best, table, tmp_path):
    entries = [(n, "") if ".zip" not in n else ("hw.zip", zipped([("week5.ipynb", "")]))
               for n in names]  # fmt: skip
    path = zipped([(moodle("Ada Byron_101", n), c) for n, c in entries], tmp_path / "a.zip")
    found, _ = match(files(path), read_roster(table(WORKSHEET)), name="week5")
    assert found["s1"][0].shown.endswith(f"file_/{best}")


def test_the_latest_upload_of_canvas_counts(table, tmp_path):
    # Canvas gives all files the time of the download; uploads count upwards.
    names = ["byronada_11_998_week5.ipynb", "byronada_11_1002_week5-1.ipynb"]
    clocks = [(2026, 12, 2, 9, 0, 2), (2026, 12, 2, 9, 0, 0)]
    path = zipped([(n, "", c) for n, c in zip(names, clocks, strict=True)], tmp_path / "c.zip")
    found, _ = match(files(path), read_roster(table(GRADEBOOK)), name="week5")
    assert [one.version for one in found["ada"]] == [1002, 998]


# Rosters


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (WORKSHEET, "utf-8-sig"),
        (WORKSHEET, "utf-16"),
        (WORKSHEET.replace("\n", "\r\n"), "cp1252"),
        ("sep=,\n" + WORKSHEET, "utf-8"),
    ],
)
def test_a_roster_is_read_as_programs_save_it(text, encoding, table):
    students = read_roster(table(text, encoding=encoding), zone=zone_named(BERLIN))
    assert [(one.id, one.first_name, one.last_name) for one in students] == [
        ("s1", "Ada", "Byron"), ("s2", "Eva", "Østergård-Müller"), ("s3", "Bob", "Lee"),
    ]  # fmt: skip
    assert [one.number for one in students] == ["101", "102", "103"]
    assert [str(one.time) for one in students] == [
        "2026-12-01 22:58:00+00:00", "2026-12-01 23:30:00+00:00", "None",
    ]  # fmt: skip
    assert students[1].row["Comments"] == '=HYPERLINK("x")'


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_may_stand_in_any_order(delimiter, table):
    rows = [row[::-1] for row in csv.reader(io.StringIO(GRADEBOOK))]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    students = read_roster(table(text.getvalue()))
    assert [(one.id, one.last_name, one.number) for one in students] == [
        ("ada", "Byron", "11"), ("eva", "Østergård-Müller", "12"), ("bob", "Lee", "13"),
    ]  # fmt: skip


def test_a_worksheet_in_german_is_read(table):
    student, hidden = read_roster(table(
        "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Zuletzt geändert (Abgabe)\n"
        "Teilnehmer/in101;Ada Byron;ada@uni.example;;;Dienstag, 1. Dezember 2026, 23:58\n"
        "Teilnehmer/in 102;;;;;Montag, 2. März 2026, 08:05\n"
    ), zone=zone_named(BERLIN))  # fmt: skip
    assert (student.id, student.number, student.last_name) == ("ada@uni.example", "101", "Byron")
    assert student.time == datetime(2026, 12, 1, 22, 58, tzinfo=UTC)
    assert (hidden.id, hidden.time) == ("102", datetime(2026, 3, 2, 7, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Kurs;Punkte\na;b\n", "has the columns Kurs, Punkte. It needs one of: id, sis login id"),
        ("id,last_name\n../../etc,A\n", "line 2: '../../etc' cannot be the id of a student"),
        ("id\n/etc\n", "'/etc' cannot be"),
        ("id\n*\n", "'*' cannot be"),
        ("id\n..\n", "'..' cannot be"),
        ("id,email\nada,\nAda,\n", "have the same id, 'Ada'"),
        ("id,last_name\nada,Byron,MA\n", "line 2 has 3 values, but there are 2 columns"),
        ("id\n", "has no rows"),
        ("", "has no rows"),
        ("PK\x03\x04", "is no text. Save or export it as CSV."),
        (WORKSHEET.replace("Tuesday, 1 December", "mardi, 1 décembre"),
         "line 2: The time 'mardi, 1 décembre 2026, 11:58 PM' cannot be read"),
    ],
)  # fmt: skip
def test_a_roster_that_cannot_be_used_is_explained(text, said, table):
    with pytest.raises(ValueError) as error:
        read_roster(table(text))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id;due\nada;2026-12-04 23:59\n", None),
        ("due,id\n2026-12-04 17:59 America/New_York,ada\n", None),
        ("id,due\nada,2026-12-04T23:59+01:00\n", None),
        ("id,due\nada,4.12.2026 23:59\n", None),
        ("id,due\nzed,2026-12-04 23:59\n", "line 2: 'zed' is not in the roster."),
        ("id,due\nada,2026-12-04\n", "The time '2026-12-04' cannot be read"),
        ("id,due\nada,2026-12-04 23:59\nada,2026-12-05 23:59\n", "has an extension already"),
        ("student,due\nada,2026-12-04 23:59\n", "has the columns student, due. It needs id and"),
    ],
)
def test_extensions(text, said, table):
    students = read_roster(table("id\nada\n"))
    path = table(text, "more.csv")
    if said is None:
        found = read_extensions(path, students, zone=zone_named(BERLIN))
        assert found == {"ada": datetime(2026, 12, 4, 22, 59, tzinfo=UTC)}
    else:
        with pytest.raises(ValueError, match=said):
            read_extensions(path, students, zone=zone_named(BERLIN))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Friday, 12 June 2026, 12:05 AM", "2026-06-11T22:05"),
        ("Friday, June 12, 2026, 12:05\u202fPM", "2026-06-12T10:05"),
        ("12 Mai 2026, 9:05", "2026-05-12T07:05"),
        ("Sonntag, 25. Oktober 2026, 02:30 Uhr", "2026-10-25T00:30"),  # the first of the two
        ("2026-06-12T09:05Z", "2026-06-12T09:05"),
    ],
)
def test_times_have_the_zone_that_is_named(text, time):
    assert moment(text, zone_named(BERLIN)).isoformat() == f"{time}:00+00:00"


# Archives


def test_a_zip_says_in_two_ways_when_a_file_was_written(tmp_path):
    entry = zipfile.ZipInfo("a.ipynb", (2026, 7, 1, 12, 0, 0))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "")
        stamp = int(datetime(2026, 7, 1, 11, 0, 1, tzinfo=UTC).timestamp())
        entry = zipfile.ZipInfo("b.ipynb", (2026, 7, 1, 12, 0, 0))
        entry.extra = struct.pack("<HHBi", 0x5455, 5, 1, stamp)
        archive.writestr(entry, "")
        archive.writestr(zipfile.ZipInfo("c.ipynb"), "")  # 1980: a program that writes no time
    found = [file.levels[-1][1] for file in files(tmp_path / "a.zip", zone=zone_named(BERLIN))]
    assert [time and f"{time:%H:%M:%S}" for time in found] == ["10:00:00", "11:00:01", None]


@pytest.mark.parametrize("written", ["mü".encode(), "mü".encode("cp437")])
def test_a_zip_that_does_not_say_how_names_are_written(written, tmp_path):
    as_ascii = b"m" + b"_" * (len(written) - 1)
    data = zipped([(f"{as_ascii.decode()}.ipynb", "")]).replace(as_ascii, written)
    (tmp_path / "a.zip").write_bytes(data)
    assert [file.levels[1][0] for file in files(tmp_path / "a.zip")] == ["mü.ipynb"]


def test_hostile_archives_are_refused_and_nothing_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "LIMIT", 1)
    bomb = zipped([("ada.ipynb", bytes(3 * 2**20))])
    deep = zipped([("ada.ipynb", "deep")])
    for _ in range(4):
        deep = zipped([("ada.zip", deep)])
    many = zipped([(f"{number}.zip", bytes(700 * 2**10)) for number in range(2)])
    locked = bytearray(zipped([("ada.ipynb", "x")]))
    locked[6] |= 1
    locked[locked.find(b"PK\x01\x02") + 8] |= 1
    path = zipped([
        ("bomb.zip", bomb), ("large.zip", bytes(2 * 2**20)), ("deep.zip", deep),
        ("many.zip", many),
        ("torn.zip", b"PK\x03\x04"), ("locked.zip", bytes(locked)), ("../../ada.ipynb", "{}"),
    ], tmp_path / "a.zip")  # fmt: skip
    faults = {}
    for file in files(path):
        try:
            fault = file.fault or (read(file) and "")
        except ValueError as error:
            fault = str(error)
        faults[file.levels[1][0]] = fault
    assert faults == {
        "bomb.zip": "has more than 1 MB",
        "large.zip": "has more than 1 MB",
        "deep.zip": "is a zip in 3 others",
        "many.zip": "has zips of more than 1 MB",
        "torn.zip": "cannot be opened (File is not a zip file)",
        "locked.zip": "is locked with a password",
        "../../ada.ipynb": "",
    }
    assert [path.name for path in tmp_path.rglob("*")] == ["a.zip"]


def test_links_in_a_folder_are_not_followed(tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_text(notebook("another's"))
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "ada.ipynb").symlink_to(secret)
    (inbox / "eva").symlink_to(tmp_path)
    assert list(files(inbox)) == []


# The whole


@pytest.mark.slow
def test_moodle_from_the_download_to_the_gradebook(course, table, tmp_path):
    path = zipped([
        (moodle("Ada Byron_101"), notebook("ada")),
        (moodle("Eva Østergård-Müller_102", "hw.zip"),
         zipped([("week5.ipynb.json", notebook("eva"), (1999, 1, 1, 0, 0, 0))])),
        (moodle("Bob Lee_103", "report.pdf"), "%PDF"),
        (moodle("Zed_999"), notebook("zed")),
    ], tmp_path / "download.zip")  # fmt: skip
    done = collect(course, [path], roster=table(WORKSHEET), zone=BERLIN)
    assert submitted(course) == {  # times of the worksheet, not of the zip
        "s1": ("ada", "12-01 22:58:00.000000 UTC"), "s2": ("eva", "12-01 23:30:00.000000 UTC"),
    }  # fmt: skip
    assert list(summary(done, zone=BERLIN)) == [
        "2 of 3 students handed in: 2 new, 0 newer than before, 1 late. 1 missing.",
        "Times: 2 from the roster, read in Europe/Berlin where they name no zone.",
        "Late: s2 (31 min)",
        "Missing: s3",
        "Refused: Zed_999_assignsubmission_file_: the roster has no number 999.",
        "Refused: s3: no notebook, but report.pdf.",
        "Note: s2 handed in week5.ipynb.json, which was taken for a notebook.",
    ]
    written = json.loads((course / "nbgrader" / "collected.json").read_text(encoding="utf-8"))
    one = written["students"]["s2"]
    assert one.pop("came")
    assert one == {
        "first_name": "Eva", "last_name": "Østergård-Müller", "email": "eva@uni.example",
        "platform": dict(zip(*list(csv.reader(io.StringIO(WORKSHEET)))[0:3:2], strict=True)),
        "place": "Eva Østergård-Müller_102_assignsubmission_file_",
        "time": "2026-12-01T23:30:00+00:00", "due": "2026-12-01T22:59:00+00:00", "late": 31 * 60,
    }  # fmt: skip
    missing = written["students"]["s3"]
    assert (missing["time"], missing["place"], missing["late"]) == (None, "", 0)
    with Gradebook(f"sqlite:///{course / 'nbgrader' / 'gradebook.db'}") as book:
        assert {one.id for one in book.students} == {"s1", "s2", "s3", "first"}
        assert book.find_student("s2").last_name == "Østergård-Müller"
        assert book.find_assignment("week5").duedate == DUE.replace(tzinfo=None)
        assert book.assignment_submissions("week5") == []


@pytest.mark.slow
def test_canvas_says_who_is_late_and_not_when(course, table, tmp_path):
    clock = (2026, 12, 9, 8, 0, 0)  # of the download
    path = zipped([
        ("byronada_LATE_11_4567_week5-1.ipynb", notebook("ada"), clock),
        ("østergårdmüllereva_12_4568_week5.ipynb", notebook("eva"), clock),
        ("leebob_LATE_13_4569_week5.ipynb", notebook("bob"), clock),
    ], tmp_path / "submissions.zip")  # fmt: skip
    more = table("id,due\nbob,2026-12-12 12:00\n", "more.csv")
    done = collect(course, [path], roster=table(GRADEBOOK), zone=BERLIN, extensions=more)
    assert {id: one["late"] for id, one in done.students.items()} == {"ada": 1, "eva": 0, "bob": 0}
    assert submitted(course) == {
        "ada": ("ada", "12-01 22:59:01.000000 UTC"), "eva": ("eva", "12-01 22:59:00.000000 UTC"),
        "bob": ("bob", "12-09 07:00:00.000000 UTC"),
    }  # fmt: skip
    assert done.students["ada"]["place"] == "byronada_LATE_11_4567_week5-1"
    database = f"sqlite:///{course / 'nbgrader' / 'gradebook.db'}"
    with Gradebook(database) as book:
        given = book.find_submission("week5", "bob")
        assert given.duedate == datetime(2026, 12, 12, 11, 0)
        assert len(given.notebooks) == 1


@pytest.mark.slow
def test_extensions_stay_until_another_table_is_given(course, table, tmp_path):
    entries = [(f"{id}.ipynb", notebook(id), (2026, 12, 9, 8, 0, 0)) for id in ("ada", "bob")]
    path = zipped(entries, tmp_path / "a.zip")
    roster = table("id\nada\nbob\n")

    def days(rows=None):
        more = rows and table(f"id,due\n{rows}\n", "more.csv")
        done = collect(course, [path], roster=roster, zone=BERLIN, extensions=more)
        with Gradebook(f"sqlite:///{course / 'nbgrader' / 'gradebook.db'}") as book:
            entered = {one.student.id: one.duedate for one in book.assignment_submissions("week5")}
        found = {id: datetime.fromisoformat(one["due"]) for id, one in done.students.items()}
        assert {id: found[id].replace(tzinfo=None) for id in entered} == entered
        return {id: f"{time:%d %H:%M}" for id, time in found.items()}

    assert days("bob,2026-12-12 12:00") == {"ada": "01 22:59", "bob": "12 11:00"}
    assert days() == {"ada": "01 22:59", "bob": "12 11:00"}
    settings = {"name": "week5", "due": "2026-12-03T23:59:00+01:00"}
    (course / "nbgrader" / "assignment.json").write_text(json.dumps(settings))
    assert days() == {"ada": "03 22:59", "bob": "12 11:00"}
    assert days("ada,2026-12-13 12:00") == {"ada": "13 11:00", "bob": "03 22:59"}
    assert days() == {"ada": "13 11:00", "bob": "03 22:59"}


@pytest.mark.slow
def test_run_again_only_newer_notebooks_come_in(course, table, tmp_path):
    roster = table("First name,Last name,ID number\nAda,Byron,s1\nEva,Ohm,s2\nBob,Lee,s3\n")
    ada, eva, bob = moodle("Ada Byron_1"), moodle("Eva Ohm_2"), moodle("Bob Lee_3")
    one, two = (2026, 12, 1, 10, 0, 0), (2026, 12, 2, 10, 0, 0)
    first = zipped([(ada, notebook("1"), one), (eva, notebook("1"), one)], tmp_path / "1.zip")
    second = zipped([(ada, notebook("2"), two), (eva, notebook("1"), two),
                     (bob, notebook("2"), two)], tmp_path / "2.zip")  # fmt: skip
    collect(course, [first], roster=roster, zone=BERLIN)
    marked = course / "nbgrader" / "autograded" / "s1" / "week5"
    marked.mkdir(parents=True)
    done = collect(course, [second], roster=roster, zone=BERLIN)
    after = {
        "s1": ("2", "12-02 09:00:00.000000 UTC"), "s2": ("1", "12-01 09:00:00.000000 UTC"),
        "s3": ("2", "12-02 09:00:00.000000 UTC"),
    }  # fmt: skip
    assert submitted(course) == after
    assert (done.new, done.replaced) == (["s3"], ["s1"])
    kept = course / "nbgrader" / "replaced" / "s1" / "week5-1"
    assert sorted(path.name for path in kept.iterdir()) == [
        "autograded", "timestamp.txt", "week5.ipynb"
    ]  # fmt: skip
    assert '"1"' in (kept / "week5.ipynb").read_text()
    assert not marked.exists()
    for downloads in ([first], [second, first]):
        done = collect(course, downloads, roster=roster, zone=BERLIN)
        assert (submitted(course), done.new, done.replaced) == (after, [], [])
    # By e-mail, after all.
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "s2.ipynb").write_text(notebook("3"))
    os.utime(inbox / "s2.ipynb", (DUE.timestamp() + 3600,) * 2)
    done = collect(course, [inbox], roster=roster, zone=BERLIN)
    assert submitted(course)["s2"] == ("3", "12-01 23:59:00.000000 UTC")
    assert done.students["s2"]["late"] == 3600
    assert done.students["s2"]["place"] == "Eva Ohm_2_assignsubmission_file_"


@pytest.mark.slow
def test_what_came_by_other_ways_is_known_by_its_time(course, table, tmp_path):
    for student, day in (("ada", "01"), ("eva", "03"), ("zed", "01")):
        place = course / "nbgrader" / "submitted" / student / "week5"
        place.mkdir(parents=True)
        (place / "week5.ipynb").write_text(notebook("before"))
        (place / "timestamp.txt").write_text(f"2026-12-{day} 10:00:00 {BERLIN}\n")
    torn = course / "nbgrader" / "submitted" / "gus" / "week5"  # without a notebook
    torn.mkdir(parents=True)
    (torn / "data.csv").write_text("1")
    clock = (2026, 12, 2, 10, 0, 0)
    entries = [(f"{id}.ipynb", notebook("now"), clock) for id in ("ada", "eva", "gus")]
    path = zipped(entries, tmp_path / "a.zip")
    done = collect(course, [path], roster=table("id\nada\neva\ngus\n"), zone=BERLIN)
    assert {id: text for id, (text, _) in submitted(course).items() } == {
        "ada": "now", "eva": "before", "gus": "now", "zed": "before",
    }  # fmt: skip
    assert (done.new, done.replaced) == (["gus"], ["ada"])
    assert submitted(course)["eva"][1] == "12-03 09:00:00.000000 UTC"
    kept = course / "nbgrader" / "replaced"
    assert (kept / "gus" / "week5-1" / "data.csv").read_text() == "1"
    assert done.remarks == [
        "submitted/zed belongs to nobody in the roster, and would be marked. Move that folder "
        "away, or add the student to the roster and collect again."
    ]


@pytest.mark.slow
def test_a_broken_notebook_does_not_replace_one_that_can_be_marked(course, table, tmp_path):
    roster = table("id\nada\n")
    good = zipped([("ada.ipynb", "\ufeff" + notebook("good"))], tmp_path / "1.zip")
    later = (2026, 12, 1, 13, 0, 0)
    for content in ("{", "[]", "<html>", "[" * 200_000, bytes(range(256))):
        bad = zipped([("ada.ipynb", content, later)], tmp_path / "2.zip")
        done = collect(course, [good, bad], roster=roster, zone=BERLIN)
        assert done.refused == {"2.zip/ada.ipynb": "is not a notebook"}
    path = course / "nbgrader" / "submitted" / "ada" / "week5" / "week5.ipynb"
    assert path.read_text(encoding="utf-8") == "\ufeff" + notebook("good")


def everything(course):
    """Return all files of a course with what is in them."""
    return {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_roster_that_fits_nothing_is_refused_and_nothing_is_written(course, table, tmp_path):
    names = [moodle("Zed Zorn_901"), moodle("Yan Yew_902"), moodle("Yan Yew_902", "plan.pdf")]
    path = zipped([(name, notebook("1")) for name in names], tmp_path / "a.zip")
    before = everything(course)
    with pytest.raises(ValueError) as error:
        collect(course, [path], roster=table(WORKSHEET), zone=BERLIN)
    assert str(error.value) == (
        f"Nothing was collected: 2 submissions found, and none fits {tmp_path / 'roster.csv'}. "
        "Zed Zorn_901_assignsubmission_file_: the roster has no number 901. "
        "Is this the roster of this assignment?"
    )
    assert everything(course) == before
    # A student whose files cannot be marked shows that the roster is the right one.
    for name, content in (("plan.pdf", "%PDF"), ("hw.zip", "PK\x03\x04")):
        entries = [(names[0], notebook("1")), (moodle("Ada Byron_101", name), content)]
        path = zipped(entries, tmp_path / "a.zip")
        done = collect(course, [path], roster=table(WORKSHEET), zone=BERLIN)
        assert len(done.refused) == 2
        assert done.students["s1"]["time"] is None


def worksheet(table, time):
    head, ada, *_ = WORKSHEET.splitlines(keepends=True)
    return table(head + ada.replace("Tuesday, 1 December 2026, 11:58 PM", time))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content", "runs"),
    [
        ("week5.ipynb", "", [["1.zip"], ["2.zip"]]),
        ("week5.ipynb", "", [["1.zip", "2.zip"]]),
        ("week5.ipynb", "", [["1.zip"], ["1.zip", "2.zip"]]),
        ("hw.zip", "PK\x03\x04", [["1.zip"], ["2.zip"]]),
        ("hw.zip", "PK\x03\x04", [["1.zip", "2.zip"]]),
        ("plan.pdf", "%PDF", [["1.zip"], ["2.zip"]]),
    ],
)
def test_a_broken_upload_leaves_the_time_of_the_one_before(
    course, table, tmp_path, name, content, runs
):
    clock = (2026, 12, 1, 20, 0, 0)
    zipped([(moodle("Ada Byron_101"), notebook("1"), clock)], tmp_path / "1.zip")
    entry = moodle("Ada Byron_101", name), content, (2026, 12, 2, 20, 0, 0)
    zipped([entry], tmp_path / "2.zip")
    for names in [*runs, runs[-1]]:
        downloads = [tmp_path / one for one in names]
        roster = worksheet(table, f"{names[-1][0]} December 2026, 20:00")
        done = collect(course, downloads, roster=roster, zone=BERLIN)
        assert submitted(course)["s1"] == ("1", "12-01 19:00:00.000000 UTC")
        assert done.students["s1"]["late"] == 0
        assert len(done.refused) == ("2.zip" in names)
    assert done.remarks == ["s1 handed in what is refused; the one of 2026-12-01 20:00 stays."]
    entry = moodle("Ada Byron_101"), notebook("2"), (2026, 12, 3, 9, 0, 0)
    later = zipped([entry], tmp_path / "3.zip")
    roster = worksheet(table, "3 December 2026, 9:05")
    done = collect(course, [later], roster=roster, zone=BERLIN)
    assert submitted(course)["s1"] == ("2", "12-03 08:05:00.000000 UTC")
    assert done.remarks == []


@pytest.mark.slow
def test_what_came_with_a_broken_notebook_has_the_time_of_the_roster(course, table, tmp_path):
    clock = (2026, 12, 1, 20, 0, 0)
    files = (("week5.ipynb", ""), ("other.ipynb", notebook("1")))
    entries = [(moodle("Ada Byron_101", name), content, clock) for name, content in files]
    path = zipped(entries, tmp_path / "a.zip")
    roster = worksheet(table, "1 December 2026, 20:05")
    done = collect(course, [path], roster=roster, zone=BERLIN)
    assert submitted(course)["s1"] == ("1", "12-01 19:05:00.000000 UTC")
    assert len(done.refused) == 1
    assert not any("stays" in one for one in done.remarks)


@pytest.mark.slow
def test_where_the_roster_is_older_than_the_file_the_files_time_counts(course, table, tmp_path):
    def late(clock, time="30 November 2026, 20:00", *, unpacked=False):
        path = zipped([(moodle("Ada Byron_101"), notebook("1"), clock)], tmp_path / "a.zip")
        if unpacked:
            shutil.unpack_archive(path, path := tmp_path / "unpacked")
        os.utime(next(path.rglob("*.ipynb")) if unpacked else path, (DUE.timestamp() + 1e6,) * 2)
        shutil.rmtree(course / "nbgrader" / "submitted", ignore_errors=True)
        done = collect(course, [path], roster=worksheet(table, time), zone=BERLIN)
        return done.students["s1"]["late"], done.remarks

    note = (
        "s1: the roster says 2026-11-30 20:00, but the file is of 2026-12-04 10:00, which counts. "
        "Download the worksheet again."
    )
    hours = 2 * 24 * 3600 + 10 * 3600 + 60
    assert late((2026, 12, 4, 10, 0, 0)) == (hours, [note])
    assert late((2026, 12, 4, 10, 0, 0), "4 December 2026, 10:05") == (hours + 300, [])
    assert late((2026, 12, 1, 19, 59, 0)) == (0, [])  # may be a zone
    # When a zip was unpacked or downloaded says nothing of when its files came.
    assert late((2026, 12, 4, 10, 0, 0), unpacked=True) == (0, [])
    assert late((1980, 1, 1, 0, 0, 0)) == (0, [])


@pytest.mark.slow
def test_an_older_download_leaves_the_time_of_a_newer_notebook(course, table, tmp_path):
    ada, saved = moodle("Ada Byron_101"), []
    for day in (1, 2):
        entries = [(ada, notebook(f"{day}"), (2026, 12, day, 20, 0, 0))]
        saved.append((zipped(entries, tmp_path / f"{day}.zip"), f"{day} December 2026, 20:05"))
    older, newer = saved
    for download, time in (older, newer, older):
        done = collect(course, [download], roster=worksheet(table, time), zone=BERLIN)
    assert submitted(course)["s1"] == ("2", "12-02 19:05:00.000000 UTC")
    assert done.students["s1"]["late"] == 20 * 3600 + 6 * 60
    # The notebook that counts has come again, and the roster has been corrected.
    roster = worksheet(table, "2 December 2026, 20:10")
    collect(course, [newer[0]], roster=roster, zone=BERLIN)
    assert submitted(course)["s1"] == ("2", "12-02 19:10:00.000000 UTC")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.zip", "--roster", "roster.csv"], "There is no nowhere.zip. Give a zip"),
        (["torn.zip", "--roster", "roster.csv"], "torn.zip cannot be opened (File is not a zip"),
        (["ada.ipynb", "--roster", "none.csv"], "none.csv cannot be read: No such file"),
        (["ada.ipynb", "--roster", "roster.csv", "--zone", "Berlin"],
         "There is no time zone 'Berlin'. Give one as Europe/Berlin or UTC."),
        (["ada.ipynb", "--roster", "roster.csv", "--zone", "../etc"], "There is no time zone"),
    ],
)  # fmt: skip
def test_what_cannot_be_collected_is_said(arguments, said, table, tmp_path, monkeypatch, capsys):
    table("id\nada\n"), table("no zip", "torn.zip"), table(notebook("ada"), "ada.ipynb")
    monkeypatch.chdir(tmp_path)
    assert command.main(["collect", "week5", *arguments]) == 1
    assert said in capsys.readouterr().err
    folder = ["collect", "week5", "ada.ipynb", "--roster", "roster.csv"]
    assert command.main(folder) == 1
    assert "week5 has no nbgrader/source" in capsys.readouterr().err


def test_the_page_takes_one_table_in_and_out():
    page = Path(__file__).parents[1] / "book" / "instructors" / "assigning.md"
    steps = page.read_text(encoding="utf-8").partition("## Mark\n")[2]
    assert re.findall(r"--(?:roster|into) (\S+)", steps) == ["worksheet.csv"] * 2
    assert "tell two students of one name apart" in steps


@pytest.mark.slow
def test_the_console_stays_short(course, table, tmp_path, capsys):
    names = [moodle(f"Zed_{number}") for number in range(9000, 9300)]
    entries = [(name, "") for name in names] + [(moodle("Ada Byron_101"), notebook("ada"))]
    path = zipped(entries, tmp_path / "a.zip")
    options = ["--roster", str(table(WORKSHEET)), "--zone", BERLIN]
    assert command.main(["collect", str(course), str(path), *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 25
    assert lines[0] == "1 of 3 students handed in: 1 new, 0 newer than before, 0 late. 2 missing."
    assert lines[-1] == "Refused: 280 more like these."
