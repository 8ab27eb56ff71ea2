"""What leaves after marking: marks, the platform's file, feedback, a page on the class."""

import csv
import datetime
import io
import json
import os
import re
import shutil
import zipfile
from html.parser import HTMLParser
from importlib.util import find_spec

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from lectures_lib.assignments import __main__ as command
from lectures_lib.assignments.assignment import assign

if find_spec("nbgrader") is None:
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        raise ModuleNotFoundError("nbgrader is missing: pip install -r requirements.txt")
    pytest.skip("nbgrader is not installed", allow_module_level=True)

from nbgrader.api import Gradebook

from lectures_lib.assignments.class_page import class_page
from lectures_lib.assignments.platform_file import entered
from lectures_lib.assignments.results import Results, Student
from lectures_lib.exercises.running import NOTHING

pytestmark = pytest.mark.slow

IDS = ["cnn-output-size", "cnn-choose-cell", "rnn-clip-everything"]
CELLS = ["cnn-output-size-test", "cnn-choose-cell-test", "rnn-clip-everything-answer"]
DAY = datetime.datetime(2026, 12, 1, 22)


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory, empty_gradebook):
    """The notebook that nbgrader keeps, after `assign` and with a gradebook."""
    course = assign(IDS, output=tmp_path_factory.mktemp("made") / "week5", seed=7) / "nbgrader"
    shutil.copy(empty_gradebook, course)
    path = course / "source" / "week5" / "week5.ipynb"
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        book.add_assignment("week5", duedate=DAY)
        book.add_notebook("week5", "week5")
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            mark = cell.metadata.get("nbgrader", {})
            if mark.get("grade"):
                book.add_grade_cell(mark["grade_id"], "week5", "week5", cell_type=cell.cell_type,
                                    max_score=mark["points"])  # fmt: skip
            if mark.get("solution"):
                book.add_solution_cell(mark["grade_id"], "week5", "week5")
    return course, notebook


def copied(handed_out, folder):
    """Return a course folder of one's own, and its notebook."""
    return shutil.copytree(handed_out[0].parent, folder / "week5") / "nbgrader", handed_out[1]


def marked(course, notebook, student, points, *, said=(), change=None, late=0, **names):
    """Enter a submission as `mark` leaves it; `None` is an answer that nobody has read."""
    time = DAY + datetime.timedelta(seconds=late)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        book.update_or_create_student(student, **names)
        book.update_or_create_submission("week5", student, timestamp=time)
        for cell, value in zip(CELLS, points, strict=True):
            grade = book.find_grade(cell, "week5", "week5", student)
            by = "manual_score" if cell.endswith("answer") else "auto_score"
            setattr(grade, by, value)
            grade.needs_manual_grade = value is None
        book.db.commit()
    copy = nbformat.from_dict(json.loads(json.dumps(notebook)))
    texts = dict(zip(CELLS, said, strict=False))
    for cell in copy.cells:
        if cell.id in texts:
            cell.outputs = [new_output("stream", text=f"{texts[cell.id]}\n"),
                            new_output("execute_result", data={"text/plain": "1.0"})]  # fmt: skip
    if change:
        change(copy)
    for part in ("submitted", "autograded"):
        folder = course / part / student / "week5"
        folder.mkdir(parents=True)
        nbformat.write(copy, folder / "week5.ipynb")
        (folder / "timestamp.txt").write_text(f"{time:%Y-%m-%d %H:%M:%S.%f} UTC")


HOSTILE = """<!-- exercise: rnn-clip-everything -->
If $a<b$ and a < b, then **never** longer.

| norm | clipped |
|---|---|
| 3 | 1 |

<script>document.title = "mine"</script>
<img src=x onerror="document.title = 'mine'"> <svg onload=alert(1)></svg>
<iframe srcdoc="<script>alert(1)</script>"></iframe> <style>body { display: none }</style>

[one](javascript:alert(1)) ![five](javascript:alert(1))
<a href="java&#115;cript:alert(1)" onclick=alert(1)>two</a>
[three](data:text/html;base64,PHNjcmlwdD4=) <a href=" JaVaScript:alert(1)">four</a>

![photo](attachment:a.png) ![lost](attachment:none.png)
![far](https://evil.example/a.png) ![out](/logout) <img src="//evil.example/b.png">

<form action="https://evil.example">
<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext>
</math> <noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
"""
PHOTO = "iVBORw0KGgo="
SCRIPT = "<script>document.title = 'mine'</script>"
STRANGE = {
    "text/html": SCRIPT,
    "image/svg+xml": f"<svg>{SCRIPT}</svg>",
    "application/javascript": "document.title = 'mine'",
    "application/vnd.jupyter.widget-view+json": {"model_id": SCRIPT},
}


def hostile(notebook):
    """Put scripts wherever a notebook holds text."""
    for cell in notebook.cells:
        cell.metadata["tags"] = ['"><script>alert(1)</script>']
        cell.metadata["transient"] = {"remove_source": True}
        if cell.id == "rnn-clip-everything-answer":
            cell.source = HOSTILE.replace("![lost](attachment:none.png)", "")
            cell.attachments = {"a.png": {"image/png": PHOTO}}
        if cell.id == "cnn-choose-cell-test":
            cell.metadata.nbgrader.update(points=99, score=99, task=True, comment=HOSTILE)
        if cell.id == "cnn-output-size-answer":
            cell.source = f"# exercise: cnn-output-size\nprint({SCRIPT!r})"
            cell.outputs = [
                new_output("stream", text=f"{SCRIPT}\x1b[31m{SCRIPT}\n"),
                new_output("display_data", data=STRANGE),
                new_output("display_data", data={"text/plain": SCRIPT, "text/latex": SCRIPT}),
                new_output("error", ename=SCRIPT, evalue=SCRIPT, traceback=[SCRIPT]),
            ]
    notebook.cells += [
        new_raw_cell(SCRIPT), new_markdown_cell(HOSTILE),
        new_markdown_cell("x", metadata={"nbgrader": {"solution": True, "grade_id": SCRIPT}}),
    ]  # fmt: skip
    state = {"application/vnd.jupyter.widget-state+json": {"state": {}, "x": SCRIPT}}
    notebook.metadata.update(
        widgets=state, title=SCRIPT, language_info={"name": SCRIPT, "pygments_lexer": SCRIPT}
    )


SAID = {
    "right": ["Right: all cases agree."] * 2,
    "one": ["Not yet: the function gives 31, expected 32, for n=4.\nNot yet: secret 77."],
    "two": ["Not yet: the function gives 30, expected 32, for n=4."],
    "name": [f"Not yet: the function raised NameError, at line 2: `{SCRIPT}`."],
}
COLLECTED = {
    "ada": {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.org", "late": 0,
            "place": "Ada Byron_12345_assignsubmission_file_", "time": "2026-12-01T21:00:00+00:00",
            "platform": {"Identifier": "Participant 12345"}},
    "bo": {"first_name": "=Bo", "last_name": "<b>Øre</b>", "email": "bo@example.org", "late": 5400,
           "place": "orebo_LATE_123_4567_week5-1", "platform": {}},
    "eva": {"first_name": "Eva", "last_name": "Late", "email": "", "late": 0, "place": "",
            "time": None, "due": None, "platform": {}},
}  # fmt: skip


@pytest.fixture(scope="module")
def week(handed_out, tmp_path_factory):
    """An assignment with a student of each status."""
    folder = tmp_path_factory.mktemp("Übung #1")
    course, notebook = copied(handed_out, folder)
    marked(course, notebook, "ada", [1, 2, 1.5], said=SAID["right"])
    marked(course, notebook, "bo", [0, 0.5, 0], said=SAID["one"], change=hostile)
    marked(course, notebook, "cy", [0, 2, None], said=SAID["two"], late=3600, last_name="Unread")
    marked(course, notebook, "di", [0, 0, 0], said=SAID["name"])
    marked(course, notebook, "gil", [1, 2, 2], said=SAID["right"])
    (course / "submitted" / "gil" / "week5" / "timestamp.txt").write_text("2026-12-02 10:00:00 UTC")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        book.update_or_create_student("fay", first_name="Fay")
    folder = course / "submitted" / "hal" / "week5"
    folder.mkdir(parents=True)
    (folder / "week5.ipynb").write_text("no notebook")
    (course / "collected.json").write_text(json.dumps({"students": COLLECTED}))
    return course.parent


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(text):
    return {row["id"]: row for row in csv.DictReader(io.StringIO(text))}


def told(week, place, *options):
    return command.main(["report", str(week), "--to", str(place), *options])


@pytest.fixture(scope="module")
def left(week, tmp_path_factory):
    """What leaves, with the hidden tests and without."""
    places = [tmp_path_factory.mktemp("left") / "marks" for _ in range(2)]
    before = files(week)
    assert told(week, places[0], "--anyway") == 0
    assert told(week, places[1], "--anyway", "--hide-tests") == 0
    assert files(week) == before
    names = {"marks.csv", "feedback.zip", "class.html", ".gitignore"}
    assert [{path.name for path in place.iterdir()} for place in places] == [names] * 2
    return places


def pages(place):
    with zipfile.ZipFile(place / "feedback.zip") as made:
        return {name: made.read(name).decode() for name in made.namelist()}


def test_what_is_not_marked_stays_unless_that_is_said(week, tmp_path, capsys):
    before = files(week)
    assert told(week, tmp_path / "marks") == 1
    assert capsys.readouterr().err == (
        "error: Not all is marked. Unread: cy; read them in formgrader. Failed or not marked yet: "
        "gil, hal; run `mark` again. Or let the rest leave with --anyway.\n"
    )
    assert list(tmp_path.iterdir()) == []
    assert files(week) == before


@pytest.mark.parametrize(
    ("handed_in", "steps"), [(False, "Run `collect`, and then `mark`,"), (True, "Run `mark`,")]
)
def test_before_anything_is_marked_the_next_step_is_said(
    handed_out, tmp_path, capsys, handed_in, steps
):
    course, notebook = copied(handed_out, tmp_path)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        book.update_or_create_student("fay", first_name="Fay")
    if handed_in:
        folder = course / "submitted" / "fay" / "week5"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "week5.ipynb")
    assert told(course.parent, tmp_path / "marks", "--anyway") == 1
    assert f"Nothing of week5 is marked yet. {steps}" in capsys.readouterr().err
    assert not (tmp_path / "marks").exists()


def test_without_a_gradebook_the_next_step_is_said(tmp_path, capsys):
    course = assign(IDS[:1], output=tmp_path / "week5", seed=7)
    assert told(course, tmp_path / "marks") == 1
    assert "Run `collect`, and then `mark`." in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["week5"]


def test_each_student_has_a_row_with_status(left):
    text = (left[0] / "marks.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbfid,first_name,last_name,")
    found = rows(text.decode("utf-8-sig"))
    columns = ("cnn-output-size", "cnn-choose-cell", "rnn-clip-everything", "sum", "status",
               "late (h)")  # fmt: skip
    assert {name: tuple(row[column] for column in columns) for name, row in found.items()} == {
        "ada": ("1", "2", "1.5", "4.5", "marked", ""),
        "bo": ("0", "0.5", "0", "0.5", "marked", "1.5"),
        "cy": ("0", "2", "", "2", "unread", "1.0"),
        "di": ("0", "0", "0", "0", "marked", ""),
        "eva": ("", "", "", "", "missing", ""),
        "fay": ("", "", "", "", "missing", ""),
        "gil": ("", "", "", "", "failed", ""),
        "hal": ("", "", "", "", "failed", ""),
    }
    assert (found["ada"]["first_name"], found["bo"]["first_name"]) == ("Ada", "'=Bo")


def test_feedback_has_the_names_of_the_platform(left):
    assert set(pages(left[0])) == {
        "Ada Byron_12345_assignsubmission_file_/week5.html", "orebo_LATE_123_4567_week5-1.html",
        "cy/week5.html", "di/week5.html",
    }  # fmt: skip


def plain(page):
    return re.sub(r"<[^>]+>", "", page)


def test_feedback_says_what_was_wrong_or_hides_it(left):
    shown, hidden = (pages(place)["orebo_LATE_123_4567_week5-1.html"] for place in left)
    assert "the function gives 31, expected 32" in plain(shown)
    assert "Case(32, " in plain(shown)
    for text in ("expected 32", "secret", "marking", "Case("):
        assert text not in plain(hidden)
    assert "Hidden tests of cnn-output-size\n" in plain(hidden)
    assert "Not yet.\n" in plain(hidden)
    assert "Right.\n" in plain(pages(left[1])["Ada Byron_12345_assignsubmission_file_/week5.html"])
    for page in (shown, hidden):
        assert "week5 (Score: 0.5 / 5.0)" in plain(page)


@pytest.mark.parametrize("hide", [0, 1])
def test_an_answer_that_nobody_has_read_has_no_score(left, hide):
    made = {name: plain(page) for name, page in pages(left[hide]).items()}
    page = made.pop("cy/week5.html")
    assert "week5 (Score: 2.0 so far / 5.0)" in page
    assert "Written response (Score: not read yet / 2.0)" in page
    assert page.count("Score: not read yet / 2.0") == 2  # at the top, and above the answer
    assert page.count("Score: 0.0 / 1.0") == 2  # a test that failed
    for other in made.values():
        assert "not read yet" not in other and "so far" not in other
    assert "Written response (Score: 0.0 / 2.0)" in made["di/week5.html"]


class Elements(HTMLParser):
    """Collects the elements of a page, with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@pytest.mark.parametrize("hide", [0, 1])
def test_nothing_of_a_student_runs_as_script(left, hide):
    made = pages(left[hide])
    page = made["orebo_LATE_123_4567_week5-1.html"]
    found, other = (Elements(made[name]).found for name in (
        "orebo_LATE_123_4567_week5-1.html", "di/week5.html"
    ))  # fmt: skip
    active = {"script", "iframe", "object", "embed", "svg", "style", "form", "link", "base",
              "meta", "noscript", "input", "button"}  # fmt: skip
    of_nbgrader = [one for one in other if one[0] in active]
    assert {tag for tag, _ in of_nbgrader} == {"style", "meta"}
    assert [one for one in found if one[0] in active] == of_nbgrader
    assert not re.search(r"src=.?https?:|url\(.?https?:|@import", page)  # to read offline
    for tag, attributes in found:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, attributes)
            address = re.sub(r"\s", "", value or "").lower()
            assert not address.startswith(("javascript:", "data:text", "data:image/svg")), value
            assert name != "src" or re.match(r"data:image/|\w*$", address), value
    assert any(one == ("img", {"src": f"data:image/png;base64,{PHOTO}", "alt": "photo"})
               for one in found)  # fmt: skip
    assert ("strong", {}) in found and "</math> and a &lt; b" in page
    # The student's other formula is in a cell that is shown as text.
    assert page.count("<mi>a</mi><mo>&lt;</mo><mi>b</mi>") == 1
    assert all(set(given) == {"xmlns", "display"} for tag, given in found if tag == "math")
    assert ("details", {}) in found  # a hint
    assert page.count("<th>clipped</th>") == 1
    assert page.count("| norm | clipped |") == 1  # the cell that names a lost picture stays text
    assert "&lt;script&gt;document.title = 'mine'&lt;/script&gt;" in page


def test_the_page_on_the_class_counts(left):
    page = (left[0] / "class.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<body>")[2]))
    for status, number in (
        ("marked", 3),
        ("unread", 1),
        ("failed", 2),
        ("missing", 2),
        ("late", 2),
    ):
        assert re.search(rf" {status} [a-z, ]+ {number} ", text), status
    assert "the 3 who are marked have 1.67 in the mean, and 0.50 in the median" in text
    assert "cnn-output-size Right: 25% of 4 answers. Mean: 0.25 of 1 point." in text
    assert "rnn-clip-everything Right: 0% of 3 answers. Mean: 0.50 of 2 points." in text
    assert "2 students: the function gives 30, expected 32, for n=4. 1 student: the fun" in text
    assert "secret" not in text
    assert SCRIPT not in page and "&lt;script&gt;" in page
    assert {tag for tag, _ in Elements(page).found}.isdisjoint({"script", "link", "img", "b"})


def sentences(tmp_path, monkeypatch, said):
    """Return the text of the page on a class whose first mistakes in one exercise are these."""
    students = []
    for number, text in enumerate(said):
        students.append(Student(f"s{number}", status="marked", points={"a-test": 0.0}))
        cell = new_code_cell(outputs=[new_output("stream", text=f"Not yet: {text}\n")])
        cell.metadata["nbgrader"] = {"grade_id": "a-test"}
        nbformat.write(new_notebook(cells=[cell]), tmp_path / f"s{number}.ipynb")
    monkeypatch.setattr(Results, "notebook", lambda self, one: tmp_path / f"{one.id}.ipynb")
    page = class_page(Results("week5", {"a-test": {"grade": True, "points": 1}}, students, None))
    return plain(page.partition("point.</p>")[2].replace("</p>", " ").replace("</li>", " "))


def test_what_is_left_empty_is_no_mistake(tmp_path, monkeypatch):
    text = sentences(tmp_path, monkeypatch, [NOTHING, "it sinks.", NOTHING, NOTHING])
    assert text.split("\n")[0] == "3 left it empty. 1 student: it sinks. "


def test_mistakes_beyond_the_commonest_are_counted(tmp_path, monkeypatch):
    """What is equally common is in the order of the sentences, whoever made them."""
    said = ["e.", "d.", "c.", "b.", "a.", "e.", "c, for x=7.", "c, for x=4.", "c, for x=4."]
    text = "3 students: c, for x=4. 2 students: e. 1 student: a. and 3 others (3 students) \n"
    for order in (said, said[::-1]):
        assert sentences(tmp_path, monkeypatch, order).startswith(text)
    assert "other" not in sentences(tmp_path, monkeypatch, ["a.", "b.", "c."])
    assert "and 1 other (1 student)" in sentences(tmp_path, monkeypatch, ["a.", "b.", "c.", "d."])


def test_nothing_is_overwritten_and_nothing_left_behind(week, tmp_path, capsys):
    (tmp_path / "marks").mkdir()
    assert told(week, tmp_path / "marks", "--anyway") == 1
    assert "is there already" in capsys.readouterr().err
    (tmp_path / "sheet.csv").write_text("Identifier,Points\nParticipant 12345,\n")
    assert told(week, tmp_path / "new", "--anyway", "--into", str(tmp_path / "sheet.csv")) == 1
    assert "Columns are 'Identifier', 'Points'." in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"marks", "sheet.csv"}
    assert told(tmp_path, tmp_path / "new") == 1
    assert "has no nbgrader/source" in capsys.readouterr().err


MOODLE = (
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum grade",'
    '"Grade can be changed","Last modified (submission)","Last modified (grade)",'
    '"Feedback comments"\r\n'
    '"Participant 12346","Bo ""B"" Øre",,bo@example.org,"Submitted for grading - 1 hour late",'
    '"{bo}",5.00,Yes,"Tuesday, 1 December 2026, 11:30 PM",-,"line one\nline two, ""quoted"""\r\n'
    'Participant 12345,"Ada Byron",7,ADA@example.org,"For grading",{ada},5.00,Yes,-,-,\r\n'
    'Participant 12348,Unknown,9,unknown@example.org,"No submission",3.25,5.00,Yes,-,-,\r\n'
    'Participant 12347,"Eva Late",8,eva@example.org,"No submission",,5.00,Yes,-,-,\r\n'
)
GERMAN = (
    "\ufeffID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung\n"
    "Teilnehmer/in12345;Ada Byron;;Abgegeben;{ada};100,00\n"
    "Teilnehmer/in12346;Bo Øre;bo@example.org;Abgegeben;{bo};100,00"
)
CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Week 4 (98764),Week 5 (98765),Final Score\n"
    ",,,,,,Manual Posting,\n"
    "    Points Possible,,,,,5.00,10.00,(read only)\n"
    '"Byron, Ada",123,,ada@example.org,"A, B",3.00,{ada},70\n'
    '"Øre, Bo",124,124,bo@example.org,A,,{bo},\n'
    '"Late, Eva",125,,eva,A,,N/A,\n'
    '"Student, Test",999,,0a1b,A,,,'
)
PLATFORMS = {
    "moodle": (MOODLE, {"ada": "4.50", "bo": "0.50"}),
    "german": (GERMAN, {"ada": "90,00", "bo": "10,00"}),
    "canvas": (CANVAS, {"ada": "9.00", "bo": "1.00"}),
    "tabs": (MOODLE.replace(",", "\t"), {"ada": "4.50", "bo": "0.50"}),
    "commas": (MOODLE.replace("5.00", '"5,00"'), {"ada": '"4,50"', "bo": "0,50"}),
    "no maximum": (CANVAS.replace("10.00", ""), {"ada": "4.50", "bo": "0.50"}),
}


def class_of(**platform):
    """Return results of Ada and Bo, who are marked, and of Eva, who is missing."""
    students = [
        Student("ada", "Ada", "Byron", "Ada@Example.org", platform.get("ada", {}),
                "Ada Byron_12345_assignsubmission_file_", status="marked", points={"a": 4.5}),
        Student("bo", "Bo", "Øre", "bo@example.org", platform.get("bo", {}), status="unread",
                points={"a": 0.5, "b": None}),
        Student("eva", "Eva", "Late", "eva@example.org", {}),
    ]  # fmt: skip
    marks = {"a": {"grade": True, "points": 3}, "b": {"grade": True, "points": 2}}
    return Results("week5", marks, students, None)


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "latin-1"])
def test_only_the_marks_of_a_platform_change(name, encoding):
    text, marks = PLATFORMS[name]
    text = text.replace("\ufeff", "") if encoding == "latin-1" else text
    text = "\ufeff" + text.removeprefix("\ufeff") if encoding == "utf-16-le" else text
    given = text.format(ada="", bo="").encode(encoding)
    data, notes = entered(given, class_of())
    assert data.decode(encoding) == text.format(**marks)
    scaled = {"german": "100", "canvas": "10"}.get(name)
    assert any("scaled" in note for note in notes) == bool(scaled)
    assert not scaled or any(f"from 5 points to {scaled}" in note for note in notes)
    assert notes[0].startswith("2 marks entered into ")


def test_ids_of_the_list_decide_before_the_id_of_the_gradebook():
    """Bo's number in one system may be Ada's in another."""
    table = "Student,ID,SIS User ID,Section,week5 (1)\nA,124,55,x,\nB,55,124,x,\nC,9,9,x,\n"
    people = class_of(ada={"ID": "124", "SIS User ID": "55"}, bo={"ID": "55", "SIS User ID": 124})
    data, _ = entered(table.encode(), people)
    assert data.decode().splitlines()[1:] == ["A,124,55,x,4.50", "B,55,124,x,0.50", "C,9,9,x,"]


def test_who_is_left_over_is_said():
    text = "Identifier,Email address,Grade\nParticipant 12345,,EX\nParticipant 3,,\n"
    data, notes = entered(text.encode(), class_of())
    assert data.decode() == text
    assert notes == [
        "0 marks entered into 'Grade'.",
        "The platform's file has no row for Bo Øre.",
        "Ada Byron keeps EX.",
    ]


@pytest.mark.parametrize("old", ["", "-", "3.00", "EX"])
@pytest.mark.parametrize(
    ("column", "no"),
    [("Grade can be changed", "No"), ("Bewertung kann geändert werden", "Nein")],
)
def test_a_mark_that_is_locked_stays(column, no, old):
    text = f"Identifier,Grade,{column}\nParticipant 12345,{old},{no}\n"
    other = "Participant 12346,{},Yes\n"
    people = class_of(bo={"Identifier": "Participant 12346"})
    data, notes = entered((text + other.format("")).encode(), people)
    assert data.decode() == text + other.format("0.50")
    said = "Kept, as the file says that the grade cannot be changed: Ada Byron."
    assert notes == ["1 mark entered into 'Grade'.", "Ada Byron keeps EX." if old == "EX" else said]


@pytest.mark.parametrize(
    ("ada", "bo", "number"),
    [("", "-", None), ("4.5", "0.50", None), ("4.50", "0", "1 mark"), ("3", "pass", "2 marks")],
)
def test_marks_that_are_replaced_are_counted(ada, bo, number):
    data, notes = entered(MOODLE.format(ada=ada, bo=bo).encode(), class_of())
    assert data.decode() == MOODLE.format(ada="4.50", bo="0.50")
    said = [f"{number} replaced: another one stood there."] if number else []
    assert notes == ["2 marks entered into 'Grade'.", *said]


def test_a_column_can_be_named():
    text = "Email address,Grade,Bonus\nada@example.org,1,\n"
    data, _ = entered(text.encode(), class_of(), column="Bonus")
    assert data == b"Email address,Grade,Bonus\nada@example.org,1,4.50\n"


@pytest.mark.parametrize(
    ("text", "column", "error"),
    [
        ("Identifier,Points\n", None, "no column for the marks of week5. Name one with --column. "
         "Columns are 'Identifier', 'Points'."),
        ("Student,ID,Section,Week 5 (1),week5 (2)\n", None, "more than one column for the marks"),
        ("Student,ID,Section,Week 6 (1)\n", None, "'Section', 'Week 6 (1)'."),
        ("ID,Grade\n", "Points", "no column for the marks of Points."),
        ("Identifier,Grade,Scale\n", None, "marks this assignment by a scale"),
        ("Full name,Grade\n", None, "--into: no column says who the students are"),
        ("", None, "no column for the marks"),
        ("Group,ID number,Grade\nA,7,\n", None, "'7' in the column 'id number' fits ada and bo."),
    ],
)  # fmt: skip
def test_what_cannot_be_entered_is_said(text, column, error):
    people = class_of(ada={"ID number": "7"}, bo={"ID number": "7"})
    with pytest.raises(ValueError, match=re.escape(error)):
        entered(text.encode(), people, column=column)


@pytest.mark.parametrize("text", [MOODLE, GERMAN, CANVAS])
def test_only_a_column_of_marks_can_be_named(text):
    """The platform's own columns are refused, also where the assignment has such a name."""
    given = text.format(ada="", bo="")
    names = next(csv.reader([given.removeprefix("\ufeff").splitlines()[0]],
                            delimiter=";" if text == GERMAN else ","))  # fmt: skip
    fit = {"Grade", "Bewertung", "Week 4 (98764)", "Week 5 (98765)"}
    for name in names:
        if name in fit:
            assert entered(given.encode(), class_of(), column=name)
            continue
        with pytest.raises(ValueError, match=re.escape(f"the column {name!r} is the platform's")):
            entered(given.encode(), class_of(), column=name)
    people = Results("Section", class_of().marks, class_of().students, None)
    with pytest.raises(ValueError, match="the column 'Section' is the platform's own"):
        entered(CANVAS.encode(), people)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"PK\x03\x04Identifier,Grade\n", "is no text. Save or export it as CSV."),
        (b"Identifier\0,Grade\n", "is no text. Save or export it as CSV."),
        (None, "cannot be read: No such file or directory."),
    ],
)
def test_a_file_that_is_no_table_is_said(week, tmp_path, capsys, data, error):
    sheet = tmp_path / "moodle.zip"
    if data:
        sheet.write_bytes(data)
    assert told(week, tmp_path / "new", "--anyway", "--into", str(sheet)) == 1
    assert capsys.readouterr().err == f"error: {sheet} {error}\n"
    assert not (tmp_path / "new").exists()


def test_the_file_of_the_platform_comes_back_by_name(week, tmp_path, capsys):
    sheet = tmp_path / "marks.csv"
    sheet.write_bytes(MOODLE.format(ada="", bo="").encode())
    assert told(week, tmp_path / "new", "--anyway", "--into", str(sheet)) == 0
    assert (tmp_path / "new" / "platform-marks.csv").read_bytes() == MOODLE.format(
        ada="4.50", bo="0.50"
    ).encode()
    said = capsys.readouterr().out
    assert "8 students (3 marked, 1 unread, 2 not marked, 2 missing)" in said
    assert "has no row for di, Unread." in said
