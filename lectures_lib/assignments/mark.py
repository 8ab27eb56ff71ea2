"""Mark an assignment: students' code runs in a sandbox, points are computed outside, by nbgrader.

nbgrader puts its own cells back, keeps the gradebook and the marked notebooks; only its step that
executes cells is another one.
"""

import ast
import os
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_output
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade, is_locked, is_solution
from sqlalchemy.exc import SAWarning
from traitlets.config import PyFileConfigLoader

from lectures_lib.assignments import sandbox
from lectures_lib.assignments.clean import cleaned, mended
from lectures_lib.assignments.folder import course_of
from lectures_lib.assignments.handed_in import Unreadable, read
from lectures_lib.assignments.marking import draw
from lectures_lib.assignments.models import Packed, limited
from lectures_lib.exercises import Case, Trained
from lectures_lib.exercises.compare import graded

__all__ = ["mark", "opened"]

LOST = "an answer is missing or does not count, as `inspect` says"
# nbgrader relates objects before it adds them to a session, and SQLAlchemy says so each time.
warnings.filterwarnings("ignore", category=SAWarning, module=r"nbgrader\.")


@dataclass(frozen=True)
class Asked:
    """What a cell of `hidden_tests` asks: which name, for how many points, which cases."""

    name: str
    points: float
    whole: bool
    cases: tuple

    @property
    def questions(self):
        """The cases without what is expected."""
        return [
            replace(case, labels=None, score=None, bands=(), on="")
            if isinstance(case, Trained)
            else replace(case, expected=None, hint="", mistakes={})
            for case in self.cases
        ]


def asked(source):
    """Return the `Asked` that stands in a cell.

    Raises:
        ValueError: If `assign` did not write it.
    """
    try:
        call = ast.parse(source).body[-1].value
        given = {option.arg: option.value for option in call.keywords}
        tests = eval(compile(ast.Expression(given["tests"]), "hidden tests", "eval"))
        points, whole = (ast.literal_eval(given[name]) for name in ("points", "whole"))
        return Asked(call.args[0].id, points, whole, tuple(tests(np, Case, draw)))
    except SyntaxError as error:
        raise ValueError(
            f"This hidden test is no Python (line {error.lineno}: {error.msg}): {source[:80]!r}. "
            "Correct it in the notebook under source, and mark with --again."
        ) from error
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(
            f"This test was not written by `assign`, and cannot be marked apart from the answers: "
            f"{source[:80]!r}. Mark with nbgrader itself: nbgrader autograde."
        ) from error


class Marked(NotebookExporter):
    """Gives nbgrader the cleaned notebook of a student, and then the outputs of its code."""

    notebook, outputs = None, ()

    def from_file(self, file_stream, resources=None, **options):
        made = self.notebook
        if Path(file_stream.name).parents[2].name != "submitted":  # it has all its cells by now
            made = nbformat.read(file_stream, as_version=4)
            code = [cell for cell in made.cells if cell.cell_type == "code"]
            for number, (cell, outputs) in enumerate(zip(code, self.outputs, strict=True), start=1):
                cell.outputs, cell.execution_count = outputs, number
        return self.from_notebook_node(made, resources, **options)


def mark(folder, *, jobs, unsafe=False, again=False):
    """Mark what lies in `nbgrader/submitted`.

    Yields `(number, of how many, student, what was mended, fault)`. Who is marked already is left
    out, except for a newer submission, or with `again`. A fault is why nothing of a student could
    be marked, or an empty text.

    With `again` the tests are taken anew from the source, too.

    Raises:
        ValueError: If the folder holds no assignment or no submission, a test is not one of
            `assign`, or no sandbox can start.
    """
    course, name, grader = opened(folder, anew=again)
    source = course / "source" / name
    start = sandbox.command(
        [path for path in source.iterdir() if path.suffix != ".ipynb"], unsafe=unsafe
    )
    students = sorted(grader.get_submitted_students(name))
    if not students:
        raise ValueError(f"{course / 'submitted'} holds no submission of {name}. Collect them.")
    left = set() if again else grader.get_autograded_students(name)
    todo = [student for student in students if student not in left]
    release = course / "release" / name / f"{name}.ipynb"
    handed_out = nbformat.read(release, as_version=4)
    known = _roster(grader) or students
    # Before threads start: CPython 3.11 fails where two read Python at a time.
    tests = _tests(name, handed_out, grader)
    run = partial(_run, handed_out=handed_out, tests=tests, known=known, start=start)
    with ThreadPoolExecutor(jobs) as pool:
        try:
            paths = [_path("submitted", name, student, grader) for student in todo]
            done = pool.map(run, paths)
            for number, (student, one) in enumerate(zip(todo, done, strict=True), start=1):
                Marked.notebook, mends, Marked.outputs, fault = one
                yield number, len(todo), student, mends, fault or _autograde(name, student, grader)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def opened(folder, *, anew=False):
    """Return the course folder of an assignment, its name, and nbgrader, ready to mark.

    What is released is made where it is missing, or `anew`.

    Raises:
        ValueError: If the folder holds no assignment.
    """
    course, source, _ = course_of(folder)
    name = source.parent.name
    # nbgrader starts `alembic` by its name.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    grader = NbGraderAPI(config=_settings(course))
    release = course / "release" / name / f"{name}.ipynb"
    if anew or not all(made.exists() for made in (release, course / "gradebook.db")):
        fault = _fault(grader.generate_assignment(name))
        if fault:
            raise ValueError(f"nbgrader cannot make the version that is handed out: {fault}")
    return course, name, grader


def _settings(course):
    """Return the settings of a course folder, without the step that executes cells."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    steps = config.Autograde.autograde_preprocessors
    config.Autograde.autograde_preprocessors = [
        step for step in steps if isinstance(step, str) or not issubclass(step, Execute)
    ]
    config.Autograde.exporter_class = Marked
    config.CourseDirectory.root = str(course)
    return config


def _roster(grader):
    """Return the ids of the students, if a list of them was read; `mark` enters bare ids."""
    with Gradebook(grader.coursedir.db_url) as book:
        students = list(book.students)
        named = any(one.first_name or one.last_name or one.email for one in students)
        return {one.id for one in students} if named else set()


def _tests(name, handed_out, grader):
    """Return `{cell: Asked}` of the hidden tests, as nbgrader keeps them."""
    cells = [cell for cell in handed_out.cells if is_grade(cell) and not is_solution(cell)]
    with Gradebook(grader.coursedir.db_url) as book:
        found = [(cell.id, book.find_source_cell(cell.id, name, name).source) for cell in cells]
    return {cell: asked(source) for cell, source in found}


def _path(step, name, student, grader):
    return Path(grader.coursedir.format_path(step, student, name), f"{name}.ipynb")


def _answers(name, student, grader):
    """Return `{cell: text}` of what a student wrote for people to mark, as it was marked last."""
    path = _path("autograded", name, student, grader)
    cells = nbformat.read(path, as_version=4).cells if path.exists() else ()
    answers = [cell for cell in cells if is_grade(cell) and is_solution(cell)]
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in answers}


def _grades(book, name, student):
    """Return a student's grades that somebody entered."""
    try:
        grades = book.find_submission_notebook(name, name, student).grades
    except MissingEntry:
        return []
    return [one for one in grades if one.manual_score is not None]


def _autograde(name, student, grader):
    """Enter marks; an answer that was read before is to be read again if its text has changed.

    nbgrader by itself asks for that always.
    """
    before, url = _answers(name, student, grader), grader.coursedir.db_url
    with Gradebook(url) as book:
        read = {one.name for one in _grades(book, name, student) if not one.needs_manual_grade}
    fault = _fault(grader.autograde(name, student))
    after = _answers(name, student, grader)
    same = {cell for cell in read & before.keys() if before[cell] == after.get(cell)}
    with Gradebook(url) as book:
        for one in _grades(book, name, student) if same else ():
            one.needs_manual_grade &= one.name not in same
        book.db.commit()
    return fault


def _fault(result):
    """Return what nbgrader says of a step that failed, or an empty text."""
    return "" if result["success"] else result.get("log") or result.get("error") or "failed"


def _run(path, *, handed_out, tests, known, start):
    """Return the notebook in a file, what was mended, the outputs of its code, and a fault."""
    if path.parents[1].name not in known:
        fault = "the gradebook has no such student. Rename the folder, or add the student."
        return None, (), (), fault
    try:
        raw = read(path)
        notebook, faults = cleaned(raw, handed_out)
    except Unreadable as error:
        return None, (), (), f"the file {error}"
    except Exception as error:  # of whatever a student handed in
        return None, (), (), f"{type(error).__name__}: {error}"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    asks = [tests.get(cell.id) for cell in code]
    done = sandbox.run(
        [
            ("", test.name, test.questions) if test
            else ("" if _is_check(cell) else cell.source, None, ())
            for cell, test in zip(code, asks, strict=True)
        ],
        start=start,
    )  # fmt: skip
    outputs = [
        _marked(test, _measured(test, one.outcomes, start)) if test else _shown(one)
        for test, one in zip(asks, done, strict=True)
    ]
    mends = mended(raw, notebook) | ({LOST} if faults else set())
    return notebook, mends, outputs, ""


def _is_check(cell):
    return is_locked(cell) and cell.source.startswith("check(")


def _measured(test, outcomes, start):
    """Return outcomes; models that have limits are measured by themselves, without an answer."""
    asks = {
        number: ("", outcome.value if isinstance(outcome.value, Packed) else "model", [question])
        for number, (question, outcome) in enumerate(zip(test.questions, outcomes, strict=False))
        if limited(question) and not outcome.refusal
    }
    done = dict(zip(asks, sandbox.run(asks.values(), start=start), strict=True)) if asks else {}
    return [done[n].outcomes[0] if n in done else one for n, one in enumerate(outcomes)]


def _marked(test, outcomes):
    """Return the outputs of a test: what is wrong, and the points."""
    part, wrong = graded(test.cases, outcomes[: len(test.cases)], whole=test.whole)
    said = [f"Not yet: {sentence}" for sentence in wrong] or ["Right: all cases agree."]
    points = str(round(test.points * part, 2))
    return [new_output("stream", text="\n".join(said) + "\n"),
            new_output("execute_result", data={"text/plain": points})]  # fmt: skip


def _shown(done):
    """Return the outputs of a cell of the student's: texts only."""
    outputs = [new_output("stream", text=done.said)] if done.said else []
    if done.error:
        name, text = done.error
        outputs.append(new_output("error", ename=name, evalue=text, traceback=[text]))
    return outputs
