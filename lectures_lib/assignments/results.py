"""What became of each student of an assignment: nbgrader's gradebook, read and never written."""

from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from lectures_lib.assignments.folder import course_of, saved

__all__ = ["STATUSES", "Results", "Student", "listed", "results"]

STATUSES = ("marked", "unread", "failed", "missing")
NAMED = 20  # students in a sentence


@dataclass
class Student:
    """A student, and what is known of their work.

    `points` maps the cells that are marked to points, or to None where nobody has read the answer.
    `platform` holds the columns of the learning platform's list, `place` where it expects feedback.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    platform: dict = field(default_factory=dict)
    place: str = ""
    late: float = 0.0  # seconds
    status: str = "missing"
    points: dict = field(default_factory=dict)
    penalty: float = 0.0

    @property
    def sum(self):
        """The points so far, or None if nothing is marked."""
        if self.status not in ("marked", "unread"):
            return None
        return max(0.0, sum(filter(None, self.points.values())) - self.penalty)

    @property
    def name(self):
        """First and last name, or the id."""
        return f"{self.first_name} {self.last_name}".strip() or self.id


@dataclass(frozen=True)
class Results:
    """An assignment: its `name`, nbgrader's metadata by cell, the students, and nbgrader."""

    name: str
    marks: dict
    students: list
    grader: NbGraderAPI

    @property
    def cells(self):
        """The points of the cells that are marked, in the order of the notebook."""
        return {name: mark["points"] for name, mark in self.marks.items() if mark["grade"]}

    @property
    def points(self):
        """The points that can be reached."""
        return sum(self.cells.values())

    def notebook(self, student):
        """Return the path of a student's marked notebook."""
        folder = self.grader.coursedir.format_path("autograded", student.id, self.name)
        return Path(folder, f"{self.name}.ipynb")


def results(folder):
    """Return the `Results` of the assignment in a folder.

    Raises:
        ValueError: If the folder holds no assignment, or nothing has been marked.
    """
    course, source, _ = course_of(folder)
    if not (course / "gradebook.db").exists():
        raise ValueError(f"{course} has no gradebook.db. Run `collect`, and then `mark`.")
    name = source.parent.name
    config = Config()
    config.CourseDirectory.root = str(course)
    grader = NbGraderAPI(config=config)
    students = {
        student: Student(student, **{key: values.get(key) or "" for key in NAMES},
                         platform=values.get("platform") or {}, late=values.get("late") or 0.0)
        for student, values in saved(course / "collected.json").get("students", {}).items()
    }  # fmt: skip
    _entered(students, name, grader)
    return Results(name, _marks(source), sorted(students.values(), key=_order), grader)


NAMES = ("first_name", "last_name", "email", "place")


def _order(student):
    return student.last_name.casefold(), student.first_name.casefold(), student.id


def _marks(source):
    """Return nbgrader's metadata of cells as they were handed out."""
    marks = [cell["metadata"].get("nbgrader") for cell in saved(source)["cells"]]
    return {mark["grade_id"]: mark for mark in filter(None, marks)}


def _entered(students, name, grader):
    """Enter what the gradebook knows of the students, and who is in it alone."""
    handed_in = grader.get_submitted_students(name)
    marked = grader.get_autograded_students(name)
    with grader.gradebook as book:
        for one in book.students:
            known = students.setdefault(one.id, Student(one.id))
            for key in ("first_name", "last_name", "email"):
                setattr(known, key, getattr(known, key) or getattr(one, key) or "")
        found = {one.student.id: one for one in book.assignment_submissions(name)}
        for student in {*handed_in, *students}:
            known = students.setdefault(student, Student(student))
            if student in handed_in:
                known.status = "failed"
            if student in handed_in & marked:
                _points(known, found[student])


def _points(student, submission):
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    student.points = {
        grade.name: None if grade.needs_manual_grade else grade.score for grade in grades
    }
    student.status = "unread" if None in student.points.values() else "marked"
    student.penalty = sum(one.late_submission_penalty or 0 for one in submission.notebooks)
    student.late = student.late or submission.total_seconds_late


def listed(names):
    """Return names for a sentence, not all if there are many.

    >>> listed(["ada", "bo"]), listed(["ada"] * 99)[-16:]
    ('ada, bo', 'ada, and 79 more')
    """
    more = [f"and {len(names) - NAMED} more"] if len(names) > NAMED else []
    return ", ".join(names[:NAMED] + more)
