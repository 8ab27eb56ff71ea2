"""Pages of feedback as nbgrader writes them, without scripts, to be read without a network."""

import html
import re
import zipfile
from functools import cache, partial

from jinja2 import pass_context
from jinja2.filters import FILTERS
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import from_dict
from nbformat.v4 import new_output
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import GetGrades
from nbgrader.utils import is_grade, is_solution

from lectures_lib.assignments.essays import TAGS, clean
from lectures_lib.assignments.formulas import typeset

__all__ = ["write_feedback"]

IMAGES = ("image/png", "image/jpeg")
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)  # MathJax, from another host
MOODLE = re.compile(r"_\d+_assignsubmission_[a-z]+_?$")


def write_feedback(path, results, *, hide_tests=False, seen=iter):
    """Write a zip with a page for each student who is marked, under the platform's names.

    Args:
        path: The new zip.
        results: The `Results` of the assignment.
        hide_tests: Show neither the hidden tests nor the values that they name.
        seen: Shows how far it is: gets the students, gives them back one by one.
    """
    exporter = _exporter(results, hide_tests=hide_tests)
    students = [student for student in results.students if student.sum is not None]
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as made:
        for student in seen(students):
            unread = {cell for cell, points in student.points.items() if points is None}
            place = {"student": student.id, "assignment": results.name, "notebook": results.name,
                     "db_url": results.grader.coursedir.db_url, "unread": unread,
                     "sum": student.sum}  # fmt: skip
            page, _ = exporter.from_filename(
                str(results.notebook(student)),
                resources={"nbgrader": place, "unique_key": results.name},
            )
            made.writestr(file_name(student, results.name), page)


def file_name(student, assignment):
    """Return where the platform expects a student's page in the zip.

    >>> from lectures_lib.assignments.results import Student
    >>> for place in ("Ada Byron_123_assignsubmission_file_", "byronada_123_4567_week5-1", ""):
    ...     print(file_name(Student("ada", place=place), "week5"))
    Ada Byron_123_assignsubmission_file_/week5.html
    byronada_123_4567_week5-1.html
    ada/week5.html
    """
    place = re.sub(r"[/\\\x00-\x1f]|^\.+", "_", student.place or student.id)
    if student.place and not MOODLE.search(place):
        return f"{place}.html"
    return f"{place}/{assignment}.html"


def _exporter(results, *, hide_tests):
    settings = GenerateFeedback(coursedir=results.grader.coursedir, parent=results.grader).config
    exporter = _Exporter(config=settings)
    exporter.marks, exporter.hide_tests = results.marks, hide_tests
    for step in (_Grades, CSSHTMLHeaderPreprocessor):
        exporter.register_preprocessor(step, enabled=True)
    for name in ("float", "round"):  # nbgrader's template puts scores through both
        exporter.register_filter(name, partial(_number, known=FILTERS[name]))
    return exporter


def _number(value, *options, known):
    """Return what a filter of Jinja's makes of a number; a text, which says more, stays."""
    return value if isinstance(value, str) else known(value, *options)


class _Grades(GetGrades):
    """Says what nobody has read, where nbgrader writes a score of 0."""

    def preprocess(self, nb, resources):
        nb, resources = super().preprocess(nb, resources)
        known = resources["nbgrader"]
        for cell in nb.cells:
            mark = cell.metadata.get("nbgrader", {})
            if mark.get("grade_id") in known["unread"]:
                mark["score"] = "not read yet"
        if known["unread"]:
            known["score"] = f"{round(known['sum'], 2)} so far"
        return nb, resources


class _Exporter(HTMLExporter):
    """Writes a notebook that is made plain before, and cleans what Markdown gives."""

    marks, hide_tests = {}, False

    def from_notebook_node(self, nb, resources=None, **options):
        plain = _plain(nb, self.marks, hide_tests=self.hide_tests)
        page, resources = super().from_notebook_node(plain, resources, **options)
        return SCRIPT.sub("", page), resources

    @pass_context
    def markdown2html(self, context, source):
        try:
            return _cleaned(super().markdown2html(context, source))
        except Exception:  # an attachment that is missing, or what else Markdown stumbles over
            return f"<pre>{html.escape(source)}</pre>"


@cache
def _cleaned(text):
    return typeset(clean(text, tags=TAGS | {"details", "summary"}))  # of hints


def _plain(nb, marks, *, hide_tests):
    """Leave of a notebook what a page needs: sources, nbgrader's own marks, texts and pictures."""
    nb.metadata = from_dict({})
    for cell in nb.cells:
        mark = marks.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        cell.metadata = from_dict({"nbgrader": mark} if mark else {})
        if cell.cell_type != "code":
            continue
        if hide_tests and is_grade(cell) and not is_solution(cell):
            cell.source = cell.source.partition("### BEGIN HIDDEN TESTS")[0].strip()
            cell.outputs = _verdict(cell.outputs)
        cell.outputs = [one for one in map(_text, cell.outputs) if one]
    return nb


def _verdict(outputs):
    """Return whether a test passed, and the points, without what they were computed from."""
    said = "".join(one.text for one in outputs if one.output_type == "stream")
    results = [one for one in outputs if one.output_type == "execute_result"]
    points = [one for one in results if re.fullmatch(r"[\d.]+", one.data.get("text/plain", ""))]
    right = said.startswith("Right") and "Not yet" not in said
    return [new_output("stream", text="Right.\n" if right else "Not yet.\n"), *points]


def _text(output):
    """Return an output with the kinds of data that hold no script."""
    if "data" in output:
        kinds = ("text/plain", *IMAGES)
        output.data = {kind: output.data[kind] for kind in kinds if kind in output.data}
        output.metadata = {}
        return output if output.data else None
    return output
