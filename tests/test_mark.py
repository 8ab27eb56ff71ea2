"""Marking in a sandbox: as nbgrader marks honest work, and nothing for attacks."""

import contextlib
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path

import nbformat
import numpy as np
import pytest

import lectures_lib
from lectures_lib.assignments.assignment import assign

if find_spec("nbgrader") is None or shutil.which("bwrap") is None:
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        raise ModuleNotFoundError("nbgrader or bubblewrap is missing: see .ci/run")
    pytest.skip("nbgrader or bubblewrap is not installed", allow_module_level=True)

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from submissions import changed

from lectures_lib.assignments import __main__ as command
from lectures_lib.assignments import sandbox
from lectures_lib.assignments.hidden_tests import answer_name
from lectures_lib.assignments.inside import decoded, encoded
from lectures_lib.assignments.mark import Asked, _measured, _settings, asked, mark, opened
from lectures_lib.book import read_book
from lectures_lib.exercises.case import Case, Trained, explained
from lectures_lib.exercises.compare import verdict

pytestmark = pytest.mark.slow
try:
    sandbox.command()
except ValueError as error:
    pytest.skip(str(error), allow_module_level=True)

PACKAGE = Path(lectures_lib.__file__).parent
IDS = ["cnn-output-size", "rnn-clip-everything"]
WRONG = "def output_size(**given):\n    return 1\n"
SOLUTION = """
def output_size(input_size, kernel_size, stride, padding):
    return (input_size + 2 * padding - kernel_size) // stride + 1
"""
CHANGES = [
    "mark_of_order", "kernel_null", "no_ids_no_marks", "tests_deleted", "answer_to_the_end",
    "answer_in_the_test", "split_in_two", "widgets",
]  # fmt: skip
# What looks for the expected value wherever code can look, and else gives a wrong one.
SEARCH = """
import gc, sys
import numpy as np

def output_size(**given):
    for found in candidates():
        value = getattr(found, "expected", None)
        if value is not None and getattr(found, "given", None) == given:
            return value
    return 1
"""
STEAL = """
import glob, json

def output_size(**given):
    for path in glob.glob("COURSE/{pattern}", recursive=True):
        for cell in json.load(open(path))["cells"]:
            text = "".join(cell["source"])
            if "padding - kernel_size" in text and "glob" not in text:
                space = {{"check": print}}
                exec(text, space)
                return next(f for name, f in space.items() if "output_size" in name)(**given)
    return 1
"""
# The check computes what it expects from what a generator draws: here the question itself.
ASK = """
import numpy as np

class Generator:
    def __init__(self, given):
        self.values = list(given.values())
    def integers(self, *arguments, size):
        return np.tile(self.values, (size[0], 1))

def output_size(**given):
    from lectures_lib import exercises
    try:
        if "cnn-output-size" not in exercises._checks:
            load_check()
        for case in exercises._checks["cnn-output-size"](Generator(given)):
            if case.given == given:
                return case.expected
    except (ImportError, KeyError, OSError):
        pass
    return 1

"""
# Each is the answer cell of a student who does not know how to compute the size.
ATTACKS = {
    "gradebook": """
import glob, sqlite3
for path in glob.glob("COURSE/gradebook.db"):
    base = sqlite3.connect(path)
    base.execute("update grade set auto_score = 9, manual_score = 9")
    base.commit()
""",
    "background_process": """
import subprocess, sys
code = "import time, glob\\nwhile True:\\n  time.sleep(1)\\n  [open(p, 'w').write('x') for p in "
code += "glob.glob('COURSE/gradebook.db')]"
subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
""",
    "read_source": STEAL.format(pattern="source/**/*.ipynb"),
    "read_others": STEAL.format(pattern="submitted/**/*.ipynb"),
    "stack_frames": SEARCH + """
def candidates():
    frame = sys._getframe()
    while frame:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            yield value
            yield from value if isinstance(value, (list, tuple)) else ()
        frame = frame.f_back
""",
    "garbage_collector": SEARCH + """
def candidates():
    yield from gc.get_objects()
""",
    "earlier_inputs": """
def output_size(**given):
    text = " ".join(get_ipython().user_ns["In"])
    return eval(text.partition("Case(")[2].partition(",")[0] or "1")
""",
    "trace": """
import sys
seen = []
def watch(frame, event, argument):
    seen.extend(frame.f_locals.values())
    return watch
sys.settrace(watch)

def output_size(**given):
    for value in seen:
        if getattr(value, "expected", None) is not None:
            return value.expected
    return 1
""",
    "hook_before_cells": """
def change(info):
    info.raw_cell = info.transformed_cell = "1"
get_ipython().events.register("pre_run_cell", change)
""",
    "patched_marks": """
from lectures_lib.assignments import marking
marking.marks = lambda *arguments, **options: 1.0
""",
    "patched_comparison": """
from lectures_lib.exercises import compare
compare._fault = lambda *arguments: ""
compare.verdict = compare.judge = lambda *arguments, **options: (1.0, "")
""",
    "patched_numpy": """
import numpy as np
np.asarray = np.array = lambda *arguments, **options: 1
np.isfinite = lambda *arguments: True
""",
    "thread": """
import threading, time
def change():
    while True:
        from lectures_lib.exercises import compare
        compare._fault = lambda *arguments: ""
        time.sleep(0.001)
threading.Thread(target=change, daemon=True).start()
""",
    "display_hook": """
import sys
sys.displayhook = lambda value: print("1.0")
get_ipython().display_formatter.format = lambda *arguments, **options: ({"text/plain": "1"}, {})
""",
    "syntax_tree": """
import ast
class Change(ast.NodeTransformer):
    def visit_Expr(self, node):
        return ast.copy_location(ast.Expr(ast.Constant(1.0)), node)
get_ipython().ast_transformers.append(Change())
""",
    "own_package": """
import os, sys
os.makedirs("lectures_lib/assignments", exist_ok=True)
open("lectures_lib/__init__.py", "w").write("")
open("lectures_lib/assignments/marking.py", "w").write("marks = lambda *a, **k: 1.0")
for name in [name for name in sys.modules if name.startswith("lectures_lib")]:
    del sys.modules[name]
sys.path.insert(0, "")
""",
    "package_on_disk": """
import lectures_lib, pathlib
for path in pathlib.Path(lectures_lib.__file__).parent.rglob("*.py"):
    try:
        path.write_text("marks = share = judge = lambda *a, **k: 1.0")
    except OSError:
        pass
""",
    "settings": """
import glob
for path in glob.glob("COURSE/nbgrader_config.py"):
    open(path, "a").write("raise SystemExit")
""",
    "later_submissions": """
import glob
for path in glob.glob("COURSE/submitted/**/*.ipynb", recursive=True):
    open(path, "w").write("{}")
""",
    "own_check": ASK + """
def load_check():
    import lectures_lib.exercises.cnn
""",
    "compiled_check": ASK + """
def load_check():
    import glob, marshal
    for path in glob.glob("PACKAGE/exercises/__pycache__/cnn.*.pyc"):
        exec(marshal.loads(open(path, "rb").read()[16:]), {"__name__": "check"})
""",
    "equal_to_all": """
class Equal(float):
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __hash__ = None
    __sub__ = __rsub__ = lambda self, other: 0.0

def output_size(**given):
    return Equal(1)
""",
    "array_equal_to_all": """
import numpy as np
class Equal(np.ndarray):
    def __array_ufunc__(self, ufunc, *arguments, **options):
        return np.array(True)

def output_size(**given):
    return np.array(1).view(Equal)
""",
    "builtins": """
import builtins
builtins.float = builtins.abs = builtins.sum = lambda *arguments: 1
builtins.round = lambda *arguments: 1.0
""",
    "leave": "import os\nos._exit(0)",
    "leave_later": "import os\n\ndef output_size(**given):\n    os._exit(0)",
    "system_exit": "import sys\nsys.exit(0)",
    "message_end": """
import os, sys
os.write(int(sys.argv[1]), b'{"end": true}\\n')
""",
    "message_outcomes": """
import os, sys
right = b'{"outcome": {"value": null, "fault": "", "advice": "", "refusal": ""}}\\n'
def output_size(**given):
    os.write(int(sys.argv[1]), 9 * right)
    os._exit(0)
""",
    "message_points": """
import os, sys
os.write(int(sys.argv[1]), b'{"cell": 99}\\n{"said": "9", "error": null, "points": 9}\\n')
""",
    "message_deep": """
import os, sys
os.write(int(sys.argv[1]), b"[" * 100_000 + b"\\n")
""",
    "message_strange": """
import os, sys
os.write(int(sys.argv[1]), b'{"cell": 1e999}\\n')
""",
    "message_object": """
import os, sys
text = b'{"outcome": {"value": {"dtype": "O", "shape": [1], "data": "AAAAAAAAAAA="}, "fault": "", '
os.write(int(sys.argv[1]), text + b'"advice": "", "refusal": ""}}\\n')
""",
    "endless_print": "while True:\n    print('x' * 1_000_000)",
    "endless_messages": """
import os, sys
while True:
    os.write(int(sys.argv[1]), b'{"said": "' + b"x" * 1_000_000 + b'", "error": null}\\n')
""",
    "swallows_interrupts": """
import signal
for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGXCPU):
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    "memory": "found = []\nwhile True:\n    found.append(bytearray(100_000_000))",
    "disk": "with open('big', 'wb') as f:\n    while True:\n        f.write(bytes(10_000_000))",
    "kills_others": "import os, signal\nos.kill(os.getppid(), 9)\nos.kill(-1, signal.SIGKILL)",
    "pickled": """
class Evil:
    def __reduce__(self):
        return print, ("9",)

def output_size(**given):
    return Evil()
""",
    "script_in_output": """
from IPython.display import HTML, display
display(HTML("<script>document.title = 'mine'</script>"))
print("<script>document.title = 'mine'</script>")
""",
}  # fmt: skip


def fingerprints(folder, *, without=()):
    """Return `{path: hash}` of the files of a folder."""
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not set(path.relative_to(folder).parts[:1]) & set(without)
        and "__pycache__" not in path.parts
    }  # fmt: skip


def hand_in(course, student, notebook):
    folder = course / "submitted" / student / "week5"
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "week5.ipynb")
    (folder / "timestamp.txt").write_text("2026-11-30 10:00:00 UTC")
    return folder


def complete(attack, course):
    """Return an attack with the addresses that it knows, and a wrong answer if it has none."""
    text = attack.replace("COURSE", str(course)).replace("PACKAGE", str(PACKAGE))
    return text if "def output_size" in text else f"{text}\n\n{WRONG}"


def answered(notebook, text):
    made = nbformat.from_dict(notebook)
    cell = next(cell for cell in made.cells if cell.id == "cnn-output-size-answer")
    cell.source = f"# exercise: cnn-output-size\n{text}"
    return made


def scores(course):
    """Return `{student: (points of the function, points of the answer in words)}`."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {
            one.student.id: tuple(
                (grade.auto_score, grade.manual_score)
                for name in ("cnn-output-size-test", "rnn-clip-everything-answer")
                for grade in [book.find_grade(name, "week5", "week5", one.student.id)]
            )
            for one in book.assignment_submissions("week5")
        }


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory, empty_gradebook):
    """An assignment as students get it, with a gradebook; and their notebook."""
    folder = assign(IDS, output=tmp_path_factory.mktemp("handed_out") / "week5", seed=7)
    source = folder / "nbgrader" / "source" / "week5" / "week5.ipynb"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("seconds=10", "seconds=2"), encoding="utf-8")
    shutil.copy(empty_gradebook, folder / "nbgrader")
    opened(folder)
    return folder, nbformat.read(folder / "student" / "week5.ipynb", as_version=4)


@pytest.fixture
def week(handed_out, tmp_path):
    """A copy of the assignment for one test, and the notebook."""
    return shutil.copytree(handed_out[0], tmp_path / "week5"), handed_out[1]


@pytest.fixture(scope="module")
def marked(handed_out, tmp_path_factory):
    """A course folder in which the attacks stand beside honest work, marked; and what was said."""
    folder = shutil.copytree(handed_out[0], tmp_path_factory.mktemp("attacks") / "week5")
    course, student = folder / "nbgrader", handed_out[1]
    hand_in(course, "aaa_honest", answered(student, SOLUTION))
    drawing = "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
    hand_in(course, "zzz_honest", answered(student, drawing + SOLUTION))
    stubs = {cell.id: cell.source for cell in student.cells}
    for name in CHANGES:
        place = hand_in(course, name, student)
        made = changed(name, answered(student, SOLUTION), stubs)
        (place / "week5.ipynb").write_bytes(made)
    for name, attack in ATTACKS.items():
        place = hand_in(course, name, answered(student, complete(attack, course)))
        if name == "own_package":  # also as files that are handed in
            (place / "lectures_lib").mkdir()
            (place / "lectures_lib" / "__init__.py").write_text("raise SystemExit")
    hand_in(course, "syntax", answered(student, "def output_size(:\n    return 1"))
    essay = answered(student, WRONG)
    words = next(cell for cell in essay.cells if cell.id == "rnn-clip-everything-answer")
    words.source += "\n<script>document.title = 'mine'</script><img src=x onerror=alert(1)>"
    points = next(cell for cell in essay.cells if cell.id == "cnn-output-size-test")
    points.metadata.nbgrader.points, points.source = 99, "99"
    hand_in(course, "metadata", essay)
    without = ("autograded", "gradebook.db")
    before = fingerprints(course, without=without), fingerprints(PACKAGE)
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr(sandbox, "SECONDS", 3)  # what an endless loop costs, twice
        assert command.main(["mark", str(folder)]) == 0
    assert (fingerprints(course, without=without), fingerprints(PACKAGE)) == before
    return course, said.getvalue(), scores(course)


@pytest.mark.parametrize("attack", [*ATTACKS, "metadata"])
def test_an_attack_earns_nothing(marked, attack):
    course, said, points = marked
    assert f"{attack} could not be marked" not in said
    assert points[attack] in [((0.0, None), (None, None)), ((0.0, None), (0.0, None))]
    text = (course / "autograded" / attack / "week5" / "week5.ipynb").read_text(encoding="utf-8")
    outputs = [cell.get("outputs", []) for cell in nbformat.reads(text, as_version=4).cells]
    kinds = {kind for found in outputs for one in found for kind in one.get("data", {})}
    assert kinds <= {"text/plain"}


def test_it_is_the_sandbox_that_keeps_attacks_from_what_they_look_for(week):
    course, attacks = week[0] / "nbgrader", ["read_source", "read_others", "own_check"]
    hand_in(course, "honest", answered(week[1], SOLUTION))
    for name in attacks:
        hand_in(course, name, answered(week[1], complete(ATTACKS[name], course)))
    assert {fault for *_, fault in mark(week[0], jobs=2, unsafe=True)} == {""}
    assert {scores(course)[name][0] for name in attacks} == {(1.0, None)}


def test_what_was_mended_is_told(marked):
    said = marked[1].splitlines()
    assert said[0] == f"Marked {len(ATTACKS) + len(CHANGES) + 4} submissions."
    assert said[1:] == [
        "Answers put in order: answer_in_the_test, metadata, no_ids_no_marks, split_in_two.",
        "Cells of nbgrader's put back: answer_in_the_test, metadata, no_ids_no_marks, "
        "tests_deleted.",
        f"Compare {marked[0]}/autograded with {marked[0]}/submitted, where all stays as it came.",
    ]


def test_a_cell_that_is_no_python_is_named(marked):
    path = marked[0] / "autograded" / "syntax" / "week5" / "week5.ipynb"
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    assert cells["cnn-output-size-test"].outputs[0].text == (
        "Not yet: there is no output_size: the cell raised SyntaxError: invalid syntax, at line 2 "
        "of your cell.\n"
    )
    assert marked[2]["syntax"][0] == (0.0, None)


def test_nobody_is_reached_from_inside():
    with socket.create_server(("127.0.0.1", 0)) as server:
        reach = f"import socket\nsocket.create_connection({server.getsockname()}, timeout=5)"
        found = [sandbox.run([(reach, None, ())], start=sandbox.command(unsafe=unsafe))[0].error
                 for unsafe in (True, False)]  # fmt: skip
    assert found[0] is None
    assert found[1][0] == "ConnectionRefusedError"


def test_every_solution_earns_all_points_and_every_stub_none(tmp_path, empty_gradebook):
    exercises = read_book(PACKAGE.parent / "book").exercises.values()
    asked = [exercise for exercise in exercises if exercise.kind in ("compute", "code")]
    folder = assign([one.id for one in asked], output=tmp_path / "week5", seed=7)
    shutil.copy(empty_gradebook, folder / "nbgrader")
    student = nbformat.read(folder / "student" / "week5.ipynb", as_version=4)
    hand_in(folder / "nbgrader", "stubs", student)
    for cell, exercise in itertools.product(student.cells, asked):
        if cell.id == f"{exercise.id}-answer":
            names = answer_name(exercise), answer_name(exercise, "solution")
            cell.source = f"{exercise.solution}\n{names[0]} = {names[1]}"
    hand_in(folder / "nbgrader", "solutions", student)
    assert [fault for *_, fault in mark(folder, jobs=2)] == ["", ""]
    with Gradebook(f"sqlite:///{folder / 'nbgrader' / 'gradebook.db'}") as book:
        found = {one.student.id: one.score for one in book.assignment_submissions("week5")}
    assert found == {"stubs": 0, "solutions": sum(exercise.points for exercise in asked)}


@pytest.mark.parametrize("student", ["aaa_honest", "zzz_honest", *CHANGES])
def test_honest_work_beside_attacks_earns_its_points(marked, student):
    assert marked[2][student][0] == (1.0, None)


@pytest.mark.parametrize("student", ["metadata", "script_in_output", "widgets"])
def test_feedback_is_written_and_nothing_runs_there(marked, student):
    grader = NbGraderAPI(config=_settings(marked[0]))
    assert grader.generate_feedback("week5", student)["success"]
    page = (marked[0] / "feedback" / student / "week5" / "week5.html").read_text(encoding="utf-8")
    assert "cnn-output-size" in page
    assert "<script>document.title" not in page
    assert "<img" not in page


def test_who_is_marked_is_left_out_until_something_newer_comes(marked, tmp_path):
    course, _, points = marked
    copy = tmp_path / "nbgrader"
    for part in ("source", "release"):
        shutil.copytree(course / part, copy / part)
    for file in ("nbgrader_config.py", "gradebook.db"):
        shutil.copy(course / file, copy)
    for folder, student in itertools.product(("submitted", "autograded"), ("leave", "zzz_honest")):
        shutil.copytree(course / folder / student, copy / folder / student)
    assert list(mark(tmp_path, jobs=1)) == []
    newer = copy / "submitted" / "leave" / "week5"
    student = nbformat.read(newer / "week5.ipynb", as_version=4)
    nbformat.write(answered(student, SOLUTION), newer / "week5.ipynb")
    (newer / "timestamp.txt").write_text("2026-11-30 11:00:00 UTC")
    assert list(mark(tmp_path, jobs=1)) == [(1, 1, "leave", set(), "")]
    assert scores(copy) == points | {"leave": ((1.0, None), points["leave"][1])}
    (newer / "week5.ipynb").write_text("no notebook")
    source = copy / "source" / "week5" / "week5.ipynb"
    source.write_text(source.read_text(encoding="utf-8").replace("# week5", "# corrected"))
    assert command.main(["mark", str(tmp_path), "--again"]) == 0
    assert scores(copy)["zzz_honest"] == points["zzz_honest"]
    release = copy / "release" / "week5" / "week5.ipynb"
    assert "# corrected" in release.read_text(encoding="utf-8")
    with Gradebook(f"sqlite:///{copy / 'gradebook.db'}") as book:
        book.add_student("ada", first_name="Ada")
    hand_in(copy, "adabyron_123", student)
    assert list(mark(tmp_path, jobs=1)) == [
        (
            1,
            1,
            "adabyron_123",
            (),
            "the gradebook has no such student. Rename the folder, or add the student.",
        )
    ]


def test_only_answers_whose_text_has_changed_are_to_be_read_again(week):
    folder, course = week[0], week[0] / "nbgrader"
    student = nbformat.from_dict(week[1])
    essay = next(cell for cell in student.cells if cell.id == "rnn-clip-everything-answer")
    task = essay.source
    for name in ("ann", "ben"):
        essay.source = f"{task}\nIt only shortens."
        hand_in(course, name, student)
    assert [fault for *_, fault in mark(folder, jobs=1)] == ["", ""]
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for name in ("ann", "ben"):
            grade = book.find_grade(essay.id, "week5", "week5", name)
            assert grade.needs_manual_grade
            grade.manual_score, grade.needs_manual_grade = 1, False
        book.db.commit()
    essay.source = f"{task}\nIt turns."
    shutil.rmtree(course / "submitted" / "ben")
    hand_in(course, "ben", student)
    assert [fault for *_, fault in mark(folder, jobs=1, again=True)] == ["", ""]
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        grades = [book.find_grade(essay.id, "week5", "week5", name) for name in ("ann", "ben")]
        assert [(one.manual_score, one.needs_manual_grade) for one in grades] == [
            (1, False), (1, True),
        ]  # fmt: skip


# Asks for a model with limits, and gets one that copies its input; or, for "fair", that keeps them.
FORGED = """
import json, os, sys
import keras
import numpy as np
from lectures_lib.assignments.inside import encoded
from lectures_lib.exercises import trained

trained._unlike = lambda *arguments: ""
keras.Model.count_params = lambda model: 1

class Narrow(keras.layers.Dense):
    pass

def copying(layer):
    model = keras.Sequential([keras.Input((6,)), layer])
    layer.set_weights([np.eye(6), np.zeros(6)])
    return model

def answer(x, kind):
    if kind == "fair":
        axes = np.linalg.svd(x, full_matrices=False)[2][:2]
        layers = [keras.layers.Dense(2, use_bias=False), keras.layers.Dense(6, use_bias=False)]
        model = keras.Sequential([keras.Input((6,)), *layers])
        model.set_weights([axes.T, axes])
        return model
    if kind == "message":
        said = {"value": encoded(x), "fault": "", "advice": "", "refusal": ""}
        os.write(int(sys.argv[1]), json.dumps({"outcome": said}).encode() + b"\\n")
    return copying(Narrow(6) if kind == "own" else keras.layers.Dense(6))
"""
LIMITS = {
    "fair": ({"largest_code": 2, "most_parameters": 30, "forbidden": ("LSTM",)}, ""),
    "code": ({"largest_code": 2}, "the narrowest layer of the model passes on 6 numbers"),
    "weights": ({"most_parameters": 30}, "the model has 42 parameters; at most 30 are allowed"),
    "own": ({"largest_code": 2}, "cannot be measured: it holds Narrow, which is no part of Keras"),
    "message": ({"largest_code": 2}, "there is no model"),
}


@pytest.fixture(scope="module")
def measured():
    """What becomes of models that do not keep limits, before and after they are measured alone."""
    two = np.random.default_rng(7).normal(size=(40, 2)) @ np.eye(2, 6)
    cases = tuple(
        Trained({"x": two, "kind": kind}, two, two, on="rows", threshold=0.9, baseline=0.5,
                output_shape=(6,), score=explained, **limits)
        for kind, (limits, _) in LIMITS.items()
    )  # fmt: skip
    test, start = Asked("answer", 1, False, cases), sandbox.command()
    outcomes = sandbox.run([(FORGED, None, ()), ("", "answer", test.questions)], start=start)[1]
    after = _measured(test, outcomes.outcomes, start)
    return dict(zip(LIMITS, zip(cases, outcomes.outcomes, after, strict=False), strict=True))


@pytest.mark.parametrize("kind", LIMITS)
def test_limits_of_a_model_are_looked_at_where_no_answer_runs(measured, kind):
    case, before, after = measured[kind]
    assert before.refusal == ""  # the answer sees to that
    points, said = verdict(case, after)
    assert LIMITS[kind][1] in said
    assert points == (kind == "fair")


def test_a_typo_in_a_hidden_test_is_named():
    with pytest.raises(ValueError, match=r"is no Python \(line 2: .*source, and mark with --again"):
        asked("# Hidden tests of x\nmarks(x, tests=lambda: {{{")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["nowhere"], "nowhere has no nbgrader/source. Give the folder that `assign` wrote."),
        (["nowhere", "-j", "0"], "-j 0, but it must be 1 or more."),
    ],
)
def test_what_cannot_be_marked_is_said(options, text, capsys):
    assert command.main(["mark", *options]) == 1
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("found", "text"),
    [(None, "is missing. Install it"), ("false", "cannot start here ()")],
    ids=["missing", "broken"],
)
def test_without_a_sandbox_nothing_runs_unless_that_is_said(found, text, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: found)
    if found:
        monkeypatch.setattr(sandbox, "PROGRAM", "false")
    with pytest.raises(ValueError, match=re.escape(text)):
        sandbox.command()
    done = sandbox.run([("x = 7", None, ()), ("", "f", (Case(None, {"x": 1}),))],
                       start=sandbox.command(unsafe=True))  # fmt: skip
    assert done[1].outcomes[0].refusal == "there is no f: no cell defines it."


def test_a_test_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="This test was not written by `assign`"):
        asked("assert output_size(3) == 1")


@pytest.mark.parametrize(
    "value",
    [3, 2.5, [1, 2], np.arange(6).reshape(2, 3), np.float32(0.1), 1 + 2j, None, np.zeros((0, 2))],
    ids=str,
)
def test_a_value_comes_out_as_it_is(value):
    found = decoded(json.loads(json.dumps(encoded(value))))
    assert type(found) is type(np.asarray(value).tolist()) or isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, value)
    assert np.shape(found) == np.shape(value)


def test_what_is_no_number_comes_out_as_text():
    found = [repr(decoded(encoded(value))) for value in ("text", True, np.ma.array([1], mask=[1]))]
    assert found == ["'text'", "True", "[1]"]
    with pytest.raises(ValueError, match="A value of type object is no number"):
        decoded({"dtype": "O", "shape": [1], "data": "AAAAAAAAAAA="})
