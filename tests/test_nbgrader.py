"""An assignment goes through the real nbgrader, with what students hand in."""

import contextlib
import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

from lectures_lib.assignments import __main__ as command
from lectures_lib.assignments import sandbox
from lectures_lib.assignments.assemble import Assignment, notebook
from lectures_lib.assignments.assignment import assign
from lectures_lib.assignments.quoting import Quoting
from lectures_lib.book import read_book

if find_spec("nbgrader") is None:
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        raise ModuleNotFoundError("nbgrader is missing: pip install -r requirements.txt")
    pytest.skip("nbgrader is not installed", allow_module_level=True)

from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from traitlets.config import Config

pytestmark = pytest.mark.slow

IDS = ["cnn-output-size", "cnn-choose-cell", "rnn-step", "rnn-clip-everything"]
NAMES = {"cnn-output-size": "output_size", "cnn-choose-cell": "choose", "rnn-step": "step"}
SECONDS = 30  # for a cell; a loop in a function ends after 10


def source(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def answer(notebook, exercise, text):
    source(notebook, f"{exercise}-answer").source = f"# exercise: {exercise}\n{text}"


def right(notebook):
    text = "<!-- exercise: rnn-clip-everything -->\nIt never makes a gradient longer."
    source(notebook, "rnn-clip-everything-answer").source = text
    for name, exercise in SOLUTIONS.items():
        answer(notebook, name, f"{exercise.solution}\n{NAMES[name]} = {NAMES[name]}_solution")


def wrong(notebook):
    right(notebook)
    answer(notebook, "cnn-output-size", "def output_size(**sizes):\n    return 1")
    # An infinite loss is taken for a good one: right for all new inputs, but for two of the four
    # that the check shows.
    lines = [
        "def choose(validation, losses):",
        "    counted = np.where(np.isnan(losses), -1, validation)",
        "    column = np.argwhere(counted == counted.max())[:, 1].max()",
        "    return np.argmax(counted[:, column]), column",
    ]
    answer(notebook, "cnn-choose-cell", "\n".join(lines))


def empty(notebook):
    pass


def untouched(notebook):
    """As `empty`, but from the file that is handed out without nbgrader."""


def own_names(notebook):
    """What the tests once called theirs, a `round` of one's own, and every value shown."""
    right(notebook)
    cell = source(notebook, "cnn-output-size-answer")
    cell.source += "\nhidden = drawn = cases = compare = Case = importlib = -1\nround = int"
    cell.source += "\nget_ipython().ast_node_interactivity = 'all'"


def stripped(notebook):
    right(notebook)
    for cell in notebook.cells:
        cell.metadata.clear()


def syntax_error(notebook):
    right(notebook)
    answer(notebook, "cnn-output-size", "def output_size(:\n    return 1")


def endless_loop(notebook):
    right(notebook)
    text = "import time\n\n\ndef output_size(**sizes):\n    while True:\n        time.sleep(0.1)"
    answer(notebook, "cnn-output-size", text)


def killed_kernel(notebook):
    right(notebook)
    text = "import os\n\n\ndef output_size(**sizes):\n    os._exit(1)"
    answer(notebook, "cnn-output-size", text)


def duplicated_cell(notebook):
    right(notebook)
    for role in ("answer", "test"):
        cell = source(notebook, f"cnn-output-size-{role}")
        twin = nbformat.from_dict({**cell, "id": f"twin-{role}"})
        notebook.cells.insert(notebook.cells.index(cell), twin)


def deleted_cell(notebook):
    right(notebook)
    for role in ("answer", "check", "test"):
        notebook.cells.remove(source(notebook, f"cnn-output-size-{role}"))


def edited_test(notebook):
    wrong(notebook)
    for name in NAMES:
        source(notebook, f"{name}-check").source = "print('Right: all cases agree.')"
        source(notebook, f"{name}-test").source = "10"


SUBMISSIONS = [
    right, wrong, empty, syntax_error, endless_loop, killed_kernel, duplicated_cell, deleted_cell,
    edited_test, untouched, own_names, stripped,
]  # fmt: skip
AS_FILE = {right, untouched}
BOOK = read_book()
SOLUTIONS = {name: exercise for name, exercise in BOOK.exercises.items() if name in NAMES}


def nbgrader(folder, *arguments):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    # nbgrader starts `alembic` by its name: the page says to activate the environment.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"JUPYTER_PREFER_ENV_PATH": "1", "PATH": path}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def page():
    """Return the part of the instructors' page about marking."""
    text = (BOOK.folder / "instructors" / "assigning.md").read_text(encoding="utf-8")
    return text.partition("## Mark\n")[2]


def ours(verb):
    """Return the arguments of a command of the page."""
    line = re.search(rf"^python -m lectures_lib.assignments ({verb} .+)$", page(), re.MULTILINE)
    return shlex.split(line[1])


@pytest.fixture(scope="module")
def course(tmp_path_factory, empty_gradebook):
    """A course folder after all that the page says: its path, and what each command said."""
    folder = assign(IDS, output=tmp_path_factory.mktemp("course") / "week5", seed=7) / "nbgrader"
    shutil.copy(empty_gradebook, folder)
    said = {"generate_assignment": nbgrader(folder, "generate_assignment", "week5")}
    release = nbformat.read(folder / "release" / "week5" / "week5.ipynb", as_version=4)
    student = nbformat.read(folder.parent / "student" / "week5.ipynb", as_version=4)
    inbox = folder / "inbox"
    inbox.mkdir()
    for change in SUBMISSIONS:  # handed out by nbgrader, or as a file
        notebook = nbformat.from_dict(student if change in AS_FILE else release)
        change(notebook)
        nbformat.write(notebook, inbox / f"{change.__name__}.ipynb")
    shutil.make_archive(folder.parents[1] / "download", "zip", inbox)
    rows = ["id", *(change.__name__ for change in SUBMISSIONS), "missing"]
    collect = ours("collect")
    roster = folder.parents[1] / collect[collect.index("--roster") + 1]
    roster.write_text("\n".join(rows), encoding="utf-8")
    with contextlib.chdir(folder.parents[1]):
        assert command.main(collect) == 0
    for line in re.findall(r"^nbgrader (.+)$", page(), re.MULTILINE):
        limit = [f"--Execute.timeout={SECONDS}"] if line.startswith("autograde") else []
        said[line] = nbgrader(folder, *shlex.split(line), *limit)
    return folder, said


def test_every_command_ends_well(course):
    for name, result in course[1].items():
        assert result.returncode == 0, f"{name}: {result.stderr[-3000:]}"


def test_what_is_released_has_no_solution(course):
    release = (course[0] / "release" / "week5" / "week5.ipynb").read_text(encoding="utf-8")
    for text in ("SOLUTION", "HIDDEN", "_solution", "Case(", "Rubric"):
        assert text not in release
    notebook = nbformat.reads(release, as_version=4)
    stub = SOLUTIONS["cnn-output-size"].answer
    assert source(notebook, "cnn-output-size-answer").source.strip() == stub


POINTS = [
    ("right", 4),
    ("wrong", 2),  # half of two points, and one
    ("empty", 0),
    ("syntax_error", 3),
    ("endless_loop", 3),
    ("killed_kernel", 3),
    ("duplicated_cell", 4),
    ("deleted_cell", 3),
    ("edited_test", 2),
    ("missing", 0),
]
MORE = [("untouched", 0), ("own_names", 4), ("stripped", 0)]


@pytest.mark.parametrize(("student", "score"), POINTS + MORE)
def test_points(course, student, score):
    """Two of six points are for a person to give."""
    with (course[0] / "grades.csv").open(encoding="utf-8") as table:
        rows = {row["student_id"]: row for row in csv.DictReader(table)}
    assert float(rows[student]["score"]) == score
    assert float(rows[student]["max_score"]) == 6
    assert bool(rows[student]["timestamp"]) == (student != "missing")


def test_a_sandbox_gives_the_same_marks(course, tmp_path, monkeypatch, capsys, empty_gradebook):
    try:
        sandbox.command()
    except ValueError as error:
        pytest.skip(str(error))
    copy = tmp_path / "week5" / "nbgrader"
    for part in ("source", "submitted"):
        shutil.copytree(course[0] / part, copy / part)
    for path in (course[0] / "nbgrader_config.py", empty_gradebook):
        shutil.copy(path, copy)
    source = copy / "source" / "week5" / "week5.ipynb"
    source.write_text(source.read_text("utf-8").replace("seconds=10", "seconds=2"), "utf-8")
    to_mark, to_report = ours("mark"), ours("report")
    monkeypatch.chdir(tmp_path)
    assert command.main(to_mark) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Marked 12 submissions.",
        "An answer is missing or does not count, as `inspect` says: deleted_cell.",
        "Answers put in order: stripped.",
        "Cells of nbgrader's put back: deleted_cell, edited_test, stripped.",
        "Compare week5/nbgrader/autograded with week5/nbgrader/submitted, where all stays as it "
        "came.",
    ]
    with Gradebook(f"sqlite:///{copy / 'gradebook.db'}") as book:
        found = {one.student.id: one.score for one in book.assignment_submissions("week5")}
    assert found | {"missing": 0} == dict(POINTS + MORE) | {"stripped": 4}
    Path("worksheet.csv").write_text("ID number,Grade,Maximum grade\nwrong,,12\n")
    assert command.main(to_report) == 1
    assert "Unread: deleted_cell, duplicated_cell," in capsys.readouterr().err
    assert command.main([*to_report, "--anyway"]) == 0
    marks = Path("marks")
    assert (marks / "worksheet.csv").read_text().endswith("\nwrong,4.00,12\n")
    text = (marks / "class.html").read_text(encoding="utf-8")
    assert "1 student: the function did not end within 2 s, for input_size=32" in text


def test_the_page_says_what_came_out(course):
    table = page().partition("### What ten submissions came to")[2].partition("###")[0]
    told = re.findall(r"^\| [^|]+ \| ([\d.]+) \|", table, re.MULTILINE)
    assert [float(points) for points in told] == [score for _, score in POINTS]
    assert {"generate_assignment", "autograde", "generate_feedback", "export"} <= {
        line.split()[0] for line in course[1]
    }


@pytest.mark.parametrize(
    ("student", "text"),
    [
        ("right", "Right: 6 cases agree."),
        ("wrong", "Not yet: the function gives 1, expected 32, for input_size=32"),
        ("empty", "nothing is filled in yet"),
        ("syntax_error", "SyntaxError"),
        ("endless_loop", "the function did not end within 10 s, for input_size=32"),
        ("killed_kernel", "This cell ended the kernel."),
    ],
)
def test_feedback_says_what_was_wrong(course, student, text):
    page = course[0] / "feedback" / student / "week5" / "week5.html"
    assert text in re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))


def test_answers_in_words_wait_for_a_person(course):
    url = f"sqlite:///{course[0] / 'gradebook.db'}"
    with Gradebook(url) as book:
        waiting = {
            student: book.find_submission("week5", student).needs_manual_grade
            for student in ("right", "empty", "untouched")
        }
    assert waiting == {"right": True, "empty": False, "untouched": False}


def test_every_exercise_is_released_as_it_is_handed_out(monkeypatch):
    """What nbgrader cuts out of its source leaves the student's notebook, to the letter.

    Which tests these are does not matter; to write them, every network is trained.
    """
    monkeypatch.setattr("lectures_lib.assignments.assemble.hidden_tests", lambda *_: "1 + 1")
    chosen, prose = tuple(BOOK.exercises.values()), Quoting(BOOK)
    student, cut = (
        notebook(Assignment("All", chosen, 7), prose, install="1", view=view)
        for view in ("student", "nbgrader")
    )
    settings = Config()
    config = files("lectures_lib.assignments").joinpath("nbgrader_config.txt")
    exec(config.read_text(encoding="utf-8"), {"get_config": lambda: settings})
    for step in (ClearSolutions, ClearHiddenTests):
        cut, _ = step(config=settings).preprocess(cut, {})
    for cell, other in zip(student.cells, cut.cells, strict=True):
        assert (cell.id, cell.source) == (other.id, other.source)
        assert cell.metadata.get("nbgrader") == other.metadata.get("nbgrader")


def test_a_file_is_what_nbgrader_releases(course):
    release = nbformat.read(course[0] / "release" / "week5" / "week5.ipynb", as_version=4)
    student = nbformat.read(course[0].parent / "student" / "week5.ipynb", as_version=4)
    assert [(c.id, c.source) for c in student.cells] == [(c.id, c.source) for c in release.cells]
    said = next(result for name, result in course[1].items() if name.startswith("autograde"))
    parts = re.split(r"Converting notebook \S+/submitted/(\w+)/", said.stderr)[1:]
    changed = {  # besides the cells into which nbgrader puts the hidden tests back
        student
        for student, text in zip(parts[::2], parts[1::2], strict=True)
        for cell in re.findall(r"for cell (\S+) has changed", text)
        if not cell.endswith("-test")
    }
    assert changed == {"edited_test"}


def test_the_inbox_is_inspected_before(course, capsys):
    assert command.main(["inspect", str(course[0].parent), str(course[0] / "inbox")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "deleted_cell.ipynb lacks an answer to cnn-output-size. Ask the student.",
        "11 of 12 notebooks have all answers where they count.",
    ]
