"""Hidden tests of an assignment: inputs drawn from its seed, values from the reference solution."""

import ast
import contextlib
import hashlib
import io
from dataclasses import replace
from functools import cache

import numpy as np

from lectures_lib.assignments.marking import fingerprint, literal
from lectures_lib.exercises import Trained, cases
from lectures_lib.exercises.compare import judge

__all__ = ["SET_UP", "Disagreement", "answer_name", "hidden_tests", "reference", "seed_of"]

SET_UP = "import numpy as np\n\nfrom lectures_lib.exercises import check"
NEW = 4  # cases at least that the check does not show
DRAWS = 20  # at most, to find them


class Disagreement(ValueError):
    """The check and the reference solution of an exercise are not of one mind."""


def seed_of(seed, exercise):
    """Return the seed of one exercise's hidden tests: another one for each exercise.

    >>> seed_of(7, "cnn-output-size"), seed_of(7, "rnn-step"), seed_of(8, "rnn-step")
    (12000532484852292513, 7001278533648395304, 1303499290482815504)
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{exercise}".encode()).digest()[:8], "big")


def answer_name(exercise, role="check"):
    """Return the name that an exercise's check looks at, as `output_size`; or its solution's."""
    return _checked_name(getattr(exercise, role), exercise, role)


def reference(exercise):
    """Run the cells that an exercise needs and its solution; return what the solution defines."""
    return _ran(exercise, exercise.solution, answer_name(exercise, "solution"), "solution")


def _ran(exercise, source, name, what):
    """Run code after the cells that an exercise needs; return what it calls by a name."""
    space = {"check": lambda *arguments: None, "np": np}  # it is checked with other inputs
    code = [cell.source for cell in exercise.contexts if cell.kind == "code"]
    for text in [*code, source]:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(text, space)
        except Exception as error:
            raise Disagreement(
                f"The {what} of {exercise.id!r} in {exercise.chapter}.ipynb does not run with "
                f"its contexts alone: {type(error).__name__}: {error}. Add the cells that it "
                "needs to contexts, or let it import what it uses."
            ) from error
    if name not in space:
        raise Disagreement(
            f"The {what} of {exercise.id!r} in {exercise.chapter}.ipynb defines no {name!r}, which "
            "its check looks at. Correct one of the names."
        )
    return space[name]


@cache
def hidden_tests(exercise, seed):
    """Return the code of the hidden tests of an exercise: one expression, the number of points.

    It leaves no name behind and uses none but that of the answer: students may call theirs `cases`
    or `round`. Cases that the check shows do not count.

    Raises `Disagreement` when the reference solution does not pass the check with these inputs.
    """
    _politely(exercise)
    solution = reference(exercise)
    lines = [_written(exercise, solution, *one) for one in _cases(exercise, seed)]
    whole = exercise.kind == "compute" or exercise.points == 1
    return "\n".join([
        '__import__("lectures_lib.assignments.marking", fromlist=["marks"]).marks(',
        f"    {answer_name(exercise)}, points={exercise.points}, whole={whole},",
        "    tests=lambda np, Case, draw: [",
        *lines,
        "    ],",
        ")",
    ])  # fmt: skip


def _politely(exercise):
    """See to it that a student who has written nothing is told so."""
    stub = _ran(exercise, exercise.answer, answer_name(exercise), "stub")
    _, said = judge(cases(exercise.id)[0], stub)
    if not said.startswith("nothing is filled in yet"):
        raise Disagreement(
            f"The check says of the stub of {exercise.id!r} in {exercise.chapter}.ipynb: {said!r} "
            "Let the stub return ... and take the arguments that the check gives."
        )


def _cases(exercise, seed):
    """Return `(case, seed that draws it, its number there)`: at least `NEW` that count.

    What the check shows comes once. More is drawn until enough inputs are new; of networks that
    are measured, which takes a minute, those of one seed.
    """
    shown = {fingerprint(case.drawn) for case in cases(exercise.id)}
    known, found, new = set(), [], 0
    for again in range(DRAWS):
        own = seed_of(f"{seed}/{again}" if again else seed, exercise.id)
        for number, case in enumerate(cases(exercise.id, own)):
            mark = fingerprint(case.drawn)
            if mark in known:
                continue
            known.add(mark)
            case = replace(case, counts=case.counts and mark not in shown)
            if again and not case.counts:
                continue
            found.append((case, own, number))
            new += case.counts
        if new >= NEW or (new and exercise.kind == "train"):
            return found
    if not new:
        raise Disagreement(
            f"The check of {exercise.id!r} draws the inputs that students see, whatever the seed. "
            "Draw them from more values."
        )
    return found


def _written(exercise, solution, case, own, number):
    """Return the line of a case; inputs that are long or no data are drawn again."""
    value, wrong = _tried(case, solution)
    again = f"draw({exercise.id!r}, {own}, {number}, {fingerprint(case.drawn)!r})"
    if wrong:
        raise Disagreement(
            f"The check and the solution of {exercise.id!r} disagree for its seed {own}, case "
            f"{number}: {wrong} Correct one of them, or take another seed."
        )
    if isinstance(case, Trained):
        return f"        {again},"
    given = {key: literal(value) for key, value in case.given.items()}
    text = "{" + ", ".join(f"{key!r}: {text}" for key, text in given.items()) + "}"
    if None in given.values():
        text = f"{again}.given"
    options = [f", {name}={getattr(case, name)}" for name in ("finite", "counts", "seconds")]
    mistakes = [
        f"{sentence!r}: {literal(np.asarray(wrong).tolist())}"
        for sentence, wrong in case.mistakes.items()
    ]
    options += [f", mistakes={{{', '.join(mistakes)}}}"] * bool(mistakes)
    plain = literal(np.asarray(value).tolist())
    return f"        Case({plain}, {text}, {case.tolerance!r}, {case.hint!r}{''.join(options)}),"


def _checked_name(source, exercise, role):
    """Return the second argument of the last `check("id", name)` in a cell."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise Disagreement(
            f"The {role} cell of {exercise.id!r} in {exercise.chapter}.ipynb is no Python: {error}."
        ) from error
    found = [
        node.args[1].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "check"
        and len(node.args) == 2
        and getattr(node.args[0], "value", None) == exercise.id
        and isinstance(node.args[1], ast.Name)
    ]
    if not found:
        raise Disagreement(
            f"The {role} cell of {exercise.id!r} in {exercise.chapter}.ipynb does not call "
            f'check("{exercise.id}", ...) with the name of the answer.'
        )
    return found[-1]


def _tried(case, solution):
    """Return the value of a solution, which runs once, and what the check has against it."""
    if isinstance(case, Trained):
        earned, said = judge(case, solution)
        return None, said * (earned < 1)
    values = []

    def kept(**given):
        values.append(solution(**given))
        return values[-1]

    _, wrong = judge(case, kept)
    return values[-1] if values else None, wrong
