"""Put the notebooks of an assignment together: for students, for instructors, for nbgrader."""

from dataclasses import dataclass
from datetime import date, datetime

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lectures_lib.assignments.due import written
from lectures_lib.assignments.hidden_tests import SET_UP, answer_name, hidden_tests
from lectures_lib.assignments.presets import read_preset
from lectures_lib.prose import Prose, details
from lectures_lib.words import counted

__all__ = ["VIEWS", "Assignment", "notebook"]

VIEWS = ("student", "instructor", "nbgrader")
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
INSTRUCTIONS = """\
Work from top to bottom, and run each cell with Shift+Enter.
Write code into the cells that begin with `# exercise:`; keep the names of functions and arguments.
The cell below an answer checks it, as often as you like; marks are given for other numbers.
Before you hand it in, choose *Restart kernel and run all cells*."""


@dataclass(frozen=True)
class Assignment:
    """Exercises under a title; `seed` fixes the inputs of the hidden tests."""

    title: str
    exercises: tuple
    seed: int
    due: date | datetime | None = None
    presets: tuple = ()


def notebook(assignment, prose: Prose, *, install, view):
    """Return the notebook of an assignment for one of the `VIEWS`.

    Args:
        assignment: What to put in.
        prose: What the text of the chapters refers to.
        install: Code of the first cell, which installs the package where it is missing.
        view: "student" has no solutions; "instructor" shows them, with rubrics and hidden tests;
            "nbgrader" is what its `source` folder holds.
    """
    cells = [
        new_markdown_cell(_head(assignment, prose, view), id="title"),
        _code("install", install, locked=True),
        _code("set-up", SET_UP, locked=True),
    ]
    shown, before = set(), None
    for number, exercise in enumerate(assignment.exercises, start=1):
        if exercise.chapter != before:  # another chapter may give its names another meaning
            shown, before = set(), exercise.chapter
        cells += _asked(exercise, number, shown, prose)
        make = _explained if exercise.kind == "explain" else _coded
        cells += make(exercise, assignment.seed, view)
        shown |= {cell.id for cell in exercise.contexts}
    if view == "student":
        _protect(cells)
    return new_notebook(cells=cells, metadata=KERNEL)


def _asked(exercise, number, shown, prose):
    """Yield the task, and before it the cells of the chapter that are not `shown` yet."""
    heading = _heading(exercise, number, prose)
    contexts = [cell for cell in exercise.contexts if cell.id not in shown]
    if contexts:
        yield new_markdown_cell(heading, id=f"{exercise.id}-heading")
        yield from (_context(cell, exercise, prose) for cell in contexts)
        heading = ""
    text = f"{heading}\n\n{_task(exercise, prose)}".strip()
    yield new_markdown_cell(text, id=f"{exercise.id}-task")


def _protect(cells):
    """Let JupyterLab delete no cell that matters for marking, and edit answers only."""
    for cell in cells:
        if "nbgrader" in cell.metadata:
            cell.metadata["deletable"] = False
            if cell.metadata.nbgrader.locked:
                cell.metadata["editable"] = False


def _head(assignment, prose, view):
    points = sum(exercise.points for exercise in assignment.exercises)
    minutes = sum(exercise.minutes for exercise in assignment.exercises)
    due = f"Due: {written(assignment.due)}. " if assignment.due else ""
    size = f"{counted(points, 'point')}, about {minutes} minutes."
    parts = [f"# {assignment.title}", f"{due}{size}"]
    if view == "instructor":
        parts.append(
            f"**For instructors**, with solutions, rubrics and the hidden tests of seed "
            f"{assignment.seed}. Do not hand this out."
        )
    else:
        parts.append(INSTRUCTIONS)
    parts += [_link(preset, prose) for preset in assignment.presets]
    return "\n\n".join(parts)


def _link(preset, prose):
    text = preset.caption.partition(". ")[0].rstrip(".")
    if not text or ":" in text:  # "Left: the code" names a part only
        text = preset.name.replace("-", " ")
    state = f" ({preset.state.replace('&', ', ')})" if preset.state else ""
    anchor = f"#{preset.name}?{preset.state}".rstrip("?")
    return f"On the site: {prose.link(text, anchor, preset.chapter)}{state}."


def _heading(exercise, number, prose):
    size = f"*{counted(exercise.points, 'point')}, about {exercise.minutes} minutes.*"
    title = prose.book[exercise.chapter].title
    chapter = prose.link(title, "", exercise.chapter)
    return f"## {number}. {exercise.title}\n\n{size} From the chapter {chapter}."


def _task(exercise, prose):
    parts = [prose.plain(exercise.prompt, exercise.chapter)]
    where = f"{exercise.chapter}.ipynb: exercise {exercise.id!r}, preset"
    parts += [_link(read_preset(prose.book, text, where), prose) for text in exercise.presets]
    if exercise.hint:
        parts.append(details("Hint", prose.plain(exercise.hint, exercise.chapter)))
    return "\n\n".join(parts)


def _context(cell, exercise, prose):
    """Return a cell of the chapter that the exercise needs."""
    name = f"{exercise.id}-{cell.id}"
    if cell.kind == "markdown":
        return new_markdown_cell(prose.plain(cell.source, exercise.chapter), id=name)
    caption = f"# {cell.caption}\n" if cell.caption else ""
    return _code(name, caption + cell.source, locked=True)


def _coded(exercise, seed, view):
    """Yield the cells of an exercise whose answer is code."""
    name = answer_name(exercise)
    check = f'check("{exercise.id}", {name})'
    tests = f"# Hidden tests of {exercise.id}\n"
    if view != "student":  # to write them, the solution runs
        hidden = f"### BEGIN HIDDEN TESTS\n{hidden_tests(exercise, seed)}\n### END HIDDEN TESTS"
        solution = _own_name(exercise, name)
    if view == "instructor":
        yield _code(f"{exercise.id}-answer", solution)
        yield _code(f"{exercise.id}-check", check)
        yield _code(f"{exercise.id}-test", tests + hidden)
        return
    answer = exercise.answer + "\n"  # as nbgrader leaves it
    if view == "nbgrader":
        answer += f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
        tests += hidden
    yield _code(f"{exercise.id}-answer", answer, solution=True)
    yield _code(f"{exercise.id}-check", check, locked=True)
    yield _code(f"{exercise.id}-test", tests.strip(), locked=True, points=exercise.points)


def _own_name(exercise, name):
    """Return the solution, which the chapter calls by another name, under that of the answer."""
    return f"{exercise.solution}\n{name} = {answer_name(exercise, 'solution')}"


def _explained(exercise, seed, view):
    """Yield the cells of an exercise whose answer is text, which a person marks."""
    answer = exercise.answer + "\n"  # as nbgrader leaves it: unchanged, it gets 0
    if view == "nbgrader":
        answer += f"### BEGIN SOLUTION\n{exercise.rubric}\n### END SOLUTION"
    cell = new_markdown_cell(answer, id=f"{exercise.id}-answer")
    yield _marked(cell, solution=True, points=exercise.points)
    if view == "instructor":
        yield new_markdown_cell(exercise.rubric, id=f"{exercise.id}-rubric")


def _code(name, source, **mark):
    return _marked(new_code_cell(source, id=name), **mark)


def _marked(cell, *, solution=False, locked=False, points=None):
    """Return a cell with the metadata that nbgrader reads, if it has a part in marking."""
    if solution or locked:
        cell.metadata["nbgrader"] = {
            "schema_version": 3, "grade_id": cell.id, "grade": points is not None,
            "solution": solution, "locked": locked, "task": False,
        } | ({} if points is None else {"points": points})  # fmt: skip
    return cell
